"""How upset the writer of a message is, by its embedding: one weight per dimension and language. Knows no conversation.

Trained by bot/training/frustration.py; frustration.md beside the weights says on what, and how well it does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ReleaseInvalid
from knowledge.languages import ENGLISH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "frustration.safetensors"
_FINGERPRINT = "embedder"  # of the embedder that the weights stand on, in the file's metadata


@dataclass(frozen=True, slots=True)
class FrustrationHead:
    weights: Mapping[str, NDArray[np.float32]]  # language → (d,)
    bias: Mapping[str, float]

    def score(self, vector: NDArray[np.float32], language: str) -> float:
        """0 to 1 for an embedding of shape (d,). At 0.8 lies one ordinary question in a hundred: no probability."""
        known = language if language in self.weights else ENGLISH
        logit = float(vector @ self.weights[known]) + self.bias[known]
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def load_frustration_head(fingerprint: str, path: Path = WEIGHTS) -> FrustrationHead | None:
    """The head trained on the embedder of this fingerprint; None where it was another: then nothing is guessed.

    Raises ReleaseInvalid where the file cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stored:
            if (stored.metadata() or {}).get(_FINGERPRINT) != fingerprint:
                return None
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - not a mapping
    except (OSError, SafetensorError) as error:
        raise ReleaseInvalid(f"'{path}' holds no frustration head: {error}; install frontdesk again") from error
    languages = [name.removeprefix("weights.") for name in tensors if name.startswith("weights.")]
    return FrustrationHead(
        {language: tensors[f"weights.{language}"] for language in languages},
        {language: float(tensors[f"bias.{language}"][0]) for language in languages},
    )


def save_frustration_head(head: FrustrationHead, fingerprint: str, path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    tensors = {f"weights.{language}": np.ascontiguousarray(values) for language, values in head.weights.items()}
    tensors |= {f"bias.{language}": np.array([value], dtype=np.float32) for language, value in head.bias.items()}
    save_file(tensors, path, metadata={_FINGERPRINT: fingerprint})
