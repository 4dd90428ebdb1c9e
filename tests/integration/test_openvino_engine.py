"""The batching engine on a tiny random model: what it writes does not depend on who is beside, or on leaving."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.errors import GenerationFailed
from bot.generators import engine_folder as engine_folders
from bot.generators.engine_choice import choose_engine
from bot.generators.engine_folder import engine_folder, make_engine_folder, read_engine_folder
from bot.generators.loading import find_language_model
from bot.generators.separate import BatchOptions, ModelOptions, SeparateGenerator
from knowledge.durable_files import only_one_at_a_time
from knowledge.embedding.model_folders import ModelSource, prepare_model_folder
from knowledge.errors import ModelUnavailable
from tests.contract.test_reply_generator import A_PROMPT, never, written

pytestmark = pytest.mark.slow

WORDS = 300
TEMPLATE = "{% for message in messages %}{{ '<s>' + message['content'] + '</s>' }}{% endfor %}<s>"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama of two layers that was never trained, so sharp that no two next words are equally likely."""
    if find_spec("openvino_genai") is None:
        pytest.skip("openvino-genai is not installed")
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny") / "model"
    torch.manual_seed(7)
    config = LlamaConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        vocab_size=WORDS,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    words = {"<unk>": 0, "<s>": 1, "</s>": 2, **{f"w{number}": number for number in range(3, WORDS)}}
    plain = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, unk_token="<unk>", bos_token="<s>", eos_token="</s>", chat_template=TEMPLATE
    )
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def engine(model: Path) -> Path:
    _, release = find_language_model(str(model), None)
    folder = engine_folder(model.parent, release)
    make_engine_folder(folder, model=str(model), adapter=None, allow_download=False)
    return folder


@pytest.fixture(scope="module")
def generator(model: Path, engine: Path) -> Iterator[SeparateGenerator]:
    batching = BatchOptions("openvino", str(engine.parent), slots=8)
    options = ModelOptions(str(model), None, ("en",), "cpu", "bfloat16", 1, allow_download=False, batching=batching)
    with closing(SeparateGenerator(options)) as separate:
        yield separate


def some_prompts(count: int) -> list[list[int]]:
    drawn = random.Random(3)
    return [[drawn.randrange(3, WORDS) for _ in range(drawn.randrange(5, 150))] for _ in range(count)]


def replies(engine: Path, prompts: list[list[int]], *, slots: int) -> list[list[int]]:
    from bot.generators.openvino_pipeline import OpenVinoPipeline

    pipeline = OpenVinoPipeline(read_engine_folder(engine), slots=slots, threads=2)
    found: list[list[int]] = [[] for _ in prompts]
    for start in range(0, len(prompts), slots):
        under_way = set(range(start, min(start + slots, len(prompts))))
        for number in under_way:
            pipeline.add(number, prompts[number], 12)
        while under_way:
            for result in pipeline.step():
                found[result.number] += result.tokens
                if result.has_ended:
                    under_way.discard(result.number)
    return found


def test_what_is_written_side_by_side_is_what_is_written_alone(engine: Path) -> None:
    prompts = some_prompts(24)
    assert replies(engine, prompts, slots=8) == replies(engine, prompts, slots=1)


def test_it_writes_what_the_model_says_on_torch(model: Path, engine: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    told = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    prompts = some_prompts(12)
    agreed = total = 0
    for prompt, reply in zip(prompts, replies(engine, prompts, slots=6), strict=True):
        with torch.inference_mode():
            likeliest = told(torch.tensor([prompt + reply])).logits[0, len(prompt) - 1 : -1].argmax(-1).tolist()
        agreed += sum(ours == theirs for ours, theirs in zip(reply, likeliest, strict=True))
        total += len(reply)
    assert agreed / total >= 0.94


def test_who_leaves_in_the_middle_holds_nothing_back(engine: Path) -> None:
    """Four times more leave than there is memory for, if they kept theirs."""
    from bot.generators.openvino_pipeline import OpenVinoPipeline

    pipeline = OpenVinoPipeline(read_engine_folder(engine), slots=2, threads=2)
    prompt = some_prompts(1)[0] * 3
    for number in range(4 * pipeline.capacity_tokens // len(prompt)):
        pipeline.add(number, [number % WORDS, *prompt], 100)
        while not any(result.number == number for result in pipeline.step()):
            pass
        pipeline.cancel(number)
        assert all(result.number != number for result in pipeline.step())
    pipeline.add(-1 % 2**32, prompt, 3)
    last: list[int] = []
    while len(last) < 3:
        last += [token for result in pipeline.step() for token in result.tokens]
    assert last == replies(engine, [prompt], slots=1)[0][:3]


def test_a_hundred_requests_at_once_all_end(generator: SeparateGenerator) -> None:
    expected = written(generator)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(written(generator))) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 100


def test_a_killed_engine_fails_what_is_under_way_and_comes_back(generator: SeparateGenerator) -> None:
    before = written(generator)
    assert generator.release.endswith("/openvino")
    assert generator._process is not None
    under_way = generator.generate(A_PROMPT, max_tokens=200, stop=never)
    next(under_way)
    os.kill(generator._process.pid, signal.SIGKILL)
    with pytest.raises(GenerationFailed):
        list(under_way)
    assert generator.count_tokens("w5 w6") == 2, "counting does not need the process"
    assert generator.wait_until_running(60)
    assert written(generator) == before


def test_a_relative_folder_is_the_callers(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home is `var` by default, and `serve` may be called anywhere."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").symlink_to(model)
    batching = BatchOptions("openvino", "var/models", slots=2)
    options = ModelOptions("mine", None, ("en",), "cpu", "bfloat16", 1, allow_download=False, batching=batching)
    with closing(SeparateGenerator(options)) as separate:
        assert separate.release.endswith("/openvino")
    assert list((tmp_path / "var" / "models").glob("engine-mine-*"))


def test_whoever_makes_a_folder_ends_with_the_one_who_asked(tmp_path: Path) -> None:
    """While another process makes the same folder, too."""
    order = {"folder": str(tmp_path / "engine-x"), "model": "none", "adapter": None, "allow_download": False}
    command = [sys.executable, "-m", "bot.generators.engine_folder", json.dumps(order)]
    with only_one_at_a_time(tmp_path / ".engine-x.lock"):
        maker = subprocess.Popen(command, stdin=subprocess.PIPE)
        assert maker.stdin is not None
        maker.stdin.close()
        try:
            assert maker.wait(60) != 0
        finally:
            maker.kill()
            maker.wait()


def a_sealed_folder(parent: Path, name: str, *, used: float) -> Path:
    def build(place: Path, _: object) -> None:
        (place / "weights").write_text(name)

    folder = parent / name
    source = ModelSource(name, "none", "none")
    prepare_model_folder(folder, recipe=engine_folders._RECIPE, source=source, build=build)
    os.utime(folder, (used, used))
    return folder


def test_the_folders_used_last_are_kept_and_nothing_half_deleted_bears_their_name(tmp_path: Path) -> None:
    names = [f"engine-{number}" for number in range(5)]
    made = [a_sealed_folder(tmp_path, name, used=1000.0 + number) for number, name in enumerate(names)]
    left = tmp_path / ".engine-9.abcd.forgotten"
    left.mkdir()
    (left / "weights").write_text("of somebody who was killed while deleting")
    ready = engine_folders.prepare_engine_folder(tmp_path, model="", adapter=None, release="0", allow_download=False)
    assert ready == made[0], "it is there, so it is used"
    engine_folders._forget_oldest(tmp_path, made[4])
    assert {folder.name for folder in tmp_path.glob("engine-*")} == {"engine-0", "engine-3", "engine-4"}
    assert not list(tmp_path.glob(".*forgotten"))


def test_an_unfit_model_is_written_in_turn_unless_the_engine_is_demanded(tmp_path: Path) -> None:
    if find_spec("openvino_genai") is None:
        pytest.skip("openvino-genai is not installed")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}', encoding="utf-8")
    assert choose_engine("auto", tmp_path, "cpu").engine == "transformers"
    with pytest.raises(ModelUnavailable, match="kind gpt2"):
        choose_engine("openvino", tmp_path, "cpu")


def needs_the_package() -> None:
    if find_spec("openvino_genai") is None:
        pytest.skip("openvino-genai is not installed")


def test_a_trained_prefix_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    needs_the_package()
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    adapter = tmp_path / "20261122-prefix"
    adapter.mkdir()
    for kind, engine in (("LORA", "openvino"), ("PREFIX_TUNING", "transformers")):
        (adapter / "adapter_config.json").write_text(json.dumps({"peft_type": kind}), encoding="utf-8")
        assert choose_engine("auto", tmp_path, "cpu", adapter).engine == engine
    with pytest.raises(ModelUnavailable, match="trained prefix '20261122-prefix'"):
        choose_engine("openvino", tmp_path, "cpu", adapter)


def test_a_graphics_card_counts_only_where_torch_can_use_it(tmp_path: Path) -> None:
    needs_the_package()
    import torch

    (tmp_path / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    device_file = tmp_path / "nvidiactl"
    device_file.touch()
    expected = "transformers" if torch.cuda.is_available() else "openvino"
    assert choose_engine("auto", tmp_path, "auto", nvidia=device_file).engine == expected
    assert choose_engine("auto", tmp_path, "auto", nvidia=tmp_path / "none").engine == "openvino"


def test_importing_the_engine_tells_nobody(tmp_path: Path) -> None:
    """Its maker's package for reporting writes an id into the home folder before it sends anything."""
    if find_spec("openvino_genai") is None:
        pytest.skip("openvino-genai is not installed")
    program = (
        "import sys; from bot.generators.openvino_import import import_openvino_genai; import_openvino_genai();"
        "sys.exit(any(name.startswith('openvino_telemetry.') for name in sys.modules))"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0
    assert list(tmp_path.iterdir()) == []
