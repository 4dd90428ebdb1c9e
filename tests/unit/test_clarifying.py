"""Asking back: when it is asked, and how the reply is understood."""

from __future__ import annotations

import pytest

from bot.answering.writing import AnswerWriter, WritingLimits
from bot.answers import Choice, Outcome
from bot.clarifying import is_short, picked_choice
from bot.events import AnswerCited, HandedToOperator, TurnEnded
from bot.intents import UNKNOWN, Intent, IntentPrediction, LeadsTo
from bot.manager import ConversationManager
from bot.messages import Handler, HandoffReason, Message
from bot.policy import AskWhich, SearchKnowledge, close_intents, is_upset, may_ask, route
from bot.protocols import fixed_intents
from bot.signals.values import Signals
from tests.fakes.frontdesk import TrustingVerifier
from tests.fakes.retriever import WordRetriever, a_passage
from tests.fakes.transcripts import MemoryTranscripts

PERSON = Intent("talk_to_person", LeadsTo.PERSON, {"en": "Talk to a person", "zh": "转人工"}, {"en": ("human",)})
HOURS = Intent("hours", LeadsTo.KNOWLEDGE, {"en": "Opening hours", "zh": "服务时间"}, {"en": ("open",)})
REFUND = Intent("refund", LeadsTo.KNOWLEDGE, {"en": "Refunds", "zh": "退款"}, {"en": ("money back",)})
INTENTS = {intent.name: intent for intent in (PERSON, HOURS, REFUND)}
CHOICES = (Choice("talk_to_person", "Talk to a person"), Choice("hours", "Opening hours"))
CHOICES_ZH = (Choice("talk_to_person", "转人工"), Choice("hours", "服务时间"))


def between(first: str, second: str, *, likely: float = 0.5, less: float = 0.4) -> IntentPrediction:
    return IntentPrediction(first, likely, ((first, likely), (second, less)))


class ByHeart:
    release = "by-heart"

    def __init__(self, **predictions: IntentPrediction) -> None:
        self._predictions = predictions

    def classify(self, text: str) -> IntentPrediction:
        return self._predictions.get(text, IntentPrediction(UNKNOWN, 0.9))


def a_desk(classifier: ByHeart, upset: frozenset[str] = frozenset()) -> tuple[ConversationManager, MemoryTranscripts]:
    def read(message: Message, language: str, answered: bool) -> Signals:
        return Signals(language, 0.95 if message.text in upset else 0.1)

    transcripts = MemoryTranscripts()
    verifier = TrustingVerifier()
    passages = a_passage("Our opening hours are 8 to 20. Refunds take five days.")
    manager = ConversationManager(
        transcripts=transcripts,
        retriever=WordRetriever(passages),
        live_intents=fixed_intents(classifier, tuple(INTENTS.values())),
        verifier=verifier,
        writer=AnswerWriter(None, verifier, WritingLimits(quote_sentences=1)),
        asks_for_person=lambda text: "human" in text,
        read_signals=read,
    )
    return manager, transcripts


def said(manager: ConversationManager, conversation_id: str, text: str) -> TurnEnded:
    ended = list(manager.turn(conversation_id, text))[-1]
    assert isinstance(ended, TurnEnded)
    return ended


@pytest.mark.parametrize(
    "text", ["1", "the first", "First one please", "1st", "option 1", "Talk to a person", "person"]
)
def test_a_reply_picks_the_first_choice(text: str) -> None:
    assert picked_choice(text, CHOICES) == CHOICES[0]


@pytest.mark.parametrize("text", ["2", "the second one", "number 2", "latter", "opening hours!", "the hours, thanks"])
def test_a_reply_picks_the_second_choice(text: str) -> None:
    assert picked_choice(text, CHOICES) == CHOICES[1]


@pytest.mark.parametrize(
    ("text", "place"), [("第一个", 0), ("1", 0), ("前者", 0), ("第2个", 1), ("服务时间吧", 1), ("后者", 1)]
)
def test_a_chinese_reply_picks_a_choice(text: str, place: int) -> None:
    assert picked_choice(text, CHOICES_ZH) == CHOICES_ZH[place]


@pytest.mark.parametrize(
    "text", ["neither", "not the hours", "both a person and the hours", "3", "都不是", "how much is it"]
)
def test_a_reply_that_picks_neither_or_both_picks_nothing(text: str) -> None:
    assert picked_choice(text, CHOICES) is None


def test_close_intents_that_lead_to_different_things_are_asked_about() -> None:
    conversation = MemoryTranscripts().open_conversation(channel="chat")

    def routed(prediction: IntentPrediction, *, free: bool = True) -> object:
        return route(prediction, conversation, INTENTS, language="en", asks_for_person=False, may_ask=free)

    assert routed(between("talk_to_person", "hours")) == AskWhich(("talk_to_person", "hours"))
    assert routed(between("hours", "talk_to_person")) == AskWhich(("hours", "talk_to_person"))
    assert routed(between("talk_to_person", "hours"), free=False) == SearchKnowledge()
    assert routed(between("hours", "refund")) == SearchKnowledge()


def test_only_two_likely_intents_without_a_third_are_close() -> None:
    assert close_intents(between("hours", "refund"), INTENTS) == ("hours", "refund")
    assert close_intents(between("hours", "refund", likely=0.7, less=0.3), INTENTS) is None
    assert close_intents(between("hours", "refund", likely=0.3, less=0.2), INTENTS) is None
    assert close_intents(between("hours", "gone"), INTENTS) is None
    assert close_intents(IntentPrediction(UNKNOWN, 0.9, (("hours", 0.5), ("refund", 0.4))), INTENTS) is None


def test_a_stateless_caller_is_never_asked_back() -> None:
    transcripts = MemoryTranscripts()
    assert may_ask(transcripts.open_conversation(channel="chat"), was_asked=False)
    assert not may_ask(transcripts.open_conversation(channel="chat"), was_asked=True)
    assert not may_ask(transcripts.open_conversation(channel="openai"), was_asked=False)


def test_the_picked_choice_is_what_was_meant() -> None:
    manager, transcripts = a_desk(ByHeart(staff=between("talk_to_person", "hours")))
    conversation = transcripts.open_conversation(channel="chat").conversation_id
    asked = said(manager, conversation, "staff")
    assert asked.answer is not None
    assert asked.answer.outcome is Outcome.CLARIFIED
    assert [choice.title for choice in asked.answer.choices] == ["Talk to a person", "Opening hours"]
    answered = said(manager, conversation, "2")
    assert answered.answer is not None
    assert "opening hours" in answered.answer.text
    assert answered.trace is not None
    assert answered.trace.intent == "hours"


def test_picking_a_person_fetches_one() -> None:
    manager, transcripts = a_desk(ByHeart(staff=between("talk_to_person", "hours")))
    conversation = transcripts.open_conversation(channel="chat").conversation_id
    said(manager, conversation, "staff")
    assert said(manager, conversation, "the first").handler is Handler.WAITING


def test_nobody_is_asked_twice_in_a_row() -> None:
    manager, transcripts = a_desk(ByHeart(staff=between("talk_to_person", "hours")))
    conversation = transcripts.open_conversation(channel="chat").conversation_id
    said(manager, conversation, "staff")
    again = said(manager, conversation, "staff")
    assert again.answer is not None
    assert again.answer.outcome is not Outcome.CLARIFIED


def test_a_topic_without_an_answer_is_asked_about_and_a_whole_question_is_not() -> None:
    close = between("hours", "refund")
    manager, transcripts = a_desk(ByHeart(**{"money": close, "what about all of my money then": close}))
    asked = said(manager, transcripts.open_conversation(channel="chat").conversation_id, "money")
    assert asked.answer is not None
    assert asked.answer.outcome is Outcome.CLARIFIED
    whole = said(
        manager, transcripts.open_conversation(channel="chat").conversation_id, "what about all of my money then"
    )
    assert whole.answer is not None
    assert whole.answer.outcome is Outcome.ABSTAINED


def test_a_message_is_short_by_its_words_or_characters() -> None:
    assert is_short("my refund")
    assert is_short("退款")
    assert not is_short("how do I get a refund")
    assert not is_short("怎么申请退款呢")


def test_two_upset_messages_in_a_row_fetch_a_person_and_one_does_not() -> None:
    manager, transcripts = a_desk(ByHeart(), upset=frozenset({"this is awful", "still awful"}))
    conversation = transcripts.open_conversation(channel="chat").conversation_id
    assert said(manager, conversation, "this is awful").handler is Handler.BOT
    events = list(manager.turn(conversation, "still awful"))
    assert HandedToOperator(HandoffReason.FRUSTRATION) in events
    assert any(isinstance(event, AnswerCited) and "sorry" in event.answer.text for event in events)


def test_a_calm_message_between_two_upset_ones_keeps_the_bot() -> None:
    manager, transcripts = a_desk(ByHeart(), upset=frozenset({"this is awful", "still awful"}))
    conversation = transcripts.open_conversation(channel="chat").conversation_id
    for text in ("this is awful", "what are the hours", "still awful"):
        assert said(manager, conversation, text).handler is Handler.BOT


def test_upset_is_who_is_strongly_frustrated_twice() -> None:
    assert is_upset([0.9, 0.85, 0.1])
    assert not is_upset([0.9])
    assert not is_upset([0.9, 0.5])


def test_nobody_is_asked_whether_a_message_is_a_greeting() -> None:
    greeting = Intent("greeting", LeadsTo.SMALL_TALK, {"en": "Greeting"}, {"en": ("hi",)}, {"en": "Hello!"})
    conversation = MemoryTranscripts().open_conversation(channel="chat")
    intents = {**INTENTS, "greeting": greeting}
    prediction = between("greeting", "talk_to_person")
    found = route(prediction, conversation, intents, language="en", asks_for_person=False, may_ask=True)
    assert found == SearchKnowledge()
