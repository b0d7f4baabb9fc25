"""Akoma Ntoso 3 (OASIS LegalDocML), as legislation.gov.uk (`data.akn`) and Laws.Africa publish it."""

from __future__ import annotations

import re

from ingest.parse.draft import Draft, Headings, build, container, marker, note, titled
from ingest.parse.tree import Node, Text, plain, utf8, xml_tree
from kb.errors import ParseError
from kb.model import Instrument, Provision, SpanKind

_DIVISIONS = {"book", "tome", "part", "subpart", "title", "subtitle", "chapter", "subchapter", "division", "subdivision", "transitional"}
_UNITS = {"article", "section", "rule"}
_NAMED_UNITS = {"article", "section", "rule", "regulation"}
_QUOTED = {"quotedStructure", "embeddedStructure"}
_SKIP = {"meta", "num", "heading", "subheading", "coverPage", "toc"}
_INLINE = {
    "a", "abbr", "authorialNote", "b", "br", "concept", "date", "def", "del", "docDate", "docNumber", "docProponent", "docPurpose",
    "docStage", "docStatus", "docTitle", "docType", "embeddedText", "entity", "eol", "eop", "event", "i", "img", "inline", "ins",
    "location", "marker", "mmod", "mref", "noteRef", "object", "omissis", "organization", "person", "placeholder", "process",
    "quantity", "quotedText", "ref", "relatedDocument", "remark", "role", "rref", "session", "shortTitle", "span", "strike", "sub",
    "sup", "term", "time", "u",
}
_EMPHASIS: dict[str, SpanKind] = {"i": "emphasis", "b": "strong"}
_WORD = re.compile(r"^(?:article|section|regulation|rule|paragraph|art\.|s\.|§)\s*", re.IGNORECASE)
_ROOTS = ("act", "bill", "doc", "documentCollection", "statement", "amendment", "portion")


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The act's preamble, sections or articles, schedules and conclusions as provisions.

    Raises: ParseError where the file is not well-formed XML, no Akoma Ntoso, or holds no provision.
    """
    raw = utf8(raw)
    root = xml_tree(raw).child("akomaNtoso")
    document = root.child(*_ROOTS) if root else None
    if document is None:
        raise ParseError(f"{instrument.id}: no Akoma Ntoso document")
    notes = {node.attrs["eId"]: plain(raw, node) for node in document.find_all("note") if "eId" in node.attrs}
    writer = _Writer(raw, notes)
    writer.walk(document)
    return build(instrument, writer.drafts)


class _Writer:
    """Walks a document in order and writes drafts."""

    def __init__(self, raw: bytes, notes: dict[str, str]):
        self.raw, self.notes = raw, notes
        self.drafts: list[Draft] = []
        self.draft: Draft | None = None
        self.inside = False  # within a section, article or schedule paragraph
        self.keep_remarks = False
        self.schedule: tuple[str, str] | None = None
        self.divisions = Headings()

    def walk(self, node: Node) -> None:
        """All blocks below a node, in order."""
        inline: list[Node | Text] = []
        for child in node.children:
            if isinstance(child, Text) or child.tag in _INLINE or child.tag in ("mod", "rmod") and child.find(*_QUOTED) is None:
                inline.append(child)
                continue
            self._block(inline, child.at)
            inline = []
            self._element(child)
        self._block(inline, node.at)

    def _element(self, node: Node) -> None:
        name = node.attrs.get("name", "").lower()
        if node.tag in _SKIP:
            return
        if node.tag in _QUOTED:
            self._quoted(node)
        elif self.inside or self.draft and self.draft.quiet:
            self._within(node)
        elif node.tag == "preface":
            self._preface(node)
        elif node.tag == "preamble":
            self._apart(node, self._preamble_draft())
        elif node.tag == "conclusions":
            self._apart(node, self._start(()))
        elif node.tag == "attachment" or name == "schedule" or node.tag == "component" and self.drafts:
            self._schedule(node)
        elif self._is_unit(node, name):
            self._unit(node)
        elif node.tag in _DIVISIONS | _UNITS or node.tag == "hcontainer" and node.child("heading") and node.find(*_UNITS, "paragraph"):
            self._division(node, name or node.tag)
        else:
            self._within(node)

    def _is_unit(self, node: Node, name: str) -> bool:
        """Whether the element is a provision: an article or section, but not a section of articles; a numbered paragraph of a schedule."""
        if node.tag in _UNITS or node.tag == "hcontainer" and name in _NAMED_UNITS:
            return node.tag == "article" or node.find("article") is None or node.find(*_QUOTED) is not None
        return node.tag == "paragraph" and self._printed(node) is not None

    # The outline

    def _start(self, numbers: tuple[str, ...], heading: str = "", context: tuple[str, ...] = ()) -> Draft:
        self.draft = Draft(self.raw, numbers, heading, context)
        self.drafts.append(self.draft)
        return self.draft

    def _current(self) -> Draft:
        return self.draft or self._start(self._prefix(), "" if self.schedule else self.divisions.title, self._above())

    def _prefix(self) -> tuple[str, ...]:
        if not self.schedule:
            return ()
        return (container(self.schedule[0]), *(container(number) for number in self.divisions.numbers if number))

    def _above(self) -> tuple[str, ...]:
        return ((titled(*self.schedule),) if self.schedule else ()) + self.divisions.headings

    def _preamble_draft(self) -> Draft:
        earlier = next((draft for draft in self.drafts if draft.numbers == ("preamble",)), None)
        self.draft = earlier or self._start(("preamble",))
        return self.draft

    def _preface(self, node: Node) -> None:
        """The long title opens the preamble; the rest of the preface repeats the catalogue."""
        for title in node.find_all("longTitle"):
            self._apart(title, self._preamble_draft())

    def _apart(self, node: Node, draft: Draft) -> None:
        self.draft, self.inside = draft, True
        self.walk(node)
        self.draft, self.inside = None, False

    def _division(self, node: Node, kind: str) -> None:
        number = self._words(node, "num")
        if number and node.tag in _DIVISIONS and kind not in number.lower():
            number = f"{kind.capitalize()} {number}"  # the page prints the word, the file only its name
        self.divisions.place(kind, number, self._words(node, "heading", "subheading"))
        numbered = self.schedule and number
        self.draft = self._start(self._prefix(), self._words(node, "heading"), self._above()[:-1]) if numbered else None
        self.walk(node)
        self.draft = None

    def _schedule(self, node: Node) -> None:
        self.divisions.clear()
        number, heading = self._words(node, "num"), self._words(node, "heading", "subheading")
        named = re.match(r"(?i)((?:schedule|annex|appendix)(?: (?:\d+[A-Z]?|[IVXLC]+|[A-Z]))?)\b[\s.:–—-]*(.*)", heading)
        if not number and named:
            number, heading = named.groups()
        self.schedule = (number or heading or node.attrs.get("name", "schedule"), heading if number else "")
        self._start((container(self.schedule[0]),), self.schedule[1])
        self.walk(node)
        self.draft, self.schedule = None, None
        self.divisions.clear()

    def _unit(self, node: Node) -> None:
        number = self._printed(node)
        numbers = (*self._prefix(), number) if number else ()
        self._start(numbers, self._words(node, "heading", "subheading"), self._above())
        self.keep_remarks = not self._law(node)
        self.inside = True
        self.walk(node)
        self.draft, self.inside, self.keep_remarks = None, False, False

    def _law(self, node: Node) -> bool:
        """Whether the unit holds words that are not its number, its heading or a remark."""
        for child in node.children:
            if isinstance(child, Text):
                if self.raw[child.start : child.end].strip():
                    return True
            elif child.tag not in (*_SKIP, "remark", "authorialNote") and self._law(child):
                return True
        return False

    def _words(self, node: Node, *tags: str) -> str:
        return " ".join(filter(None, (self._plain(child) for child in node.elements() if child.tag in tags)))

    def _plain(self, node: Node) -> str:
        """The words of a number or heading without its notes."""
        kept = [child for child in node.children if isinstance(child, Text) or child.tag not in ("authorialNote", "noteRef", "remark")]
        return plain(self.raw, Node(node.tag, children=kept))

    def _printed(self, node: Node) -> str | None:
        """The number of an element, without brackets and full stop: "(1)", "1.", "Article 3", "12A"."""
        printed = self._words(node, "num").strip("“”‘’\"' ")
        bare = marker(printed) or _WORD.sub("", printed).strip(" ().:—–-")
        return bare if re.search(r"\w", bare) else None

    # The text

    def _within(self, node: Node) -> None:
        """An element inside a provision: a portion where it is numbered."""
        sign = node.child("num")
        if node.tag == "tr":
            self._row(node)
        elif sign is None and node.child("heading") is None:
            self.walk(node)
        else:
            self._portion(node, sign)

    def _portion(self, node: Node, sign: Node | None) -> None:
        draft = self._current()
        draft.begin(self._printed(node) if sign else None)
        if sign:
            self._inline(draft, sign.children)
            draft.join()
        for title in node.elements():
            if title.tag in ("heading", "subheading"):
                draft.block(title.at)
                self._inline(draft, title.children)
                draft.join()
        self.walk(node)
        draft.end()

    def _quoted(self, node: Node) -> None:
        """Another act's text, quoted in an amendment: its numbers are none of this act's."""
        draft = self._current()
        draft.quiet += 1
        draft.block(node.at)
        self.walk(node)
        draft.quiet -= 1

    def _row(self, row: Node) -> None:
        draft = self._current()
        draft.block(row.at)
        for cell in row.elements():
            draft.builder.space(cell.at)
            self._inline(draft, cell.children)

    def _block(self, pieces: list[Node | Text], at: int) -> None:
        if any(plain(self.raw, Node("", children=[piece])) for piece in pieces):
            draft = self._current()
            draft.block(at)
            self._inline(draft, pieces)

    def _inline(self, draft: Draft, pieces: list[Node | Text]) -> None:
        for piece in pieces:
            if isinstance(piece, Text):
                draft.builder.add(piece.start, piece.end)
            elif piece.tag in ("authorialNote", "noteRef"):
                note(draft, "note", plain(self.raw, piece) or self.notes.get(piece.attrs.get("href", "").lstrip("#"), ""))
            elif piece.tag in ("remark", "del") and not (self.keep_remarks and piece.tag == "remark"):
                note(draft, "source", plain(self.raw, piece))
            else:
                self._styled(draft, piece)

    def _styled(self, draft: Draft, node: Node) -> None:
        kind = _EMPHASIS.get(node.tag)
        if kind:
            draft.builder.open(kind)
        if node.tag not in _INLINE or node.tag in ("br", "eol"):
            draft.builder.space(node.at)
        self._inline(draft, node.children)
        if kind:
            draft.builder.close()
