"""What the bubble on a company's own site fetches: its script, and whom it speaks for. Knows nothing of what it does.

Its conversations go through the same routes as those of any other program (api.py).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, Field

from ui.parts import SharedParts
from ui.widget.script import widget_script

KEPT_SECONDS = 300  # so long may a browser use its copy without asking; then it asks whether that is still good

router = APIRouter()


class WidgetOut(BaseModel):
    """The same for everybody."""

    company: str
    tagline: dict[str, str] = Field(description="by language")
    suggested_questions: dict[str, list[str]] = Field(description="by language")
    max_message_characters: int


@router.get("/widget.js", include_in_schema=False)
def script(accept_encoding: Annotated[str, Header()] = "", if_none_match: Annotated[str, Header()] = "") -> Response:
    made = widget_script()
    headers = {
        "Cache-Control": f"public, max-age={KEPT_SECONDS}",
        "ETag": f'W/"{made.fingerprint}"',
        "Vary": "Accept-Encoding",
        # Pages that isolate themselves (Cross-Origin-Embedder-Policy) load only what says that it may be loaded.
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if made.fingerprint in if_none_match:
        return Response(status_code=304, headers=headers)
    zipped = "gzip" in accept_encoding.lower()
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = made.zipped if zipped else made.text
    return Response(body, media_type="text/javascript; charset=utf-8", headers=headers)


@router.get("/api/v1/widget", tags=["widget"], summary="Whom the bubble speaks for")
def settings(parts: SharedParts) -> WidgetOut:
    company = parts.frontdesk.company
    return WidgetOut(
        company=company.name,
        tagline=dict(company.tagline),
        suggested_questions={language: list(texts) for language, texts in company.suggested_questions.items()},
        max_message_characters=parts.frontdesk.settings.web.max_message_characters,
    )
