"""Our drawings, as inline SVG: one stroke width, the colour of the text around them. Knows nothing of pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree  # reads our own drawings alone

Shape = tuple[str, dict[str, str], list[Any]]

_PATHS = {
    # The bell on a front desk: our sign.
    "bell": '<path d="M4 17a8 8 0 0 1 16 0"/><path d="M2.5 20h19"/><path d="M12 9V6"/><path d="M10 6h4"/>',
    "send": '<path d="M12 19V5"/><path d="m6 11 6-6 6 6"/>',
    "stop": '<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor"/>',
    "person": '<circle cx="12" cy="8" r="3.6"/><path d="M4.8 20a7.2 7.2 0 0 1 14.4 0"/>',
    "plus": '<path d="M12 5v14"/><path d="M5 12h14"/>',
    "again": '<path d="M20 11.5A8 8 0 1 0 18 17"/><path d="M20.5 5.5v6h-6"/>',
    "question": '<path d="M9 9.2a3 3 0 1 1 4.4 2.7c-1 .5-1.4 1.1-1.4 2.1"/><path d="M12 17.3v.1"/>'
    '<circle cx="12" cy="12" r="9"/>',
    "alert": '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.2"/><path d="M12 16.2v.1"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.2 2"/>',
    "check": '<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.8 2.8L16 9.6"/>',
    "chevron": '<path d="m9 6 6 6-6 6"/>',
    "pen": '<path d="m4.5 19.5 1-4L16.2 4.8a1.8 1.8 0 0 1 2.5 0l.5.5a1.8 1.8 0 0 1 0 2.5L8.5 18.5z"/>'
    '<path d="m14 7 3 3"/>',
    "forward": '<path d="M5 12h14"/><path d="m13 6 6 6-6 6"/>',
    "back": '<path d="M19 12H5"/><path d="m11 6-6 6 6 6"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m20 20-4.3-4.3"/>',
    "close": '<path d="M6 6l12 12"/><path d="M18 6 6 18"/>',
    "bin": '<path d="M5 7h14"/><path d="M10 4h4"/><path d="m7 7 .8 12.2a1 1 0 0 0 1 .8h6.4a1 1 0 0 0 1-.8L17 7"/>',
    "upload": '<path d="M12 15.5V5"/><path d="m7.5 9 4.5-4.5L16.5 9"/>'
    '<path d="M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3"/>',
    "page": '<path d="M7 3.5h7l4 4V19a1.5 1.5 0 0 1-1.5 1.5h-9.5A1.5 1.5 0 0 1 5.5 19V5A1.5 1.5 0 0 1 7 3.5z"/>'
    '<path d="M9 12h6"/><path d="M9 16h4"/>',
    "leave": '<path d="M14 4h4a1.5 1.5 0 0 1 1.5 1.5v13A1.5 1.5 0 0 1 18 20h-4"/><path d="M4 12h10"/>'
    '<path d="m10.5 8.5 3.5 3.5-3.5 3.5"/>',
    "talk": '<path d="M20 11.5a7.5 7.5 0 0 1-11 6.6L4 19.5l1.4-4.6A7.5 7.5 0 1 1 20 11.5z"/>',
    "download": '<path d="M12 4.5V15"/><path d="m7.5 11 4.5 4.5 4.5-4.5"/><path d="M5 19.5h14"/>',
    "thumb-up": '<path d="M7.5 10.5v9H5a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1h2.5z"/><path d="m7.5 10.5 3.7-6.7'
    'a2 2 0 0 1 2.8 2.3l-.8 3.2h4.9a2 2 0 0 1 1.9 2.4l-1.1 6a2 2 0 0 1-2 1.6H7.5"/>',
    "thumb-down": '<g transform="rotate(180 12 12)"><path d="M7.5 10.5v9H5a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1h2.5z"/>'
    '<path d="m7.5 10.5 3.7-6.7a2 2 0 0 1 2.8 2.3l-.8 3.2h4.9a2 2 0 0 1 1.9 2.4l-1.1 6'
    'a2 2 0 0 1-2 1.6H7.5"/></g>',
}


def icon(name: str) -> str:
    """One drawing, hidden from screen readers: a label always stands beside it."""
    return (
        '<svg class="fd-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_PATHS[name]}</svg>'
    )


def shapes(name: str) -> list[Shape]:
    """One drawing as values, for a script that builds it node by node: (tag, attributes, what is inside)."""
    return [_shape(element) for element in ElementTree.fromstring(f"<svg>{_PATHS[name]}</svg>")]


def _shape(element: ElementTree.Element) -> Shape:
    return element.tag, dict(element.attrib), [_shape(inner) for inner in element]


def favicon() -> str:
    """Our sign as a `data:` address, so that a tab shows it without another request."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        '<rect width="24" height="24" rx="6" fill="#1d6a58"/>'
        '<g transform="translate(4 4) scale(.667)" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" '
        f'stroke-linejoin="round">{_PATHS["bell"]}</g></svg>'
    )
    return f"data:image/svg+xml,{quote(drawing)}"
