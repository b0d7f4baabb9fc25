"""PDF through pypdf: the pages' text in reading order, with marks for what is no running text, then provisions as from plain text.

`extract` gives the text that offsets refer to, since bytes in a PDF are compressed. Its lines stand in order of their place on the page; an empty line
parts paragraphs, a form feed pages. A control character before a line says what it is: HEADING, FURNITURE (page numbers, running titles, tables of contents),
FOOTNOTE; raised figures stand between RAISED and LOWERED.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import pypdf
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from ingest.parse.numbering import markers
from ingest.parse.outline import Register
from ingest.parse.text import TextBuilder
from ingest.parse.text_plain import is_unit
from ingest.parse.units import CLOSING, Piece, build, plain_words
from kb.errors import ParseError
from kb.model import Instrument, Provision

HEADING, FURNITURE, FOOTNOTE, RAISED, LOWERED = "\x01", "\x02", "\x03", "\x0e", "\x0f"
MAX_PAGES, MAX_CHARS = 3000, 30_000_000
_UNREADABLE = (
    PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError, NotImplementedError, AssertionError, OSError,
    zlib.error, struct.error,
)  # fmt: skip

# Documents that hold several instruments, and where a title line begins each
BOOKLETS = {
    "int/untoc-booklet": (
        ("int/untoc", r"United Nations Convention against Transnational Organized Crime$"),
        ("int/palermo-protocol", r"Protocol to Prevent, Suppress and Punish Trafficking"),
        ("int/smuggling-protocol", r"Protocol against the Smuggling of Migrants"),
        ("int/firearms-protocol", r"Protocol against the Illicit Manufacturing"),
    ),
    "int/uncac": (("int/uncac", r"United Nations Convention against Corruption$"),),
}


_ANNEX_LINE = re.compile(r"Annex(?: [IVX]+)?(?:$|\b\W*)")
_RESOLUTION = re.compile(r"General Assembly resolution \d+/\d+")


@dataclass(frozen=True, slots=True)
class Row:
    """One printed line: its characters, place (from the left and the bottom), size of type, and font."""

    text: str
    x: float
    y: float
    size: float
    font: str
    bold: bool


# ---------------------------------------------------------------- reading the file


def _open(raw: bytes) -> pypdf.PdfReader:
    if not raw.strip(b"\0 \r\n\t"):
        raise ParseError("the PDF is empty")
    if b"%PDF-" not in raw[:1024]:
        raise ParseError("not a PDF: no %PDF header")
    if b"%%EOF" not in raw[-2048:]:
        raise ParseError("the PDF is cut short: no end marker")
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        locked = reader.is_encrypted and not reader.decrypt("")
        root = None if locked else reader.trailer["/Root"].get_object()
    except _UNREADABLE as exc:
        raise ParseError(f"the PDF cannot be read: {exc}") from exc
    if locked:
        raise ParseError("the PDF is encrypted with a password")
    _count_pages(root)
    return reader


def _count_pages(root: object) -> None:
    """Walk the page tree without trusting its counts.

    Raises: ParseError where it has no pages, too many, or turns back on itself.
    """
    seen: set[int] = set()
    pages = 0
    waiting = [root.get("/Pages") if isinstance(root, DictionaryObject) else None]
    while waiting:
        node = waiting.pop()
        if isinstance(node, IndirectObject):
            leaf = node.get_object()
            if isinstance(leaf, DictionaryObject) and "/Kids" in leaf:
                if node.idnum in seen:
                    raise ParseError("the PDF's page tree turns back on itself")
                seen.add(node.idnum)
            node = leaf
        if not isinstance(node, DictionaryObject):
            continue
        kids = node.get("/Kids")
        kids = kids.get_object() if isinstance(kids, IndirectObject) else kids
        if isinstance(kids, ArrayObject):
            waiting.extend(reversed(kids))
        else:
            pages += 1
        if pages + len(waiting) > MAX_PAGES:
            raise ParseError(f"the PDF has more than {MAX_PAGES} pages")
    if not pages:
        raise ParseError("the PDF has no pages")


def _chunks(page: pypdf.PageObject) -> list[tuple[str, float, float, float, str]]:
    """The page's text in pieces: characters, x, y, size, font."""
    found: list[tuple[str, float, float, float, str]] = []

    def visit(text: str, cm: list[float], tm: list[float], font: dict | None, size: float) -> None:
        matrix = pypdf.mult(tm, cm)
        found.append((text, matrix[4], matrix[5], size * abs(matrix[3] or 1.0), str((font or {}).get("/BaseFont", ""))))

    page.extract_text(visitor_text=visit)
    return found


def _rows(page: pypdf.PageObject) -> list[Row]:
    """The page's lines from top to bottom."""
    lines: list[list[tuple[str, float, float, float, str]]] = [[]]
    for text, x, y, size, font in _chunks(page):
        for position, part in enumerate(text.split("\n")):
            if position:
                lines.append([])
            if part:
                lines[-1].append((part, x, y, size, font))
    rows = [row for row in map(_row, lines) if row]
    return sorted(rows, key=lambda row: -row.y)


def _row(parts: Sequence[tuple[str, float, float, float, str]]) -> Row | None:
    printed = [part for part in parts if part[0].strip()]
    if not printed:
        return None
    weights: Counter[tuple[float, str]] = Counter()
    for text, _, _, size, font in printed:
        weights[round(size, 1), font] += len(text.strip())
    (size, font), _ = weights.most_common(1)[0]
    base = next(part[2] for part in printed if round(part[3], 1) == size)
    text = ""
    for piece, _, y, own, _ in parts:
        raised = own < 0.85 * size and y > base + 1 and piece.strip().isdigit() and text.strip()
        text += f"{RAISED}{piece}{LOWERED}" if raised else piece
    names = {part[4] for part in printed}
    return Row(" ".join(text.split()), printed[0][1], base, size, _family(font), all("bold" in name.lower() for name in names))


def _family(font: str) -> str:
    return re.sub(r"^/?[A-Z]{6}\+|^/", "", font).partition("-")[0].partition(",")[0].replace("MT", "").replace("PS", "")


# ---------------------------------------------------------------- what each line is


def _headings(pages: Sequence[Sequence[Row]], furniture: set[tuple[int, int]], size: float, font: str) -> set[tuple[int, int]]:
    """The lines (page, position) that are headings. A line that is only bolder than the text must stand apart from the line above."""
    found: set[tuple[int, int]] = set()
    above: tuple[Row, int, bool] | None = None  # a line, its page, and whether it is a heading
    for number, rows in enumerate(pages):
        for position, row in enumerate(rows):
            if (number, position) in furniture or row.size < 0.9 * size:
                continue
            heading = _is_heading(row, size, font)
            if heading and above and not above[2] and row.font == font and row.size <= 1.12 * size:
                gap = above[0].y - row.y if above[1] == number else 0.0
                heading = gap > 1.45 * row.size if above[1] == number else above[0].text.endswith((".", ":", ";", "?", "!", "”"))
            if heading:
                found.add((number, position))
            above = (row, number, heading)
    return found


def _furniture(pages: Sequence[Sequence[Row]]) -> set[tuple[int, int]]:
    """The lines (page, position) that are page numbers, or stand at the edge of many pages with other figures."""
    edges: Counter[str] = Counter()
    shapes: dict[tuple[int, int], str] = {}
    for number, rows in enumerate(pages):
        for position in {*range(min(2, len(rows))), *range(max(0, len(rows) - 2), len(rows))}:
            shapes[number, position] = re.sub(r"\d+|^[ivxl]+$", "#", rows[position].text.strip())
    edges.update(shapes.values())
    return {place for place, shape in shapes.items() if shape == "#" or (edges[shape] >= 4 and edges[shape] >= 0.3 * len(pages))}


def _body(pages: Sequence[Sequence[Row]]) -> tuple[float, str]:
    """The size and font of most of the text."""
    weights: Counter[tuple[float, str]] = Counter()
    for rows in pages:
        for row in rows:
            weights[row.size, row.font] += len(row.text)
    return weights.most_common(1)[0][0]


def _is_heading(row: Row, size: float, font: str) -> bool:
    plain = not re.search(r"[a-z]{3,}[.;]$", row.text)
    return row.size >= 0.95 * size and (row.size > 1.12 * size or row.bold or row.font != font) and (plain or row.size > 1.12 * size)


def _begins(row: Row, above: Row) -> bool:
    """Whether an indented line begins a paragraph rather than hangs under a number."""
    hangs = above.x < row.x - 8 and bool(markers(above.text, 0, len(above.text)).markers)
    return above.x < row.x - 8 and not hangs and above.text.endswith((".", ";", ":", ","))


def _left_edge(rows: Iterable[Row]) -> float:
    """Where most lines begin."""
    edges = Counter(round(row.x / 3) for row in rows)
    return 3.0 * edges.most_common(1)[0][0] if edges else 0.0


def _page_text(rows: Sequence[Row], furniture: set[int], headings: set[int], size: float) -> Iterator[str]:
    """The lines of one page with their marks, an empty one before each paragraph."""
    left = _left_edge(row for i, row in enumerate(rows) if i not in furniture | headings and row.size >= 0.9 * size)
    above: Row | None = None
    after_heading = notes = False
    for position, row in enumerate(rows):
        if position in furniture or re.search(r"(?:\.\s?){5,}", row.text):
            yield FURNITURE + row.text
            continue
        heading = position in headings
        notes = not heading and row.size < 0.9 * size and row.y < 300 and (notes or bool(re.match(r"\W?\d", row.text)))
        if notes:
            yield FOOTNOTE + row.text
            continue
        if above is not None and _parts(row, above, heading, after_heading, left):
            yield ""
        yield (HEADING if heading else "") + row.text
        above, after_heading = row, heading


def _parts(row: Row, above: Row, heading: bool, after_heading: bool, left: float) -> bool:
    """Whether a paragraph or heading begins at this line."""
    gap = above.y - row.y
    if heading or after_heading:
        return not (heading and after_heading and gap < 1.6 * row.size and abs(above.size - row.size) < 0.5)
    return gap > 1.45 * row.size or above.size != row.size or (row.x > left + 8 and _begins(row, above))


def _on(places: Iterable[tuple[int, int]], page: int) -> set[int]:
    """The positions of one page."""
    return {position for number, position in places if number == page}


@lru_cache(maxsize=2)
def extract(raw: bytes) -> bytes:
    """The text of a PDF in UTF-8, with the marks that this module's docstring describes.

    Raises: ParseError for a file that is empty, cut short, encrypted, damaged, too long, or without text (a scan).
    """
    reader = _open(raw)
    try:
        pages = [_rows(page) for page in reader.pages]
    except _UNREADABLE as exc:
        raise ParseError(f"the PDF's text cannot be read: {exc}") from exc
    chars = sum(len(row.text) for rows in pages for row in rows)
    if not any(character.isalpha() for rows in pages for row in rows for character in row.text):
        raise ParseError("the PDF has no text: only images, or fonts that cannot be read")
    if chars > MAX_CHARS:
        raise ParseError(f"the PDF's text is longer than {MAX_CHARS} characters")
    size, font = _body(pages)
    furniture = _furniture(pages)
    headings = _headings(pages, furniture, size, font)
    texts = ["\n".join(_page_text(rows, _on(furniture, number), _on(headings, number), size)) for number, rows in enumerate(pages)]
    text = "\n\f\n".join(texts)
    return "".join(c for c in text if c != "\0").encode("utf-8", "replace")


# ---------------------------------------------------------------- provisions


def _lines(source: bytes) -> Iterator[tuple[int, str]]:
    at = 0
    for line in source.split(b"\n"):
        yield at, line.decode("utf-8")
        at += len(line) + 1


def _continues(before: str, line: str) -> bool:
    """Whether the first line of a page goes on with the last paragraph of the page before."""
    return not (before.rstrip().endswith((".", ":", ";", "?", "!")) and not line[:1].islower())


def _pieces(source: bytes, paragraphs: bool) -> Iterator[Piece]:
    """Headings, blocks and numbered paragraphs in order; `paragraphs`: numbers like "2.14." open units of their own."""
    start = end = None  # of the block or heading that is being read
    heading = turned = parted = False
    last = ""

    def flush() -> Iterator[Piece]:
        if start is not None and end is not None:
            words = source[start:end].decode("utf-8")
            if heading:
                words = plain_words(words.replace(HEADING, ""))
                yield Piece("unit" if is_unit(words) else "container", start, end, words)
            else:
                yield from _numbered(source, start, end) if paragraphs else [Piece("block", start, end, words)]

    for at, line in _lines(source):
        if line == "\f":
            turned, parted = True, False
        elif not line:
            parted = True
        elif line[0] == FOOTNOTE:
            yield Piece("note", at + 1, at + len(line.encode("utf-8")), line[1:])
        elif line[0] != FURNITURE:
            is_heading = line[0] == HEADING
            words = line.lstrip(HEADING)
            begun = bool(markers(words, 0, len(words)).markers) or (not heading and is_unit(words) and parted)
            goes_on = start is not None and is_heading == heading and (is_heading and not parted or not is_heading and not begun)
            if goes_on and not is_heading:
                goes_on = _continues(last, words) if turned else not parted
            if not goes_on:
                yield from flush()
                start, heading = at + (1 if is_heading else 0), is_heading
            end = at + len(line.encode("utf-8"))
            last, turned, parted = words, False, False
    yield from flush()


def _numbered(source: bytes, start: int, end: int) -> Iterator[Piece]:
    """A block, parted from the printed paragraph number that it opens with."""
    words = source[start:end].decode("utf-8")
    match = re.match(r"(\d{1,2}\.\d{1,3})\.?\s+(?=\S)", words)
    if match:
        yield Piece("unit", start, start + match.end(), f"Paragraph {match.group(1)}.")
        start, words = start + match.end(), words[match.end() :]
    yield Piece("block", start, end, words)


def _known_words(source: bytes) -> frozenset[str]:
    """The words of the text that no line end breaks."""
    text = re.sub(r"\S+-\n", " ", source.decode("utf-8"))
    return frozenset(word.lower() for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text))


class _Writer:
    """Writes ranges of the extracted text: marks and raised figures out, words broken at a line's end made whole where the text knows them."""

    def __init__(self, source: bytes):
        self.known = _known_words(source)

    def __call__(self, builder: TextBuilder, start: int, end: int) -> None:
        words = builder.raw[start:end].decode("utf-8")
        skips = {
            match.span(): match.group(1)
            for match in re.finditer(rf"{RAISED}([^{LOWERED}]*){LOWERED}|[{HEADING}]|\n[{FURNITURE}{FOOTNOTE}][^\n]*|\n\f(?=\n)|(?<=\w)-\n(?=\w)", words)
        }
        done, at = 0, start
        for (opening, closing), raised in sorted(skips.items()):
            keep = self._hyphen(words, opening) if words[opening] == "-" else 0
            size = len(words[done : opening + keep].encode("utf-8"))
            builder.add(at, at + size)
            at += size + len(words[opening + keep : closing].encode("utf-8"))
            if raised:
                builder.note("note", raised)
            done = closing
        builder.add(at, end)

    def _hyphen(self, words: str, at: int) -> int:
        """1 where the hyphen at a line's end stays: its two parts are no word of the text when joined."""
        before = re.search(r"[^\W\d_]+(?:-[^\W\d_]+)*$", words[:at])
        after = re.match(r"[^\W\d_]+", words[at + 2 :])
        return 0 if before and after and (before.group() + after.group()).lower() in self.known else 1


def _segments(pieces: Iterable[Piece], instrument: Instrument) -> Iterator[tuple[Instrument, list[Piece]]]:
    """The pieces by the instrument that they belong to: in a booklet each is the annex to a resolution, under its title.

    What stands before the first, or between two, is no treaty but matter of the booklet.
    """
    titles = BOOKLETS.get(instrument.id)
    if not titles:
        yield instrument, list(pieces)
        return
    owner, held = replace(instrument, kind="guidance"), []
    annexed = False
    for piece in pieces:
        words = plain_words(piece.words) if piece.kind == "container" else ""
        annex = _ANNEX_LINE.match(words)
        title = words[annex.end() :] if annex else words
        found = next((id for id, pattern in titles if (annex or annexed) and re.match(pattern, title)), None)
        closed = bool(words) and any(CLOSING.match(plain_words(block.words)) for block in held[-3:] if block.kind == "block")
        if found or closed or _RESOLUTION.match(words):
            yield owner, held
            owner, held = replace(instrument, id=found) if found else replace(instrument, kind="guidance"), []
        if not found and not (annex and not title):
            held.append(piece)
        annexed = bool(annex) and not title
    yield owner, held


def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
    """The provisions of a PDF; those of a booklet carry the ids of its several instruments. Offsets refer to `extract(raw)`.

    Raises: ParseError as `extract` does, or where the text makes no provision.
    """
    source = extract(raw)
    write = _Writer(source)
    provisions: list[Provision] = []
    registers: dict[str, Register] = {}
    paragraphs = instrument.kind == "guidance"
    for owner, pieces in _segments(_pieces(source, paragraphs), instrument):
        if any(piece.kind == "block" for piece in pieces):
            register = registers.setdefault(owner.id, Register(owner.id))
            provisions += build(source, pieces, owner, write, register)
    if not provisions:
        raise ParseError(f"{instrument.id}: no provisions found")
    return provisions
