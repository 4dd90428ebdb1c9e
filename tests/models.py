"""The embedded models for tests: converted once into a folder beside the environment, whichever worker comes first."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from bot.generators import embedded
from knowledge.embedding import embedded_e5

SHARE = Path(sys.prefix) / "share" / "frontdesk"
WHEELS = SHARE / "wheels"
CONVERTED = SHARE / "test-models"


@cache
def embedder_folder() -> Path:
    """Raises ModelUnavailable, with the command that fetches the wheel, where it is missing."""
    return embedded_e5.prepare_embedded_embedder(CONVERTED / embedded_e5.FOLDER_NAME, wheels_folder=WHEELS)


@cache
def generator_folder() -> Path:
    return embedded.prepare_embedded_generator(CONVERTED / embedded.FOLDER_NAME, wheels_folder=WHEELS)
