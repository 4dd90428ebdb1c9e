"""`frontdesk train generator`: grounded answers → a release, measured beside what is in use. Knows nothing of settings.

With documents, the generator first reads these (causal language modelling, continued pre-training as in Gururangan et
al. 2020), then learns to answer; both are one adapter.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.answering.writing import FACTS, WritingLimits
from bot.errors import TrainingDataInvalid
from bot.generators.loading import base_fingerprint, load_language_model
from bot.generators.prompt_tokens import PromptTokens
from bot.prompt import PROMPT_VERSION
from bot.releases import Metrics, publish_release
from bot.training.checkpoints import Checkpoints
from bot.training.encoder_tuning import Watch, unwatched
from bot.training.epochs import Measured, run_epochs
from bot.training.event_files import EventFiles
from bot.training.generator_evidence import Evidence, EvidenceReader
from bot.training.generator_learners import GeneratorMethod, Learner
from bot.training.generator_measuring import Replied, figures_of, gain, replies
from bot.training.generator_rows import GroundedRow, TokenRow, set_aside, text_rows, token_row
from bot.training.generator_run import GeneratorRecipe, GeneratorRun, steps_an_epoch
from bot.training.promotion import Validation
from knowledge.embedding.model_folders import ProgressCallback, folder_digest, no_progress
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from bot.generators.loading import LanguageModel
    from bot.protocols import ReplyGenerator, Verifier

_log = logging.getLogger(__name__)

KIND, RECIPE = "generator", "answers-1"
REPORT = "figures.json"
READING, TUNING = "reading", "tuning"
_ASIDE = 10  # one piece of the documents in so many is not learnt from
_GATE = 60  # rows set aside that are answered before and after
_LONGEST_PIECE = 256  # tokens of a document that are read at once
_READING_RATE = 2e-4


@dataclass(frozen=True, slots=True)
class GeneratorPlan:
    method: GeneratorMethod = "lora"
    recipe: GeneratorRecipe = field(default_factory=GeneratorRecipe)
    documents: Sequence[str] | None = None  # texts that are read first
    begin_with: Path | None = None  # an adapter from which LoRA goes on, where it is of the same shape
    limits: WritingLimits = field(default_factory=WritingLimits)  # as in serving
    device: str = "auto"
    dtype: str = "bfloat16"
    gate: int = _GATE


@dataclass(frozen=True, slots=True)
class Judges:
    """What a generator is measured with. `open_generator` opens the base with an adapter; None: the one in use."""

    evidence: EvidenceReader
    verifier: Verifier
    open_generator: Callable[[Path | None], ReplyGenerator]
    in_use: str = ""  # name of the release in use, or "" for what comes with the product


@dataclass(frozen=True, slots=True)
class GeneratorTraining:
    folder: Path  # the release
    metrics: Metrics
    seconds: float
    examples: int


def train_generator(
    rows: Sequence[GroundedRow],
    base: Path,
    releases_folder: Path,
    plan: GeneratorPlan,
    judges: Judges,
    *,
    watch: Watch = unwatched,
    progress: ProgressCallback = no_progress,
) -> GeneratorTraining:
    """Trains, measures and makes a release; puts nothing to use. `base` is a model folder.

    What was killed goes on where it stood when it is asked for again: same rows, plan and base.
    Raises ModelUnavailable, and TrainingDataInvalid where disk or memory do not suffice or no row has evidence.
    """
    began = time.perf_counter()
    digest = hashlib.sha256(repr((rows, plan.documents)).encode()).hexdigest()
    fingerprint = base_fingerprint(base)
    start = folder_digest(plan.begin_with) if plan.begin_with is not None else ""
    how = (plan.method, plan.recipe, plan.limits, plan.dtype, start, RECIPE, PROMPT_VERSION)
    key = f"{digest} {fingerprint} {how}"
    with _shortages_as_sentences(releases_folder):
        checkpoints = Checkpoints.of(releases_folder / KIND, hashlib.sha256(key.encode()).hexdigest())
        read = _evidence(rows, judges, progress)
        with EventFiles(checkpoints.folder) as events:

            def both(measured: Measured) -> None:
                watch(measured)
                events.add(measured)

            made = _Training(plan, checkpoints, both, progress).train(read, base)
            figures, validation = _measured(read, made, judges, plan, progress)
            metrics = {**made.losses, **figures, "method": plan.method}
            events.add_figures(metrics)

        def write(folder: Path) -> None:
            for file in made.folder.iterdir():
                shutil.copyfile(file, folder / file.name)
            validation.write(folder)
            report = {"metrics": metrics, "curve": made.curve}
            (folder / REPORT).write_text(json.dumps(report, indent=1), encoding="utf-8")
            for file in events.files():
                shutil.copyfile(file, folder / file.name)

        seconds = time.perf_counter() - began
        folder = publish_release(
            releases_folder,
            KIND,
            write,
            data_sha256=digest,
            base=fingerprint,
            recipe=f"{RECIPE}-{plan.method}-{PROMPT_VERSION}",
            metrics={**metrics, "seconds": round(seconds, 1)},
        )
        checkpoints.remove()
    return GeneratorTraining(folder, metrics, seconds, len(rows))


@dataclass(frozen=True, slots=True)
class _Made:
    folder: Path  # what was learnt, as `bot.generators.loading` opens it
    losses: Mapping[str, float]
    curve: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class _Training:
    plan: GeneratorPlan
    checkpoints: Checkpoints
    watch: Watch
    progress: ProgressCallback

    def train(self, read: Sequence[tuple[GroundedRow, Evidence]], base: Path) -> _Made:
        plan = self.plan
        model = load_language_model(base, device=plan.device, dtype=plan.dtype)
        stages = self._stages(read, model)
        with torch_threads(plan.recipe.threads):
            steps = stages[-1].recipe.epochs * steps_an_epoch(stages[-1].learnt, stages[-1].recipe)
            learner = Learner(model.model, plan.method, steps=steps, seed=plan.recipe.seed)
            if plan.begin_with is not None and not learner.begin_with(plan.begin_with):
                _log.warning("The training begins anew: '%s' is an adapter of another shape", plan.begin_with)
        losses: dict[str, float] = {}
        curve: list[Measured] = []
        for stage in stages:
            run = self._run(GeneratorRun(learner, stage.learnt, stage.aside, stage.recipe, stage.name))
            measured = run.keep_best()
            losses[f"{stage.name}_loss_before"] = round(run.loss_before, 4)
            losses[f"{stage.name}_loss"] = round(min(one.validation_loss or 0.0 for one in measured), 4)
            curve += measured
        folder = self.checkpoints.folder / "learnt"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        learner.save(folder, model.tokenizer)
        return _Made(folder, losses, [asdict(one) for one in curve])

    def _run(self, run: GeneratorRun) -> GeneratorRun:
        standing = self.checkpoints.read(run.stage)
        if standing:
            run.restore(standing)
        else:
            run.begin()

        def report(share: float) -> None:
            self.progress(f"training, {run.stage}", share)

        run_epochs(run, run.stage, checkpoints=self.checkpoints, watch=self.watch, report=report)
        return run

    def _stages(self, read: Sequence[tuple[GroundedRow, Evidence]], model: LanguageModel) -> list[_Stage]:
        plan, tokens = self.plan, PromptTokens(model.tokenizer)
        end = model.tokenizer.eos_token_id
        learnt: list[TokenRow] = []
        aside: list[TokenRow] = []
        kept = set_aside(row for row, _ in read)
        for row, evidence in read:
            limits = plan.limits
            one = token_row(
                row,
                evidence.facts(FACTS),
                tokens,
                end=end,
                budget=limits.prompt_budget,
                longest_answer=limits.max_tokens,
            )
            (aside if row.question in kept else learnt).append(one)
        stages = [_Stage(TUNING, learnt, aside, plan.recipe)]
        if plan.documents is not None:
            pieces = text_rows(plan.documents, tokens, end=end, longest=_LONGEST_PIECE)
            recipe = replace(plan.recipe, learning_rate=_READING_RATE, epochs=1)
            stages.insert(0, _Stage(READING, *_dealt(pieces), recipe))
        return stages


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    learnt: Sequence[TokenRow]
    aside: Sequence[TokenRow]
    recipe: GeneratorRecipe


def _dealt(pieces: Sequence[TokenRow]) -> tuple[list[TokenRow], list[TokenRow]]:
    aside = list(pieces[::_ASIDE])
    learnt = [piece for number, piece in enumerate(pieces) if number % _ASIDE]
    if not learnt:
        raise TrainingDataInvalid("There is too little to read: the installation's documents are a page or less")
    return learnt, aside


def _evidence(
    rows: Sequence[GroundedRow], judges: Judges, progress: ProgressCallback
) -> list[tuple[GroundedRow, Evidence]]:
    """Rows with the sentences that serving would find for them; those without any are left out."""
    read = []
    for number, row in enumerate(rows, start=1):
        evidence = judges.evidence.read(row.question, row.passages)
        if evidence.assessment.sentences:
            read.append((row, evidence))
        progress("finding the sentences", number / len(rows))
    aside = set_aside(row for row, _ in read)
    if len({row.question in aside for row, _ in read}) < 2:
        raise TrainingDataInvalid("The passages hold too few sentences to learn from; give whole sentences as evidence")
    return read


def _measured(
    read: Sequence[tuple[GroundedRow, Evidence]],
    made: _Made,
    judges: Judges,
    plan: GeneratorPlan,
    progress: ProgressCallback,
) -> tuple[dict[str, float], Validation]:
    """What is in use and what was made, on the same rows that were set aside."""
    aside = set_aside(row for row, _ in read)
    rows = [(row, evidence) for row, evidence in read if row.question in aside][: plan.gate]
    answered: list[list[Replied]] = []
    for name, adapter in (("before", None), ("after", made.folder)):
        generator = judges.open_generator(adapter)
        answered.append([])
        for one in replies(rows, generator, judges.verifier, plan.limits):
            answered[-1].append(one)
            progress(f"answering, {name}", len(answered[-1]) / len(rows))
        del generator  # two models at once may be more than the memory holds
    before, after = answered
    low, high = gain(before, after)
    figures = {f"{name}_before": value for name, value in figures_of(before).items() if "quotation" not in name}
    figures |= {**figures_of(after), "gain_low": low, "gain_high": high, "measured_on": float(len(rows))}
    right, right_before = ({one.row.key: one.is_right for one in each} for each in (after, before))
    return {name: round(value, 4) for name, value in figures.items()}, Validation(right, judges.in_use, right_before)


@contextmanager
def _shortages_as_sentences(folder: Path) -> Iterator[None]:
    """A full disk or too little memory, in words. Nothing half-written stays: see `publish_release`."""
    try:
        yield
    except MemoryError as error:
        raise TrainingDataInvalid(_TOO_LITTLE_MEMORY) from error
    except OSError as error:
        raise TrainingDataInvalid(
            f"The training could not be written to '{folder}': {error.strerror or error}; make room there and give "
            "the same command again, it goes on where it stood"
        ) from error
    except RuntimeError as error:  # torch's only kind, on a processor and on a graphics card
        if "memory" not in str(error):
            raise
        raise TrainingDataInvalid(_TOO_LITTLE_MEMORY) from error


_TOO_LITTLE_MEMORY = (
    "The memory does not suffice for this training; choose --method lora, a smaller generator, or another machine"
)
