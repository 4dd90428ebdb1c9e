"""What learns when a generator is tuned: an adapter of some kind, or all of it. Knows nothing of data or of epochs.

LoRA: Hu et al. 2021. AdaLoRA: Zhang et al. 2023. Prefix tuning: Li and Liang 2021. All as the package peft does them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bot.generators.adapters import CONFIG, WEIGHTS, LowRank, is_plain_lora, saved_pairs
from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    from torch import Tensor

GeneratorMethod = Literal["lora", "adalora", "prefix", "full"]
METHODS: tuple[GeneratorMethod, ...] = ("lora", "adalora", "prefix", "full")

_RANK = 8
_PREFIX_TOKENS = 16
_PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Learner:
    """A causal language model of which some weights learn. Those that are kept in fewer bits learn as fp32 masters.

    Masters are why an adapter may run in bfloat16: steps of 1e-4 would vanish in its eight bits of mantissa.
    """

    def __init__(self, model: Any, method: GeneratorMethod, *, steps: int, seed: int = 0) -> None:
        """`model`: transformers' PreTrainedModel on its device; it is changed. `steps` of the whole training."""
        import torch

        self.method = method
        self._base = model
        torch.manual_seed(seed)
        model.requires_grad_(method == "full")
        self._adapted = None if method == "full" else _adapted(model, method, steps)
        self._decoder, self._head = model.get_decoder(), model.get_output_embeddings()
        learns = (self._adapted or model).named_parameters()
        self._parameters = {name: each for name, each in learns if each.requires_grad}
        self.masters = {
            name: each if each.dtype == torch.float32 else torch.nn.Parameter(each.detach().float())
            for name, each in self._parameters.items()
        }

    @property
    def device(self) -> Any:
        return self._base.device

    def logits(self, tokens: Tensor, rows: Tensor, places: Tensor) -> Tensor:
        """`tokens` (n, t), padded on the right; logits (m, vocabulary) after the m given places alone.

        49,152 numbers a place: of a prompt nobody needs them. No mask: what pads comes after all that is looked at.
        """
        before = {}
        if self.method == "prefix":
            assert self._adapted is not None
            before = {"past_key_values": self._adapted.get_prompt(len(tokens))}
        states = self._decoder(input_ids=tokens, use_cache=self.method == "prefix", **before).last_hidden_state
        logits: Tensor = self._head(states[rows, places])
        return logits.float()

    def begin_with(self, adapter: Path) -> bool:
        """LoRA goes on from another of the same rank in the same layers; False, and nothing is changed, elsewhere."""
        import torch

        if self.method != "lora" or not is_plain_lora(adapter):
            return False
        found = saved_pairs(adapter)
        own = dict(_layers(self._adapted))
        if found.keys() != own.keys() or any(found[name].a.shape != _pair_of(own[name]).a.shape for name in own):
            return False
        with torch.no_grad():
            for name, module in own.items():
                module.lora_A["default"].weight.copy_(found[name].a)
                module.lora_B["default"].weight.copy_(found[name].b / module.scaling["default"])
            for name, parameter in self._parameters.items():
                self.masters[name].copy_(parameter)
        return True

    def gather_gradients(self) -> None:
        """After a way back: the masters have the gradients."""
        for name, parameter in self._parameters.items():
            master = self.masters[name]
            if master is not parameter and parameter.grad is not None:
                master.grad = parameter.grad.float()
                parameter.grad = None

    def forget_gradients(self) -> None:
        for each in (*self.masters.values(), *self._parameters.values()):
            each.grad = None

    def spread_masters(self) -> None:
        """After a step, or after weights were put back: the model runs with what the masters say."""
        import torch

        with torch.no_grad():
            for name, parameter in self._parameters.items():
                if self.masters[name] is not parameter:
                    parameter.copy_(self.masters[name])

    def allocate(self, step: int) -> None:
        """After step number `step`, from 0, while its gradients are still there: AdaLoRA moves ranks to where they
        matter."""
        if self.method == "adalora":
            assert self._adapted is not None
            self._adapted.base_model.update_and_allocate(step)

    def allocation(self) -> tuple[Mapping[str, Tensor], Mapping[str, Any]]:
        """What AdaLoRA remembers between two steps, as tensors and as plain values."""
        if self.method != "adalora":
            return {}, {}
        assert self._adapted is not None
        allocator = self._adapted.base_model.rankallocator
        tensors = {f"{kind}/{name}": each for kind in _REMEMBERED for name, each in getattr(allocator, kind).items()}
        return tensors, {"rank_pattern": self._adapted.active_peft_config.rank_pattern}

    def restore_allocation(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        if self.method != "adalora":
            return
        assert self._adapted is not None
        allocator = self._adapted.base_model.rankallocator
        for key, each in tensors.items():
            kind, name = key.split("/", 1)
            getattr(allocator, kind)[name] = each.to(self.device)
        self._adapted.active_peft_config.rank_pattern = values.get("rank_pattern")

    @contextmanager
    def learning(self) -> Iterator[None]:
        (self._adapted or self._base).train()
        try:
            yield
        finally:
            (self._adapted or self._base).eval()

    def save(self, folder: Path, tokenizer: Any) -> None:
        """What `bot.generators.loading` opens as an adapter, in bfloat16: the whole model where all of it learnt."""
        import torch
        from safetensors.torch import save_file

        if self._adapted is None:
            self._base.to(torch.bfloat16).save_pretrained(folder, safe_serialization=True)
            tokenizer.save_pretrained(folder)
            return
        weights, config = _saved_prefix(self._adapted) if self.method == "prefix" else _saved_lora(self._adapted)
        kept = {name: each.detach().to("cpu", torch.bfloat16).contiguous() for name, each in weights.items()}
        save_file(kept, folder / WEIGHTS)
        (folder / CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


_REMEMBERED = ("ipt", "exp_avg_ipt", "exp_avg_unc")  # of peft's RankAllocator


def _adapted(model: Any, method: GeneratorMethod, steps: int) -> Any:
    try:
        from peft import AdaLoraConfig, LoraConfig, PrefixTuningConfig, get_peft_model
    except ImportError as error:
        raise ModelUnavailable(
            "Training a generator needs the package peft; install it with: pip install 'frontdesk[train]'"
        ) from error
    config: Any
    if method == "prefix":
        config = PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=_PREFIX_TOKENS)
    elif method == "adalora":
        config = AdaLoraConfig(
            task_type="CAUSAL_LM",
            init_r=_RANK + _RANK // 2,
            target_r=_RANK,
            lora_alpha=2 * _RANK,
            target_modules=_targets(model),
            total_step=steps,
            tinit=max(1, steps // 10),
            tfinal=max(1, steps // 3),
            deltaT=max(1, steps // 50),
        )
    else:
        config = LoraConfig(
            task_type="CAUSAL_LM", r=_RANK, lora_alpha=2 * _RANK, lora_dropout=0.0, target_modules=_targets(model)
        )
    try:
        return get_peft_model(model, config, autocast_adapter_dtype=method == "adalora")
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(f"This generator cannot be tuned by {method}: {error}; try --method full") from error


def _targets(model: Any) -> list[str] | str:
    """The projections of a llama and its kin; elsewhere all linear layers."""
    names = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    return _PROJECTIONS if names.issuperset(_PROJECTIONS) else "all-linear"


def _saved_lora(adapted: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """As plain LoRA of scale 1, AdaLoRA too: its singular values and its scale are in b."""
    weights: dict[str, Tensor] = {}
    layers = set()
    rank = 0
    for name, module in _layers(adapted):
        pair = _pair_of(module)
        weights[f"base_model.model.{name}.lora_A.weight"] = pair.a
        weights[f"base_model.model.{name}.lora_B.weight"] = pair.b
        layers.add(name.rpartition(".")[2])
        rank = len(pair.a)
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": rank}
    return weights, {**config, "target_modules": sorted(layers)}


def _layers(adapted: Any) -> Iterator[tuple[str, Any]]:
    """The layers to which something is added, by name."""
    for name, module in adapted.base_model.model.named_modules():
        if hasattr(module, "lora_A") and "default" in module.lora_A:
            yield name, module


def _pair_of(module: Any) -> LowRank:
    scale = module.scaling["default"]
    if hasattr(module, "lora_E"):
        scale = scale / (float(module.ranknum["default"]) + 1e-5)
        return LowRank(module.lora_A["default"], module.lora_B["default"] * module.lora_E["default"].T * scale)
    return LowRank(module.lora_A["default"].weight, module.lora_B["default"].weight * scale)


def _saved_prefix(adapted: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    config = adapted.active_peft_config
    values = {
        "peft_type": "PREFIX_TUNING",
        "task_type": "CAUSAL_LM",
        "num_virtual_tokens": config.num_virtual_tokens,
        "num_layers": config.num_layers,
        "num_attention_heads": config.num_attention_heads,
        "token_dim": config.token_dim,
        "encoder_hidden_size": config.encoder_hidden_size,
        "num_transformer_submodules": config.num_transformer_submodules,
        "prefix_projection": False,
        "inference_mode": True,
    }
    return {"prompt_embeddings": adapted.get_prompt_embedding_to_save("default")}, values
