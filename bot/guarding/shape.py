"""What a text looks like, beside what it says: signs that are rare in questions and common in attacks. Pure."""

from __future__ import annotations

import re

FEATURES = ("symbols", "roles", "encoded")
_PLAIN_MARKS = frozenset(".,!?'\"-:;()/%$€£¥&+@#*_，。！？、：；（）“”‘’《》【】…—～·")
# Marks with which chat templates tell whose words follow; a customer has no use for them.
_ROLE = re.compile(
    r"<\|[^|<>\n]{1,40}\|>|</?(?:system|assistant|user|instructions?|rules?|prompt|sys)>|\[/?(?:INST|SYS|SYSTEM)\]"
    r"|<</?SYS>>"
    r"|^[#* ]*(?:system|assistant|developer|系统|助手)(?: (?:message|prompt|instructions?|override))?\]? ?[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_ENCODED = re.compile(r"(?<![\w/.+])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*[a-z])[A-Za-z0-9+/]{32,}={0,2}(?![\w/.])")
_FEWEST = 12  # characters from which a share of symbols says something
_MANY = 0.25  # share of symbols that counts as all


def shape_of(text: str) -> tuple[float, float, float]:
    """The FEATURES, 0 to 1 each: share of unusual symbols, marks of a chat template, a long encoded run."""
    signs = [sign for sign in text if not sign.isspace()]
    odd = sum(sign.isascii() and not sign.isalnum() and sign not in _PLAIN_MARKS for sign in signs)
    share = odd / len(signs) / _MANY if len(signs) >= _FEWEST else 0.0
    return min(1.0, share), float(_ROLE.search(text) is not None), float(_ENCODED.search(text) is not None)
