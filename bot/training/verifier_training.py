"""`frontdesk train verifier`: public data sets → a release, used only where it measures better on what it never saw.

Three trainings. Two twins learn from a part of the data sets each and are measured on the others: that decides in
which languages the reader is used, and fits the regressions. The released one learns from all sets. Knows nothing of
settings.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import time
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import TrainingDataInvalid
from bot.releases import Metrics, publish_release
from bot.training.checkpoints import Checkpoints
from bot.training.encoder_tuning import Watch, unwatched
from bot.training.epochs import Measured, run_epochs
from bot.training.event_files import EventFiles
from bot.training.promotion import USED_IN, Validation
from bot.training.verifier_data import FAMILIES, pairs_of
from bot.training.verifier_measuring import ReadClaim, adopted, decided_right, figures, read_claims
from bot.training.verifier_pairs import ClaimPair
from bot.training.verifier_run import ReaderRecipe, ReaderRun, TrainedReader, read_pairs
from bot.verifiers.calibration import load_calibration
from bot.verifiers.reading import JUDGEMENTS, WEIGHTS, ClaimReader, Judgements
from bot.verifiers.similarity import SimilarityVerifier
from knowledge.embedding.model_folders import ProgressCallback, no_progress
from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    from knowledge.embedding.token_states import TokenStates, WordEmbedder
    from knowledge.protocols import Embedder

KIND, RECIPE = "verifier", "claims-1"
REPORT = "figures.json"
# What each twin never sees, and is measured on; the other sets are what it learns from. Most kinds of text are on one
# side only: encyclopaedia and hotels here, product pages and help centres there.
UNSEEN = {
    "twin-1": ("dstc11", "drcd", "cmrc2018"),
    "twin-2": ("epqa", "hetpqa", "logingov", "tidb", "plausible"),
}
LICENCE = "CDLA-Sharing-1.0, CC-BY-SA-3.0, CC-BY-SA-4.0, CC0-1.0 and MIT: see the model card"
_LONGEST = {"en": 400, "zh": 180}  # characters of a pair
_AT_ONCE = 256  # texts


@dataclass(frozen=True, slots=True)
class VerifierTraining:
    folder: Path  # the release
    metrics: Metrics
    seconds: float
    pairs: int


def train_verifier(
    data: Path,
    embedder: Embedder,
    releases_folder: Path,
    *,
    pairs: int = 270,
    seed: int = 0,
    watch: Watch = unwatched,
    progress: ProgressCallback = no_progress,
) -> VerifierTraining:
    """Trains, measures and makes a release; puts nothing to use. `pairs` of each set and truth at most.

    What was killed goes on where it stood when it is asked for again: same data, pairs, seed and embedder.
    Raises TrainingDataInvalid where a data set is missing or damaged, ModelUnavailable where the embedder does not tell
    single words.
    """
    began = time.perf_counter()
    able = _word_embedder(embedder)
    pool = chosen_pairs(_read_data(data, seed), pairs, seed)
    for stage, unseen in (*UNSEEN.items(), ("release", ())):
        parts_of([pair for pair in pool if pair.family not in unseen], stage)
    digest = hashlib.sha256(repr(pool).encode()).hexdigest()
    key = hashlib.sha256(f"{digest} {seed} {embedder.fingerprint} {RECIPE}".encode()).hexdigest()
    checkpoints = Checkpoints.of(releases_folder / KIND, key)
    with EventFiles(checkpoints.folder) as events:

        def both(measured: Measured) -> None:
            watch(measured)
            events.add(measured)

        states = token_states(able, pool, progress)
        pool = [pair for pair in pool if not states[pair.claim].is_cut]  # the product does not read such claims
        training = _Training(able, states, checkpoints, ReaderRecipe(seed=seed), both, progress)
        claims: list[ReadClaim] = []
        for name, unseen in UNSEEN.items():
            twin = training.train(name, [pair for pair in pool if pair.family not in unseen])
            claims += training.measured(name, twin, [pair for pair in pool if pair.family in unseen])
        released = training.train("release", pool)
        judgements, found = Judgements(RECIPE, (embedder.fingerprint,), adopted(claims)), figures(claims)
        metrics = headline(found, judgements)
        events.add_figures(metrics)

    def write(folder: Path) -> None:
        write_reader(released, judgements, folder)
        (folder / REPORT).write_text(json.dumps(found, indent=1), encoding="utf-8")
        Validation(decided_right(claims)).write(folder)
        for file in events.files():
            shutil.copyfile(file, folder / file.name)

    seconds = time.perf_counter() - began
    folder = publish_release(
        releases_folder,
        KIND,
        write,
        data_sha256=digest,
        base=embedder.fingerprint,
        recipe=f"{RECIPE}-{pairs}-{seed}",
        metrics={**metrics, "seconds": round(seconds, 1)},
        licence=LICENCE,
    )
    checkpoints.remove()
    return VerifierTraining(folder, metrics, seconds, len(pool))


def write_reader(trained: TrainedReader, judgements: Judgements, folder: Path) -> None:
    """The files that `bot.verifiers.reading` opens."""
    from safetensors.torch import save_file

    save_file(dict(trained.weights), folder / WEIGHTS)
    (folder / JUDGEMENTS).write_text(json.dumps(judgements.as_json(), indent=1) + "\n", encoding="utf-8")


def headline(found: Mapping[str, Any], judgements: Judgements) -> dict[str, float | int | str | None]:
    """What the manifest says: by language, AUROC over all kinds of wrong claims, and what is shown of them."""
    metrics: dict[str, float | int | str | None] = {}
    for language, by in found.items():
        told, shown = by["told"].get("all", {}), by["shown"].get("rules_and_reading", {})
        metrics |= {f"auroc_{language}_{name}": told.get(name) for name in ("read", "likeness", "overlap")}
        metrics |= {f"shown_{language}_{name}": value for name, value in shown.items()}
    metrics[USED_IN] = ", ".join(sorted(judgements.support))
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in metrics.items()}


def chosen_pairs(pairs: Sequence[ClaimPair], most: int, seed: int) -> list[ClaimPair]:
    """At most so many of each family and truth, short ones: what the encoder says of each text is kept in memory."""
    shuffled = random.Random(seed).sample(list(pairs), len(pairs))
    taken: Counter[tuple[str, bool]] = Counter()
    chosen = []
    for pair in shuffled:
        kind = (pair.family, pair.truth)
        if taken[kind] < most and len(pair.claim) + len(pair.sentence) <= _LONGEST[pair.language]:
            taken[kind] += 1
            chosen.append(pair)
    return chosen


def parts_of(pool: Sequence[ClaimPair], stage: str) -> tuple[list[ClaimPair], list[ClaimPair]]:
    """What is learnt from, and the twentieth of the sources that says when to stop.

    Raises TrainingDataInvalid where one of them is empty.
    """
    learnt, unseen = ([pair for pair in pool if (pair.part == 0) is aside] for aside in (False, True))
    if not learnt or not unseen:
        purpose = "when to stop can be measured on" if learnt else "can be learnt from"
        raise TrainingDataInvalid(
            f"The data sets are too small for {stage}: of {len(pool)} claims there is none that {purpose}; "
            "use the whole sets, or more --pairs"
        )
    return learnt, unseen


def token_states(
    embedder: WordEmbedder, pool: Sequence[ClaimPair], progress: ProgressCallback
) -> dict[str, TokenStates]:
    """Of every text once; about 40 kB each."""
    texts = list(dict.fromkeys(text for pair in pool for text in (pair.claim, pair.sentence)))
    states: dict[str, TokenStates] = {}
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        states |= zip(some, embedder.token_states(some), strict=True)
        progress("reading the texts", len(states) / len(texts))
    return states


@dataclass(frozen=True, slots=True)
class _Training:
    embedder: WordEmbedder
    states: Mapping[str, TokenStates]
    checkpoints: Checkpoints
    recipe: ReaderRecipe
    watch: Watch
    progress: ProgressCallback

    def train(self, stage: str, pool: Sequence[ClaimPair]) -> TrainedReader:
        learnt, unseen = parts_of(pool, stage)
        run = ReaderRun(read_pairs(learnt, self.states), read_pairs(unseen, self.states), self.recipe, stage=stage)
        standing = self.checkpoints.read(stage)
        if standing:
            run.restore(standing)

        def report(share: float) -> None:
            self.progress(f"training, {stage}", share)

        run_epochs(run, stage, checkpoints=self.checkpoints, watch=self.watch, report=report)
        return run.result()

    def measured(self, name: str, twin: TrainedReader, unseen: Sequence[ClaimPair]) -> list[ReadClaim]:
        before = SimilarityVerifier(self.embedder, load_calibration())
        reader = ClaimReader(lambda texts: [self.states[text] for text in texts], twin.weights)
        claims = []
        for number, claim in enumerate(read_claims(unseen, before, reader), start=1):
            self.progress(f"measuring, {name}", number / len(unseen))
            claims.append(claim)
        return claims


def _read_data(data: Path, seed: int) -> list[ClaimPair]:
    try:
        return pairs_of(data, seed=seed)
    except (OSError, EOFError, zlib.error) as error:
        raise TrainingDataInvalid(
            f"The data sets in '{data}' cannot be read: {error}; the verifier learns from {', '.join(FAMILIES)}"
        ) from error


def _word_embedder(embedder: Embedder) -> WordEmbedder:
    from knowledge.embedding.token_states import WordEmbedder

    if isinstance(embedder, WordEmbedder):
        return embedder
    raise ModelUnavailable("The embedder in use does not tell the words of a text, which the verifier reads")
