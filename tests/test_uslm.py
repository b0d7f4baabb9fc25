"""ingest/parse/uslm.py: titles with and without namespace, public laws, what the schema allows to go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from ingest.parse.text import check, derive
from ingest.parse.tree import utf8
from ingest.parse.uslm import parse
from kb.errors import ParseError
from kb.model import Instrument, Provision

DATA = Path(__file__).parent / "data" / "uslm"
INSTRUMENT = Instrument("us/usc/t99", "Title", "Title", "us", "statute", "en", None, "99 U.S.C. § {pinpoint}")
SECTION = "<chapter><num>1</num><section><num>§ 1.</num><heading>H</heading><content>{}</content></section></chapter>"


@cache
def read(path: Path) -> list[Provision]:
    """The provisions of a file, parsed once."""
    return parse(path.read_bytes(), INSTRUMENT)


def words(provisions: Sequence[Provision], *numbers: str) -> str:
    """The text of the one provision or portion with these numbers."""
    found = [p.text for p in provisions if p.numbers == numbers]
    found += [p.text[q.start : q.end] for p in provisions for q in p.portions if q.numbers == numbers]
    assert len(found) == 1, f"{numbers}: {len(found)} found"
    return found[0]


def assert_promises(raw: bytes, provisions: Sequence[Provision]) -> None:
    """Every text derives from the bytes, every id is unique."""
    source = utf8(raw)
    ids = [id for p in provisions for id in (p.id, *(q.id for q in p.portions))]
    assert len(ids) == len(set(ids))
    for provision in provisions:
        assert derive(source, provision.offsets) == check(provision).text


@pytest.mark.parametrize("path", sorted(DATA.glob("*.xml")), ids=lambda path: path.stem)
def test_golden(path: Path, golden: Callable[[Path, Sequence[Provision]], None]) -> None:
    provisions = parse(path.read_bytes(), INSTRUMENT)
    assert_promises(path.read_bytes(), provisions)
    golden(path, provisions)


def test_numbers_within_a_sentence_are_portions() -> None:
    provisions = read(DATA / "bare.xml")
    assert words(provisions, "901", "a", "2", "A", "i") == "(i) a torch carried by one person,"
    assert words(provisions, "901", "a", "2", "A", "iii") == "(iii) any fire on a pole;"
    assert words(provisions, "901", "a", "2", "B", "i", "b") == "(b) made of tallow;"
    assert words(provisions, "903–1", "1", "b") == "(b) is carried by day, and"
    assert words(provisions, "904", "3") == "(3) has no moon shall show two lamps."


def test_a_reference_is_no_portion() -> None:
    provisions = read(DATA / "bare.xml")
    assert not [q for p in provisions for q in p.portions if q.numbers[:2] == ("903–1", "2") and len(q.numbers) > 2]


def test_continuation_belongs_to_the_portion_above() -> None:
    provisions = read(DATA / "bare.xml")
    assert words(provisions, "901", "a").endswith("\nbut not a mirror.")


def test_number_printed_twice() -> None:
    (section,) = [p for p in read(DATA / "bare.xml") if p.numbers == ("901",)]
    assert [q.id for q in section.portions if q.numbers == ("901", "b")] == ["us/usc/t99~901/b", "us/usc/t99~901/b!2"]


def test_quoted_sections_and_notes_are_neither_provisions_nor_portions() -> None:
    provisions = read(DATA / "titled.xml")
    assert [p.numbers for p in provisions] == [("1",), ("2",), ("2",), ("Appendix A", "1")]
    assert {q.numbers for q in provisions[0].portions} == {("1", "a"), ("1", "a", "1"), ("1", "a", "2"), ("1", "b")}
    assert "Amendments" not in provisions[0].text


def test_layout_of_the_file_puts_no_space_before_a_comma() -> None:
    provisions = read(DATA / "titled.xml")
    assert words(provisions, "1", "a").startswith("(a) Use.—A pier must be open, and—\n(1) be swept; or")


@pytest.mark.parametrize("heading, status", [
    ("Repealed. Pub. L. 1–1", "repealed"), ("Omitted", "repealed"), ("Transferred", "repealed"),
    ("[Reserved]", "reserved"), ("Vacant", "reserved"),
])
def test_status_of_an_empty_section(heading: str, status: str) -> None:
    raw = f"<chapter><section><num>§ 5.</num><heading> {heading}</heading></section></chapter>".encode()
    (section,) = parse(raw, INSTRUMENT)
    assert (section.status, section.text) == (status, heading)


def test_a_section_with_text_is_in_force_whatever_its_heading() -> None:
    (section,) = parse(SECTION.replace(">H<", ">Repealed Acts<").format("Old acts stay repealed.").encode(), INSTRUMENT)
    assert section.status == "in-force"


def test_the_bracket_around_number_and_heading_is_no_word() -> None:
    (section,) = parse(b"<chapter><section><num>[\xc2\xa7 5.</num><heading> Reserved]</heading></section></chapter>", INSTRUMENT)
    assert (section.numbers, section.heading, section.text) == (("5",), "Reserved", "Reserved")


@pytest.mark.parametrize("raw", [
    b"",
    b"<chapter><section><num>1.</num>",
    b"<chapter><num>1</num></chapter>",
    b"<html><body>Please enable JavaScript</body></html>",
    b'<?xml version="1.0" encoding="UTF-8"?><chapter>\xff</chapter>',
    b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><chapter><section><num>1</num><content>&b;</content></section></chapter>',
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><chapter><section><num>1</num><content>&e;</content></section></chapter>',
    SECTION.format("<i>" * 5000 + "x" + "</i>" * 5000).encode(),
    SECTION.format("a\0b").encode(),
], ids=["empty", "truncated", "no section", "challenge page", "wrong encoding", "entity bomb", "external entity", "deep", "nul"])
def test_unreadable_files(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse(raw, INSTRUMENT)


def test_nesting_up_to_the_cap_is_read() -> None:
    (section,) = parse(SECTION.format("<i>" * 90 + "x" + "</i>" * 90).encode(), INSTRUMENT)
    assert section.text == "x"


FILES = {  # the <section> elements of each snapshot
    "usc08-ch12.2025-07-16": 232, "usc08-ch14.2025-07-16": 19, "usc08.2022-05-08": 270, "usc18-ch77.2025-07-16": 19,
    "usc22-ch78.2025-07-16": 26,
    "usc29-ch08.2025-07-16": 25, "usc29-ch20.2025-07-16": 29, "usc34-ch201.2025-07-16": 27, "usc34-ch207.2025-07-16": 16,
}


@pytest.mark.snapshots
@pytest.mark.parametrize("name", FILES)
def test_snapshot(name: str, snapshots: Path) -> None:
    path = snapshots / "texts" / "us" / f"{name}.xml"
    provisions = read(path)
    assert_promises(path.read_bytes(), provisions)
    assert len(provisions) == FILES[name]


@pytest.mark.snapshots
def test_snapshots_read_as_the_law_does(snapshots: Path) -> None:
    provisions = read(snapshots / "texts" / "us" / "usc08-ch12.2025-07-16.xml")
    assert words(provisions, "1101", "a", "15", "T").startswith("(T) (i) subject to section 1184(o) of this title, an alien who")
    assert words(provisions, "1101", "a", "15", "T", "i", "III", "cc").startswith("(cc) ")
    assert words(provisions, "1101", "a", "15", "H", "ii", "b").startswith("(b) having a residence in a foreign country")
    assert words(provisions, "1255", "c", "8").startswith("(8) any alien")
    assert "CHAPTER 12—IMMIGRATION AND NATIONALITY" in provisions[0].context
    repealed = {p.numbers: p.status for p in provisions if p.status != "in-force"}
    assert repealed[("1182a to 1182c",)] == "repealed" and ("1101",) not in repealed


@pytest.mark.snapshots
def test_gold_paths_resolve(snapshots: Path) -> None:
    held: dict[str, set[tuple[str, ...]]] = {}
    manifest = (snapshots / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    for entry in (json.loads(line) for line in manifest):
        if entry["format"] == "uslm":
            provisions = read(snapshots / entry["path"])
            paths = held.setdefault(entry["instrument"], set())
            paths.update(numbers for p in provisions for numbers in (p.numbers, *(q.numbers for q in p.portions)))
    questions = (snapshots.parent / "questions" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    golds = [gold for line in questions for gold in json.loads(line)["gold"] if gold["instrument"] in held]
    assert golds and not [gold for gold in golds if tuple(gold["numbers"]) not in held[gold["instrument"]]]


@pytest.mark.snapshots
@pytest.mark.parametrize("name, count", [("uslm-1.0/usc09-2013", 31), ("uslm-2.0/usc01-2023", 39), ("uslm-plaw/115publ9-uslm", 3)])
def test_samples(name: str, count: int, formats: Path) -> None:
    raw = (formats / f"{name}.xml").read_bytes()
    provisions = parse(raw, INSTRUMENT)
    assert_promises(raw, provisions)
    assert len(provisions) == count
