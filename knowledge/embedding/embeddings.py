"""The Embedder on torch: any encoder in a model folder. Knows nothing of documents or indexes."""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from knowledge.embedding.model_folders import ModelDescription, folder_digest, folder_source
from knowledge.embedding.torch_runtime import (
    locate_model,
    parameter_count,
    resolve_device,
    resolve_dtype,
    torch_threads,
    wait_without_spinning,
)
from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from knowledge.embedding.token_states import TokenStates
    from knowledge.embedding.tunable_encoder import Method, TunableEncoder

_CPU_BATCH_TOKENS = 2048  # of one forward pass, padding included: about half a second on one thread
_GPU_BATCH_TOKENS = 65536
_MOST_WORDS = 96  # tokens of a text that are told one by one


@dataclass(frozen=True, slots=True)
class EmbeddingStyle:
    """How an encoder was trained to be asked."""

    query_prefix: str
    passage_prefix: str
    pooling: Literal["mean", "cls"] = "mean"
    max_tokens: int = 512  # longer texts are cut; every text counts its prefix and special tokens


class TorchEmbedder:
    """Embeds with an encoder in bf16, float16 or float32: hidden states are pooled and scaled to length 1 in float32.

    Queries always run on one thread, whatever `threads` says: more threads make one sentence slower on a busy machine.

    Thread-safe. Two locks, one for queries and one for passages, let one forward pass of each kind run at a time:
    callers queue instead of dividing the processor, memory stays bounded, and a customer's question never waits behind
    the embedding of documents.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        device: str = "auto",
        dtype: str = "bfloat16",
        threads: int = 1,
        style: EmbeddingStyle | None = None,
        allow_download: bool = False,
    ) -> None:
        """`model` is a folder or a hub id; `style` is read from the folder where it is not given.

        Raises ModelUnavailable when the files are missing, damaged, or not those of an encoder.
        """
        wait_without_spinning()
        from knowledge.embedding.encoders import load_encoder

        self._name = str(model)
        self._folder = locate_model(self._name, allow_download=allow_download)
        self._style = style or read_style(self._folder, self._name)
        self._device = resolve_device(device)
        self._dtype = resolve_dtype(dtype)
        self._threads = threads
        self._tokenizer, self._padding = _load_tokenizer(self._folder, self._style.max_tokens)
        self._model = load_encoder(self._folder, self._dtype).to(self._device)
        self._query_lock = threading.Lock()
        self._passage_lock = threading.Lock()
        self._fingerprint = self._compute_fingerprint()

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        return self._model.hidden_size

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Questions → array of shape (len(texts), dimensions), every row of length 1."""
        return self._embed([self._style.query_prefix + text for text in texts], self._query_lock, threads=1)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Passages → array of shape (len(texts), dimensions), every row of length 1."""
        prefixed = [self._style.passage_prefix + text for text in texts]
        return self._embed(prefixed, self._passage_lock, threads=self._threads)

    def describe(self) -> ModelDescription:
        source = folder_source(self._folder)
        return ModelDescription(
            name=source.name if source else self._name,
            path=str(self._folder),
            device=str(self._device),
            licence=source.licence if source else "unknown",
            parameters=parameter_count(self._model),
            dtype=str(self._dtype).removeprefix("torch."),
        )

    def tunable(self, method: Method) -> TunableEncoder:
        """A copy that can learn, in float32 on the same device. Takes a second and half a gigabyte."""
        import torch

        from knowledge.embedding.encoders import load_encoder
        from knowledge.embedding.tunable_encoder import TunableEncoder

        encoder = load_encoder(self._folder, torch.float32).to(self._device)
        prefix = self._style.query_prefix
        return TunableEncoder(
            encoder,
            tokenize=lambda texts: self._sequences([prefix + text for text in texts]),
            padding=self._padding,
            pooling=self._style.pooling,
            method=method,
            mask_token=next(filter(None, map(self._tokenizer.token_to_id, ("<mask>", "[MASK]"))), None),
        )

    def tuned(self, changes: Path) -> TorchEmbedder:
        """This embedder with what was learnt, a safetensors file. Tables of words are shared and not copied.

        Raises ModelUnavailable where the changes do not fit this model.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from knowledge.embedding.tunable_encoder import apply_changes

        twin = copy.copy(self)
        shared = {id(each): each for name, each in self._model.named_parameters() if "embeddings" in name.split(".")}
        twin._model = copy.deepcopy(self._model, dict(shared))
        twin._query_lock, twin._passage_lock = threading.Lock(), threading.Lock()
        try:
            apply_changes(twin._model, load_file(changes))
            learnt = hashlib.sha256(changes.read_bytes()).hexdigest()
        except (OSError, SafetensorError, KeyError, RuntimeError) as error:
            raise ModelUnavailable(f"'{changes}' does not fit the model '{self._folder.name}': {error}") from error
        twin._fingerprint = f"{self._fingerprint}-{learnt[:16]}"
        return twin

    def token_states(self, texts: Sequence[str], *, asks: bool = False) -> list[TokenStates]:
        """Each text's words, as passages or, with `asks`, as questions; at most `_MOST_WORDS` of each."""
        import torch

        from knowledge.embedding.token_states import TokenStates, table_of_words
        from knowledge.embedding.tunable_encoder import padded

        prefix = self._style.query_prefix if asks else self._style.passage_prefix
        prefixed = [_encodable(prefix + text) for text in texts]
        encodings = self._tokenizer.encode_batch(prefixed)
        skipped = len(prefix.rstrip())
        words = [
            [place for place, (start, end) in enumerate(each.offsets) if end > max(start, skipped)]
            for each in encodings
        ]
        table = table_of_words(self._model)
        found: list[TokenStates | None] = [None] * len(texts)
        for numbers in batches_by_length([len(each.ids) for each in encodings], _CPU_BATCH_TOKENS):
            with self._passage_lock, torch_threads(1), torch.inference_mode():
                ids, mask = padded([encodings[number].ids for number in numbers], self._padding)
                hidden = self._model(ids.to(self._device), mask.to(self._device)).bfloat16().cpu()
                tokens = table(ids.to(self._device)).bfloat16().cpu()
            for row, number in enumerate(numbers):
                kept = words[number][:_MOST_WORDS]
                is_cut = len(kept) < len(words[number]) or bool(encodings[number].overflowing)
                found[number] = TokenStates(tokens[row, kept], hidden[row, kept], is_cut)
        return [each for each in found if each is not None]

    def _compute_fingerprint(self) -> str:
        """Precisions of one width give vectors that compare; the device does not matter."""
        width = self._dtype.itemsize * 8
        parts = [folder_digest(self._folder), *astuple(self._style), width]
        return f"{self._folder.name}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}"

    def _embed(self, texts: Sequence[str], lock: threading.Lock, *, threads: int) -> NDArray[np.float32]:
        import torch

        vectors = np.empty((len(texts), self.dimensions), np.float32)
        sequences = self._sequences(texts)
        batch_tokens = _CPU_BATCH_TOKENS if self._device.type == "cpu" else _GPU_BATCH_TOKENS
        for numbers in batches_by_length([len(sequence) for sequence in sequences], batch_tokens):
            with lock, torch_threads(threads), torch.inference_mode():
                vectors[numbers] = self._forward([sequences[number] for number in numbers])
        return vectors

    def _sequences(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch([_encodable(text) for text in texts])]

    def _forward(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        import torch

        from knowledge.embedding.tunable_encoder import padded, pooled

        ids, mask = (each.to(self._device) for each in padded(sequences, self._padding))
        hidden = self._model(ids, mask).float()
        meanings = pooled(hidden, mask, self._style.pooling)
        vectors: NDArray[np.float32] = torch.nn.functional.normalize(meanings, dim=1).cpu().numpy()
        return vectors


def batches_by_length(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Positions in `lengths`, longest first, in batches that hold at most `batch_tokens` with their padding.

    A sequence that is longer by itself makes a batch of its own. Similar lengths come together, so little is padded.
    """
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda position: -lengths[position]):
        if batch and lengths[batch[0]] * (len(batch) + 1) > batch_tokens:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def read_style(folder: Path, name: str) -> EmbeddingStyle:
    """The style that sentence-transformers' files in the folder declare; e5 models without them are known by name.

    Raises ModelUnavailable for a model with layers behind the pooling, or another pooling than mean and first token.
    """
    prompts = _read_json(folder / "config_sentence_transformers.json").get("prompts") or {}
    query = prompts.get("query")
    passage = prompts.get("passage", prompts.get("document"))
    if query is None and passage is None and "e5" in name.lower():
        query, passage = "query: ", "passage: "
    pooling = _read_json(folder / "1_Pooling" / "config.json")
    modes = {key for key, value in pooling.items() if key.startswith("pooling_mode_") and value is True}
    if not modes <= {"pooling_mode_mean_tokens", "pooling_mode_cls_token"} or (folder / "2_Dense").exists():
        raise ModelUnavailable(
            f"The embedding model '{name}' pools in a way that is not supported; use one with mean or cls pooling"
        )
    return EmbeddingStyle(query or "", passage or "", "cls" if "pooling_mode_cls_token" in modes else "mean")


def _load_tokenizer(folder: Path, max_tokens: int) -> tuple[Tokenizer, int]:
    """The tokenizer, cutting at `max_tokens`, and the id to pad with.

    Read without AutoTokenizer, which takes twice as long and adds nothing here.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises Exception itself
        raise ModelUnavailable(f"Cannot read the tokenizer '{path}': {error}") from error
    settings = _read_json(folder / "tokenizer_config.json")
    token = settings.get("pad_token", "[PAD]")
    padding = tokenizer.token_to_id(token["content"] if isinstance(token, dict) else token)
    longest = settings.get("model_max_length") or max_tokens
    tokenizer.enable_truncation(int(min(max_tokens, longest)))
    tokenizer.no_padding()
    return tokenizer, padding or 0


def _encodable(text: str) -> str:
    """Lone surrogates, which no encoder of text accepts, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _read_json(path: Path) -> dict[str, Any]:
    """Empty where the file is missing."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelUnavailable(f"Cannot read '{path}': {error}") from error
    if not isinstance(value, dict):
        raise ModelUnavailable(f"Cannot read '{path}': it holds no object")
    return value
