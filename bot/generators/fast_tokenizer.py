"""A tokenizer and its chat template without transformers, which takes seconds to import. Knows no model.

It has those methods of transformers' PreTrainedTokenizerFast that PromptTokens and TokenText use. A folder for it is
only made where it gives the same tokens (bot/generators/engine_folder.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

TOKENIZER, TEMPLATE, NAMED_TOKENS = "tokenizer.json", "chat_template.jinja", "named_tokens.json"


class FastTokenizer:
    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError where `folder` lacks one of the three files."""
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str((folder / TOKENIZER).read_text(encoding="utf-8"))
        self._named: dict[str, str] = json.loads((folder / NAMED_TOKENS).read_text(encoding="utf-8"))
        self._template = _compiled((folder / TEMPLATE).read_text(encoding="utf-8"))

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        return dict(self._tokenizer.get_added_tokens_decoder())

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids)

    def decode(
        self,
        tokens: Sequence[int],
        *,
        skip_special_tokens: bool,
        clean_up_tokenization_spaces: bool,  # noqa: ARG002 - for the library's signature; it is never wanted
    ) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=skip_special_tokens))

    def apply_chat_template(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        add_generation_prompt: bool,
        return_dict: bool,  # noqa: ARG002 - for the library's signature
    ) -> dict[str, list[int]]:
        text = self._template.render(
            messages=list(messages), add_generation_prompt=add_generation_prompt, **self._named
        )
        return {"input_ids": self.encode(text, add_special_tokens=False)}


def write_tokenizer(tokenizer: Any, folder: Path) -> None:
    """What a FastTokenizer reads, of a PreTrainedTokenizerFast with a chat template."""
    (folder / TOKENIZER).write_text(tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
    (folder / TEMPLATE).write_text(tokenizer.get_chat_template(), encoding="utf-8")
    named = {name: token for name, token in tokenizer.special_tokens_map.items() if isinstance(token, str)}
    (folder / NAMED_TOKENS).write_text(json.dumps(named) + "\n", encoding="utf-8")


def _compiled(template: str) -> Any:
    """As transformers compiles it: no template may change anything or reach into the interpreter."""
    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def raise_exception(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda layout: datetime.now().strftime(layout)
    return environment.from_string(template)
