"""The sign-in page and signing out, for staff. Knows nothing of what lies behind the door."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from string import Template
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from ui.accounts import Account, Role
from ui.audit_trail import Action, note_down
from ui.parts import Parts, SharedParts
from ui.problems import Problem
from ui.sessions import CONSOLE_ROLES, COOKIE, INTENT_ROLES, KNOWLEDGE_ROLES, SESSION_SECONDS, address_of
from ui.words import wording
from ui.words.names import language_of_browser
from ui.words.wording import Text, say

_PAGE_ROLES = {
    "/console": CONSOLE_ROLES,
    "/knowledge": KNOWLEDGE_ROLES,
    "/intents": INTENT_ROLES,
    "/numbers": CONSOLE_ROLES,
}
_TITLE = Text("Sign in", "登录")
_DETAIL = Text("For the people behind the desk.", "供客服与知识管理人员使用。")
_NAME = Text("Name", "用户名")
_PASSWORD = Text("Password", "密码")
_BUTTON = Text("Sign in", "登录")
_WRONG = Text("Name and password do not belong together. Please try again.", "用户名或密码不正确，请重试。")
_TOO_MANY = Text("Too many attempts. Please wait a few minutes.", "尝试次数过多，请稍后几分钟再试。")
_TO_CHAT = Text("To the customer chat", "前往客户聊天页面")

router = APIRouter(include_in_schema=False)


async def require_editor(request: Request, parts: SharedParts) -> Account:
    return await parts.door.require(request.scope, KNOWLEDGE_ROLES)


@router.get("/sign-in")
def sign_in_page(request: Request, parts: SharedParts, next: str = "") -> Response:
    account = parts.door.account_of(request.scope)
    wanted = safe_next(next)
    if account is not None and (not wanted or _may_see(wanted, account)):  # else another account is what helps
        return RedirectResponse(_goal(next, account), 303)
    return _page(request, parts, next)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    parts: SharedParts,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    try:
        account = await parts.door.sign_in(name, password, address_of(request.scope))
    except Problem as problem:
        page = _page(request, parts, next, problem=_TOO_MANY, name=name, status=problem.status)
        page.headers.update(problem.headers)
        return page
    if account is None:
        return _page(request, parts, next, problem=_WRONG, name=name, status=401)
    await run_in_threadpool(
        note_down, parts.frontdesk.engine, account.name, Action.SIGNED_IN, address=address_of(request.scope)
    )
    response = RedirectResponse(_goal(next, account), 303)
    response.set_cookie(
        COOKIE,
        parts.door.sessions.cookie_for(account),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=parts.frontdesk.settings.web.secure_cookies,
    )
    return response


@router.post("/sign-out")
async def sign_out(parts: SharedParts) -> Response:
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=parts.frontdesk.settings.web.secure_cookies)
    return response


def safe_next(wanted: str) -> str:
    """`wanted` where it is a staff page of ours, else "": a link to our sign-in must not lead anywhere else."""
    if any(ord(letter) < 33 or letter == "\\" for letter in wanted):
        return ""
    parts = urlsplit(wanted)
    ours = any(parts.path == page or parts.path.startswith(f"{page}/") for page in _PAGE_ROLES)
    return wanted if ours and not parts.scheme and not parts.netloc and ".." not in parts.path else ""


def _goal(wanted: str, account: Account) -> str:
    """Where to go after signing in: where the visitor wanted to go, if that is theirs to see."""
    goal = safe_next(wanted)
    return goal if goal and _may_see(goal, account) else _home(account)


def _may_see(page: str, account: Account) -> bool:
    return any(account.role in roles for path, roles in _PAGE_ROLES.items() if page.startswith(path))


def _home(account: Account) -> str:
    homes = {Role.EDITOR: "/knowledge/", Role.ENGINEER: "/intents/"}
    return homes.get(account.role, "/console/")


def _page(
    request: Request, parts: Parts, wanted: str, *, problem: Text | None = None, name: str = "", status: int = 200
) -> HTMLResponse:
    language = language_of_browser(request.headers.get("accept-language", ""))
    alert = f'<p class="alert" role="alert" id="problem">{html.escape(say(problem, language))}</p>' if problem else ""
    content = _template().substitute(
        language="zh-CN" if language == wording.CHINESE else "en",
        company=html.escape(parts.frontdesk.company.name),
        title=say(_TITLE, language),
        detail=say(_DETAIL, language),
        alert=alert,
        described=' aria-describedby="problem" aria-invalid="true"' if problem else "",
        name_label=say(_NAME, language),
        password_label=say(_PASSWORD, language),
        button=say(_BUTTON, language),
        to_chat=say(_TO_CHAT, language),
        name=html.escape(name),
        focus_name="" if name else " autofocus",
        focus_password=" autofocus" if name else "",
        next=html.escape(safe_next(wanted)),
    )
    return HTMLResponse(content, status)


@cache
def _template() -> Template:
    return Template((Path(__file__).parent / "static" / "sign_in.html").read_text(encoding="utf-8"))
