"""Sees to it that a release of intents is in use when the product starts. Knows nothing of people who teach."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ReleaseInvalid
from bot.releases import current_release, make_current
from bot.training.intent_learning import first_release
from bot.training.intents import KIND
from knowledge.embedding.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from bot.intent_store.intent_lists import ListVersion
    from knowledge.protocols import Embedder

_log = logging.getLogger(__name__)


def ensure_release_in_use(
    listed: ListVersion,
    embedder: Embedder,
    releases_folder: Path,
    open_classifier: Callable[[Path], object],
    *,
    progress: ProgressCallback = no_progress,
) -> None:
    """Trains and promotes one where none was ever promoted, or where the promoted one cannot be opened.

    That is so after an exchange of the embedder, or damage to the disk. A list that people have changed is no reason:
    that waits for them to train and promote. Raises TrainingDataInvalid.
    """
    try:
        folder = current_release(releases_folder, KIND)
        if folder is not None:
            open_classifier(folder)
            return
    except ReleaseInvalid as error:
        _log.warning("The intents are trained anew, as their release cannot be used: %s", error)
    made = first_release(listed.intents, listed.version, embedder, releases_folder, progress=progress)
    make_current(releases_folder, KIND, made.name)
