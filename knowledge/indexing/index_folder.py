"""Saved indexes on the disk: whole or absent, and checked before they are trusted. Knows nothing of the database.

`folder/<generation>/` holds the indexes and a manifest with their checksums. It is written under another name,
the manifest last, and moved into place: a folder with a manifest is complete, and the highest generation is current.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowledge.durable_files import only_one_at_a_time, sha256_of_file, sync_folder, write_durably
from knowledge.errors import IndexNotSaved, IndexUnreadable
from knowledge.indexing.lexical_index import LexicalIndex
from knowledge.indexing.search_state import SearchState
from knowledge.protocols import PassageIndex

_log = logging.getLogger(__name__)

_FORMAT = 3
_VECTORS = {False: "vectors-en.index", True: "vectors-zh.index"}  # by "is Chinese"
_WORDS = "words.index"
_FILES = (*_VECTORS.values(), _WORDS)
_MANIFEST = "manifest.json"
_SEAL = "sha256"  # in the manifest, of the rest of it
_WRITING = ".writing-"
_LOCK = ".saving"


@dataclass(frozen=True, slots=True)
class _Manifest:
    format: int
    generation: int
    passages: int
    embedder: str
    indexes: dict[str, dict[str, Any]]  # language → IndexShape
    files: dict[str, str]  # name → sha256


class IndexFolder:
    def __init__(self, folder: Path, *, embedder: str, dimensions: int) -> None:
        self._folder = folder
        self._embedder = embedder
        self._dimensions = dimensions

    def clean(self) -> None:
        """Deletes what processes that have ended left half-written. Leaves it where the folder cannot be written."""
        for left in self._folder.glob(f"{_WRITING}*"):
            process = left.name.removeprefix(_WRITING).split("-")[0]
            if not _runs_elsewhere(process):
                shutil.rmtree(left, ignore_errors=True)

    def load_newest(self, new_index: Callable[[int], PassageIndex], *, upto: int) -> SearchState | None:
        """The newest saved index of this embedder that is intact and not newer than generation `upto`, if any.

        An index can only be newer than the database where an older backup of the database was restored.
        """
        for generation in self.generations():
            if generation > upto:
                _log.warning("The saved index of generation %d is newer than the database; it is not used", generation)
                continue
            try:
                return self._load(generation, new_index)
            except IndexUnreadable as error:
                _log.warning("%s", error)
        return None

    def generations(self) -> list[int]:
        """Those saved, the newest first."""
        manifests = self._folder.glob(f"*/{_MANIFEST}")
        return sorted((int(m.parent.name) for m in manifests if m.parent.name.isdecimal()), reverse=True)

    def damage(self) -> str | None:
        """What is wrong with the newest saved index, in a sentence; None also where nothing has been saved yet."""
        for generation in self.generations()[:1]:
            try:
                self._checked(generation)
            except IndexUnreadable as error:
                # Another process may have replaced it by a newer one while we were reading.
                return str(error) if generation in self.generations()[:1] else self.damage()
        return None

    def is_current(self, generation: int) -> bool:
        """Whether the newest saved index is intact, of this generation and of this embedder."""
        try:
            return self.generations()[:1] == [generation] and self._checked(generation).embedder == self._embedder
        except IndexUnreadable:
            return False

    def save(self, state: SearchState, *, keep: int, upto: int) -> None:
        """Writes `state`, then deletes all but the newest `keep` generations up to `upto`, that of the database.

        One above `upto` belongs to a database that has been replaced by an older backup. Of two processes that save at
        once one waits for the other. Raises IndexNotSaved where that fails; with `keep` 1, which says that older
        generations hold what has been removed, they are gone even then.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with only_one_at_a_time(self._folder / _LOCK):
                self._write(state)
                self._prune(keep, upto)
        except OSError as error:
            left = "the one written before stays"
            if keep == 1:
                left = "those written before hold what has been removed and are deleted"
                self._prune(0, upto)
            raise IndexNotSaved(
                f"Cannot save the search index in '{self._folder}' ({error.strerror or error}); searches use the one "
                f"in memory, {left}; make room, then run `frontdesk index rebuild`"
            ) from error

    def _write(self, state: SearchState) -> None:
        beside = self._folder / f"{_WRITING}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        beside.mkdir()
        try:
            for is_chinese, index in state.dense.items():
                index.save(beside / _VECTORS[is_chinese])
            state.lexical.save(beside / _WORDS)
            files = {name: sha256_of_file(beside / name) for name in _FILES}
            shapes = {language: asdict(shape) for language, shape in state.shapes().items()}
            manifest = _Manifest(_FORMAT, state.generation, len(state), self._embedder, shapes, files)
            write_durably(beside / _MANIFEST, _as_text(manifest).encode())
            self._move_into_place(beside, self._folder / str(state.generation))
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _move_into_place(self, beside: Path, place: Path) -> None:
        if place.exists():  # a damaged one, or the same written by another process
            aside = beside.with_name(f"{beside.name}-replaced")
            place.replace(aside)
            beside.replace(place)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            beside.replace(place)
        sync_folder(self._folder)

    def _prune(self, keep: int, upto: int) -> None:
        kept = [generation for generation in self.generations() if generation <= upto][:keep]
        for place in list(self._folder.iterdir()) if self._folder.is_dir() else []:
            if place.name.isdecimal() and int(place.name) not in kept:
                # The manifest first: without it the rest is not taken for an index, should this be the last thing done.
                (place / _MANIFEST).unlink(missing_ok=True)
                shutil.rmtree(place, ignore_errors=True)

    def _load(self, generation: int, new_index: Callable[[int], PassageIndex]) -> SearchState:
        manifest = self._checked(generation)
        if manifest.embedder != self._embedder:
            raise IndexUnreadable(f"The saved index '{self._folder / str(generation)}' was made by another embedder")
        place = self._folder / str(generation)
        state = SearchState(
            new_index(self._dimensions), new_index(self._dimensions), LexicalIndex(), generation=generation
        )
        for is_chinese, index in state.dense.items():
            index.load(place / _VECTORS[is_chinese])
        state.lexical.load(place / _WORDS)
        if not state.is_in_step() or len(state) != manifest.passages:
            raise IndexUnreadable(f"The parts of the saved index '{place}' do not fit together; {_WAY_OUT}")
        return state

    def _checked(self, generation: int) -> _Manifest:
        """The manifest, when every file is as it was written and made by this embedder. Raises IndexUnreadable."""
        place = self._folder / str(generation)
        try:
            manifest = _manifest_of((place / _MANIFEST).read_text(encoding="utf-8"))
            damaged = [name for name in _FILES if sha256_of_file(place / name) != manifest.files[name]]
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise IndexUnreadable(f"The saved index '{place}' is damaged ({error}); {_WAY_OUT}") from error
        if damaged:
            raise IndexUnreadable(f"'{place / damaged[0]}' is not as it was written; {_WAY_OUT}")
        if manifest.generation != generation:
            raise IndexUnreadable(f"The manifest of the saved index '{place}' is not its own; {_WAY_OUT}")
        return manifest


def _as_text(manifest: _Manifest) -> str:
    fields = asdict(manifest)
    return json.dumps({**fields, _SEAL: _seal(fields)}, indent=1)


def _manifest_of(text: str) -> _Manifest:
    fields = json.loads(text)
    if fields["format"] != _FORMAT:
        raise ValueError(f"it has the form {fields['format']} of another release")
    if fields.pop(_SEAL) != _seal(fields):
        raise ValueError("its manifest is not as it was written")
    return _Manifest(**fields)


def _seal(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


_WAY_OUT = "searches use one made from the database; `frontdesk index rebuild` saves it"


def _runs_elsewhere(process: str) -> bool:
    if not process.isdecimal() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
