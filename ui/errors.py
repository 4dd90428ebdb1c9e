"""What can go wrong where people and programs meet the product.

UiError
├── AccountExists           the name is taken
└── AccountInvalid          a name or a password that cannot be one
"""

from __future__ import annotations


class UiError(Exception):
    """Base of this package's errors. The message names the thing and the way out."""


class AccountExists(UiError):
    pass


class AccountInvalid(UiError):
    pass
