"""Official HTML without classes to rely on: units open with "Article 6", "Section 6", "§ 6", "第 6 條", "المادة 6"."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ingest.parse import numbering
from ingest.parse.draft import LATIN, UNIT, Draft, Headings, build, container, note, titled
from ingest.parse.tree import Node, Text, html_tree, plain, utf8
from kb.errors import ParseError
from kb.model import Instrument, Provision, SpanKind

_INLINE = {"span", "a", "i", "em", "b", "strong", "sup", "sub", "u", "small", "img", "font", "abbr", "cite", "bdi", "bdo", "mark", "s"}
_SKIP = {"head", "script", "style", "nav", "header", "footer", "form", "noscript", "button", "svg", "select", "title"}
_EMPHASIS: dict[str, SpanKind] = {"i": "emphasis", "em": "emphasis", "b": "strong", "strong": "strong"}

_NUMBER = rf"(?:[A-Z]\.?)?\d+[A-Za-z]{{0,2}}(?:[-.]\d+[a-z]?)*(?: (?:{LATIN}))?|[IVXLC]+"
_REST = r"(?:\s*[.:–—-]+\s*(?P<rest>\S.*)|\s*(?P<said>[\[(].*[\])])|\s*[.:]?)$"
_ARTICLE = re.compile(rf"(?:Article|ARTICLE|Art\.|Artículo|ARTÍCULO|Artikel|Articolo|Artigo)\s+(?P<number>{_NUMBER}){_REST}", re.DOTALL)
_SECTION = re.compile(rf"(?:Section|SECTION|Sec\.|Regulation|Rule|§)\s*(?P<number>{_NUMBER}){_REST}", re.DOTALL)
_SOLE = re.compile(r"(?P<number>Sole Article|SOLE ARTICLE|Artículo único|Article unique)\.?$")
_CHINESE = re.compile(r"第\s*(?P<number>\d+(?:-\d+)?|[一二三四五六七八九十百]+)\s*[條条](?:之(?P<sub>[一二三四五六七八九十]))?\s*(?P<rest>.*)$", re.DOTALL)
_ORDINALS = ("الأولى", "الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة", "السابعة", "الثامنة", "التاسعة", "العاشرة")
_ARABIC = re.compile(
    rf"(?:المادة|مادة)\s*\(?\s*(?P<number>[\d٠-٩]+|{'|'.join(_ORDINALS)})\s*\)?(?P<sub> مكرر\S*)?"
    r"\s*(?:[-–:.]\s*(?P<rest>.*))?$", re.DOTALL,
)

_COUNT = "[IVXLC]+|\\d+[A-Za-z]?|[A-Z]|ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN"
_DIVISION = re.compile(
    rf"(?P<kind>BOOK|PART|TITLE|CHAPTER|SECTION|SUB-?SECTION|Book|Part|Title|Chapter|Section|TÍTULO|CAPÍTULO|SECCIÓN|TITRE|CHAPITRE)\s+"
    rf"(?P<count>{_COUNT})\b(?:\s*[.:–—-]+\s*|\s+|$)(?P<rest>[^.;]*)$"
    r"|(?P<other>(?:الباب|الفصل|القسم)\s+[^\s:-]+|第\s*[\d一二三四五六七八九十]+\s*[編章節])\s*[-:]?\s*(?P<said>.*)$"
)
_CONTAINER = re.compile(
    r"(?P<name>(?:ANNEX|SCHEDULE|APPENDIX|PROTOCOL|Annex|Schedule|Appendix)(?: (?:\(No \d+\)|[IVXLC]+|\d+[A-Z]?|[A-Z]))?)"
    r"(?P<rest> TO THE .*)?$"
)
_DECLARATIONS = re.compile(r"(?P<name>Declarations|DECLARATIONS)$")
_DECLARATION = re.compile(r"(?P<number>\d+)\. (?P<rest>Declaration .*|DECLARATION .*)$", re.DOTALL)
_PREAMBLE = re.compile(
    r"THE EUROPEAN |THE COUNCIL|HIS MAJESTY|HER MAJESTY|THE HIGH CONTRACTING|THE STATES|Having regard|The (?:States )?Parties|WE,? "
    r"|نحن|-? ?بعد ا"
)
_FINAL = re.compile(r"Done (?:at|in) |DONE (?:at|in) |IN WITNESS WHEREOF|صدر عنا|صدر في|حرر في")
_RULE = re.compile(r"[-–—_*=\s]{5,}$")
_FOOTNOTE = re.compile(r"\[(\d{1,3}|\*+)\](?:\s|$)")
_FOOTNOTE_ROUND = re.compile(r"\((\d{1,2})\)\s")
_CHARACTER = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);|.", re.DOTALL)
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")
_SENTENCE_END = tuple(".;:,؛،。；：")


@dataclass(slots=True)
class _Block:
    """The pieces of one line of the page, their words, and the byte position where it begins."""

    pieces: list[Node | Text] = field(default_factory=list)
    words: str = ""
    at: int = 0
    title: bool = False  # the title of the page


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The page's preamble, articles or sections, annexes and protocols as provisions.

    Raises: ParseError where the page is cut off or no unit is found in it.
    """
    raw = utf8(raw)
    root = html_tree(raw)
    if root.find("body", "html") and not re.search(rb"</(?:body|html)\s*>", raw, re.IGNORECASE):
        raise ParseError(f"{instrument.id}: the page is cut off, it does not end its body")
    reader = _Reader(raw, root)
    reader.read()
    if not reader.units:
        raise ParseError(f"{instrument.id}: no article or section found in the page")
    provisions = build(instrument, reader.drafts)
    habits = numbering.learn(provision.text for provision in provisions)
    return [replace(p, portions=numbering.portions(p.text, p.id, p.numbers, habits)) for p in provisions]


class _Reader:
    """Reads a page block by block and writes drafts."""

    def __init__(self, raw: bytes, root: Node):
        self.raw = raw
        self.in_title = False
        self.hidden = {
            node.attrs["id"]: plain(raw, node)
            for node in root.find_all("div", "p", "li")
            if "footnote" in node.attrs.get("class", "") and "id" in node.attrs
        }
        self.blocks = [block for block in self._collect(root.find("body") or root, root.at) if block.words]
        self.units = 0
        self.drafts: list[Draft] = []
        self.draft: Draft | None = None
        self.containers: list[tuple[str, str]] = []  # annexes and protocols around this place: as printed, heading
        self.divisions = Headings()
        articles = any(pattern.match(block.words) for block in self.blocks for pattern in (_ARTICLE, _CHINESE, _ARABIC))
        self.patterns = (_ARTICLE, _SOLE, _CHINESE, _ARABIC) if articles else (_SECTION, _SOLE)
        self.final = False
        self.apart = False  # a rule was drawn after the body
        self.footnotes = self._footnotes()
        self.next_reference = 1

    # The page

    def _collect(self, node: Node, at: int) -> Iterator[_Block]:
        """The blocks of the page in order."""
        run: list[Node | Text] = []
        for child in [*node.children, None]:
            if child is not None and (isinstance(child, Text) or child.tag in _INLINE and not self._holds_blocks(child)):
                run.append(child)
                continue
            if run:
                yield self._block(run, at)
                run = []
            if isinstance(child, Node) and not self._is_hidden(child):
                self.in_title = child.tag == "h1"
                yield from self._row(child) if child.tag == "tr" else self._collect(child, child.at)
                self.in_title = False

    def _row(self, row: Node) -> Iterator[_Block]:
        """A row of a table is one line."""
        pieces: list[Node | Text] = []
        for cell in row.elements():
            pieces.append(Node("br", at=cell.at))
            pieces.extend(cell.children)
        yield self._block(pieces, row.at)

    @staticmethod
    def _holds_blocks(node: Node) -> bool:
        return any(child.tag not in _INLINE for child in _elements(node))

    def _is_hidden(self, node: Node) -> bool:
        style = node.attrs.get("style", "").replace(" ", "").lower()
        return node.tag in _SKIP or "display:none" in style or node.attrs.get("id") in self.hidden

    def _block(self, pieces: list[Node | Text], at: int) -> _Block:
        words = " ".join("".join(self._read(run) if isinstance(run, Text) else " " for run in _runs(pieces)).split())
        return _Block(pieces, words, at, self.in_title)

    def _read(self, run: Text) -> str:
        return html.unescape(self.raw[run.start : run.end].decode("utf-8"))

    def _footnotes(self) -> dict[str, str]:
        """Footnotes printed as blocks, by their label: "[1] ..." anywhere, "(1) ..." after the signatures."""
        found: dict[str, str] = {}
        signed = False
        for block in self.blocks:
            signed = signed or bool(_FINAL.match(block.words))
            label = self._label(block.words, signed)
            if label:
                found.setdefault(label, block.words)
        return found

    @staticmethod
    def _label(words: str, signed: bool) -> str | None:
        square, round_ = _FOOTNOTE.match(words), _FOOTNOTE_ROUND.match(words)
        return f"[{square.group(1)}]" if square else f"({round_.group(1)})" if round_ and signed else None

    # The outline

    def read(self) -> None:
        """All blocks from the preamble on; a table of contents before it is passed over."""
        index = self._begin()
        while index < len(self.blocks):
            index = self._take(index)

    def _begin(self) -> int:
        first = next((i for i, block in enumerate(self.blocks) if self._unit(block.words)), len(self.blocks))
        return next((i for i in range(first) if _PREAMBLE.match(self.blocks[i].words)), 0)

    def _unit(self, words: str) -> re.Match[str] | None:
        return next((match for pattern in self.patterns if (match := pattern.match(words))), None)

    def _take(self, index: int) -> int:
        """Use the block at `index` and those that belong to it; the index of the next one."""
        block = self.blocks[index]
        words = block.words
        if _RULE.match(words):
            self.draft, self.containers, self.apart = None, [], True
        elif self._label(words, self.final):
            self._continue_footnote(words)
        elif "|" not in words and (behind := self._open(words, index)):
            return behind
        elif self.units or not block.title:
            self._write(block)
        return index + 1

    def _open(self, words: str, index: int) -> int:
        """The index behind the heading that the block opens, or 0 where it is text."""
        annexed = bool(self.containers) and _DECLARATIONS.match(self.containers[0][0]) is not None
        holder = self.units and (_CONTAINER.match(words) or _DECLARATIONS.match(words))
        if annexed and not holder:
            declaration = _DECLARATION.match(words)
            return self._open_unit(declaration, index) if declaration else 0
        unit, division = self._unit(words), _DIVISION.match(words)
        if unit:
            return self._open_unit(unit, index)
        if holder:
            return self._open_container(holder, index)
        if division and len(words) < 200:
            return self._open_division(division, index)
        if _FINAL.match(words) and not self.containers and not self.final:
            self.final = True
            self._start(())
        elif self.apart and self._is_heading(words, False):
            self._start((), self._without_references(words))
            self.apart = False
            return index + 1
        return 0

    def _continue_footnote(self, words: str) -> None:
        if self.draft and self._label(words, self.final) == "[*]":
            note(self.draft, "note", words)

    def _heading_at(self, index: int) -> tuple[str, int]:
        """The heading that the following blocks print, and the index behind it."""
        words: list[str] = []
        while index < len(self.blocks) - 1 and self._is_heading(self.blocks[index].words, bool(words)):
            words.append(self._without_references(self.blocks[index].words))
            index += 1
        return " ".join(words), index

    def _is_heading(self, words: str, second: bool) -> bool:
        if words.startswith("(ex "):
            return True
        plain_line = len(words) < 300 and not words.endswith(_SENTENCE_END) and not words[0].islower()
        opens = self._unit(words) or _DIVISION.match(words) or _CONTAINER.match(words) or _RULE.match(words)
        numbered = bool(numbering.markers(words, 0, len(words)).markers)
        return plain_line and not second and not opens and not numbered and not re.search(r"[>|]", words)

    def _without_references(self, words: str) -> str:
        for label in set(re.findall(r"\[(?:\d{1,3}|\*+)\]", words)) & self.footnotes.keys():
            words = words.replace(label, "")
        return " ".join(words.split())

    def _start(self, numbers: tuple[str, ...], heading: str = "", context: tuple[str, ...] = ()) -> Draft:
        self.draft = Draft(self.raw, numbers, heading, context)
        self.drafts.append(self.draft)
        return self.draft

    def _above(self) -> tuple[str, ...]:
        return (*(titled(*holder) for holder in self.containers), *self.divisions.headings)

    def _prefix(self) -> tuple[str, ...]:
        return tuple(container(name) for name, _ in self.containers)

    def _open_unit(self, unit: re.Match[str], index: int) -> int:
        self.units += 1
        groups = unit.groupdict()
        rest = self._without_references(groups.get("rest") or groups.get("said") or "")
        number = _number(unit.group("number"), groups.get("sub"))
        draft = self._start((*self._prefix(), number), "", self._above())
        self.apart = False
        runs_on = bool(groups.get("rest")) and unit.re is not _DECLARATION and (len(rest) > 200 or rest.endswith(_SENTENCE_END))
        if runs_on:
            self._write(self.blocks[index], len("".join(unit.string[: unit.start("rest")].split())))
            return index + 1
        draft.heading, behind = (rest, index + 1) if rest else self._heading_at(index + 1)
        return behind

    def _open_container(self, holder: re.Match[str], index: int) -> int:
        self.divisions.clear()
        name, rest = holder.group("name"), (holder.groupdict().get("rest") or "").strip()
        heading, behind = self._heading_at(index + 1)
        inner = self.containers and self.containers[0][0].upper().startswith("PROTOCOL") and (rest or " " not in name)
        self.containers = self.containers[: 1 if inner else 0]
        above = self._above()
        self.containers.append((name, f"{rest} {heading}".strip()))
        self._start(self._prefix(), self.containers[-1][1], above)
        self.apart = False
        return behind

    def _open_division(self, division: re.Match[str], index: int) -> int:
        kind = division.group("kind")
        number = f"{kind} {division.group('count')}" if kind else division.group("other")
        heading = self._without_references(division.group("rest") or division.group("said") or "")
        heading, behind = (heading, index + 1) if heading else self._heading_at(index + 1)
        self.divisions.place((kind or number.split()[0]).lower(), number, heading)
        if self.containers and re.fullmatch(UNIT, number):
            self._start((*self._prefix(), container(number)), heading, self._above()[:-1])
        else:
            self.draft = None
        return behind

    # The text

    def _current(self, block: _Block) -> Draft:
        if self.draft:
            return self.draft
        if not self.units:
            return self._start(("preamble",))
        return self._start((), "", self._above())

    def _write(self, block: _Block, skip: int = 0) -> None:
        """One block of text, without its first `skip` characters that are no space."""
        draft = self._current(block)
        draft.block(block.at)
        for piece in block.pieces:
            skip = self._inline(draft, piece, skip)

    def _inline(self, draft: Draft, piece: Node | Text, skip: int) -> int:
        """One piece of a block; how many characters are still to be skipped comes back."""
        if isinstance(piece, Text):
            start, skip = self._skipped(piece, skip)
            self._characters(draft, start, piece.end)
            return skip
        hint = re.search(r"ShowContent\('(\w+)'\)", piece.attrs.get("onclick", ""))
        if hint and hint.group(1) in self.hidden:
            note(draft, "note", self.hidden[hint.group(1)])
        kind = _EMPHASIS.get(piece.tag) or ("strong" if re.search(r"font-weight:\s*bold", piece.attrs.get("style", "")) else None)
        if piece.tag not in _INLINE:
            draft.builder.space(piece.at)
        if kind:
            draft.builder.open(kind)
        for child in piece.children:
            skip = self._inline(draft, child, skip)
        if kind:
            draft.builder.close()
        return skip

    def _skipped(self, run: Text, skip: int) -> tuple[int, int]:
        """Where the run goes on behind the characters to skip, and how many of those lie behind it."""
        at = run.start
        for token in _CHARACTER.findall(self.raw[run.start : run.end].decode("utf-8")):
            if skip == 0:
                break
            skip -= not html.unescape(token).isspace()
            at += len(token.encode())
        return at, skip

    def _characters(self, draft: Draft, start: int, end: int) -> None:
        """The run without its footnote references, which become notes."""
        words = self.raw[start:end].decode("utf-8")
        at = 0
        for match in re.finditer(r"(?:(?<=[^\W\d_])|(?<=[^\W\d_]\)))\(\d{1,2}\)|\s?\[(?:\d{1,3}|\*+)\]", words):
            label = match.group().strip()
            if label not in self.footnotes or label[0] == "(" and label != f"({self.next_reference})":
                continue
            self.next_reference += label[0] == "("
            draft.builder.add(start + len(words[:at].encode()), start + len(words[: match.start()].encode()))
            note(draft, "note", self.footnotes[label])
            at = match.end()
        draft.builder.add(start + len(words[:at].encode()), end)


def _elements(node: Node) -> Iterator[Node]:
    """All elements below a node."""
    for child in node.elements():
        yield child
        yield from _elements(child)


def _runs(pieces: list[Node | Text]) -> Iterator[Node | Text]:
    """The runs of characters below the pieces, an element that is no part of a line in between."""
    for piece in pieces:
        if isinstance(piece, Text):
            yield piece
            continue
        if piece.tag not in _INLINE:
            yield piece
        yield from _runs(piece.children)


def _number(printed: str, inserted: str | None) -> str:
    """The number of a unit in digits: Arabic-Indic ones and the ordinals of Arabic laws are written so, 第 12 條之一 is 12-1."""
    number = str(_ORDINALS.index(printed) + 1) if printed in _ORDINALS else printed.translate(_DIGITS)
    if inserted and inserted.strip() in "一二三四五六七八九十":
        return f"{number}-{'一二三四五六七八九十'.index(inserted) + 1}"
    return f"{number}{inserted or ''}"
