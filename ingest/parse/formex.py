"""Formex 4: consolidated acts (CONS.ACT) and acts of the Official Journal (ACT, ANNEX)."""

from __future__ import annotations

import re

from ingest.parse.draft import UNIT, Draft, Headings, article_number, build, container, marker, note, titled
from ingest.parse.tree import Node, Text, plain, utf8, xml_tree
from kb.errors import ParseError
from kb.model import Instrument, Provision, SpanKind

_INLINE = {
    "HT", "DATE", "FT", "QUOT.START", "QUOT.END", "NOTE", "IE", "ADDR.S", "REF.DOC", "REF.DOC.OJ", "REF.DOC.ECR", "REF.CORE", "LINK",
    "KEYWORD", "BR",
}
_SKIP = {"BIB.INSTANCE", "BIB.DATA", "FAM.COMP", "INFO.CONSLEG", "INFO.PROD", "PROLOG", "TOC", "GR.ANNOTATION"}
_EMPHASIS: dict[str, SpanKind] = {"ITALIC": "emphasis", "BOLD": "strong"}
_IDENTITY = re.compile(r'(ID|IDREF|ACTION|ACTIVE\.DOC)\s*=\s*"([^"]*)"')
_UNIT = re.compile(UNIT)


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The act's preamble, articles, annexes and final formula as provisions, without what a consolidation marks as deleted.

    Raises: ParseError where the file is not well-formed XML or holds no provision.
    """
    raw = utf8(raw)
    root = xml_tree(raw, instructions=True)
    if root.child("html"):
        raise ParseError("this is an HTML page and not Formex")
    _drop_deleted(root, set())
    writer = _Writer(raw)
    writer.walk(root)
    return build(instrument, writer.drafts)


def _drop_deleted(node: Node, deleted: set[str]) -> None:
    """Take out what stands between the marks of a deletion: the file keeps its words, the law does not.

    `deleted` holds the deletions open at this place, and again those open after the node.
    """
    kept: list[Node | Text] = []
    for child in node.children:
        before = bool(deleted)
        if isinstance(child, Node):
            _mark_deletion(child, deleted)
            _drop_deleted(child, deleted)
        if not (before and deleted):
            kept.append(child)
    node.children = kept


def _mark_deletion(node: Node, deleted: set[str]) -> None:
    if node.tag not in ("?CLG.MDFO", "?CLG.MDFC"):
        return
    mark = dict(_IDENTITY.findall(node.attrs["data"]))
    if node.tag == "?CLG.MDFO" and mark.get("ACTION") == "DELETED":
        deleted.add(mark.get("IDREF", ""))
    else:
        deleted.discard(mark.get("ID", ""))


class _Writer:
    """Walks a file in order and writes drafts."""

    def __init__(self, raw: bytes):
        self.raw = raw
        self.drafts: list[Draft] = []
        self.draft: Draft | None = None
        self.divisions: list[str] = []
        self.annex: tuple[str, str] | None = None
        self.sections = Headings()
        self.pending: list[str] = []

    def walk(self, node: Node) -> None:
        """All blocks below a node, in order."""
        inline: list[Node | Text] = []
        for child in node.children:
            if isinstance(child, Text) or child.tag in _INLINE or child.tag.startswith("?"):
                inline.append(child)
                continue
            self._block(inline, child.at)
            inline = []
            self._element(child)
        self._block(inline, node.at)

    def _element(self, node: Node) -> None:
        if node.tag in _SKIP:
            return
        handle = {
            "TITLE": lambda _: None, "PREAMBLE": self._preamble, "FINAL": self._final, "DIVISION": self._division,
            "ARTICLE": self._article, "PARAG": self._numbered, "NP": self._numbered, "ITEM": self._item, "ROW": self._row,
            "QUOT.S": self._quoted, "CONS.ANNEX": self._annex, "ANNEX": self._annex, "GR.SEQ": self._section,
        }.get(node.tag, self.walk)
        handle(node)

    # The outline

    def _start(self, numbers: tuple[str, ...], heading: str = "", context: tuple[str, ...] = ()) -> Draft:
        self.draft = Draft(self.raw, numbers, heading, context)
        self.drafts.append(self.draft)
        return self.draft

    def _current(self) -> Draft:
        draft = self.draft or self._start(())
        while self.pending:
            note(draft, "source", self.pending.pop(0))
        return draft

    def _preamble(self, node: Node) -> None:
        self._start(("preamble",))
        self.walk(node)
        self.draft = None

    def _final(self, node: Node) -> None:
        self._start(())
        self.walk(node)
        self.draft = None

    def _division(self, node: Node) -> None:
        if self._is_quoted():
            return self._quoted_block(node)
        number, heading = self._title(node)
        self.divisions.append(titled(number, heading))
        self.walk(node)
        self.divisions.pop()

    def _article(self, node: Node) -> None:
        if self._is_quoted():
            return self._quoted_block(node)
        number, heading = self._words(node.child("TI.ART")), self._words(node.child("STI.ART"))
        prefix = (container(self.annex[0]),) if self.annex else ()
        context = (titled(*self.annex), *self.sections.headings) if self.annex else tuple(self.divisions)
        self._start((*prefix, article_number(number)), heading, context)
        self._walk_without(node, "TI.ART", "STI.ART")
        self.draft = None

    def _annex(self, node: Node) -> None:
        self.annex = self._title(node)
        self.sections.clear()
        self._start((container(self.annex[0]),) if self.annex[0] else (), self.annex[1])
        self.walk(node)
        self.draft = None

    def _section(self, node: Node) -> None:
        """A group of an annex: a provision where it is numbered, else a heading line and its text."""
        number, heading = self._title(node)
        title = node.child("TITLE")
        numbered = bool(number) and (bool(_UNIT.fullmatch(number)) or marker(number) is not None)
        if self._is_quoted() or not (self.annex and numbered):
            if title:
                self.walk(title)
            return self.walk(node)
        kind = number.split()[0].lower() if _UNIT.fullmatch(number) else _form(number)
        self.sections.place(kind, marker(number) or container(number), heading)
        headings = self.sections.headings
        self._start((container(self.annex[0]), *self.sections.numbers), heading, (titled(*self.annex), *headings[:-1]))
        self.walk(node)

    def _title(self, node: Node) -> tuple[str, str]:
        """Number and heading of a division, annex or group."""
        title = node.child("TITLE")
        if title is None:
            return "", ""
        first, second = title.child("TI"), title.child("STI")
        numbered = first.child("NP") if first else None
        if numbered:
            return self._words(numbered.child("NO.P")), self._words(numbered.child("TXT"))
        lines = [self._words(line) for line in first.elements()] if first else []
        rest = [self._words(line) for line in second.elements()] if second else []
        return (lines[0] if lines else ""), " ".join(filter(None, [*lines[1:], *rest]))

    def _words(self, node: Node | None) -> str:
        """The words of a heading, in capitals where the file says so."""
        return " ".join("".join(self._characters(node)).split()) if node else ""

    def _characters(self, node: Node, upper: bool = False) -> list[str]:
        words = []
        for child in node.children:
            if isinstance(child, Text):
                text = plain(self.raw, Node("", children=[Text(child.start, child.end)]))
                edges = self.raw[child.start : child.end].decode()
                text = f"{' ' if edges[:1].isspace() else ''}{text}{' ' if edges[-1:].isspace() else ''}"
                words.append(text.upper() if upper else text)
            elif child.tag in ("QUOT.START", "QUOT.END"):
                words.append(chr(int(child.attrs.get("CODE", "20"), 16)))
            elif child.tag != "NOTE":
                words.extend(self._characters(child, upper or child.tag == "HT" and child.attrs.get("TYPE") == "UC"))
        return words

    # The text

    def _is_quoted(self) -> bool:
        return self.draft is not None and self.draft.quiet > 0

    def _quoted(self, node: Node) -> None:
        """A provision quoted in an amending act: text, its numbers are none of this act's."""
        draft = self._current()
        draft.quiet += 1
        self.walk(node)
        draft.quiet -= 1

    def _quoted_block(self, node: Node) -> None:
        title = node.child("TITLE")
        if title:
            self.walk(title)
        self.walk(node)

    def _walk_without(self, node: Node, *tags: str) -> None:
        rest = [child for child in node.children if isinstance(child, Text) or child.tag not in tags]
        self.walk(Node(node.tag, node.attrs, rest, node.at, node.parent))

    def _numbered(self, node: Node) -> None:
        """A paragraph or point with its number."""
        draft = self._current()
        sign = node.child("NO.PARAG", "NO.P")
        draft.begin(marker(self._words(sign)) if sign else None)
        if sign:
            self._inline(sign.children)
            draft.join()
            self._walk_without(node, sign.tag)
        else:
            self.walk(node)
        draft.end()

    def _item(self, node: Node) -> None:
        """An item of a list: its dash, where it has one, is not in the file."""
        draft = self._current()
        draft.block(node.at)
        self.walk(node)

    def _row(self, node: Node) -> None:
        draft = self._current()
        draft.block(node.at)
        for cell in node.elements():
            draft.builder.space(cell.at)
            self._inline(cell.children)

    def _block(self, pieces: list[Node | Text], at: int) -> None:
        """One block of text, if there is any."""
        for piece in pieces:
            if isinstance(piece, Node) and piece.tag == "?CLG.MDFO":
                self._modified(piece)
        if any(self._words(Node("", children=[piece])) for piece in pieces):
            self._current().block(at)
            self._inline(pieces)
        elif any(isinstance(piece, Node) and not piece.tag.startswith("?") for piece in pieces):
            self._inline(pieces)

    def _modified(self, node: Node) -> None:
        mark = dict(_IDENTITY.findall(node.attrs["data"]))
        self.pending.append(f"{mark.get('ACTIVE.DOC', '')}: {mark.get('ACTION', '')}".strip(": "))

    def _inline(self, pieces: list[Node | Text]) -> None:
        draft = self._current()
        for piece in pieces:
            if isinstance(piece, Text):
                draft.builder.add(piece.start, piece.end)
            elif piece.tag in ("QUOT.START", "QUOT.END"):
                draft.builder.quote(piece.at, self.raw.index(b">", piece.at) + 1)
            elif piece.tag == "NOTE":
                note(draft, "note", self._words(piece))
            elif not piece.tag.startswith("?"):
                self._styled(draft, piece)

    def _styled(self, draft: Draft, node: Node) -> None:
        kind = _EMPHASIS.get(node.attrs.get("TYPE", "")) if node.tag == "HT" else None
        if kind:
            draft.builder.open(kind)
        if node.tag not in _INLINE:
            draft.builder.space(node.at)
        self._inline(node.children)
        if kind:
            draft.builder.close()


def _form(number: str) -> str:
    """The kind of "1.", "A.", "II." as a heading."""
    sign = number.strip("(). ")
    return "1" if sign.isdigit() else "A"
