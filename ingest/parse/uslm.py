"""United States Code and public laws in USLM XML, with or without namespace, identifiers and notes.

Source: United States Legislative Markup, schemas 1.0 and 2.0 (uscode.house.gov, govinfo.gov).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.parse import runin
from ingest.parse.draft import container as named
from ingest.parse.draft import titled
from ingest.parse.outline import Outline, Register, Writer
from ingest.parse.text import check
from ingest.parse.tree import Node, Text, plain, utf8, xml_tree
from kb.errors import ParseError
from kb.model import Instrument, Provision

_UNITS = {"subsection", "paragraph", "subparagraph", "clause", "subclause", "item", "subitem", "subsubitem", "level"}
_CONTAINERS = {
    "title", "subtitle", "division", "subdivision", "chapter", "subchapter", "part", "subpart", "article", "appendix", "schedule",
    "courtRules", "reorganizationPlans", "compiledAct",
}
_PROVISIONS = {"section", "courtRule", "reorganizationPlan"}
_OUTSIDE_BODY = {"appendix", "schedule"}
_ENACTING = {"longTitle", "preamble", "enactingFormula", "resolvingClause"}
_UNPRINTED = {
    "meta", "preface", "toc", "notes", "note", "sourceCredit", "legislativeHistory", "endMarker", "action", "signatures", "layout",
}
_FOOTNOTES = {"footnote", "page", "sidenote"}
_BLOCKS = {
    "p", "continuation", "proviso", "listItem", "tr", "row", "header", "tocItem", "referenceItem", "headingItem", "recital", "docTitle",
    "officialTitle", "enactingFormula", "resolvingClause", "crossHeading", "signature", "quotedSection",
}
_CELLS = {"td", "th", "column", "designator", "label", "target", "content", "chapeau", "num", "heading", "subheading", "listContent"}
_EMPHASIS = {"i": "emphasis", "em": "emphasis", "b": "strong", "strong": "strong"}
_GONE = re.compile(
    r"\W*(repealed|omitted|transferred|renumbered|eliminated|executed|expired|terminated|rescinded|reserved|vacant)\b", re.IGNORECASE
)
_CLOSING = tuple(mark.encode() for mark in ",.;:)]’”—")
_OPENING = ("(", "[", "—")
_BARE = re.compile(r"^[\s“\"‘\[(]*(?:§+|sections?\b|secs?\b\.?)?\s*|[\s.:)\]—–-]+$", re.IGNORECASE)


@dataclass(slots=True)
class _Place:
    """Where the walk through the containers stands: their headings, and the number of one outside the body."""

    context: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The sections of one USLM file in their order, the preamble or enacting words of a public law before them.

    Raises: ParseError where the file is not well-formed XML or holds no section.
    """
    raw = utf8(raw)
    root = xml_tree(raw)
    register = Register(instrument.id)
    main = root.find("main") or root
    provisions = [*_preamble(raw, main, register), *_sections(raw, main, register, _Place())]
    if not any(provision.numbers != ("preamble",) for provision in provisions):
        raise ParseError(f"{instrument.id}: no section in this USLM file")
    return [check(provision) for provision in provisions]


def _preamble(raw: bytes, main: Node, register: Register) -> Iterator[Provision]:
    nodes = [child for child in main.elements() if child.tag in _ENACTING]
    if nodes:
        numbers = ("preamble",)
        writer = _Writer(raw, Outline(register.provision(numbers), numbers))
        for node in nodes:
            writer.builder.block()
            writer.children(node)
        if writer.builder.length:
            yield writer.provision(register.instrument, numbers, "", ())


def _sections(raw: bytes, node: Node, register: Register, place: _Place) -> Iterator[Provision]:
    for child in node.elements():
        if child.tag in _PROVISIONS:
            yield _provision(raw, child, register, place)
        elif child.tag in _CONTAINERS:
            yield from _sections(raw, child, register, _inside(raw, child, place))
        elif child.tag not in _UNPRINTED:
            yield from _sections(raw, child, register, place)


def _inside(raw: bytes, container: Node, place: _Place) -> _Place:
    number, heading = _printed(raw, container, "num"), _printed(raw, container, "heading")
    title = number + heading if number.endswith("—") else titled(number, heading)
    outside = (named(number or heading),) if container.tag in _OUTSIDE_BODY else ()
    return _Place((*place.context, title) if title else place.context, (*place.prefix, *outside))


def _provision(raw: bytes, section: Node, register: Register, place: _Place) -> Provision:
    printed, heading = _printed(raw, section, "num"), _printed(raw, section, "heading")
    if printed.startswith("["):
        heading = heading.removesuffix("]")
    numbers = (*place.prefix, _bare(printed)) if _bare(printed) else ()
    writer = _Writer(raw, Outline(register.provision(numbers, heading), numbers))
    writer.section(section)
    status = _status(section, heading) if not writer.builder.length else "in-force"
    if status != "in-force":
        writer.heading(section, bracketed=printed.startswith("["))
    return writer.provision(register.instrument, numbers, heading, place.context, status)


def _status(section: Node, heading: str) -> str:
    word = _GONE.match(section.attrs.get("status", "")) or _GONE.match(heading)
    if not word:
        return "in-force"
    return "reserved" if word.group(1).lower() in ("reserved", "vacant") else "repealed"


def _bare(number: str) -> str:
    """A number as printed, without section sign, brackets and full stop."""
    while number != (bare := _BARE.sub("", number)):
        number = bare
    return number


def _is_footnote(node: Node, raw: bytes) -> bool:
    if node.tag == "ref" and "footnoteRef" in node.classes():
        return True
    if node.tag == "sup":
        return plain(raw, node).isdigit()
    return node.tag in _FOOTNOTES or node.attrs.get("type") == "footnote"


def _printed(raw: bytes, node: Node, tag: str) -> str:
    """The words of a child, without its footnotes."""
    return _Writer.words(raw, node.child(tag))


class _Writer(Writer):
    """Writes a section: its text, and its portions where they stand."""

    def __init__(self, raw: bytes, outline: Outline):
        super().__init__(raw, outline)
        self.quoted = 0
        self.broken = False  # a line break of the mark-up stands before the next characters
        self.opening = ""  # "num" or "heading" while only these stand on the line

    def section(self, node: Node) -> None:
        """The whole of a section but its number and heading."""
        for child in node.elements():
            if child.tag not in ("num", "heading"):
                self.node(child)
        if not _units(node):
            runin.add(self.outline, runin.find(self.builder.text)[0], 0)

    def heading(self, node: Node, bracketed: bool) -> None:
        """The words of a section's heading, which are all that is left of it; `bracketed` with its number, they leave the bracket out."""
        for run in [run for heading in node.elements() if heading.tag == "heading" for run in heading.texts()]:
            words = self.raw[run.start : run.end].rstrip()
            self.text(Text(run.start, run.start + len(words.removesuffix(b"]") if bracketed else words)))

    def text(self, run: Text) -> None:
        """A run of characters; a line break of the mark-up before closing or after opening punctuation is layout, no space."""
        raw = self.raw[run.start : run.end]
        lead = len(raw) - len(raw.lstrip())
        broken = self.broken or b"\n" in raw[:lead]
        if broken and (raw[lead:].startswith(_CLOSING) or self.after_opening()):
            self.builder.unspace()
            run = Text(run.start + lead, run.end)
        super().text(run)
        self.broken = b"\n" in raw[len(raw.rstrip()) :] or (broken and not raw.strip())
        if raw.strip():
            self.opening = ""

    def node(self, node: Node) -> None:
        tag = node.tag
        if _is_footnote(node, self.raw):
            self.footnote(node)
        elif tag in ("sourceCredit", "note"):
            self.builder.note("source", self.words(self.raw, node))
        elif tag in _UNITS and not self.quoted:
            self.unit(node)
        elif tag in _EMPHASIS:
            if self.broken and self.after_opening():
                self.builder.unspace()
            self.builder.open(_EMPHASIS[tag])
            self.children(node)
            self.builder.close()
        elif tag == "quotedContent":
            self.quotation(node)
        else:
            self.part(node)

    def part(self, node: Node) -> None:
        """An element whose place on the page parts words or lines, or neither."""
        if node.tag in _BLOCKS or node.tag in _UNITS or node.tag in _PROVISIONS:
            self.line(node)
        elif node.tag in _CELLS:
            self.gap(node)
        self.children(node)
        if node.tag in ("num", "heading"):
            self.opening = node.tag

    def unit(self, node: Node) -> None:
        """A numbered portion, its number at the start of the line unless an upper number stands there alone."""
        number = _bare(_printed(self.raw, node, "num"))
        self.line(node, below="heading")
        if number:
            self.outline.open(number, self.builder.here)
        body: tuple[int, int] | None = None
        for child in node.elements():
            if body is None and child.tag not in ("num", "heading"):
                body = (len(self.builder.parts), self.builder.length)
            self.node(child)
        if number:
            self.end_unit(node, number, body or (len(self.builder.parts), self.builder.length))

    def end_unit(self, node: Node, number: str, body: tuple[int, int]) -> None:
        """Closes a portion. Numbers that run within it are portions too; those that go on counting from `number` follow it."""
        part, at = body
        inner, beside = [], []
        if not _units(node) and node.find("quotedContent") is None:
            text = "".join(self.builder.parts[part:])
            inner, beside = runin.find(text, number, last=_units(node.parent or node)[-1:] == [node])
        runin.add(self.outline, inner, at)
        self.outline.close(at + len(text[: beside[0].start].rstrip()) if beside else self.builder.length)
        runin.add(self.outline, beside, at)

    def quotation(self, node: Node) -> None:
        """Words of another law: on their own lines where they are units, never portions of this one."""
        self.quoted += 1
        if node.find("p", *_UNITS, *_PROVISIONS):
            self.builder.block()
        self.children(node)
        self.quoted -= 1

    def line(self, node: Node, below: str = "") -> None:
        """The next words begin a line, unless only a number (or, but for a portion, a heading) stands on the last one."""
        if self.opening and self.opening != below:
            self.gap(node)
        else:
            self.builder.block()

    def after_opening(self) -> bool:
        """Whether the last character is a bracket or dash that takes no space behind it."""
        return bool(self.builder.parts) and self.builder.parts[-1].endswith(_OPENING)

    def gap(self, node: Node) -> None:
        """A space, as between number and heading; none after a dash."""
        if self.builder.parts and not self.builder.parts[-1].endswith("—"):
            self.builder.space(node.at)


def _units(node: Node) -> list[Node]:
    return [child for child in node.elements() if child.tag in _UNITS]
