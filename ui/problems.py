"""What went wrong → an HTTP answer: `{code, message, status}`, OpenAI's shape under /v1, a page for browsers.

Knows every error of the packages below, and nothing of what the routes do.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.errors import (
    BotError,
    ConversationClosed,
    ConversationNotFound,
    IntentsChanged,
    IntentsInvalid,
    MessageRefused,
    ReleaseInvalid,
    ReleaseWorse,
    TrainingUnderWay,
)
from knowledge.errors import (
    DocumentIsEntry,
    DocumentNotFound,
    DocumentRefused,
    EncodingUnknown,
    EntryChanged,
    EntryNotFound,
    EntryRefused,
    KnowledgeError,
    StorageUnavailable,
)
from ui.errors import UiError
from ui.turn_streams import TooManyTurns
from ui.words.names import language_of_browser
from ui.words.wording import Text, say

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Scope

_log = logging.getLogger(__name__)
_STATIC = Path(__file__).parent / "static"

BUSY_RETRY_SECONDS = 5

_CODES = {
    400: "bad_request",
    401: "sign_in_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "too_many_attempts",
    500: "internal_error",
    503: "unavailable",
}
_FORESEEN: Mapping[type[Exception], tuple[int, str]] = {  # their messages are for whoever asked
    ConversationNotFound: (404, "conversation_not_found"),
    ConversationClosed: (409, "conversation_closed"),
    DocumentNotFound: (404, "document_not_found"),
    DocumentIsEntry: (409, DocumentIsEntry.code),
    EntryNotFound: (404, "entry_not_found"),
    EntryChanged: (409, "entry_changed"),
    DocumentRefused: (422, "document_refused"),
    IntentsInvalid: (422, "intents_invalid"),
    IntentsChanged: (409, "intents_changed"),
    TrainingUnderWay: (409, "training_under_way"),
    ReleaseWorse: (409, "release_worse"),
    ReleaseInvalid: (404, "release_invalid"),
    EncodingUnknown: (422, "unknown_encoding"),
    StorageUnavailable: (507, "storage_unavailable"),
}
_PAGE_TITLES = {
    403: Text("This page is not for your account", "您的账号无权访问此页面"),
    404: Text("There is no such page", "页面不存在"),
    500: Text("Something went wrong on our side", "系统出了点问题"),
    503: Text("We cannot answer right now", "服务暂时不可用"),
}
_OTHER_TITLE = Text("That did not work", "请求未能完成")
_PAGE_DETAILS = {
    403: Text("Sign in with another account, or ask an administrator.", "请使用其他账号登录，或联系管理员。"),
    404: Text("The address may have changed. The chat is always here.", "地址可能已变更，您可以返回聊天页面。"),
    500: Text("Please try again in a moment. Nothing you wrote is lost.", "请稍后重试，您填写的内容不会丢失。"),
}
_BACK = Text("Go to the chat", "前往聊天页面")
_SIGN_IN = Text("Sign in with another account", "使用其他账号登录")
INTERNAL = "Something went wrong on our side; please try again. The log has the details under this request id"


class Problem(UiError):
    """An answer to a request that cannot be served. The message is a sentence for people."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def busy() -> Problem:
    return Problem(
        503,
        "busy",
        "Many people are asking right now; please send it again in a moment",
        headers={"Retry-After": str(BUSY_RETRY_SECONDS)},
    )


def install_problem_answers(app: FastAPI) -> None:
    """Every error below this app is answered by `problem_response`."""

    async def answer(request: Request, error: Exception) -> Response:
        return problem_response(request.scope, problem_of(error, request))

    for kind in (UiError, BotError, KnowledgeError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer)


def problem_of(error: Exception, request: Request) -> Problem:
    """What an error means to whoever made the request."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _validation_problem(error, request)
        case HTTPException():
            return _http_problem(error, request)
    return _own_problem(error)


def _own_problem(error: Exception) -> Problem:
    if isinstance(error, TooManyTurns):
        return busy()
    if isinstance(error, MessageRefused | EntryRefused):
        return Problem(422, error.code, str(error))
    if type(error) in _FORESEEN:
        return Problem(*_FORESEEN[type(error)], str(error))
    _log.error("A request failed", exc_info=error)
    if isinstance(error, KnowledgeError):
        return Problem(503, "unavailable", "The knowledge base cannot be reached right now; try again later")
    return Problem(500, "internal_error", INTERNAL)


def problem_response(scope: Scope, problem: Problem) -> Response:
    """The answer in the shape that whoever asked can read."""
    path = str(scope.get("path", ""))
    headers = Headers(scope=scope)
    if path == "/v1" or path.startswith("/v1/"):
        status = 400 if problem.status == 422 else problem.status  # OpenAI knows no 422
        return JSONResponse(_openai_error(problem), status, headers=problem.headers)
    if wants_page(scope):
        return _page(problem, path, language_of_browser(headers.get("accept-language", "")))
    body = {"code": problem.code, "message": problem.message, "status": problem.status}
    return JSONResponse(body, problem.status, headers=problem.headers)


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser is opening a page, as opposed to a program or a script calling."""
    path = str(scope.get("path", ""))
    if scope.get("method") not in ("GET", "HEAD") or path.startswith(("/api/", "/v1/")):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _openai_error(problem: Problem) -> dict[str, Any]:
    kind = "invalid_request_error" if problem.status < 500 else "server_error"
    return {"error": {"message": problem.message, "type": kind, "param": None, "code": problem.code}}


def _page(problem: Problem, path: str, language: str) -> HTMLResponse:
    title = _PAGE_TITLES.get(problem.status, _OTHER_TITLE)
    detail = _PAGE_DETAILS.get(problem.status)
    goal, label = (f"/sign-in?next={quote(path)}", _SIGN_IN) if problem.status == 403 else ("/chat/", _BACK)
    content = _template("error.html").substitute(
        language="zh-CN" if language == "zh" else "en",
        title=html.escape(say(title, language)),
        detail=html.escape(say(detail, language) if detail else problem.message),
        status=problem.status,
        goal=html.escape(goal),
        label=html.escape(say(label, language)),
    )
    return HTMLResponse(content, problem.status, headers=problem.headers)


@cache
def _template(name: str) -> Template:
    return Template((_STATIC / name).read_text(encoding="utf-8"))


def _http_problem(error: HTTPException, request: Request) -> Problem:
    path = request.url.path
    sentences = {
        404: f"There is nothing at '{path}'",
        405: f"'{path}' does not take {request.method}",
        400: str(error.detail),
    }
    phrase = HTTPStatus(error.status_code).phrase
    detail = str(error.detail) if error.detail and error.detail != phrase else phrase
    message = sentences.get(error.status_code, detail)
    code = _CODES.get(error.status_code, phrase.lower().replace(" ", "_").replace("-", "_"))
    return Problem(error.status_code, code, message, headers=error.headers)


def _validation_problem(error: RequestValidationError, request: Request) -> Problem:
    if _is_other_than_json(request):
        message = "The body must be JSON: send it with the header 'Content-Type: application/json'"
        return Problem(415, "unsupported_media_type", message)
    return Problem(422, "invalid_request", "; ".join(_sentence(one) for one in error.errors()[:3]))


def _is_other_than_json(request: Request) -> bool:
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return has_body and request.method != "GET" and not (kind == "application/json" or kind.endswith("+json"))


def _sentence(problem: Mapping[str, Any]) -> str:
    place = [str(part) for part in problem.get("loc", ()) if part not in ("body", "query", "path", "header")]
    what = str(problem.get("msg", "is not valid"))
    if problem.get("type") == "json_invalid":
        return "The body is not valid JSON"
    if problem.get("type") == "missing":
        return f"'{'.'.join(place)}' is missing" if place else "The request has no body; send JSON"
    return f"'{'.'.join(place)}': {what}" if place else what
