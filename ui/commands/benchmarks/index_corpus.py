"""A large invented knowledge base for `frontdesk bench index`: texts like real ones in their statistics, and vectors.

Words are drawn by Zipf's law from a vocabulary of 60,000 (Chinese: 3,500 characters), passages are 40 to 180 words
long. A vector is one real passage's, moved by .4 of the difference of two others' and by .3 of a random direction:
as crowded and as lopsided as real embeddings, but no two alike. Knows nothing of what is measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.passages import DocumentText, Passage
from knowledge.storing.catalog_values import DocumentDraft, PreparedDocument

PASSAGES_PER_DOCUMENT = 10
_CHINESE_EVERY = 5  # documents
_MOVED_BY = 0.4
_NOISE = 0.3
_QUERY_NOISE = 0.5
_QUERY_WORDS = 8
_SYLLABLES = ("ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu an er is ol um ar ten lin mor sa "
              "pri con der ves tal nor ick est ing ous").split()  # fmt: skip
_FIRST_HAN = 0x4E00

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    vector: Vectors


class InventedCorpus:
    """The same passages for the same seed, on every machine. `anchors` are real passages' vectors, of shape (n, d)."""

    def __init__(self, anchors: Vectors, *, seed: int = 1) -> None:
        self._anchors = anchors
        self._chance = np.random.default_rng(seed)
        self._words = np.array([_word(rank) for rank in range(60_000)])
        self._characters = np.array([chr(_FIRST_HAN + 5 * rank) for rank in range(3_500)])
        self._word_shares, self._character_shares = _zipf(len(self._words)), _zipf(len(self._characters))

    def batches(self, passages: int, *, at_once: int = 500) -> Iterator[tuple[list[PreparedDocument], Vectors]]:
        """Documents ready to be written, and their passages' vectors in order."""
        documents: list[PreparedDocument] = []
        for number in range(-(-passages // PASSAGES_PER_DOCUMENT)):
            documents.append(self.document(f"invented-{number:06}", number % _CHINESE_EVERY == _CHINESE_EVERY - 1))
            if len(documents) * PASSAGES_PER_DOCUMENT >= at_once:
                yield documents, self.vectors(len(documents) * PASSAGES_PER_DOCUMENT)
                documents = []
        if documents:
            yield documents, self.vectors(len(documents) * PASSAGES_PER_DOCUMENT)

    def document(self, document_id: str, is_chinese: bool, *, says: str = "") -> PreparedDocument:
        """A document of invented passages; `says` stands at the head of each."""
        parts = [f"{says} {self._text(is_chinese)}".strip() for _ in range(PASSAGES_PER_DOCUMENT)]
        text, title, language = "\n\n".join(parts), parts[0][:30], "zh" if is_chinese else "en"
        passages, start = [], 0
        for number, part in enumerate(parts):
            passage_id = f"{document_id}:{number}"
            place = (document_id, title, f"{document_id}.md", part[-30:])
            passages.append(Passage(passage_id, *place, part, start, start + len(part), language))
            start += len(part) + 2
        checksum = hashlib.sha256(text.encode()).hexdigest()
        described = DocumentText(title, text)
        return PreparedDocument(
            DocumentDraft(document_id, f"{document_id}.md", "", "text/markdown", checksum, described), tuple(passages)
        )

    def _text(self, is_chinese: bool) -> str:
        if is_chinese:
            length = int(self._chance.integers(60, 240))
            return "".join(self._chance.choice(self._characters, size=length, p=self._character_shares)) + "。"
        length = int(self._chance.integers(40, 180))
        return " ".join(self._chance.choice(self._words, size=length, p=self._word_shares)) + "."

    def vectors(self, count: int) -> Vectors:
        chosen = self._chance.integers(0, len(self._anchors), size=(3, count))
        first, second, third = (self._anchors[rows] for rows in chosen)
        return _moved(first + _MOVED_BY * (second - third), _NOISE, self._chance)

    def questions(self, documents: list[PreparedDocument], vectors: Vectors, count: int) -> list[Question]:
        """Some words of a passage, and a vector about .89 similar to its own."""
        passages = [passage for document in documents for passage in document.passages]
        found = []
        for row in self._chance.choice(len(passages), size=count).tolist():
            text = passages[row].text
            words: list[str] | str = text if passages[row].language == "zh" else text.split()
            first = int(self._chance.integers(0, max(1, len(words) - _QUERY_WORDS)))
            part = words[first : first + _QUERY_WORDS]
            asked = part if isinstance(part, str) else " ".join(part)
            found.append(Question(asked, _moved(vectors[row : row + 1], _QUERY_NOISE, self._chance)[0]))
        return found


def _zipf(count: int) -> NDArray[np.float64]:
    shares = 1 / (np.arange(count) + 2.7)  # Zipf-Mandelbrot
    normal: NDArray[np.float64] = shares / shares.sum()
    return normal


def _word(rank: int) -> str:
    rest, word = rank + len(_SYLLABLES), ""
    while rest:
        rest, syllable = divmod(rest, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return word


def _moved(vectors: Vectors, by: float, chance: np.random.Generator) -> Vectors:
    noise = chance.normal(size=vectors.shape).astype(np.float32)
    noise *= by / np.linalg.norm(noise, axis=1, keepdims=True)
    moved = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) + noise
    normal: Vectors = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
    return normal
