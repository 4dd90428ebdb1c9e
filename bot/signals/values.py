"""The signals of one message as values. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntityKind(StrEnum):
    """What a desk can use. The kinds in PERSONAL are masked in logs and traces."""

    ORDER_NUMBER = "order_number"
    EMAIL = "email"
    PHONE = "phone"
    AMOUNT = "amount"
    DATE = "date"
    PRODUCT = "product"
    CARD = "card"
    IBAN = "iban"
    NATIONAL_ID = "national_id"
    IP_ADDRESS = "ip_address"


PERSONAL = frozenset(
    {
        EntityKind.EMAIL,
        EntityKind.PHONE,
        EntityKind.CARD,
        EntityKind.IBAN,
        EntityKind.NATIONAL_ID,
        EntityKind.IP_ADDRESS,
    }
)


@dataclass(frozen=True, slots=True)
class Entity:
    """Something a message names: `value` is `text[start:end]`, or "[kind]" where it is personal and was masked."""

    kind: EntityKind
    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Signals:
    language: str  # of the message; the conversation's where it tells none
    frustration: float | None = None  # probability that the writer is upset, 0 to 1; None where no model was trained
    entities: tuple[Entity, ...] = ()
    steering: float | None = None  # how surely the message wants to steer the bot, 0 to 1; None without a guard

    @property
    def slots(self) -> dict[str, str]:
        """The first value of every kind, by its name: what a form or a hand-over asks for."""
        found: dict[str, str] = {}
        for entity in self.entities:
            found.setdefault(entity.kind.value, entity.value)
        return found
