"""Builders of conversations in a store: a question, and an answer with all that can hang on one."""

from __future__ import annotations

from bot.answers import Answer, Citation, Outcome
from bot.messages import Author, Conversation, HandoffReason, Message, MessageState
from bot.protocols import TranscriptStore
from bot.traces import DroppedSentence, Release, Trace, TracedPassage

ANSWER = Answer(
    "You can return it within 30 days [1].",
    Outcome.ANSWERED,
    "en",
    (
        Citation(
            1, "returns", "Returns", "returns#1", "within 30 days", "Returns > Terms", "returns.md", 2, "… 30 days …"
        ),
    ),
)
TRACE = Trace(
    "return_item",
    0.93,
    "en",
    Release("generator-1", "classifier-1", "verifier-1", 7, "p1"),
    (TracedPassage("returns#1", "returns", "Returns", 0.9, 0.8, 0.7),),
    answerable=0.87,
    dropped=(DroppedSentence("It is free.", "no passage says so"),),
    milliseconds={"search": 12.5, "total": 340.0},
)


def asked(store: TranscriptStore, question: str = "Can I return it?") -> tuple[Conversation, Message]:
    conversation = store.open_conversation(channel="chat")
    return conversation, store.append(conversation.conversation_id, Author.CUSTOMER, question).message


def answered(
    store: TranscriptStore,
    conversation: Conversation,
    question: Message,
    *,
    answer: Answer = ANSWER,
    state: MessageState = MessageState.COMPLETE,
    hand_over: HandoffReason | None = None,
) -> Message | None:
    return store.append_answer(
        conversation.conversation_id,
        reply_to=question.message_id,
        answer=answer,
        trace=TRACE,
        state=state,
        handler_version=conversation.handler_version,
        hand_over=hand_over,
    )


def texts(store: TranscriptStore, conversation: Conversation) -> list[str]:
    return [message.text for message in store.messages(conversation.conversation_id)]
