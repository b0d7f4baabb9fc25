"""PDF through pypdf: reading order, headings, furniture, and files that cannot be read."""

from __future__ import annotations

import io
import zlib
from collections import Counter
from pathlib import Path

import pypdf
import pytest

from ingest.parse import source_text
from ingest.parse.pdf import FOOTNOTE, FURNITURE, HEADING, MAX_PAGES, extract, parse
from ingest.parse.text import check, derive
from kb.errors import ParseError
from kb.model import Instrument, Provision

DATA = Path(__file__).parent / "data" / "pdf"
MILLS = Instrument("int/mills", "Convention on Mills", "Mills", "int", "treaty", "en", None, "art. {pinpoint}")

Line = tuple[str, int, int, int, str]  # words, from the left, from the bottom, size, font

PAGES: list[list[Line]] = [
    [
        ("Chapter I", 250, 700, 13, "B"), ("General provisions", 230, 684, 13, "B"),
        ("Article 1. Statement of purpose and", 190, 650, 11, "B"), ("of scope", 270, 637, 11, "B"),
        ("The purpose of this Convention is to pro-", 90, 610, 11, "R"), ("tect those who protect mills and multi-", 72, 597, 11, "R"),
        ("storey barns.", 72, 584, 11, "R"),
        ("Article 2. Use of terms", 220, 550, 11, "B"),
        ("For the purposes of this Convention:", 90, 525, 11, "R"),
        ("(a) \"Mill\" means a house where grain is ground,", 90, 510, 11, "R"), ("whatever moves it;", 72, 497, 11, "R"),
        ("(b) \"Miller\" means:", 90, 484, 11, "R"), ("(i) one who grinds, in one", 108, 471, 11, "R"), ("or more mills; or", 126, 458, 11, "R"),
        ("(ii) one who owns and goes", 108, 445, 11, "R"),
        ("1 See the report of last year.", 90, 80, 8, "R"), ("1", 300, 40, 9, "R"),
    ],
    [
        ("on owning a mill.", 126, 700, 11, "R"),
        ("Article 3. Tolls", 240, 660, 11, "B"),
        ("1. The toll is one sack.", 90, 635, 11, "R"), ("2. No toll is taken from the poor.", 90, 620, 11, "R"),
        ("IN WITNESS WHEREOF the millers have signed.", 90, 580, 11, "R"), ("2", 300, 40, 9, "R"),
        ("Annexed signals", 240, 540, 11, "B"),
        ("Top of the page though drawn last", 90, 725, 11, "R"),
    ],
]  # fmt: skip


def written(pages: list[list[Line]], compress: bool = False) -> bytes:
    """A PDF with these lines."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    fonts = [f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>" for name in ("Times-Roman", "Helvetica-Bold")]
    objects += fonts
    kids = []
    for lines in pages:
        stream = "\n".join(
            f"BT /{font} {size} Tf {x} {y} Td ({words.replace('(', chr(92) + '(').replace(')', chr(92) + ')')}) Tj ET" for words, x, y, size, font in lines
        )
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /R 3 0 R /B 4 0 R >> >> /Contents {len(objects) + 2} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return assembled(objects)


def assembled(objects: list[str]) -> bytes:
    """The objects as a file, with their table."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + trailer.encode("latin-1")


def sound(raw: bytes, provisions: list[Provision]) -> None:
    source, entities = source_text(raw, "pdf")
    assert not entities
    for provision in provisions:
        assert derive(source, check(provision).offsets, entities) == provision.text, provision.id
    ids = Counter(item.id for provision in provisions for item in (provision, *provision.portions))
    assert [id for id, count in ids.items() if count > 1] == []


def test_golden(golden, request: pytest.FixtureRequest) -> None:
    path = DATA / "convention.pdf"
    if request.config.getoption("--update-golden"):
        path.write_bytes(written(PAGES))
    raw = path.read_bytes()
    assert raw == written(PAGES)
    provisions = parse(raw, MILLS)
    sound(raw, provisions)
    golden(path, provisions)


def test_lines_stand_in_order_of_their_place_with_their_marks() -> None:
    lines = extract(written(PAGES)).decode("utf-8").split("\n")
    assert lines[0] == HEADING + "Chapter I"
    assert FURNITURE + "1" in lines and FURNITURE + "2" in lines
    assert FOOTNOTE + "1 See the report of last year." in lines
    assert lines.index("Top of the page though drawn last") < lines.index("on owning a mill.")


def test_a_word_broken_at_a_line_end_is_whole_where_the_text_knows_it() -> None:
    first = next(provision for provision in parse(written(PAGES), MILLS) if provision.numbers == ("1",))
    assert first.text == "The purpose of this Convention is to protect those who protect mills and multi-storey barns."
    assert first.heading == "Statement of purpose and of scope"


def test_guidance_with_paragraph_numbers() -> None:
    guidance = Instrument("xx/guidance/mills", "Guide to mills", "Guide", "xx", "guidance", "en", None, "para. {pinpoint}")
    lines: list[Line] = [
        ("1. About mills", 72, 700, 18, "B"), ("1.1. Mills grind.", 72, 660, 11, "R"), ("They grind grain.", 90, 646, 11, "R"),
        ("What is ground", 72, 610, 13, "B"), ("1.2. Grain:", 72, 580, 11, "R"), ("and nothing else.", 90, 566, 11, "R"),
    ]  # fmt: skip
    raw = written([lines])
    provisions = parse(raw, guidance)
    sound(raw, provisions)
    assert [(provision.numbers, provision.context[-1], provision.text) for provision in provisions] == [
        (("1.1",), "1. About mills", "Mills grind. They grind grain."),
        (("1.2",), "What is ground", "Grain: and nothing else."),
    ]


def locked() -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(written(PAGES)))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def cyclic() -> bytes:
    return assembled(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"])


def repeated(count: int) -> bytes:
    kids = " ".join(["3 0 R"] * count)
    return assembled(["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count 1 >>", "<< /Type /Page /Parent 2 0 R >>"])


def no_pages(count: int) -> bytes:
    return assembled(["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [] /Count {count} >>"])


def bomb() -> bytes:
    stream = zlib.compress(b"0" * 200_000_000, 9)
    head = f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n"
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"
    pages = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return assembled(["<< /Type /Catalog /Pages 2 0 R >>", pages, page, head + stream.decode("latin-1") + "\nendstream"])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", "empty"),
        (lambda: b"\0" * 1000, "empty"),
        (lambda: b"<html><body>Not found</body></html>", "not a PDF"),
        (lambda: written(PAGES)[: len(written(PAGES)) // 2], "cut short"),
        (lambda: b"%PDF-1.4\n" + b"\x93\x12" * 100_000 + b"\n%%EOF", "cannot be read"),
        (locked, "encrypted"),
        (lambda: written([[]]), "no text"),
        (cyclic, "turns back"),
        (lambda: repeated(MAX_PAGES + 1), "more than"),
        (lambda: no_pages(1_000_000_000), "no pages"),
        (bomb, "cannot be read"),
    ],
)
def test_malformed(make, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse(make(), MILLS)


def entry(id: str, kind: str = "treaty") -> Instrument:
    return Instrument(id, id, id, "int", kind, "en", None, "{pinpoint}")


@pytest.mark.snapshots
def test_the_booklet_holds_four_treaties(snapshots: Path) -> None:
    raw = (snapshots / "texts/int/untoc-and-protocols-tocebook-e.pdf").read_bytes()
    provisions = parse(raw, entry("int/untoc-booklet"))
    sound(raw, provisions)
    articles = {
        id: [provision.numbers[0] for provision in provisions if provision.instrument == id and provision.numbers not in ((), ("preamble",))]
        for id in ("int/untoc", "int/palermo-protocol", "int/smuggling-protocol", "int/firearms-protocol")
    }
    assert [len(numbers) for numbers in articles.values()] == [41, 20, 25, 21]
    assert all(numbers == [str(n) for n in range(1, len(numbers) + 1)] for numbers in articles.values())
    assert all(not provision.numbers for provision in provisions if provision.instrument == "int/untoc-booklet")
    third = next(provision for provision in provisions if provision.id == "int/palermo-protocol~3")
    assert [portion.numbers[-1] for portion in third.portions] == ["a", "b", "c", "d"]


@pytest.mark.snapshots
def test_the_corruption_booklet(snapshots: Path) -> None:
    raw = (snapshots / "texts/int/uncac-original.pdf").read_bytes()
    provisions = parse(raw, entry("int/uncac"))
    sound(raw, provisions)
    assert [p.numbers[0] for p in provisions if p.numbers and p.numbers != ("preamble",)] == [str(n) for n in range(1, 72)]


@pytest.mark.snapshots
def test_the_modern_slavery_guidance(snapshots: Path) -> None:
    raw = (snapshots / "texts/gb/modern-slavery-statutory-guidance-2020-03.pdf").read_bytes()
    provisions = parse(raw, entry("gb/guidance/modern-slavery-s49-2020", "guidance"))
    sound(raw, provisions)
    numbered = {provision.numbers: provision for provision in provisions if provision.numbers}
    assert numbered["2.22",].text.startswith("To be a victim, someone must have been trafficked")
    assert numbered["1.17",].context[0].startswith("1. About this guidance")
    assert not any("Published by the Home Office" in provision.text for provision in provisions)
    second = [int(numbers[0].partition(".")[2]) for numbers in numbered if numbers[0].startswith("2.")]
    assert second == list(range(1, max(second) + 1))
