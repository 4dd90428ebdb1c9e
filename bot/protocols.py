"""The replaceable parts of a conversation. Each has one contract suite in tests/contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.answers import Answer
from bot.intents import Intent, IntentPrediction
from bot.messages import Author, Conversation, ConversationSummary, Handler, HandoffReason, Message, MessageState
from bot.prompt import Prompt
from bot.signals.trend import Bucket
from bot.signals.values import Signals
from bot.traces import Trace
from knowledge.passages import ScoredPassage


class IntentClassifier(Protocol):
    @property
    def release(self) -> str:
        """Names what was trained on what; pinned in every answer."""
        ...

    def classify(self, text: str) -> IntentPrediction: ...


@dataclass(frozen=True, slots=True)
class LiveIntents:
    """What is in use at one moment: a classifier, and the list that it was trained on."""

    classifier: IntentClassifier
    intents: Mapping[str, Intent]  # by name


def fixed_intents(classifier: IntentClassifier, intents: Sequence[Intent]) -> Callable[[], LiveIntents]:
    """Intents that nobody exchanges: for measuring and for tests."""
    live = LiveIntents(classifier, {intent.name: intent for intent in intents})
    return lambda: live


class ReplyGenerator(Protocol):
    @property
    def release(self) -> str: ...

    @property
    def languages(self) -> frozenset[str]:
        """Languages in which this release was measured to write usefully; in others the answer is a quotation."""
        ...

    def count_tokens(self, text: str) -> int: ...

    def generate(self, prompt: Prompt, *, max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        """Pieces of text, greedily decoded, at most `max_tokens` tokens in all.

        `stop()` is asked before every token; closing the iterator frees the model at once.
        Raises GenerationFailed.
        """
        ...


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A sentence of a passage. `text` is `passages[passage].passage.text[start:end]`."""

    passage: int  # position in the sequence of passages that was assessed
    start: int
    end: int
    text: str
    score: float  # probability-like: does this sentence answer the question? Orders sentences


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a verifier makes of the passages found for a question."""

    answerable: float  # calibrated probability that the passages answer the question
    sentences: tuple[EvidenceSentence, ...]  # best first


class Verifier(Protocol):
    @property
    def release(self) -> str: ...

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        """Whether `passages` answer `question`, and with which sentences."""
        ...

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        """For each sentence, the probability that it states what `claim` states."""
        ...


@dataclass(frozen=True, slots=True)
class Appended:
    message: Message
    is_new: bool  # False: this client_message_id was stored before, and `message` is what was stored


class TranscriptStore(Protocol):
    """Conversations, durably. Every method is one transaction; nothing is held between calls.

    Methods given an unknown id raise ConversationNotFound.
    """

    def open_conversation(self, *, channel: str, language: str = "en") -> Conversation: ...

    def conversation(self, conversation_id: str) -> Conversation: ...

    def conversations(
        self, *, limit: int = 50, offset: int = 0, containing: str = "", handler: Handler | None = None
    ) -> Sequence[ConversationSummary]:
        """Most recently active first."""
        ...

    def append(
        self, conversation_id: str, author: Author, text: str, *, client_message_id: str | None = None
    ) -> Appended:
        """Stores a message. Durable when it returns. The same client_message_id is stored once."""
        ...

    def append_answer(
        self,
        conversation_id: str,
        *,
        reply_to: str,
        answer: Answer,
        trace: Trace,
        state: MessageState,
        handler_version: int,
        hand_over: HandoffReason | None = None,
    ) -> Message | None:
        """Stores the bot's answer; None, and nothing is stored, where the handler has changed since `handler_version`.

        With `hand_over` the conversation waits for a person from the same transaction on. A stored answer to the
        same message is returned instead, except a failed one, which is replaced.
        """
        ...

    def answer_to(self, message_id: str) -> Message | None:
        """The stored answer to a customer's message."""
        ...

    def message(self, message_id: str) -> Message: ...

    def messages(self, conversation_id: str, *, after: str | None = None) -> Sequence[Message]:
        """In order; only those after the message `after`, where given."""
        ...

    def change_handler(
        self,
        conversation_id: str,
        handler: Handler,
        *,
        reason: HandoffReason | None = None,
        expected_version: int | None = None,
    ) -> Conversation:
        """Gives the conversation to `handler`; its version grows, unless it has this handler already.

        With `expected_version`, nothing changes unless it still is the current one; the current state is returned.
        """
        ...

    def record_feedback(self, message_id: str, verdict: str, *, reason: str = "") -> None:
        """Keeps the customer's last word on an answer: "up", "down", or "" to take it back."""
        ...


class SignalLog(Protocol):
    """The signals of customers' messages, counted over time. Personal data is masked before it is stored."""

    def record(self, message: Message, signals: Signals) -> None:
        """Stores the signals of a stored message; the last word counts."""
        ...

    def buckets(self, *, since: float, seconds: float, frustrated: float) -> Sequence[Bucket]:
        """Messages since a moment in stretches of so many seconds, oldest first; stretches without any are left out.

        A message counts as frustrated from the probability `frustrated` on; one without a probability is not counted.
        """
        ...
