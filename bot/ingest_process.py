"""The process that takes documents in: `python -m bot.ingest_process`, started by the server. Knows no web page.

It has an embedder of its own and no index. It yields the processor to the server, gives its memory back by ending when
there is nothing to do, and ends with the server, however that ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import Settings
from bot.signals.masking import MaskingFormatter
from knowledge.ingesting.worker_keeper import MEMORY_EXIT_CODE

if TYPE_CHECKING:
    from knowledge.ingesting.ingest_worker import IngestWorker

_log = logging.getLogger(__name__)

_GRACE_SECONDS = 10.0  # to end in order, once the server has gone
_LOOK_SECONDS = 1.0  # between two looks at our memory


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; the server tells us itself
    settings = Settings.model_validate_json(sys.stdin.readline())
    _log_as_the_server_does(settings.log_level)
    os.nice(settings.ingest.niceness)
    opened: Future[IngestWorker] = Future()
    threading.Thread(target=_end_with_the_server, args=(opened,), daemon=True).start()
    worker = _open_worker(settings)
    opened.set_result(worker)
    threading.Thread(target=_stay_within, args=(settings.ingest.memory_mb,), daemon=True).start()
    worker.run(idle_seconds=settings.ingest.idle_seconds)
    logging.shutdown()
    os._exit(0)  # all is committed; an interpreter with torch in it would take seconds to take itself apart


def _open_worker(settings: Settings) -> IngestWorker:
    from bot.bootstrap import load_embedder, open_home
    from knowledge.ingesting.ingest_worker import IngestWorker
    from knowledge.storing.intake import Intake
    from knowledge.storing.originals import Originals

    own = settings.model_copy(
        update={"models": settings.models.model_copy(update={"query_threads": settings.ingest.threads})}
    )
    intake = Intake(open_home(own).catalog, load_embedder(own), Originals(settings.home / "originals"))
    return IngestWorker(intake, settings.home / "uploads", limits=settings.reading_limits())


def _log_as_the_server_does(level: str) -> None:
    """To the server's standard error, a line each, without personal data."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[lines])
    for noisy in ("alembic", "transformers", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _end_with_the_server(opened: Future[IngestWorker]) -> None:
    """The pipe closes when the server says so, and when it is killed; also while the model is still being loaded."""
    sys.stdin.read()
    if not opened.done():
        os._exit(0)  # no job has been begun
    opened.result().stop()
    time.sleep(_GRACE_SECONDS)
    os._exit(1)  # what was not committed is done again; nothing is half done


def _stay_within(budget_mb: int) -> None:
    """Ends a worker that has outgrown its budget. What it was at is taken up by the next one, three times at most."""
    while True:
        time.sleep(_LOOK_SECONDS)
        if resident_mb() > budget_mb:
            _log.warning("Taking documents in needs more than %d MB; it goes on in a fresh process", budget_mb)
            os._exit(MEMORY_EXIT_CODE)


def resident_mb() -> float:
    """Memory that this process has in use, in MB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
