"""Letters that only look like others: a text as it seems to read, and which of its characters are not what they seem."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from confusable_homoglyphs.confusables import confusables_data

_HARMLESS = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")  # soft hyphens and joints: left by word processors and web pages
_FOREIGN = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "FULLWIDTH", "MATHEMATICAL", "CIRCLED")


@dataclass(frozen=True, slots=True)
class Seeming:
    """A text as it seems to read, and for each character of that: where it stands in the real text, and whether it is another there."""

    text: str
    places: tuple[int, ...]
    false: tuple[bool, ...]

    def real(self, start: int, end: int) -> tuple[int, int]:
        """The span in the real text."""
        return self.places[start], self.places[end - 1] + 1

    def deceives(self, start: int, end: int) -> bool:
        """Whether a character of this span is not what it seems."""
        return any(self.false[start:end])


def seeming(text: str) -> Seeming:
    """The text as it seems to read: look-alikes of Latin letters and digits as these, invisible characters gone."""
    letters: list[str] = []
    places: list[int] = []
    false: list[bool] = []
    hidden = False
    for place, character in enumerate(text):
        if character in _HARMLESS:
            continue
        if unicodedata.category(character) == "Cf":  # turns the direction or hides; what follows is not what it seems
            hidden = True
            continue
        latin = _latin(character)
        letters.append(latin or character)
        places.append(place)
        false.append(latin is not None or hidden)
        hidden = False
    return Seeming("".join(letters), tuple(places), tuple(false))


def _latin(character: str) -> str | None:
    """The plain letter, digit or stop that a character looks like; None where it is its own."""
    if character.isascii():
        return None
    folded = unicodedata.normalize("NFKC", character)
    if len(folded) == 1 and folded.isascii() and (folded.isalnum() or folded == "."):
        return folded
    if not unicodedata.name(character, "").startswith(_FOREIGN):
        return None
    return next((h["c"] for h in confusables_data.get(character, ()) if len(h["c"]) == 1 and h["c"].isascii() and h["c"].isalnum()), None)
