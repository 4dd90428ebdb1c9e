"""Accounts on a real SQLite file, with cheap hashes: what costs 50 ms each in the product is a setting here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.migrations import upgrade_database
from knowledge.database import open_database
from ui.accounts import Account, AccountRow, Accounts, Role
from ui.errors import AccountExists, AccountInvalid

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"


class CountingHasher(PasswordHasher):
    """Remembers which hashes were checked."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.checked: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.checked.append(str(hash))
        return super().verify(hash, password)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    upgrade_database(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(engine: Engine) -> Accounts:
    return Accounts(engine, hasher=CHEAP)


def stored_hash(engine: Engine) -> str:
    with Session(engine) as session:
        return session.exec(select(AccountRow)).one().password_hash


def test_a_new_account_signs_in_with_the_password_it_was_given(accounts: Accounts) -> None:
    password = accounts.add("Ann", Role.EDITOR)
    assert len(password) >= 20
    assert accounts.verify("ann", password) == Account("ann", Role.EDITOR)
    assert accounts.verify("ann", password + "x") is None
    assert accounts.verify("bob", password) is None
    assert accounts.accounts() == [Account("ann", Role.EDITOR)]


def test_no_two_passwords_are_the_same(accounts: Accounts) -> None:
    assert len({accounts.add(f"person{number}", Role.OPERATOR) for number in range(10)}) == 10


def test_only_an_argon2id_hash_is_stored(engine: Engine) -> None:
    Accounts(engine).add_with_password("ann", Role.ADMIN, PASSWORD)
    assert stored_hash(engine).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in stored_hash(engine)


@pytest.mark.parametrize("taken", ["ann", "ANN", " Ann ", "Ａｎｎ"])
def test_a_name_is_given_once_whatever_its_case_and_width(accounts: Accounts, taken: str) -> None:
    accounts.add("ann", Role.ADMIN)
    with pytest.raises(AccountExists, match="'ann'"):
        accounts.add(taken, Role.OPERATOR)


@pytest.mark.parametrize("name", ["", "  ", "two words", "a\0b", "\ud800", "new\nline", "a" * 65, "zero\u200bwidth"])
def test_a_name_that_people_cannot_read_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountInvalid):
        accounts.add(name, Role.OPERATOR)
    assert accounts.verify(name, PASSWORD) is None


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_a_password_too_short_or_too_long_is_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(AccountInvalid):
        accounts.add_with_password("ann", Role.OPERATOR, password)
    assert accounts.verify("ann", password) is None


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [("密码很长很长很长的密码", "密码很长很长很长的密码"), ("caf\u00e9 au lait", "cafe\u0301 au lait")],
)
def test_a_password_is_the_same_on_every_keyboard(accounts: Accounts, chosen: str, typed: str) -> None:
    accounts.add_with_password("ann", Role.OPERATOR, chosen)
    assert accounts.verify("ann", typed) is not None


def test_half_a_character_in_a_password_is_no_crash(accounts: Accounts) -> None:
    accounts.add("ann", Role.OPERATOR)
    assert accounts.verify("ann", "\ud83d\0 something") is None


def test_an_unknown_name_costs_a_hash_of_the_same_parameters(engine: Engine) -> None:
    hasher = CountingHasher()
    accounts = Accounts(engine, hasher=hasher)
    accounts.add_with_password("ann", Role.OPERATOR, PASSWORD)
    accounts.verify("ann", "wrong password")
    accounts.verify("nobody", "wrong password")
    known, unknown = (checked.split("$")[:4] for checked in hasher.checked)
    assert known == unknown


def test_a_hash_is_renewed_when_its_parameters_are_no_longer_ours(engine: Engine) -> None:
    Accounts(engine, hasher=CHEAP).add_with_password("ann", Role.OPERATOR, PASSWORD)
    dearer = Accounts(engine, hasher=PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert dearer.verify("ann", "wrong password") is None
    assert "m=8,t=1" in stored_hash(engine)
    assert dearer.verify("ann", PASSWORD) is not None
    assert "m=16,t=2" in stored_hash(engine)
    assert dearer.verify("ann", PASSWORD) is not None


def test_a_damaged_hash_lets_nobody_in(engine: Engine, accounts: Accounts) -> None:
    accounts.add_with_password("ann", Role.OPERATOR, PASSWORD)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE account SET password_hash = 'damaged'")
    assert accounts.verify("ann", PASSWORD) is None


def test_the_first_admin_is_made_once_and_only_where_there_is_nobody(accounts: Accounts) -> None:
    first = accounts.ensure_first_admin()
    assert first is not None
    name, password = first
    assert accounts.verify(name, password) == Account("admin", Role.ADMIN)
    assert accounts.ensure_first_admin() is None


def test_where_there_is_an_account_no_admin_is_made(accounts: Accounts) -> None:
    accounts.add("ann", Role.EDITOR)
    assert accounts.ensure_first_admin() is None
    assert accounts.accounts() == [Account("ann", Role.EDITOR)]


def test_starts_at_once_make_one_first_admin(engine: Engine) -> None:
    gate = threading.Barrier(6)

    def first_start(_: int) -> tuple[str, str] | None:
        accounts = Accounts(engine, hasher=CHEAP)
        gate.wait()
        return accounts.ensure_first_admin()

    with ThreadPoolExecutor(6) as starts:
        made = [each for each in starts.map(first_start, range(6)) if each is not None]
    assert len(made) == 1
    assert Accounts(engine, hasher=CHEAP).verify(*made[0]) == Account("admin", Role.ADMIN)
