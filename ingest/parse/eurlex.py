"""EUR-Lex XHTML: acts of the Official Journal (classes `ti-art`, `oj-ti-art`), consolidated texts (`title-article-norm`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.parse.draft import UNIT, Draft, Headings, article_number, build, container, marker, note, titled
from ingest.parse.tree import Node, Text, plain, utf8, xml_tree
from kb.model import Instrument, Provision, SpanKind

_INLINE = {"span", "a", "i", "em", "b", "strong", "sup", "sub", "br", "u", "small", "img", "font"}
_SKIP = {"note", "footnote", "reference", "disclaimer", "hd-modifiers", "separator", "no-doc-c"}
_HEADER = {
    "hd-date", "hd-lg", "hd-ti", "hd-oj", "hd-coll", "hd-uniq", "hd-toc-1", "toc-1", "arrow", "title-fam-member", "title-fam-member-star",
}
_ARTICLE, _ARTICLE_HEADING = {"ti-art", "title-article-norm"}, {"sti-art", "stitle-article-norm"}
_DIVISION, _DIVISION_HEADING = {"ti-section-1", "title-division-1"}, {"ti-section-2", "title-division-2"}
_ANNEX, _ANNEX_HEADING = {"title-annex-1"}, {"title-annex-2"}
_HEADINGS = _ARTICLE | _ARTICLE_HEADING | _DIVISION | _DIVISION_HEADING | _ANNEX | _ANNEX_HEADING
_EMPHASIS: dict[str, SpanKind] = {
    "italic": "emphasis", "italics": "emphasis", "i": "emphasis", "em": "emphasis",
    "bold": "strong", "boldface": "strong", "b": "strong", "strong": "strong",
}
_ANNEX_WORD = re.compile(r"(annex|annexe|appendix|schedule|anhang|anexo|allegato)\b", re.IGNORECASE)
_LABELLED = re.compile(rf"({UNIT})\b[\s.:–—-]*(.*)|([A-Z]|\d{{1,2}}|[IVX]{{1,5}})\.\s+(.+)")
_IMPRINT = re.compile(r"ELI: \S+|ISSN [\dX-]+(?: \(.*\))?")
_BLANK_END = re.compile(r"(?:\s|&(?:nbsp|#160|#x[aA]0);)+$")
_NUMBERED = re.compile(r"(-?\d{1,3}[a-z]{0,3})\.\s|\((\d{1,3}[a-z]{0,2}|[a-z]{1,2})\)\s")
_AMENDED = re.compile(r"[►▼]\w{1,4}|◄")
_MODIFIED = re.compile(r"▼\w{1,4}(?: —+)?")
_DASH = {"—", "–", "-", "•", "·"}
_QUOTES = {"‘": "’", "“": "”", "„": "“”", "«": "»"}
_DEFINES = re.compile(  # ‘worker’ means
    r".[^’”»]{1,120}[’”»](?:[,\s]*[\"’”»]?)(?:\(|means|refers|shall|includes|is\b|are\b|or\b|and\b|:|–|—|of\b|in\b)"
)
_OPENS_UNIT = re.compile(r".\s?(?:\(?-?[\w.]{1,6}[.)]\s|Article\b|Annex\b|ANNEX\b|CHAPTER\b|SECTION\b|TITLE\b|PART\b|—|–)")
_CLOSES = re.compile(r"([’”“»])[\s;.,]*[\"’”]?$")


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The act's preamble, articles, annexes and final formula as provisions.

    Raises: ParseError where the page is not well-formed XHTML (a truncated one is not) or holds no provision.
    """
    raw = utf8(raw)
    root = xml_tree(raw)
    reader = _Reader(raw, root)
    reader.walk(_content(root))
    return build(instrument, reader.drafts)


def _content(root: Node) -> Node:
    """Where the act stands: the body, in consolidated texts what follows the list of amending acts."""
    body = root.find("body") or root
    containers = [node for node in body.elements() if "eli-container" in node.classes()]
    consolidated = any("disclaimer" in node.classes() for node in body.elements())
    return containers[0] if consolidated and len(containers) == 1 else body


def _classes(node: Node) -> set[str]:
    return {name.removeprefix("oj-") for name in node.classes()}


def _is_block(node: Node) -> bool:
    return node.tag not in _INLINE


class _Reader:
    """Walks a page in order and writes drafts."""

    def __init__(self, raw: bytes, root: Node):
        self.raw = raw
        self.drafts: list[Draft] = []
        self.draft: Draft | None = None
        self.divisions = Headings()
        self.annex: tuple[str, str] | None = None  # as printed, its heading
        self.sections = Headings()
        self.begun = False  # an article, a division or an annex was seen
        self.items = 0  # list items around this place
        self.quoting = ""  # the marks that end a quoted provision, while inside one
        self.after_colon = False
        self.pending: list[str] = []
        self.notes = self._footnotes(root)

    def _footnotes(self, root: Node) -> dict[str, str]:
        notes = {}
        for paragraph in root.find_all("p"):
            if _classes(paragraph) & {"note", "footnote"}:
                for anchor in paragraph.find_all("a"):
                    if "id" in anchor.attrs:
                        notes[anchor.attrs["id"]] = plain(self.raw, paragraph)
        return notes

    # The outline

    def _start(self, numbers: tuple[str, ...], heading: str = "", context: tuple[str, ...] = ()) -> Draft:
        self.draft = Draft(self.raw, numbers, heading, context)
        self.drafts.append(self.draft)
        self.quoting, self.after_colon = "", False
        return self.draft

    def _current(self) -> Draft:
        draft = self.draft or self._start(() if self.begun else ("preamble",), "", self._annex_context() or self.divisions.headings)
        while self.pending:
            note(draft, "source", self.pending.pop(0))
        return draft

    def _article(self, words: str) -> None:
        self.begun = True
        prefix = (container(self.annex[0]),) if self.annex else ()
        context = self._annex_context() if self.annex else self.divisions.headings
        self._start((*prefix, article_number(words)), "", context)

    def _annex_context(self) -> tuple[str, ...]:
        return (titled(*self.annex), *self.sections.headings) if self.annex else ()

    def _division(self, words: str) -> None:
        self.begun = True
        self.draft = None
        outline = self.sections if self.annex else self.divisions
        outline.place(words.split()[0].lower(), container(words) if self.annex else words)

    def _annex(self, words: str) -> None:
        self.begun = True
        self.annex = (words, "")
        self.sections.clear()
        self._start((container(words),))

    def _entitle(self, words: str) -> None:
        """Words that follow a number: the heading of the article, section or annex that has just begun."""
        if self.draft is None:
            (self.sections if self.annex else self.divisions).entitle(words)
            return
        self.draft.heading = f"{self.draft.heading} {words}".strip()
        if self.annex and not self.sections.numbers and self.draft.numbers == (container(self.annex[0]),):
            self.annex = (self.annex[0], self.draft.heading)
        elif self.annex and self.draft.numbers[1:] == self.sections.numbers:
            self.sections.entitle(words)

    def _document(self, words: str) -> None:
        """The title of the act, which the catalogue has; or, after its body, of an annex or of a statement beside it."""
        if _ANNEX_WORD.match(words):
            self._annex(words)
        elif not self.begun:
            self.drafts, self.draft = [], None  # a table of contents stood before
        elif self.draft and not self.draft.builder.length:
            self._entitle(words)
        else:
            self.annex = None
            self._start((), words)

    def _section(self, node: Node, words: str) -> None:
        """A heading inside an annex, "Part I" or "1. Rights"; elsewhere it opens a unit without a number."""
        label = _LABELLED.fullmatch(words)
        if self.annex and label:
            word, rest, sign, title = label.groups()
            kind, number = (word.split()[0].lower(), container(word)) if word else (self._sign(sign), sign)
            outer = self._place_section(kind, number, rest or title or "")
            self._start((container(self.annex[0]), *self.sections.numbers), rest or title or "", outer)
        elif self.annex and self.draft and not self.draft.builder.length:
            self._entitle(words)
        elif self.annex or not self.begun:
            if self.annex or self.draft:
                self.paragraph(node.children, node.at)
        else:
            self._start((), words if re.search(r"\w", words) else "")

    def _place_section(self, kind: str, number: str, heading: str) -> tuple[str, ...]:
        """Put the section into the outline; the headings around it come back."""
        self.sections.place(kind, number, heading)
        return self._annex_context()[:-1]

    def _sign(self, sign: str) -> str:
        """The kind of "1.", "A.", "II." as a heading; a letter that continues a row of letters is no Roman number."""
        if sign.isdigit():
            return "1"
        letters = self.sections.number_of("A")
        follows = len(sign) == 1 and letters is not None and ord(sign) == ord(letters) + 1
        return "I" if re.fullmatch(r"[IVX]+", sign) and not follows else "A"

    # The text

    def walk(self, node: Node) -> None:
        """All blocks below a node, in order."""
        inline: list[Node | Text] = []
        for child in node.children:
            if isinstance(child, Text) or not _is_block(child):
                inline.append(child)
                continue
            self.paragraph(inline, child.at)
            inline = []
            self.element(child)
        self.paragraph(inline, node.at)

    def element(self, node: Node) -> None:
        """One block element, by its class."""
        classes = _classes(node)
        if classes & {"modref", "arrow"}:
            self._modified(node)
        elif classes & (_SKIP | _HEADER) or any(name.startswith("title-doc") for name in classes):
            return
        elif classes & (_HEADINGS | {"doc-ti"}) or self._is_section(classes):
            self._heading(node, classes, plain(self.raw, node))
        elif "final" in classes:
            self._final(node)
        elif "grid-list" in classes:
            self._grid(node)
        elif node.tag == "table":
            self._table(node)
        elif any("no-parag" in child.classes() for child in node.elements()):
            self._parag(node)
        else:
            self.walk(node)

    @staticmethod
    def _is_section(classes: set[str]) -> bool:
        return any(name.startswith(("ti-grseq", "title-gr-seq")) for name in classes)

    def _heading(self, node: Node, classes: set[str], words: str) -> None:
        """A heading of this act goes into the outline, one of a provision quoted in it is text."""
        if not words:
            return
        if self.items or self.quoting or words[0] in _QUOTES:
            self.paragraph(node.children, node.at)
        elif classes & _ARTICLE:
            self._article(words)
        elif classes & _DIVISION:
            self._division(words)
        elif classes & _ANNEX:
            self._annex(words)
        elif "doc-ti" in classes:
            self._document(words)
        elif self._is_section(classes):
            self._section(node, words)
        else:
            self._entitle(words)

    def _modified(self, node: Node) -> None:
        """▼M1 at the head of a block: kept as a source note of the provision it stands in, or of the next one."""
        words = plain(self.raw, node)
        title = " ".join(anchor.attrs.get("title", "") for anchor in node.find_all("a")).strip()
        self.pending.append(f"{words} ({title})" if title else words)

    def _final(self, node: Node) -> None:
        self._start(())
        self.walk(node)
        self.draft = None

    def _parag(self, node: Node) -> None:
        """A numbered paragraph of a consolidated text; what follows it belongs to it until the next number."""
        sign = next(child for child in node.elements() if "no-parag" in child.classes())
        draft = self._current()
        if not self.items:
            draft.close_to(0)
        depth = draft.depth
        self._number(draft, sign)
        for child in node.children:
            if child is not sign and not isinstance(child, Text):
                self.element(child) if _is_block(child) else self.paragraph([child], child.at)
        if self.items:
            draft.close_to(depth)

    def _grid(self, node: Node) -> None:
        sign, *rest = node.elements()
        self._item(sign, rest)

    def _item(self, sign: Node, rest: Sequence[Node]) -> None:
        """A list item: its number or dash, then what stands beside it."""
        draft = self._current()
        printed = plain(self.raw, sign)
        outside, was_quoting = not self.quoting, self.quoting
        if outside and printed[:1] in _QUOTES:
            self._quote(draft, printed[0])
        depth = draft.depth
        self._number(draft, sign)
        self.items += 1
        for node in rest:
            self.walk(node)
        self.items -= 1
        draft.close_to(depth)
        if not was_quoting and printed[:1] not in _QUOTES:
            self._unquote(draft)
        self.after_colon = False

    def _number(self, draft: Draft, sign: Node) -> None:
        """Begin a portion with its printed number, or a plain line with a dash."""
        draft.begin(marker(plain(self.raw, sign)))
        self._inline(draft, sign.children)
        draft.join()

    def _quote(self, draft: Draft, mark: str) -> None:
        self.quoting = _QUOTES[mark]
        draft.quiet += 1

    def _unquote(self, draft: Draft) -> None:
        if self.quoting:
            self.quoting = ""
            draft.quiet -= 1

    def _table(self, node: Node) -> None:
        """A table of one row and two columns is how the page sets a list item; any other is a table, a line a row."""
        if any(_classes(p) & _HEADER for p in node.find_all("p")):
            return
        for row in _rows(node):
            cells = [cell for cell in row.elements() if plain(self.raw, cell)]
            first = plain(self.raw, cells[0]) if cells else ""
            if len(cells) == 2 and (first in _DASH or marker(first.lstrip("‘“„«"))):
                self._item(cells[0], cells[1:])
            elif len(cells) == 1:
                self.walk(cells[0])
            elif cells:
                draft = self._current()
                draft.block(row.at)
                for cell in cells:
                    draft.builder.space(cell.at)
                    self._inline(draft, cell.children)

    def paragraph(self, pieces: Sequence[Node | Text], at: int) -> None:
        """One block of text."""
        words = self._words(pieces)
        if not words or self.begun and _IMPRINT.fullmatch(words):
            return
        draft = self._current()
        self._see_quote(draft, words)
        self._see_number(draft, words)
        draft.block(at)
        self._inline(draft, pieces)
        closing = _CLOSES.search(words)
        if self.quoting and closing and closing.group(1) in self.quoting:
            self._unquote(draft)
        self.after_colon = words.endswith(":")

    def _see_quote(self, draft: Draft, words: str) -> None:
        """A block that opens a quoted provision: nothing is numbered until it is closed."""
        if self.quoting or words[0] not in _QUOTES or _DEFINES.match(words):
            return
        if _OPENS_UNIT.match(words) or self.after_colon and not _CLOSES.search(words):
            self._quote(draft, words[0])

    def _see_number(self, draft: Draft, words: str) -> None:
        """A paragraph outside lists that opens with its number: 1. or (1)."""
        found = _NUMBERED.match(words)
        if self.items or draft.quiet:
            return
        if found:
            depth = 1 if found.group(2) and not found.group(2)[0].isdigit() and draft.depth else 0
            draft.close_to(depth)
            draft.begin(found.group(1) or found.group(2))
        elif draft.numbers == ("preamble",) and re.match(r"[A-Z]{3}", words):
            draft.close_to(0)

    def _words(self, pieces: Sequence[Node | Text]) -> str:
        runs = Node("", children=list(pieces)).texts()
        return " ".join("".join(self._read(run.start, run.end) for run in runs).split())

    def _read(self, start: int, end: int) -> str:
        return self.raw[start:end].decode("utf-8")

    def _inline(self, draft: Draft, pieces: Sequence[Node | Text]) -> None:
        """The characters of one block; footnote references and amendment marks go into notes."""
        for index, piece in enumerate(pieces):
            if isinstance(piece, Text):
                draft.builder.add(*self._without_brackets(pieces, index))
            elif self._is_reference(piece):
                note(draft, "note", self._footnote(piece))
            elif _AMENDED.fullmatch(plain(self.raw, piece)) and _AMENDED.search(plain(self.raw, piece)):
                note(draft, "source", self._amendment(piece))
            else:
                self._styled(draft, piece)

    def _styled(self, draft: Draft, node: Node) -> None:
        kind = next((_EMPHASIS[name] for name in sorted({*_classes(node), node.tag}) if name in _EMPHASIS), None)
        if kind:
            draft.builder.open(kind)
        if node.tag == "br" or _is_block(node):
            draft.builder.space(node.at)
        self._inline(draft, node.children)
        if kind:
            draft.builder.close()

    def _amendment(self, node: Node) -> str:
        titles = [anchor.attrs.get("title", "") for anchor in [node, *node.find_all("a")]]
        return " ".join([plain(self.raw, node), *filter(None, titles)])

    def _is_reference(self, node: Node) -> bool:
        return node.tag == "a" and node.attrs.get("href", "").startswith("#") and node.attrs["href"][1:] in self.notes

    def _footnote(self, node: Node) -> str:
        return self.notes[node.attrs["href"][1:]]

    def _without_brackets(self, pieces: Sequence[Node | Text], index: int) -> tuple[int, int]:
        """The run's bytes without the brackets around a footnote reference beside it, and without a space before punctuation."""
        start, end = pieces[index].start, pieces[index].end
        words = self._read(start, end)
        if index and self._reference_at(pieces, index - 1) and words.lstrip().startswith(")"):
            start += len(words[: words.index(")") + 1].encode())
            words = self._read(start, end)
        if self._reference_at(pieces, index + 1):
            kept = _BLANK_END.sub("", words)
            kept = kept[:-1] if kept.endswith("(") else words
            if re.match(r"\s*\)?\s*[,.;:)’”]", self._following(pieces, index + 2)):
                kept = _BLANK_END.sub("", kept)
            end = start + len(kept.encode())
        return start, end

    def _reference_at(self, pieces: Sequence[Node | Text], index: int) -> bool:
        return 0 <= index < len(pieces) and isinstance(pieces[index], Node) and self._is_reference(pieces[index])

    def _following(self, pieces: Sequence[Node | Text], index: int) -> str:
        piece = pieces[index] if index < len(pieces) else None
        return self._read(piece.start, piece.end) if isinstance(piece, Text) else ""


def _rows(table: Node) -> list[Node]:
    """The table's own rows, not those of tables inside it."""
    rows = []
    for child in table.elements():
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in ("tbody", "thead", "tfoot"):
            rows.extend(_rows(child))
    return rows
