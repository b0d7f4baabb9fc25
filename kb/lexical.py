"""BM25 over stemmed words, with legal numbers kept whole."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import bm25s
import numpy as np
import Stemmer

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets DEBUG by itself, and would talk into the progress bars
K1, B = 1.5, 0.75
_WORD = re.compile(r"[a-z]{1,2}-\d+(?:[.\-–]\d+)*[a-z]*|[a-z]*\d+(?:[.\-–]\d+)*[a-z]*|[^\W\d_]+", re.IGNORECASE)
_CJK = re.compile(r"[\u3400-\u9fff]+")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_STEMMERS = {"en": "english", "es": "spanish", "fr": "french", "de": "german", "nl": "dutch", "ar": "arabic", "it": "italian", "pt": "portuguese"}
_STOP = {
    "english": "a an and are as at be but by can do does for from has have he her his how i if in into is it its me my no not of on or our she so such that the "
    "their them then there these they this to was we what when where which who whom why will with would you your am did may must shall should any",
    "spanish": "a al ante con de del desde el ella en es esta este la las le les lo los me mi mis no o para pero por que qué se si sin su sus un una y ya yo como cómo cuando "
    "cuándo donde dónde quien quién puedo puede son está están tengo tiene he ha",
}


@lru_cache(maxsize=16)
def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name)


@lru_cache(maxsize=4)
def _stop(name: str) -> frozenset[str]:
    return frozenset(map(fold, _STOP.get(name, "").split()))


def fold(text: str) -> str:
    """The text as it is compared: NFKC, lower case, without zero-width characters and accents on Latin letters."""
    if text.isascii():
        return text.lower()  # what the rest comes to, sooner
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def terms(text: str, language: str = "en") -> list[str]:
    """The index terms of a text in a language: stems of its words, numbers whole ("214.204"), pairs of Chinese characters."""
    folded = fold(text)
    name = _STEMMERS.get(language.partition("-")[0], "english")
    stop = _stop(name)
    words = [word for word in _WORD.findall(_CJK.sub(" ", folded)) if word not in stop]
    pairs = [run[i : i + 2] for run in _CJK.findall(folded) for i in range(max(len(run) - 1, 1))]
    return _stemmer(name).stemWords(words) + pairs


class LexicalIndex:
    """A BM25 index over rows in the order in which they were given.

    Source: Robertson and Zaragoza 2009; bm25s by Lù 2024.
    """

    def __init__(self, retriever: bm25s.BM25, size: int):
        self._retriever = retriever
        self.size = size

    @classmethod
    def build(cls, documents: Iterable[Sequence[str]]) -> LexicalIndex:
        """An index over documents given as lists of terms."""
        rows = [list(document) or ["\0"] for document in documents]
        retriever = bm25s.BM25(k1=K1, b=B)
        retriever.index(rows or [["\0"]], show_progress=False)
        return cls(retriever, len(rows))

    def save(self, folder: Path) -> None:
        self._retriever.save(folder)
        (folder / "size.json").write_text(json.dumps(self.size), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        return cls(bm25s.BM25.load(folder, mmap=True), json.loads((folder / "size.json").read_text("utf-8")))

    def scores(self, query: Sequence[str]) -> np.ndarray:
        """BM25 of every row.

        Shape: (rows,), float32; zero where no term occurs.
        """
        known = [term for term in dict.fromkeys(query) if term in self._retriever.vocab_dict]
        if not known:
            return np.zeros(self.size, dtype=np.float32)
        return self._retriever.get_scores(known)
