"""Plain text with article and section headings: "Article 6", "SECTION 3. Registration", "§ 4", "第 5 條" on lines of their own.

Blocks are parted by empty lines; within a block, a line that opens with a number begins a new one, other lines go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ingest.parse.numbering import markers
from ingest.parse.text import TextBuilder
from ingest.parse.tree import utf8
from ingest.parse.units import Piece, build, is_container, unit_numbers
from kb.model import Instrument, Provision

_LONGEST_HEADING = 160
_BARE = re.compile(r"[^\W\d_]+\.? [\dA-Z][\w.-]*(?: (?:bis|ter|quater))?[.:]?|第.*條")
_TITLE = re.compile(r"[^\W\d_a-z][^\n]{2,98}[^\n.;:,]")


def write(builder: TextBuilder, start: int, end: int) -> None:
    """The bytes as they are."""
    builder.add(start, end)


def _lines(raw: bytes) -> Iterator[tuple[int, str]]:
    at = 0
    for line in raw.replace(b"\f", b"\n").split(b"\n"):
        yield at, line.decode("utf-8").rstrip("\r")
        at += len(line) + 1


def is_unit(line: str) -> bool:
    """Whether a line is the heading of an article or section, not a sentence that opens with a reference."""
    words = " ".join(line.split())
    if len(words) > _LONGEST_HEADING or words.endswith((",", ";")):
        return False
    found = unit_numbers(words)
    return bool(found) and (not found[1] or found[1][:1].isupper() or not found[1][:1].isalpha() or bool(re.match(r"[^\x00-\x7f]", found[1])))


def pieces(raw: bytes) -> Iterator[Piece]:
    """The headings and blocks of a text, in order."""
    open_at: int | None = None  # where the block that is being read begins
    close_at = 0

    def block() -> Iterator[Piece]:
        if open_at is not None:
            yield Piece("block", open_at, close_at, raw[open_at:close_at].decode("utf-8"))

    for at, line in _lines(raw):
        words = line.strip()
        start = at + len(line[: len(line) - len(line.lstrip())].encode("utf-8"))
        end = start + len(words.encode("utf-8"))
        heading = words and (is_unit(words) or (len(words) <= _LONGEST_HEADING and is_container(words)))
        if not words or heading or markers(words, 0, len(words)).markers:
            yield from block()
            open_at = None
        if heading:
            yield Piece("unit" if is_unit(words) else "container", start, end, words)
        elif words:
            open_at = start if open_at is None else open_at
            close_at = end
    yield from block()


def entitled(found: Iterable[Piece]) -> Iterator[Piece]:
    """The same pieces; a short line by itself under the bare heading of a unit or a part is its title."""
    bare: Piece | None = None
    for piece in found:
        if bare is not None:
            title = piece.words.strip()
            if piece.kind == "block" and _TITLE.fullmatch(title) and not markers(title, 0, len(title)).markers:
                yield Piece(bare.kind, bare.start, piece.end, f"{bare.words}. {title}")
                bare = None
                continue
            yield bare
            bare = None
        if piece.kind != "block" and _BARE.fullmatch(piece.words):
            bare = piece
        else:
            yield piece
    if bare is not None:
        yield bare


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The provisions of a plain text. Offsets refer to its UTF-8 bytes without byte order mark.

    Raises: ParseError for bytes that are no text, or none in them.
    """
    source = utf8(raw)
    return build(source, entitled(pieces(source)), instrument, write)
