"""Training files → running parts → a release. The learning is in bot/training; nothing is put to use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SettingsInvalid
from bot.generators.releases_in_use import adapter_in_use, name_of_adapter
from bot.settings import Settings
from knowledge.embedding.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from bot.protocols import ReplyGenerator
    from bot.training.encoder_tuning import Watch
    from bot.training.generator_learners import GeneratorMethod
    from bot.training.generator_training import GeneratorTraining


def train_generator_file(
    settings: Settings,
    data: Path,
    method: GeneratorMethod,
    *,
    pretrain: bool = False,
    seed: int = 0,
    watch: Watch | None = None,
    progress: ProgressCallback = no_progress,
) -> GeneratorTraining:
    """What `frontdesk train generator` does. With `pretrain` the installation's documents are read first.

    `data` is a file of rows, or a folder of the public data sets that `bot.training.generator_sets` knows.

    Raises EvaluationDataInvalid, TrainingDataInvalid, ModelUnavailable, and SettingsInvalid for a GGUF file.
    """
    from bot.answering.writing import WritingLimits
    from bot.bootstrap import generator_place, open_embedder, open_library, open_verifier
    from bot.training.encoder_tuning import unwatched
    from bot.training.generator_evidence import EvidenceReader
    from bot.training.generator_rows import read_grounded_rows
    from bot.training.generator_run import GeneratorRecipe
    from bot.training.generator_sets import grounded_rows_of
    from bot.training.generator_training import GeneratorPlan, Judges, train_generator
    from bot.training.pretrained_intents import texts_of
    from knowledge.embedding.torch_runtime import locate_model
    from knowledge.indexing.faiss_index import FaissIndex

    rows = grounded_rows_of(data, seed=seed) if data.is_dir() else read_grounded_rows(data)
    models, answers = settings.models, settings.answers
    place = generator_place(settings, progress=progress)
    if Path(place).is_file():
        raise SettingsInvalid(f"A GGUF file such as '{place}' cannot be trained; name a model folder as the generator")
    base = locate_model(str(place), allow_download=models.allow_download)
    embedder = open_embedder(settings, progress=progress)
    verifier = open_verifier(settings, embedder)
    kept = (answers.max_tokens, answers.prompt_budget, answers.support_threshold, answers.quote_sentences)
    limits = WritingLimits(*kept)
    documents = texts_of(open_library(settings, embedder=embedder, progress=progress)) if pretrain else None
    plan = GeneratorPlan(
        method,
        replace(GeneratorRecipe.of(method), seed=seed, threads=models.generator_threads),
        documents,
        adapter_in_use(settings, base) if method == "lora" else None,
        limits,
        models.device,
        models.dtype,
    )

    def opened(adapter: Path | None) -> ReplyGenerator:
        return _opened(settings, base, adapter)

    evidence = EvidenceReader(embedder, verifier, limit=answers.passages, new_index=FaissIndex)
    judges = Judges(evidence, verifier, opened, name_of_adapter(settings, adapter_in_use(settings, base)))
    return train_generator(
        rows, base, settings.releases_folder, plan, judges, watch=watch or unwatched, progress=progress
    )


def _opened(settings: Settings, base: Path, adapter: Path | None) -> ReplyGenerator:
    from bot.generators.local import TransformersGenerator

    models = settings.models
    return TransformersGenerator(
        base,
        adapter=adapter or adapter_in_use(settings, base),
        languages=frozenset(models.generator_languages),
        device=models.device,
        dtype=models.dtype,
        threads=models.generator_threads,
    )
