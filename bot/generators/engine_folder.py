"""A generator in the form that OpenVINO GenAI reads: made once of any model that transformers loads, then kept.

Knows nothing of requests. As a program it makes one folder: the memory that this takes (torch, transformers, the
weights twice) goes when it ends, and never belongs to the process that answers.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.generators.engine_choice import unlike_llama
from bot.generators.fast_tokenizer import FastTokenizer, write_tokenizer
from bot.generators.gguf_writing import write_llama_gguf
from bot.generators.loading import LanguageModel, load_language_model
from bot.generators.local import end_tokens
from bot.generators.openvino_import import import_openvino_genai
from bot.generators.prompt_tokens import PromptTokens
from bot.prompt import Prompt, PromptMessage
from knowledge.durable_files import only_one_at_a_time
from knowledge.embedding.model_folders import ModelDescription, ModelSource, is_complete, prepare_model_folder
from knowledge.errors import ModelUnavailable

_RECIPE = "engine 1"  # grows when the same model is to be converted differently
_ABOUT = "engine.json"
_PACKED = "model.gguf"
_BYTES_NEEDED = 1 << 30
_KEPT = 3
_FORGOTTEN = ".forgotten"
_PROBE = Prompt(
    (
        PromptMessage("system", "Use only the facts below."),
        PromptMessage("user", "Facts:\n- It costs 1,250.50 € in 2026.\n\nCustomer: 多少钱? Isn't it less  now"),
    )
)


@dataclass(frozen=True, slots=True)
class EngineModel:
    """What is known of the model in an engine's folder without loading it."""

    folder: Path
    release: str  # of the model that it was made of
    description: ModelDescription
    ends: tuple[int, ...]  # every token with which the model ends its turn
    context_tokens: int  # prompt and reply together
    bytes_per_token: int  # of keys and values


def engine_folder(parent: Path, release: str) -> Path:
    """Where the engine's form of a release lies."""
    return parent / f"engine-{release.replace('@', '-').replace('/', '-')}"


def prepare_engine_folder(parent: Path, *, model: str, adapter: str | None, release: str, allow_download: bool) -> Path:
    """Returns the folder of `release`, made in a process of its own where it is not there yet (half a minute).

    Raises ModelUnavailable.
    """
    folder = engine_folder(parent, release)
    if is_complete(folder, recipe=_RECIPE):
        with suppress(OSError):  # a folder that only others may write to is not ours to forget either
            os.utime(folder)  # the last to be used are kept
        return folder
    order = {"folder": str(folder), "model": model, "adapter": adapter, "allow_download": allow_download}
    command = [sys.executable, "-m", "bot.generators.engine_folder", json.dumps(order)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as maker:  # it ends when its input does, so it cannot outlive us
        assert maker.stdout is not None
        said = maker.stdout.read().strip().splitlines()
    if maker.returncode != 0:
        raise ModelUnavailable(said[-1] if said else f"The generator '{model}' could not be made ready for the engine")
    _forget_oldest(parent, folder)
    return folder


def _forget_oldest(parent: Path, newest: Path) -> None:
    """Every training makes a release and every release a folder: those before the last few used are made again on
    demand. A process that has one open keeps its pages. What is half deleted bears another name, so that nobody takes
    it for a folder of the engine; whoever comes next deletes the rest.
    """
    others = [folder for folder in parent.glob("engine-*") if folder.is_dir() and folder != newest]
    others.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[_KEPT - 1 :]:
        with suppress(OSError), only_one_at_a_time(parent / f".{folder.name}.lock"):  # as while it is made
            folder.rename(parent / f".{folder.name}.{secrets.token_hex(4)}{_FORGOTTEN}")
    for leftover in parent.glob(f".engine-*{_FORGOTTEN}"):
        shutil.rmtree(leftover, ignore_errors=True)


def read_engine_folder(folder: Path) -> EngineModel:
    """Raises ModelUnavailable."""
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return EngineModel(
            folder,
            about["release"],
            ModelDescription(**about["description"]),
            tuple(about["ends"]),
            about["context_tokens"],
            about["bytes_per_token"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(f"'{folder}' is no folder of the engine: {error}") from error


def make_engine_folder(folder: Path, *, model: str, adapter: str | None, allow_download: bool) -> None:
    """Raises ModelUnavailable: the model cannot be loaded, or is none that the engine reads."""

    def build(place: Path, _: Any) -> None:
        loaded = load_language_model(
            model,
            adapter=Path(adapter) if adapter else None,
            device="cpu",
            dtype="float32",
            allow_download=allow_download,
        )
        _build(loaded, place)

    source = ModelSource(folder.name, "as the model it was made of", model)
    prepare_model_folder(folder, recipe=_RECIPE, source=source, build=build, bytes_needed=_BYTES_NEEDED)


def _build(loaded: LanguageModel, folder: Path) -> None:
    config = loaded.model.config
    hindrance = unlike_llama(config.to_dict())
    if hindrance is not None:
        raise ModelUnavailable(f"The engine cannot read '{loaded.description.name}': {hindrance}")
    if loaded.prefix:
        raise ModelUnavailable(f"The engine cannot begin with the trained prefix of '{loaded.release}'")
    write_tokenizer(loaded.tokenizer, folder)
    if PromptTokens(FastTokenizer(folder)).encode(_PROBE) != PromptTokens(loaded.tokenizer).encode(_PROBE):
        raise ModelUnavailable(f"The engine would read prompts otherwise than '{loaded.description.name}' does")
    _write_model(loaded, folder)
    config.to_json_file(folder / "config.json")
    about = {
        "release": loaded.release,
        "description": {**asdict(loaded.description), "dtype": "float16"},
        "ends": sorted(end_tokens(loaded.model, loaded.tokenizer)),
        "context_tokens": config.max_position_embeddings,
        "bytes_per_token": 2 * 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim,
    }
    (folder / _ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _write_model(loaded: LanguageModel, folder: Path) -> None:
    """By way of a GGUF file: the one form of a model that OpenVINO GenAI converts without other packages."""
    openvino_genai = import_openvino_genai()
    packed = folder / _PACKED
    vocabulary = [f"<{number}>" for number in range(loaded.model.config.vocab_size)]
    try:
        write_llama_gguf(loaded.model.state_dict(), loaded.model.config, vocabulary, packed)
        scheduling = openvino_genai.SchedulerConfig()
        scheduling.num_kv_blocks = 16
        openvino_genai.ContinuousBatchingPipeline(packed, scheduling, "CPU", {"enable_save_ov_model": True})
    except (RuntimeError, LookupError) as error:
        raise ModelUnavailable(f"OpenVINO cannot read '{loaded.description.name}': {error}") from error
    packed.unlink()


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is ever said: it returns when the parent is gone
    os._exit(1)  # what is half made is removed by the next who makes it


def main(order: dict[str, Any]) -> int:
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    folder = Path(order.pop("folder"))
    try:
        make_engine_folder(folder, **order)
    except ModelUnavailable as error:
        sys.stdout.write(" ".join(str(error).split()) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
