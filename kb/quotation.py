"""Quotations as lawyers write them: found in a draft, ellipses and brackets understood, held against the words of a provision."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb.wording import Piece, Place, differences, nearest, plain

LEAST_WORDS = 5
MOST_REPLACED = 60  # characters of the text for which words in brackets may stand; for more, an ellipsis is due
RECOGNISABLE = 0.6  # the share of its words by which a quotation that differs is still taken for one of this text
_WORD = re.compile(r"\w+(?:['-]\w+)*|[^\w\s]")
_ELLIPSIS = re.compile(r"[\[(]\s*(?:…|\.(?:\s?\.){2,3})\s*[\])]|…|\.(?:\s?\.){2,3}|\*(?:\s\*){2}")
_JOINT = re.compile(rf"({_ELLIPSIS.pattern}|(?<!\w)\[[^\[\]\n]*\](?!\w))")  # [the employer], [sic]; not [t]he, employ[ed]
_ALTERED = re.compile(r"\[(\w*)\]")
_MARKED = re.compile(
    "“([^“”]*(?:\n\\s*“[^“”]*)*)”|„([^„“”]+)[“”]|«([^«»]+)»|\"([^\"\n]+(?:\n(?!\\s*\n)[^\"\n]+)*)\""
    "|(?<!\\w)['‘]((?:[^'‘’\n]|\n(?!\\s*\n)|(?<=\\w)['’](?=\\w)|(?<=s)['’](?=\\s\\w))+)['’](?!\\w)"
)
_BLOCK = re.compile(r"(?:^(?:[ \t]*>.*|(?:\t| {4,})\S.*)(?:\n|\Z))+", re.MULTILINE)
_LIMIT = re.compile(
    r"\b(?:not|cannot|no|nor|never|neither|none|nothing|nobody|unless|except\w*|only|without|ni|nunca|salvo|sin|sólo|solo|ne|pas|sauf|sans|jamais|nicht|kein\w*|nie|"
    r"ohne|außer)\b|\bn['’]",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.;:])\s|\n")
_ATTRIBUTION = re.compile(r"\n\s*(?:[—–-]{1,2}\s|\().*\Z")
_OUTER = "\"'“”‘’«»„ \n\t"


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words quoted in a text, and where they stand in it with their marks (start:end)."""

    start: int
    end: int
    words: str
    block: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A quotation held against a text: where it stands, whether word for word, and otherwise the way from the text's words to it.

    `left_out` are words of the text that an ellipsis or brackets pass over within a sentence, where they limit what it says: "not", "unless".
    """

    exact: bool
    place: Place
    changes: tuple[Piece, ...] = ()
    left_out: str = ""


# finding


def quotations(text: str) -> list[Quotation]:
    """The quotations of at least five words, in order: between quotation marks of any shape, or set off as a block."""
    blocks = [quotation for quotation in _blocks(text) if _long_enough(quotation.words)]
    marked = []
    for match in _MARKED.finditer(text):
        words = re.sub(r"\n\s*“", "\n", next(filter(None, match.groups())))  # each paragraph of a long quotation opens anew
        if _long_enough(words) and not any(block.start < match.end() and match.start() < block.end for block in blocks):
            marked.append(Quotation(match.start(), match.end(), words))
    return sorted([*blocks, *marked], key=lambda quotation: quotation.start)


def _blocks(text: str) -> Iterator[Quotation]:
    for match in _BLOCK.finditer(text):
        words = re.sub(r"^[ \t]*>?[ \t]*", "", match.group(), flags=re.MULTILINE).rstrip()
        yield Quotation(match.start(), match.start() + len(match.group().rstrip()), _ATTRIBUTION.sub("", words).strip(_OUTER), block=True)


def _long_enough(words: str) -> bool:
    return sum(1 for match in _WORD.finditer(words) if match.group()[0].isalnum()) >= LEAST_WORDS


# comparing


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of words that a quotation claims to be unbroken, and what stands before it: an ellipsis, words in brackets, or nothing."""

    words: str
    joint: str = ""

    @property
    def reach(self) -> int | None:
        """How many characters the joint may stand for; None for any number, as an ellipsis does."""
        return MOST_REPLACED if self.joint.startswith("[") and not _ELLIPSIS.fullmatch(self.joint) else None


def compare(words: str, text: str) -> Comparison | None:
    """The quotation held against the text; None where too little of it stands there to speak of a quotation."""
    parts = segments(words)
    found = _in_order(parts, text)
    if found and all(n == 0 or part.reach is None or found[n][0] - found[n - 1][1] <= part.reach for n, part in enumerate(parts)):
        return Comparison(True, Place(found[0][0], found[-1][1], 1.0), left_out=_limit_left_out(found, text))
    places = [Place(*span, 1.0) for span in found] if found else [_exactly(part, text) or nearest(_unbracketed(part.words), text) for part in parts]
    sizes = [len(part.words.split()) for part in parts]
    share = sum(place.share * size for place, size in zip(places, sizes, strict=True) if place) / max(sum(sizes), 1)
    if share < RECOGNISABLE:
        return None
    there = [place for place in places if place]
    return Comparison(False, Place(min(p.start for p in there), max(p.end for p in there), share), tuple(piece for piece in _way(parts, places, text) if piece.text))


def _limit_left_out(found: Sequence[tuple[int, int]], text: str) -> str:
    """What is passed over between the segments, as far as it belongs to their sentences, where it limits these; else nothing."""
    for before, after in pairwise(found):
        pieces = _SENTENCE_END.split(text[before[1] : after[0]])
        for piece in (pieces[0], pieces[-1]):
            if _LIMIT.search(piece):
                return piece.strip()
    return ""


def segments(words: str) -> list[Segment]:
    """The segments of a quotation, parted where it says that something is left out or put in."""
    found, joint = [], ""
    for part in _JOINT.split(words.strip(_OUTER)):
        if _JOINT.fullmatch(part):
            joint = part
        elif re.search(r"\w", part):
            found.append(Segment(part.strip(" \n\t\r"), joint if found else ""))
            joint = ""
    if found:  # the mark at the end is the draft's own
        found[-1] = Segment(found[-1].words.rstrip(" .,;:"), found[-1].joint)
    return found


def _in_order(parts: Sequence[Segment], text: str) -> list[tuple[int, int]] | None:
    """Where the segments stand one after the other, as close together as they can; None where one does not."""
    even, at, spans = plain(text), 0, []
    for part in parts:
        match = _pattern(part.words).search(even, at)
        if match is None:
            return None
        spans.append(match.span())
        at = match.end()
    for n in range(len(parts) - 2, -1, -1):
        spans[n] = [match.span() for match in _pattern(parts[n].words).finditer(even, spans[n][0], spans[n + 1][0])][-1]
    return spans or None


def _exactly(part: Segment, text: str) -> Place | None:
    found = _in_order([part], text)
    return Place(*found[0], 1.0) if found else None


def _pattern(part: str) -> re.Pattern[str]:
    """What matches a segment in a text of plain marks: white space is free, the first letter may change its case, brackets hold altered letters."""
    even = " ".join(plain(part).split())
    pieces, at = [], 0
    for altered in _ALTERED.finditer(even):
        pieces.append(_literal(even[at : altered.start()]))
        opens = altered.start() == 0 or not even[altered.start() - 1].isalnum()
        pieces.append(f"(?i:{re.escape(altered[1])})" if opens and len(altered[1]) == 1 else r"\w{0,20}")
        at = altered.end()
    pieces.append(_literal(even[at:]))
    whole = "".join(pieces)
    if even[0].isalpha():
        whole = f"(?i:{re.escape(even[0])}){whole[len(re.escape(even[0])) :]}"
    return re.compile((r"(?<!\w)" if even[0].isalnum() else "") + whole + (r"(?!\w)" if even[-1].isalnum() else ""))


def _literal(words: str) -> str:
    """A pattern for the words; a number in brackets may stand with or without white space after it, since pages are copied both ways."""
    return re.sub(r"(\\\(\w{1,5}\\\))(?:\\ )?", r"\1\\s*", re.escape(words)).replace("\\ ", r"\s+")


def _unbracketed(part: str) -> str:
    return _ALTERED.sub(r"\1", part)


def _way(parts: Sequence[Segment], places: Sequence[Place | None], text: str) -> Iterator[Piece]:
    """The runs that lead from the text's words to the quotation's, gaps included."""
    before: Place | None = None
    for part, place in zip(parts, places, strict=True):
        left_out = text[before.end : place.start] if before and place else ""
        if part.reach is not None and len(left_out) > part.reach:
            yield Piece("removed", left_out)
        yield Piece("same", f" {part.joint} " if part.joint else "")
        yield from _within(part, place, text)
        before = place


def _within(part: Segment, place: Place | None, text: str) -> Sequence[Piece]:
    words = plain(" ".join(_unbracketed(part.words).split()))
    if place is None:
        return [Piece("added", words)]
    if place.share == 1.0 and _exactly(part, text):
        return [Piece("same", words)]
    there = plain(" ".join(text[place.start : place.end].split()))
    return differences(there, there[:1] + words[1:] if there[:1].casefold() == words[:1].casefold() else words)
