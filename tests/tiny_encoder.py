"""A whole encoder in a model folder, small enough to be tuned in a test. Its tokens are words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def write_tiny_encoder(folder: Path, words: Sequence[str], *, longest: int = 64) -> Path:
    """Weights are made up by a fixed seed. Returns `folder`, which TorchEmbedder opens."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    from knowledge.embedding.encoders import BertEncoder, _Sizes

    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *dict.fromkeys(words)])}
    sizes = {
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": longest,
        "type_vocab_size": 1,
    }
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_act": "gelu", **sizes}))
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "", "passage": ""}}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": "[PAD]", "model_max_length": longest}))
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    encoder = BertEncoder(_Sizes(len(vocabulary), 32, 2, 2, 64, longest, 1, 1e-12))
    weights = {}
    for name, empty in encoder.state_dict().items():
        if "LayerNorm" in name:
            weights[name] = torch.ones_like(empty) if name.endswith("weight") else torch.zeros_like(empty)
        else:
            weights[name] = torch.randn(empty.shape) * (1.0 if "embeddings" in name else 0.15)
    save_file(weights, folder / "model.safetensors")
    return folder
