"""What the interfaces for editors have in common: who may use them, and answers that are made of our values."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import Depends
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from ui.accounts import Account
from ui.api_models import ProblemOut
from ui.sign_in import require_editor

EDITORS_ONLY: dict[str, Any] = {
    "dependencies": [Depends(require_editor)],
    "responses": {
        401: {"model": ProblemOut, "description": "sign in, or send HTTP Basic credentials"},
        403: {"model": ProblemOut, "description": "the account is not an editor's"},
    },
}
Editor = Annotated[Account, Depends(require_editor)]
GONE: dict[int | str, dict[str, Any]] = {404: {"model": ProblemOut}}


class Outgoing(BaseModel):
    """Made of a value's attributes of the same names; see `called` for those of other names."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, value: object) -> Self:
        return cls.model_validate(value)


def called(attribute: str, **described: Any) -> Any:
    """A field that the value calls `attribute`."""
    return Field(validation_alias=AliasChoices(attribute), **described)
