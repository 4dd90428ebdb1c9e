"""The straight line of one message, with fakes for every part."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from bot.answering.writing import AnswerWriter, WritingLimits
from bot.answers import Outcome
from bot.errors import ConversationClosed, GenerationFailed, MessageRefused
from bot.events import AnswerCited, HandedToOperator, MessageAccepted, TextAdded, TurnEnded, TurnEvent
from bot.generators.scripted import ScriptedGenerator
from bot.intents import UNKNOWN, Intent, IntentPrediction, LeadsTo
from bot.manager import ConversationManager, TurnLimits, never
from bot.messages import Author, Handler, Message, MessageState
from bot.prompt import Prompt
from bot.protocols import Assessment, EvidenceSentence, fixed_intents
from knowledge.passages import ScoredPassage
from knowledge.sentences import split_sentences
from tests.fakes.retriever import WordRetriever, a_passage
from tests.fakes.transcripts import MemoryTranscripts

REFUNDS = a_passage("You can return an unopened kit within 30 days of delivery. Opened pods cannot be returned.")
GREETING = Intent("greeting", LeadsTo.SMALL_TALK, {"en": "Greeting"}, {"en": ("hi",)}, {"en": "Hello!", "zh": "您好！"})
PERSON = Intent("talk_to_person", LeadsTo.PERSON, {"en": "Person"}, {"en": ("human",)})


class ScriptedClassifier:
    release = "scripted-classifier"

    def __init__(self, predictions: dict[str, IntentPrediction] | None = None) -> None:
        self._predictions = predictions or {}

    def classify(self, text: str) -> IntentPrediction:
        return self._predictions.get(text, IntentPrediction(UNKNOWN, 0.0))


class TrustingVerifier:
    """Every sentence of every passage is evidence, in order; everything is supported."""

    release = "trusting"

    def __init__(self, answerable: float = 0.9) -> None:
        self._answerable = answerable
        self.questions: list[str] = []

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        self.questions.append(question)
        sentences = tuple(
            EvidenceSentence(number, span.start, span.end, found.passage.text[span.start : span.end], 0.9 - number / 10)
            for number, found in enumerate(passages)
            for span in split_sentences(found.passage.text)
        )
        return Assessment(self._answerable if sentences else 0.0, sentences)

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        return [1.0 for _ in sentences]


def a_desk(
    *,
    replies: Sequence[str | GenerationFailed] = (),
    verifier: TrustingVerifier | None = None,
    predictions: dict[str, IntentPrediction] | None = None,
    retriever: WordRetriever | None = None,
) -> tuple[ConversationManager, MemoryTranscripts]:
    transcripts = MemoryTranscripts()
    verifier = verifier or TrustingVerifier()
    generator = ScriptedGenerator(replies) if replies else None
    manager = ConversationManager(
        transcripts=transcripts,
        retriever=retriever or WordRetriever(REFUNDS),
        live_intents=fixed_intents(ScriptedClassifier(predictions), (GREETING, PERSON)),
        verifier=verifier,
        writer=AnswerWriter(generator, verifier, WritingLimits(quote_sentences=1)),
        asks_for_person=lambda text: "human" in text,
        limits=TurnLimits(max_message_characters=200),
    )
    return manager, transcripts


def ask(manager: ConversationManager, transcripts: MemoryTranscripts, text: str) -> list[TurnEvent]:
    conversation = transcripts.open_conversation(channel="test")
    return list(manager.turn(conversation.conversation_id, text))


def the_end(events: Sequence[TurnEvent]) -> TurnEnded:
    ended = [event for event in events if isinstance(event, TurnEnded)]
    assert ended == [events[-1]], "exactly one TurnEnded, and it comes last"
    return ended[0]


def test_an_answer_is_streamed_cited_and_stored() -> None:
    manager, transcripts = a_desk(replies=["You can return an unopened kit within 30 days of delivery."])
    events = ask(manager, transcripts, "Can I return a kit?")
    ended = the_end(events)
    assert ended.answer is not None
    assert ended.answer.text == "You can return an unopened kit within 30 days of delivery. [1]"
    assert ended.answer.citations[0].quote == "You can return an unopened kit within 30 days of delivery."
    assert "".join(event.text for event in events if isinstance(event, TextAdded)) == ended.answer.text
    stored = transcripts.messages(ended.conversation_id)
    assert [message.author for message in stored] == [Author.CUSTOMER, Author.BOT]
    assert stored[1].answer == ended.answer
    assert stored[1].trace is not None
    assert stored[1].trace.release.index == 7


def test_a_sentence_without_support_is_not_shown_and_its_reason_is_kept() -> None:
    manager, transcripts = a_desk(
        replies=["Opened pods cannot be returned. You can return an unopened kit within 90 days of delivery."]
    )
    ended = the_end(ask(manager, transcripts, "Can I return a kit?"))
    assert ended.answer is not None
    assert "90" not in ended.answer.text
    assert ended.answer.text == "Opened pods cannot be returned. [1]"
    assert ended.trace is not None
    assert "90" in ended.trace.dropped[0].reason


def test_the_best_sentence_is_quoted_where_nothing_generated_holds() -> None:
    manager, transcripts = a_desk(replies=["Our phone number is 555 0100."])
    ended = the_end(ask(manager, transcripts, "Can I return a kit?"))
    assert ended.answer is not None
    assert ended.answer.text == "You can return an unopened kit within 30 days of delivery. [1]"
    assert ended.trace is not None
    assert ended.trace.quoted


def test_a_question_that_the_passages_do_not_answer_gets_fixed_words() -> None:
    manager, transcripts = a_desk(verifier=TrustingVerifier(answerable=0.2))
    ended = the_end(ask(manager, transcripts, "Who is your chief executive?"))
    assert ended.answer is not None
    assert ended.answer.outcome is Outcome.ABSTAINED
    assert ended.answer.citations == ()


def test_a_wish_for_a_person_hands_over_and_silences_the_bot() -> None:
    manager, transcripts = a_desk()
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    events = list(manager.turn(conversation_id, "a human please"))
    assert any(isinstance(event, HandedToOperator) for event in events)
    assert the_end(events).handler is Handler.WAITING
    silent = the_end(list(manager.turn(conversation_id, "hello?")))
    assert silent.answer is None
    assert [message.author for message in transcripts.messages(conversation_id)].count(Author.BOT) == 1


def test_small_talk_gets_the_companys_words_in_the_customers_language() -> None:
    prediction = IntentPrediction("greeting", 0.95)
    manager, transcripts = a_desk(predictions={"你好": prediction, "hi": prediction})
    chinese, english = the_end(ask(manager, transcripts, "你好")), the_end(ask(manager, transcripts, "hi"))
    assert chinese.answer is not None
    assert english.answer is not None
    assert (chinese.answer.text, english.answer.text) == ("您好！", "Hello!")
    assert english.answer.outcome is Outcome.SMALL_TALK


def test_the_same_client_message_id_is_one_message_with_one_answer() -> None:
    manager, transcripts = a_desk()
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    first = the_end(list(manager.turn(conversation_id, "Can I return a kit?", "m1")))
    again = list(manager.turn(conversation_id, "Can I return a kit?", "m1"))
    assert isinstance(again[0], MessageAccepted)
    assert not again[0].is_new
    assert the_end(again).message_id == first.message_id
    assert len(transcripts.messages(conversation_id)) == 2


def test_leaving_mid_reply_still_records_what_was_shown() -> None:
    manager, transcripts = a_desk(
        replies=["You can return an unopened kit within 30 days of delivery. Opened pods cannot be returned."]
    )
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    turn = manager.turn(conversation_id, "Can I return a kit?")
    shown = next(event for event in turn if isinstance(event, TextAdded))
    turn.close()
    answer = transcripts.messages(conversation_id)[1]
    assert answer.state is MessageState.INTERRUPTED
    assert answer.text == shown.text


class ForgetfulRetriever(WordRetriever):
    """Fails the first time it is asked."""

    def search(self, query: str, *, limit: int, earlier: str = "") -> Sequence[ScoredPassage]:
        found = super().search(query, limit=limit, earlier=earlier)
        if len(self.asked) == 1:
            raise OSError("the disk does not answer")
        return found


def test_a_turn_that_breaks_ends_as_failed_and_a_retry_answers() -> None:
    manager, transcripts = a_desk(replies=["Opened pods cannot be returned."], retriever=ForgetfulRetriever(REFUNDS))
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    failed = the_end(list(manager.turn(conversation_id, "Can I return pods?", "m1")))
    assert failed.state is MessageState.FAILED
    retried = the_end(list(manager.turn(conversation_id, "Can I return pods?", "m1")))
    assert retried.state is MessageState.COMPLETE
    assert retried.answer is not None
    assert retried.answer.text == "Opened pods cannot be returned. [1]"


def test_a_generator_that_breaks_off_leaves_a_quotation() -> None:
    manager, transcripts = a_desk(replies=[GenerationFailed("out of memory")])
    ended = the_end(ask(manager, transcripts, "Can I return a kit?"))
    assert ended.state is MessageState.COMPLETE
    assert ended.trace is not None
    assert ended.trace.quoted


def test_a_retried_question_does_not_lean_on_one_asked_after_it() -> None:
    retriever = ForgetfulRetriever(REFUNDS)
    manager, transcripts = a_desk(retriever=retriever)
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    list(manager.turn(conversation_id, "and opened pods?", "m1"))
    list(manager.turn(conversation_id, "Can I return an unopened kit?", "m2"))
    list(manager.turn(conversation_id, "and opened pods?", "m1"))
    assert retriever.asked[-1] == ("and opened pods?", "")


def test_an_operator_who_takes_over_mid_answer_has_the_last_word() -> None:
    manager, transcripts = a_desk(replies=["Opened pods cannot be returned."])
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    events: list[TurnEvent] = []
    for event in manager.turn(conversation_id, "Can I return pods?"):
        events.append(event)
        if isinstance(event, AnswerCited):
            manager.operator_reply(conversation_id, "I will look into it.")
    ended = the_end(events)
    assert ended.answer is None
    assert ended.handler is Handler.OPERATOR
    assert [m.author for m in transcripts.messages(conversation_id)] == [Author.CUSTOMER, Author.OPERATOR]


def test_a_follow_up_is_understood_from_the_question_before() -> None:
    verifier, retriever = TrustingVerifier(), WordRetriever(REFUNDS)
    manager, transcripts = a_desk(verifier=verifier, retriever=retriever)
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    list(manager.turn(conversation_id, "Can I return an unopened kit?"))
    list(manager.turn(conversation_id, "and opened pods?"))
    assert retriever.asked[1] == ("and opened pods?", "Can I return an unopened kit?")
    assert verifier.questions[1] == "Can I return an unopened kit? and opened pods?"


@pytest.mark.parametrize("text", ["", "   \n", "x" * 201])
def test_an_empty_or_endless_message_is_refused_and_nothing_is_stored(text: str) -> None:
    manager, transcripts = a_desk()
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    with pytest.raises(MessageRefused):
        next(iter(manager.turn(conversation_id, text)))
    assert transcripts.messages(conversation_id) == []


def test_a_closed_conversation_takes_no_more_messages() -> None:
    manager, transcripts = a_desk()
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    manager.close(conversation_id)
    with pytest.raises(ConversationClosed):
        next(iter(manager.turn(conversation_id, "Can I return a kit?")))


class PausingGenerator:
    """Waits in the middle of its first reply until it is let go."""

    release = "pausing"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(self, prompt: Prompt, *, max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        self.began.set()
        assert self.go_on.wait(10)
        yield "Opened pods cannot be returned."


def test_a_second_message_waits_until_the_first_is_answered() -> None:
    transcripts, verifier, generator = MemoryTranscripts(), TrustingVerifier(), PausingGenerator()
    manager = ConversationManager(
        transcripts=transcripts,
        retriever=WordRetriever(REFUNDS),
        live_intents=fixed_intents(ScriptedClassifier(), ()),
        verifier=verifier,
        writer=AnswerWriter(generator, verifier),
        asks_for_person=lambda _: False,
    )
    conversation_id = transcripts.open_conversation(channel="test").conversation_id
    first = threading.Thread(target=lambda: list(manager.turn(conversation_id, "Can I return pods?")))
    first.start()
    assert generator.began.wait(10)
    second_turn = manager.turn(conversation_id, "Can I return a kit?")
    assert isinstance(next(iter(second_turn)), MessageAccepted), "it is stored before its turn comes"
    second = threading.Thread(target=lambda: list(second_turn))
    second.start()
    generator.go_on.set()
    first.join(10)
    second.join(10)
    messages: Sequence[Message] = transcripts.messages(conversation_id)
    questions = [message for message in messages if message.author is Author.CUSTOMER]
    answers = [message for message in messages if message.author is Author.BOT]
    assert [answer.reply_to for answer in answers] == [question.message_id for question in questions]


def test_two_customers_are_answered_at_the_same_time_and_apart() -> None:
    manager, transcripts = a_desk()
    one, other = (transcripts.open_conversation(channel="test").conversation_id for _ in range(2))
    turn = manager.turn(one, "Can I return a kit?")
    next(iter(turn))
    assert the_end(list(manager.turn(other, "Can I return pods?"))).conversation_id == other
    list(turn)
    assert {message.conversation_id for message in transcripts.messages(one)} == {one}


def test_a_turn_that_nobody_stops_is_never_stopped() -> None:
    assert never() is False
