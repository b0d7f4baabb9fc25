"""A file of the user's own -> its text: PDF by page, Word and plain text whole. Pure reading; ingest/sandbox.py confines it, ingest/upload.py starts it."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.parse.pdf import extract
from ingest.parse.tree import Node, xml_tree
from ingest.parse.tree import utf8 as as_utf8
from kb.errors import ParseError

MAX_CHARS = 3_000_000
MAX_MEMBERS = 5_000  # of a Word file, which is an archive
MAX_MEMBER_BYTES = 40_000_000  # of what is read of it, unpacked
_MARKS = re.compile("[\x01-\x03\x0e\x0f]")  # ingest/parse/pdf.py: what kind of line, where a raised figure stands
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MAIN = "wordprocessingml.document.main+xml"
_NOTES = ("wordprocessingml.footnotes+xml", "wordprocessingml.endnotes+xml", "wordprocessingml.comments+xml")


@dataclass(frozen=True, slots=True)
class Paper:
    """The text of a file: one part a page for a PDF, else one part. `notes` are codes of what was left out or guessed, with a detail after a colon."""

    kind: str  # pdf | docx | txt
    parts: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read(raw: bytes, kind: str) -> Paper:
    """The paper in these bytes.

    Raises: ParseError where they are not of this kind, cannot be read whole, or hold no text.
    """
    paper = {"pdf": _pdf, "docx": _docx, "txt": _txt}[kind](raw)
    if sum(map(len, paper.parts)) > MAX_CHARS:
        raise ParseError(f"the text is longer than {MAX_CHARS:,} characters")
    if not any(character.isalnum() for part in paper.parts for character in part):
        raise ParseError("there is no text in the file")
    return paper


def _pdf(raw: bytes) -> Paper:
    pages = tuple(_running(page) for page in extract(raw).decode("utf-8").split("\n\f\n"))
    bare = [str(number) for number, page in enumerate(pages, start=1) if not page]
    notes = [f"no-text-on-pages:{', '.join(bare)}"] if bare else []
    if b"/EmbeddedFile" in raw:
        notes.append("attachments")
    return Paper("pdf", pages, tuple(notes))


def _running(page: str) -> str:
    """A page's paragraphs, one a line: lines that only the paper's width broke are joined."""
    blocks = re.split(r"\n{2,}", _MARKS.sub("", page))
    return "\n".join(filter(None, (" ".join(block.split()) for block in blocks)))


def _txt(raw: bytes) -> Paper:
    text, notes = _decoded(raw)
    if _CONTROL.search(text):
        raise ParseError("the file is not plain text")
    lines = (line.rstrip() for line in re.split(r"\r\n?|\n|\f", text))
    return Paper("txt", ("\n".join(line for line in lines if line),), notes)


def _decoded(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """The characters; a note where they are in an old Windows encoding, which cannot be told for sure."""
    try:
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return raw.decode("utf-16"), ()
        return raw.decode("utf-8-sig"), ()
    except UnicodeError:
        pass
    try:
        return raw.decode("cp1252"), ("windows-1252",)
    except UnicodeError as exc:
        raise ParseError("the file is not plain text") from exc


# Word


def _docx(raw: bytes) -> Paper:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if len(archive.infolist()) > MAX_MEMBERS:
                raise ParseError("the Word file is damaged: too many parts")
            types = _types(archive)
            main = [name for name, type in types.items() if type.endswith(_MAIN)]
            if len(main) != 1:
                raise ParseError("the file is not a Word document")
            names = [*main, *(name for name, type in types.items() if type.endswith(_NOTES))]
            paragraphs = [paragraph for name in names for paragraph in _paragraphs(_member(archive, name))]
            pictures = sum(name.startswith("word/media/") for name in archive.namelist())
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as exc:
        raise ParseError(f"the Word file is damaged: {type_name(exc)}") from exc
    return Paper("docx", ("\n".join(paragraphs),), (f"pictures:{pictures}",) if pictures else ())


def type_name(exc: Exception) -> str:
    """What kind of error it was, without its words: they may hold the file's."""
    return type(exc).__name__


def _types(archive: zipfile.ZipFile) -> dict[str, str]:
    """Content types by the name of a member."""
    root = xml_tree(_member(archive, "[Content_Types].xml"))
    return {node.attrs.get("PartName", "").lstrip("/"): node.attrs.get("ContentType", "") for node in root.find_all("Override")}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member's bytes in UTF-8, whatever size the archive claims."""
    with archive.open(name) as file:
        raw = file.read(MAX_MEMBER_BYTES + 1)
    if len(raw) > MAX_MEMBER_BYTES:
        raise ParseError("the Word file holds more than we unpack")
    return as_utf8(raw)


def _paragraphs(raw: bytes) -> Iterator[str]:
    """The paragraphs of a part, tables cell by cell, deleted words left out."""
    done: list[str] = []
    _walk(raw, xml_tree(raw), [], done)
    return (text for text in (" ".join(paragraph.split()) for paragraph in done) if text)


def _walk(raw: bytes, node: Node, words: list[str], done: list[str]) -> None:
    for child in node.children:
        if not isinstance(child, Node) or child.tag in ("Fallback", "moveFrom"):  # the same text again: for old programs, or where it was moved from
            continue
        if child.tag == "p":
            own: list[str] = []
            _walk(raw, child, own, done)
            done.append("".join(own))
        elif child.tag == "t":
            words += [html.unescape(raw[text.start : text.end].decode("utf-8")) for text in child.texts()]
        elif child.tag in ("tab", "br", "cr"):
            words.append(" ")
        elif child.tag == "noBreakHyphen":
            words.append("-")
        else:
            _walk(raw, child, words, done)
