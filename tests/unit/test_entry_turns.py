"""Entries in a turn: whose words win, and over what."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answering.entry_matching import EntryMatcher
from bot.answering.writing import AnswerWriter
from bot.answers import Outcome
from bot.events import PassagesFound, TextAdded, TurnEvent
from bot.intents import IntentPrediction
from bot.manager import ConversationManager
from bot.messages import Author, Handler
from bot.protocols import fixed_intents
from knowledge.entries.entry_values import Entry
from knowledge.passages import Passage, ScoredPassage
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.entries import FakeBook, an_entry
from tests.fakes.retriever import WordRetriever, a_passage
from tests.fakes.transcripts import MemoryTranscripts
from tests.unit.test_manager import GREETING, PERSON, REFUNDS, ScriptedClassifier, TrustingVerifier, ask, the_end

ANSWER = "Yes, **always** on <i>Sundays</i>.\nBy e-mail."
SUNDAYS = an_entry(
    "e1",
    {"en": ("Are you open on Sunday?", "Is the desk staffed at the weekend?"), "zh": ("你们周日上班吗？",)},
    {"en": ANSWER},
    link="https://sillgrove.example/hours",
)


def a_desk(
    *entries: Entry,
    passages: Sequence[Passage] = (REFUNDS,),
    predictions: dict[str, IntentPrediction] | None = None,
) -> tuple[ConversationManager, MemoryTranscripts]:
    transcripts, verifier, embedder = MemoryTranscripts(), TrustingVerifier(), FakeEmbedder()
    manager = ConversationManager(
        transcripts=transcripts,
        retriever=WordRetriever(*passages),
        live_intents=fixed_intents(ScriptedClassifier(predictions), (GREETING, PERSON)),
        verifier=verifier,
        writer=AnswerWriter(None, verifier),
        asks_for_person=lambda text: "human" in text,
        entries=EntryMatcher(FakeBook(embedder, *entries), embedder, thresholds={"en": 0.75, "zh": 0.75}),
    )
    return manager, transcripts


def texts(events: Sequence[TurnEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextAdded))


def test_an_entry_is_given_word_for_word_and_named_as_the_source() -> None:
    manager, transcripts = a_desk(SUNDAYS)
    events = ask(manager, transcripts, "are you open on SUNDAY")
    ended = the_end(events)
    assert ended.answer is not None
    assert ended.answer.text == texts(events) == f"{ANSWER} [1]"
    assert ended.answer.plain_text == ANSWER
    assert ended.answer.outcome is Outcome.ANSWERED
    (citation,) = ended.answer.citations
    assert (citation.document_id, citation.title, citation.quote) == ("entry-e1-en", "Are you open on Sunday?", ANSWER)
    assert citation.source == "https://sillgrove.example/hours"
    assert ended.trace is not None
    assert ended.trace.entry is not None
    assert (ended.trace.entry.entry_id, ended.trace.entry.editor, ended.trace.entry.version) == ("e1", "edda", 1)
    stored = transcripts.messages(ended.conversation_id)[1]
    assert (stored.author, stored.trace) == (Author.BOT, ended.trace)
    assert any(isinstance(event, PassagesFound) for event in events)


def test_an_answer_that_holds_a_marker_of_its_own_keeps_it() -> None:
    manager, transcripts = a_desk(an_entry("e1", {"en": ("Which norm is met?",)}, {"en": "See [1] of the norm."}))
    ended = the_end(ask(manager, transcripts, "Which norm is met?"))
    assert ended.answer is not None
    assert ended.answer.text == "See [1] of the norm. [2]"
    assert ended.answer.citations[0].marker == 2


def test_an_entry_is_not_given_to_a_question_that_only_looks_like_it() -> None:
    manager, transcripts = a_desk(SUNDAYS)
    ended = the_end(ask(manager, transcripts, "Are you open on Monday?"))
    assert ended.answer is not None
    assert ANSWER not in ended.answer.text
    assert ended.trace is not None
    assert ended.trace.entry is None


def test_the_passage_of_a_lookalike_is_no_evidence_either() -> None:
    shelf = a_passage(ANSWER, title="Are you open on Sunday?")
    twin = Passage("entry-e1-en:0", "entry-e1-en", shelf.title, "entry:e1/en", "", ANSWER, 0, len(ANSWER), "en")
    near = an_entry("e1", {"en": ("Are you open on Sunday at the desk in the large shop downtown?",)}, {"en": ANSWER})
    manager, transcripts = a_desk(near, passages=(twin,))
    ended = the_end(ask(manager, transcripts, "Are you open on Monday at the desk in the large shop downtown?"))
    assert ended.answer is not None
    assert ended.answer.outcome is Outcome.ABSTAINED


def test_an_entry_that_the_search_finds_is_given_whole() -> None:
    twin = Passage("entry-e1-en:0", "entry-e1-en", "Opening hours", "entry:e1/en", "", ANSWER, 0, len(ANSWER), "en")
    manager, transcripts = a_desk(SUNDAYS, passages=(twin,))
    ended = the_end(ask(manager, transcripts, "would somebody read my letter sent by e-mail on sundays"))
    assert ended.answer is not None
    assert ended.answer.text == f"{ANSWER} [1]"
    assert ended.trace is not None
    assert ended.trace.entry is not None


def test_without_an_answer_in_the_customers_language_the_question_goes_its_usual_way() -> None:
    manager, transcripts = a_desk(SUNDAYS)
    ended = the_end(ask(manager, transcripts, "你们周日上班吗？"))
    assert ended.answer is not None
    assert ended.answer.outcome is Outcome.ABSTAINED


def test_a_wish_for_a_person_wins_over_an_entry() -> None:
    entry = an_entry("e1", {"en": ("Can a human call me?",)}, {"en": "No."})
    manager, transcripts = a_desk(entry)
    assert the_end(ask(manager, transcripts, "Can a human call me?")).handler is Handler.WAITING


def test_an_entry_wins_over_small_talk() -> None:
    prediction = IntentPrediction("greeting", 0.95)
    manager, transcripts = a_desk(
        an_entry("e1", {"en": ("hi there",)}, {"en": "Welcome!"}), predictions={"hi there": prediction}
    )
    ended = the_end(ask(manager, transcripts, "hi there"))
    assert ended.answer is not None
    assert ended.answer.text == "Welcome! [1]"


def test_every_entry_named_near_says_what_tells_it_apart() -> None:
    embedder = FakeEmbedder()
    matcher = EntryMatcher(FakeBook(embedder, SUNDAYS), embedder, thresholds={"en": 0.75, "zh": 0.75})
    near = matcher.judge("Are you open on Monday?", "en").nearest[0]
    assert (near.wins, str(near.difference), near.threshold) == (False, "word", 0.75)
    assert matcher.judge("Are you open on Sunday?", "en").nearest[0].similarity == 1.0


def test_a_passage_score_of_an_entry_stays_within_bounds() -> None:
    manager, transcripts = a_desk(SUNDAYS)
    found = [
        event for event in ask(manager, transcripts, "Are you open on Sunday?") if isinstance(event, PassagesFound)
    ]
    scored: ScoredPassage = found[0].passages[0]
    assert 0 <= scored.dense <= 1
    assert found[0].answerable == 1.0
