"""What customers asked and we could not answer, grouped by meaning, for whoever writes the entries.

Derived from the conversations at every look, so that nothing can go stale: a group is gone when an entry answers it,
when an editor dismisses it, or when the conversations are erased. Only vectors are kept, by a digest of their text;
of a dismissed question no more than that, so that after a change of the embedder it is known by its digest alone.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Engine

from bot.answering.entry_matching import EntryMatcher
from bot.answering.lookalikes import plain
from bot.curation.gap_rows import (
    Dismissal,
    OpenQuestion,
    dismiss,
    dismissals,
    known_vectors,
    open_questions,
    stamp,
    store_question_vectors,
)
from bot.curation.question_groups import SAME_MEANING, grouped
from knowledge.database import reading, writing
from knowledge.languages import detect_language
from knowledge.protocols import Embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_QUESTIONS = 10_000  # the latest: what nobody has asked since is no gap any more
EMBEDDED_AT_ONCE = 48  # questions per look: about half a second; the rest waits for the next look
MOST_EXAMPLES = 5
_LONGEST_TEXT = 400  # characters of a question that are shown and compared


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that mean the same. `gap_id` names the leader's text: it stays while that question does."""

    gap_id: str
    question: str  # as it was asked most often
    language: str
    count: int
    customers: int  # conversations
    unhelpful: int  # of `count`: answered, but the customer was not happy
    last_asked: float  # seconds since 1970, UTC
    examples: tuple[str, ...]  # other ways it was asked


@dataclass(frozen=True, slots=True)
class Gaps:
    groups: tuple[Gap, ...] = ()  # most frequent first
    questions: int = 0  # in all groups
    covered: int = 0  # questions that an entry answers by now
    waiting: int = 0  # questions whose meaning has not been looked at yet


@dataclass(frozen=True, slots=True)
class _Asked:
    """One text, however often it was asked."""

    text: str
    language: str
    asked: tuple[OpenQuestion, ...]

    @property
    def digest(self) -> str:
        return digest_of(self.text)


class UnansweredQuestions:
    """Thread-safe. Looks are kept until something changes."""

    def __init__(
        self, engine: Engine, embedder: Embedder, matcher: EntryMatcher, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._embedder = embedder
        self._matcher = matcher
        self._clock = clock
        self._looking = threading.Lock()
        self._kept: tuple[tuple[object, ...], Gaps] | None = None

    def look(self) -> Gaps:
        """The groups now. Takes in at most EMBEDDED_AT_ONCE new questions; `waiting` says how many are left."""
        with self._looking:
            with reading(self._engine) as session:
                mark = (*stamp(session), self._matcher.revision())
            if self._kept is not None and self._kept[0] == mark and not self._kept[1].waiting:
                return self._kept[1]
            found = self._look()
            self._kept = (mark, found)
            return found

    @property
    def known_groups(self) -> int | None:
        """How many groups the last look found; None before the first. Costs nothing."""
        return None if self._kept is None else len(self._kept[1].groups)

    def gap(self, gap_id: str) -> Gap | None:
        return next((each for each in self.look().groups if each.gap_id == gap_id), None)

    def dismiss(self, gap: Gap, *, editor: str) -> None:
        """Leaves a group out, and whatever is asked in the same meaning from now on."""
        digest, fingerprint = digest_of(gap.question), self._embedder.fingerprint
        with reading(self._engine) as session:
            embedding = known_vectors(session, [digest], fingerprint).get(digest)
        if embedding is None:
            embedding = self._embedder.embed_queries([gap.question])[0].astype("<f2").tobytes()
        with writing(self._engine) as session:
            away = Dismissal(digest, gap.language, fingerprint, embedding)
            dismiss(session, away, editor, self._clock())
            session.commit()

    def _look(self) -> Gaps:
        with reading(self._engine) as session:
            questions = open_questions(session, limit=MOST_QUESTIONS)
            dismissed = dismissals(session)
        texts = _by_text(questions)
        vectors, waiting = self._vectors(texts)
        texts = [each for each in texts if each.digest in vectors]
        left = self._not_dismissed(texts, vectors, dismissed)
        unanswered = [each for each in left if not self._matcher.covers(each.text, each.language, vectors[each.digest])]
        covered = sum(len(each.asked) for each in left) - sum(len(each.asked) for each in unanswered)
        if not unanswered:
            return Gaps(covered=covered, waiting=waiting)
        matrix = np.stack([vectors[each.digest] for each in unanswered])
        groups = grouped(matrix, [each.language for each in unanswered])
        gaps = sorted((_gap([unanswered[row] for row in rows]) for rows in groups), key=_most_frequent_first)
        return Gaps(tuple(gaps), sum(gap.count for gap in gaps), covered, waiting)

    def _not_dismissed(
        self, texts: Sequence[_Asked], vectors: dict[str, NDArray[np.float32]], dismissed: Sequence[Dismissal]
    ) -> list[_Asked]:
        known = {each.digest for each in dismissed}
        fingerprint = self._embedder.fingerprint
        made = [each for each in dismissed if each.embedder == fingerprint or each.digest in vectors]
        texts = [each for each in texts if each.digest not in known]
        if not made or not texts:
            return list(texts)
        away = np.stack([_meaning(each, fingerprint, vectors) for each in made])
        languages = [each.language for each in made]
        nearest = np.stack([vectors[each.digest] for each in texts]) @ away.T
        return [
            each
            for each, row in zip(texts, nearest, strict=True)
            if not any(
                language == each.language and similarity >= SAME_MEANING[language]
                for language, similarity in zip(languages, row.tolist(), strict=True)
            )
        ]

    def _vectors(self, texts: Sequence[_Asked]) -> tuple[dict[str, NDArray[np.float32]], int]:
        wanted = {each.digest: each.text for each in texts}
        fingerprint = self._embedder.fingerprint
        with reading(self._engine) as session:
            known = known_vectors(session, wanted.keys(), fingerprint)
        missing = [digest for digest in wanted if digest not in known]
        fresh = missing[:EMBEDDED_AT_ONCE]
        if fresh:
            made = self._embedder.embed_queries([wanted[digest] for digest in fresh])
            stored = {digest: row.astype("<f2").tobytes() for digest, row in zip(fresh, made, strict=True)}
            with writing(self._engine) as session:
                store_question_vectors(session, stored, fingerprint)
                session.commit()
            known |= stored
        return {digest: _unit(vector) for digest, vector in known.items()}, len(missing) - len(fresh)


def _meaning(away: Dismissal, fingerprint: str, vectors: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Of another embedder's vector nothing can be said: that of the same question serves, while it is there."""
    return _unit(away.embedding) if away.embedder == fingerprint else vectors[away.digest]


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def compared_text(text: str) -> str:
    """What of a question is compared and shown; its digest is all that is kept of it beside the conversation."""
    return " ".join(text.split())[:_LONGEST_TEXT]


def _by_text(questions: Sequence[OpenQuestion]) -> list[_Asked]:
    """One for each text, however it is written; most frequent first, then by the text: the same order every time."""
    found: dict[tuple[str, str], list[OpenQuestion]] = {}
    for question in questions:
        text = compared_text(question.text)
        language = detect_language(text, default=question.language)
        found.setdefault((plain(text) or text, language), []).append(replace(question, text=text))
    asked = [
        _Asked(min((each.text for each in some), key=lambda text: (len(text), text)), language, tuple(some))
        for (_, language), some in found.items()
    ]
    return sorted(asked, key=lambda each: (-len(each.asked), each.text))


def _gap(members: Sequence[_Asked]) -> Gap:
    asked = [question for member in members for question in member.asked]
    leader = members[0]
    return Gap(
        gap_id=leader.digest[:16],
        question=leader.text,
        language=leader.language,
        count=len(asked),
        customers=len({question.conversation_id for question in asked}),
        unhelpful=sum(question.unhelpful for question in asked),
        last_asked=max(question.at for question in asked),
        examples=tuple(member.text for member in members[1 : 1 + MOST_EXAMPLES]),
    )


def _most_frequent_first(gap: Gap) -> tuple[int, float, str]:
    return (-gap.count, -gap.last_asked, gap.question)


def _unit(stored: bytes) -> NDArray[np.float32]:
    vector = np.frombuffer(stored, dtype="<f2").astype(np.float32)
    unit: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-6)
    return unit
