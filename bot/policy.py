"""The one place that decides who answers, and how. Pure: no model, no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.intents import Intent, IntentPrediction, LeadsTo
from bot.messages import Conversation, Handler, HandoffReason
from bot.protocols import Assessment


@dataclass(frozen=True, slots=True)
class KeepSilent:
    """A person handles the conversation; the bot writes nothing."""


@dataclass(frozen=True, slots=True)
class FetchPerson:
    reason: HandoffReason


@dataclass(frozen=True, slots=True)
class SayFixedWords:
    """Small talk: the company's own words."""

    text: str


@dataclass(frozen=True, slots=True)
class SearchKnowledge:
    """Everything else is a question about the company's documents."""


Route = KeepSilent | FetchPerson | SayFixedWords | SearchKnowledge

SMALL_TALK_CONFIDENCE = 0.8  # below it a message is rather searched for: a wrong greeting helps nobody
PERSON_CONFIDENCE = 0.6  # a wish for a person must not be missed, but a handed-over question is not answered


def route(
    prediction: IntentPrediction,
    conversation: Conversation,
    intents: Mapping[str, Intent],
    *,
    language: str,
    asks_for_person: bool,
) -> Route:
    """Who answers this message.

    `asks_for_person` is the keyword rule's word: it holds even where the classifier sees something else.
    """
    if conversation.handler is not Handler.BOT:
        return KeepSilent()
    if asks_for_person:
        return FetchPerson(HandoffReason.ASKED)
    intent = intents.get(prediction.name)
    if intent is None:
        return SearchKnowledge()
    if intent.leads_to is LeadsTo.PERSON and prediction.confidence >= PERSON_CONFIDENCE:
        return FetchPerson(HandoffReason.ASKED)
    if intent.leads_to is LeadsTo.SMALL_TALK and prediction.confidence >= SMALL_TALK_CONFIDENCE:
        words = intent.reply.get(language) or next(iter(intent.reply.values()))
        return SayFixedWords(words)
    return SearchKnowledge()


def can_answer(assessment: Assessment, *, threshold: float) -> bool:
    """Whether the passages found are good enough to answer from."""
    return bool(assessment.sentences) and assessment.answerable >= threshold
