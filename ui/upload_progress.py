"""An upload's progress and its end in plain words. Pure; knows nothing of HTML or of Gradio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.ingest_run import Stage
from knowledge.job_ledger import IngestJob, JobState
from ui import wording
from ui.wording import Text, say

_STAGES: Mapping[str, tuple[int, Text]] = {
    Stage.READING: (1, wording.STAGE_READING),
    Stage.EMBEDDING: (2, wording.STAGE_EMBEDDING),
    Stage.SAVING: (3, wording.STAGE_SAVING),
}
_ALONE = {Stage.READING: 6, Stage.EMBEDDING: 12, Stage.SAVING: 97}  # percent where a stage of one document begins
_MOST_REASONS = 20


@dataclass(frozen=True, slots=True)
class UploadView:
    job_id: str
    name: str
    tone: str  # "busy", "good", "plain" or "bad"
    text: str
    percent: int | None  # None: not begun, or over
    details: tuple[str, ...] = ()  # one line for each refused part
    can_cancel: bool = False


def upload_view(job: IngestJob, language: str) -> UploadView:
    if job.state is JobState.QUEUED:
        text = say(wording.JOB_WAITING, language)
        return UploadView(job.job_id, job.name, "busy", text, 0, can_cancel=True)
    if job.state is JobState.RUNNING:
        return UploadView(job.job_id, job.name, "busy", _step(job, language), percent(job), can_cancel=True)
    if job.state is JobState.CANCELLED:
        return UploadView(job.job_id, job.name, "plain", say(wording.JOB_CANCELLED, language), None)
    if job.state is JobState.REFUSED and len(job.refused) == 1:
        text = say(wording.JOB_REFUSED, language, reason=job.refused[0].reason)
        return UploadView(job.job_id, job.name, "bad", text, None)
    return _finished(job, language)


def percent(job: IngestJob) -> int:
    """How far a running job is. `done` of `total` are documents, or the passages of a single one."""
    share = job.done / job.total if job.total > 0 else 0.0
    begin = _ALONE.get(Stage(job.stage), 6) if job.stage in _STAGES else 3
    if job.stage == Stage.SAVING:
        return max(begin, round(100 * share)) if job.total > 1 else begin
    if job.total > 1:
        return round(begin + (_ALONE[Stage.SAVING] - begin) * share)
    return begin


def _step(job: IngestJob, language: str) -> str:
    if job.stage not in _STAGES:
        return say(wording.JOB_WAITING, language)
    number, name = _STAGES[job.stage]
    words = {"number": number, "total": len(_STAGES), "stage": say(name, language)}
    if job.total > 1:
        return say(wording.JOB_STAGE_COUNTED, language, **words, done=job.done, all=job.total)
    return say(wording.JOB_STAGE, language, **words)


def _finished(job: IngestJob, language: str) -> UploadView:
    refused = tuple(
        say(wording.JOB_REFUSED_NAMED, language, source=refusal.source, reason=refusal.reason)
        for refusal in job.refused[:_MOST_REASONS]
    )
    tone = "bad" if refused else "good" if job.added + job.updated else "plain"
    return UploadView(job.job_id, job.name, tone, _result(job, language), None, refused)


def _result(job: IngestJob, language: str) -> str:
    counts = (job.added, job.updated, job.unchanged, job.removed, len(job.refused))
    alone = {
        (1, 0, 0, 0, 0): wording.JOB_ONE_ADDED,
        (0, 1, 0, 0, 0): wording.JOB_ONE_UPDATED,
        (0, 0, 1, 0, 0): wording.JOB_ONE_UNCHANGED,
    }
    if counts in alone:
        return say(alone[counts], language)
    texts = (
        wording.JOB_ADDED,
        wording.JOB_UPDATED,
        wording.JOB_UNCHANGED,
        wording.JOB_REMOVED,
        wording.JOB_REFUSED_SOME,
    )
    parts = [say(text, language, count=count) for text, count in zip(texts, counts, strict=True) if count]
    return ("，" if language == wording.CHINESE else ", ").join(parts)
