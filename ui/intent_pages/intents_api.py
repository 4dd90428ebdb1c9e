"""/api/v1/intents and /api/v1/releases: teaching, training and promoting for programs. Knows nothing of models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from bot.intent_store.intent_editing import as_toml
from bot.teaching.intent_desk import IntentDesk
from bot.training import promotion
from bot.training.release_report import REPORT
from ui.accounts import Account
from ui.api_models import ProblemOut
from ui.audit_trail import Action, note_down
from ui.intent_pages.intents_models import (
    IntentIn,
    IntentsOut,
    PromotedOut,
    PromoteIn,
    ReleaseOut,
    ReleasesOut,
    TrainingOut,
    TrainingsOut,
)
from ui.parts import SharedParts
from ui.problems import Problem
from ui.sessions import INTENT_ROLES, RELEASE_ROLES

Kind = Literal["intents", "verifier", "generator"]
Name = Annotated[str, Path(max_length=200)]
Version = Annotated[int, Query(ge=1, description="the version of the list that the change was made to")]

_STAFF: dict[int | str, dict[str, Any]] = {
    401: {"model": ProblemOut, "description": "sign in, or send HTTP Basic credentials"},
    403: {"model": ProblemOut, "description": "the account has another role"},
}
_INVALID: dict[int | str, dict[str, Any]] = {409: {"model": ProblemOut}, 422: {"model": ProblemOut}}


async def require_teacher(request: Request, parts: SharedParts) -> Account:
    return await parts.door.require(request.scope, INTENT_ROLES)


async def require_engineer(request: Request, parts: SharedParts) -> Account:
    return await parts.door.require(request.scope, RELEASE_ROLES)


Teacher = Annotated[Account, Depends(require_teacher)]
Engineer = Annotated[Account, Depends(require_engineer)]
router = APIRouter(prefix="/api/v1", responses=_STAFF)
_TAGS: list[Any] = ["intents"]
_RELEASES: list[Any] = ["releases"]


@router.get("/intents", tags=_TAGS, summary="The list of intents")
def intents(parts: SharedParts, _: Teacher) -> IntentsOut:
    return IntentsOut.of(_desk(parts).listed())


@router.get(
    "/intents/export",
    tags=_TAGS,
    summary="The list as TOML",
    response_class=Response,
    responses={200: {"content": {"application/toml": {"schema": {"type": "string"}}}}},
)
def export(parts: SharedParts, _: Teacher) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="intents.toml"'}
    content = as_toml(_desk(parts).listed().intents)
    return Response(content, media_type="application/toml", headers=headers)


@router.post("/intents", tags=_TAGS, status_code=201, responses=_INVALID, summary="Add an intent")
def add(intent: IntentIn, parts: SharedParts, who: Teacher) -> IntentsOut:
    desk = _desk(parts)
    version = desk.listed().version
    return IntentsOut.of(desk.save(intent.value(), before="", version=version, author=who.name))


@router.get("/intents/trainings", tags=_TAGS, summary="Trainings, the newest first")
def trainings(parts: SharedParts, _: Teacher) -> TrainingsOut:
    return TrainingsOut(trainings=[TrainingOut.of(run) for run in _desk(parts).look().runs])


@router.post(
    "/intents/trainings",
    tags=_TAGS,
    status_code=202,
    responses={409: {"model": ProblemOut}},
    summary="Train the list; nothing goes live",
)
def train(parts: SharedParts, who: Teacher) -> TrainingOut:
    return TrainingOut.of(_desk(parts).train(who.name))


@router.get(
    "/intents/trainings/{training_id}",
    tags=_TAGS,
    responses={404: {"model": ProblemOut}},
    summary="How far a training is, and what it found out",
)
def training(training_id: Name, parts: SharedParts, _: Teacher) -> TrainingOut:
    run = _desk(parts).run(training_id)
    if run is None:
        raise Problem(404, "training_not_found", "No training has this id")
    return TrainingOut.of(run)


@router.post("/intents/trainings/cancel", tags=_TAGS, summary="Stop the training under way at its next step")
def cancel(parts: SharedParts, _: Teacher) -> TrainingsOut:
    _desk(parts).cancel()
    return trainings(parts, _)


@router.put("/intents/{name}", tags=_TAGS, responses=_INVALID, summary="Change an intent, or its name")
def change(name: Name, intent: IntentIn, parts: SharedParts, who: Teacher, version: Version) -> IntentsOut:
    return IntentsOut.of(_desk(parts).save(intent.value(), before=name, version=version, author=who.name))


@router.delete("/intents/{name}", tags=_TAGS, responses=_INVALID, summary="Delete an intent")
def delete(name: Name, parts: SharedParts, who: Teacher, version: Version) -> IntentsOut:
    return IntentsOut.of(_desk(parts).delete(name, version=version, author=who.name))


@router.get("/releases", tags=_RELEASES, summary="Releases of every kind, the newest first")
def releases(parts: SharedParts, _: Teacher, kind: Kind | None = None) -> ReleasesOut:
    root = parts.frontdesk.settings.releases_folder
    found = [
        ReleaseOut.of(manifest, current=manifest.name == promotion.name_in_use(root, manifest.kind))
        for manifest in promotion.all_releases(root, [kind] if kind else promotion.KINDS)
    ]
    return ReleasesOut(releases=found)


@router.get(
    "/releases/intents/{name}/report",
    tags=_RELEASES,
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}, 404: {"model": ProblemOut}},
    summary="The report on a release of intents, as a page",
)
def report(name: Name, parts: SharedParts, _: Teacher) -> Response:
    """404 where there is no such release, or it was too small to set messages aside and carries none."""
    root = parts.frontdesk.settings.releases_folder
    manifest = promotion.find_release(root, f"intents/{name}")
    if REPORT not in manifest.files:
        raise Problem(
            404, "report_not_found", "This release carries no report; train again with five examples an intent"
        )
    return Response((root / manifest.kind / manifest.name / REPORT).read_bytes(), media_type="text/html")


@router.post(
    "/releases/{kind}/{name}/promote",
    tags=_RELEASES,
    responses={**_INVALID, 404: {"model": ProblemOut}},
    summary="Put a release to use",
)
def promote(kind: Kind, name: Name, body: PromoteIn, parts: SharedParts, engineer: Engineer) -> PromotedOut:
    """409 where it does worse than the one in use by more than chance explains; `force` insists."""
    root = parts.frontdesk.settings.releases_folder
    done = promotion.promote(root, f"{kind}/{name}", force=body.force)
    target = f"{done.kind}/{done.release}"
    note_down(parts.frontdesk.engine, engineer.name, Action.RELEASE_PROMOTED, target, before=done.before)
    return PromotedOut.of(done)


@router.post(
    "/releases/{kind}/rollback",
    tags=_RELEASES,
    responses={404: {"model": ProblemOut}},
    summary="Put the release before the one in use back to use",
)
def roll_back(kind: Kind, parts: SharedParts, engineer: Engineer) -> PromotedOut:
    done = promotion.roll_back(parts.frontdesk.settings.releases_folder, kind)
    target = f"{done.kind}/{done.release}"
    note_down(parts.frontdesk.engine, engineer.name, Action.RELEASE_ROLLED_BACK, target, before=done.before)
    return PromotedOut.of(done)


def _desk(parts: Any) -> IntentDesk:
    desk: IntentDesk = parts.frontdesk.intent_desk
    return desk
