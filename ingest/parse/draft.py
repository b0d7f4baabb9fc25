"""Provisions while they are being written: text, numbered portions, the outline around them.

What EUR-Lex, Formex, Akoma Ntoso and plain HTML share: their parsers say "a portion begins", "a block", "an annex", and get provisions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ingest.parse.outline import Register
from ingest.parse.text import TextBuilder, check
from kb.citation import element
from kb.errors import ParseError
from kb.model import Instrument, Portion, Provision, SpanKind

LATIN = "bis|ter|quater|quinquies|sexies|septies|octies|nonies|novies|decies|undecies|duodecies"
UNIT = r"(?i:part|section|chapter|title|appendix)\s+(?:\d{1,3}|[IVXLC]{1,6}|[A-Z])[a-z]?"  # how a heading numbers a part of an annex
_VALUE = rf"-?\d{{1,3}}(?:\.\d{{1,3}})*[a-z]{{0,3}}(?: (?:{LATIN}))?|[ivxlc]{{1,8}}|[IVXLC]{{1,8}}|[^\W\d_]{{1,3}}"
_MARKER = re.compile(rf"\(({_VALUE})\)|({_VALUE})[.)]")
_GONE = re.compile(
    r"[\[(]?(?:repealed|deleted|omitted|abrogé|supprimé|derogado|suprimido|aufgehoben)[\])]?\.?"
    r"|\[[^\]]*\b(?:repealed|deleted|omitted)\b[^\]]*\]|(?:[.…] ?){3,}", re.IGNORECASE,
)
_RESERVED = re.compile(r"[\[(]?reserved[\])]?\.?", re.IGNORECASE)
_RANKS = ("book", "part", "title", "chapter", "section", "subsection")


def marker(printed: str) -> str | None:
    """The number in "(a)", "1.", "ii)" without its brackets, or None where nothing but a number is not what is printed."""
    match = _MARKER.fullmatch(" ".join(printed.split()))
    return (match.group(1) or match.group(2)) if match else None


def article_number(printed: str) -> str:
    """The number of "Article 59 bis", "Art. L425-1": what follows the word; all of it where no digit follows ("Sole Article")."""
    words = " ".join(printed.split()).strip(" .:")
    return re.sub(r"^[^\W\d_]+\.?\s*(?=(?:[A-Z]\.?\s?)?\d)", "", words)


def container(printed: str) -> str:
    """ "ANNEX I" as the contract writes it in numbers, "Annex I"; the number itself stays as printed."""
    word, _, rest = " ".join(printed.split()).strip(" .:-–—").partition(" ")
    return f"{word.capitalize()} {rest}".strip()


def titled(number: str, heading: str) -> str:
    """A heading of the context: "CHAPTER II. Rights of workers"."""
    return f"{number}. {heading}" if number and heading else number or heading


class Draft:
    """One provision on its way. Portions nest; those opened within quoted text (`quiet`) are blocks without a number."""

    def __init__(self, raw: bytes, numbers: tuple[str, ...], heading: str = "", context: tuple[str, ...] = ()):
        self.builder = TextBuilder(raw)
        self.numbers, self.heading, self.context = numbers, heading, context
        self.quiet = 0
        self._portions: list[tuple[int, str, int, int]] = []  # parent, number, start, end
        self._open: list[int] = []
        self._joined = False

    def block(self, at: int) -> None:
        """What follows stands on its own line, or after the number that was just written."""
        if self._joined:
            self.builder.space(at)
        else:
            self.builder.block()
        self._joined = False

    def join(self) -> None:
        """The next block goes on in this line: a number was written, its text follows."""
        self._joined = True

    def begin(self, number: str | None) -> None:
        """A portion opens at a new line; one without a number is only a line."""
        self.builder.block()
        self._joined = False
        parent = next((i for i in reversed(self._open) if i >= 0), -1)
        if number is None or self.quiet:
            self._open.append(-1)
            return
        self._portions.append((parent, number, self.builder.here, -1))
        self._open.append(len(self._portions) - 1)

    def end(self) -> None:
        """The innermost open portion ends after the last character."""
        index = self._open.pop()
        self._joined = False
        if index >= 0:
            parent, number, start, _ = self._portions[index]
            self._portions[index] = (parent, number, start, self.builder.length)

    @property
    def depth(self) -> int:
        return len(self._open)

    def close_to(self, depth: int) -> None:
        """End portions until `depth` are open."""
        while len(self._open) > depth:
            self.end()

    def build(self, instrument: Instrument, id: str) -> Provision:
        """The finished provision."""
        self.close_to(0)
        builder = self.builder
        words = (builder.text or self.heading).strip()
        status = "repealed" if _GONE.fullmatch(words) else "reserved" if _RESERVED.fullmatch(words) else "in-force"
        return check(Provision(
            id, instrument.id, self.numbers, self.heading, self.context, builder.text, tuple(self._numbered(id)),
            tuple(builder.spans), tuple(builder.segments), status,
        ))

    def _numbered(self, id: str) -> Iterable[Portion]:
        seen: Counter[tuple[str, str]] = Counter()
        ids: list[tuple[str, tuple[str, ...]]] = []
        for parent, number, start, end in self._portions:
            above, path = ids[parent] if parent >= 0 else (id, self.numbers)
            seen[above, number] += end > start
            ids.append((f"{above}/{element(number, max(1, seen[above, number]))}", (*path, number)))
            if end > start:
                yield Portion(*ids[-1], start, end)


class Headings:
    """The headings above a place, widest first: a kind of heading seen before ends what it opened and all below."""

    def __init__(self) -> None:
        self._stack: list[tuple[str, str, str]] = []  # kind, number, heading

    def place(self, kind: str, number: str, heading: str = "") -> None:
        """Put a heading below the wider ones."""
        kinds = [entry[0] for entry in self._stack]
        if kind in kinds:
            del self._stack[kinds.index(kind) :]
        elif kind in _RANKS:
            rank = _RANKS.index(kind)
            while self._stack and self._stack[-1][0] in _RANKS and _RANKS.index(self._stack[-1][0]) > rank:
                self._stack.pop()
        self._stack.append((kind, number, heading))

    def entitle(self, heading: str) -> None:
        """Give the narrowest heading its words, or more words."""
        if self._stack:
            kind, number, first = self._stack[-1]
            self._stack[-1] = (kind, number, f"{first} {heading}".strip())

    def clear(self) -> None:
        self._stack.clear()

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(titled(number, heading) for _, number, heading in self._stack)

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(number for _, number, _ in self._stack)

    @property
    def title(self) -> str:
        """The words of the narrowest heading."""
        return self._stack[-1][2] if self._stack else ""

    def number_of(self, kind: str) -> str | None:
        """The number of the heading of that kind, if one is open."""
        return next((number for name, number, _ in self._stack if name == kind), None)


def build(instrument: Instrument, drafts: Iterable[Draft]) -> list[Provision]:
    """The drafts as provisions, in order, without those that hold nothing.

    Raises: ParseError where none is left.
    """
    register = Register(instrument.id)
    provisions: list[Provision] = []
    for draft in drafts:
        if draft.builder.length or _empty_but_said(draft):
            id = register.provision(draft.numbers, draft.heading or draft.builder.text.partition("\n")[0])
            provisions.append(draft.build(instrument, id))
    if not provisions:
        raise ParseError(f"{instrument.id}: no provisions found")
    return provisions


def _empty_but_said(draft: Draft) -> bool:
    """Whether the heading alone says that a numbered unit is repealed or reserved."""
    return bool(draft.numbers) and bool(_GONE.fullmatch(draft.heading) or _RESERVED.fullmatch(draft.heading))


def note(draft: Draft | None, kind: SpanKind, text: str) -> None:
    """Keep what was taken out of the text beside it."""
    if draft is not None and text.strip():
        draft.builder.note(kind, text)
