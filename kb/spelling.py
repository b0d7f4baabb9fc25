"""A misspelt word of a question -> the word of our texts that was meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from spellchecker import SpellChecker

_WORD = re.compile(r"(?<![\w'’.-])[a-z]{4,}(?![\w'’-])")  # a name or an acronym is never mended
_LETTERS = re.compile(r"[^\W\d_]+")
_LEAST = 3  # times that our texts must use a word for it to be one
_SHORT = 6  # letters from which two slips may be mended; one below


def count_words(texts: Iterable[str]) -> dict[str, int]:
    """How often our texts use each word in small letters, rare words left out."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(re.findall(r"[a-z]{3,}", text.casefold()))
    return {word: count for word, count in sorted(counts.items()) if count >= _LEAST}


@cache
def _english() -> Mapping[str, int]:
    """The words of everyday English: one that our texts do not use is no slip for that."""
    return SpellChecker(language="en").word_frequency.dictionary


class Speller:
    """The words of a generation's texts, by how often they are used."""

    def __init__(self, words: Mapping[str, int]):
        self._counts = words
        self._words = list(words)

    def mend(self, text: str) -> str:
        """An English question with its slips mended; names, acronyms, and words that we know stay as they stand.

        A text that is mostly made of unknown words is in another language, and is left alone.
        """
        unknown = {word for word in _WORD.findall(text) if not self._known(word)} if self._words else set()
        words = _LETTERS.findall(text.casefold())
        if not unknown or 2 * sum(not self._known(word) for word in words) > len(words):
            return text
        return _WORD.sub(lambda match: self._meant(match.group()) if match.group() in unknown else match.group(), text)

    def _known(self, word: str) -> bool:
        return word in self._counts or word in _english() or word.removesuffix("s") in _english()

    def _meant(self, word: str) -> str:
        slips = 1 if len(word) < _SHORT else 2
        near = process.extract(word, self._words, scorer=DamerauLevenshtein.distance, score_cutoff=slips, limit=20)
        # people slip on the first letter least
        return min(near, key=lambda found: (found[1] + 0.5 * (found[0][0] != word[0]), -self._counts[found[0]], found[0]))[0] if near else word
