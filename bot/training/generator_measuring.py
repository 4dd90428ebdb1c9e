"""What customers would read of a generator, and what of it is right, on rows that it never learnt from.

Every row is answered three ways: as the generator wrote it, as it is shown once every sentence was checked, and as a
quotation. Knows nothing of training.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.answering.drafts import AnswerDraft
from bot.answering.writing import FACTS, AnswerWriter, WritingLimits
from bot.answers import without_markers
from bot.errors import GenerationFailed
from bot.generators.scripted import ScriptedGenerator
from bot.prompt import compose
from bot.protocols import ReplyGenerator, Verifier
from bot.training.generator_evidence import Evidence
from bot.training.generator_rows import GroundedRow
from bot.training.metrics import bootstrap_interval, rouge_l, token_f1
from knowledge.languages import detect_language

RIGHT = 0.5  # token F1 with the reference from which an answer counts as right at the gate


@dataclass(frozen=True, slots=True)
class Replied:
    """One row, answered."""

    row: GroundedRow
    written: str  # by the generator
    shown: str  # of that what passed every check, or else a quotation
    quoted: bool  # whether what is shown is a quotation
    quotation: str  # what would be shown without a generator

    @property
    def is_right(self) -> bool:
        return token_f1(self.shown, self.row.answer) >= RIGHT


def replies(
    rows: Sequence[tuple[GroundedRow, Evidence]],
    generator: ReplyGenerator,
    verifier: Verifier,
    limits: WritingLimits,
) -> Iterator[Replied]:
    quoting = AnswerWriter(None, verifier, limits)
    for row, evidence in rows:
        text = _written(row, evidence, generator, limits)
        checking = AnswerWriter(ScriptedGenerator([text]), verifier, limits)
        shown, quoted = _shown(row, evidence, checking)
        quotation, _ = _shown(row, evidence, quoting)
        yield Replied(row, text, shown, quoted, quotation)


def figures_of(replied: Sequence[Replied]) -> dict[str, float]:
    """Means over the rows: token F1 and ROUGE-L as written, shown and quoted; `generated`, the share not quoted."""
    figures = {}
    for name, measure in (("token_f1", token_f1), ("rouge_l", rouge_l)):
        for way in ("written", "shown", "quotation"):
            scores = [measure(getattr(one, way), one.row.answer) for one in replied]
            figures[f"{way}_{name}"] = statistics.fmean(scores)
    figures["generated"] = statistics.fmean(not one.quoted for one in replied)
    figures["right"] = statistics.fmean(one.is_right for one in replied)
    return figures


def gain(
    before: Sequence[Replied], after: Sequence[Replied], measure: Callable[[str, str], float] = token_f1
) -> tuple[float, float]:
    """95 % bootstrap interval of how much better what is shown after is than what was shown before, row by row."""
    scores = [[measure(one.shown, one.row.answer) for one in replied] for replied in (before, after)]
    return bootstrap_interval([new - old for old, new in zip(*scores, strict=True)])


def _written(row: GroundedRow, evidence: Evidence, generator: ReplyGenerator, limits: WritingLimits) -> str:
    prompt = compose(
        row.question,
        evidence.facts(FACTS),
        language=detect_language(row.question),
        budget=limits.prompt_budget,
        count_tokens=generator.count_tokens,
    )
    try:
        return "".join(generator.generate(prompt, max_tokens=limits.max_tokens, stop=_never)).strip()
    except GenerationFailed:
        return ""


def _shown(row: GroundedRow, evidence: Evidence, writer: AnswerWriter) -> tuple[str, bool]:
    draft = AnswerDraft(evidence.passages, detect_language(row.question))
    text = "".join(writer.write(row.question, evidence.assessment, draft, _never))
    return without_markers(text).strip(), draft.quoted


def _never() -> bool:
    return False
