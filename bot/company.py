"""Whose front desk this is: name, greeting, suggested questions. Read from company.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import SettingsInvalid

SAMPLE_COMPANY = Path(__file__).parent / "sample_company"


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    tagline: Mapping[str, str] = field(default_factory=dict)  # language → text
    email: str = ""
    suggested_questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language → questions
    products: tuple[str, ...] = ()  # names of products and plans, in any language: found in messages


def load_company(folder: Path) -> Company:
    """Reads `company.toml` in `folder`. Raises SettingsInvalid naming the file."""
    path = folder / "company.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsInvalid(f"There is no company.toml in '{folder}'; FRONTDESK_COMPANY names that folder") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"'{path}' is not valid TOML: {error}") from error
    questions = {language: tuple(texts) for language, texts in content.get("suggested_questions", {}).items()}
    tagline = content.get("tagline", {})
    if isinstance(tagline, str):
        tagline = {"en": tagline}
    products = tuple(str(name) for name in content.get("products", ()))
    return Company(str(content.get("name", "frontdesk")), tagline, str(content.get("email", "")), questions, products)
