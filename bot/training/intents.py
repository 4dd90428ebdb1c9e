"""Trains the intent classifier: seconds for a company's own examples. Knows nothing of conversations or of the web.

The encoder stays frozen; what is trained on top of it is in intent_views.py.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bot.classifiers.courtesy import without_courtesy
from bot.classifiers.intent_head import (
    Floats,
    IntentHead,
    IntentViews,
    Pooling,
    TunedView,
    centred,
    pool,
    softmax,
)
from bot.classifiers.language_offset import language_offset, without_language
from bot.classifiers.ngrams import NgramFeatures
from bot.errors import TrainingDataInvalid
from bot.training.intent_views import (
    COPY,
    IN_SCOPE_REFUSED,
    TITLE,
    HeldOut,
    Integers,
    Rows,
    ScopeTarget,
    cross_validate,
    deal_folds,
    fit_pooling,
    train_views,
)
from bot.training.metrics import accuracy, expected_calibration_error, macro_f1
from bot.training.paraphrases import paraphrases
from knowledge.embedding.model_folders import ProgressCallback, no_progress
from knowledge.languages import detect_language

if TYPE_CHECKING:
    from knowledge.protocols import Embedder

KIND = "intents"
RECIPE = "views-3"  # changes with anything that makes the same examples give another head

Augment = Literal["none", "templates", "vae"]  # what thin intents are given more examples by
AUGMENTS: tuple[Augment, ...] = ("none", "templates", "vae")

_STAGE = "training the intents"
_EMBEDDED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A message and what it is about. `place` names its line in messages to people: "intents.jsonl, line 3"."""

    text: str
    intent: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class HeldOutJudgement:
    """What heads that never saw an example made of it, in cross-validation."""

    positions: Integers  # (n,): of the examples that were judged, in the sequence that was trained on
    probabilities: Floats  # (n, c), calibrated; columns as in the head's names


@dataclass(frozen=True, slots=True)
class TrainedIntents:
    head: IntentHead
    metrics: Mapping[str, float | int]
    seconds: float
    held_out: HeldOutJudgement


def train_intent_head(
    examples: Sequence[LabelledText],
    embedder: Embedder,
    *,
    titles: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
    refused: float = IN_SCOPE_REFUSED,
    augment: Augment = "none",
    progress: ProgressCallback = no_progress,
) -> TrainedIntents:
    """Learns to tell the intents of `examples` apart.

    `titles` gives what people call an intent; without it its name is read as words. Titles are extra examples, worth
    1 to 5 points of accuracy where there are five examples an intent. An example takes about 20 kB of memory.

    `augment` gives intents with few examples more of them: paraphrases.py, imagined_meanings.py.
    `refused` is the share of messages about a known intent that may be called unknown: the threshold is set by it.
    The metrics are cross-validated on the examples themselves, which overstates accuracy on live messages.
    Raises TrainingDataInvalid for empty texts and for fewer than two intents.
    """
    started = time.perf_counter()
    frozen = train_frozen_views(examples, embedder, titles=titles, seed=seed, augment=augment, progress=progress)
    trained = head_alone(frozen, refused, started)
    progress(_STAGE, 1.0)
    return trained


@dataclass(frozen=True, slots=True)
class FrozenViews:
    """The views that stand on the embedder as it is, and what they made of examples they had not seen."""

    names: tuple[str, ...]
    texts: tuple[str, ...]  # the examples, then the titles
    labels: Integers  # of the texts
    examples: int  # how many of the texts are no titles
    centre: Floats
    offset: Floats
    features: NgramFeatures
    views: IntentViews
    held_out: HeldOut

    def scope_target(self, refused: float) -> ScopeTarget:
        return ScopeTarget(refused, tuple(detect_language(text) for text in self.texts))

    def head(self, pooling: Pooling, wordless: Pooling, tuned: TunedView | None = None) -> IntentHead:
        return IntentHead(self.names, self.centre, self.offset, self.features, self.views, pooling, wordless, tuned)


def head_alone(frozen: FrozenViews, refused: float, started: float) -> TrainedIntents:
    """The head on the frozen views; `started` by `time.perf_counter`."""
    target = frozen.scope_target(refused)
    pooling = fit_pooling(frozen.held_out, (0, 1, 2), target)
    wordless = fit_pooling(frozen.held_out, (0, 2), target)
    head = frozen.head(pooling, wordless)
    judged = HeldOutJudgement(frozen.held_out.positions, softmax(pool(frozen.held_out.logits, pooling.weights)))
    counts: dict[str, float | int] = {"examples": frozen.examples, "intents": len(head.names)}
    metrics = counts | measure_held_out(judged.probabilities, frozen.held_out.labels)
    return TrainedIntents(head, metrics, time.perf_counter() - started, judged)


def train_frozen_views(
    examples: Sequence[LabelledText],
    embedder: Embedder,
    *,
    titles: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
    augment: Augment = "none",
    progress: ProgressCallback = no_progress,
) -> FrozenViews:
    """The first part of `train_intent_head`; raises the same."""
    names = _names(examples)
    titles = titles or {name: (name.replace("_", " ").replace("/", " "),) for name in names}
    named = [(text, number) for number, name in enumerate(names) for text in titles.get(name, ())]
    plain = [without_courtesy(text) for text in [example.text for example in examples] + [text for text, _ in named]]
    numbers = {name: number for number, name in enumerate(names)}
    known = [numbers[example.intent] for example in examples]
    copies = paraphrases(plain[: len(examples)], known, seed) if augment == "templates" else []
    texts = plain + [text for text, _ in copies]
    labels = np.array(known + [number for _, number in named] + [known[source] for _, source in copies])

    offset = language_offset(embedder)
    vectors = without_language(texts, _embed(texts, embedder, progress), offset)
    centre = vectors[: len(examples)].mean(axis=0)
    features = NgramFeatures.fit(texts)
    rows = Rows(centred(vectors, centre), features.transform(texts), labels, len(names), augment == "vae")
    dealt = deal_folds(labels[: len(examples)], seed)
    of_copies = COPY - dealt[[source for _, source in copies]]
    folds = np.concatenate([dealt, np.full(len(named), TITLE), of_copies]).astype(np.int64)
    held_out = cross_validate(rows, folds, seed, lambda done: progress(_STAGE, 0.6 + 0.3 * done))
    progress(_STAGE, 0.9)
    views = train_views(rows, seed)
    learnable = labels[: len(plain)]  # an encoder that is tuned must not learn from copies of what it is weighed on
    return FrozenViews(names, tuple(plain), learnable, len(examples), centre, offset, features, views, held_out)


def data_digest(examples: Sequence[LabelledText], titles: Mapping[str, Sequence[str]]) -> str:
    """sha256 of the examples and titles, whatever their order."""
    rows = sorted({(example.intent, example.text) for example in examples})
    named = sorted((name, *texts) for name, texts in titles.items())
    return hashlib.sha256(json.dumps([rows, named], ensure_ascii=False).encode()).hexdigest()


def refuse_contradictions(examples: Sequence[LabelledText]) -> None:
    """Raises TrainingDataInvalid where the same words are said to mean two things."""
    first: dict[str, LabelledText] = {}
    for example in examples:
        known = first.setdefault(" ".join(example.text.lower().split()), example)
        if known.intent != example.intent:
            raise TrainingDataInvalid(
                f"'{example.text}' is an example of '{known.intent}' ({known.place}) and of '{example.intent}' "
                f"({example.place}); keep one of them"
            )


def _names(examples: Sequence[LabelledText]) -> tuple[str, ...]:
    for example in examples:
        if not example.text.strip():
            place = example.place or "An example"
            raise TrainingDataInvalid(f"{place}: the text is empty; write one or delete the line")
    names = sorted({example.intent for example in examples})
    if len(names) < 2:
        found = f"only '{names[0]}'" if names else "none"
        raise TrainingDataInvalid(f"Training needs examples of at least two intents, and there is {found}")
    return tuple(names)


def _embed(texts: Sequence[str], embedder: Embedder, progress: ProgressCallback) -> Floats:
    """Each different text once, longest first, so that batches are of one length."""
    different = sorted(set(texts), key=len, reverse=True)
    vectors: dict[str, Floats] = {}
    for start in range(0, len(different), _EMBEDDED_AT_ONCE):
        progress(_STAGE, 0.6 * start / len(different))
        batch = different[start : start + _EMBEDDED_AT_ONCE]
        vectors |= dict(zip(batch, embedder.embed_queries(batch), strict=True))
    return np.stack([vectors[text] for text in texts])


def measure_held_out(probabilities: Floats, labels: Integers) -> dict[str, float | int]:
    """Of examples that what judged them had not seen: probabilities (n, c) and true labels (n,)."""
    guessed = probabilities.argmax(axis=1)
    predicted, gold = [str(guess) for guess in guessed], [str(label) for label in labels]
    error = expected_calibration_error(probabilities.max(axis=1).tolist(), (guessed == labels).tolist())
    return {
        "cross_validated_accuracy": round(accuracy(predicted, gold), 4),
        "cross_validated_macro_f1": round(macro_f1(predicted, gold), 4),
        "cross_validated_ece": round(error, 4),
    }
