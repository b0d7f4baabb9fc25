"""Markdown in the convention of ../shared/snapshots/README.md: `# ` containers, `## ` units, one numbered paragraph a block.

Nothing else is interpreted: HTML, links and formulas are words of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from ingest.parse.text import TextBuilder
from ingest.parse.tree import utf8
from ingest.parse.units import Piece, PieceKind, build
from kb.errors import ParseError
from kb.model import Instrument, Provision, SpanKind

_HEADINGS: dict[str, PieceKind] = {"# ": "container", "## ": "unit", "### ": "heading", "#### ": "heading", "##### ": "heading"}
_HEADING = re.compile(r"(#{1,5}\s)\s*")
_BULLET = re.compile(r"\s*(?:\*|\s\+)\s+(?=[^*\s]|\*{1,3}\w)")
_STARS_ONLY = re.compile(r"[*\s\[\]]+")
_RULE = re.compile(r"\s*(?:\|?\s*:?-{3,}:?\s*)+\|?\s*")
_MARK = re.compile(r"\*+|\\(?=[*_\\\[\]()#+.!-])|(?<=[^\s\[(])\[\d{1,3}\](?!\()")


def front_matter(raw: bytes) -> tuple[dict, int]:
    """The fields before the text, and the byte where the text begins; ({}, 0) where a file has none.

    Raises: ParseError where they are not plain YAML.
    """
    match = re.match(rb"---\r?\n(.*?\n)?---[ \t]*(?:\r?\n|$)", raw, re.DOTALL)
    if not match:
        return {}, 0
    try:
        fields = yaml.safe_load(match.group(1) or b"")
    except (yaml.YAMLError, ValueError) as exc:
        raise ParseError(f"front matter is not plain YAML: {' '.join(str(exc).split())}") from exc
    if not isinstance(fields, dict | None):
        raise ParseError("front matter is not a list of fields")
    return fields or {}, match.end()


def _lines(raw: bytes, start: int) -> Iterator[tuple[int, str]]:
    """Each line with its byte position."""
    for line in raw[start:].split(b"\n"):
        yield start, line.decode("utf-8").rstrip("\r")
        start += len(line) + 1


def _pieces(raw: bytes, start: int) -> Iterator[Piece]:
    for at, line in _lines(raw, start):
        if not line.strip() or (_RULE.fullmatch(line)):
            continue
        end = at + len(line.encode("utf-8"))
        mark = _HEADING.match(line)
        bullet = None if _STARS_ONLY.fullmatch(line) else _BULLET.match(line)
        skip = mark or bullet
        words = line[skip.end() :] if skip else line
        kind = _HEADINGS[mark.group(1)[:-1] + " "] if mark else "block"
        yield Piece(kind, end - len(words.encode("utf-8")), end, words)


def _marks(words: str) -> tuple[list[tuple[int, int, SpanKind, int]], list[re.Match[str]]]:
    """The pairs of emphasis marks (positions of the opening and the closing one, kind, length), and the other marks to take out."""
    pairs: list[tuple[int, int, SpanKind, int]] = []
    others: list[re.Match[str]] = []
    opened: list[re.Match[str]] = []
    escaped = -1
    for match in _MARK.finditer(words):
        if match.start() == escaped:
            continue
        if match.group()[0] != "*":
            escaped = match.end()
            others.append(match)
            continue
        before, after = words[: match.start()][-1:], words[match.end() : match.end() + 1]
        if re.search(r"\($|\b[LRD]\.?\s?$", words[: match.start()]) and after.isdigit():
            continue
        partner = next((mark for mark in reversed(opened) if mark.group() == match.group()), None)
        if partner is not None and (before.strip() or not after.strip()) and match.start() > partner.end():
            del opened[opened.index(partner) :]
            pairs.append((partner.start(), match.start(), "emphasis" if len(match.group()) == 1 else "strong", len(match.group())))
        elif after.strip():
            opened.append(match)
    return pairs, others


def write(builder: TextBuilder, start: int, end: int) -> None:
    """One line of Markdown into the builder: emphasis to spans, cells of a table parted by a space, backslashes of escapes left out."""
    words = builder.raw[start:end].decode("utf-8")
    if _STARS_ONLY.fullmatch(words):
        builder.add(start, end)
        return
    pairs, others = _marks(words)
    events: dict[int, tuple[str, SpanKind | None, int, str]] = {}
    for opening, closing, kind, length in pairs:
        events[opening] = ("open", kind, length, "")
        events[closing] = ("close", kind, length, "")
    for match in others:
        events[match.start()] = ("note" if match.group()[0] == "[" else "skip", None, len(match.group()), match.group())
    if words.lstrip().startswith("|"):
        events |= {i: ("cell", None, 1, "") for i, character in enumerate(words) if character == "|"}
    _play(builder, start, words, events)


def _play(builder: TextBuilder, start: int, words: str, events: dict[int, tuple[str, SpanKind | None, int, str]]) -> None:
    done, at = 0, start
    for position in sorted(events):
        what, kind, length, text = events[position]
        size = len(words[done:position].encode("utf-8"))
        builder.add(at, at + size)
        at += size
        if what == "open" and kind:
            builder.open(kind)
        elif what == "close":
            builder.close()
        elif what == "cell":
            builder.space(at)
        elif what == "note":
            builder.note("note", text)
        done, at = position + length, at + length
    builder.add(at, at + len(words[done:].encode("utf-8")))


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The provisions of a Markdown file. Offsets refer to its UTF-8 bytes without byte order mark.

    Raises: ParseError for bytes that are no text, front matter that is no YAML, or a file without words.
    """
    source = utf8(raw)
    _, start = front_matter(source)
    return build(source, _pieces(source, start), instrument, write)
