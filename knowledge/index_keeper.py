"""Keeps the indexes, in memory and on the disk, true to the catalogue. Knows nothing of formats and scores.

Every change, whoever made it, reaches the indexes the same way: by asking the catalogue what has happened since the
generation they stand at. So what another process ingests is found by the next query here, and a crash between the
commit and the index loses nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.catalog import Catalog
from knowledge.catalog_values import CatalogState, StoredPassage
from knowledge.index_folder import IndexFolder
from knowledge.languages import CHINESE, detect_language
from knowledge.lexical_index import LexicalIndex
from knowledge.lexical_tokens import tokens
from knowledge.passages import IndexHealth
from knowledge.protocols import Embedder, PassageIndex
from knowledge.read_write_lock import ReadWriteLock
from knowledge.search_state import EmbeddedQuery, IndexedPassage, RankedPassage, SearchState

_log = logging.getLogger(__name__)

_EMBED_AT_ONCE = 64  # passages between two reports of progress
_CATCH_UP_AT_ONCE = 200  # passages; holds searches up for about ten milliseconds
_SAVE_WHEN_BEHIND = 1000  # passages that a start had to add to the saved index
_KEEP_GENERATIONS = 2
_COMPACT_ABOVE = 1000  # tombstones
_VERIFIED_VECTORS = 1000

OnEmbedded = Callable[[int, int], None]  # passages done, of how many


class IndexKeeper:
    """Two locks. `_writer` lets one thread at a time bring the indexes up to date or save them. `_guard` is held for
    reading while a query looks at the indexes, and for writing, some milliseconds, while prepared passages are put in.
    An immutable copy for every change would need no guard, but copying 100,000 vectors takes longer than a search.
    """

    def __init__(
        self, catalog: Catalog, embedder: Embedder, folder: Path, *, new_index: Callable[[int], PassageIndex]
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._new_index = new_index
        self._files = IndexFolder(folder, embedder=embedder.fingerprint, dimensions=embedder.dimensions)
        self._writer = threading.Lock()
        self._guard = ReadWriteLock()
        self._removed_since_save = False
        self._state = self._empty()
        self._open()

    @property
    def generation(self) -> int:
        return self._state.generation

    @property
    def passage_count(self) -> int:
        return len(self._state)

    def ranked(self, queries: Sequence[EmbeddedQuery]) -> list[RankedPassage]:
        with self._guard.reading():
            return self._state.ranked(queries)

    def hold_any(self, numbers: Sequence[int]) -> bool:
        with self._guard.reading():
            anything = np.zeros(self._embedder.dimensions, dtype=np.float32)
            return any(
                number in self._state.lexical or self._state.similarity(anything, number) is not None
                for number in numbers
            )

    def catch_up(self) -> None:
        """Costs one small query when nothing has changed."""
        if self._catalog.state().generation != self._state.generation:
            with self._writer:
                self._follow()

    def save(self) -> None:
        with self._writer:
            self._follow()
            if self._catalog.tombstones() > max(_COMPACT_ABOVE, len(self._state) // 4):
                self._catalog.compact()
            self._save()

    def rebuild(self) -> None:
        with self._writer:
            self._catalog.compact()
            self._make_anew(self._catalog.state())
            self._files.save(self._state, keep=1, upto=self._state.generation)

    def health(self) -> IndexHealth:
        damage = self._files.damage()
        with self._writer:
            self._follow()
            problems = (*([damage] if damage else []), *self._catalog.problems(), *self._disagreements())
            return IndexHealth(not problems, self._state.generation, len(self._state), problems)

    def _open(self) -> None:
        self._files.clean()
        saved = self._files.load_newest(self._new_index, upto=self._catalog.state().generation)
        if saved is not None:
            self._state = saved
        added = self._follow()
        if self._differs_from_the_database():
            _log.warning("The saved index does not belong to this database; it is made anew")
            added = self._make_anew(self._catalog.state())
        if added > _SAVE_WHEN_BEHIND and self._files.damage() is None:
            self._save()

    def _save(self) -> None:
        if not self._files.is_current(self._state.generation):
            # An older generation on the disk would still hold what has been removed since.
            keep = 1 if self._removed_since_save else _KEEP_GENERATIONS
            self._files.save(self._state, keep=keep, upto=self._catalog.state().generation)
            self._removed_since_save = False

    def _follow(self) -> int:
        """Brings the indexes to the generation of the database; returns how many passages were added."""
        known, target = self._state.generation, self._catalog.state()
        if known == target.generation:
            return 0
        if len(self._state) and not target.compacted_generation <= known <= target.generation:
            return self._make_anew(target)
        return self._fill(self._state, target.generation)

    def _make_anew(self, target: CatalogState) -> int:
        fresh = self._empty()
        added = self._fill(fresh, target.generation)
        self._state = fresh
        self._removed_since_save = True
        return added

    def _empty(self) -> SearchState:
        english, chinese = (self._new_index(self._embedder.dimensions) for _ in range(2))
        return SearchState(english, chinese, LexicalIndex(), generation=0)

    def _fill(self, state: SearchState, upto: int) -> int:
        # What was added goes in before what was removed goes out: of a document that changes meanwhile, a query finds
        # the old passages or the new ones, and the catalogue drops the old ones from its answer.
        known = min(state.generation, upto)
        added, last = 0, 0
        while page := self._catalog.added_between(known, upto, after_number=last, limit=_CATCH_UP_AT_ONCE):
            ready = self._ready(page)
            with self._guard.writing():
                state.add(ready)
            added, last = added + len(page), page[-1].number
        removed = self._catalog.removed_between(known, upto)
        with self._guard.writing():
            state.remove(removed)
            state.generation = upto
        self._removed_since_save = self._removed_since_save or bool(removed)
        return added

    def _ready(self, page: Sequence[StoredPassage]) -> list[IndexedPassage]:
        ours = self._embedder.fingerprint
        vectors = {p.number: _from_stored(p.embedding) for p in page if p.embedding and p.embedder == ours}
        missing = [passage for passage in page if passage.number not in vectors]
        if missing:
            made = embed_in_parts(self._embedder, [passage.embedded_text for passage in missing])
            vectors |= {passage.number: vector for passage, vector in zip(missing, made, strict=True)}
            self._catalog.store_embeddings({p.number: as_stored(vectors[p.number]) for p in missing}, ours)
        return [_indexed(passage, vectors[passage.number]) for passage in page]

    def _differs_from_the_database(self) -> bool:
        return sorted(self._state.lexical.numbers()) != list(self._catalog.live_numbers())

    def _disagreements(self) -> list[str]:
        """Between the indexes in use and the database."""
        if self._differs_from_the_database() or not self._state.is_in_step():
            return ["The index and the database do not hold the same passages; `frontdesk index rebuild` mends it"]
        sample = self._catalog.added_between(-1, self._state.generation, after_number=0, limit=_VERIFIED_VECTORS)
        wrong = [passage for passage in sample if not self._is_indexed(passage)]
        if wrong:
            return [
                f"{len(wrong)} of {len(sample)} vectors are not those of the database; run `frontdesk index rebuild`"
            ]
        return []

    def _is_indexed(self, passage: StoredPassage) -> bool:
        if passage.embedding is None:
            return False
        vector = _from_stored(passage.embedding)
        if len(vector) != self._embedder.dimensions:
            return False
        similarity = self._state.similarity(vector, passage.number)
        return similarity is not None and similarity > 0.99


def embed_in_parts(
    embedder: Embedder, texts: Sequence[str], on_embedded: OnEmbedded | None = None
) -> NDArray[np.float32]:
    """Vectors of shape (len(texts), dimensions); `on_embedded` hears how far it is before each part and at the end."""
    vectors = np.empty((len(texts), embedder.dimensions), dtype=np.float32)
    for first in range(0, len(texts), _EMBED_AT_ONCE):
        if on_embedded:
            on_embedded(first, len(texts))
        part = texts[first : first + _EMBED_AT_ONCE]
        vectors[first : first + len(part)] = embedder.embed_passages(part)
    if on_embedded:
        on_embedded(len(texts), len(texts))
    return vectors


def as_stored(vector: NDArray[np.float32]) -> bytes:
    """fp16, little-endian: half the size, and the same ranking."""
    return vector.astype("<f2").tobytes()


def _from_stored(stored: bytes) -> NDArray[np.float32]:
    return np.frombuffer(stored, dtype="<f2").astype(np.float32)


def _indexed(passage: StoredPassage, vector: NDArray[np.float32]) -> IndexedPassage:
    text = passage.embedded_text
    return IndexedPassage(passage.number, Counter(tokens(text)), detect_language(text) == CHINESE, vector)
