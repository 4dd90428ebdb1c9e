"""Takes personal data out of texts that are kept for other reasons than the conversation: logs and traces. Pure.

A transcript keeps every word, because the person who answers needs them; what is written beside it does not.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from bot.signals.entities import find_entities
from bot.signals.values import PERSONAL, Entity, Signals


def mask_personal(text: str) -> str:
    """The text with "[email]", "[phone]", "[card]", "[iban]", "[national_id]", "[ip_address]" for what is personal."""
    kept: list[str] = []
    begin = 0
    for entity in find_entities(text):
        if entity.kind in PERSONAL:
            kept += (text[begin : entity.start], f"[{entity.kind}]")
            begin = entity.end
    return "".join((*kept, text[begin:]))


def without_personal(signals: Signals) -> Signals:
    """The same signals: what is personal keeps its kind and place, and loses its value."""
    return replace(signals, entities=tuple(map(_masked, signals.entities)))


def _masked(entity: Entity) -> Entity:
    return replace(entity, value=f"[{entity.kind}]") if entity.kind in PERSONAL else entity


class MaskingFormatter(logging.Formatter):
    """Masks the whole line as it would be written, its traceback included: an error may quote what a customer wrote.

    The time in front is not touched.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        record.message = mask_personal(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802 - the name is logging's
        return mask_personal(super().formatException(ei))
