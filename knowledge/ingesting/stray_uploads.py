"""Bytes of uploads that nobody will take in any more. Knows nothing of how they came about."""

from __future__ import annotations

import time
from pathlib import Path

from knowledge.ingesting.job_ledger import JobLedger

_STRAY_SECONDS = 86_400.0  # bytes without a job: one that is just being accepted is stored before it is queued


def sweep_uploads(ledger: JobLedger, uploads: Path) -> int:
    """Deletes bytes of jobs that have ended, and those that have had no job for a day; returns how many."""
    lying = {path.name: path for path in uploads.glob("*")} if uploads.is_dir() else {}
    if not lying:
        return 0
    unused = lying.keys() - ledger.open_jobs()
    ended = ledger.ended_among(unused)
    gone = [lying[name] for name in unused if name in ended or _age_seconds(lying[name]) > _STRAY_SECONDS]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # another process was first
