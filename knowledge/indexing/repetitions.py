"""Results that say the same are folded into the best of them. Pure; knows nothing of indexes and vectors.

A customer who is shown five passages should not read one of them five times, and the sentences handed to a generator
should not be the same one thrice. Folding must not hide what differs: another number or a "not" is another statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from knowledge.indexing.lexical_tokens import tokens
from knowledge.passages import Passage, ScoredPassage

_LOOKED_AT = 20  # results among which versions are looked for, word by word; exact copies are always found
_DIFFERENT_SHARE = 0.05  # of the words of two versions of one section, at most
_STANDS_ALONE = 120  # characters: less may be an answer to what stands above it
_NEIGHBOURS = 3  # words on either side that say what a number belongs to
_SIMILARITY_APART = 0.02  # two versions of one section are about as similar to any question
# Words that make another statement of the same sentence, beside digits: negations, numbers, units of time, days.
_TELLING = frozenset(
    tokens(
        "not no never none neither nor without cannot can't don't doesn't isn't aren't won't except unless only "
        "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty "
        "seventy eighty ninety hundred thousand half first second third minute hour day week month year daily weekly "
        "monthly yearly monday tuesday wednesday thursday friday saturday sunday january february march april may june "
        "july august september october november december before after more less free"
    )
)
_TELLING_ZH = frozenset("不没未无非别勿免仅只除零一二三四五六七八九十百千万两半前后上下周天日月年时分")


def fold_repetitions(found: Sequence[ScoredPassage]) -> tuple[ScoredPassage, ...]:
    """`found` in its order, without what a better one says already; that one names the others as `repetitions`.

    The same are: the same text, white space aside, under any title unless it is so short that title and heading say
    what it is about ("Yes, it has."); or two documents' versions of one section, under the same heading, that differ in
    few words and in no number and no negation, nor in what stands around these: two prices that have changed places
    are the same words.
    """
    kept: list[ScoredPassage] = []
    places: dict[tuple[str, ...], int] = {}  # what is said → place in `kept`
    for number, one in enumerate(found):
        said = _said(one.passage)
        place = places.get(said)
        if place is None and number < _LOOKED_AT:
            place = next((n for n, other in enumerate(kept) if _are_versions(one, other)), None)
        if place is None:
            places[said] = len(kept)
            kept.append(one)
        else:
            kept[place] = replace(kept[place], repetitions=(*kept[place].repetitions, one.passage, *one.repetitions))
    return tuple(kept)


def _said(passage: Passage) -> tuple[str, ...]:
    text = " ".join(passage.text.split())
    return (text,) if len(text) >= _STANDS_ALONE else (text, passage.title, passage.heading)


def _are_versions(one: ScoredPassage, other: ScoredPassage) -> bool:
    if abs(one.dense - other.dense) > _SIMILARITY_APART or not _stand_alike(one.passage, other.passage):
        return False
    shorter, longer = sorted((len(one.passage.text), len(other.passage.text)))
    if shorter < (1 - 2 * _DIFFERENT_SHARE) * longer:
        return False
    words, others = tokens(one.passage.text), tokens(other.passage.text)
    counted, counted_others = Counter(words), Counter(others)
    different = (counted - counted_others) + (counted_others - counted)
    few = different.total() <= _DIFFERENT_SHARE * (len(words) + len(others))
    return few and _statements(words) == _statements(others)


def _statements(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Every word that makes another statement of its sentence, in order, each between its neighbours."""
    places = (place for place, word in enumerate(words) if _changes_the_statement(word))
    return [tuple(words[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1]) for place in places]


def _stand_alike(one: Passage, other: Passage) -> bool:
    """Whether both stand under the same heading of two documents, or, without headings, under the same title."""
    needs_title = not one.heading or min(len(one.text), len(other.text)) < _STANDS_ALONE
    alike = one.heading == other.heading and (not needs_title or one.title == other.title)
    return alike and one.document_id != other.document_id


def _changes_the_statement(word: str) -> bool:
    return any(sign.isdigit() for sign in word) or word in _TELLING or not _TELLING_ZH.isdisjoint(word)
