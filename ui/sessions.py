"""Who is signed in: signed cookies, HTTP Basic, and a door that shuts for whoever guesses. Knows nothing of pages."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import secrets
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from anyio import CapacityLimiter
from itsdangerous import BadSignature, URLSafeTimedSerializer

from ui.accounts import Account, Role
from ui.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Scope

    from ui.accounts import Accounts

COOKIE = "frontdesk_session"
SESSION_SECONDS = 12 * 3600
CONSOLE_ROLES = frozenset({Role.OPERATOR, Role.ADMIN})
KNOWLEDGE_ROLES = frozenset({Role.EDITOR, Role.ADMIN})
INTENT_ROLES = frozenset({Role.EDITOR, Role.ENGINEER, Role.ADMIN})
RELEASE_ROLES = frozenset({Role.ENGINEER, Role.ADMIN})  # who may put a release to use

_ACCOUNT = "frontdesk.account"
_SHORTEST_SECRET = 32  # bytes
_VERIFIED_AT_ONCE = 2  # one verification takes some 50 ms and 64 MiB
_MOST_ADDRESSES = 10_000


class StaffSessions:
    """Makes and reads session cookies. They are signed, not encrypted: a name and a role are no secret."""

    def __init__(self, secret: bytes) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="frontdesk-session")

    def cookie_for(self, account: Account) -> str:
        return str(self._serializer.dumps([account.name, account.role.value]))

    def account_in(self, cookie: str) -> Account | None:
        """Whose cookie this is; None where it is not ours, was tampered with, or is too old."""
        try:
            name, role = self._serializer.loads(cookie, max_age=SESSION_SECONDS)
            return Account(str(name), Role(role))
        except (BadSignature, ValueError, TypeError):
            return None


class SignInsTooMany:
    """Counts failed sign-ins per address: `most` within `seconds`, then the address waits until the oldest is past."""

    def __init__(self, *, most: int = 10, seconds: float = 300.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._attempts: OrderedDict[str, list[float]] = OrderedDict()  # the address seen longest ago first

    def wait_seconds(self, address: str) -> float:
        """How long the address must wait; 0 where it may try."""
        recent = self._recent(address)
        return max(0.0, recent[-self._most] + self._seconds - self._clock()) if len(recent) >= self._most else 0.0

    def attempt(self, address: str) -> None:
        """Counted before the password is looked at, so that attempts made all at once are counted too."""
        key = _network(address)
        self._attempts[key] = [*self._recent(address), self._clock()]
        self._attempts.move_to_end(key)
        while len(self._attempts) > _MOST_ADDRESSES:
            self._attempts.popitem(last=False)

    def forget(self, address: str) -> None:
        """After a success."""
        self._attempts.pop(_network(address), None)

    def _recent(self, address: str) -> list[float]:
        oldest = self._clock() - self._seconds
        return [at for at in self._attempts.get(_network(address), ()) if at > oldest]


class StaffDoor:
    """Lets staff in, by password or by cookie."""

    def __init__(
        self,
        accounts: Accounts,
        sessions: StaffSessions,
        attempts: SignInsTooMany | None = None,
        *,
        on_refused: Callable[[str, str], None] = lambda _name, _address: None,
    ) -> None:
        """`on_refused` is told the name and the address of whoever was not let in; it may take its time."""
        self._accounts = accounts
        self._on_refused = on_refused
        self.sessions = sessions
        self._attempts = attempts or SignInsTooMany()
        self._verifying = CapacityLimiter(_VERIFIED_AT_ONCE)

    async def sign_in(self, name: str, password: str, address: str) -> Account | None:
        """The account; None where name and password do not belong together. Raises Problem when tried too often."""
        wait = self._attempts.wait_seconds(address)
        if wait > 0:
            minutes = max(1, round(wait / 60))
            raise Problem(
                429,
                "too_many_attempts",
                f"Too many failed attempts from your address; try again in {minutes} min",
                headers={"Retry-After": str(int(wait) + 1)},
            )
        self._attempts.attempt(address)
        account = await anyio.to_thread.run_sync(self._accounts.verify, name, password, limiter=self._verifying)
        if account is not None:
            self._attempts.forget(address)
        else:
            await anyio.to_thread.run_sync(self._on_refused, name, address)
        return account

    def account_of(self, scope: Scope) -> Account | None:
        """Whose session cookie a request carries."""
        cookie = _cookie(scope)
        return self.sessions.account_in(cookie) if cookie else None

    async def require(self, scope: Scope, roles: Collection[Role]) -> Account:
        """The account behind a request, by cookie or HTTP Basic. Raises Problem 401, 403 or 429."""
        account = self.account_of(scope)
        basic = None if account is not None else _basic(scope)
        if basic is not None:
            account = await self.sign_in(*basic, address_of(scope))
        if account is None:
            message = "Name and password do not belong together" if basic else "Sign in, or send HTTP Basic credentials"
            challenge = {"WWW-Authenticate": 'Basic realm="frontdesk", charset="UTF-8"'}
            raise Problem(401, "sign_in_required", message, headers=challenge)
        if account.role not in roles:
            wanted = " or ".join(sorted(roles))
            raise Problem(403, "forbidden", f"'{account.name}' may not do this; it takes the role {wanted}")
        return account


def remember_account(scope: Scope, account: Account) -> None:
    """Notes down for whoever answers a request of staff whose it is."""
    scope[_ACCOUNT] = account


def account_in(scope: Mapping[str, Any]) -> Account | None:
    """Whose request this is; None where no guard has found out."""
    account = scope.get(_ACCOUNT)
    return account if isinstance(account, Account) else None


def load_or_make_secret(home: Path) -> bytes:
    """The secret that signs sessions, readable by this user only. Several processes agree on one."""
    path = home / "session-secret"
    for _ in range(2):
        try:
            secret = path.read_bytes()
        except FileNotFoundError:
            _make_secret(path)
            continue
        if len(secret) >= _SHORTEST_SECRET:
            return secret
        path.unlink()  # cut short by a full disk: everybody signs in anew
    return path.read_bytes()


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _make_secret(path: Path) -> None:
    """Written beside and linked into place, so that nobody ever reads half of it and the first of two wins."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".session-secret-")  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(64))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            return
    finally:
        Path(beside).unlink()


def _cookie(scope: Scope) -> str | None:
    for name, value in scope.get("headers", ()):
        if name == b"cookie":
            try:
                morsel = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                continue
            if morsel is not None:
                return morsel.value
    return None


def _basic(scope: Scope) -> tuple[str, str] | None:
    for name, value in scope.get("headers", ()):
        if name == b"authorization" and value[:6].lower() == b"basic ":
            try:
                decoded = base64.b64decode(value[6:].strip(), validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                return None
            account, colon, password = decoded.partition(":")
            return (account, password) if colon else None
    return None


def _network(address: str) -> str:
    """Whom an address belongs to: of an IPv6 address the first half, since a household has all of the other."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
