"""Who answers, and how."""

from __future__ import annotations

import pytest

from bot.intents import UNKNOWN, Intent, IntentPrediction, LeadsTo
from bot.messages import Conversation, Handler, HandoffReason
from bot.policy import (
    STEERING,
    STEERS,
    Decline,
    FetchPerson,
    GiveEntry,
    KeepSilent,
    Route,
    SayFixedWords,
    SearchKnowledge,
    can_answer,
    route,
)
from bot.protocols import Assessment, EvidenceSentence
from tests.fakes.transcripts import MemoryTranscripts

GREETING = Intent("greeting", LeadsTo.SMALL_TALK, {"en": "Greeting"}, {"en": ("hi",)}, {"en": "Hello!", "zh": "您好！"})
PERSON = Intent("person", LeadsTo.PERSON, {"en": "Person"}, {"en": ("human",)})
REFUND = Intent("refund", LeadsTo.KNOWLEDGE, {"en": "Refund"}, {"en": ("money back",)})
INTENTS = {intent.name: intent for intent in (GREETING, PERSON, REFUND)}


def a_conversation(handler: Handler = Handler.BOT) -> Conversation:
    transcripts = MemoryTranscripts()
    opened = transcripts.open_conversation(channel="test")
    if handler is Handler.BOT:
        return opened
    return transcripts.change_handler(opened.conversation_id, handler, reason=HandoffReason.BUTTON)


def routed(
    name: str = UNKNOWN,
    confidence: float = 0.9,
    *,
    handler: Handler = Handler.BOT,
    language: str = "en",
    asks_for_person: bool = False,
    has_entry: bool = False,
    steering: float | None = None,
) -> Route:
    return route(
        IntentPrediction(name, confidence),
        a_conversation(handler),
        INTENTS,
        language=language,
        asks_for_person=asks_for_person,
        has_entry=has_entry,
        steering=steering,
    )


@pytest.mark.parametrize("handler", [Handler.WAITING, Handler.OPERATOR, Handler.CLOSED])
def test_the_bot_keeps_silent_while_a_person_handles_the_conversation(handler: Handler) -> None:
    assert routed("greeting", handler=handler, asks_for_person=True) == KeepSilent()


def test_who_asks_for_a_person_gets_one_whatever_the_classifier_sees() -> None:
    assert routed("greeting", 1.0, asks_for_person=True) == FetchPerson(HandoffReason.ASKED)


def test_a_sure_wish_for_a_person_fetches_one_and_an_unsure_one_is_searched_for() -> None:
    assert routed("person", 0.9) == FetchPerson(HandoffReason.ASKED)
    assert routed("person", 0.3) == SearchKnowledge()


def test_small_talk_is_answered_in_the_customers_language() -> None:
    assert routed("greeting", language="zh") == SayFixedWords("您好！")
    assert routed("greeting", language="en") == SayFixedWords("Hello!")


def test_small_talk_in_a_language_without_words_takes_the_first_ones() -> None:
    assert routed("greeting", language="fr") == SayFixedWords("Hello!")


def test_unsure_small_talk_is_searched_for() -> None:
    assert routed("greeting", 0.4) == SearchKnowledge()


@pytest.mark.parametrize("name", ["refund", UNKNOWN, "an intent of an older list"])
def test_everything_else_is_a_question_about_the_documents(name: str) -> None:
    assert routed(name) == SearchKnowledge()


def test_who_wants_to_steer_the_bot_is_declined_from_the_threshold_on() -> None:
    assert routed("refund", steering=STEERING) == Decline(STEERS)
    assert routed("greeting", steering=0.99) == Decline(STEERS)
    assert routed("refund", steering=STEERING - 0.01) == SearchKnowledge()
    assert routed("refund", steering=None) == SearchKnowledge()


def test_a_person_and_an_editors_words_are_given_to_whoever_the_guard_suspects() -> None:
    assert routed("refund", steering=1.0, asks_for_person=True) == FetchPerson(HandoffReason.ASKED)
    assert routed("person", 0.9, steering=1.0) == FetchPerson(HandoffReason.ASKED)
    assert routed("refund", steering=1.0, has_entry=True) == GiveEntry()
    assert routed("refund", steering=1.0, handler=Handler.OPERATOR) == KeepSilent()


def test_an_answer_needs_the_threshold_and_a_sentence() -> None:
    sentence = EvidenceSentence(0, 0, 5, "Five.", 0.9)
    assert can_answer(Assessment(0.5, (sentence,)), threshold=0.5)
    assert not can_answer(Assessment(0.49, (sentence,)), threshold=0.5)
    assert not can_answer(Assessment(0.99, ()), threshold=0.5)
