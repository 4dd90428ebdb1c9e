"""The conversation manager: one customer message in, events out. Knows no database, no web, no particular model."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile

from bot import wording
from bot.answers import Answer, Outcome
from bot.drafts import AnswerDraft
from bot.errors import ConversationClosed, MessageRefused
from bot.events import (
    AnswerCited,
    HandedToOperator,
    IntentRecognized,
    MessageAccepted,
    PassagesFound,
    TextAdded,
    TurnEnded,
    TurnEvent,
)
from bot.follow_ups import standalone
from bot.intents import UNKNOWN, Intent, IntentPrediction
from bot.messages import Author, Conversation, Handler, HandoffReason, Message, MessageState
from bot.policy import FetchPerson, KeepSilent, SayFixedWords, SearchKnowledge, can_answer, route
from bot.prompt import PROMPT_VERSION
from bot.protocols import IntentClassifier, TranscriptStore, Verifier
from bot.traces import Release, Trace, traced
from bot.turn_order import TurnOrder
from bot.writing import AnswerWriter
from knowledge.languages import detect_language
from knowledge.passages import ScoredPassage
from knowledge.protocols import Retriever

_log = logging.getLogger(__name__)


def never() -> bool:
    """The `stop` of a turn that nobody stops."""
    return False


@dataclass(frozen=True, slots=True)
class TurnLimits:
    max_message_characters: int = 4000
    passages: int = 5
    answerable_threshold: float = 0.6


_NOT_CLASSIFIED = IntentPrediction(UNKNOWN, 0.0)


@dataclass(slots=True)
class _Turn:
    """What one turn has found out so far; it becomes the trace."""

    question: Message
    conversation: Conversation
    language: str
    release: Release
    earlier: str
    began: float = field(default_factory=time.monotonic)
    prediction: IntentPrediction = _NOT_CLASSIFIED
    passages: tuple[ScoredPassage, ...] = ()
    answerable: float | None = None
    draft: AnswerDraft | None = None
    answer: Answer | None = None
    handoff: HandoffReason | None = None
    error: str | None = None
    milliseconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measures one step. Never held across a yield of the turn."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + 1000 * (time.monotonic() - began)

    def mark_first_text(self) -> None:
        self.milliseconds.setdefault("first_token", 1000 * (time.monotonic() - self.began))


class ConversationManager:
    def __init__(
        self,
        *,
        transcripts: TranscriptStore,
        retriever: Retriever,
        classifier: IntentClassifier,
        verifier: Verifier,
        writer: AnswerWriter,
        intents: Sequence[Intent],
        asks_for_person: Callable[[str], bool],
        limits: TurnLimits = TurnLimits(),
    ) -> None:
        self._transcripts = transcripts
        self._retriever = retriever
        self._classifier = classifier
        self._verifier = verifier
        self._writer = writer
        self._intents: Mapping[str, Intent] = {intent.name: intent for intent in intents}
        self._asks_for_person = asks_for_person
        self._limits = limits
        self._order = TurnOrder()

    def turn(
        self,
        conversation_id: str,
        text: str,
        client_message_id: str | None = None,
        *,
        stop: Callable[[], bool] = never,
        earlier: Sequence[str] = (),
    ) -> Generator[TurnEvent]:
        """One customer message, from receipt to answer; the last event is always TurnEnded.

        A `client_message_id` seen before does not store the message again: the stored answer is told again.
        Messages of one conversation are answered in the order in which they were stored. `earlier` holds customer
        messages that this conversation does not know (of a stateless caller); otherwise they come from the transcript.
        Closing the iterator records what was shown until then as interrupted.

        Raises MessageRefused, ConversationNotFound or ConversationClosed before the first event, and nothing after it.
        """
        text = self.checked(text)
        if self._transcripts.conversation(conversation_id).handler is Handler.CLOSED:
            raise ConversationClosed(f"Conversation '{conversation_id}' is closed; open a new one")
        place = self._order.enter(conversation_id)
        try:
            appended = self._transcripts.append(
                conversation_id, Author.CUSTOMER, text, client_message_id=client_message_id
            )
            yield MessageAccepted(conversation_id, appended.message.message_id, appended.is_new)
            place.wait()
            stored = None if appended.is_new else self._transcripts.answer_to(appended.message.message_id)
            if stored is not None and stored.state is not MessageState.FAILED:
                yield from self._told_again(stored)
            else:
                yield from self._answered(appended.message, stop, earlier)
        finally:
            place.leave()

    def request_person(self, conversation_id: str, *, reason: HandoffReason = HandoffReason.BUTTON) -> Conversation:
        """The customer wants a person: the bot falls silent at once. Asking again changes nothing."""
        conversation = self._transcripts.conversation(conversation_id)
        if conversation.handler is not Handler.BOT:
            return conversation
        return self._transcripts.change_handler(
            conversation_id, Handler.WAITING, reason=reason, expected_version=conversation.handler_version
        )

    def take_over(self, conversation_id: str) -> Conversation:
        """An operator answers from here on; an answer of the bot still in flight is not stored."""
        return self._transcripts.change_handler(conversation_id, Handler.OPERATOR, reason=HandoffReason.OPERATOR_CHOICE)

    def hand_back(self, conversation_id: str) -> Conversation:
        return self._transcripts.change_handler(conversation_id, Handler.BOT)

    def close(self, conversation_id: str) -> Conversation:
        return self._transcripts.change_handler(conversation_id, Handler.CLOSED)

    def operator_reply(self, conversation_id: str, text: str) -> Message:
        """An operator's message; takes the conversation over first, so that the bot never talks beside a person."""
        text = self.checked(text)
        self.take_over(conversation_id)
        return self._transcripts.append(conversation_id, Author.OPERATOR, text).message

    def checked(self, text: str) -> str:
        """The text as it would be stored. Raises MessageRefused; ask before opening a conversation for it."""
        text = text.strip()
        if not text:
            raise MessageRefused("message_empty", "The message is empty; write a question")
        limit = self._limits.max_message_characters
        if len(text) > limit:
            raise MessageRefused(
                "message_too_long", f"The message has {len(text):,} characters; at most {limit:,} are taken"
            )
        return text

    def _told_again(self, stored: Message) -> Iterator[TurnEvent]:
        """The events of an answer that was given before."""
        conversation = self._transcripts.conversation(stored.conversation_id)
        if stored.trace is not None:
            yield IntentRecognized(stored.trace.intent, stored.trace.confidence, stored.trace.language)
        if stored.answer is not None:
            yield TextAdded(stored.answer.text)
            yield AnswerCited(stored.answer)
        yield TurnEnded(
            stored.conversation_id,
            stored.message_id,
            conversation.handler,
            stored.state,
            stored.answer,
            stored.trace,
        )

    def _answered(self, question: Message, stop: Callable[[], bool], earlier: Sequence[str]) -> Iterator[TurnEvent]:
        turn = self._begin(question, earlier)
        state = MessageState.INTERRUPTED
        ended: TurnEnded | None = None
        try:
            yield from self._steps(turn, stop)
            state = MessageState.INTERRUPTED if stop() and turn.answer is None else MessageState.COMPLETE
        except Exception as error:  # noqa: BLE001 - whatever breaks, the customer reads an end, and the log says what it was
            _log.exception("Turn failed in conversation %s", question.conversation_id)
            turn.error, state = type(error).__name__, MessageState.FAILED
        finally:
            ended = self._end(turn, state)
        yield ended

    def _begin(self, question: Message, earlier: Sequence[str]) -> _Turn:
        conversation = self._transcripts.conversation(question.conversation_id)
        before = earlier[-1] if earlier else self._earlier_exchange(question)
        release = Release(
            generator=self._writer.release,
            classifier=self._classifier.release,
            verifier=self._verifier.release,
            index=self._retriever.generation,
            prompt=PROMPT_VERSION,
        )
        language = detect_language(question.text, default=conversation.language)
        return _Turn(question, conversation, language, release, before)

    def _earlier_exchange(self, question: Message) -> str:
        """The customer's message before this one, which a follow-up may lean on ("and for students?")."""
        messages = self._transcripts.messages(question.conversation_id)
        before = takewhile(lambda message: message.message_id != question.message_id, messages)
        asked = [message.text for message in before if message.author is Author.CUSTOMER]
        return asked[-1] if asked else ""

    def _steps(self, turn: _Turn, stop: Callable[[], bool]) -> Iterator[TurnEvent]:
        text = turn.question.text
        if turn.conversation.handler is Handler.BOT:
            with turn.step("intent"):
                turn.prediction = self._classifier.classify(text)
            yield IntentRecognized(turn.prediction.name, turn.prediction.confidence, turn.language)
        match route(
            turn.prediction,
            turn.conversation,
            self._intents,
            language=turn.language,
            asks_for_person=self._asks_for_person(text),
        ):
            case KeepSilent():
                return
            case FetchPerson(reason):
                yield from self._hand_over(turn, reason)
            case SayFixedWords(words):
                yield from self._say(turn, Answer(words, Outcome.SMALL_TALK, turn.language))
            case SearchKnowledge():
                yield from self._search_and_answer(turn, stop)

    def _say(self, turn: _Turn, answer: Answer) -> Iterator[TurnEvent]:
        turn.answer = answer
        turn.mark_first_text()
        yield TextAdded(answer.text)
        yield AnswerCited(answer)

    def _hand_over(self, turn: _Turn, reason: HandoffReason) -> Iterator[TurnEvent]:
        turn.handoff = reason
        words = wording.say(wording.HANDED_OVER, turn.language)
        yield from self._say(turn, Answer(words, Outcome.HANDED_OVER, turn.language))
        yield HandedToOperator(reason)

    def _search_and_answer(self, turn: _Turn, stop: Callable[[], bool]) -> Iterator[TurnEvent]:
        text = turn.question.text
        standalone_question = standalone(text, turn.earlier)
        with turn.step("search"):
            found = self._retriever.search(text, limit=self._limits.passages, earlier=turn.earlier)
            turn.passages = tuple(found)
        with turn.step("assess"):
            assessment = self._verifier.assess(standalone_question, turn.passages)
        turn.answerable = assessment.answerable
        yield PassagesFound(turn.passages, assessment.answerable)
        if not can_answer(assessment, threshold=self._limits.answerable_threshold):
            yield from self._say(turn, self._abstention(turn))
            return
        turn.draft = AnswerDraft(turn.passages, turn.language)
        began = time.monotonic()
        for piece in self._writer.write(standalone_question, assessment, turn.draft, stop):
            turn.mark_first_text()
            yield TextAdded(piece)
        turn.milliseconds["write"] = 1000 * (time.monotonic() - began)
        if turn.draft and not stop():
            turn.answer = turn.draft.answer()
            yield AnswerCited(turn.answer)

    def _abstention(self, turn: _Turn) -> Answer:
        words = wording.say(wording.ABSTENTION, turn.language)
        return Answer(words, Outcome.ABSTAINED, turn.language)

    def _end(self, turn: _Turn, state: MessageState) -> TurnEnded:
        """Stores the answer, whatever became of it, unless a person has taken over meanwhile."""
        conversation_id = turn.question.conversation_id
        turn.milliseconds["total"] = 1000 * (time.monotonic() - turn.began)
        trace = self._trace(turn)
        stored = None
        if turn.answer is not None or state is not MessageState.COMPLETE:
            stored = self._transcripts.append_answer(
                conversation_id,
                reply_to=turn.question.message_id,
                answer=turn.answer or self._unfinished(turn),
                trace=trace,
                state=state,
                handler_version=turn.conversation.handler_version,
                hand_over=turn.handoff,
            )
        handler = self._transcripts.conversation(conversation_id).handler
        if stored is None:
            return TurnEnded(conversation_id, None, handler, state, None, trace)
        return TurnEnded(conversation_id, stored.message_id, handler, state, stored.answer, trace)

    def _unfinished(self, turn: _Turn) -> Answer:
        """What had been shown when the turn broke off."""
        if turn.draft:
            return turn.draft.answer()
        return Answer("", Outcome.ABSTAINED, turn.language)

    def _trace(self, turn: _Turn) -> Trace:
        return Trace(
            intent=turn.prediction.name,
            confidence=turn.prediction.confidence,
            language=turn.language,
            release=turn.release,
            passages=tuple(traced(passage) for passage in turn.passages),
            answerable=turn.answerable,
            quoted=turn.draft.quoted if turn.draft is not None else False,
            dropped=tuple(turn.draft.dropped) if turn.draft is not None else (),
            milliseconds={step: round(value, 1) for step, value in turn.milliseconds.items()},
            error=turn.error,
        )
