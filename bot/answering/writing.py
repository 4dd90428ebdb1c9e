"""Writes an answer from assessed passages: generates, lets supported sentences through, quotes where none is left."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.answering.drafts import AnswerDraft
from bot.answering.grounding import Support, Unsupported, check_claim
from bot.answering.quoting import quotations, quoted_text
from bot.errors import GenerationFailed
from bot.prompt import compose
from bot.protocols import Assessment, ReplyGenerator, Verifier
from bot.traces import DroppedSentence
from knowledge.languages import detect_language
from knowledge.sentences import split_sentences

_log = logging.getLogger(__name__)

FACTS = 3  # sentences handed to the generator: distractors were measured to cost more than they bring
_ENDED = re.compile(
    r"""[.!?。！？:：)）\]"'”’」|]\s*$"""
)  # how a sentence ends that was not cut off by the token budget


@dataclass(frozen=True, slots=True)
class WritingLimits:
    max_tokens: int = 96
    prompt_budget: int = 700
    support_threshold: float = 0.5
    quote_sentences: int = 2


class AnswerWriter:
    """`generator` None: every answer is a quotation."""

    def __init__(
        self, generator: ReplyGenerator | None, verifier: Verifier, limits: WritingLimits = WritingLimits()
    ) -> None:
        self._generator = generator
        self._verifier = verifier
        self._limits = limits

    @property
    def release(self) -> str:
        return self._generator.release if self._generator is not None else "quote"

    def write(
        self, question: str, assessment: Assessment, draft: AnswerDraft, stop: Callable[[], bool]
    ) -> Iterator[str]:
        """Pieces of text to show, each checked before it is yielded; what they stand on is kept in `draft`."""
        language = detect_language(question)
        if self._generator is not None and language in self._generator.languages:
            try:
                yield from self._generated(self._generator, question, language, assessment, draft, stop)
            except GenerationFailed as error:  # the assessed sentences are at hand: the customer gets a quotation
                _log.warning("The generator failed, the answer is a quotation: %s", error)
                draft.dropped.append(DroppedSentence("", f"the generator failed: {error}"))
        if not draft and not stop():
            draft.quoted = True
            for group in quotations(question, assessment.sentences, self._limits.quote_sentences):
                yield draft.add(quoted_text(group), *group)

    def _generated(
        self,
        generator: ReplyGenerator,
        question: str,
        language: str,
        assessment: Assessment,
        draft: AnswerDraft,
        stop: Callable[[], bool],
    ) -> Iterator[str]:
        facts = [sentence.text for sentence in assessment.sentences[:FACTS]]
        prompt = compose(
            question,
            facts,
            language=language,
            budget=self._limits.prompt_budget,
            count_tokens=generator.count_tokens,
        )
        pieces = generator.generate(prompt, max_tokens=self._limits.max_tokens, stop=stop)
        for sentence in _whole_sentences(pieces):
            if stop():
                return
            verdict = self._verdict(sentence, assessment)
            if isinstance(verdict, Support):
                yield draft.add(sentence, verdict.evidence)
            else:
                # What follows an invented sentence leans on it, and the customer waits: the quotation comes sooner.
                draft.dropped.append(DroppedSentence(sentence, verdict.reason))
                return

    def _verdict(self, sentence: str, assessment: Assessment) -> Support | Unsupported:
        if not _ENDED.search(sentence):
            return Unsupported("it breaks off")
        return check_claim(sentence, assessment.sentences, self._verifier, threshold=self._limits.support_threshold)


def _whole_sentences(pieces: Iterator[str]) -> Iterator[str]:
    """Cuts a stream of pieces into sentences; the unfinished rest comes last and is judged too."""
    pending = ""
    for piece in pieces:
        pending += piece
        spans = split_sentences(pending)
        for span in spans[:-1]:
            yield pending[span.start : span.end].strip()
        if spans:
            pending = pending[spans[-1].start :]
    if pending.strip():
        yield pending.strip()
