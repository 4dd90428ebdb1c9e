"""/numbers: what became of conversations, as a page, as JSON and as CSV, for operators and admins. Counts nothing."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.reporting.facts import ConversationFacts, conversations_since
from bot.reporting.report import DAY, Resolution, report, resolution, waited
from ui.numbers_page import NumbersView, numbers_document
from ui.parts import Parts, SharedParts
from ui.sessions import CONSOLE_ROLES
from ui.words.names import in_language, language_of_browser
from ui.words.wording import CHINESE, ENGLISH

_LATEST = 12  # conversations listed of one kind
_LONGEST_TITLE = 90
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes a field that begins so for a formula

router = APIRouter()
Days = Annotated[int, Query(ge=1, le=366)]


async def _staff_only(request: Request, parts: SharedParts) -> None:
    await parts.door.require(request.scope, CONSOLE_ROLES)


@router.get("/numbers", include_in_schema=False)
@router.get("/numbers/", include_in_schema=False)
def numbers(request: Request, parts: SharedParts, days: Days = 30, language: str = "", show: str = "") -> Response:
    account = parts.door.account_of(request.scope)
    if account is None or account.role not in CONSOLE_ROLES:
        return RedirectResponse("/sign-in?next=/numbers", 303)
    now = time.time()
    found, since = _found(parts, days, now)
    spoken = language if language in (ENGLISH, CHINESE) else language_of_browser(_preferred(request))
    kind = Resolution(show) if show in tuple(Resolution) else None
    intents = parts.frontdesk.live_intents().intents.values()
    view = NumbersView(
        language=spoken,
        company=parts.frontdesk.company.name,
        days=days,
        report=report(found, since=since, now=now),
        titles={intent.name: in_language(intent.title, spoken, intent.name) for intent in intents},
        kind=kind,
        latest=_latest(parts, found, kind, now) if kind is not None else (),
    )
    return HTMLResponse(numbers_document(view), headers={"Cache-Control": "no-store"})


@router.get(
    "/api/v1/numbers", tags=["operations"], summary="What became of conversations", dependencies=[Depends(_staff_only)]
)
def numbers_json(parts: SharedParts, days: Days = 30) -> JSONResponse:
    now = time.time()
    found, since = _found(parts, days, now)
    return JSONResponse({"days_counted": days, **asdict(report(found, since=since, now=now))})


@router.get(
    "/numbers.csv", tags=["operations"], summary="One row a conversation, no words", dependencies=[Depends(_staff_only)]
)
def numbers_csv(parts: SharedParts, days: Days = 30) -> Response:
    now = time.time()
    found, _ = _found(parts, days, now)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    rows.writerows([_safe(value) for value in _row(facts, now)] for facts in found if facts.is_counted)
    name = f"conversations-{datetime.fromtimestamp(now, UTC):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


_COLUMNS = (
    "conversation_id", "opened_at", "language", "channel", "resolution", "questions", "answered", "not_answered",
    "rated_up", "rated_down", "waited_seconds",
)  # fmt: skip


def _row(facts: ConversationFacts, now: float) -> Sequence[Any]:
    wait = waited(facts)
    return (
        facts.conversation_id,
        datetime.fromtimestamp(facts.opened_at, UTC).isoformat(timespec="seconds"),
        facts.language,
        facts.channel,
        resolution(facts, now).value,
        len(facts.asked),
        sum(one.outcome == "answered" for one in facts.answers),
        sum(one.outcome == "abstained" for one in facts.answers),
        sum(one.verdict == "up" for one in facts.answers),
        sum(one.verdict == "down" for one in facts.answers),
        "" if wait is None else round(wait),
    )


def _safe(value: Any) -> Any:
    """A channel's name comes from whoever opened the conversation: it must not be run by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _found(parts: Parts, days: int, now: float) -> tuple[Sequence[ConversationFacts], float]:
    since = now - now % DAY - (days - 1) * DAY
    return conversations_since(parts.frontdesk.engine, since), since


def _latest(
    parts: Parts, found: Sequence[ConversationFacts], kind: Resolution, now: float
) -> tuple[tuple[str, str], ...]:
    chosen = [facts for facts in reversed(found) if facts.is_counted and resolution(facts, now) is kind][:_LATEST]
    store = parts.frontdesk.transcripts
    firsts = ((facts.conversation_id, store.messages(facts.conversation_id)) for facts in chosen)
    return tuple((key, messages[0].text[:_LONGEST_TITLE] if messages else "") for key, messages in firsts)


def _preferred(request: Request) -> str:
    return request.headers.get("accept-language", "")
