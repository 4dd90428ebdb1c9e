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

from knowledge.embedding.paced_embedding import not_told
from knowledge.embedding.titled_vectors import TitledText, TitledVectors
from knowledge.errors import CatalogUnavailable, IndexNotSaved
from knowledge.indexing.background import BackgroundTask
from knowledge.indexing.index_folder import IndexFolder
from knowledge.indexing.lexical_index import LexicalIndex
from knowledge.indexing.lexical_tokens import tokens
from knowledge.indexing.search_state import EmbeddedQuery, IndexedPassage, Ranking, SearchState
from knowledge.languages import is_written_in_chinese
from knowledge.passages import IndexHealth
from knowledge.protocols import Embedder, PassageIndex
from knowledge.storing.catalog import Catalog
from knowledge.storing.catalog_values import CatalogState, StoredPassage

_log = logging.getLogger(__name__)

_PASSAGES_AT_ONCE = 1000  # read from the database
_COMPACT_EVERY = 50_000  # passages, while an index is made anew: vectors are in memory in full precision until then
_QUERY_BRINGS_IN = 200  # passages that a query puts into the indexes itself: some tens of milliseconds
_QUERY_WAITS = 1.0  # seconds at most for another thread's few passages, which take some milliseconds
_BULK_WAITS = 0.25  # seconds for a bulk, in case it is not that large
_SAVE_WHEN_BEHIND = 1000  # passages that a start had to add to the saved index
_KEEP_GENERATIONS = 2
_COMPACT_ABOVE = 1000  # tombstones in the database
_VERIFIED_VECTORS = 1000
_COMPARISONS = 20  # with the database, while another process keeps changing it


class IndexKeeper:
    """One writer, and readers who never wait for it.

    `_state` is never changed, only replaced: a query takes it as it stands and sees the whole of one generation. The
    writer, one thread at a time under `_writer`, changes a copy, which shares with its original what stays the same.
    """

    def __init__(
        self, catalog: Catalog, embedder: Embedder, folder: Path, *, new_index: Callable[[int], PassageIndex]
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._vectors = TitledVectors(embedder)
        self._new_index = new_index
        self._files = IndexFolder(folder, embedder=self._vectors.fingerprint, dimensions=embedder.dimensions)
        self._writer = threading.Lock()
        self._saving = threading.Lock()
        self._in_bulk = False
        self._compaction = BackgroundTask("index compaction", self._compact)
        self._catching_up = BackgroundTask("index catching up", self.catch_up)
        self._removed_since_save = False
        self._state = self._empty()
        self._open()

    @property
    def generation(self) -> int:
        return self._state.generation

    @property
    def passage_count(self) -> int:
        return len(self._state)

    def ranked(self, queries: Sequence[EmbeddedQuery]) -> Ranking:
        return self._state.ranked(queries)

    def hold_any(self, numbers: Sequence[int]) -> bool:
        return self._state.holds_any(numbers)

    # In memory

    def catch_up(self) -> None:
        """Everything that is committed now can be found when this returns. CatalogUnavailable."""
        if self._catalog.state().generation != self._state.generation:
            with self._writer:
                self._follow()

    def catch_up_for_query(self) -> None:
        """As `catch_up`, but a query waits neither for a bulk of passages nor for another thread's bulk.

        It then finds what could be found a moment ago; what has been removed is dropped by the catalogue in any case.
        Costs one small query when nothing has changed.
        """
        target = self._catalog.state()
        if target.generation == self._state.generation:
            return
        if self._in_bulk or not self._writer.acquire(timeout=_QUERY_WAITS):
            return
        try:
            if not self._is_much(target):
                self._follow()
                return
        finally:
            self._writer.release()
        self._catching_up.start()
        self._catching_up.wait(_BULK_WAITS)

    def _is_much(self, target: CatalogState) -> bool:
        known = self._state.generation
        if self._must_be_made_anew(target):
            return len(self._state) > _QUERY_BRINGS_IN
        return self._catalog.count_added_between(known, target.generation) > _QUERY_BRINGS_IN

    def _follow(self) -> int:
        """Brings the indexes to the generation of the database; returns how many passages were added."""
        target = self._catalog.state()
        if self._state.generation == target.generation:
            return 0
        self._in_bulk = self._is_much(target)
        try:
            if self._must_be_made_anew(target):
                return self._make_anew(target)
            known = self._state.generation
            state, added = self._filled(self._state.copy(), target.generation)
            if self._has_forgotten_since(known):
                return self._make_anew(self._catalog.state())
        finally:
            self._in_bulk = False
        self._state = state
        if state.wants_compaction:
            self._compaction.start()
        return added

    def _has_forgotten_since(self, known: int) -> bool:
        """Whether tombstones were deleted while an index that stood at `known` asked for them."""
        return bool(len(self._state)) and self._catalog.state().compacted_generation > known

    def _must_be_made_anew(self, target: CatalogState) -> bool:
        known = self._state.generation
        return bool(len(self._state)) and not target.compacted_generation <= known <= target.generation

    def _make_anew(self, target: CatalogState) -> int:
        state, added = self._filled(self._empty(), target.generation)
        self._removed_since_save = True
        self._state = state.compacted()
        return added

    def _compact(self) -> None:
        """The slow part works on a state that nobody changes, while queries and changes go on."""
        compacted = self._state.compacted()
        with self._writer:
            target = self._catalog.state()
            known = compacted.generation
            if target.compacted_generation <= known <= target.generation:
                state, _ = self._filled(compacted, target.generation)
                if not self._has_forgotten_since(known):
                    self._state = state

    def wait_for_compaction(self) -> None:
        """Until the compaction under way, if any, is done."""
        self._compaction.wait()

    def _empty(self) -> SearchState:
        english, chinese = (self._new_index(self._embedder.dimensions) for _ in range(2))
        return SearchState(english, chinese, LexicalIndex(), generation=0)

    def _filled(self, state: SearchState, upto: int) -> tuple[SearchState, int]:
        """`state`, which nobody else knows yet, brought to generation `upto`, and how many passages were added."""
        known = min(state.generation, upto)
        added, last = 0, 0
        while page := self._catalog.added_between(known, upto, after_number=last, limit=_PASSAGES_AT_ONCE):
            state.add(self._ready(page))
            added, last = added + len(page), page[-1].number
            if added % _COMPACT_EVERY == 0:
                state = state.compacted()
        removed = self._catalog.removed_between(known, upto)
        state.remove(removed)
        state.generation = upto
        self._removed_since_save = self._removed_since_save or bool(removed)
        return state, added

    def _ready(self, page: Sequence[StoredPassage]) -> list[IndexedPassage]:
        ours = self._vectors.fingerprint
        vectors = {p.number: _from_stored(p.embedding) for p in page if p.embedding and p.embedder == ours}
        missing = [passage for passage in page if passage.number not in vectors]
        if missing:
            made = self._vectors.embed([TitledText(each.title, each.embedded_text) for each in missing], not_told)
            stored = {p.number: as_stored(vector) for p, vector in zip(missing, made, strict=True)}
            vectors |= {number: _from_stored(vector) for number, vector in stored.items()}
            self._keep(stored)
        return [_indexed(passage, vectors[passage.number]) for passage in page]

    def _keep(self, stored: dict[int, bytes]) -> None:
        try:
            self._catalog.store_embeddings(stored, self._vectors.fingerprint)
        except (
            CatalogUnavailable
        ) as error:  # they are made again by the next start: no reason to leave a customer alone
            _log.warning("Vectors could not be kept: %s", error)

    # On the disk

    def save(self) -> None:
        """Writes the indexes down; where that fails the log says so, for the database holds everything they do.

        Changes go on meanwhile: what is written is a state that nobody changes.
        """
        with self._saving:
            with self._writer:
                self._follow()
                if self._catalog.tombstones() > max(_COMPACT_ABOVE, len(self._state) // 4):
                    self._catalog.compact()
                state = self._state
            if not self._files.is_current(state.generation):
                try:
                    self._write_down(state)
                except IndexNotSaved as error:
                    _log.warning("%s", error)

    def rebuild(self) -> None:
        """Raises IndexNotSaved where the new one cannot be written; it is in use all the same."""
        with self._saving:
            with self._writer:
                self._catalog.compact()
                self._make_anew(self._catalog.state())
                state = self._state
            self._write_down(state)

    def _write_down(self, state: SearchState) -> None:
        # An older generation on the disk would still hold what has been removed since.
        removed, self._removed_since_save = self._removed_since_save, False
        try:
            self._files.save(state, keep=1 if removed else _KEEP_GENERATIONS, upto=self._catalog.state().generation)
        except IndexNotSaved:
            self._removed_since_save = removed or self._removed_since_save
            raise

    def health(self) -> IndexHealth:
        damage = self._files.damage()
        with self._writer:
            self._follow()
            problems = (*([damage] if damage else []), *self._catalog.problems(), *self._disagreements())
            state = self._state
            return IndexHealth(not problems, state.generation, len(state), problems, state.shapes())

    def _open(self) -> None:
        self._files.clean()
        saved = self._files.load_newest(self._new_index, upto=self._catalog.state().generation)
        if saved is not None:
            self._state = saved
        added = self._follow()
        if self._differs_from_the_database():
            _log.warning("The saved index does not belong to this database; it is made anew")
            added = self._make_anew(self._catalog.state())
        if self._state.wants_compaction:
            self._state = self._state.compacted()
        if added > _SAVE_WHEN_BEHIND and self._files.damage() is None:
            self.save()

    # Agreement

    def _differs_from_the_database(self) -> bool:
        """Compared at one generation, for another process may write meanwhile; no difference where it never pauses."""
        for _ in range(_COMPARISONS):
            live = self._catalog.live_numbers()
            if self._catalog.state().generation == self._state.generation:
                return not np.array_equal(self._state.numbers(), live)
            self._follow()
        return False

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


def as_stored(vector: NDArray[np.float32]) -> bytes:
    """fp16, little-endian: half the size, and the same ranking."""
    return vector.astype("<f2").tobytes()


def _from_stored(stored: bytes) -> NDArray[np.float32]:
    return np.frombuffer(stored, dtype="<f2").astype(np.float32)


def _indexed(passage: StoredPassage, vector: NDArray[np.float32]) -> IndexedPassage:
    text = passage.embedded_text
    return IndexedPassage(passage.number, Counter(tokens(text)), is_written_in_chinese(text), vector)
