"""An upload's progress and its end in plain words. Pure; knows nothing of HTML or of Gradio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.ingesting.ingest_values import STAGES, Stage
from knowledge.ingesting.job_values import OPEN, BatchProgress, IngestJob, JobState
from ui.words import knowledge_wording, wording
from ui.words.refusals import reason_in
from ui.words.wording import Text, say

_STAGES: Mapping[str, Text] = {
    Stage.READING: wording.STAGE_READING,
    Stage.SPLITTING: knowledge_wording.STAGE_SPLITTING,
    Stage.EMBEDDING: wording.STAGE_EMBEDDING,
    Stage.SAVING: wording.STAGE_SAVING,
}
# Percent where a stage of one document begins; making it searchable takes nearly all the time.
_ALONE = {Stage.READING: 6, Stage.SPLITTING: 10, Stage.EMBEDDING: 12, Stage.SAVING: 97}
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


@dataclass(frozen=True, slots=True)
class BatchView:
    """Files that came together. `uploads` are those worth a line: at work, refused, and the latest of the rest."""

    batch_id: str
    text: str = ""  # "" for a single file, which speaks for itself
    percent: int | None = None
    can_cancel: bool = False
    uploads: tuple[UploadView, ...] = ()
    more: str = ""


def batch_view(batch: BatchProgress, jobs: Sequence[IngestJob], language: str, *, most: int) -> BatchView:
    shown = sorted(jobs, key=_worth_a_line)[:most]
    uploads = tuple(upload_view(job, language) for job in shown)
    if batch.total <= 1:
        return BatchView(batch.batch_id, uploads=uploads)
    over = batch.ended >= batch.total
    text = knowledge_wording.BATCH_DONE if over else knowledge_wording.BATCH
    hidden = batch.total - len(shown)
    return BatchView(
        batch.batch_id,
        say(text, language, done=batch.ended, all=batch.total),
        None if over else round(100 * batch.ended / batch.total),
        not over,
        uploads,
        say(knowledge_wording.AND_MORE, language, count=hidden) if hidden > 0 else "",
    )


def _worth_a_line(job: IngestJob) -> tuple[int, float, str]:
    order = {JobState.RUNNING: 0, JobState.REFUSED: 1, JobState.DONE: 2 if job.refused else 3, JobState.CANCELLED: 3}
    return order.get(job.state, 2), -job.heartbeat_at, job.name


def upload_view(job: IngestJob, language: str) -> UploadView:
    if job.state in OPEN:
        waits = job.state is JobState.QUEUED
        text = say(wording.JOB_WAITING, language) if waits else _step(job, language)
        return UploadView(job.job_id, job.name, "busy", text, 0 if waits else percent(job), can_cancel=True)
    if job.state is JobState.CANCELLED:
        return UploadView(job.job_id, job.name, "plain", say(wording.JOB_CANCELLED, language), None)
    if job.state is JobState.REFUSED and len(job.refused) == 1:
        text = say(wording.JOB_REFUSED, language, reason=reason_in(job.refused[0].reason, language))
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
    words = {"number": Stage(job.stage).number, "total": STAGES, "stage": say(_STAGES[job.stage], language)}
    if job.total > 1:
        return say(wording.JOB_STAGE_COUNTED, language, **words, done=job.done, all=job.total)
    return say(wording.JOB_STAGE, language, **words)


def _finished(job: IngestJob, language: str) -> UploadView:
    refused = tuple(
        say(wording.JOB_REFUSED_NAMED, language, source=refusal.source, reason=reason_in(refusal.reason, language))
        for refusal in job.refused[:_MOST_REASONS]
    )
    tone = "bad" if refused else "good" if job.added + job.updated else "plain"
    return UploadView(job.job_id, job.name, tone, _result(job, language), None, refused)


def _result(job: IngestJob, language: str) -> str:
    counts = (job.added, job.updated, job.unchanged, job.removed, max(job.refusals, len(job.refused)))
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
