"""Charts as inline SVG: colours come from the page's style, so that they are readable in light and dark. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from bot.training.report_figures import Bin, Matrix, Point

_WIDTH, _HEIGHT = 460.0, 330.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 16.0, 14.0, 50.0
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_LONGEST_LABEL = 26  # characters


def reliability_chart(bins: Sequence[Bin], *, across: str, up: str, label: str) -> str:
    """Bars of accuracy over confidence; the dashed diagonal is what calibrated probabilities would give."""
    bars = [
        f'<rect class="bar" x="{_x(each.low) + 1:.1f}" y="{_y(each.accuracy):.1f}" '
        f'width="{_x(each.high) - _x(each.low) - 2:.1f}" height="{_y(0) - _y(each.accuracy):.1f}">'
        f"<title>{each.low:.0%}–{each.high:.0%}: {each.accuracy:.1%} ({each.n})</title></rect>"
        f'<circle class="dot" cx="{_x(each.confidence):.1f}" cy="{_y(each.accuracy):.1f}" r="{_radius(each.n, bins)}"/>'
        for each in bins
    ]
    return _plot([*bars, _diagonal()], across=across, up=up, label=label)


def curve_chart(
    points: Sequence[Point], *, across: str, up: str, label: str, highest: float = 1.0, diagonal: bool = False
) -> str:
    """A line through `points`; the vertical axis ends at `highest`."""
    path = " ".join(f"{_x(point.x):.1f},{_y(point.y / highest):.1f}" for point in points)
    area = f"{_x(points[0].x):.1f},{_y(0):.1f} {path} {_x(points[-1].x):.1f},{_y(0):.1f}" if points else ""
    shapes = [f'<polygon class="area" points="{area}"/>', f'<polyline class="line" points="{path}"/>']
    return _plot([*shapes, *([_diagonal()] if diagonal else [])], across=across, up=up, label=label, highest=highest)


def matrix_chart(matrix: Matrix, *, across: str, up: str, label: str) -> str:
    """A square per pair of intents, the darker the larger its share of the row; mistakes in another colour."""
    count = len(matrix.intents)
    cell, margin = (26.0 if count <= 12 else 20.0), 178.0
    size = margin + cell * count
    shapes: list[str] = []
    for row, (name, counts) in enumerate(zip(matrix.intents, matrix.counts, strict=True)):
        y = 8 + cell * row
        shapes.append(_label(name, margin - 8, y + cell / 2 + 4, "end"))
        shapes.extend(
            _cell(counts[column], max(1, sum(counts)), row == column, margin + cell * column, y, cell)
            for column in range(count)
        )
    bottom = 8 + cell * count
    for column, name in enumerate(matrix.intents):
        x = margin + cell * (column + 0.5) + 4
        shapes.append(
            f'<text class="tick" transform="translate({x:.1f},{bottom + 8:.1f}) rotate(-55)" text-anchor="end">'
            f"{_short(name)}</text>"
        )
    shapes.append(_axis_name(up, 14, 8 + cell * count / 2, turned=True))
    shapes.append(_axis_name(across, margin + cell * count / 2, bottom + 164))
    return _svg(shapes, size + 12, bottom + 172, label, class_="chart chart--matrix")


def _cell(count: int, total: int, is_right: bool, x: float, y: float, size: float) -> str:
    share = count / total
    kind = "right" if is_right else "wrong"
    opacity = 0.0 if not count else 0.15 + 0.85 * share
    on = " count--on" if opacity > 0.55 else ""
    middle = f'x="{x + size / 2:.1f}" y="{y + size / 2 + 3.5:.1f}"'
    shown = f'<text class="count{on}" {middle}>{count}</text>' if count else ""
    return (
        f'<rect class="cell" x="{x:.1f}" y="{y:.1f}" width="{size - 1.5:.1f}" height="{size - 1.5:.1f}"/>'
        f'<rect class="cell--{kind}" fill-opacity="{opacity:.2f}" x="{x:.1f}" y="{y:.1f}" '
        f'width="{size - 1.5:.1f}" height="{size - 1.5:.1f}"/>{shown}'
    )


def _plot(shapes: Iterable[str], *, across: str, up: str, label: str, highest: float = 1.0) -> str:
    grid = "".join(
        f'<line class="grid" x1="{_x(0):.1f}" x2="{_x(1):.1f}" y1="{_y(tick):.1f}" y2="{_y(tick):.1f}"/>'
        f'<text class="tick" x="{_x(0) - 8:.1f}" y="{_y(tick) + 4:.1f}" text-anchor="end">'
        f"{_percent(tick * highest)}</text>"
        f'<text class="tick" x="{_x(tick):.1f}" y="{_y(0) + 18:.1f}" text-anchor="middle">{_percent(tick)}</text>'
        for tick in _TICKS
    )
    names = _axis_name(across, (_x(0) + _x(1)) / 2, _HEIGHT - 8) + _axis_name(up, 14, (_y(0) + _y(1)) / 2, turned=True)
    return _svg([grid, *shapes, names], _WIDTH, _HEIGHT, label)


def _svg(shapes: Iterable[str], width: float, height: float, label: str, *, class_: str = "chart") -> str:
    return (
        f'<svg class="{class_}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{html.escape(label)}">'
        f"{''.join(shapes)}</svg>"
    )


def _axis_name(name: str, x: float, y: float, *, turned: bool = False) -> str:
    place = f'transform="translate({x:.1f},{y:.1f}) rotate(-90)"' if turned else f'x="{x:.1f}" y="{y:.1f}"'
    return f'<text class="axis" {place} text-anchor="middle">{html.escape(name)}</text>'


def _label(name: str, x: float, y: float, anchor: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_short(name)}</text>'


def _short(name: str) -> str:
    shown = name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…"
    return html.escape(shown)


def _diagonal() -> str:
    return f'<line class="ideal" x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}" y2="{_y(1):.1f}"/>'


def _radius(count: int, bins: Sequence[Bin]) -> str:
    most = max(each.n for each in bins)
    return f"{2.5 + 4.5 * (count / most) ** 0.5:.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share * 100 >= 1 or share == 0 else f"{100 * share:.1f}%"


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)
