"""A Frontdesk whose answers are scripted, for tests and pictures of the pages. No model, no disk, no network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bot.answering.entry_matching import EntryCandidate, EntryMatcher, entry_answer, traced_entry
from bot.answers import Answer, Citation, Outcome
from bot.bootstrap import Frontdesk
from bot.company import Company
from bot.curation.entry_desk import EntryDesk, open_entry_desk
from bot.curation.unanswered import UnansweredQuestions
from bot.errors import MessageRefused
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
from bot.messages import Author, Conversation, Handler, HandoffReason, Message, MessageState
from bot.migrations import upgrade_database
from bot.protocols import Assessment, TranscriptStore, fixed_intents
from bot.settings import Settings
from bot.traces import DroppedSentence, Release, Trace, TracedPassage
from knowledge.database import open_database
from knowledge.languages import detect_language
from knowledge.passages import Passage, ScoredPassage
from tests.fakes.classifier import FakeClassifier
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.intent_desk import LateIntentDesk
from tests.fakes.scripted_library import ScriptedJobs, ScriptedLibrary
from tests.fakes.transcripts import MemoryTranscripts

REFUND_PASSAGE = (
    "We check a returned parcel and send the refund within 5 working days of its arrival at our warehouse. "
    "Your bank can take up to 7 more working days to show the money. We e-mail you on the day we send the refund."
)
FEE_PASSAGE = (
    "You get the full price of an unopened kit that you return within 30 days of delivery. For an opened kit "
    "returned within 14 days of delivery, we deduct a cleaning fee of €15. The standard shipping cost is refunded "
    "when you return the whole order."
)
STUDENT_PASSAGE = (
    "在校学生可享受家庭套餐八折优惠。请在结账前上传学生证照片，审核通常需要一个工作日。优惠不可与礼品卡同时使用。"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to a message that holds `keyword`."""

    keyword: str
    intent: str
    text: str
    outcome: Outcome = Outcome.ANSWERED
    citations: tuple[Citation, ...] = ()
    dropped: tuple[DroppedSentence, ...] = ()
    breaks: bool = False  # the turn fails
    entry: EntryCandidate | None = None
    crashes: bool = False  # the process "dies": the question stays without an answer


def _cites(marker: int, title: str, heading: str, quote: str, passage: str, page: int | None = None) -> Citation:
    return Citation(
        marker, f"document-{marker}", title, f"passage-{marker}", quote, heading, f"{title.lower()}.md", page, passage
    )


REPLIES = (
    Reply(
        "refund",
        "refund_status",
        "We send the refund within 5 working days of your parcel's arrival. [1] Your bank can take up to 7 more "
        "working days to show the money. [1] For an opened kit we deduct a cleaning fee of €15. [2]",
        citations=(
            _cites(
                1,
                "Refunds",
                "Refunds > How long a refund takes",
                REFUND_PASSAGE[: REFUND_PASSAGE.index(" We e-mail")],
                REFUND_PASSAGE,
            ),
            _cites(
                2,
                "Warranty terms",
                "Refunds > How much is refunded",
                "For an opened kit returned within 14 days of delivery, we deduct a cleaning fee of €15.",
                FEE_PASSAGE,
                3,
            ),
        ),
        dropped=(DroppedSentence("Refunds are always instant.", "no sentence to hold it against"),),
    ),
    Reply(
        "学生",
        "discounts",
        "在校学生可享受家庭套餐八折优惠。 [1]请在结账前上传学生证照片，审核通常需要一个工作日。 [1]",
        citations=(_cites(1, "优惠", "优惠 > 学生优惠", STUDENT_PASSAGE[:39], STUDENT_PASSAGE),),
    ),
    Reply("hello", "greeting", "Hello! What can I do for you?", Outcome.SMALL_TALK),
    Reply("human", "talk_to_person", "I am handing you over to a person. They answer right here.", Outcome.HANDED_OVER),
    Reply("break", "refund_status", "", breaks=True),
    Reply("crash", "refund_status", "", crashes=True),
)
UNKNOWN_REPLY = {
    "en": "I could not find this in our help pages, so I would rather not guess. I can fetch a person for you.",
    "zh": "我在帮助文档里没有找到这个问题的答案，不想随意猜测。需要的话，我可以为您转接人工客服。",
}
RELEASE = Release("smollm2-tuned-3", "intents-2", "similarity-1", 7, "2")


class ScriptedManager:
    """A ConversationManager with scripted answers. It waits for `words` before every word: tests set the pace."""

    def __init__(self, transcripts: TranscriptStore, replies: Sequence[Reply] = REPLIES) -> None:
        self._transcripts = transcripts
        self.entries: EntryMatcher | None = None
        self._replies = replies
        self.seconds_per_word = 0.0
        self.words = threading.Event()  # cleared: the answer stands still
        self.words.set()
        self._never = threading.Event()

    def turn(
        self,
        conversation_id: str,
        text: str,
        client_message_id: str | None = None,
        *,
        stop: Callable[[], bool] = lambda: False,
        earlier: Sequence[str] = (),
    ) -> Iterator[TurnEvent]:
        appended = self._transcripts.append(conversation_id, Author.CUSTOMER, text, client_message_id=client_message_id)
        question = appended.message
        yield MessageAccepted(conversation_id, question.message_id, appended.is_new)
        conversation = self._transcripts.conversation(conversation_id)
        if conversation.handler is not Handler.BOT:
            yield TurnEnded(conversation_id, None, conversation.handler, MessageState.COMPLETE, None, None)
            return
        yield from self._answer(question, conversation, appended.is_new, stop)

    def _answer(
        self, question: Message, conversation: Conversation, is_new: bool, stop: Callable[[], bool]
    ) -> Iterator[TurnEvent]:
        language = detect_language(question.text)
        reply = self._reply(question.text, language)
        winner = self.entries.judge(question.text, language).winner if self.entries is not None else None
        if winner is not None:
            answer = entry_answer(winner.entry, language)
            reply = Reply("", "unknown", answer.text, citations=answer.citations, entry=winner)
        if reply.crashes and is_new:
            raise RuntimeError("scripted crash")
        yield IntentRecognized(reply.intent, 0.94, language)
        found = tuple(_found(citation) for citation in reply.citations)
        yield PassagesFound(found, 0.81 if found else 0.12)
        if reply.breaks and is_new:
            yield self._stored(question, conversation, Answer("", Outcome.ANSWERED, language), reply, "failed")
            return
        shown = ""
        for piece in _pieces(reply.text):
            self._wait_for_word(stop)
            if stop():
                break
            shown += piece
            yield TextAdded(piece)
        answer = Answer(shown, reply.outcome, language, reply.citations)
        if not stop():
            yield AnswerCited(answer)
        ended = self._stored(question, conversation, answer, reply, "interrupted" if stop() else "complete")
        if reply.outcome is Outcome.HANDED_OVER:
            self.request_person(conversation.conversation_id, reason=HandoffReason.ASKED)
            yield HandedToOperator(HandoffReason.ASKED)
        yield ended

    def _wait_for_word(self, stop: Callable[[], bool]) -> None:
        while not self.words.wait(timeout=0.05) and not stop():
            pass
        if self.seconds_per_word:
            self._never.wait(timeout=self.seconds_per_word)

    def _reply(self, text: str, language: str) -> Reply:
        for reply in self._replies:
            if reply.keyword in text.lower():
                return reply
        return Reply("", "unknown", UNKNOWN_REPLY[language], Outcome.ABSTAINED)

    def _stored(
        self, question: Message, conversation: Conversation, answer: Answer, reply: Reply, state: str
    ) -> TurnEnded:
        trace = _trace(reply, answer.language, failed=state == "failed")
        stored = self._transcripts.append_answer(
            conversation.conversation_id,
            reply_to=question.message_id,
            answer=answer,
            trace=trace,
            state=MessageState(state),
            handler_version=conversation.handler_version,
        )
        message_id = stored.message_id if stored is not None else None
        return TurnEnded(
            conversation.conversation_id, message_id, conversation.handler, MessageState(state), answer, trace
        )

    def request_person(self, conversation_id: str, *, reason: HandoffReason = HandoffReason.BUTTON) -> Conversation:
        return self._transcripts.change_handler(conversation_id, Handler.WAITING, reason=reason)

    def take_over(self, conversation_id: str) -> Conversation:
        return self._transcripts.change_handler(conversation_id, Handler.OPERATOR, reason=HandoffReason.OPERATOR_CHOICE)

    def checked(self, text: str) -> str:
        text = text.strip()
        if not text:
            raise MessageRefused("message_empty", "The message is empty; write a question")
        if len(text) > 4000:
            raise MessageRefused("message_too_long", "The message is too long")
        return text

    def hand_back(self, conversation_id: str) -> Conversation:
        return self._transcripts.change_handler(conversation_id, Handler.BOT)

    def close(self, conversation_id: str) -> Conversation:
        return self._transcripts.change_handler(conversation_id, Handler.CLOSED)

    def operator_reply(self, conversation_id: str, text: str) -> Message:
        self.take_over(conversation_id)
        return self._transcripts.append(conversation_id, Author.OPERATOR, text).message


def _pieces(text: str) -> list[str]:
    """Words with the space before them; Chinese by four characters."""
    if detect_language(text) == "zh":
        return [text[start : start + 4] for start in range(0, len(text), 4)]
    return [word if number == 0 else f" {word}" for number, word in enumerate(text.split(" "))]


def _found(citation: Citation) -> ScoredPassage:
    passage = Passage(
        citation.passage_id,
        citation.document_id,
        citation.title,
        citation.source,
        citation.heading,
        citation.passage_text,
        0,
        len(citation.passage_text),
        detect_language(citation.passage_text),
        citation.page,
    )
    return ScoredPassage(passage, 0.9, 0.86, 0.7)


def _trace(reply: Reply, language: str, *, failed: bool) -> Trace:
    found = [_found(citation) for citation in reply.citations]
    return Trace(
        intent=reply.intent,
        confidence=0.94 if reply.intent != "unknown" else 0.31,
        language=language,
        release=RELEASE,
        passages=tuple(
            TracedPassage(each.passage.passage_id, each.passage.document_id, each.passage.title, 0.9, 0.86, 0.7)
            for each in found
        ),
        answerable=None if reply.outcome is Outcome.SMALL_TALK else (0.81 if found else 0.12),
        quoted=language == "zh",
        dropped=reply.dropped,
        milliseconds={"total": 1240.0, "first_token": 412.0},
        error="GenerationFailed" if failed else None,
        entry=traced_entry(reply.entry) if reply.entry is not None else None,
    )


SILLGROVE = Company(
    name="Sillgrove",
    tagline={"en": "Indoor gardens that grow themselves, almost", "zh": "室内小菜园，几乎自己会长大"},
    email="help@sillgrove.example",
    suggested_questions={
        "en": (
            "How long does a refund take?",
            "How much is the Home plan?",
            "Can I return a kit that I have opened?",
            "What does a blinking red light mean?",
        ),
        "zh": ("学生有什么优惠？", "寄到新加坡要多久？", "怎么暂停套餐？", "种植机连不上 Wi-Fi 怎么办？"),
    },
)


DOCUMENTS = {
    "en/refunds.md": ("Refunds", "How long a refund takes", REFUND_PASSAGE),
    "en/warranty-terms.pdf": ("Warranty terms", "How much is refunded", FEE_PASSAGE),
    "en/shipping-times.md": ("Shipping times", "", "Delivery to the United Kingdom takes 3 to 5 working days."),
    "zh/优惠.md": ("优惠", "学生优惠", STUDENT_PASSAGE),
}


def an_entry_desk(engine: Engine, library: Any, manager: ScriptedManager) -> EntryDesk:
    """Real entries over a fake embedder, in which texts are alike that share words."""

    def manager_on(store: TranscriptStore) -> Any:
        trial = ScriptedManager(store)
        trial.entries = manager.entries
        return trial

    desk = open_entry_desk(engine, FakeEmbedder(), library, TrustingVerifier(), manager_on, threshold=0.6)
    manager.entries = EntryMatcher(desk.book, FakeEmbedder(), thresholds={"en": 0.75, "zh": 0.75})
    return replace(desk, matcher=manager.entries, gaps=UnansweredQuestions(engine, FakeEmbedder(), manager.entries))


class TrustingVerifier:
    """Whatever was found by half its words answers."""

    release = "trusting"

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        return Assessment(max((found.score for found in passages), default=0.0), ())

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        return [1.0 for _ in sentences]


def a_scripted_frontdesk(
    home: Path, *, company: Company = SILLGROVE, documents: Mapping[str, tuple[str, str, str]] | None = None
) -> Frontdesk:
    """Its parts are fakes; they are reached as `frontdesk.manager` and so on."""
    transcripts = MemoryTranscripts()
    library = ScriptedLibrary(DOCUMENTS if documents is None else dict(documents))
    parts: dict[str, Any] = {
        "settings": Settings.model_validate({"home": home}),
        "transcripts": transcripts,
        "library": library,
        "jobs": ScriptedJobs(library),
        "manager": ScriptedManager(transcripts),
        "company": company,
        "live_intents": fixed_intents(FakeClassifier({}), ()),
        "intent_desk": LateIntentDesk(home, transcripts),
    }
    engine = open_database(f"sqlite:///{home / 'frontdesk.db'}")
    upgrade_database(engine)
    return Frontdesk(**parts, engine=engine, entries=an_entry_desk(engine, library, parts["manager"]))
