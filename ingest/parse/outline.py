"""Provisions under construction: ids never collide in a file, portions nest, the text follows the mark-up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ingest.parse.text import TextBuilder, slug
from ingest.parse.tree import Node, Text
from kb.citation import element, format_id
from kb.model import Portion, Provision

_INVISIBLE = re.compile("\u00ad|\u200b|\u200d".encode())  # soft hyphen, zero-width space and joiner


class Register:
    """Hands out the ids of one file; a number printed twice gets `!2`, a unit without number the slug of its heading."""

    def __init__(self, instrument: str):
        self.instrument = instrument
        self._seen: Counter[tuple[str, ...]] = Counter()
        self._slugs: list[str] = []

    def provision(self, numbers: Sequence[str], heading: str = "") -> str:
        """The id of the next provision that prints these numbers."""
        if not numbers:
            self._slugs.append(slug(heading, self._slugs))
            return format_id(self.instrument, self._slugs[-1:])
        self._seen[tuple(numbers)] += 1
        return format_id(self.instrument, numbers, self._seen[tuple(numbers)])


class Outline:
    """The numbered portions of one provision, opened and closed while its text is built, or added once it stands."""

    def __init__(self, provision_id: str, numbers: Sequence[str]):
        self.provision_id = provision_id
        self._stack: list[tuple[str, tuple[str, ...], int]] = [(provision_id, tuple(numbers), 0)]
        self._seen: Counter[str] = Counter()
        self._portions: list[Portion] = []

    def open(self, number: str, start: int) -> None:
        """A portion with this printed number begins at `start`, within the open one."""
        upper_id, upper, _ = self._stack[-1]
        numbered = f"{upper_id}/{element(number)}"
        self._seen[numbered] += 1
        self._stack.append((f"{upper_id}/{element(number, self._seen[numbered])}", (*upper, number), start))

    def close(self, end: int) -> None:
        """The open portion ends at `end`; one without text leaves no trace."""
        id, numbers, start = self._stack.pop()
        if start < end:
            self._portions.append(Portion(id, numbers, start, end))

    def portions(self) -> tuple[Portion, ...]:
        """All portions in the order of the text, the wider first."""
        return tuple(sorted(self._portions, key=lambda portion: (portion.start, -portion.end, len(portion.numbers))))


class Writer:
    """Writes one provision from its mark-up. A format says in `node` what each element does; here all are transparent."""

    def __init__(self, raw: bytes, outline: Outline):
        self.raw = raw
        self.builder = TextBuilder(raw)
        self.outline = outline
        self._after_note = False

    @classmethod
    def words(cls, raw: bytes, node: Node | None) -> str:
        """The words below a node on one line, read as this format reads them: for numbers, headings and notes."""
        if node is None:
            return ""
        writer = cls(raw, Outline("", ()))
        writer.children(node)
        return writer.builder.text.replace("\n", " ")

    def provision(
        self, instrument: str, numbers: tuple[str, ...], heading: str, context: tuple[str, ...], status: str = "in-force"
    ) -> Provision:
        """What was written, as a provision."""
        text, spans, offsets = self.builder.text, tuple(self.builder.spans), tuple(self.builder.segments)
        id, portions = self.outline.provision_id, self.outline.portions()
        return Provision(id, instrument, numbers, heading, context, text, portions, spans, offsets, status)

    def children(self, node: Node) -> None:
        """Everything below a node, in order."""
        for child in node.children:
            if isinstance(child, Text):
                self.text(child)
            else:
                self.node(child)

    def node(self, node: Node) -> None:
        """One element; formats override this."""
        self.children(node)

    def text(self, run: Text) -> None:
        """A run of characters; marks without width are no characters of the law, nor is a space that led up to a footnote mark."""
        raw = self.raw[run.start : run.end]
        if self._after_note and raw[:1] in (b".", b",", b";", b":", b")"):
            self.builder.unspace()
        self._after_note = False
        at = 0
        for match in [*_INVISIBLE.finditer(raw), None]:
            self.builder.add(run.start + at, run.start + match.start() if match else run.end)
            at = match.end() if match else at

    def footnote(self, node: Node) -> None:
        """A footnote or its mark, taken out."""
        self.builder.note("note", self.words(self.raw, node))
        self._after_note = True
