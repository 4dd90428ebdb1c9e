"""A report on an intent classifier as one HTML file that needs nothing else, with its figures as JSON beside it.

Takes values: rows, predictions and what the fairness check found. Knows no model. Headings are in both languages,
because a report is passed on to people whose language nobody asked for.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.training.fairness import FairnessRow
from bot.training.report_charts import curve_chart, matrix_chart, reliability_chart
from bot.training.report_figures import ReportFigures
from knowledge.durable_files import write_durably

_WEAKEST = 12  # intents of the table that stand open
_STYLE = Path(__file__).parent / "report.css"
_SWAPS = {
    "name": "Another name · 换名字",
    "gender": "Another gender · 换性别",
    "dialect": "Other words of the language · 换方言或用词",
    "informal": "Informal spelling · 随意写法",
    "polite": "Very polite · 更客气",
    "capitals": "Capital letters · 全大写",
}
_LANGUAGES = {"en": "English · 英文", "zh": "Chinese · 中文"}


@dataclass(frozen=True, slots=True)
class ReportHead:
    classifier: str  # which release, or how it was trained
    data: str  # what it was measured on
    written: str  # date


def write_report(
    path: Path, head: ReportHead, figures: ReportFigures, fairness: Sequence[FairnessRow] = ()
) -> tuple[Path, Path]:
    """Writes `path` and the same name with .json; returns both. Raises OSError where the folder cannot be written."""
    beside = path.with_suffix(".json")
    values = {**asdict(head), **asdict(figures), "fairness": [{**asdict(row), "rate": row.rate} for row in fairness]}
    write_durably(beside, json.dumps(values, ensure_ascii=False, indent=1).encode())
    write_durably(path, report_html(head, figures, fairness).encode())
    return path, beside


def report_html(head: ReportHead, figures: ReportFigures, fairness: Sequence[FairnessRow] = ()) -> str:
    parts = [
        _head(head, figures),
        _tiles(figures),
        _matrix(figures),
        _confusions(figures),
        f'<div class="row">{_reliability(figures)}{_risk(figures)}{_roc(figures)}</div>',
        _fairness(fairness),
        _registers(figures),
        _classes(figures),
        "<footer>frontdesk · <code>frontdesk evaluate intents --report</code></footer>",
    ]
    style = _STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Intents: {html.escape(head.data)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _head(head: ReportHead, figures: ReportFigures) -> str:
    facts = (head.data, f"{figures.n:,} messages · {figures.n:,} 条消息", head.classifier, head.written)
    return (
        f"<header><h1>How well intents are recognised {_zh('意图识别报告')}</h1>"
        f"<p>{' · '.join(html.escape(fact) for fact in facts)}</p></header>"
    )


def _tiles(figures: ReportFigures) -> str:
    interval = figures.accuracy_interval
    tiles = (
        ("Accuracy", "准确率", _percent(figures.accuracy), "" if interval is None else _interval(interval)),
        ("Macro-F1", "宏平均 F1", _percent(figures.macro_f1), ""),
        ("Calibration error", "校准误差 ECE", _number(figures.ece), ""),
        ("Known, and answered", "已知且受理", _percent(figures.accepted), ""),
        ("Strange, and refused", "域外且拒识", _percent(figures.oos_recall), ""),
        ("Two intents close", "两个意图相近", _percent(figures.close), _held(figures.close_held)),
        ("Out-of-scope AUROC", "域外检测 AUROC", _number(figures.oos_auroc), ""),
    )
    shown = (
        f"<div class='tile'><b>{value}</b><span>{name} · <span lang='zh' style='display:inline'>{name_zh}</span></span>"
        f"{f'<small>{note}</small>' if note else ''}</div>"
        for name, name_zh, value, note in tiles
        if value
    )
    return f'<div class="tiles">{"".join(shown)}</div>'


def _matrix(figures: ReportFigures) -> str:
    if not figures.matrix.intents:
        return ""
    said = "Rows: what customers meant. Columns: what was understood. Red is a mistake, deeper red a more frequent one."
    if figures.matrix.left_out:
        shown = len(figures.matrix.intents)
        said += f" The {shown} intents with most mistakes; {figures.matrix.left_out} more in the table."
    drawn = matrix_chart(
        figures.matrix, across="understood as · 识别为", up="meant · 实际意图", label="Confusion matrix · 混淆矩阵"
    )
    return _section("Confusion matrix", "混淆矩阵", said, f'<div class="scroll">{drawn}</div>')


def _confusions(figures: ReportFigures) -> str:
    if not figures.confusions:
        return ""
    rows = (
        (html.escape(each.gold), html.escape(each.named), str(each.count), _said(each.examples))
        for each in figures.confusions
    )
    headings = (("meant · 实际", ""), ("understood as · 识别为", ""), ("times · 次数", "n"), ("for example · 例如", ""))
    said = "The pairs to look at first: give each side examples that only it would say."
    return _section("Most frequent confusions", "最常见的混淆", said, _table(headings, rows))


def _reliability(figures: ReportFigures) -> str:
    if not figures.reliability:
        return ""
    said = f"Of messages said to be 80 % sure, 80 % should be right. ECE {_number(figures.ece)} over 15 bins."
    drawn = reliability_chart(
        figures.reliability, across="confidence · 置信度", up="accuracy · 准确率", label="Reliability · 可靠性图"
    )
    return _section("Reliability", "可靠性", said, drawn)


def _risk(figures: ReportFigures) -> str:
    points = figures.risk_coverage
    if not points:
        return ""
    highest = max(0.05, *(point.y for point in points)) * 1.1
    drawn = curve_chart(
        points, across="answered · 受理比例", up="wrong · 错误率", label="Risk and coverage · 风险覆盖", highest=highest
    )
    said = "How many mistakes are made where only the surest messages are answered."
    return _section("Risk and coverage", "风险—覆盖曲线", said, drawn)


def _roc(figures: ReportFigures) -> str:
    if not figures.roc:
        said = "No message of this file is out of scope, so nothing can be said about refusing them."
        return _section("Out of scope", "域外检测", said, "")
    drawn = curve_chart(
        figures.roc,
        across="known, but refused · 误拒",
        up="strange, and refused · 正确拒识",
        label="Out-of-scope ROC",
        diagonal=True,
    )
    said = f"AUROC {_number(figures.oos_auroc)}. The nearer to the upper left, the better."
    return _section("Out of scope", "域外检测 ROC", said, drawn)


def _fairness(rows: Sequence[FairnessRow]) -> str:
    if not rows:
        return ""
    said = (
        "The same message with another name, person or way of speaking should keep its intent. Shown is how often it "
        "does not."
    )
    cells = (
        (
            f"{_SWAPS.get(row.swap, html.escape(row.swap))}<br><span class='said'>{_LANGUAGES[row.language]}</span>",
            f"{_percent(row.rate)}{_meter(row.rate, bad=True)}",
            str(row.n),
            "<br>".join(
                f"<q>{html.escape(text)}</q><br>{html.escape(before)} → {html.escape(after)}"
                for text, before, after in row.examples[:1]
            ),
        )
        for row in rows
    )
    headings = (("changed · 替换", ""), ("flips · 变化率", "n"), ("pairs · 对数", "n"), ("for example · 例如", ""))
    return _section("Fairness", "公平性检查", said, _table(headings, cells))


def _registers(figures: ReportFigures) -> str:
    if not figures.registers:
        return ""
    cells = ((html.escape(row.tag), _with_meter(row.accuracy), str(row.n)) for row in figures.registers)
    said = "Accuracy by the tags that the file carries for the way of speaking."
    table = _table((("tag · 标记", ""), ("accuracy · 准确率", "n"), ("messages · 条数", "n")), cells)
    return _section("Ways of speaking", "语体", said, table)


def _classes(figures: ReportFigures) -> str:
    if not figures.classes:
        return ""
    headings = (
        ("intent · 意图", ""),
        ("F1", "n"),
        ("precision · 精确率", "n"),
        ("recall · 召回率", "n"),
        ("messages · 条数", "n"),
    )
    rows = [
        (
            html.escape(row.intent),
            _with_meter(row.f1),
            _percent(row.precision) or "–",
            _percent(row.recall),
            str(row.support),
        )
        for row in figures.classes
    ]
    table = _table(headings, rows[:_WEAKEST])
    if len(rows) > _WEAKEST:
        rest = _table(headings, rows[_WEAKEST:])
        table += f"<details><summary>All {len(rows)} · 全部 {len(rows)} 个</summary>{rest}</details>"
    return _section("Every intent, the weakest first", "各意图，由弱到强", "", table)


def _section(title: str, title_zh: str, said: str, inside: str) -> str:
    words = f'<p class="say">{html.escape(said)}</p>' if said else ""
    return f"<section><h2>{title} {_zh(title_zh)}</h2>{words}{inside}</section>"


def _zh(text: str) -> str:
    return f'<span lang="zh-CN">{text}</span>'


def _table(headings: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    kinds = [f' class="{kind}"' if kind else "" for _, kind in headings]
    head = "".join(f"<th{kind}>{name}</th>" for (name, _), kind in zip(headings, kinds, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for cell, kind in zip(row, kinds, strict=True))}</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _said(examples: Sequence[str]) -> str:
    return "<br>".join(f"<q>{html.escape(text)}</q>" for text in examples)


def _with_meter(share: float) -> str:
    return f"{_percent(share)}{_meter(share)}"


def _meter(share: float, *, bad: bool = False) -> str:
    return f'<span class="meter{" is-bad" if bad else ""}"><i style="width:{100 * share:.0f}%"></i></span>'


def _held(share: float | None) -> str:
    return "" if share is None else f"one of the two: {_percent(share)}"


def _interval(interval: tuple[float, float]) -> str:
    return f"95 %: {_percent(interval[0])} – {_percent(interval[1])}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
