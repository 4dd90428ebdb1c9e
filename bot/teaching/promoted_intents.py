"""The intents in use: classifier and list of the release that was promoted last, exchanged while the server runs.

Whoever promotes, in this process or another, changes one file; it is looked at once a turn (two microseconds). A turn
keeps what it began with, so that an answer names one release. Knows nothing of how releases are trained.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.errors import BotError
from bot.intent_store.released_intents import read_released_list
from bot.intents import Intent
from bot.protocols import IntentClassifier, LiveIntents
from bot.releases import current_release

_log = logging.getLogger(__name__)
_KIND = "intents"


class PromotedIntents:
    """Thread-safe. `otherwise` gives the list for a release that carries none."""

    def __init__(
        self,
        releases_folder: Path,
        open_classifier: Callable[[Path], IntentClassifier],
        otherwise: Callable[[], Sequence[Intent]],
    ) -> None:
        """Raises ReleaseInvalid where no release is in use, or it cannot be opened."""
        self._folder = releases_folder
        self._open = open_classifier
        self._otherwise = otherwise
        self._exchanging = threading.Lock()
        self._seen = self._stamp()
        self._live = self._opened()

    def __call__(self) -> LiveIntents:
        """What is in use now. A release that cannot be opened is logged once; what was in use before stays so."""
        if self._stamp() != self._seen and self._exchanging.acquire(blocking=False):
            try:
                self._exchange()
            finally:
                self._exchanging.release()
        return self._live

    def _exchange(self) -> None:
        self._seen = self._stamp()
        try:
            self._live = self._opened()
            _log.info("Intents are recognised by the release %s from now on", self._live.classifier.release)
        except (BotError, OSError) as error:
            _log.error("The promoted release of intents cannot be used, the one before stays in use: %s", error)

    def _opened(self) -> LiveIntents:
        folder = current_release(self._folder, _KIND)
        if folder is None:
            raise FileNotFoundError(f"No release of '{_KIND}' is in use in '{self._folder}'; promote one")
        released = read_released_list(folder)
        intents = self._otherwise() if released is None else released.intents
        return LiveIntents(self._open(folder), {intent.name: intent for intent in intents})

    def _stamp(self) -> tuple[int, int, int] | None:
        """Changes with the file that names the release in use: every write puts another file in its place."""
        try:
            found = (self._folder / _KIND / "current").stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
