"""What of the assessed sentences is quoted as an answer, and how it reads. Pure; knows no model and no conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.protocols import EvidenceSentence

_NEAR = 0.9  # a further sentence is quoted when its score is at least this share of the best one's
_MOST_ITEMS = 6  # of a list that comes along as a whole
_LONGEST_WHOLE = 700  # characters of a passage that is quoted as a whole
_NEAR_BEST = 0.6  # its best sentence's score, as a share of the best of all passages
_PASSAGES_FOR_HOW = 3  # passages among which instructions are looked for

_INSTRUCTS = re.compile(
    r"^\s*(?:\d{1,2}[.)、]\s*\S|(?:please |then |first,? )?(?:open|choose|go to|sign in|click|select|press|hold|enter|"
    r"write|call|send|check|turn|unplug|use|follow|pause|contact)\b)"
    r"|请|打开|点击|点“|选择|长按|拔|输入|填写|联系",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"\bhow (?:do|can|could|should|would|to)\b|\bwhat (?:do|can|should) i do\b"
    r"|怎么(?!样|回事|没|还|会)|怎样|如何|怎么办",
    re.IGNORECASE,
)

_ITEM = re.compile(r"\s*(?:[-*•–·](?=\s)|\d{1,2}(?:[.)](?=\s)|[、．])|[（(]\d{1,2}[）)])\s*(?=\S)")
_STEP = re.compile(r"\s*(?:\d{1,2}(?:[.)](?=\s)|[、．])|[（(]\d{1,2}[）)])\s*(?=\S)")
_HEADS_A_LIST = (":", "：")
_NO_GAP_AFTER = re.compile(r"[\u3000-\u303f\uff00-\uffef\u3400-\u9fff”’]$")


def quotations(
    question: str, sentences: Sequence[EvidenceSentence], most: int
) -> tuple[tuple[EvidenceSentence, ...], ...]:
    """The sentences to quote, grouped by passage: the best one's first, each in the order in which it stands there.

    `sentences` are best first, and hold all sentences of their passages. A question of how to do something is answered
    by a whole passage, the first that tells what to do: one step of several helps nobody. Otherwise at most `most`
    are chosen: the best, and those whose score comes near it. A step brings the other steps along, and a line that ends
    with a colon the list that it heads.
    """
    if not sentences:
        return ()
    if asks_how(question) and (whole := _instructions(sentences)):
        return (whole,)
    chosen = [sentence for sentence in sentences[:most] if sentence.score >= _NEAR * sentences[0].score]
    groups: dict[int, dict[int, EvidenceSentence]] = {}
    for sentence in chosen:
        group = groups.setdefault(sentence.passage, {})
        group |= {one.start: one for one in _with_its_list(sentence, sentences)}
    return tuple(tuple(group[start] for start in sorted(group)) for group in groups.values())


def asks_how(question: str) -> bool:
    """Whether a question asks for a way to do something, rather than for a fact such as "how long" or "how much"."""
    return bool(_HOW.search(question))


def _instructions(sentences: Sequence[EvidenceSentence]) -> tuple[EvidenceSentence, ...]:
    """The first of the best passages that tells what to do, as a whole; none where each is long or tells nothing."""
    for passage in range(_PASSAGES_FOR_HOW):
        whole = sorted((one for one in sentences if one.passage == passage), key=lambda one: one.start)
        is_near = any(one.score >= _NEAR_BEST * sentences[0].score for one in whole)
        is_short = sum(len(one.text) for one in whole) <= _LONGEST_WHOLE
        if is_near and is_short and any(_INSTRUCTS.search(one.text) for one in whole):
            return tuple(whole)
    return ()


def quoted_text(group: Sequence[EvidenceSentence]) -> str:
    """The text of one passage's sentences: list items on lines of their own; a lone item loses its mark."""
    items = sum(_ITEM.match(sentence.text) is not None for sentence in group)
    text = ""
    for sentence in group:
        words = " ".join(sentence.text.split())
        if _ITEM.match(words) and items > 1:
            text += f"\n{words}" if text else words
        else:
            words = _ITEM.sub("", words, count=1) if _ITEM.match(words) else words
            text += words if not text or _NO_GAP_AFTER.search(text) else f" {words}"
    return text


def _with_its_list(sentence: EvidenceSentence, sentences: Sequence[EvidenceSentence]) -> list[EvidenceSentence]:
    beside = sorted((one for one in sentences if one.passage == sentence.passage), key=lambda one: one.start)
    place = beside.index(sentence)
    if sentence.text.rstrip().endswith(_HEADS_A_LIST):
        return [sentence, *_run(beside[place + 1 :], _ITEM)]
    if not _STEP.match(sentence.text):
        return [sentence]
    before = _run(beside[place::-1], _STEP)[::-1]
    after = _run(beside[place + 1 :], _STEP)
    steps = [*before, *after]
    if len(steps) > _MOST_ITEMS:
        return [sentence]
    head = beside[place - len(before)] if place >= len(before) else None
    return [head, *steps] if head and head.text.rstrip().endswith(_HEADS_A_LIST) else steps


def _run(sentences: Sequence[EvidenceSentence], kind: re.Pattern[str]) -> list[EvidenceSentence]:
    """The items that `sentences` begin with, without a break."""
    run: list[EvidenceSentence] = []
    for sentence in sentences:
        if not kind.match(sentence.text) or len(run) > _MOST_ITEMS:
            break
        run.append(sentence)
    return run
