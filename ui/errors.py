"""What can go wrong where people and programs meet the product.

UiError
├── AccountExists           the name is taken
├── AccountInvalid          a name or a password that cannot be one
├── AddressUnavailable      the port is taken, or the address is not ours
├── TooManyTurns            as many answers as we can give are under way (turn_streams.py)
└── Problem                 any of the above and below as an HTTP answer (problems.py)
"""

from __future__ import annotations


class UiError(Exception):
    """Base of this package's errors. The message names the thing and the way out."""


class AccountExists(UiError):
    pass


class AccountInvalid(UiError):
    pass


class AddressUnavailable(UiError):
    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"Cannot listen on {host}:{port}: {reason}; choose another with --port, or end the program that uses it"
        )
