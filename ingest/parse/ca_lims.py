"""Acts and regulations of Canada in the XML of Justice Canada (LIMS), in English or French.

Amendments not in force and related provisions of other acts, which the consolidation reprints after the schedules, are not part of the
instrument and are left out.

Source: github.com/justicecanada/laws-lois-xml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.parse.draft import container, titled
from ingest.parse.outline import Outline, Register, Writer
from ingest.parse.text import check
from ingest.parse.tree import Node, utf8, xml_tree
from kb.errors import ParseError
from kb.model import Instrument, Provision

_UNITS = {"Subsection", "Paragraph", "Subparagraph", "Clause", "Subclause", "Subsubclause", "Provision", "Item"}
_BLOCKS = {
    "Text", "Definition", "Caption", "title", "row", "GroupHeading", "Group", "Heading", "OriginatingRef", "Oath", "FormulaGroup",
    "FormulaConnector", "FormulaDefinition", "SignatureBlock", "SignatureLine", "HistoricalNoteSubItem", "MarginalNote", "Section",
    "ReadAsText", "AmendedText",
}
_CELLS = {"entry", "TitleText", "FormulaTerm", "LineBreak", "Repealed"}
_FOOTNOTES = {"FootnoteRef", "Footnote"}
_EMPHASIS = {"DefinedTermEn", "DefinedTermFr", "DefinitionRef", "Emphasis", "Language"}
_QUOTATIONS = {"AmendedText", "ReadAsText", "QuotedText", "Definition"}  # numbers inside do not number portions of this section
_REPEALED = re.compile(r"\[(?:Repealed|Abrogée?s?)\b[^\]]*\]", re.IGNORECASE)


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The preamble or enacting words, the sections and the schedules of one act or regulation, in their order.

    Raises: ParseError where the file is not well-formed XML or holds no section.
    """
    raw = utf8(raw)
    root = xml_tree(raw)
    body = root.find("Body")
    if body is None or body.find("Section") is None:
        raise ParseError(f"{instrument.id}: no section in this LIMS file")
    register = Register(instrument.id)
    provisions = [*_preamble(raw, root, register), *_sections(raw, body, register, ())]
    for schedule in root.find_all("Schedule"):
        if schedule.find("RelatedOrNotInForce") is None and not _within(schedule, "RelatedOrNotInForce"):
            provisions += _schedule(raw, schedule, register)
    return [check(provision) for provision in provisions]


def _within(node: Node, tag: str) -> bool:
    while node.parent is not None:
        node = node.parent
        if node.tag == tag:
            return True
    return False


def _preamble(raw: bytes, root: Node, register: Register) -> Iterator[Provision]:
    """What stands before the body: the preamble and the enacting words of an act, the order that makes a regulation."""
    nodes = list(root.find_all("Preamble", "Enacts", "Order"))
    if nodes:
        numbers = ("preamble",)
        writer = _Writer(raw, Outline(register.provision(numbers), numbers))
        for node in nodes:
            writer.children(node)
        if writer.builder.length:
            yield writer.provision(register.instrument, numbers, "", ())


def _sections(raw: bytes, body: Node, register: Register, prefix: tuple[str, ...], above: tuple[str, ...] = ()) -> Iterator[Provision]:
    """The sections of a body or schedule; a heading counts until one of its level or wider."""
    headings: list[tuple[int, str]] = []
    preamble = False
    for child in body.elements():
        if child.tag == "Heading":
            level = int(child.attrs.get("level", "1"))
            headings = [*(heading for heading in headings if heading[0] < level), (level, _joined(raw, child))]
        elif child.tag == "Section":
            label = _number(raw, child)
            numbers = (*prefix, "preamble" if preamble else label) if label or preamble else ()
            preamble = label.lower() in ("preamble", "préambule")
            if not preamble:
                yield _section(raw, child, register, numbers, (*above, *(words for _, words in headings)))


def _section(raw: bytes, section: Node, register: Register, numbers: tuple[str, ...], context: tuple[str, ...]) -> Provision:
    heading = _Writer.words(raw, section.child("MarginalNote"))
    writer = _Writer(raw, Outline(register.provision(numbers, heading), numbers))
    for child in section.elements():
        if child.tag not in ("Label", "MarginalNote"):
            writer.node(child)
    return writer.provision(register.instrument, numbers, heading, context, _status(writer))


def _schedule(raw: bytes, schedule: Node, register: Register) -> Iterator[Provision]:
    """A schedule as one provision, its sections, where it has any, as provisions of their own."""
    top = schedule.child("ScheduleFormHeading") or Node("")
    label, title = _Writer.words(raw, top.child("Label")), _Writer.words(raw, top.child("TitleText"))
    numbers = (container(label),) if label else ()
    writer = _Writer(raw, Outline(register.provision(numbers, title), numbers))
    for child in [*(part for part in top.elements() if part.tag not in ("Label", "TitleText")), *schedule.elements()]:
        if child.tag not in ("ScheduleFormHeading", "Heading", "Section"):
            writer.node(child)
    if writer.builder.length:
        yield writer.provision(register.instrument, numbers, title, (), _status(writer))
    yield from _sections(raw, schedule, register, numbers, (_joined(raw, top),))


def _status(writer: _Writer) -> str:
    return "repealed" if _REPEALED.fullmatch(writer.builder.text) else "in-force"


def _joined(raw: bytes, heading: Node) -> str:
    """A heading's number and words: "PART 1. Immigration to Canada"."""
    return titled(_Writer.words(raw, heading.child("Label")), _Writer.words(raw, heading.child("TitleText")))


def _number(raw: bytes, unit: Node) -> str:
    """A unit's number as printed, without brackets."""
    return re.sub(r"[()]|\.$", "", _Writer.words(raw, unit.child("Label"))).strip()


class _Writer(Writer):
    """Writes a section or schedule: its text, and its portions where they stand."""

    def __init__(self, raw: bytes, outline: Outline):
        super().__init__(raw, outline)
        self.quoted = 0
        self.labelled = False  # only a number stands on the line

    def node(self, node: Node) -> None:
        tag = node.tag
        if tag in _FOOTNOTES:
            self.footnote(node)
        elif tag == "HistoricalNote":
            self.builder.note("source", self.words(self.raw, node))
        elif tag in _UNITS:
            self.unit(node)
        elif tag == "Label":
            self.line(node)
            self.label(node)
        elif tag in _EMPHASIS:
            self.builder.open("emphasis")
            self.children(node)
            self.builder.close()
        else:
            self.part(node)

    def part(self, node: Node) -> None:
        """An element whose place on the page parts words or lines, or neither."""
        if node.tag in _CELLS:
            self.builder.space(node.at)
        elif node.tag in _BLOCKS:
            self.line(node)
        self.quoted += node.tag in _QUOTATIONS
        self.children(node)
        self.quoted -= node.tag in _QUOTATIONS

    def unit(self, node: Node) -> None:
        """A numbered portion: from its marginal note, where it has one, to its last words."""
        number = _number(self.raw, node) if not self.quoted else ""
        note = node.child("MarginalNote")
        self.line(node)
        if number:
            self.outline.open(number, self.builder.here)
        if note is not None:
            self.children(note)
            self.line(node)
        for child in node.elements():
            if child.tag == "Label":
                self.label(child)
            elif child is not note:
                self.node(child)
        if number:
            self.outline.close(self.builder.length)

    def label(self, node: Node) -> None:
        """A number at the start of a line."""
        self.children(node)
        self.labelled = True

    def line(self, node: Node) -> None:
        """The next words begin a line, unless only a number stands on the last one."""
        if self.labelled:
            self.builder.space(node.at)
        else:
            self.builder.block()
        self.labelled = False
