"""Headings and blocks, in order, become provisions: what Markdown, plain text and PDF share.

The formats say which bytes are a container's heading ("PART II"), a unit's heading ("Article 6. Assistance") or a block of words; here the headings get
their numbers, and the blocks are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ingest.parse.numbering import Habits, learn, portions
from ingest.parse.outline import Register
from ingest.parse.text import TextBuilder, check
from kb.errors import ParseError
from kb.model import Instrument, Provision

PieceKind = Literal["container", "unit", "heading", "block", "note"]
Write = Callable[[TextBuilder, int, int], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """A heading or a block: its kind, its bytes without the mark that makes it a heading, and its words for recognition."""

    kind: PieceKind
    start: int
    end: int
    words: str


ORDINALS = "bis|ter|qu[aá]ter|quinquies|sexies|septies|octies|nonies|novies|decies"
_NUMBER = (
    rf"(?:[LRDA]\*?\s?|[A-Z]{{1,2}})?\d+(?:er\b|[A-Za-z]{{1,3}}\b)?(?:[-–‑.]\d+[a-z]{{0,3}})*(?:\s(?:{ORDINALS})\b|\s[A-Z](?=\.|$))?|[IVXLC]+\b|[A-Z]\b"
)
_UNIT_WORDS = (
    r"Articles?|Artículo|Artigo|Artikel|Articolo|Art\.|Sections?|Sec\.|§§?|Paragraph|Rule|Standard|Regulation|Guideline|Clause|المادة|مادة"
)
_UNIT = re.compile(
    rf"(?:{_UNIT_WORDS})\s*\(?(?P<number>{_NUMBER})\)?(?P<more>\s(?:and|to|et)\s(?:{_NUMBER}))?(?:,\sparagraph\s(?P<paragraph>\d+))?"
    r"\s*[°º]?\s*(?:[.:]+[-–—]*\s*|[-–—]+\s+|$|(?=\[))(?P<heading>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CHINESE_UNIT = re.compile(r"第\s*(?P<number>[\d一二三四五六七八九十百]+(?:-\d+)?)\s*[條条](?P<tail>之[\d一二三四五六七八九十]+)?\s*[.。]?\s*(?P<heading>.*)")
_ANNEXED_UNIT = re.compile(r"Article\s+(?P<label>Annexe\s+\d+)\s*[.:]?\s*(?P<heading>.*)")
_PLAIN_NUMBER = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3})*)\.?\s+(?P<heading>\S.*)")

_COUNT = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
_ANNEX = re.compile(
    rf"(?:the\s+)?(?P<label>(?:(?:{_COUNT})\s+)?(?:schedule|annexe?|anexo|anhang|anlage|bijlage|appendix|attachment|resolution\sno\.)"
    r"(?:\s+(?-i:[A-Z]?\d+[A-Z]?(?:-[IVX\d]+)?|[IVXLC]+|[A-Z])\b)?|final\sact|explanatory\snote|protocol$)"
    r"(?!\w)[\s.:–—-]*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_PLURAL = re.compile(r"(?:schedules|annexes|appendices)\.?", re.IGNORECASE)
_UNLABELLED_ANNEX = re.compile(r"(?:resolution|declaration)\b", re.IGNORECASE)
_RANKS = {
    "partie": 1, "book": 2, "livre": 2, "libro": 2, "buch": 2, "part": 3, "teil": 3, "parte": 3, "title": 4, "titre": 4, "título": 4, "titulo": 4, "titel": 4,
    "chapter": 5, "chapitre": 5, "capítulo": 5, "capitulo": 5, "kapitel": 5, "subpart": 6, "section": 7, "sección": 7, "seccion": 7, "abschnitt": 7,
    "sous-section": 8, "subsection": 8, "division": 8, "paragraphe": 9,
}  # fmt: skip
_LABEL = re.compile(
    r"(?P<word>[^\W\d_]+(?:-[^\W\d_]+)?)\.?\s+(?P<number>(?-i:[IVXLC]+(?:er)?|\d+[A-Za-z]{0,2}|[A-Z]{1,3}|PRELIMINAR))\b[\s.:–—-]*(?P<rest>.*)", re.IGNORECASE
)
_BARE_LABEL = re.compile(r"(?P<number>[IVXLC]+|\d+|[A-Z])(?:[.:]\s*(?P<rest>.*))?$")

_SOURCE = re.compile(
    r"\[\d+ FR \d+[^\]]*\]$|\*?\(Nota Infoleg\b.*\)\*?$|\*?\((?:Added|Amended|Enacted|Formerly|Renumbered|Repealed)\b[^()]*\bStats\.[^()]*\)\*?\.?$"
    r"|\*?\[(?:sub-?section|section|paragraph|subparagraph|definition|item|part|chapter|heading|long title|short title|proviso|words?|preamble)s?\b"
    r"[^\[\]]*\b(?:amended|inserted|substituted|repealed|added|deleted|renumbered|numbered|corrected)\b[^\[\]]*\b(?:by|section)\b[^\[\]]*\]\*?$",
    re.DOTALL | re.IGNORECASE,
)
_GONE = re.compile(
    r"[\[(（*…\d\s]*(?:this (?:section|article) (?:has been |was )?)?(?:repealed|deleted|omitted|revoked|abrog[ée]e?|supprimée?|derogado|suprimido|aufgehoben|weggefallen"
    r"|vervallen|刪除)\b[^.;]{0,80}[\])*.\s]*"
    r"|\[(?:section|article|paragraph|regulation)s?\s[\w ,]+\b(?:repealed|deleted|omitted|revoked)\b[^\[\]]*\]",
    re.IGNORECASE,
)
_RESERVED = re.compile(r"[\[(]?reserved[\])]?\.?", re.IGNORECASE)
CLOSING = re.compile(r"in (?:witness|faith|testimony|fide)\b.{0,20}\bwhere|(?-i:D)(?:one|ONE) (?:at|in) (?:(?-i:[A-Z])|the )|en foi de quoi|fait à (?-i:[A-Z])", re.IGNORECASE)
_SCHEDULE_OF = re.compile(r"Sections? \d+[A-Z]{0,2}(?:\(\d+\))?(?:(?:,| and| to)? ?\d+[A-Z]{0,2}(?:\(\d+\))?)*$")


@dataclass(slots=True)
class Unit:
    """A provision to be: its numbers and headings, and the bytes of its blocks. `counted`: whether its blocks carry numbers of its own."""

    numbers: tuple[str, ...]
    heading: str
    context: tuple[str, ...]
    title: Piece | None = None
    blocks: list[Piece] = field(default_factory=list)
    counted: bool = True


def plain_words(words: str) -> str:
    """A heading without emphasis marks, white space made one."""
    return " ".join(re.sub(r"\*+", "", words).split())


def unit_numbers(words: str) -> tuple[tuple[str, ...], str] | None:
    """The numbers of a unit's heading, and the heading behind them: "Article 59 bis. Víctimas" is ("59 bis",) and "Víctimas"."""
    words = plain_words(words) if not re.match(r"Article\s[LRD]\*", words) else " ".join(words.split())
    if match := _ANNEXED_UNIT.fullmatch(words):
        return (match["label"],), match["heading"]
    if match := _CHINESE_UNIT.fullmatch(words):
        return (match["number"] + (match["tail"] or ""),), match["heading"]
    if match := _UNIT.fullmatch(words):
        number = match["number"] + (match["more"] or "")
        if split := re.match(r"([a-z]) (?=[A-ZÄÖÜ])", match["heading"]):  # "Art. 58. a Kriterien": the letter was parted from its number
            return (number + split[1],), match["heading"][split.end() :]
        return (number, match["paragraph"]) if match["paragraph"] else (number,), match["heading"]
    return None


def _label(text: str) -> str:
    """A container's printed number as an element of numbers: "ANNEX I" is "Annex I", "THE SCHEDULE" is "Schedule"."""
    return " ".join(word if re.fullmatch(r"[IVXLC]+|[A-Z]?\d.*|[A-Z]", word) else word.capitalize() for word in text.split())


class Assembler:
    """Reads the pieces in order and keeps what is open: the annex, the headings above, the unit."""

    def __init__(self, guidance: bool):
        self.guidance = guidance
        self.units: list[Unit] = []
        self.outside = False  # the body: in an annex, a resolution
        self.annex: tuple[str, ...] = ()  # numbers of that container
        self.counted = True
        self.headings: list[tuple[str, float, str]] = []  # kind, rank and words, widest first
        self.between = False  # a unit or words stand between the last heading and here
        self.label: tuple[str, ...] = ("preamble",)  # numbers of text that stands outside any unit
        self.label_heading = ""
        self.unit: Unit | None = None

    # ---- containers

    def container(self, piece: Piece) -> None:
        words = plain_words(piece.words)
        self.unit = None
        if self.annex[:1] == ("Explanatory Note",):  # a note between the articles and what follows
            self.outside, self.annex, self.label, self.headings = False, (), (), []
        if re.fullmatch(r"preamble|préambule|preámbulo|präambel", words, re.IGNORECASE):
            self.label, self.label_heading = (*self.annex, "preamble"), words
        elif _PLURAL.fullmatch(words):
            self._open_annex((_label(words.rstrip(".")),), words, "", counted=False)
        elif match := _ANNEX.fullmatch(words):
            self._annex(words, match["label"], match["rest"])
        elif _UNLABELLED_ANNEX.match(words):
            self._open_annex((), words, words)
        elif self.outside:
            self._within_annex(piece, words)
        else:
            self._body_heading(words)

    def _annex(self, words: str, label: str, rest: str) -> None:
        name = _label(label)
        again = self.annex and self.annex[0].rpartition(" ")[2] == name == "Schedule"
        part = _LABEL.fullmatch(rest) if again else None
        if again:
            numbers = (self.annex[0], f"{part['word'].capitalize()} {part['number']}") if part else self.annex[:1]
            self.annex, self.label, self.label_heading = numbers, numbers, part["rest"] if part else ""
            self._place("part", 3, rest or words)
        else:
            self._open_annex((name,), words, rest)

    def _open_annex(self, numbers: tuple[str, ...], words: str, heading: str, counted: bool = True) -> None:
        self.outside, self.annex, self.label, self.label_heading, self.counted = True, numbers, numbers, heading, counted
        self.headings = [("annex", 0, words)]

    def _within_annex(self, piece: Piece, words: str) -> None:
        label = _LABEL.fullmatch(words)
        bare = _BARE_LABEL.fullmatch(words)
        if label and label["word"].lower() in _RANKS:
            number, rest = f"{label['word'].capitalize()} {label['number']}", label["rest"]
        elif bare:
            number, rest = bare["number"], bare["rest"] or ""
        elif self.guidance:
            self.label, self.label_heading = self.annex, words
            self._place("plain", 9.5, words)
            return
        else:
            self.block(piece)
            return
        self.label, self.label_heading = (*self.annex[:1], number), rest
        self.annex = self.annex and self.label
        self._place("part", 3, words)

    def _body_heading(self, words: str) -> None:
        match = _LABEL.fullmatch(words)
        first = words.partition(" ")[0].lower()
        self.label, self.label_heading = (), words
        if match and match["word"].lower() in _RANKS:
            kind = match["word"].lower()
            self.label, self.label_heading = (f"{match['word'].capitalize()} {match['number']}",), match["rest"]
        elif dated := re.match(r"(\d+\w?)\.\s(Kapitel|Abschnitt|Titel|Teil)\b:?\s*(.*)", words):
            kind = dated[2].lower()
            self.label, self.label_heading = (f"{dated[1]}. {dated[2]}",), dated[3]
        elif bare := _BARE_LABEL.fullmatch(words):
            upper = (bare["rest"] or "") == (bare["rest"] or "").upper()
            kind = "chapter" if upper and not bare["number"].isdigit() else "section"
            self.label, self.label_heading = (bare["number"],), bare["rest"] or ""
        else:
            kind = first if first in _RANKS else "plain" if self.between or not self.headings else "narrow"
        self._place(kind, _RANKS.get(kind, 9.5), words)

    def _place(self, kind: str, rank: float, words: str) -> None:
        """Put a heading under the wider ones: its kind ends what that kind opened before; a new kind at once below a heading stands under it."""
        kinds = [entry[0] for entry in self.headings]
        if kind in kinds:
            del self.headings[kinds.index(kind) :]
        elif self.between or not self.headings:
            while self.headings and self.headings[-1][1] >= rank:
                self.headings.pop()
        self.headings.append((kind, rank, words))
        self.between = False

    # ---- units and blocks

    def open(self, piece: Piece) -> None:
        """A unit begins with this heading."""
        found = unit_numbers(piece.words)
        if found:
            numbers, heading = found
            numbers = numbers if numbers[0].startswith("Annexe") else (*self.annex, *numbers)
        elif match := _PLAIN_NUMBER.fullmatch(plain_words(piece.words)):
            numbers, heading = (*self.annex, *self._printed_container(), match["number"]), match["heading"]
        else:
            numbers, heading = (), plain_words(piece.words)
        self._start(Unit(numbers, heading.strip(), self._context(), piece, counted=self.counted))

    def _printed_container(self) -> tuple[str, ...]:
        """Where guidance counts its headings anew, the heading above tells them apart."""
        return (self.headings[-1][2],) if self.guidance and self.headings and not self.annex else ()

    def _context(self) -> tuple[str, ...]:
        return tuple(words for _, _, words in self.headings)

    def _start(self, unit: Unit) -> None:
        self.units.append(unit)
        self.unit, self.between = unit, True

    def block(self, piece: Piece) -> None:
        """Words of the unit that is open, or of the container above."""
        if self.unit is None:
            context = self._context()
            self._start(Unit(self.label, self.label_heading, context[:-1] if context and self.label != ("preamble",) else context, None, counted=self.counted))
        assert self.unit is not None
        self.unit.blocks.append(piece)

    def note(self, piece: Piece) -> None:
        """A footnote of the unit that is open; before the first it is lost with the page's other furniture."""
        if self.unit is not None:
            self.unit.blocks.append(piece)

    def heading(self, piece: Piece) -> None:
        """A sub-heading: an annex where its words say so, else words of the unit."""
        match = _ANNEX.fullmatch(plain_words(piece.words))
        if match and re.match(r"final|explanatory", match["label"], re.IGNORECASE):
            self.container(piece)
        else:
            self.block(piece)


def _split_closing(units: Sequence[Unit]) -> list[Unit]:
    """The same units; the words of signature after the last article of the body, or of an annex, become a unit of their own."""
    found: list[Unit] = []
    for unit in units:
        found.append(unit)
        at = next((i for i, piece in enumerate(unit.blocks) if i and CLOSING.match(plain_words(piece.words))), 0)
        if at:
            found.append(Unit((), "", unit.context, None, unit.blocks[at:]))
            unit.blocks = unit.blocks[:at]
    return found


def _split_schedules(units: Sequence[Unit]) -> list[Unit]:
    """The same units; schedules printed as one running text part where a title and "Section 9" stand."""
    found: list[Unit] = []
    for unit in units:
        starts = [] if unit.counted else [i for i in range(len(unit.blocks) - 1) if _SCHEDULE_OF.fullmatch(unit.blocks[i + 1].words)]
        if not starts:
            found.append(unit)
            continue
        context = (*unit.context, unit.heading) if unit.heading else unit.context
        if starts[0]:
            found.append(Unit(unit.numbers, unit.heading, unit.context, unit.title, unit.blocks[: starts[0]], False))
        for start, stop in zip(starts, [*starts[1:], len(unit.blocks)]):
            title = unit.blocks[start]
            found.append(Unit(unit.numbers, plain_words(title.words), context, title, unit.blocks[start + 1 : stop], False))
    return found


def _status(unit: Unit, text: str) -> str:
    words = " ".join(text.split()) or unit.heading
    if _GONE.fullmatch(words) or _GONE.fullmatch(unit.heading):
        return "repealed"
    return "reserved" if _RESERVED.fullmatch(words) else "in-force"


def _write(unit: Unit, builder: TextBuilder, write: Write) -> None:
    """The unit's blocks into the builder, notes on their sources beside it. A unit without any has its heading's words
    for text."""
    for piece in unit.blocks:
        words = " ".join(piece.words.split())
        if piece.kind == "note":
            builder.note("note", words)
        elif _SOURCE.match(words) and not (_GONE.fullmatch(words) and len(unit.blocks) == 1):
            builder.note("source", plain_words(words))
        else:
            builder.block()
            write(builder, piece.start, piece.end)
    if not builder.length and unit.title is not None:
        heading = len(unit.heading.encode("utf-8")) if unit.heading and unit.title.words.rstrip().endswith(unit.heading) else 0
        end = unit.title.start + len(unit.title.words.rstrip().encode("utf-8"))
        write(builder, end - heading if heading else unit.title.start, end)


def build(raw: bytes, pieces: Iterable[Piece], instrument: Instrument, write: Write, register: Register | None = None) -> list[Provision]:
    """The provisions that the pieces make; `register` knows the ids that the file has used before.

    Raises: ParseError where there are none.
    """
    assembler = Assembler(instrument.kind == "guidance")
    handle = {"container": assembler.container, "unit": assembler.open, "heading": assembler.heading, "block": assembler.block, "note": assembler.note}
    for piece in pieces:
        handle[piece.kind](piece)
    units = _split_closing(_split_schedules(_titled(assembler.units, instrument)))
    built = []
    for unit in units:
        builder = TextBuilder(raw, entities=False)
        _write(unit, builder, write)
        if builder.length:
            built.append((unit, builder))
    if not built:
        raise ParseError(f"{instrument.id}: no provisions found")
    habits = learn(builder.text for unit, builder in built if unit.counted)
    register = register or Register(instrument.id)
    return [_provision(unit, builder, instrument, register, habits) for unit, builder in built]


def _titled(units: Sequence[Unit], instrument: Instrument) -> Sequence[Unit]:
    """The same units; the opening of guidance without any printed number is named by the title instead of "preamble"."""
    if instrument.kind == "guidance" and units and units[0].numbers == ("preamble",) and not any(unit.numbers for unit in units[1:]):
        units[0].numbers, units[0].heading = (), instrument.title
    return units


def _provision(unit: Unit, builder: TextBuilder, instrument: Instrument, register: Register, habits: Habits) -> Provision:
    text = builder.text
    name = unit.heading or " ".join(text.split()[:6])
    id = register.provision(unit.numbers, name)
    found = portions(text, id, unit.numbers, habits) if unit.counted and unit.numbers else ()
    return check(
        Provision(
            id, instrument.id, unit.numbers, unit.heading, unit.context, text, found, tuple(builder.spans), tuple(builder.segments), _status(unit, text)
        )
    )


def is_container(words: str) -> bool:
    """Whether a line by itself reads as the heading of a part, a chapter or an annex."""
    words = plain_words(words)
    label = _LABEL.fullmatch(words)
    if label and label["word"].lower() in _RANKS:
        return words[:1].isupper() and not label["rest"].endswith((".", ";", ","))
    match = _ANNEX.fullmatch(words)
    heading = re.fullmatch(r"preamble|préambule|preámbulo", words, re.IGNORECASE) or _PLURAL.fullmatch(words)
    return bool(heading) or (match is not None and words[:1].isupper() and not re.search(r"[.;,]$|^[a-z]", match["rest"]))
