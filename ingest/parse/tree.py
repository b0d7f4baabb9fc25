"""Mark-up as a small tree in which every run of characters knows its bytes.

XML goes through expat (no entity is declared, no external one resolved), HTML through html.parser; both give the same `Node`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.parsers import expat

from kb.errors import ParseError

MAX_DEPTH = 100  # official texts nest to 26; parsers spend up to four calls a level of a stack of 1,000
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
_ENDS = {  # an opening tag that ends open ones where HTML leaves their end tag out
    "p": {"p"}, "li": {"li", "p"}, "tr": {"tr", "td", "th", "p"}, "td": {"td", "th", "p"}, "th": {"td", "th", "p"}, "dt": {"dt", "dd", "p"},
    "dd": {"dt", "dd", "p"}, "option": {"option"}, "div": {"p"}, "table": {"p"}, "ul": {"p"}, "ol": {"p"},
    **{f"h{level}": {"p"} for level in range(1, 7)},
}
_BARRIERS = {"table", "ul", "ol", "dl", "div", "body", "td", "th", "blockquote", "section", "article"}


@dataclass(slots=True)
class Text:
    """A run of characters; raw[start:end] is its mark-up-free source (entities still as written)."""

    start: int
    end: int


@dataclass(slots=True)
class Node:
    """An element: local name without prefix, attributes (local names too), children in order, byte position of its tag."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Node | Text] = field(default_factory=list)
    at: int = 0
    parent: Node | None = None

    def find_all(self, *tags: str) -> Iterator[Node]:
        """Descendants with one of these names, in document order."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag in tags:
                    yield child
                yield from child.find_all(*tags)

    def find(self, *tags: str) -> Node | None:
        """The first descendant with one of these names."""
        return next(self.find_all(*tags), None)

    def child(self, *tags: str) -> Node | None:
        """The first child with one of these names."""
        return next((c for c in self.children if isinstance(c, Node) and c.tag in tags), None)

    def elements(self) -> list[Node]:
        """The child elements."""
        return [c for c in self.children if isinstance(c, Node)]

    def classes(self) -> set[str]:
        return set(self.attrs.get("class", "").split())

    def texts(self) -> Iterator[Text]:
        """All runs of characters below, in order."""
        for child in self.children:
            if isinstance(child, Text):
                yield child
            else:
                yield from child.texts()


def plain(raw: bytes, node: Node) -> str:
    """The characters below a node, white space made one: for numbers, headings and comparisons, not for the record."""
    import html

    joined = "".join(html.unescape(raw[t.start : t.end].decode("utf-8")) for t in node.texts())
    return " ".join(joined.split())


def utf8(raw: bytes) -> bytes:
    """The same document in UTF-8 without byte order mark.

    Raises: ParseError where the declared or marked encoding does not fit the bytes, or a NUL stands in them.
    """
    declared = re.search(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9_.\-]+)|<meta[^>]+?charset\s*=\s*["']?([A-Za-z0-9_.\-]+)""", raw[:2048])
    name = next((g.decode("ascii") for g in declared.groups() if g), "utf-8") if declared else "utf-8"
    name = re.sub(r"(?i)^unicode-[\d-]+(?=utf-?8$)", "", name)  # EUR-Lex writes UNICODE-1-1-UTF-8
    if raw[:3] == b"\xef\xbb\xbf":
        raw, name = raw[3:], "utf-8"
    elif raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        name = "utf-16"
    try:
        text = raw.decode(name)
        encoded = raw if name.lower().replace("-", "") == "utf8" else text.encode("utf-8")
    except (UnicodeError, LookupError) as exc:
        raise ParseError(f"bytes do not read as {name}: {exc}") from exc
    if "\x00" in text:
        raise ParseError("a NUL stands in the text")
    return encoded


class _Builder:
    def __init__(self) -> None:
        self.root = Node("")
        self.stack = [self.root]

    def open(self, tag: str, attrs: dict[str, str], at: int) -> None:
        if len(self.stack) > MAX_DEPTH:
            raise ParseError(f"mark-up nested deeper than {MAX_DEPTH} levels at byte {at}")
        node = Node(tag, attrs, [], at, self.stack[-1])
        self.stack[-1].children.append(node)
        self.stack.append(node)

    def text(self, start: int, end: int) -> None:
        children = self.stack[-1].children
        last = children[-1] if children else None
        if isinstance(last, Text) and last.end == start:
            last.end = end
        elif end > start:
            children.append(Text(start, end))


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def xml_tree(raw: bytes, instructions: bool = False) -> Node:
    """The document's tree below a nameless root; `raw` must be UTF-8 (see `utf8`).

    With `instructions`, a processing instruction is an empty node: tag "?" and its target, attrs {"data": the rest}.
    Raises: ParseError where the XML is not well formed, declares entities, or nests too deep.
    """
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = False
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    pending: list[int] = []  # byte position of the text run that the next event ends

    def flush() -> None:
        if pending:
            builder.text(pending.pop(), parser.CurrentByteIndex)

    def start(tag: str, attrs: dict[str, str]) -> None:
        flush()
        builder.open(_local(tag), {_local(k): v for k, v in attrs.items()}, parser.CurrentByteIndex)

    def end(tag: str) -> None:
        flush()
        builder.stack.pop()

    def characters(data: str) -> None:
        flush()
        if not cdata:
            pending.append(parser.CurrentByteIndex)
        else:
            builder.text(parser.CurrentByteIndex, parser.CurrentByteIndex + len(data.encode("utf-8")))

    def instruction(target: str, data: str) -> None:
        flush()
        if instructions:
            builder.open(f"?{target}", {"data": data}, parser.CurrentByteIndex)
            builder.stack.pop()

    cdata: list[bool] = []

    def refuse(*_: object) -> None:
        raise ParseError(f"the document declares an entity at byte {parser.CurrentByteIndex}")

    def other(*_: object) -> None:
        flush()

    def begin_cdata() -> None:
        flush()
        cdata.append(True)

    def end_cdata() -> None:
        flush()
        cdata.pop()

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.CommentHandler, parser.ProcessingInstructionHandler = other, instruction
    parser.SkippedEntityHandler = lambda *_: characters("")  # &nbsp; of a DTD that is not read: stays in the text as written
    parser.StartCdataSectionHandler, parser.EndCdataSectionHandler = begin_cdata, end_cdata
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as exc:
        raise ParseError(f"not well-formed XML: {exc}") from exc
    return builder.root


class _Html(HTMLParser):
    def __init__(self, text: str):
        super().__init__(convert_charrefs=False)
        self.builder = _Builder()
        self.source = text
        self.lines = [0]
        for line in text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self._bytes_at = (0, 0)  # a known pair of character and byte positions, moving forward
        self.run: int | None = None
        self.skip = 0

    def _byte(self) -> int:
        line, column = self.getpos()
        position = self.lines[line - 1] + column
        characters, count = self._bytes_at
        if position < characters:
            characters, count = 0, 0
        count += len(self.source[characters:position].encode("utf-8"))
        self._bytes_at = (position, count)
        return count

    def _flush(self) -> int:
        at = self._byte()
        if self.run is not None:
            if not self.skip:
                self.builder.text(self.run, at)
            self.run = None
        return at

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = self._flush()
        if tag in ("script", "style"):
            self.skip += 1
        stack = self.builder.stack
        ends = _ENDS.get(tag, set())
        for depth in range(len(stack) - 1, 0, -1):
            if stack[depth].tag in ends:
                del stack[depth:]
            elif stack[depth].tag in _BARRIERS:
                break
        self.builder.open(tag, {k: v or "" for k, v in attrs}, at)
        if tag in _VOID:
            stack.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.open(tag, {k: v or "" for k, v in attrs}, self._flush())
        self.builder.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        if tag in ("script", "style") and self.skip:
            self.skip -= 1
        stack = self.builder.stack
        for depth in range(len(stack) - 1, 0, -1):
            if stack[depth].tag == tag:
                del stack[depth:]
                return
            if stack[depth].tag in ("table", "body", "html") and tag not in ("body", "html"):
                return

    def _characters(self, *_: str) -> None:
        if self.run is None:
            self.run = self._byte()

    handle_data = handle_entityref = handle_charref = _characters

    def handle_comment(self, data: str) -> None:
        self._flush()

    def handle_decl(self, decl: str) -> None:
        self._flush()

    unknown_decl = handle_pi = handle_decl

    def finish(self) -> Node:
        self.close()
        if self.run is not None and not self.skip:
            self.builder.text(self.run, len(self.source.encode("utf-8")))
        return self.builder.root


def html_tree(raw: bytes) -> Node:
    """The document's tree below a nameless root; `raw` must be UTF-8. Scripts and styles keep no text.

    Raises: ParseError where the elements nest too deep, or many tags are begun and never closed (html.parser reads to the end for each).
    """
    parser = _Html(raw.decode("utf-8"))
    if parser.source.count("<", parser.source.rfind(">") + 1) > MAX_DEPTH:
        raise ParseError("the mark-up is cut: tags begin and none is closed")
    parser.feed(parser.source)
    return parser.finish()
