"""Tokens, as a model writes them → text that never ends inside a character. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_BROKEN = "\ufffd"  # what a tokenizer puts where the bytes of a character are not all there


@dataclass(slots=True)
class TokenText:
    """A token may hold part of a character, and a tokenizer may write a token differently after another. So the tokens
    since the last place where the text was whole are decoded with those before them, and what is new is given out.
    """

    tokenizer: Any  # transformers' PreTrainedTokenizerFast, or a FastTokenizer
    tokens: list[int] = field(default_factory=list)
    context: int = 0  # tokens[context:given] are decoded again, to see what the next ones add
    given: int = 0  # tokens before this one have been given out

    def add(self, token: int) -> str:
        self.tokens.append(token)
        new = self._new()
        if new.endswith(_BROKEN):
            return ""
        self.context, self.given = self.given, len(self.tokens)
        return new

    def rest(self) -> str:
        """What is held back at the end, without a character that never became whole."""
        return self._new().rstrip(_BROKEN)

    def _new(self) -> str:
        before = self._decode(self.tokens[self.context : self.given])
        return self._decode(self.tokens[self.context :])[len(before) :]

    def _decode(self, tokens: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text
