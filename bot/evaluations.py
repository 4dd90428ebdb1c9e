"""Evaluation files → running parts → figures. The scoring is in bot/training; the installation is not changed."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import EvaluationDataInvalid
from bot.settings import Settings
from knowledge.embedding.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from bot.manager import ConversationManager
    from bot.training.encoder_tuning import Watch
    from bot.training.evaluate_answers import GivenAnswer
    from bot.training.evaluate_intents import EvaluationOptions
    from bot.training.evaluate_safety import SafetyReply
    from bot.training.evaluation_data import AnswerQuestion
    from bot.training.safety_data import SafetyPrompt
    from bot.transcripts import SqlTranscripts
    from knowledge.library import KnowledgeLibrary
    from knowledge.protocols import Embedder, Retriever


def evaluate_intents_file(
    settings: Settings,
    test: Path,
    *,
    train: Path | None = None,
    options: EvaluationOptions | None = None,
    report: Path | None = None,
    watch: Watch | None = None,
    progress: ProgressCallback = no_progress,
) -> dict[str, float | int | None]:
    """The figures of `frontdesk evaluate intents`: of a classifier trained on `train`, else of the installation's.

    With `report` an HTML page is written there, and its figures as JSON beside it.
    Raises EvaluationDataInvalid, TrainingDataInvalid.
    """
    from bot.bootstrap import open_embedder, open_home
    from bot.teaching.intent_wiring import open_intents
    from bot.training.encoder_tuning import unwatched
    from bot.training.evaluate_intents import evaluate_intents, train_and_evaluate_intents
    from bot.training.evaluation_data import read_intent_rows
    from bot.training.intent_report import reporting_to, unreported

    rows = read_intent_rows(test)
    when_judged = unreported if report is None else reporting_to(report, test.name)
    examples = read_intent_rows(train) if train is not None else None
    embedder = open_embedder(settings, progress=progress)
    if examples is not None:
        return train_and_evaluate_intents(
            rows, examples, embedder, options, watch=watch or unwatched, when_judged=when_judged, progress=progress
        )
    home = open_home(settings)
    classifier = open_intents(settings, home.engine, embedder, progress=progress)().classifier
    home.engine.dispose()
    return evaluate_intents(rows, classifier, when_judged=when_judged, progress=progress)


def evaluate_retrieval_files(
    settings: Settings, documents: Path, questions: Path, *, progress: ProgressCallback = no_progress
) -> dict[str, object]:
    """The figures of `frontdesk evaluate retrieval`. Raises EvaluationDataInvalid."""
    from bot.bootstrap import open_embedder, open_verifier
    from bot.training.evaluate_retrieval import evaluate_retrieval
    from bot.training.evaluation_data import read_retrieval_questions

    rows = read_retrieval_questions(questions)
    embedder = open_embedder(settings, progress=progress)
    with _own_library(settings, documents, embedder, progress) as (library, seconds):
        figures = evaluate_retrieval(
            library,
            rows,
            progress=lambda share: progress("asking", share),
            verifier=open_verifier(settings, embedder),
            assessed=settings.answers.passages,
        )
        passages = library.verify().passages
    return {**figures, "ingest_seconds": seconds, "passages": passages}


def evaluate_answers_files(
    settings: Settings, questions: Path, *, documents: Path | None = None, progress: ProgressCallback = no_progress
) -> dict[str, object]:
    """The figures of `frontdesk evaluate answers`.

    Questions that carry passages are answered from these; the others from `documents` where given, else from the
    installation's documents. Conversations go to a database of their own. Raises EvaluationDataInvalid.
    """
    from bot.bootstrap import open_embedder, open_library
    from bot.training.evaluate_answers import evaluate_answers
    from bot.training.evaluation_data import read_answer_questions

    rows = read_answer_questions(questions)
    embedder = open_embedder(settings, progress=progress)

    def ask_all(library: KnowledgeLibrary) -> dict[str, object]:
        with _own_desk(settings, library, embedder, progress) as answer:
            return evaluate_answers(answer, rows, progress=lambda share: progress("asking", share))

    if documents is None:
        return ask_all(open_library(settings, embedder=embedder, progress=progress))
    with _own_library(settings, documents, embedder, progress) as (library, _):
        return ask_all(library)


def evaluate_safety_file(
    settings: Settings, prompts: Path, *, baseline: bool = False, progress: ProgressCallback = no_progress
) -> tuple[dict[str, object], dict[str, object] | None]:
    """The figures of `frontdesk evaluate safety --prompts`, and with `baseline` those of the same bot without guard.

    Every prompt is a turn in a conversation of its own, about the installation's documents, or the sample company's
    where it has none. The generator is told a secret made up for this run. Raises EvaluationDataInvalid.
    """
    from functools import partial

    from bot.bootstrap import open_embedder
    from bot.prompt import all_instructions
    from bot.training.evaluate_safety import SafetyReply, evaluate_safety, shows_instructions
    from bot.training.safety_data import read_safety_prompts

    rows = read_safety_prompts(prompts)
    secret = secrets.token_hex(8)
    leaks = partial(shows_instructions, instructions=all_instructions(), secret=secret)
    embedder = open_embedder(settings, progress=progress)
    with _attacked_desk(settings, embedder, secret, progress) as (guarded, unguarded):
        given: dict[SafetyPrompt, SafetyReply] = {}

        def kept(prompt: SafetyPrompt) -> SafetyReply:
            given[prompt] = guarded(prompt)
            return given[prompt]

        def unblocked(prompt: SafetyPrompt) -> SafetyReply:  # what was not blocked is the same without guard
            return (
                unguarded(prompt) if given[prompt].blocked and prompt.attack else SafetyReply(given[prompt].text, False)
            )

        figures = evaluate_safety(kept, rows, leaks=leaks, progress=lambda share: progress("asking", share))
        if not baseline:
            return figures, None
        asking_again = evaluate_safety(
            unblocked, rows, leaks=leaks, progress=lambda share: progress("asking without guard", share)
        )
        return figures, asking_again


def evaluate_personal_data_file(texts: Path) -> dict[str, object]:
    """The figures of `frontdesk evaluate safety --pii`. Raises EvaluationDataInvalid."""
    from bot.training.evaluate_safety import evaluate_personal_data
    from bot.training.safety_data import read_personal_texts

    return evaluate_personal_data(read_personal_texts(texts))


Ask = Callable[["SafetyPrompt"], "SafetyReply"]


@contextmanager
def _attacked_desk(
    settings: Settings, embedder: Embedder, secret: str, progress: ProgressCallback
) -> Iterator[tuple[Ask, Ask]]:
    """The installation's bot with its guard and without, in conversations that go afterwards."""
    from bot.bootstrap import build_manager, open_generator, open_home, open_verifier
    from bot.events import TurnEnded
    from bot.signal_desk import open_signal_desk
    from bot.teaching.intent_wiring import open_intents
    from bot.training.evaluate_safety import SafetyReply
    from bot.training.planted_secret import KeeperOfASecret
    from bot.transcripts import SqlTranscripts

    live = open_intents(settings, open_home(settings).engine, embedder, progress=progress)
    generator, verifier = open_generator(settings, progress=progress), open_verifier(settings, embedder)
    keeper = None if generator is None else KeeperOfASecret(generator, secret)
    with (
        _documents_or_sample(settings, embedder, progress) as library,
        tempfile.TemporaryDirectory(prefix="frontdesk-evaluation-") as folder,
    ):
        home = open_home(settings.model_copy(update={"home": Path(folder), "database_url": ""}))
        transcripts = SqlTranscripts(home.engine)
        read_signals = open_signal_desk(home.engine, embedder, ()).read
        on = build_manager(settings, transcripts, library, live, verifier, keeper, read_signals=read_signals)
        off = build_manager(settings, transcripts, library, live, verifier, keeper)

        def asking(manager: ConversationManager) -> Ask:
            def ask(prompt: SafetyPrompt) -> SafetyReply:
                conversation = transcripts.open_conversation(channel="evaluation").conversation_id
                text = prompt.text[: settings.web.max_message_characters]  # longer ones are refused at the door
                (ended,) = (one for one in manager.turn(conversation, text) if isinstance(one, TurnEnded))
                blocked = ended.trace is not None and ended.trace.blocked is not None
                return SafetyReply(ended.answer.text if ended.answer else "", blocked)

            return ask

        try:
            yield asking(on), asking(off)
        finally:
            home.engine.dispose()


@contextmanager
def _documents_or_sample(
    settings: Settings, embedder: Embedder, progress: ProgressCallback
) -> Iterator[KnowledgeLibrary]:
    from bot.bootstrap import open_library
    from bot.company import SAMPLE_COMPANY

    library = open_library(settings, embedder=embedder, progress=progress)
    if library.verify().passages:
        yield library
        return
    with _own_library(settings, SAMPLE_COMPANY / "documents", embedder, progress) as (sample, _):
        yield sample


@contextmanager
def _own_library(
    settings: Settings, documents: Path, embedder: Embedder, progress: ProgressCallback
) -> Iterator[tuple[KnowledgeLibrary, float]]:
    """A library of `documents` alone in a folder that goes afterwards, and the seconds that ingesting took."""
    from bot.bootstrap import open_home, open_library
    from knowledge.ingesting.ingestion import ingest_paths

    with tempfile.TemporaryDirectory(prefix="frontdesk-evaluation-") as folder:
        own = settings.model_copy(update={"home": Path(folder), "database_url": ""})
        home = open_home(own)
        library = open_library(own, home=home, embedder=embedder)
        began = time.perf_counter()
        report = ingest_paths(
            library, [documents], on_progress=lambda step: progress(step.stage, step.done / max(1, step.total))
        )
        if not report.passages:
            reason = report.refused[0].reason if report.refused else "it holds no documents"
            raise EvaluationDataInvalid(f"Nothing could be taken in from '{documents}': {reason}")
        try:
            yield library, time.perf_counter() - began
        finally:
            home.engine.dispose()


@contextmanager
def _own_desk(
    settings: Settings, library: KnowledgeLibrary, embedder: Embedder, progress: ProgressCallback
) -> Iterator[Callable[[AnswerQuestion], GivenAnswer]]:
    """Answers questions as the installation would, in conversations that go afterwards."""
    from bot.bootstrap import (
        build_manager,
        open_generator,
        open_home,
        open_verifier,
    )
    from bot.teaching.intent_wiring import open_intents
    from bot.transcripts import SqlTranscripts
    from knowledge.given_passages import GivenPassages
    from knowledge.indexing.faiss_index import FaissIndex

    live = open_intents(settings, open_home(settings).engine, embedder, progress=progress)
    verifier, generator = open_verifier(settings, embedder), open_generator(settings, progress=progress)
    evidence = GivenPassages(embedder, new_index=FaissIndex)
    with tempfile.TemporaryDirectory(prefix="frontdesk-evaluation-") as folder:
        home = open_home(settings.model_copy(update={"home": Path(folder), "database_url": ""}))
        transcripts = SqlTranscripts(home.engine)

        def managed(retriever: Retriever) -> ConversationManager:
            return build_manager(settings, transcripts, retriever, live, verifier, generator)

        from_library, from_evidence = managed(library), managed(evidence)

        def answer(question: AnswerQuestion) -> GivenAnswer:
            if question.passages is None:
                return _given(from_library, transcripts, question)
            evidence.give(question.passages)
            return _given(from_evidence, transcripts, question)

        try:
            yield answer
        finally:
            home.engine.dispose()


def _given(manager: ConversationManager, transcripts: SqlTranscripts, question: AnswerQuestion) -> GivenAnswer:
    from bot.answers import Outcome
    from bot.events import TurnEnded
    from bot.training.evaluate_answers import CitedPassage, GivenAnswer

    conversation = transcripts.open_conversation(channel="evaluation")
    earlier = [turn.text for turn in question.turns if turn.role in ("user", "customer")]
    ended = [
        event
        for event in manager.turn(conversation.conversation_id, question.question, earlier=earlier)
        if isinstance(event, TurnEnded)
    ][-1]
    milliseconds = ended.trace.milliseconds if ended.trace else {}
    answerable = ended.trace.answerable if ended.trace else None
    if ended.answer is None:
        return GivenAnswer("", Outcome.HANDED_OVER, (), milliseconds)
    cited = tuple(CitedPassage(one.marker, one.quote, one.passage_text) for one in ended.answer.citations)
    return GivenAnswer(ended.answer.text, ended.answer.outcome, cited, milliseconds, answerable)
