"""Messages whose intent nobody could tell, put together by meaning. The same groups every time, and bounded.

Reads the latest conversations; personal data is masked before anything is compared, shown or made an example.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.curation.question_groups import grouped
from bot.intent_store.intent_editing import LONGEST_EXAMPLE, normal, tidied_text
from bot.intents import UNKNOWN
from bot.messages import Author, Message
from bot.signals.masking import mask_personal
from knowledge.languages import detect_language

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.protocols import TranscriptStore

UNSURE = 0.5  # below this probability of its intent, a message counts as unknown
_CONVERSATIONS = 300  # the latest, that are read
_TEXTS = 400  # different ones, that are compared
_GROUPS = 20
_SHOWN = 8  # texts of a group
_REMEMBERED = 5_000  # vectors


@dataclass(frozen=True, slots=True)
class MessageGroup:
    """Messages that mean about the same, the most frequent first."""

    texts: tuple[str, ...]  # at most _SHOWN
    messages: int  # how often something of the group was written
    language: str


class UnknownMessages:
    """Looks when asked. `embed`: texts → unit vectors (n, dimensions)."""

    def __init__(self, transcripts: TranscriptStore, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> None:
        self._transcripts = transcripts
        self._embed = embed
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def groups(self, known: Collection[str] = ()) -> tuple[MessageGroup, ...]:
        """The largest first; without the texts in `known` (normal spelling), which are examples by now."""
        counted = Counter(self._texts(frozenset(known)))
        ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_TEXTS]
        if not ordered:
            return ()
        texts = [text for text, _ in ordered]
        languages = [detect_language(text) for text in texts]
        found = []
        for members in grouped(self._embedded(texts), languages):
            chosen = tuple(texts[member] for member in members[:_SHOWN])
            found.append(MessageGroup(chosen, sum(counted[texts[each]] for each in members), languages[members[0]]))
        return tuple(sorted(found, key=lambda group: (-group.messages, group.texts))[:_GROUPS])

    def _texts(self, known: frozenset[str]) -> Iterator[str]:
        for summary in self._transcripts.conversations(limit=_CONVERSATIONS):
            messages = self._transcripts.messages(summary.conversation.conversation_id)
            asked = {message.message_id: message.text for message in messages if message.author is Author.CUSTOMER}
            for message in messages:
                text = tidied_text(mask_personal(asked.get(message.reply_to or "", "")))
                if text and _is_unknown(message) and len(text) <= LONGEST_EXAMPLE and normal(text) not in known:
                    yield text

    def _embedded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in texts if text not in self._vectors]
        if len(self._vectors) + len(new) > _REMEMBERED:
            self._vectors, new = {}, list(texts)
        if new:
            self._vectors |= dict(zip(new, self._embed(new), strict=True))
        return np.stack([self._vectors[text] for text in texts])


def _is_unknown(answer: Message) -> bool:
    """Whether an answer was given without knowing the intent."""
    trace = answer.trace
    return trace is not None and (trace.intent == UNKNOWN or trace.confidence < UNSURE)
