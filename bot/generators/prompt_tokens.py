"""A prompt as the tokens that a model sees, the same in training as in serving. Knows no model."""

from __future__ import annotations

from typing import Any

from bot.prompt import Prompt


class PromptTokens:
    """`tokenizer`: transformers' PreTrainedTokenizerFast, with a chat template."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._control_tokens = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]

    def encode(self, prompt: Prompt) -> list[int]:
        """Up to and with the words that open the reply."""
        messages = [{"role": message.role, "content": self.plain(message.text)} for message in prompt.messages]
        encoded = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)
        return list(encoded["input_ids"])

    def encode_text(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(self.plain(text), add_special_tokens=False))

    def count(self, text: str) -> int:
        return len(self.encode_text(text))

    def plain(self, text: str) -> str:
        """The text without the tokenizer's control tokens: what a customer or a document says must not end its own
        message and begin another in our name."""
        text = text.encode("utf-8", "replace").decode("utf-8")
        while any(token in text for token in self._control_tokens):
            for token in self._control_tokens:
                text = text.replace(token, " ")
        return text
