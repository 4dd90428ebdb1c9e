"""A company's list of intents → a release, with what was found out on the way. Knows nothing of who asked for it.

A fifth of the examples, chosen by the sha256 of their words and so the same in every version of the list, is set aside:
a twin of the release that has not seen them, and a twin of the release in use, are measured on them. The release itself
learns from everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.classifiers.courtesy import without_courtesy
from bot.classifiers.finetuned import HeadClassifier, write_head
from bot.intent_store.intent_editing import Intents, digest_of, examples_of, normal, refuse_shared_examples
from bot.intent_store.released_intents import ReleasedList, without_examples, write_released_list
from bot.intents import Intent
from bot.releases import Metrics, publish_release
from bot.training.evaluation_data import IntentRow
from bot.training.intent_findings import Judged, Row, comparison, confusions, doubtful, weak_intents
from bot.training.intents import (
    KIND,
    RECIPE,
    LabelledText,
    TrainedIntents,
    data_digest,
    refuse_contradictions,
    train_intent_head,
)
from bot.training.promotion import Validation
from bot.training.release_report import release_report, write_release_report
from knowledge.embedding.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.classifiers.intent_head import IntentHead
    from knowledge.protocols import Embedder

SET_ASIDE = 5  # one message in so many
_FEWEST = 5  # examples of an intent from which on some are set aside
LEARNING, MEASURING, COMPARING, WRITING = "learning", "measuring", "comparing", "writing"

Guess = tuple[str, float]  # the likeliest intent and its probability
Guesses = Callable[[Sequence[str]], Sequence[Guess]]


@dataclass(frozen=True, slots=True)
class InUse:
    """The release in use, as far as a new one can be compared with it."""

    name: str
    intents: Intents | None = None  # the list it was trained on, where it is still known
    guesses: Guesses | None = None  # itself, for a release whose list is not known
    renamed: Mapping[str, str] = field(default_factory=dict)  # its names of intents → those of the new list


@dataclass(frozen=True, slots=True)
class Learnt:
    folder: Path  # the release
    findings: Mapping[str, Any]  # plain values, as the page shows them


class RememberingEmbedder:
    """Embeds every text once, however many heads are trained on it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    @property
    def fingerprint(self) -> str:
        return self._embedder.fingerprint

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self._embedder.embed_queries(new), strict=True))
        return np.stack([self._known[text] for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embedder.embed_passages(texts)


def first_release(
    intents: Intents, list_version: int, embedder: Embedder, releases_folder: Path, *, progress: ProgressCallback
) -> Path:
    """A release of a list before which there is nothing to compare with. It is not put to use."""
    refuse_contradictions(_labelled(intents))
    trained = _train(intents, embedder, progress)
    return _publish(trained, intents, list_version, embedder, releases_folder, None, {})


def learn(
    intents: Intents,
    list_version: int,
    embedder: Embedder,
    releases_folder: Path,
    *,
    in_use: InUse | None = None,
    progress: ProgressCallback = no_progress,
) -> Learnt:
    """Trains, measures and makes a release; puts nothing to use.

    `progress` is told one of the stages above and how far the whole is, 0 to 1; what it raises ends the training and
    leaves nothing behind. Raises TrainingDataInvalid and IntentsInvalid.
    """
    refuse_shared_examples(intents)
    remembering = RememberingEmbedder(embedder)
    trained = _train(intents, remembering, _part(progress, LEARNING, 0.0, 0.55))
    judged = _judged(trained, intents)
    aside = set_aside(intents)
    rows, report = _measured(intents, aside, remembering, in_use, progress)
    against = in_use.name if in_use is not None else ""
    compared = comparison(rows, against=against, seen=_may_have_seen(in_use))
    findings = {
        "examples": len(judged),
        "confusions": confusions(judged),
        "weak": weak_intents(judged, {each.name: len(examples_of(each)) for each in intents}),
        "doubtful": doubtful(judged),
        "comparison": compared,
    }
    progress(WRITING, 0.97)
    metrics: dict[str, float | int | str | None] = {"list_version": list_version}
    if compared is not None:
        figures = compared["after"]
        metrics |= {"validation_messages": len(rows), "validation_accuracy": round(figures["accuracy"], 4)}
        metrics |= {"validation_low": round(figures["low"], 4), "validation_high": round(figures["high"], 4)}
    # What may have seen these very messages is shown, and judges nobody.
    validation = _validation(rows, "" if _may_have_seen(in_use) else against)
    folder = _publish(trained, intents, list_version, embedder, releases_folder, validation, metrics, report)
    return Learnt(folder, findings)


def set_aside(intents: Intents) -> frozenset[str]:
    """The messages (in normal spelling) that measured heads do not see: a fifth of every intent that has enough."""
    chosen: set[str] = set()
    for intent in intents:
        messages = sorted({normal(text) for text in examples_of(intent)})
        if len(messages) >= _FEWEST:
            chosen |= {text for text in messages if int(key_of(text)[:8], 16) % SET_ASIDE == 0}
    return frozenset(chosen)


def key_of(text: str) -> str:
    """The message's sha256: names it in a release without telling its words."""
    return hashlib.sha256(normal(text).encode()).hexdigest()


def _train(intents: Sequence[Intent], embedder: Embedder, progress: ProgressCallback) -> TrainedIntents:
    titles = {intent.name: tuple(intent.title.values()) for intent in intents}
    return train_intent_head(_labelled(intents), embedder, titles=titles, progress=progress)


def _labelled(intents: Sequence[Intent]) -> list[LabelledText]:
    return [
        LabelledText(text, intent.name, f"intent '{intent.name}'") for intent in intents for text in examples_of(intent)
    ]


def _judged(trained: TrainedIntents, intents: Intents) -> list[Judged]:
    examples, names = _labelled(intents), trained.head.names
    found = []
    for position, probabilities in zip(trained.held_out.positions, trained.held_out.probabilities, strict=True):
        example, best = examples[int(position)], int(probabilities.argmax())
        found.append(Judged(example.text, example.intent, names[best], round(float(probabilities[best]), 4)))
    return found


def _measured(
    intents: Intents,
    aside: frozenset[str],
    embedder: RememberingEmbedder,
    in_use: InUse | None,
    progress: ProgressCallback,
) -> tuple[list[Row], str]:
    """What the two twins made of the messages set aside, and a report on the new one; nothing where none were."""
    messages = [(text, each.name) for each in intents for text in examples_of(each) if normal(text) in aside]
    texts = [text for text, _ in messages]
    if not texts:
        return [], ""
    twin = _train(_without(intents, aside), embedder, _part(progress, MEASURING, 0.55, 0.75)).head
    after = _guessed(twin, embedder, texts)
    before = _before(in_use, aside, embedder, texts, progress)
    renamed = in_use.renamed if in_use is not None else {}
    rows = [
        Row(text, intent, renamed.get(old, old), old_confidence, new, new_confidence)
        for (text, intent), (old, old_confidence), (new, new_confidence) in zip(messages, before, after, strict=True)
    ]
    progress(WRITING, 0.95)
    asked = [IntentRow(text, intent) for text, intent in messages]
    return rows, release_report(HeadClassifier(twin, embedder), asked, f"{len(asked)} examples set aside")


def _before(
    in_use: InUse | None,
    aside: frozenset[str],
    embedder: RememberingEmbedder,
    texts: Sequence[str],
    progress: ProgressCallback,
) -> Sequence[Guess]:
    if in_use is not None and in_use.intents is not None:
        told = _part(progress, COMPARING, 0.75, 0.95)
        return _guessed(_train(_without(in_use.intents, aside), embedder, told).head, embedder, texts)
    if in_use is not None and in_use.guesses is not None:
        progress(COMPARING, 0.75)
        return in_use.guesses(texts)
    return [("", 0.0)] * len(texts)


def _may_have_seen(in_use: InUse | None) -> bool:
    return in_use is not None and in_use.intents is None


def _without(intents: Intents, aside: frozenset[str]) -> list[Intent]:
    kept = []
    for intent in intents:
        examples = {
            language: tuple(text for text in texts if normal(text) not in aside)
            for language, texts in intent.examples.items()
        }
        if any(examples.values()):
            kept.append(Intent(intent.name, intent.leads_to, intent.title, examples, intent.reply))
    return kept


def _guessed(head: IntentHead, embedder: Embedder, texts: Sequence[str]) -> list[Guess]:
    plain = [without_courtesy(text) for text in texts]
    probabilities, _ = head.judge(plain, embedder.embed_queries(plain))
    return [(head.names[int(each.argmax())], float(each.max())) for each in probabilities]


def _validation(rows: Sequence[Row], against: str) -> Validation | None:
    if not rows:
        return None
    right = {key_of(row.text): row.after == row.intent for row in rows}
    before = {key_of(row.text): row.before == row.intent for row in rows} if against else None
    return Validation(right, against, before)


def _publish(
    trained: TrainedIntents,
    intents: Intents,
    list_version: int,
    embedder: Embedder,
    releases_folder: Path,
    validation: Validation | None,
    metrics: Metrics,
    report: str = "",
) -> Path:
    titles = {intent.name: tuple(intent.title.values()) for intent in intents}
    released = ReleasedList(list_version, digest_of(intents), without_examples(intents))

    def write(folder: Path) -> None:
        write_head(trained.head, folder)
        write_released_list(released, folder)
        if validation is not None:
            validation.write(folder)
        if report:
            write_release_report(report, folder)

    return publish_release(
        releases_folder,
        KIND,
        write,
        data_sha256=data_digest(_labelled(intents), titles),
        base=embedder.fingerprint,
        recipe=RECIPE,
        metrics={**trained.metrics, **metrics, "seconds": round(trained.seconds, 2)},
    )


def _part(progress: ProgressCallback, stage: str, start: float, end: float) -> ProgressCallback:
    return lambda _, share: progress(stage, start + (end - start) * share)
