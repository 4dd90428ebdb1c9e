"""What /api/v1/intents and /api/v1/releases take and give, as JSON. Knows nothing of how any of it comes about."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from bot.intent_store.intent_lists import ListVersion, as_entry
from bot.intent_store.intent_trainings import TrainingRun
from bot.intents import Intent, LeadsTo
from bot.releases import Manifest
from bot.teaching.intent_desk import ReleaseSeen
from bot.training.promotion import Compared, Promotion


class IntentIn(BaseModel):
    name: str = Field(max_length=200)
    leads_to: LeadsTo = LeadsTo.KNOWLEDGE
    title: dict[str, str] = {}
    reply: dict[str, str] = {}
    examples: dict[str, list[str]]

    def value(self) -> Intent:
        examples = {language: tuple(texts) for language, texts in self.examples.items()}
        return Intent(self.name, self.leads_to, self.title, examples, self.reply)


class IntentOut(IntentIn):
    @staticmethod
    def of(intent: Intent) -> IntentOut:
        return IntentOut.model_validate(as_entry(intent))


class IntentsOut(BaseModel):
    version: int
    changed_by: str = Field(description="an account's name; empty: the company's file")
    change: str
    intents: list[IntentOut]

    @staticmethod
    def of(listed: ListVersion) -> IntentsOut:
        intents = [IntentOut.of(intent) for intent in listed.intents]
        return IntentsOut(version=listed.version, changed_by=listed.author, change=listed.change, intents=intents)


class TrainingOut(BaseModel):
    id: str
    list_version: int
    state: str = Field(description="running, done, cancelled, failed or interrupted")
    stage: str
    share: float = Field(description="0 to 1")
    started_by: str
    started_at: float
    problem: str
    release: str
    findings: dict[str, Any]

    @staticmethod
    def of(run: TrainingRun) -> TrainingOut:
        return TrainingOut(
            id=run.run_id,
            list_version=run.list_version,
            state=run.state,
            stage=run.stage,
            share=run.share,
            started_by=run.started_by,
            started_at=run.started_at,
            problem=run.problem,
            release=run.release,
            findings=dict(run.findings),
        )


class TrainingsOut(BaseModel):
    trainings: list[TrainingOut]


class ReleaseOut(BaseModel):
    kind: str
    name: str
    created: str
    current: bool
    data_sha256: str
    base: str
    recipe: str
    code_version: str
    metrics: dict[str, float | int | str | None]
    list_version: int | None = None

    @staticmethod
    def of(manifest: Manifest, *, current: bool, seen: ReleaseSeen | None = None) -> ReleaseOut:
        return ReleaseOut(
            kind=manifest.kind,
            name=manifest.name,
            created=manifest.created,
            current=current,
            data_sha256=manifest.data_sha256,
            base=manifest.base,
            recipe=manifest.recipe,
            code_version=manifest.code_version,
            metrics=dict(manifest.metrics),
            list_version=None if seen is None else seen.list_version,
        )


class ReleasesOut(BaseModel):
    releases: list[ReleaseOut]


class PromoteIn(BaseModel):
    force: bool = Field(False, description="promote it although it does worse than the one in use")


class ComparedOut(BaseModel):
    messages: int
    before: float
    after: float
    low: float = Field(description="of the 95 % interval of the difference")
    high: float

    @staticmethod
    def of(compared: Compared | None) -> ComparedOut | None:
        if compared is None:
            return None
        return ComparedOut(
            messages=compared.messages,
            before=compared.before,
            after=compared.after,
            low=compared.low,
            high=compared.high,
        )


class PromotedOut(BaseModel):
    kind: str
    release: str = Field(description="in use from now on")
    before: str = Field(description="in use until now, or empty")
    compared: ComparedOut | None = Field(description="null where both were not measured on the same messages")

    @staticmethod
    def of(done: Promotion) -> PromotedOut:
        return PromotedOut(
            kind=done.kind, release=done.release, before=done.before, compared=ComparedOut.of(done.compared)
        )
