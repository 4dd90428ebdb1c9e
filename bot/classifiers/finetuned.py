"""The IntentClassifier on a trained release: its heads stand on the embedder that it was trained with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.classifiers.courtesy import without_courtesy
from bot.classifiers.intent_head import IntentHead, IntentViews, Pooling, ScopeRule, TunedView
from bot.classifiers.ngrams import NgramFeatures
from bot.errors import ReleaseInvalid
from bot.intents import UNKNOWN, IntentPrediction
from bot.releases import open_release

if TYPE_CHECKING:
    from knowledge.protocols import Embedder

_ALTERNATIVES = 3
_WEIGHTS = "head.safetensors"
_SETTINGS = "head.json"
_VIEWS = tuple(field.name for field in fields(IntentViews))
_HALVED = ("ngram_weights", "neighbours", "inverse_frequency")  # in 16 bits: most of the bytes, little of the meaning
_NUMBERS = ("first_neighbours",)
_TUNED_VIEW = tuple(field.name for field in fields(TunedView))
_TUNED = "tuned_"  # begins the names of its arrays
ENCODER = "encoder.safetensors"  # what the encoder learnt; there only where it was tuned


class FinetunedClassifier:
    """Thread-safe: nothing is written after construction.

    One embedding a message, which the search for passages uses too, plus about a millisecond; a message with polite
    words around it is embedded once more, without them. A release whose encoder
    was tuned embeds the message a second time, with what was learnt: as long again, and 43 MB of memory.
    """

    def __init__(self, release_folder: Path, embedder: Embedder) -> None:
        """Raises ReleaseInvalid for a damaged release, or one that was trained with another embedder."""
        manifest = open_release(release_folder)
        if manifest.base != embedder.fingerprint:
            raise ReleaseInvalid(
                f"The release '{manifest.release}' was trained with the embedder {manifest.base}, "
                f"and this is {embedder.fingerprint}; train the intents again"
            )
        self._release = manifest.release
        self._head = read_head(release_folder)
        self._embedder = embedder
        self._tuned = tuned_embedder(embedder, release_folder / ENCODER) if self._head.tuned else None

    @property
    def release(self) -> str:
        return self._release

    def classify(self, text: str) -> IntentPrediction:
        return classify_with(self._head, self._embedder, text, self._tuned)


class HeadClassifier:
    """The IntentClassifier on a head that was not made a release: for measuring."""

    release = "unreleased"

    def __init__(self, head: IntentHead, embedder: Embedder, tuned: Embedder | None = None) -> None:
        self._head = head
        self._embedder = embedder
        self._tuned = tuned

    def classify(self, text: str) -> IntentPrediction:
        return classify_with(self._head, self._embedder, text, self._tuned)


def tuned_embedder(embedder: Embedder, changes: Path) -> Embedder:
    """`embedder` with what its encoder learnt. Raises ReleaseInvalid where it cannot be tuned or they do not fit."""
    from knowledge.embedding.tunable_encoder import TunableEmbedder
    from knowledge.errors import ModelUnavailable

    if not isinstance(embedder, TunableEmbedder):
        raise ReleaseInvalid(f"'{changes}' was learnt by an encoder that this installation does not use; train again")
    try:
        return embedder.tuned(changes)
    except ModelUnavailable as error:
        raise ReleaseInvalid(f"{error}; train the intents again") from error


def classify_with(head: IntentHead, embedder: Embedder, text: str, tuned: Embedder | None = None) -> IntentPrediction:
    """The confidence of a known intent is its probability among the intents; that of UNKNOWN is `out_of_scope`.

    `tuned` embeds with what the encoder learnt; `head.tuned` needs it.
    """
    plain = [without_courtesy(text)]
    tuned_vectors = None if tuned is None else tuned.embed_queries(plain)
    probabilities, strange = head.judge(plain, embedder.embed_queries(plain), tuned_vectors)
    best = np.argsort(-probabilities[0], kind="stable")[:_ALTERNATIVES]
    alternatives = tuple((head.names[place], float(probabilities[0, place])) for place in best)
    out_of_scope = float(strange[0])
    name, confidence = (UNKNOWN, out_of_scope) if out_of_scope >= 0.5 else alternatives[0]
    return IntentPrediction(name, confidence, alternatives, out_of_scope)


def write_head(head: IntentHead, folder: Path) -> None:
    from safetensors.numpy import save_file

    arrays = {name: getattr(head.views, name) for name in _VIEWS}
    arrays |= {"centre": head.centre, "language_offset": head.language_offset}
    arrays["inverse_frequency"] = head.ngrams.inverse_frequency
    arrays |= {name: arrays[name].astype(np.float16) for name in _HALVED}
    if head.tuned is not None:
        arrays |= {_TUNED + name: getattr(head.tuned, name) for name in _TUNED_VIEW}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _WEIGHTS)
    settings = {"names": head.names, "pooling": asdict(head.pooling), "wordless": asdict(head.wordless)}
    (folder / _SETTINGS).write_text(json.dumps(settings, ensure_ascii=False, indent=1), encoding="utf-8")


def _pooling(settings: Mapping[str, Any]) -> Pooling:
    return Pooling(tuple(map(float, settings["weights"])), ScopeRule(**settings["scope"]))


def _views(arrays: Mapping[str, Any]) -> IntentViews:
    return IntentViews(**{name: arrays[name] for name in _VIEWS})


def _tuned_view(arrays: Mapping[str, Any]) -> TunedView | None:
    if _TUNED + "weights" not in arrays:
        return None
    return TunedView(**{name: arrays[_TUNED + name] for name in _TUNED_VIEW})


def read_head(folder: Path) -> IntentHead:
    """Raises ReleaseInvalid where the files are not those of an intent head."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        stored = load_file(folder / _WEIGHTS)
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        arrays: dict[str, Any] = {
            name: array.astype(np.int64 if name in _NUMBERS else np.float32) for name, array in stored.items()
        }
        return IntentHead(
            names=tuple(settings["names"]),
            centre=arrays["centre"],
            language_offset=arrays["language_offset"],
            ngrams=NgramFeatures(arrays["inverse_frequency"]),
            views=_views(arrays),
            pooling=_pooling(settings["pooling"]),
            wordless=_pooling(settings["wordless"]),
            tuned=_tuned_view(arrays),
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ReleaseInvalid(f"'{folder}' holds no intent head: {error}; train the intents again") from error
