"""B1 to B15, B27, B28, B51 to B53: a file of the user's is read whole or refused in one plain line, and its reader can do nothing else."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import time
import zipfile
import zlib

import pypdf
import pytest

from ingest import papers, upload
from kb.config import ROOT, Settings
from kb.embed import Embedder
from kb.errors import ParseError

WORDS = "The agency keeps the passport until the fee is repaid."


def pdf(objects: list[bytes], root: int = 1, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1, with its table."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return out + head + table + b"trailer\n<< /Size %d /Root %d 0 R %b >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, trailer, len(out))


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(data), entries, data)


def one_page(content: bytes, *more: bytes, font: bytes = b"", pages: bytes = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", root: bytes = b"") -> bytes:
    """A PDF of one page with this content stream object; further objects are numbered from 6."""
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R %b >>" % root,
            pages,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F 4 0 R >> >> /Contents 5 0 R >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman %b >>" % (font or b"/Encoding /WinAnsiEncoding"),
            content,
            *more,
        ]
    )


def words(text: str = WORDS) -> bytes:
    return stream(b"BT /F 12 Tf 72 700 Td (%b) Tj ET" % text.encode("latin-1"))


def encrypted() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(one_page(words())))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def flate(data: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        data = zlib.compress(data, 9)
    return stream(data, b"/Filter [%b]" % (b"/FlateDecode " * times))


def cyclic() -> bytes:
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"])


def many_references() -> bytes:
    return one_page(words(), pages=b"<< /Type /Pages /Kids [%b] /Count 100000 >>" % (b"3 0 R " * 100_000))


def with_javascript() -> bytes:
    script = b"<< /S /JavaScript /JS (app.launchURL\\('https://example.org'\\)) >>"
    names = b"/OpenAction 6 0 R /Names << /EmbeddedFiles << /Names [(a.txt) 7 0 R] >> >>"
    attached = b"<< /Type /Filespec /F (a.txt) /EF << /F 8 0 R >> >>"
    return one_page(words(), script, attached, stream(b"attached words", b"/Type /EmbeddedFile"), root=names)


def garbage_map() -> bytes:
    return one_page(words(), stream(b"\xff\x00 beginbfchar <41> <D800> endbfchar <<<< " * 50), font=b"/ToUnicode 6 0 R")


def deep_arrays() -> bytes:
    return one_page(words(), b"[" * 100_000 + b"]" * 100_000, root=b"/Extra 6 0 R")


def picture() -> bytes:
    return one_page(stream(b"q 600 0 0 800 0 0 cm /I Do Q"), stream(b"\0" * 300, b"/Type /XObject /Subtype /Image /Width 10 /Height 10"))


def random_body() -> bytes:
    return b"%PDF-1.4\n" + random.Random(4).randbytes(5_000_000) + b"\n%%EOF\n"


def docx(body: str = f"<w:p><w:r><w:t>{WORDS}</w:t></w:r></w:p>", **members: bytes | str) -> bytes:
    """A Word file with this body and further members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        types = '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
        archive.writestr("[Content_Types].xml", f"<Types>{types}</Types>")
        archive.writestr("word/document.xml", f'<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>')
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


REFUSED = {
    "B1 zero bytes": ("a.pdf", lambda: b"", upload.EMPTY),
    "B1 blanks": ("a.txt", lambda: b" \n\0\n", upload.EMPTY),
    "B2 HTML named pdf": ("a.pdf", lambda: b"<html><p>passport</p></html>", upload.MISNAMED),
    "B3 cut in half": ("a.pdf", lambda: (raw := one_page(words()))[: len(raw) // 2], upload.DAMAGED),
    "B3 Word cut in half": ("a.docx", lambda: (raw := docx())[: len(raw) // 2], upload.DAMAGED),
    "B4 random body": ("a.pdf", random_body, upload.DAMAGED),
    "B5 encrypted": ("a.pdf", encrypted, upload.LOCKED),
    "B6 flate bomb": ("a.pdf", lambda: one_page(flate(b" " * 300_000_000)), None),
    "B7 nested bomb": ("a.pdf", lambda: one_page(flate(b" " * 300_000_000, times=3)), None),
    "B8 operator bomb": ("a.pdf", lambda: one_page(flate(b"BT /F 12 Tf 1 1 Td (a) Tj ET\n" * 3_000_000)), None),
    "B9 100,000 references": ("a.pdf", many_references, upload.TOO_LONG),
    "B10 cyclic tree": ("a.pdf", cyclic, upload.DAMAGED),
    "B13 pictures only": ("a.pdf", picture, upload.NO_TEXT),
    "B13 Word without text": ("a.docx", lambda: docx("<w:p/>", **{"word/media/1.png": b"png"}), upload.NO_TEXT),
    "B16 entities": ("a.docx", lambda: _with_entities(), upload.DAMAGED),
    "B21 deep mark-up": ("a.docx", lambda: docx("<w:a>" * 20_000 + "</w:a>" * 20_000), upload.DAMAGED),
    "B26 NUL in text": ("a.txt", lambda: b"pass\0port and more words", upload.MISNAMED),
    "B27 zip bomb": ("a.docx", lambda: docx("<w:p><w:r><w:t>" + " " * 100_000_000 + "</w:t></w:r></w:p>"), upload.TOO_LONG),
    "B27 many members": ("a.docx", lambda: docx(**{f"m{n}": b"" for n in range(papers.MAX_MEMBERS)}), upload.TOO_LONG),
    "B37 one long line": ("a.txt", lambda: b"word " * 3_900_000, upload.TOO_LONG),
    "B52 wrong type": ("a.txt", lambda: one_page(words()), upload.MISNAMED),
    "B52 program": ("a.exe", lambda: b"MZ\x90 words", upload.UNKNOWN),
    "B52 archive named docx": ("a.docx", lambda: _archive(), upload.DAMAGED),
    "B52 old Word": ("a.docx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, upload.OLD_WORD),
    "B53 oversize": ("a.txt", lambda: b"a" * (upload.MAX_BYTES + 1), upload.TOO_BIG),
}  # fmt: skip
READ = {
    "B11 a lying count": ("a.pdf", lambda: one_page(words(), pages=b"<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>")),
    "B14 JavaScript and attachments": ("a.pdf", with_javascript),
    "B28 names that climb": ("a.docx", lambda: docx(**{"../../climbed.txt": b"out", "/tmp/climbed.txt": b"out", "C:\\climbed.txt": b"out"})),
    "Windows text": ("a.txt", lambda: (WORDS + " Año").encode("cp1252")),
    "UTF-16": ("a.txt", lambda: WORDS.encode("utf-16")),
    "Word": ("A.DOCX", docx),
}
EITHER = {"B12 deep arrays": ("a.pdf", deep_arrays), "B15 garbage map": ("a.pdf", garbage_map)}


def _with_entities() -> bytes:
    out = io.BytesIO(docx())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/document2.xml", "x")
    with zipfile.ZipFile(io.BytesIO(), "w") as archive:
        bomb = '<!DOCTYPE d [<!ENTITY a "lol">]><w:document xmlns:w="w"><w:p><w:t>&a;</w:t></w:p></w:document>'
        archive.writestr("[Content_Types].xml", zipfile.ZipFile(out).read("[Content_Types].xml"))
        archive.writestr("word/document.xml", bomb)
        file = archive.fp
    return file.getvalue()


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", WORDS)
    return out.getvalue()


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_plain_line(name: str) -> None:
    given, made, reason = REFUSED[name]
    raw, began = made(), time.monotonic()
    with pytest.raises(ParseError) as caught:
        upload.read(given, raw)
    assert str(caught.value) in upload.REASONS and time.monotonic() - began < upload.WALL_S + 5
    if reason:
        assert str(caught.value) == reason


@pytest.mark.parametrize("name", READ)
def test_read_whole(name: str) -> None:
    given, made = READ[name]
    paper = upload.read(given, made())
    assert WORDS in "\n".join(paper.parts)


@pytest.mark.parametrize("name", EITHER)
def test_read_or_refused_but_nothing_else(name: str) -> None:
    given, made = EITHER[name]
    try:
        assert upload.read(given, made()).parts
    except ParseError as exc:
        assert str(exc) in upload.REASONS


def test_what_was_left_out_is_told() -> None:
    assert upload.read("a.pdf", with_javascript()).notes == ("attachments",)
    assert upload.read("a.docx", docx(**{"word/media/1.png": b"png"})).notes == ("pictures:1",)
    assert upload.read("a.txt", "Año".encode("cp1252")).notes == ("windows-1252",)
    blank = pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>",
                 b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F 4 0 R >> >> /Contents 5 0 R >>",
                 b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>", words(), b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] >>"])  # fmt: skip
    paper = upload.read("a.pdf", blank)
    assert len(paper.parts) == 2 and paper.notes == ("no-text-on-pages:2",)


def test_word_text_in_order_with_notes_and_without_deleted_words() -> None:
    body = (
        "<w:p><w:r><w:t>One</w:t><w:tab/><w:t>two &amp; three</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>cell</w:t></w:r></w:moveFrom></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    assert upload.read("a.docx", docx(body)).parts == ("One two & three\ncell",)


@pytest.mark.parametrize("name", ["../../x.txt", "C:\\x.txt", "x\0.txt", "/etc/x.txt", "x" * 4096 + ".txt", "\u202etxt.x.txt", ".."])
def test_names_are_only_names(name: str) -> None:
    """B51."""
    shown = upload.display_name(name)
    assert len(shown) <= 80 and not {"/", "\\", "\0", "\u202e"} & set(shown) and ".." not in shown
    if name != "..":
        assert WORDS in upload.read(name, WORDS.encode()).parts[0]


# the sandbox itself

ATTEMPTS = {
    "socket": "import socket; socket.socket()",
    "socket past Python": "assert libc.socket(2, 1, 0) >= 0",
    "connect": "import _socket; _socket.socket().connect(('127.0.0.1', 9))",
    "look-up": "import socket; socket.getaddrinfo('localhost', 80)",
    "read a file": "open('/etc/passwd').read()",
    "read a file past Python": "assert libc.open(b'/etc/passwd', 0) >= 0",
    "write a file": "open('/tmp/haven-sandbox-test', 'w')",
    "program": "import subprocess; subprocess.run(['true'])",
    "shell": "import os; assert os.system('true') == 0",
    "fork": "import os; os.fork()",
    "memory": "x = bytearray(1 << 30)",
    "processor time": "while True: pass",
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_sandbox_can_do_nothing_else(name: str) -> None:
    before = "import ctypes, os, socket, subprocess, _socket; libc = ctypes.CDLL(None); from ingest import sandbox; sandbox.CPU_S = 2; sandbox.confine()\n"
    ended = subprocess.run([sys.executable, "-c", before + ATTEMPTS[name] + "\nprint('done')"], cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert ended.returncode != 0 and b"done" not in ended.stdout
    assert not os.path.exists("/tmp/haven-sandbox-test")


def test_the_sandbox_gets_no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_PROSE_KEY", "a key")
    seen = {}
    real = subprocess.run
    monkeypatch.setattr(upload.subprocess, "run", lambda *words, **options: seen.update(options) or real(*words, **options))
    upload.read("a.txt", WORDS.encode())
    assert "a key" not in str(seen["env"])


def test_passages_cover_the_paper_and_know_their_place() -> None:
    embedder = Embedder(Settings(), "sentence-transformers")
    pages = tuple(f"Page {n}. " + " ".join(f"{WORDS[:-1]} number {n}.{k}." for k in range(60)) for n in range(1, 4))
    cut = upload.cut(papers.Paper("pdf", pages), embedder.count, embedder.settings)
    assert {passage.page for passage in cut} == {1, 2, 3}
    assert all(passage.text in pages[passage.page - 1] for passage in cut)
    cut = upload.cut(papers.Paper("txt", ("First.\n" + pages[0] + "\nLast words.",)), embedder.count, embedder.settings)
    assert cut[0].paragraph == 1 and cut[-1].page is None and cut[-1].paragraph > 1
