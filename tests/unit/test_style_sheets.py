"""Our colours can be read: text against what it stands on, in light and in dark (WCAG 2.2, 1.4.3: 4.5 to 1)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui import markup

BASE = (Path(markup.__file__).parent / "static" / "base.css").read_text(encoding="utf-8")
PAIRS = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("soft-ink", "ground"),
    ("soft-ink", "surface"),
    ("soft-ink", "sunken"),
    ("soft-ink", "warn-soft"),
    ("on-accent", "accent"),
    ("on-said", "said"),
    ("accent-strong", "accent-soft"),
    ("ink", "accent-soft"),
    ("accent", "surface"),
    ("warn", "warn-soft"),
    ("warn", "surface"),
    ("surface", "warn"),
    ("bad", "bad-soft"),
    ("bad", "surface"),
    ("mark-ink", "mark"),
]


def colours(scheme: str) -> dict[str, str]:
    light, dark = BASE.split(":root.dark", 1)
    block = light if scheme == "light" else dark.split("}", 1)[0]
    return dict(re.findall(r"--fd-([a-z-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(scheme: str, text: str, ground: str) -> None:
    shown = colours(scheme)
    lighter, darker = sorted((luminance(shown[text]), luminance(shown[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_both_schemes_name_the_same_colours() -> None:
    assert set(colours("dark")) == set(colours("light"))


def test_no_style_sheet_fetches_anything() -> None:
    for sheet in (Path(markup.__file__).parent / "static").glob("*.css"):
        assert not re.search(r"url\(|@import", sheet.read_text(encoding="utf-8")), sheet.name
