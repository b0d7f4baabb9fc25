"""ingest/parse/ecfr.py: bulk files and what the interface serves; levels by the sequence of the numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from ingest.parse.ecfr import parse
from ingest.parse.text import check, derive
from ingest.parse.tree import utf8
from kb.errors import ParseError
from kb.model import Instrument, Provision

DATA = Path(__file__).parent / "data" / "ecfr"
INSTRUMENT = Instrument("us/cfr/t60", "Gardens", "Gardens", "us", "regulation", "en", None, "60 CFR {pinpoint}")
SECTION = '<DIV8 N="1.1" TYPE="SECTION"><HEAD>§ 1.1 Heading.</HEAD>{}</DIV8>'


@cache
def read(path: Path) -> list[Provision]:
    """The provisions of a file, parsed once."""
    return parse(path.read_bytes(), INSTRUMENT)


def section(*paragraphs: str) -> Provision:
    """One section with these paragraphs."""
    (provision,) = parse(SECTION.format("".join(f"<P>{words}</P>" for words in paragraphs)).encode(), INSTRUMENT)
    return provision


def paths(provision: Provision) -> list[str]:
    return ["/".join(portion.numbers[1:]) for portion in provision.portions]


def assert_promises(raw: bytes, provisions: Sequence[Provision]) -> None:
    """Every text derives from the bytes, every id is unique."""
    source = utf8(raw)
    ids = [id for p in provisions for id in (p.id, *(q.id for q in p.portions))]
    assert len(ids) == len(set(ids))
    for provision in provisions:
        assert derive(source, provision.offsets) == check(provision).text


@pytest.mark.parametrize("path", sorted(DATA.glob("*.xml")), ids=lambda path: path.stem)
def test_golden(path: Path, golden: Callable[[Path, Sequence[Provision]], None]) -> None:
    assert_promises(path.read_bytes(), read(path))
    golden(path, read(path))


def test_levels_follow_the_hierarchy_of_the_code() -> None:
    assert paths(read(DATA / "bulk.xml")[0]) == [
        "a", "a/1", "a/1/i", "a/1/ii", "a/1/ii/A", "a/1/ii/B", "a/1/ii/B/1", "a/1/ii/B/2", "a/1/ii/B/2/i", "a/1/ii/B/2/ii", "a/2", "b-g",
        "h", "h/1", "h/2", "i", "j",
    ]


@pytest.mark.parametrize("openings, expected", [
    (["(a) x", "(1) x", "(i) x", "(ii) x", "(b) x"], ["a", "a/1", "a/1/i", "a/1/ii", "b"]),
    ([*(f"({c}) x" for c in "abcdefgh"), "(1) x", "(i) x", "(ii) x", "(i) x", "(j) x"], [*"abcdefgh", "h/1", "h/1/i", "h/1/ii", "i", "j"]),
    ([*(f"({c}) x" for c in "abcdefgh"), "(i) x", "(1) x"], [*"abcdefgh", "i", "i/1"]),
    (["(a)(1)(i) x", "(ii) x", "(2) x"], ["a", "a/1", "a/1/i", "a/1/ii", "a/2"]),
    (["(a) <I>T.</I> (1) x", "(2) x", "(b) <I>U</I>—(1) <I>V.</I> (i) x"], ["a", "a/1", "a/2", "b", "b/1", "b/1/i"]),
    (["(b) x", "(c) x"], []),
    (["(a) x", "(3) x"], ["a"]),
    (["(a) x", "(1) x", "(i) x", "(A) x", "(<I>1</I>) x", "(2) x"], ["a", "a/1", "a/1/i", "a/1/i/A", "a/1/i/A/1", "a/2"]),
], ids=["simple", "roman and letter", "letter by default", "stacked", "headings", "no start", "lost number", "italic"])
def test_sequence(openings: list[str], expected: list[str]) -> None:
    assert paths(section(*openings)) == expected


def test_numbers_under_an_unnumbered_definition_make_no_portions() -> None:
    assert paths(read(DATA / "bulk.xml")[1]) == ["a", "b", "b/1"]


def test_a_table_belongs_to_the_paragraph_before_it() -> None:
    provision = read(DATA / "bulk.xml")[0]
    (portion,) = [p for p in provision.portions if p.numbers == ("7.1", "h", "2")]
    assert provision.text[portion.start : portion.end].endswith("\nIron Long")


def test_status_appendix_and_notes() -> None:
    provisions = {p.numbers: p for p in read(DATA / "bulk.xml")}
    reserved = provisions["7.3-7.9",]
    assert (reserved.status, reserved.text) == ("reserved", "[Reserved]")
    assert provisions["Appendix A to Part 7",].heading == "Shears"
    assert [(s.kind, s.text) for s in provisions["7.1",].spans if s.text][-1] == ("source", "[12 FR 34, Jan. 2, 1950]")
    assert "2 m2" in provisions["7.1",].text and "Most are high" not in provisions["7.1",].text


@pytest.mark.parametrize("raw", [
    b"",
    SECTION.format("<P>x</P>").encode()[:-4],
    b"<DIV5><HEAD>PART 1</HEAD></DIV5>",
    b"<html><body>Request Access</body></html>",
    SECTION.format("<P>\xe9</P>").encode("latin-1"),
    b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + SECTION.format("<P>&a;</P>").encode(),
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + SECTION.format("<P>&e;</P>").encode(),
    SECTION.format("<P>" + "<I>" * 5000 + "x" + "</I>" * 5000 + "</P>").encode(),
], ids=["empty", "truncated", "no section", "challenge page", "wrong encoding", "entity", "external entity", "deep"])
def test_unreadable_files(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse(raw, INSTRUMENT)


@pytest.mark.snapshots
@pytest.mark.parametrize("name, count", [
    ("ecfr-bulk/ECFR-title1", 288), ("ecfr-api/title-1-part-51-2024-05-17", 6), ("ecfr-api/title-3-full-2024-05-17", 27),
    ("ecfr-api/title-3-part-101-2024-05-17", 7),
])
def test_samples(name: str, count: int, formats: Path) -> None:
    path = formats / f"{name}.xml"
    assert_promises(path.read_bytes(), read(path))
    assert len(read(path)) == count


@pytest.mark.snapshots
def test_bulk_and_interface_agree(formats: Path) -> None:
    bulk = {p.numbers: p for p in read(formats / "ecfr-bulk" / "ECFR-title1.xml")}
    for served in read(formats / "ecfr-api" / "title-1-part-51-2024-05-17.xml"):
        assert [p.numbers for p in bulk[served.numbers].portions] == [p.numbers for p in served.portions]
        assert bulk[served.numbers].heading == served.heading
