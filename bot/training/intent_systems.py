"""The classifiers that ours is compared with: what one would take off the shelf. Knows no sets.

They need packages of the extra `bench`, which nothing else does.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bot.intents import UNKNOWN, IntentPrediction
from bot.training.evaluation_data import IntentRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from knowledge.protocols import Embedder

_log = logging.getLogger(__name__)
_ALTERNATIVES = 3
_SETFIT_PAIRS = 20  # each example with so many others: the package's own default


class Probabilities(Protocol):
    def __call__(self, text: str) -> NDArray[np.float64]:
        """Of the intents, in the order of their names."""
        ...


class Baseline:
    """The IntentClassifier on any function from text to probabilities; strange is what it is unsure of."""

    def __init__(self, release: str, names: Sequence[str], probabilities: Probabilities) -> None:
        self.release = release
        self._names = names
        self._probabilities = probabilities

    def classify(self, text: str) -> IntentPrediction:
        chances = self._probabilities(text)
        best = np.argsort(-chances, kind="stable")[:_ALTERNATIVES]
        alternatives = tuple((self._names[place], float(chances[place])) for place in best)
        out_of_scope = 1 - alternatives[0][1]
        name, confidence = (UNKNOWN, out_of_scope) if out_of_scope >= 0.5 else alternatives[0]
        return IntentPrediction(name, confidence, alternatives, out_of_scope)


System = Callable[[Sequence[IntentRow], "Embedder", Path], Baseline]


def tfidf_svc(rows: Sequence[IntentRow], _: Embedder, __: Path) -> Baseline:
    """Words, pairs of words and pieces of words, a linear support vector machine, softmax of its margins."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    model: Any = make_pipeline(make_union(words, pieces), LinearSVC())
    model.fit([row.text for row in rows], [row.intent for row in rows])
    names = [str(each) for each in model.classes_]

    def probabilities(text: str) -> NDArray[np.float64]:
        margins = np.atleast_1d(model.decision_function([text])[0])
        if len(names) == 2:
            margins = np.array([-margins[0], margins[0]])
        raised = np.exp(margins - margins.max())
        return np.asarray(raised / raised.sum(), dtype=np.float64)

    return Baseline("TF-IDF + linear SVC", names, probabilities)


def frozen_logistic(rows: Sequence[IntentRow], embedder: Embedder, _: Path) -> Baseline:
    """The same embeddings as ours, unchanged, and logistic regression."""
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=10, max_iter=1000)
    model.fit(embedder.embed_queries([row.text for row in rows]), [row.intent for row in rows])
    names = [str(each) for each in model.classes_]

    def probabilities(text: str) -> NDArray[np.float64]:
        return np.asarray(model.predict_proba(embedder.embed_queries([text]))[0], dtype=np.float64)

    return Baseline("frozen embeddings + logistic regression", names, probabilities)


def setfit(rows: Sequence[IntentRow], _: Embedder, encoder: Path) -> Baseline:
    """Contrastive tuning of the same encoder (Tunstall et al. 2022), with the package's own defaults, one epoch."""
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression

    words = Transformer(str(encoder), max_seq_length=128)
    pooling = Pooling(words.get_embedding_dimension(), "mean")
    body = SentenceTransformer(modules=[words, pooling, Normalize()], device="cpu")
    names = sorted({row.intent for row in rows})
    model: Any = SetFitModel(model_body=body, model_head=LogisticRegression(max_iter=1000), labels=names)
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
        options = TrainingArguments(
            output_dir=folder, num_iterations=_SETFIT_PAIRS, num_epochs=1, save_strategy="no", report_to="none"
        )
        texts = Dataset.from_dict(
            {"text": ["query: " + row.text for row in rows], "label": [names.index(row.intent) for row in rows]}
        )
        Trainer(model=model, args=options, train_dataset=texts).train()

    def probabilities(text: str) -> NDArray[np.float64]:
        return np.asarray(model.predict_proba(["query: " + text], as_numpy=True)[0], dtype=np.float64)

    return Baseline("SetFit", names, probabilities)


BASELINES: Mapping[str, System] = {
    "TF-IDF + linear SVC": tfidf_svc,
    "frozen embeddings + logistic regression": frozen_logistic,
    "SetFit": setfit,
}
NEEDS = {
    "TF-IDF + linear SVC": "sklearn",
    "frozen embeddings + logistic regression": "sklearn",
    "SetFit": "setfit",
}
SETFIT_MOST = 800  # examples beyond which it takes hours without a GPU
