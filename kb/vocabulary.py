"""What people say -> what the law says: synonyms, Spanish words, and words that imply whose law is meant.

The words are data (corpus/vocabulary), sealed into each generation. They add to a question, and never replace a citation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from kb.citation import places_named

_SPANISH = re.compile(
    r"[¿¡ñáéíóú]|\b(?:el|la|los|las|una|que|para|por|con|como|puedo|puede|tengo|trabajo|víctima|victima|trata|derecho|ley|si|es|mi|me)\b", re.IGNORECASE
)

_PLAIN = str.maketrans("áéíóúüñ", "aeiouun")


class Vocabulary:
    """The tables of the vocabulary, ready to be applied to questions."""

    def __init__(self, tables: Mapping[str, Mapping[str, object]]):
        self._synonyms = {str(k).casefold(): str(v) for k, v in tables.get("synonyms", {}).items()}
        spanish = {form.casefold(): str(v) for k, v in tables.get("spanish", {}).items() for form in str(k).split("|")}
        self._spanish = {form.translate(_PLAIN): english for form, english in spanish.items()} | spanish  # people leave accents out
        self._synonym_pattern = _any_of(self._synonyms)
        self._spanish_pattern = _any_of(self._spanish)
        self._implied = {code: _any_of([str(term) for term in terms]) for code, terms in tables.get("implied", {}).items()}
        self._regions = {str(name).casefold(): list(codes) for name, codes in tables.get("regions", {}).items()}
        self._region_pattern = _any_of(list(self._regions))
        self._wider = {part: whole for whole, parts in tables.get("wider", {}).items() for part in parts}

    def is_spanish(self, text: str) -> bool:
        """Whether a question looks Spanish: three of its little words or accents, or an inverted mark."""
        return "¿" in text or "¡" in text or len(set(_SPANISH.findall(text.casefold()))) > 2

    def expand(self, text: str) -> str:
        """The law's words for what the question says, without the question itself; empty where we know none."""
        found = [self._synonyms[_written(m)] for m in self._synonym_pattern.finditer(text)]
        return " ".join(dict.fromkeys(found))

    def gloss(self, text: str) -> str:
        """A Spanish question with the words that we know put into English, the rest as it stands."""
        return self._spanish_pattern.sub(lambda m: self._spanish[_written(m)], unicodedata.normalize("NFC", text))

    def places(self, text: str) -> list[str]:
        """Codes of the jurisdictions that a question names, by themselves or as parts of the world.

        Of names that overlap the longer counts: South Africa is not all of Africa, and Latin American law is not American.
        """
        named, regions = places_named(text), self.regions(text)
        codes = [code for code, start, end in named if not _inside(start, end, regions)]
        for parts, start, end in regions:
            if not _inside(start, end, named) and not text[end:].startswith(" of "):  # the Gulf of Mexico
                codes.extend(parts)
        return list(dict.fromkeys(codes))

    def regions(self, text: str) -> list[tuple[tuple[str, ...], int, int]]:
        """(codes, start, end) of every part of the world that a text names, in order."""
        return [(tuple(self._regions[_written(match)]), *match.span()) for match in self._region_pattern.finditer(text)]

    def jurisdictions(self, text: str) -> list[str]:
        """Codes of the jurisdictions that a question names, then of those that it only implies, then of those around them."""
        named = self.places(text)
        implied = [code for code, pattern in self._implied.items() if pattern.search(text)]
        wider = [self._wider[code] for code in named if code in self._wider]
        return list(dict.fromkeys([*named, *implied, *wider]))


def _inside(start: int, end: int, others: Sequence[tuple[object, int, int]]) -> bool:
    """Whether a name is part of a longer one."""
    return any(first <= start and end <= last and last - first > end - start for _, first, last in others)


def _written(match: re.Match[str]) -> str:
    """What was matched, as the tables write it: a pattern also takes wider space, and a dotless i for an i."""
    return " ".join(match.group().casefold().replace("ı", "i").split())


def _any_of(terms: Mapping[str, object] | Sequence[str]) -> re.Pattern[str]:
    """A pattern for any of the terms as whole words; two capitals, such as US and UN, are matched as capitals only."""
    written = (re.escape(term).replace(r"\ ", r"\s+") for term in sorted(terms, key=len, reverse=True))
    alternatives = "|".join(f"(?-i:{term})" if len(term) == 2 and term.isupper() else term for term in written)
    return re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])", re.IGNORECASE) if alternatives else re.compile(r"(?!)")
