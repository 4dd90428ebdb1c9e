"""The ReplyGenerator on transformers: greedy decoding, one token at a time. Knows nothing of documents or policy."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import GenerationFailed
from bot.generators.loading import load_language_model
from bot.generators.prompt_tokens import PromptTokens
from bot.generators.token_text import TokenText
from bot.generators.turns import FairLock
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from bot.prompt import Prompt
    from knowledge.embedding.model_folders import ModelDescription

_log = logging.getLogger(__name__)

_PREFILL_TOKENS = 512  # of the prompt at a time: between two stretches others get their turn, and `stop` is asked


class TransformersGenerator:
    """Writes with a causal language model.

    Thread-safe. The model computes one step at a time, a stretch of the prompt or one token; steps are served in order
    of arrival, so replies under way advance in turn. Nothing is held between two pieces: a reader who is slow, gone,
    or continues in another thread keeps nobody waiting. Closing the iterator frees the reply's memory at once.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        adapter: Path | None = None,
        languages: frozenset[str] = frozenset({"en"}),
        device: str = "auto",
        dtype: str = "bfloat16",
        threads: int = 2,
        allow_download: bool = False,
    ) -> None:
        """`model` is a folder, a GGUF file or a hub id; `adapter` a LoRA folder. Raises ModelUnavailable."""
        loaded = load_language_model(model, adapter=adapter, device=device, dtype=dtype, allow_download=allow_download)
        self._loaded, self._model = loaded, loaded.model
        self._tokenizer = loaded.tokenizer
        self._description = loaded.description
        self._release = loaded.release
        self._languages = languages
        self._threads = threads
        self._prompt_tokens = PromptTokens(self._tokenizer)
        self._ends = end_tokens(self._model, self._tokenizer)
        self._options = _last_logits_only(self._model)
        self._steps = FairLock()

    @property
    def release(self) -> str:
        return self._release

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and reply may have together."""
        return int(getattr(self._model.config, "max_position_embeddings", 0) or 2048)

    def describe(self) -> ModelDescription:
        return self._description

    def count_tokens(self, text: str) -> int:
        return self._prompt_tokens.count(text)

    def generate(self, prompt: Prompt, *, max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        """Pieces of text, each of whole characters, at most `max_tokens` tokens in all.

        `stop()` is asked before every token. Raises GenerationFailed: prompt and reply do not fit into the model's
        context, or the model broke off.
        """
        tokens = self._encode(prompt)
        if len(tokens) + max_tokens > self.context_tokens:
            raise GenerationFailed(
                f"A prompt of {len(tokens)} tokens and a reply of {max_tokens} do not fit into this model's context "
                f"of {self.context_tokens}; lower FRONTDESK_ANSWERS__PROMPT_BUDGET"
            )
        return self._pieces(tokens, max_tokens, stop)

    def _pieces(self, prompt: Sequence[int], max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        written = TokenText(self._tokenizer)
        cache = self._new_cache()
        pending = list(prompt)
        for _ in range(max_tokens):
            token = self._next_token(pending, cache, stop)
            if token is None or token in self._ends:
                break
            piece = written.add(token)
            if piece:
                yield piece
            pending = [token]
        rest = written.rest()
        if rest:
            yield rest

    def _next_token(self, pending: Sequence[int], cache: Any, stop: Callable[[], bool]) -> int | None:
        """The likeliest token after what is in `cache` and `pending`; None where `stop` said so."""
        token = None
        for start in range(0, len(pending), _PREFILL_TOKENS):
            if stop():
                return None
            token = self._step(pending[start : start + _PREFILL_TOKENS], cache)
        return token

    def _step(self, tokens: Sequence[int], cache: Any) -> int:
        import torch

        try:
            with self._steps.turn(), torch_threads(self._threads), torch.inference_mode():
                ids = torch.tensor([tokens], device=self._model.device)
                result = self._model(input_ids=ids, past_key_values=cache, use_cache=True, **self._options)
                return int(result.logits[0, -1].argmax())
        except RuntimeError as error:  # torch's only kind: out of memory, a device that is gone
            _log.exception("The generator failed")
            raise GenerationFailed(f"The generator broke off: {str(error).splitlines()[0]}") from error

    def _new_cache(self) -> Any:
        return self._loaded.new_cache()

    def _encode(self, prompt: Prompt) -> list[int]:
        return self._prompt_tokens.encode(prompt)


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token with which this model ends its turn: what its settings say, and the usual chat markers it knows."""
    declared = [tokenizer.eos_token_id, model.config.eos_token_id, model.generation_config.eos_token_id]
    markers = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "</s>")
    known = tokenizer.get_vocab()
    declared += [known[marker] for marker in markers if marker in known]
    ends: set[int] = set()
    for entry in declared:
        if entry is not None:
            ends.update(entry if isinstance(entry, list) else [entry])
    return frozenset(ends)


def _last_logits_only(model: Any) -> dict[str, int]:
    """Spares the logits of all prompt tokens but the last, where the model can: 49,152 numbers each."""
    return {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
