"""How surely a message wants to steer the bot instead of asking it, by its embedding and shape. Knows no conversation.

Trained by bot/training/guard.py; guard.md beside the weights says on what, and how well it does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ReleaseInvalid
from bot.guarding.shape import shape_of
from bot.guarding.windows import hides_text, pieces, tidied
from knowledge.languages import CHINESE, ENGLISH, detect_language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from knowledge.protocols import Embedder

WEIGHTS = Path(__file__).parent / "guard.safetensors"
# A window of a long message must be surer than a whole: there are many of them, and lines of technical pages that a
# customer pastes come nearest to attacks. With it fewer than one such line in a hundred counts.
WINDOW_MARGIN = 3.0
_FINGERPRINT = "embedder"  # of the embedder that the weights stand on, in the file's metadata


@dataclass(frozen=True, slots=True)
class GuardHead:
    """One hidden layer on the embedding of a text and its shape."""

    hidden: NDArray[np.float32]  # (d + shape features, h)
    hidden_bias: NDArray[np.float32]  # (h,)
    output: NDArray[np.float32]  # (h,)
    bias: Mapping[str, float]  # by language: at 0.5 lies one ordinary message in so many, no probability

    def logit(self, table: NDArray[np.float32]) -> float:
        """Of one message, without bias. `table` has a row for the whole and one for each window: embedding, shape."""
        import numpy as np

        logits = np.tanh(table @ self.hidden + self.hidden_bias) @ self.output
        logits[1:] -= WINDOW_MARGIN
        return float(logits.max())


class Guard:
    """Thread-safe. `embedder` should remember what it has embedded: a short message costs no embedding of its own."""

    def __init__(self, embedder: Embedder, head: GuardHead) -> None:
        self._embedder = embedder
        self._head = head

    def score(self, text: str) -> float:
        """The score of that piece of the message that wants most to steer, 0 to 1; 1 where text is hidden in it."""
        if hides_text(text):
            return 1.0
        parts = pieces(tidied(text))
        logit = self._head.logit(table_of(self._embedder.embed_queries(parts), parts))
        logit += self._head.bias[detect_language(text)]
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def table_of(vectors: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float32]:
    """Embeddings of shape (len(texts), d) with the shape of each text beside them."""
    import numpy as np

    return np.concatenate([vectors, np.array([shape_of(text) for text in texts], dtype=np.float32)], axis=1)


def open_guard(embedder: Embedder, path: Path = WEIGHTS) -> Guard | None:
    """None with another embedder than the one the head was trained on: then nobody is refused.

    Raises ReleaseInvalid where the file cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stored:
            if (stored.metadata() or {}).get(_FINGERPRINT) != embedder.fingerprint:
                return None
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - not a mapping
        bias = {language: float(tensors[f"bias.{language}"][0]) for language in (ENGLISH, CHINESE)}
        head = GuardHead(tensors["hidden"], tensors["hidden_bias"], tensors["output"], bias)
    except (OSError, SafetensorError, KeyError) as error:
        raise ReleaseInvalid(f"'{path}' holds no guard: {error}; install frontdesk again") from error
    return Guard(embedder, head)


def save_guard_head(head: GuardHead, fingerprint: str, path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    tensors = {"hidden": head.hidden, "hidden_bias": head.hidden_bias, "output": head.output}
    tensors |= {f"bias.{language}": np.array([value], dtype=np.float32) for language, value in head.bias.items()}
    save_file({name: np.ascontiguousarray(each) for name, each in tensors.items()}, path, {_FINGERPRINT: fingerprint})
