"""Accounts of the staff, and their passwords. Knows nothing of pages, cookies or sign-in."""

from __future__ import annotations

import secrets
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, Float, String, UniqueConstraint, exists, insert, literal, update
from sqlalchemy import select as select_columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel, col, select

from bot.serialization import storable_text
from knowledge.database import reading, writing
from ui.errors import AccountExists, AccountInvalid

FIRST_ADMIN = "admin"
LONGEST_NAME = 64  # characters
SHORTEST_PASSWORD = 10  # characters, of passwords that people choose
LONGEST_PASSWORD = 1024  # characters; longer ones are refused before they cost any work
_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another when read aloud


class Role(StrEnum):
    OPERATOR = "operator"  # talks with customers
    EDITOR = "editor"  # changes documents and entries, teaches and trains intents
    ENGINEER = "engineer"  # teaches intents, trains, and puts releases to use
    ADMIN = "admin"  # does all of that


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    role: Role


class AccountRow(SQLModel, table=True):
    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("name", name="uq_account_name"),)

    number: int | None = Field(default=None, primary_key=True)
    name: str
    password_hash: str  # argon2id with its parameters and salt, in PHC string format
    role: str
    created_at: float  # seconds since 1970, UTC


class Accounts:
    """Accounts in the database. Passwords are kept as argon2id hashes (RFC 9106) and never as text.

    Names are compared without regard to case. `hasher` sets the cost of a hash; one takes some 50 ms and 64 MiB.
    """

    def __init__(self, engine: Engine, *, hasher: PasswordHasher | None = None) -> None:
        self._engine = engine
        self._hasher = hasher or PasswordHasher()
        # What an unknown name is checked against, so that it takes as long as a known one.
        self._nobodys_hash = self._hasher.hash(_random_password())

    def add(self, name: str, role: Role) -> str:
        """Makes an account and returns its random password, which cannot be read again.

        Raises AccountExists and AccountInvalid.
        """
        password = _random_password()
        self.add_with_password(name, role, password)
        return password

    def add_with_password(self, name: str, role: Role, password: str) -> Account:
        """Raises AccountExists, and AccountInvalid where the name or the password cannot be one."""
        account = Account(_checked_name(name), Role(role))
        row = AccountRow(
            name=account.name,
            password_hash=self._hasher.hash(_bytes(_checked_password(password))),
            role=account.role.value,
            created_at=time.time(),
        )
        with writing(self._engine) as session:
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                raise AccountExists(f"There is an account '{account.name}' already; choose another name") from None
        return account

    def verify(self, name: str, password: str) -> Account | None:
        """The account, where name and password belong together. A wrong name takes as long as a wrong password."""
        if len(password) > LONGEST_PASSWORD:
            return None
        with reading(self._engine) as session:
            row = session.exec(select(AccountRow).where(col(AccountRow.name) == _folded(name))).first()
            account = None if row is None else Account(row.name, Role(row.role))
            stored = self._nobodys_hash if row is None else row.password_hash
        if not self._matches(stored, password) or account is None:
            return None
        if self._hasher.check_needs_rehash(stored):
            self._rehash(account.name, stored, password)
        return account

    def ensure_first_admin(self) -> tuple[str, str] | None:
        """Where there is no account at all, makes an admin and returns (name, password). Safe in several processes."""
        if self.accounts():
            return None
        password = _random_password()
        values = select_columns(
            literal(FIRST_ADMIN, String()),
            literal(self._hasher.hash(_bytes(password)), String()),
            literal(Role.ADMIN.value, String()),
            literal(time.time(), Float()),
        ).where(~exists(select_columns(col(AccountRow.number))))
        columns = ["name", "password_hash", "role", "created_at"]
        with writing(self._engine) as session:
            try:
                made = session.exec(insert(AccountRow).from_select(columns, values))
                session.commit()
            except IntegrityError:  # another process was faster
                return None
        return (FIRST_ADMIN, password) if made.rowcount == 1 else None

    def accounts(self) -> Sequence[Account]:
        """All accounts, by name."""
        with reading(self._engine) as session:
            rows = session.exec(select(AccountRow).order_by(col(AccountRow.name))).all()
            return [Account(row.name, Role(row.role)) for row in rows]

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    def _rehash(self, name: str, stored: str, password: str) -> None:
        """Keeps the password under today's parameters, unless it was changed meanwhile."""
        with writing(self._engine) as session:
            session.exec(
                update(AccountRow)
                .where(col(AccountRow.name) == name, col(AccountRow.password_hash) == stored)
                .values(password_hash=self._hasher.hash(_bytes(password)))
            )
            session.commit()


def _random_password() -> str:
    """Four groups of five letters: 99 random bits."""
    return "-".join("".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(5)) for _ in range(4))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", storable_text(name)).strip().casefold()


def _checked_name(name: str) -> str:
    folded = _folded(name)
    unusual = any(letter.isspace() or unicodedata.category(letter).startswith("C") for letter in name.strip())
    if not folded or len(folded) > LONGEST_NAME or unusual:
        raise AccountInvalid(
            f"{name!r} cannot be an account's name; take 1 to {LONGEST_NAME} visible characters without spaces"
        )
    return folded


def _checked_password(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountInvalid(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; choose another")
    return password


def _bytes(password: str) -> bytes:
    """The same bytes on every keyboard: an accented letter can be typed as one character or as two."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
