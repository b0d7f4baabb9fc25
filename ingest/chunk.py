"""A Provision -> its Passages: whole where it fits, else cut at its portions, else inside a portion that is too long."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from langchain_text_splitters import RecursiveCharacterTextSplitter

from kb.config import Settings
from kb.errors import ParseError
from kb.model import Passage, Portion, Provision

SHORT_TOKENS = 48  # a span shorter than this joins its neighbour
Count = Callable[[Sequence[str]], list[int]]
_BREAKS = ["\n", "; ", ". ", ": ", ", ", "。", "；", "，", "؛ ", "، ", " ", ""]


@dataclass(slots=True)
class Cuts:
    """How many passages came about how: "whole" provisions, groups of "portion"s, "split" inside a portion."""

    counts: Counter[str] = field(default_factory=Counter)


def header(provision: Provision, name: str, count: Count, room: int) -> str:
    """What a passage carries into the embedding before its own words: instrument, context path, heading; at most `room` tokens.

    The narrowest headings are kept where not all fit.
    """
    parts = [name, *provision.context, provision.heading]
    parts = [part for i, part in enumerate(parts) if part and part not in parts[:i]]
    while parts:
        text = " > ".join(parts)
        if count([text])[0] - 2 <= room:
            return text
        parts = parts[:-1] if len(parts) == 1 else ([parts[0]] + parts[2:] if len(parts) > 2 else parts[1:])
    return ""


def embedded(head: str, text: str) -> str:
    """What the model reads of a passage."""
    return f"{head}\n{text}" if head else text


def passages(provision: Provision, name: str, count: Count, settings: Settings, cuts: Cuts) -> list[tuple[Passage, str]]:
    """The passages of a provision and what the model reads of each.

    Together they cover every character; none exceeds settings.max_tokens with its header.
    Raises: ParseError where that promise does not hold.
    """
    text = provision.text
    if not text:
        return []
    head = header(provision, name, count, settings.max_tokens - settings.passage_tokens - 4)
    if count([embedded(head, text)])[0] <= settings.max_tokens:
        spans = [(0, len(text))]
        cuts.counts["whole"] += 1
    else:
        spans = _cut(provision, count, settings.passage_tokens, cuts)
    made = [
        (Passage(f"{provision.id}#{ordinal}", provision.id, start, end, text[start:end]), embedded(head, text[start:end]))
        for ordinal, (start, end) in enumerate(spans, start=1)
    ]
    for (passage, _), tokens in zip(made, count([embedded_text for _, embedded_text in made]), strict=True):
        if tokens > settings.max_tokens:
            raise ParseError(f"{passage.id}: {tokens} tokens where the model reads {settings.max_tokens}")
    covered = [0, *(end for _, end in spans)]
    if any(start < end or text[end:start].strip() for (start, _), end in zip(spans, covered, strict=False)) or covered[-1] != len(text):
        raise ParseError(f"{provision.id}: passages do not cover the text")
    return made


def _cut(provision: Provision, count: Count, limit: int, cuts: Cuts) -> list[tuple[int, int]]:
    """Spans of at most `limit` tokens along the provision's portions; a short neighbour joins within the same parent only.

    So a chapeau stays with its first point, and a passage is cited no wider than it must be.
    """
    text = provision.text
    tree = _children(provision.portions)

    size = _sizes(text, count)

    def walk(start: int, end: int, portions: Sequence[Portion]) -> list[tuple[int, int]]:
        if size(start, end) <= limit:
            return [(start, end)]
        if not portions:
            cuts.counts["split"] += 1
            return _split(text, start, end, count, limit)
        spans: list[tuple[int, int]] = []
        joins = False  # whether the last span is one whole item, open to its neighbour
        for first, last, inner in _items(start, end, portions, tree):
            found = walk(first, last, inner)
            whole = len(found) == 1
            if joins and whole and _short(size, spans[-1], found[0]) and size(spans[-1][0], last) <= limit:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.extend(found)
            joins = whole
        return spans

    spans = [_trim(text, start, end) for start, end in walk(0, len(text), tree.get("", ()))]
    spans = [(start, end) for start, end in spans if start < end]
    cuts.counts["portion"] += len(spans)
    return spans


def _sizes(text: str, count: Count) -> Callable[[int, int], int]:
    """Tokens of any start:end, special tokens included; exact where both stand at white space, since no token spans it."""
    words = [match.span() for match in re.finditer(r"\S+", text)]
    starts = [start for start, _ in words]
    total = [0, *accumulate(tokens - 2 for tokens in count([text[start:end] for start, end in words]))]

    def size(start: int, end: int) -> int:
        first = max(bisect_right(starts, start) - 1, 0)
        first += words[first][1] <= start
        return total[max(bisect_left(starts, end), first)] - total[first] + 2

    return size


def _items(start: int, end: int, portions: Sequence[Portion], tree: dict[str, list[Portion]]) -> Iterator[tuple[int, int, Sequence[Portion]]]:
    """The portions within start:end and the gaps between them, in order, each with its own children."""
    at = start
    for portion in portions:
        if portion.start > at:
            yield at, portion.start, ()
        if portion.end > at:
            yield max(at, portion.start), portion.end, tree.get(portion.id, ())
            at = portion.end
    if at < end:
        yield at, end, ()


def _short(size: Callable[[int, int], int], *spans: tuple[int, int]) -> bool:
    return any(size(*span) < SHORT_TOKENS for span in spans)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    body = text[start:end]
    return start + len(body) - len(body.lstrip()), end - len(body) + len(body.rstrip())


def _children(portions: Sequence[Portion]) -> dict[str, list[Portion]]:
    """Portions by the id of the narrowest portion around them; "" for those on top."""
    tree: dict[str, list[Portion]] = {}
    open_: list[Portion] = []
    for portion in sorted(portions, key=lambda p: (p.start, -p.end, len(p.numbers))):
        while open_ and portion.start >= open_[-1].end:
            open_.pop()
        tree.setdefault(open_[-1].id if open_ else "", []).append(portion)
        open_.append(portion)
    return tree


def _split(text: str, start: int, end: int, count: Count, limit: int) -> list[tuple[int, int]]:
    """Spans of one overlong piece of text, by the text splitter, each found again at its place."""
    splitter = RecursiveCharacterTextSplitter(
        separators=_BREAKS,
        chunk_size=limit,
        chunk_overlap=0,
        length_function=lambda piece: count([piece])[0],
        keep_separator="end",
        strip_whitespace=False,
    )
    spans, at = [], start
    for piece in splitter.split_text(text[start:end]):
        found = text.index(piece, at, end)
        spans.append((found, found + len(piece)))
        at = found + len(piece)
    return spans
