"""What a run is to do with a path, a folder or an upload. Knows nothing of how it is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from knowledge.ingesting.ingest_reading import Expect, Step, Sweep, Take
from knowledge.ingesting.sources import candidates, candidates_in_file, files_below, is_container, name_of
from knowledge.passages import Refusal
from knowledge.readers import STANDARD_LIMITS, ReadingLimits
from knowledge.storing.catalog_values import file_source


def steps_of_paths(
    paths: Sequence[Path], *, encoding: str = "", limits: ReadingLimits = STANDARD_LIMITS
) -> Iterator[Step]:
    """`encoding` is how somebody says that the files are written; "" to find out."""
    for path in paths:
        place = path.resolve()
        if place.is_dir():
            yield from steps_of_folder(place, name_of(place), encoding=encoding, limits=limits)
        elif place.exists():
            yield from _steps_of_file(place, encoding, limits)
        else:
            yield Expect(1)
            yield Refusal(name_of(path), "there is no such file or folder")


def steps_of_folder(
    folder: Path, collection: str, *, encoding: str = "", limits: ReadingLimits = STANDARD_LIMITS
) -> Iterator[Step]:
    found = list(files_below(folder))
    yield Expect(len(found))
    for one in found:
        if isinstance(one, Refusal):
            yield Refusal(_source_in(folder, Path(one.source), collection), one.reason)
        else:
            source = _source_in(folder, one, collection)
            found_in = candidates_in_file(one, source, limits=limits, encoding=encoding or None)
            yield Take(source, found_in, collection)
    yield Sweep(collection)


def steps_of_upload(
    source: str,
    content: bytes,
    *,
    collection: str = "",
    encoding: str = "",
    limits: ReadingLimits = STANDARD_LIMITS,
) -> Iterator[Step]:
    """`encoding` is how the editor says that the file is written; "" to find out."""
    name = PurePosixPath(source).name
    container = is_container(name)
    yield Expect(1)
    found = candidates(name, content, source, limits=limits, encoding=encoding or None)
    yield Take(source, found, source if container else collection)
    if container:
        yield Sweep(source)


def upload_name(name: str) -> str:
    """The last part of a name that a browser sent, without anything that does not print; a source of no entry."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return file_source("".join(character for character in last if character.isprintable()).strip()[:200] or "upload")


def _source_in(folder: Path, path: Path, collection: str) -> str:
    return f"{collection}/{name_of(path.relative_to(folder))}"


def _steps_of_file(path: Path, encoding: str, limits: ReadingLimits) -> Iterator[Step]:
    source = name_of(path)
    container = is_container(path.name)
    yield Expect(1)
    found = candidates_in_file(path, source, limits=limits, encoding=encoding or None)
    yield Take(source, found, source if container else "")
    if container:
        yield Sweep(source)
