"""What people read, in both languages: messages, sources, traces, errors, uploads; and that nothing becomes markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from bot.answers import Answer, Citation, Outcome
from bot.errors import ConversationClosed, ConversationNotFound, GenerationFailed, MessageRefused
from bot.events import IntentRecognized, MessageAccepted, PassagesFound, TextAdded, TurnEvent
from bot.messages import Author, Conversation, Handler, HandoffReason, Message, MessageState
from bot.traces import DroppedSentence, Release, Trace, TracedPassage
from knowledge.errors import DocumentNotFound, DocumentRefused, IndexUnreadable
from knowledge.ingesting.job_ledger import IngestJob, JobState
from knowledge.passages import Refusal
from ui import markup, presenter
from ui.chat_page import ChatView, composer, live_answer, transcript
from ui.knowledge_pages.upload_progress import percent as percent_of
from ui.knowledge_pages.upload_progress import upload_view
from ui.presenter import Look, error_text, handler_banner, message_views, source_view, staff_views, text_parts
from ui.turns import TurnsUnderWay, Visitor
from ui.words import wording
from ui.words.explanations import trace_sentences
from ui.words.names import language_of_browser, percent, seconds

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script> [link](javascript:alert(3)) ![](http://x/y.png)'
CITATION = Citation(
    marker=1,
    document_id="d",
    title="Refunds",
    passage_id="p",
    quote="within 5 working days",
    heading="Refunds > How long",
    source="refunds.md",
    page=2,
    passage_text="We refund within 5 working days of arrival.",
)
TRACE = Trace(
    intent="refund_status",
    confidence=0.943,
    language="en",
    release=Release("smollm2", "intents-2", "similarity-1", 7, "2"),
    passages=(TracedPassage("p", "d", "Refunds", 0.9, 0.8, 0.7), TracedPassage("q", "e", "Returns", 0.5, 0.6, 0.2)),
    answerable=0.812,
    quoted=True,
    dropped=(DroppedSentence("Refunds are instant.", "no sentence to hold it against"),),
    milliseconds={"total": 1234.0, "first_token": 412.0},
)


def a_conversation(handler: Handler = Handler.BOT) -> Conversation:
    return Conversation("c1", handler, 1, "en", "chat", 0.0, 0.0, HandoffReason.BUTTON)


def a_question(text: str = "How long?", number: int = 1) -> Message:
    return Message(f"q{number}", "c1", Author.CUSTOMER, text, 100.0, client_message_id=f"client-{number}")


def an_answer(
    text: str = "Within 5 days. [1]",
    outcome: Outcome = Outcome.ANSWERED,
    state: MessageState = MessageState.COMPLETE,
    **changes: Any,
) -> Message:
    citations = (CITATION,) if outcome is Outcome.ANSWERED else ()
    answer = Answer(text, outcome, "en", citations)
    return Message("a1", "c1", Author.BOT, text, 101.0, state, reply_to="q1", answer=answer, trace=TRACE, **changes)


def shown(*messages: Message, handler: Handler = Handler.BOT, under_way: bool = False) -> tuple[Any, ...]:
    return message_views(messages, a_conversation(handler), "en", company="Sillgrove", under_way=under_way)


# --- messages


@LANGUAGES
def test_a_conversation_reads_as_before(language: str, snapshot: SnapshotAssertion) -> None:
    messages = [a_question(), an_answer(feedback="up"), a_question("And?", 2), an_answer("No idea", Outcome.ABSTAINED)]
    assert message_views(messages, a_conversation(), language, company="Sillgrove", under_way=False) == snapshot


@LANGUAGES
def test_operators_read_what_made_an_answer(language: str, snapshot: SnapshotAssertion) -> None:
    titles = {"refund_status": "退款进度" if language == "zh" else "Refund status"}
    assert staff_views([a_question(), an_answer()], language, titles)[1].trace == snapshot


def test_an_answer_without_text_cannot_be_rated() -> None:
    assert not shown(a_question(), an_answer("", state=MessageState.FAILED))[1].ratable


def test_an_abstention_offers_a_person_only_while_the_assistant_answers() -> None:
    abstained = an_answer("No idea", Outcome.ABSTAINED)
    assert shown(a_question(), abstained)[1].offers_person
    assert not shown(a_question(), abstained, handler=Handler.WAITING)[1].offers_person


def test_a_question_without_an_answer_can_be_asked_again_under_its_own_id() -> None:
    views = shown(a_question())
    assert views[-1].retry == presenter.Retry("How long?", "client-1")
    assert views[-1].note == wording.INTERRUPTED.en


def test_a_question_that_is_being_answered_is_not_missing_its_answer() -> None:
    assert len(shown(a_question(), under_way=True)) == 1


@pytest.mark.parametrize("handler", [Handler.WAITING, Handler.OPERATOR, Handler.CLOSED])
def test_a_question_to_a_person_is_not_missing_its_answer(handler: Handler) -> None:
    assert len(shown(a_question(), handler=handler)) == 1


def test_a_failed_answer_is_asked_again_under_the_same_id_and_an_interrupted_one_anew() -> None:
    failed = shown(a_question(), an_answer("", state=MessageState.FAILED))[-1]
    interrupted = shown(a_question(), an_answer("Within", state=MessageState.INTERRUPTED))[-1]
    assert (failed.retry, interrupted.retry) == (
        presenter.Retry("How long?", "client-1"),
        presenter.Retry("How long?", None),
    )


# --- texts and sources


def test_a_marker_that_cites_nothing_stays_text() -> None:
    assert text_parts("See [7].", frozenset({1})) == (presenter.TextPart("See [7]."),)


@settings(max_examples=80)
@given(st.text(alphabet="ab [1]。2\n", max_size=40))
def test_parts_of_a_text_lose_nothing_but_markers(text: str) -> None:
    assert "".join(part.text for part in text_parts(text)) == re.sub(r"\s?\[\d{1,3}\]", "", text)


def test_a_source_shows_the_quote_inside_its_passage() -> None:
    source = source_view(CITATION, "en")
    assert source.before + source.quote + source.after == CITATION.passage_text
    assert source.quote == CITATION.quote
    assert source.place == "Refunds › How long, page 2"


def test_a_quote_that_is_not_in_the_passage_is_shown_alone() -> None:
    source = source_view(Citation(1, "d", "Refunds", "p", "elsewhere", passage_text="something"), "en")
    assert (source.before, source.quote, source.after) == ("", "elsewhere", "")


# --- nothing becomes markup


def test_hostile_text_stays_text_wherever_it_comes_from() -> None:
    hostile = Citation(1, "d", HOSTILE, "p", HOSTILE, HOSTILE, HOSTILE, None, HOSTILE)
    answer = Answer(f"{HOSTILE} [1]", Outcome.ANSWERED, "en", (hostile,))
    messages = [
        a_question(HOSTILE),
        Message("a1", "c1", Author.BOT, answer.text, 1.0, answer=answer, trace=TRACE),
        Message("o1", "c1", Author.OPERATOR, HOSTILE, 1.0),
        Message("s1", "c1", Author.SYSTEM, HOSTILE, 1.0),
    ]
    view = ChatView("en", HOSTILE, HOSTILE, 100, "c1", messages=shown(*messages), suggestions=(HOSTILE,), draft=HOSTILE)
    pages = [
        transcript(view),
        transcript(ChatView("en", HOSTILE, HOSTILE, 100, suggestions=(HOSTILE,))),
        composer(view),
        live_answer(HOSTILE, HOSTILE, "en"),
    ]
    for page in pages:
        assert "<img" not in page
        assert "<script" not in page
        assert not re.search(r"<a [^>]*href=\"(?!#|/)", page)


def test_an_attribute_cannot_be_broken_out_of() -> None:
    assert markup.tag("p", title='"><b>') == '<p title="&quot;&gt;&lt;b&gt;"></p>'


# --- a turn while it runs


@LANGUAGES
def test_a_turn_says_what_it_does(language: str, snapshot: SnapshotAssertion) -> None:
    events: list[TurnEvent] = [
        MessageAccepted("c", "m", True),
        IntentRecognized("x", 1.0, "en"),
        PassagesFound((), 0.0),
        TextAdded("a"),
    ]
    assert [presenter.stage(event, language) for event in events] == snapshot


@LANGUAGES
def test_the_banner_says_who_answers(language: str, snapshot: SnapshotAssertion) -> None:
    assert {handler: handler_banner(a_conversation(handler), language) for handler in Handler} == snapshot


# --- traces


@LANGUAGES
def test_a_trace_reads_in_plain_words(language: str, snapshot: SnapshotAssertion) -> None:
    assert trace_sentences(TRACE, (CITATION,), language, {}) == snapshot


@LANGUAGES
def test_small_talk_and_failures_have_traces_too(language: str, snapshot: SnapshotAssertion) -> None:
    release = TRACE.release
    assert [
        trace_sentences(Trace("unknown", 0.3, "en", release), (), language, {}),
        trace_sentences(Trace("x", 0.9, "en", release, answerable=0.0, error="GenerationFailed"), (), language, {}),
    ] == snapshot


def test_numbers_are_written_for_people() -> None:
    assert (percent(0.943), seconds(1234, "en"), seconds(45, "zh")) == ("94\u00a0%", "1.2 s", "0.04 秒")


# --- errors


@LANGUAGES
def test_errors_become_friendly_sentences(language: str, snapshot: SnapshotAssertion) -> None:
    errors: list[Exception] = [
        MessageRefused("message_empty", "internal"),
        MessageRefused("message_too_long", "internal"),
        ConversationNotFound("internal"),
        ConversationClosed("internal"),
        GenerationFailed("internal"),
        DocumentRefused("plan.pdf", "it is password-protected; upload an unlocked copy"),
        DocumentNotFound("internal"),
        IndexUnreadable("internal"),
        ValueError("internal"),
    ]
    sentences = [error_text(error, language, limit=4000) for error in errors]
    assert not any("internal" in sentence for sentence in sentences)
    assert sentences == snapshot


# --- uploads


def a_job(state: JobState, stage: str = "", done: int = 0, total: int = 0, **changes: Any) -> IngestJob:
    counts = {"added": 0, "updated": 0, "unchanged": 0, "removed": 0, "refused": (), **changes}
    return IngestJob("j", "plan.pdf", "", state, stage, "", done, total, created_at=0.0, heartbeat_at=0.0, **counts)


@LANGUAGES
def test_uploads_say_how_far_they_are_and_how_they_ended(language: str, snapshot: SnapshotAssertion) -> None:
    refused = (Refusal("plan.pdf", "it is password-protected; upload an unlocked copy"),)
    jobs = [
        a_job(JobState.QUEUED),
        a_job(JobState.RUNNING, "reading", 0, 1),
        a_job(JobState.RUNNING, "embedding", 12, 40),
        a_job(JobState.RUNNING, "saving", 1, 1),
        a_job(JobState.DONE, added=1),
        a_job(JobState.DONE, unchanged=1),
        a_job(JobState.DONE, added=3, updated=1, refused=refused),
        a_job(JobState.REFUSED, refused=refused),
        a_job(JobState.CANCELLED),
    ]
    assert [upload_view(job, language) for job in jobs] == snapshot


def test_the_progress_of_one_document_never_runs_backwards() -> None:
    steps = [("reading", 0, 1), ("embedding", 0, 9), ("embedding", 5, 9), ("embedding", 9, 9), ("saving", 1, 1)]
    shares = [percent_of(a_job(JobState.RUNNING, *step)) for step in steps]
    assert shares == sorted(shares)
    assert all(0 < share <= 100 for share in shares)


# --- languages and texts


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("fr,zh;q=0.4,en;q=0.6", "en"),
        ("de", "en"),
        ("", "en"),
        (";;,=;q=x", "en"),
    ],
)
def test_the_page_speaks_the_browsers_language(header: str, language: str) -> None:
    assert language_of_browser(header) == language


def texts() -> dict[str, wording.Text]:
    return {name: value for name, value in vars(wording).items() if isinstance(value, wording.Text)}


def test_every_text_has_the_same_gaps_in_both_languages() -> None:
    uneven = {
        name
        for name, text in texts().items()
        if sorted(re.findall(r"{(\w+)}", text.en)) != sorted(re.findall(r"{(\w+)}", text.zh))
    }
    assert uneven == set()


def test_every_chinese_text_is_chinese_and_every_text_is_used() -> None:
    package = Path(wording.__file__).parents[1]
    sources = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    assert {
        name
        for name, text in texts().items()
        if re.search(
            r"[A-Za-z]{3}",
            re.sub(r"{\w+}|PDF|Word|Markdown|HTML|CSV|JSON Lines|ZIP|OpenAI|frontdesk[a-z ]*", "", text.zh),
        )
    } == set()
    assert {name for name in texts() if f"wording.{name}" not in sources} == set()


# --- turns under way


def test_turns_beyond_the_limit_are_refused_until_one_ends() -> None:
    turns = TurnsUnderWay(limit=1)
    first = turns.begin(Visitor(None, "en"))
    assert first is not None
    assert turns.begin(Visitor(None, "en")) is None
    turns.end(first)
    assert turns.begin(Visitor(None, "en")) is not None


def test_a_turn_is_found_by_its_conversation_and_stopped() -> None:
    turns = TurnsUnderWay(limit=2)
    turn = turns.begin(Visitor(None, "en"))
    assert turn is not None
    turns.enter(turn, "c1")
    assert turns.of("c1") is turn
    assert turns.of("c2") is None
    assert turns.of(None) is None
    turn.stop()
    assert turn.is_stopped()
    assert turn.visitor == Visitor("c1", "en")


def test_looks_cover_every_kind_of_message() -> None:
    looks = {view.look for view in shown(a_question(), an_answer(), an_answer("?", Outcome.ABSTAINED))}
    assert looks == {Look.CUSTOMER, Look.ANSWER, Look.ABSTAINED}
