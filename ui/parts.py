"""What the routes of one running app share, and how they reach it. Knows nothing of what they do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from bot.bootstrap import Frontdesk
from ui.metrics import Metrics
from ui.sessions import StaffDoor
from ui.turn_streams import TurnStreams


@dataclass(frozen=True, slots=True)
class Parts:
    frontdesk: Frontdesk
    streams: TurnStreams
    door: StaffDoor
    metrics: Metrics


def parts_of(request: Request) -> Parts:
    parts = request.app.state.parts
    if not isinstance(parts, Parts):
        raise TypeError("this app was not made by create_app()")
    return parts


SharedParts = Annotated[Parts, Depends(parts_of)]
