"""The record's text: characters in order, white space made one, blocks parted by one newline, each traced to its bytes.

An offset map is a tuple of segments (start, byte_start, byte_end), in order of start. The characters from `start` to the next
segment are `recover(raw, byte_start, byte_end)`. An empty byte range (end == start) stands for the newline between two blocks, end ==
start - 1 for a space that the mark-up alone implies. The range of a Formex quotation tag, `<QUOT.START CODE="2018"/>`, stands for its
quotation mark.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from kb.errors import ParseError
from kb.model import Provision, Span, SpanKind

Offsets = tuple[tuple[int, int, int], ...]

_QUOTE_TAG = b"<QUOT."
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);")  # "&section=3" of a page's address holds none
_TOKEN = re.compile(r"\s+|&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);|[^\s&]+|&")


class TextBuilder:
    """Collects the text of one provision from pieces of the raw bytes.

    Pieces are UTF-8 byte ranges without mark-up (entities allowed when `entities`). `block()` asks for a newline before the next
    character; white space at the edges of blocks is dropped, inside it becomes one space.
    """

    def __init__(self, raw: bytes, entities: bool = True):
        self.raw = raw
        self.entities = entities
        self.parts: list[str] = []
        self.length = 0
        self.segments: list[tuple[int, int, int]] = []
        self.spans: list[Span] = []
        self._pending: tuple[int, int] | None = None  # white space seen, not yet written
        self._block = False
        self._open: list[tuple[SpanKind, int]] = []

    def block(self) -> None:
        """The next character begins a new line, if anything stands before it."""
        self._pending = None
        self._block = self.length > 0

    def space(self, at: int) -> None:
        """A space before the next character, where the mark-up alone parts two words; `at` is the byte position of that mark-up."""
        if self._pending is None and not self._block and self.length:
            self._pending = (at, at - 1)

    def unspace(self) -> None:
        """Forget the white space seen since the last character: it stood before something that was taken out."""
        self._pending = None

    def add(self, byte_start: int, byte_end: int) -> None:
        """Append the raw bytes from byte_start to byte_end."""
        at = byte_start
        for match in _TOKEN.finditer(self.raw[byte_start:byte_end].decode("utf-8")):
            token = match.group()
            size = len(token.encode("utf-8"))
            plain = html.unescape(token) if self.entities and token[0] == "&" and len(token) > 1 else token
            if plain.isspace():
                if self._pending is None or self._pending[1] < self._pending[0]:
                    self._pending = (at, at + size)
                elif self._pending[1] == at:
                    self._pending = (self._pending[0], at + size)
            else:
                self._write(plain, at, at + size)
            at += size

    def quote(self, byte_start: int, byte_end: int) -> None:
        """Append the quotation mark that a Formex tag names by its code point."""
        self._write(recover(self.raw, byte_start, byte_end), byte_start, byte_end)

    def _write(self, plain: str, byte_start: int, byte_end: int) -> None:
        if self._block:
            self._append("\n", byte_start, byte_start)
        elif self._pending is not None and self.length:
            self._append(" ", *self._pending)
        self._block, self._pending = False, None
        self._append(plain, byte_start, byte_end)

    def _append(self, plain: str, byte_start: int, byte_end: int) -> None:
        last = self.segments[-1] if self.segments else None
        joins = last and last[2] == byte_start and last[1] < last[2] and byte_start < byte_end
        if joins and not self.raw.startswith(_QUOTE_TAG, last[1]) and not self.raw.startswith(_QUOTE_TAG, byte_start):
            self.segments[-1] = (last[0], last[1], byte_end)
        else:
            self.segments.append((self.length, byte_start, byte_end))
        self.parts.append(plain)
        self.length += len(plain)

    @property
    def here(self) -> int:
        """Where the next non-space character will stand, as an offset into the text."""
        return self.length + (1 if self.length and (self._block or self._pending is not None) else 0)

    def open(self, kind: SpanKind) -> None:
        """An emphasis begins at the next character."""
        self._open.append((kind, self.here))

    def close(self) -> None:
        """The innermost emphasis ends after the last character."""
        kind, start = self._open.pop()
        if self.length > start:
            self.spans.append(Span(kind, start, self.length))

    def note(self, kind: SpanKind, text: str) -> None:
        """Something taken out here: a footnote reference, a source note."""
        self.spans.append(Span(kind, self.length, self.length, " ".join(text.split())))

    @property
    def text(self) -> str:
        return "".join(self.parts)


def recover(raw: bytes, byte_start: int, byte_end: int, entities: bool = True) -> str:
    """The characters that one segment stands for."""
    if byte_end <= byte_start:
        return "\n" if byte_end == byte_start else " "
    if entities and raw.startswith(_QUOTE_TAG, byte_start):
        code = re.search(rb'CODE\s*=\s*["\']([0-9A-Fa-f]{2,6})["\']', raw[byte_start:byte_end])
        return chr(int(code.group(1), 16)) if code else ""
    text = raw[byte_start:byte_end].decode("utf-8")
    if entities:
        text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    return re.sub(r"\s+", " ", text)


def derive(raw: bytes, offsets: Offsets, entities: bool = True) -> str:
    """A provision's text made again from the snapshot's bytes and its offset map."""
    return "".join(recover(raw, start, end, entities) for _, start, end in offsets)


def check(provision: Provision) -> Provision:
    """The same provision, if its promises hold.

    Raises: ParseError where a portion or span lies outside the text, or the text is not in its normal form.
    """
    text = provision.text
    if re.search(r"[^\S\n ]|  | \n|\n |\n\n", text) or text != text.strip():
        raise ParseError(f"{provision.id}: text not in normal form")
    for portion in provision.portions:
        if not 0 <= portion.start < portion.end <= len(text):
            raise ParseError(f"{portion.id}: portion {portion.start}:{portion.end} outside its provision")
    for span in provision.spans:
        if not 0 <= span.start <= span.end <= len(text):
            raise ParseError(f"{provision.id}: span {span.start}:{span.end} outside its provision")
    return provision


def slug(heading: str, taken: Sequence[str] = ()) -> str:
    """An id element for a unit without a printed number: lower-case words of its heading joined by "-"."""
    base = "-".join(re.findall(r"[^\W_]+", heading.lower()))[:80].strip("-") or "text"
    name, ordinal = base, 2
    while name in taken:
        name, ordinal = f"{base}-{ordinal}", ordinal + 1
    return name
