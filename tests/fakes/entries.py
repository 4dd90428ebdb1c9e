"""Entries in memory: what the EntryMatcher asks of a book, without a database."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from knowledge.entries.entry_book import Wording, Wordings
from knowledge.entries.entry_values import Entry
from knowledge.protocols import Embedder


def an_entry(
    entry_id: str, wordings: Mapping[str, tuple[str, ...]], answers: Mapping[str, str], *, link: str = ""
) -> Entry:
    now = time.time()
    return Entry(entry_id, 1, wordings, answers, link, "edda", "edda", now, now)


class FakeBook:
    def __init__(self, embedder: Embedder, *entries: Entry) -> None:
        wordings = tuple(
            Wording(entry, language, text)
            for entry in entries
            for language, texts in entry.wordings.items()
            for text in texts
        )
        vectors = embedder.embed_queries([each.text for each in wordings])
        self._known = Wordings(1, np.asarray(vectors), wordings)

    def revision(self) -> int:
        return self._known.revision

    def wordings(self) -> Wordings:
        return self._known
