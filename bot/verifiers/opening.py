"""Which verifier is in use: the promoted release, else the trained reader that comes with the product, else similarity.

Whoever promotes, in this process or another, changes one file; it is looked at once for each question (two
microseconds). Knows nothing of how releases are trained.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.errors import BotError, ReleaseInvalid
from bot.protocols import Assessment, Verifier
from bot.releases import current_release, open_release
from bot.verifiers.calibration import load_calibration
from bot.verifiers.reading import open_reader, read_judgements
from bot.verifiers.similarity import SimilarityVerifier
from bot.verifiers.trained import TrainedVerifier
from knowledge.errors import KnowledgeError
from knowledge.passages import ScoredPassage
from knowledge.protocols import Embedder

_log = logging.getLogger(__name__)
_KIND = "verifier"
BUILT_IN = Path(__file__).with_name("claims")


class PromotedVerifier:
    """A Verifier that is exchanged when another release is promoted or rolled back. Thread-safe."""

    def __init__(self, releases_folder: Path, opened: Callable[[Path | None], Verifier]) -> None:
        """`opened` opens a release's folder, or what is used where none was promoted."""
        self._folder = releases_folder
        self._opened = opened
        self._exchanging = threading.Lock()
        self._seen = self._stamp()
        self._live = self._newest(otherwise=None)

    @property
    def release(self) -> str:
        return self._now().release

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        return self._now().assess(question, passages)

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        return self._live.supports(claim, sentences)

    def _now(self) -> Verifier:
        """What is in use. A release that cannot be opened is logged once; what was in use before stays so."""
        if self._stamp() != self._seen and self._exchanging.acquire(blocking=False):
            try:
                self._seen = self._stamp()
                self._live = self._newest(otherwise=self._live)
                _log.info("Answers are verified by the release %s from now on", self._live.release)
            finally:
                self._exchanging.release()
        return self._live

    def _newest(self, *, otherwise: Verifier | None) -> Verifier:
        try:
            return self._opened(current_release(self._folder, _KIND))
        except (BotError, KnowledgeError, OSError) as error:
            _log.error("The promoted release of the verifier cannot be used, %s: %s", _instead(otherwise), error)
            return otherwise or self._opened(None)

    def _stamp(self) -> tuple[int, int, int] | None:
        """Changes with the file that names the release in use: every write puts another file in its place."""
        try:
            found = (self._folder / _KIND / "current").stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def open_verifier(embedder: Embedder, releases_folder: Path | None = None) -> Verifier:
    """The verifier in use; without `releases_folder`, the one that comes with the product."""
    similarity = SimilarityVerifier(embedder, load_calibration())

    def opened(release: Path | None) -> Verifier:
        if release is not None:
            if open_release(release).base != embedder.fingerprint:
                raise ReleaseInvalid(f"The release '{release.name}' was trained on another embedder; train it again")
            return _trained(release, f"{_KIND}/{release.name}", similarity, embedder)
        return _built_in(similarity, embedder)

    return opened(None) if releases_folder is None else PromotedVerifier(releases_folder, opened)


def _built_in(similarity: SimilarityVerifier, embedder: Embedder) -> Verifier:
    """The reader that comes with the product, where the embedder is the one that it stands on."""
    judgements = read_judgements(BUILT_IN)
    if embedder.fingerprint not in judgements.embedders:
        return similarity
    return TrainedVerifier(similarity, open_reader(BUILT_IN, embedder), judgements, judgements.release)


def _trained(folder: Path, name: str, similarity: SimilarityVerifier, embedder: Embedder) -> Verifier:
    return TrainedVerifier(similarity, open_reader(folder, embedder), read_judgements(folder), name)


def _instead(otherwise: Verifier | None) -> str:
    return "the one that comes with the product is used" if otherwise is None else "the one before stays in use"
