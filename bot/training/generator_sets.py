"""Public data sets → rows that a generator learns from, where a company has no answers yet. Knows no model."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any

from bot.errors import TrainingDataInvalid
from bot.training.generator_rows import GroundedRow
from bot.training.verifier_rows import line_of, rows
from bot.training.verifier_sets import hotels_and_restaurants, place_of
from knowledge.sentences import split_sentences

_UNSURE = re.compile(r"don.?t know|not sure|i think|i believe|no idea|customer|review", re.IGNORECASE)
_NO = re.compile(r"\b(?:no|not|cannot|never|none|without)\b|n't\b", re.IGNORECASE)
_LONGEST_EVIDENCE = 900  # characters


def grounded_rows_of(folder: Path, *, seed: int = 0) -> list[GroundedRow]:
    """Some 970 rows, a third of which say no: a model that has seen few of these turns them into yes.

    Raises TrainingDataInvalid, naming file and line, or the sets that are needed.
    """
    chance = random.Random(seed)
    try:
        found = [row for read, most, no in _SETS for row in _some(read(folder, chance), most, no, chance)]
    except (OSError, EOFError, zlib.error) as error:
        raise TrainingDataInvalid(
            f"The data sets in '{folder}' cannot be read: {error}; the generator learns from hetpqa_gen, epqa_rank and "
            "dstc11_sktod, or from a file of your own rows"
        ) from error
    chance.shuffle(found)
    return found


def _product_answers(folder: Path, _: random.Random) -> list[GroundedRow]:
    """hetpqa_gen: what people wrote from one piece of evidence about a product."""
    return [
        GroundedRow(row["question"], neat(row["answer"]), (row["evidence"],))
        for row in rows(folder, "hetpqa_gen/train", question=str, evidence=str, answer=str)
        if is_sure(row["answer"]) and 0 < len(row["evidence"]) <= _LONGEST_EVIDENCE
    ]


def _product_answers_among_others(folder: Path, chance: random.Random) -> list[GroundedRow]:
    """epqa_rank: the same, where up to two sentences that do not answer stand beside the one that does."""
    by_question: dict[str, list[dict[str, Any]]] = {}
    for row in rows(folder, "epqa_rank/dev", qid=str, question=str, candidate=str, label=str, answer=str):
        by_question.setdefault(row["qid"], []).append(row)
    found = []
    for judged in by_question.values():
        answering = [row for row in judged if row["label"] == "2" and is_sure(row["answer"])]
        others = [row["candidate"] for row in judged if row["label"] == "0" and len(row["candidate"]) < 300]
        if answering:
            row = chance.choice(answering)
            beside = chance.sample(others, min(len(others), chance.choice([0, 0, 1, 2])))
            found.append(GroundedRow(row["question"], neat(row["answer"]), (row["candidate"], *beside)))
    return found


def _service_turns(folder: Path, _: random.Random) -> list[GroundedRow]:
    """dstc11_sktod: replies about hotels and restaurants, without the questions back, which no document states."""
    known = hotels_and_restaurants(folder)
    found = []
    turns = rows(folder, "dstc11_sktod/dev", turns=list, needs_knowledge=bool, knowledge=list, response=(str, NoneType))
    for number, row in enumerate(turns, start=1):
        reply, used = row["response"] or "", row["knowledge"]
        told = [reply[span.start : span.end].strip() for span in split_sentences(reply)]
        answer = " ".join(sentence for sentence in told if not sentence.endswith("?"))
        if row["needs_knowledge"] and 1 <= len(used) <= 4 and is_sure(answer):
            try:
                texts = [known[one["domain"], str(one["entity_id"])][place_of(one)] for one in used]
                question = str(row["turns"][-1]["text"])
            except (KeyError, TypeError, IndexError) as error:
                place = line_of(folder, "dstc11_sktod/dev", number)
                raise TrainingDataInvalid(f"{place}: its turns or its knowledge cannot be read ({error})") from error
            found.append(GroundedRow(question, neat(answer), tuple(texts)))
    return found


def _service_refusals(folder: Path, _: random.Random) -> list[GroundedRow]:
    """dstc11_sktod: frequent questions whose answer is no, word for word."""
    facts = [row for row in rows(folder, "dstc11_sktod/kb", doc_type=str) if row["doc_type"] == "faq"]
    asked = [(str(row.get("title") or ""), str(row.get("body") or "")) for row in facts]
    return [
        GroundedRow(question, neat(body), (body,))
        for question, body in asked
        if question and body.lower().startswith("no") and is_sure(body)
    ]


_Reader = Callable[[Path, random.Random], list[GroundedRow]]
_SETS: Sequence[tuple[_Reader, int, float]] = (  # rows at most, and how many of them say no
    (_product_answers, 480, 0.45),
    (_product_answers_among_others, 150, 0.4),
    (_service_turns, 300, 0.35),
    (_service_refusals, 40, 1.0),
)


def _some(found: Sequence[GroundedRow], most: int, no: float, chance: random.Random) -> list[GroundedRow]:
    shuffled = chance.sample(list(found), len(found))
    by_kind: Mapping[bool, list[GroundedRow]] = {
        kind: [row for row in shuffled if bool(_NO.search(row.answer)) is kind] for kind in (True, False)
    }
    refusing = by_kind[True][: int(most * no)]
    return [*refusing, *by_kind[False][: most - len(refusing)]]


def is_sure(answer: str) -> bool:
    """Whether an answer is a statement of a fit length, and not what somebody guesses or has read somewhere."""
    return 3 <= len(answer.split()) <= 60 and not _UNSURE.search(answer)


def neat(answer: str) -> str:
    """With a capital letter and a full stop: what is shown to customers begins and ends as sentences do."""
    text = re.sub(r"\s+([.,!?])", r"\1", " ".join(answer.split()))
    text = re.sub(r"\bi\b", "I", text[:1].upper() + text[1:])
    return text if text.endswith((".", "!", "?")) else f"{text}."
