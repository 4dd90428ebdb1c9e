"""Stands before Gradio: closes what its pages do not need, and lets staff only into staff pages. ASGI.

Knows Gradio's routes (6.31) by their paths. Everything is closed that is not listed here, so that a route that a later
Gradio adds stays shut until somebody has looked at it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse

from ui.accounts import Role
from ui.problems import Problem, problem_response, wants_page
from ui.sessions import StaffDoor, remember_account

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# What the front end of a page asks for: seen in a browser's network log while it loads, streams an answer, is stopped
# and reconnects. Not among them: api/, call/ and run/ (calls by name, which skip the page), info and openapi.json,
# proxy= and file=http… (they fetch addresses for strangers), component_server, deep_link, monitoring, runs, vibe-….
_READ = re.compile(
    r"/?"
    r"|/(?:config|theme\.css|favicon\.ico|robots\.txt|manifest\.json)/?"
    r"|/pwa_icon(?:/\d+)?"
    r"|/(?:assets|static|svelte)/.+"
    r"|/gradio_api/(?:app_id|startup-events|theme\.css|queue/data)/?"
    r"|/gradio_api/heartbeat/[A-Za-z0-9_-]+"
    r"|/gradio_api/file=(?!\w+:/)(?!//).+"
)
_WRITE = re.compile(r"/gradio_api/(?:queue/join|cancel|reset)/?")
# Events that skip the queue are answered at once, under run/ with the function's number; by name they stay shut.
_PREDICT = re.compile(r"/gradio_api/run/predict/?")
_READ_UPLOADS = re.compile(r"/gradio_api/upload_progress/?")
_WRITE_UPLOADS = re.compile(r"/gradio_api/upload/?")


class GradioGuard:
    """`staff`: path of a page → the roles that may see it. `/chat` is for everybody."""

    def __init__(self, app: ASGIApp, door: StaffDoor, staff: Mapping[str, Collection[Role]]) -> None:
        self._app = app
        self._door = door
        self._staff = staff

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = _page_of(str(scope.get("path", "")), ("/chat", *self._staff))
        if page is None or scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # Gradio 6 speaks over plain HTTP alone
            return
        refusal = self._refusal(scope, page)
        await (self._app if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, scope: Scope, page: str) -> ASGIApp | None:
        roles = self._staff.get(page)
        if roles is not None:
            account = self._door.account_of(scope)
            if account is None:
                return _to_sign_in(scope)
            if account.role not in roles:
                message = f"'{account.name}' may not see this page; it takes the role {' or '.join(sorted(roles))}"
                return problem_response(scope, Problem(403, "forbidden", message))
            remember_account(scope, account)
        if is_open(scope["method"], scope["path"].removeprefix(page), uploads=page == "/knowledge"):
            return None
        return problem_response(scope, Problem(404, "not_found", f"There is nothing at '{scope['path']}'"))


def is_open(method: str, path: str, *, uploads: bool) -> bool:
    """Whether a page's front end needs this. `path` is counted from where the page is mounted."""
    if ".." in path.split("/"):
        return False
    if method in ("GET", "HEAD"):
        return bool(_READ.fullmatch(path) or (uploads and _READ_UPLOADS.fullmatch(path)))
    if method == "POST":
        return bool(_WRITE.fullmatch(path) or _PREDICT.fullmatch(path) or (uploads and _WRITE_UPLOADS.fullmatch(path)))
    return False


def _page_of(path: str, pages: Collection[str]) -> str | None:
    return next((page for page in pages if path == page or path.startswith(f"{page}/")), None)


def _to_sign_in(scope: Scope) -> ASGIApp:
    if wants_page(scope):
        return RedirectResponse(f"/sign-in?next={quote(scope['path'])}", 303)
    return problem_response(scope, Problem(401, "sign_in_required", "Sign in to see this page"))
