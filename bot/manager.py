"""The conversation manager: one customer message in, events out. Knows no database, no web, no particular model."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from bot import wording
from bot.answering.drafts import AnswerDraft
from bot.answering.entry_matching import (
    WITHOUT_ENTRIES,
    Entries,
    EntryCandidate,
    entry_answer,
    entry_behind,
    entry_passage,
)
from bot.answering.writing import AnswerWriter
from bot.answers import Answer, Choice, Outcome
from bot.errors import ConversationClosed, ConversationNotFound
from bot.events import (
    AnswerCited,
    HandedToOperator,
    IntentRecognized,
    MessageAccepted,
    PassagesFound,
    TextAdded,
    TurnEnded,
    TurnEvent,
    told_again,
)
from bot.follow_ups import standalone
from bot.guarding.planted import without_planted
from bot.intents import IntentPrediction
from bot.messages import Author, Conversation, Handler, HandoffReason, Message, MessageState, checked_text
from bot.policy import (
    AskWhich,
    Decline,
    FetchPerson,
    GiveEntry,
    KeepSilent,
    SayFixedWords,
    SearchKnowledge,
    ask_instead_of_abstaining,
    can_answer,
    may_ask,
    route,
)
from bot.prompt import PROMPT_VERSION
from bot.protocols import LiveIntents, TranscriptStore, Verifier
from bot.signals.values import Signals
from bot.traces import Release
from bot.turn_order import TurnOrder
from bot.turn_state import Before, TurnState, looked_back
from knowledge.languages import detect_language
from knowledge.protocols import Retriever

_log = logging.getLogger(__name__)


def never() -> bool:
    """The `stop` of a turn that nobody stops."""
    return False


@dataclass(frozen=True, slots=True)
class TurnLimits:
    max_message_characters: int = 4000
    passages: int = 5
    answerable_threshold: float = 0.5


ReadSignals = Callable[[Message, str, bool], Signals]  # a stored message, its language, does the bot answer it


def only_language(message: Message, language: str, answered: bool) -> Signals:  # noqa: ARG001 - as any reader
    """Reads no signals but the language that was found anyway."""
    return Signals(language)


class ConversationManager:
    def __init__(  # noqa: PLR0913 - the parts of a conversation
        self,
        *,
        transcripts: TranscriptStore,
        retriever: Retriever,
        live_intents: Callable[[], LiveIntents],
        verifier: Verifier,
        writer: AnswerWriter,
        asks_for_person: Callable[[str], bool],
        limits: TurnLimits = TurnLimits(),
        read_signals: ReadSignals = only_language,
        entries: Entries = WITHOUT_ENTRIES,
    ) -> None:
        """`live_intents` is asked once a turn: what it gives may be exchanged between two turns."""
        self._transcripts = transcripts
        self._retriever = retriever
        self._verifier = verifier
        self._writer = writer
        self._live_intents = live_intents
        self._asks_for_person = asks_for_person
        self._limits = limits
        self._read_signals = read_signals
        self._entries = entries
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
                yield from told_again(stored, self._transcripts.conversation(conversation_id).handler)
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
        return checked_text(text, longest=self._limits.max_message_characters)

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

    def _begin(self, question: Message, earlier: Sequence[str]) -> TurnState:
        conversation = self._transcripts.conversation(question.conversation_id)
        before = Before(earlier[-1]) if earlier else self._before(question)
        live = self._live_intents()
        release = Release(
            generator=self._writer.release,
            classifier=live.classifier.release,
            verifier=self._verifier.release,
            index=self._retriever.generation,
            prompt=PROMPT_VERSION,
        )
        language = detect_language(question.text, default=conversation.language)
        return TurnState(question, conversation, language, release, before, live)

    def _before(self, question: Message) -> Before:
        return looked_back(question, self._transcripts.messages(question.conversation_id))

    def _steps(self, turn: TurnState, stop: Callable[[], bool]) -> Iterator[TurnEvent]:
        text = turn.question.text
        if turn.conversation.handler is Handler.BOT:
            with turn.step("intent"):
                turn.prediction = self._understood(turn)
            yield IntentRecognized(turn.prediction.name, turn.prediction.confidence, turn.language)
            with turn.step("entries"):
                turn.entries = self._entries.judge(standalone(turn.asked, turn.before.exchange), turn.language)
        with turn.step("signals"):
            answered = turn.conversation.handler is Handler.BOT
            turn.signals = self._read_signals(turn.question, turn.language, answered)
        match route(
            turn.prediction,
            turn.conversation,
            turn.live.intents,
            language=turn.language,
            asks_for_person=self._asks_for_person(text),
            frustrations=turn.frustrations,
            may_ask=may_ask(turn.conversation, was_asked=turn.before.was_asked),
            has_entry=turn.entries.winner is not None,
            steering=turn.signals.steering,
        ):
            case KeepSilent():
                return
            case FetchPerson(reason):
                yield from self._hand_over(turn, reason)
            case SayFixedWords() | Decline() as fixed:
                yield from self._say(turn, self._in_fixed_words(turn, fixed))
            case AskWhich(names):
                yield from self._say(turn, self._asked_which(turn, names))
            case GiveEntry():
                yield from self._give_entry(turn, turn.entries.winner)
            case SearchKnowledge():
                yield from self._search_and_answer(turn, stop)

    def _understood(self, turn: TurnState) -> IntentPrediction:
        """The intent of a message; of a reply to a clarifying question, the one that it picks."""
        picked = turn.before.picked
        if picked is not None and picked.intent in turn.live.intents:
            return IntentPrediction(picked.intent, 1.0, ((picked.intent, 1.0),))
        return turn.live.classifier.classify(turn.question.text)

    def _in_fixed_words(self, turn: TurnState, fixed: SayFixedWords | Decline) -> Answer:
        if isinstance(fixed, SayFixedWords):
            return Answer(fixed.text, Outcome.SMALL_TALK, turn.language)
        turn.blocked = fixed.reason
        return Answer(wording.say(wording.DECLINED, turn.language), Outcome.ABSTAINED, turn.language)

    def _asked_which(self, turn: TurnState, names: Sequence[str]) -> Answer:
        choices = tuple(Choice(name, turn.live.intents[name].title_in(turn.language)) for name in names)
        words = wording.say(wording.CLARIFYING, turn.language)
        text = words.format(first=choices[0].title, second=choices[1].title)
        return Answer(text, Outcome.CLARIFIED, turn.language, choices=choices)

    def _say(self, turn: TurnState, answer: Answer) -> Iterator[TurnEvent]:
        turn.answer = answer
        turn.mark_first_text()
        yield TextAdded(answer.text)
        yield AnswerCited(answer)

    def _give_entry(self, turn: TurnState, entry: EntryCandidate | None) -> Iterator[TurnEvent]:
        """An editor's words as they are: no generator and no verifier touches them."""
        if entry is None:
            return
        turn.entry = entry
        if turn.answerable is None:  # nothing was searched for
            turn.passages, turn.answerable = (entry_passage(entry.entry, turn.language, entry.similarity),), 1.0
            yield PassagesFound(turn.passages, turn.answerable)
        yield from self._say(turn, entry_answer(entry.entry, turn.language))

    def _hand_over(self, turn: TurnState, reason: HandoffReason) -> Iterator[TurnEvent]:
        turn.handoff = reason
        upset = reason is HandoffReason.FRUSTRATION
        words = wording.say(wording.SORRY_HANDED_OVER if upset else wording.HANDED_OVER, turn.language)
        yield from self._say(turn, Answer(words, Outcome.HANDED_OVER, turn.language))
        yield HandedToOperator(reason)

    def _search_and_answer(self, turn: TurnState, stop: Callable[[], bool]) -> Iterator[TurnEvent]:
        text = turn.asked
        standalone_question = standalone(text, turn.before.exchange)
        with turn.step("search"):
            found = self._retriever.search(text, limit=self._limits.passages, earlier=turn.before.exchange)
            usable = (each for each in found if each.passage.document_id not in turn.entries.ruled_out)
            turn.passages = without_planted(usable)
        with turn.step("assess"):
            assessment = self._verifier.assess(standalone_question, turn.passages)
        turn.answerable = assessment.answerable
        yield PassagesFound(turn.passages, assessment.answerable)
        if not can_answer(assessment, threshold=self._limits.answerable_threshold):
            yield from self._say(turn, self._abstention(turn))
            return
        entry = entry_behind(self._entries, turn.passages, assessment.sentences[0].passage, turn.language)
        if entry is not None:
            yield from self._give_entry(turn, entry)
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

    def _abstention(self, turn: TurnState) -> Answer:
        """What is said where nothing answers: where the message was too short to search with, a question back."""
        free = may_ask(turn.conversation, was_asked=turn.before.was_asked)
        which = ask_instead_of_abstaining(turn.question.text, turn.prediction, turn.live.intents, may_ask=free)
        if which is not None:
            return self._asked_which(turn, which.intents)
        words = wording.say(wording.ABSTENTION, turn.language)
        return Answer(words, Outcome.ABSTAINED, turn.language)

    def _end(self, turn: TurnState, state: MessageState) -> TurnEnded:
        """Stores the answer, whatever became of it, unless a person has taken over, or all was erased, meanwhile."""
        conversation_id = turn.question.conversation_id
        turn.milliseconds["total"] = 1000 * (time.monotonic() - turn.began)
        trace = turn.trace()
        stored, handler = None, turn.conversation.handler
        try:
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
        except ConversationNotFound:
            _log.info("A conversation was erased while it was being answered: the answer is not stored")
        if stored is None:
            return TurnEnded(conversation_id, None, handler, state, None, trace)
        return TurnEnded(conversation_id, stored.message_id, handler, state, stored.answer, trace)

    def _unfinished(self, turn: TurnState) -> Answer:
        """What had been shown when the turn broke off."""
        if turn.draft:
            return turn.draft.answer()
        return Answer("", Outcome.ABSTAINED, turn.language)
