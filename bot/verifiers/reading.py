"""A trained reader of claims: does a sentence state all that a claim states? Opens what a release holds."""

from __future__ import annotations

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.verifiers.calibration import LANGUAGES, Logistic, read_logistic
from bot.verifiers.comparing import support_logits, words_of
from knowledge.embedding.torch_runtime import torch_threads
from knowledge.errors import ModelUnavailable
from knowledge.protocols import Embedder

if TYPE_CHECKING:
    from torch import Tensor

    from knowledge.embedding.token_states import TokenStates

WEIGHTS, JUDGEMENTS = "claims.safetensors", "judgements.json"
_KEPT = 512  # texts whose words are remembered: 25 words of 384 dimensions, twice, take 38 kB


class ClaimReader:
    """Thread-safe; one thread of torch."""

    def __init__(
        self, words_of_texts: Callable[[Sequence[str]], list[TokenStates]], weights: Mapping[str, Tensor]
    ) -> None:
        """`words_of_texts` as `WordEmbedder.token_states`; `weights` as in `bot.verifiers.comparing`."""
        self._words_of_texts = words_of_texts
        self._weights = weights
        self._states: OrderedDict[str, TokenStates] = OrderedDict()
        self._lock = threading.Lock()

    def logits(self, claim: str, sentences: Sequence[str]) -> list[float]:
        """For each sentence, how surely it states the claim: positive means yes.

        Minus infinity for a claim that is too long to be read to its end: what was not read may be wrong.
        """
        import torch

        if not sentences:
            return []
        states = self._states_of([claim, *sentences])
        if states[0].is_cut:
            return [-math.inf] * len(sentences)
        with torch_threads(1), torch.inference_mode():
            judged = support_logits(words_of([states[0]] * len(sentences)), words_of(states[1:]), self._weights)
        values: list[float] = judged.tolist()
        return values

    def _states_of(self, texts: Sequence[str]) -> list[TokenStates]:
        with self._lock:
            known = {text: self._states[text] for text in texts if text in self._states}
        fresh = list(dict.fromkeys(text for text in texts if text not in known))
        if fresh:
            known |= dict(zip(fresh, self._words_of_texts(fresh), strict=True))
        with self._lock:
            for text, states in known.items():
                self._states[text] = states
                self._states.move_to_end(text)
            while len(self._states) > _KEPT:
                self._states.popitem(last=False)
        return [known[text] for text in texts]


@dataclass(frozen=True, slots=True)
class Judgements:
    """For each language in which reading measured better, the regression that makes a probability of it.

    Its feature is "read", the reader's logit. Where there is none, the verifier without a reader judges.
    """

    release: str
    embedders: tuple[str, ...]  # fingerprints of the model that the reader stands on, one for each precision
    support: Mapping[str, Logistic]

    def as_json(self) -> dict[str, object]:
        support = {
            language: {"bias": round(one.bias, 4), "weights": {key: round(w, 4) for key, w in one.weights.items()}}
            for language, one in self.support.items()
        }
        return {"release": self.release, "embedders": list(self.embedders), "support": support}


def read_judgements(folder: Path) -> Judgements:
    """Raises ModelUnavailable when the file is missing or holds something else."""
    path = folder / JUDGEMENTS
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        own = {language: one for language, one in stored["support"].items() if language in LANGUAGES}
        support = {language: read_logistic(one) for language, one in own.items()}
        return Judgements(str(stored["release"]), tuple(map(str, stored["embedders"])), support)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnavailable(f"Cannot read '{path}': {error}; train the verifier again") from error


def open_reader(folder: Path, embedder: Embedder) -> ClaimReader:
    """Raises ModelUnavailable where a file is missing or damaged, or the embedder does not tell single words."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from knowledge.embedding.token_states import WordEmbedder

    if not isinstance(embedder, WordEmbedder):
        raise ModelUnavailable("The embedder in use does not tell the words of a text, which the verifier reads")
    embedder.token_states([])  # raises ModelUnavailable where an embedder inside this one does not
    try:
        return ClaimReader(embedder.token_states, load_file(folder / WEIGHTS))
    except (OSError, SafetensorError) as error:
        raise ModelUnavailable(f"Cannot read '{folder / WEIGHTS}': {error}; train the verifier again") from error
