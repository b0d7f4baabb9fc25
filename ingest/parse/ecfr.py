"""Code of Federal Regulations in the XML of ecfr.gov: bulk files of a title, and what the interface serves of a part or section.

Paragraphs stand flat in a section; their numbers make the levels (a), (1), (i), (A), (1) and (i) in italics.

Source: eCFR XML User Guide (govinfo.gov); 1 CFR 21.11 for the levels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingest.parse.outline import Outline, Register, Writer
from ingest.parse.text import check
from ingest.parse.tree import Node, utf8, xml_tree
from kb.errors import ParseError
from kb.model import Instrument, Provision, Span

_CONTAINERS = {"DIV1", "DIV2", "DIV3", "DIV4", "DIV5", "DIV6", "DIV7"}
_HISTORY = {"CITA", "SECAUTH", "PARAUTH", "AUTH", "SOURCE", "EDNOTE", "EFFDNOT", "EFFDNOTP", "CROSSREF", "APPRO", "AMDDATE"}
_CELLS = {"TD", "TH", "PSPACE", "BR"}
_INLINE = {"I", "E", "B", "SU", "SUP", "FR", "SUB", "AC", "FTREF", "A", "SPAN", "sup", "sub", "a", "i", "b"}
_EMPHASIS = {"I": "emphasis", "E": "emphasis", "i": "emphasis", "B": "strong", "b": "strong"}
_LETTER, _DIGIT, _ROMAN, _CAPITAL, _ITALIC_DIGIT, _ITALIC_ROMAN = range(6)  # the levels of a section
_FIRST = ("a", "1", "i", "A", "1", "i")
_ROMANS = tuple("x" * (n // 10) + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[n % 10] for n in range(1, 50))
_MARKER = re.compile(r"\s*(?P<sign>\((?P<number>\d{1,3}|[a-z]{1,5}|[A-Z]{1,2})\))(?:\s?(?:[-–]|through)\s?\((?P<last>\w{1,5})\))?")
_BEYOND_HEADING = re.compile(r"[.:—–\s]*")
_RESERVED = re.compile(r"\[reserved\]", re.IGNORECASE)


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The sections and appendices of a title, part or section, in their order.

    Raises: ParseError where the file is not well-formed XML or holds no section.
    """
    raw = utf8(raw)
    provisions = list(_divisions(raw, xml_tree(raw), Register(instrument.id), ()))
    if not provisions:
        raise ParseError(f"{instrument.id}: no section in this eCFR file")
    return [check(provision) for provision in provisions]


def _divisions(raw: bytes, node: Node, register: Register, context: tuple[str, ...]) -> Iterator[Provision]:
    for child in node.elements():
        if child.tag == "DIV8":
            yield _section(raw, child, register, context)
        elif child.tag == "DIV9":
            yield _appendix(raw, child, register, context)
        elif child.tag in _CONTAINERS:
            yield from _divisions(raw, child, register, (*context, _Writer.words(raw, child.child("HEAD"))))
        else:
            yield from _divisions(raw, child, register, context)


def _section(raw: bytes, section: Node, register: Register, context: tuple[str, ...]) -> Provision:
    head = section.child("HEAD")
    number = re.sub(r"^[§\s]+", "", section.attrs.get("N", ""))
    heading = re.sub(rf"^[§\s]*{re.escape(number)}\s*", "", _Writer.words(raw, head))
    writer = _Writer(raw, Outline(register.provision((number,), heading), (number,)))
    writer.body(section)
    if not writer.builder.length and head and _RESERVED.search(heading):
        writer.reserved(head)
        return writer.provision(register.instrument, (number,), heading, context, "reserved")
    writer.number()
    return writer.provision(register.instrument, (number,), heading, context)


def _appendix(raw: bytes, appendix: Node, register: Register, context: tuple[str, ...]) -> Provision:
    """An appendix under the name in its heading, "Appendix A to Part 3485"; its numbers follow no fixed levels and make no portions."""
    name, _, heading = _Writer.words(raw, appendix.child("HEAD")).partition("—")
    numbers = (name.strip() or appendix.attrs.get("N", "Appendix"),)
    writer = _Writer(raw, Outline(register.provision(numbers), numbers))
    writer.body(appendix)
    return writer.provision(register.instrument, numbers, heading.strip() or name, context)


class _Number(NamedTuple):
    """A number that a paragraph opens with. For a range, "(b)-(d) [Reserved]", `last` is what the next number follows."""

    number: str
    last: str
    italic: bool
    start: int


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """One paragraph of a section and the numbers it opens with; one that `defines` opens with a term in italics and no number."""

    start: int
    end: int
    numbers: tuple[_Number, ...]
    defines: bool


class _Writer(Writer):
    """Writes a section: its text, then its portions by the sequence of the numbers."""

    def __init__(self, raw: bytes, outline: Outline):
        super().__init__(raw, outline)
        self.paragraphs: list[tuple[int, int]] = []

    def body(self, section: Node) -> None:
        """Everything in a section but its heading."""
        for child in section.elements():
            if child.tag != "HEAD":
                start = self.builder.length
                self.node(child)
                if child.tag in ("P", "FP") and self.builder.length > start:
                    self.paragraphs.append((start + (start > 0), self.builder.length))

    def reserved(self, head: Node) -> None:
        """The words "[Reserved]" of a heading, as the text."""
        for run in head.texts():
            found = re.search(rb"\[reserved\]", self.raw[run.start : run.end], re.IGNORECASE)
            if found:
                self.builder.add(run.start + found.start(), run.start + found.end())

    def node(self, node: Node) -> None:
        tag = node.tag
        if tag == "FTNT" or (tag in ("SU", "SUP", "sup") and _marks_footnote(node)):
            self.footnote(node)
        elif tag in _HISTORY:
            self.builder.note("source", self.words(self.raw, node))
        elif tag in _EMPHASIS:
            self.builder.open(_EMPHASIS[tag])
            self.children(node)
            self.builder.close()
        else:
            if tag in _CELLS:
                self.builder.space(node.at)
            elif tag not in _INLINE:
                self.builder.block()
            self.children(node)

    def number(self) -> None:
        """Opens and closes the portions."""
        text = self.builder.text
        paragraphs = [_read(text, start, end, self.builder.spans) for start, end in self.paragraphs]
        _Levels(self.outline).place(paragraphs, text)


def _marks_footnote(node: Node) -> bool:
    beside = node.parent.elements() if node.parent else []
    after = beside[beside.index(node) + 1 : beside.index(node) + 2]
    return bool(after) and after[0].tag == "FTREF"


def _read(text: str, start: int, end: int, spans: Sequence[Span]) -> _Paragraph:
    """The paragraph with the numbers at its opening: "(h) Advance payment. (1) For requests" has (h) and, after the heading, (1)."""
    numbers, at = [], start
    while match := _MARKER.match(text, at, end):
        number, last, place = match.group("number"), match.group("last"), match.start("sign")
        italic = any((span.start, span.end) == (place + 1, place + 1 + len(number)) for span in spans)
        numbers.append(_Number(f"{number}-{last}" if last else number, last or number, italic, place))
        at = match.end()
        heading = next((span for span in spans if 0 <= span.start - at <= 1 and span.end > at), None)
        beyond = _BEYOND_HEADING.match(text, heading.end, end) if heading else None
        if beyond and _MARKER.match(text, beyond.end(), end):
            at = beyond.end()
    defines = not numbers and any(span.kind == "emphasis" and span.start == start for span in spans)
    return _Paragraph(start, end, tuple(numbers), defines)


class _Levels:
    """The levels open at a place in a section. Those below an unnumbered definition are followed but make no portions."""

    def __init__(self, outline: Outline):
        self.outline = outline
        self.open: list[tuple[int, str, bool]] = []  # level, number, whether it is a portion
        self.definition: int | None = None  # how many levels stand above the definition

    def place(self, paragraphs: Sequence[_Paragraph], text: str) -> None:
        """Opens and closes the portions of all paragraphs."""
        following = [number for paragraph in paragraphs for number in paragraph.numbers]
        for paragraph in paragraphs:
            end = max(0, paragraph.start - 1)
            if paragraph.defines:
                self.definition = len(self.open) if self.definition is None else min(self.definition, len(self.open))
                self.close(self.definition, end)
            for number in paragraph.numbers:
                following = following[1:]
                stacked = number is not paragraph.numbers[0]
                self.take(number, len(text[: number.start].rstrip()) if stacked else end, following, stacked)
        self.close(0, len(text))

    def take(self, number: _Number, end: int, following: Sequence[_Number], stacked: bool) -> None:
        """The number goes on at an open level or opens one below; where it fits nowhere it is text."""
        ways = [(depth, level) for level in _looks(number) for depth in self.depths(number, level, stacked)]
        if not ways:
            return
        depth, level = _choose(ways, number, following)
        self.close(depth, end)
        if self.definition is not None and depth < self.definition:
            self.definition = None
        if self.definition is None:
            self.outline.open(number.number, number.start)
        self.open.append((level, number.last, self.definition is None))

    def depths(self, number: _Number, level: int, stacked: bool) -> Iterator[int]:
        """How many levels may stand above the number if it is of this level."""
        first = number.number.partition("-")[0]
        for depth, (open_level, earlier, _) in enumerate(self.open):
            if open_level == level and not stacked and _after(first, earlier, level):
                yield depth
        if first == _FIRST[level] and all(open_level < level for open_level, _, _ in self.open):
            yield len(self.open)

    def close(self, depth: int, end: int) -> None:
        """Closes all levels below `depth`."""
        while len(self.open) > depth:
            if self.open.pop()[2]:
                self.outline.close(end)


def _looks(number: _Number) -> list[int]:
    """The levels at which a number of this look may stand."""
    first = number.number.partition("-")[0]
    if first.isdigit():
        return [_ITALIC_DIGIT if number.italic else _DIGIT]
    if first.isupper():
        return [_CAPITAL]
    if number.italic:
        return [_ITALIC_ROMAN] if first in _ROMANS else []
    letter = len(first) <= 2 and len(set(first)) == 1
    return [level for level, fits in ((_LETTER, letter), (_ROMAN, first in _ROMANS)) if fits]


def _after(number: str, earlier: str, level: int) -> bool:
    """Whether a number stands behind another of its level, next or further on."""
    if level in (_ROMAN, _ITALIC_ROMAN):
        return earlier in _ROMANS and _ROMANS.index(number) > _ROMANS.index(earlier)
    if level in (_DIGIT, _ITALIC_DIGIT):
        return int(number) > int(earlier)
    if len(number) > 1 or number in _ROMANS:  # (ii) and (v) are letters only where the one before them stood
        return number == ("aa" if earlier == "z" else chr(ord(earlier[0]) + 1) * len(earlier))
    return len(earlier) == 1 and number > earlier


def _choose(ways: Sequence[tuple[int, int]], number: _Number, following: Sequence[_Number]) -> tuple[int, int]:
    """(i) is a letter after (h) where (j) comes before another (ii), else a roman number; without either it goes on at the open level."""
    if len(ways) > 1 and number.last in _ROMANS[:-1]:
        roman, letter = _ROMANS[_ROMANS.index(number.last) + 1], chr(ord(number.last[0]) + 1)
        for later in following:
            if later.number in (roman, letter):
                level = _ROMAN if later.number == roman else _LETTER
                return next((way for way in ways if way[1] == level), ways[0])
    return ways[0]
