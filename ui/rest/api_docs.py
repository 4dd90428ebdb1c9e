"""The description of /api/v1 and /v1 for programs (OpenAPI), with the models of the streamed events. Pure."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from ui.api_events import EVENT_MODELS
from ui.sessions import COOKIE

OPENAPI_PATH = "/api/v1/openapi.json"
_STAFF = {
    "basic": {"type": "http", "scheme": "basic"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}
_REF = "#/components/schemas/{model}"


def install_api_description(app: FastAPI) -> None:
    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # the way FastAPI's own manual shows


def _description(app: FastAPI) -> dict[str, Any]:
    description = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    _, models = models_json_schema([(model, "serialization") for model in EVENT_MODELS.values()], ref_template=_REF)
    schemas.update(models["$defs"])
    schemas["TurnEvents"] = _turn_events()
    description["components"]["securitySchemes"] = _STAFF
    for path, operations in description["paths"].items():
        for operation in operations.values():
            _correct(path, operation)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return description


def _correct(path: str, operation: dict[str, Any]) -> None:
    """What FastAPI cannot know: our shape of errors, and who is let in where."""
    if path.startswith(("/api/v1/documents", "/api/v1/entries", "/api/v1/gaps")):
        operation["security"] = [{name: []} for name in _STAFF]
    if "422" in operation["responses"]:
        schema = {"$ref": _REF.format(model="ProblemOut")}
        operation["responses"]["422"] = {
            "description": "the request is not understood",
            "content": {"application/json": {"schema": schema}},
        }
    if path.startswith("/v1/"):
        operation["responses"].pop("422", None)
        operation["responses"]["4XX"] = {"description": "an error in OpenAI's shape"}


def _turn_events() -> dict[str, Any]:
    """A stream of `event`, `id` and `data` lines: which event carries which data."""
    variants = [
        {
            "type": "object",
            "properties": {
                "event": {"const": name},
                "id": {"type": "string", "description": "<message_id>:<number>"},
                "data": {"$ref": _REF.format(model=model.__name__)},
            },
            "required": ["event", "id", "data"],
        }
        for name, model in EVENT_MODELS.items()
    ]
    return {"title": "TurnEvents", "description": "One server-sent event; the last is `ended`.", "oneOf": variants}
