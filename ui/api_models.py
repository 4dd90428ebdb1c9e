"""What goes over the wire of /api/v1: one model per request, answer and event. Knows nothing of how they come about."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.answers import Answer, Citation
from bot.messages import Conversation, Message
from bot.traces import Trace
from knowledge.passages import ScoredPassage
from ui.replies import choice_objects, citation_object

Language = Literal["en", "zh"]


class Incoming(BaseModel):
    """A request's body. A field that we do not know is an error of the sender, not something to pass over."""

    model_config = ConfigDict(extra="forbid")


class OpenConversation(Incoming):
    language: Language = Field("en", description="spoken where a message does not tell")
    channel: Literal["api", "widget"] = Field("api", description="where the customer writes; operators read it")


class SendMessage(Incoming):
    text: str = Field(description="what the customer says")
    client_message_id: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="chosen by the client, unique in its conversation: sent again, it is the same message",
    )


class GiveFeedback(Incoming):
    verdict: Literal["up", "down", ""] = Field(description='"" takes it back')
    reason: str = Field("", max_length=2000)


class ProblemOut(BaseModel):
    """Every error."""

    code: str
    message: str
    status: int


class ConversationOut(BaseModel):
    id: str
    conversation_id: str = Field(description="the same as `id`")
    handler: str = Field(description="who answers: bot, waiting (for a person), operator, closed")
    language: str
    channel: str
    created_at: float = Field(description="seconds since 1970, UTC")

    @classmethod
    def of(cls, conversation: Conversation) -> ConversationOut:
        return cls(
            id=conversation.conversation_id,
            conversation_id=conversation.conversation_id,
            handler=conversation.handler,
            language=conversation.language,
            channel=conversation.channel,
            created_at=conversation.created_at,
        )


class CitationOut(BaseModel):
    marker: int = Field(description="the n of [n] in the answer's text")
    document_id: str
    title: str
    passage_id: str
    quote: str = Field(description="stands verbatim in the passage")
    heading: str = ""
    source: str = ""
    page: int | None = None
    passage: str = Field("", description="in which the quote stands, as it was when it was cited")

    @classmethod
    def of(cls, citation: Citation) -> CitationOut:
        return cls(**citation_object(citation))


class ChoiceOut(BaseModel):
    """What a clarifying question offers. Send `title` (or "1", "2") as the next message to pick it."""

    intent: str
    title: str

    @classmethod
    def all_of(cls, answer: Answer | None) -> list[ChoiceOut]:
        return [cls(**choice) for choice in choice_objects(answer)]


class MessageOut(BaseModel):
    id: str
    author: str = Field(description="customer, bot, operator, system")
    text: str
    created_at: float
    state: str = Field(description="complete, interrupted, failed")
    client_message_id: str | None = None
    reply_to: str | None = Field(None, description="of an answer: the message it answers")
    outcome: str | None = None
    citations: list[CitationOut] = []
    choices: list[ChoiceOut] = []
    feedback: str | None = None

    @classmethod
    def of(cls, message: Message) -> MessageOut:
        answer = message.answer
        return cls(
            id=message.message_id,
            author=message.author,
            text=message.text,
            created_at=message.created_at,
            state=message.state,
            client_message_id=message.client_message_id,
            reply_to=message.reply_to,
            outcome=answer.outcome if answer is not None else None,
            citations=[CitationOut.of(citation) for citation in answer.citations] if answer is not None else [],
            choices=ChoiceOut.all_of(answer),
            feedback=message.feedback,
        )


class MessagesOut(BaseModel):
    conversation_id: str
    handler: str
    messages: list[MessageOut]


class FeedbackOut(BaseModel):
    message_id: str
    verdict: str


class IntentOut(BaseModel):
    name: str | None
    confidence: float | None = Field(description="calibrated, 0 to 1")


class ReleaseOut(BaseModel):
    """Which versions made an answer."""

    generator: str | None
    classifier: str | None
    index: int | None

    @classmethod
    def of(cls, trace: Trace | None) -> ReleaseOut:
        if trace is None:
            return cls(generator=None, classifier=None, index=None)
        release = trace.release
        return cls(generator=release.generator, classifier=release.classifier, index=release.index)


class ReplyOut(BaseModel):
    """A whole turn as one object; what `frontdesk ask --json` prints."""

    conversation_id: str
    message_id: str | None = Field(description="of the answer; null where a person answers")
    outcome: Literal["answered", "abstained", "clarified", "handed_over", "small_talk"]
    answer: str
    citations: list[CitationOut]
    choices: list[ChoiceOut] = Field([], description="of a clarifying question")
    intent: IntentOut
    language: str | None
    handler: str
    release: ReleaseOut
    ms: dict[str, float | None]


class PassageOut(BaseModel):
    passage_id: str
    document_id: str
    title: str
    heading: str
    score: float

    @classmethod
    def of(cls, found: ScoredPassage) -> PassageOut:
        passage = found.passage
        return cls(
            passage_id=passage.passage_id,
            document_id=passage.document_id,
            title=passage.title,
            heading=passage.heading,
            score=round(found.score, 4),
        )


# --- health ---


class HealthOut(BaseModel):
    status: Literal["ok"] = "ok"


class ReadinessOut(BaseModel):
    ok: bool
    checks: dict[str, str]
