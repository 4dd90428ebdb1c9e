"""The one place that decides who answers, and how. Pure: no model, no database, no clock."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from bot.clarifying import is_short
from bot.intents import UNKNOWN, Intent, IntentPrediction, LeadsTo
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


@dataclass(frozen=True, slots=True)
class AskWhich:
    """Two intents are about as likely, and they lead to different things."""

    intents: tuple[str, str]  # names, likeliest first


@dataclass(frozen=True, slots=True)
class GiveEntry:
    """An editor has written what is to be said to this question."""


@dataclass(frozen=True, slots=True)
class Decline:
    """The message wants to steer the bot instead of asking it; `reason` stands in the trace."""

    reason: str


Route = KeepSilent | FetchPerson | SayFixedWords | SearchKnowledge | AskWhich | GiveEntry | Decline

SMALL_TALK_CONFIDENCE = 0.8  # below it a message is rather searched for: a wrong greeting helps nobody
PERSON_CONFIDENCE = 0.6  # a wish for a person must not be missed, but a handed-over question is not answered

# Two intents are close where neither is twice as likely and no third has a say. `evaluate intents --report` says how
# often that is, and how often it is one of the two.
CLOSE_MARGIN = 0.25  # between the two
CLOSE_TOGETHER = 0.75  # of the two together

# Strong frustration in so many messages one after the other fetches a person. One angry sentence does not: the answer
# to it may help. The threshold is the frustration head's own, see bot/signals/frustration.md.
FRUSTRATED = 0.8
FRUSTRATED_IN_A_ROW = 2

# From here the guard counts a message as an attack. The head is shifted so that fewer than one ordinary message in a
# hundred reaches it, see bot/guarding/guard.md.
STEERING = 0.5
STEERS = "steers_the_bot"

_WITHOUT_REPLIES = frozenset({"openai"})


def route(  # noqa: PLR0913 - what there is to decide on
    prediction: IntentPrediction,
    conversation: Conversation,
    intents: Mapping[str, Intent],
    *,
    language: str,
    asks_for_person: bool,
    frustrations: Sequence[float] = (),
    may_ask: bool = False,
    has_entry: bool = False,
    steering: float | None = None,
) -> Route:
    """Who answers this message.

    `asks_for_person` is the keyword rule's word: it holds even where the classifier sees something else.
    `frustrations` are of this message and the customer's messages right before it, the latest first. `may_ask`: the
    customer was not asked back just now, and a reply to a question can come back to us. `steering` is the guard's
    score. A wish for a person and an editor's own words go before it: neither can be steered, and a customer who is
    wrongly taken for an attacker still gets both.
    """
    if conversation.handler is not Handler.BOT:
        return KeepSilent()
    if asks_for_person or is_upset(frustrations):
        return FetchPerson(HandoffReason.ASKED if asks_for_person else HandoffReason.FRUSTRATION)
    by_intent = _by_intent(prediction, intents, language)
    if has_entry and not isinstance(by_intent, FetchPerson):
        return GiveEntry()
    if steering is not None and steering >= STEERING and not isinstance(by_intent, FetchPerson):
        return Decline(STEERS)
    close = close_intents(prediction, _asked_about(intents)) if may_ask and by_intent == SearchKnowledge() else None
    if close is not None and intents[close[0]].leads_to is not intents[close[1]].leads_to:
        return AskWhich(close)
    return by_intent


def _by_intent(
    prediction: IntentPrediction, intents: Mapping[str, Intent], language: str
) -> FetchPerson | SayFixedWords | SearchKnowledge:
    intent = intents.get(prediction.name)
    if intent is None:
        return SearchKnowledge()
    if intent.leads_to is LeadsTo.PERSON and prediction.confidence >= PERSON_CONFIDENCE:
        return FetchPerson(HandoffReason.ASKED)
    if intent.leads_to is LeadsTo.SMALL_TALK and prediction.confidence >= SMALL_TALK_CONFIDENCE:
        words = intent.reply.get(language) or next(iter(intent.reply.values()))
        return SayFixedWords(words)
    return SearchKnowledge()


def may_ask(conversation: Conversation, *, was_asked: bool) -> bool:
    """Never twice in a row, and only where the reply comes back to this conversation: stateless callers have none."""
    return not was_asked and conversation.channel not in _WITHOUT_REPLIES


def ask_instead_of_abstaining(
    text: str, prediction: IntentPrediction, intents: Mapping[str, Intent], *, may_ask: bool
) -> AskWhich | None:
    """For a message whose search found no answer: the question to ask back, where it was too short to search with."""
    close = close_intents(prediction, _asked_about(intents)) if may_ask and is_short(text) else None
    return AskWhich(close) if close is not None else None


def _asked_about(intents: Mapping[str, Intent]) -> frozenset[str]:
    """What can be offered as a choice: nobody is asked whether a message is a greeting."""
    return frozenset(name for name, intent in intents.items() if intent.leads_to is not LeadsTo.SMALL_TALK)


def close_intents(prediction: IntentPrediction, intents: Container[str]) -> tuple[str, str] | None:
    """The two likeliest intents where they are about as likely, and the message is about one of them."""
    if prediction.name == UNKNOWN or len(prediction.alternatives) < 2:
        return None
    (first, likely), (second, less) = prediction.alternatives[:2]
    if likely - less > CLOSE_MARGIN or likely + less < CLOSE_TOGETHER or first not in intents or second not in intents:
        return None
    return first, second


def is_upset(frustrations: Sequence[float]) -> bool:
    """Whether the latest messages, one after the other, are strongly frustrated. The latest comes first."""
    latest = frustrations[:FRUSTRATED_IN_A_ROW]
    return len(latest) == FRUSTRATED_IN_A_ROW and min(latest) >= FRUSTRATED


def can_answer(assessment: Assessment, *, threshold: float) -> bool:
    """Whether the passages found are good enough to answer from."""
    return bool(assessment.sentences) and assessment.answerable >= threshold
