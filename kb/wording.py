"""Two wordings compared, word by word: what they share, what only one of them has, and where one stands in the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_TOKEN = re.compile(r"\w+(?:['-]\w+)*|[^\w\s]")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "‑": "-", "−": "-", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words that both wordings have, or that stands only before ("removed") or only after ("added")."""

    kind: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where some words come nearest to standing in a text: start:end, and the share of them that stands there."""

    start: int
    end: int
    share: float


def plain(text: str) -> str:
    """The text with one kind of quotation mark, dash and space, character for character."""
    return text.translate(_PLAIN)


def differences(before: str, after: str) -> tuple[Piece, ...]:
    """The runs that turn one wording into the other; "same" and "added" joined are the characters of `after`.

    White space and the shape of quotation marks and dashes make no difference; a capital letter does.
    """
    old, new = _tokens(before), _tokens(after)
    if not old or not new:
        return tuple(Piece(kind, text) for kind, text in (("removed", before), ("added", after)) if text)
    matcher = SequenceMatcher(None, [key for key, *_ in old], [key for key, *_ in new], autojunk=False)
    pieces = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind in ("replace", "delete"):
            pieces.append(Piece("removed", _run(before, old, a, b)))
        if kind in ("replace", "insert", "equal"):
            pieces.append(Piece("same" if kind == "equal" else "added", _run(after, new, c, d)))
    return tuple(pieces)


def nearest(words: str, text: str) -> Place | None:
    """Where the words come nearest to standing in the text; None where no word of them does."""
    there, wanted = _tokens(text), _tokens(words)
    a, b = [key.casefold() for key, *_ in there], [key.casefold() for key, *_ in wanted]
    longest = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
    if not longest.size:
        return None
    slack = len(b) // 3 + 5
    first, last = max(longest.a - longest.b - slack, 0), min(longest.a - longest.b + len(b) + slack, len(a))
    blocks = [block for block in SequenceMatcher(None, a[first:last], b, autojunk=False).get_matching_blocks() if block.size]
    begin = max(first + blocks[0].a - blocks[0].b, first)  # words that were replaced at either end belong to the place
    end = min(first + blocks[-1].a + len(b) - blocks[-1].b, last)
    return Place(there[begin][1], there[end - 1][2], sum(block.size for block in blocks) / len(b))


def _tokens(text: str) -> list[tuple[str, int, int]]:
    """The words and marks of a text with their spans, in order."""
    return [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(plain(text))]


def _run(text: str, tokens: Sequence[tuple[str, int, int]], first: int, last: int) -> str:
    """The characters from one token up to the next run, so that runs join without a seam."""
    start = tokens[first][1] if first else 0
    return text[start : tokens[last][1] if last < len(tokens) else len(text)]
