"""Work that is done beside everything else, once at a time. Knows nothing of what it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from knowledge.errors import KnowledgeError

_log = logging.getLogger(__name__)


class BackgroundTask:
    """A failure is written to the log: whoever starts it has something else to do."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Does nothing while it runs already. A process that ends does not wait for it."""
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Until it is done, or for so long."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        try:
            self._work()
        except (KnowledgeError, OSError, MemoryError) as error:
            _log.warning("%s failed (%s); it is tried again when it is next needed", self._name, error)
