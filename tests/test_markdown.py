"""Markdown in the convention of the snapshots, and in files of users."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.markdown import front_matter, parse
from ingest.parse.text import check, derive
from ingest.parse.tree import utf8
from ingest.parse.units import unit_numbers
from kb.errors import ParseError
from kb.model import Instrument, Provision

DATA = Path(__file__).parent / "data" / "md"


def instrument(id: str = "xx/test", kind: str = "statute") -> Instrument:
    return Instrument(id, "Title of the test", "Test", "xx", kind, "en", None, "{pinpoint}")


def parsed(text: str, kind: str = "statute") -> list[Provision]:
    return parse(text.encode("utf-8"), instrument(kind=kind))


def sound(raw: bytes, provisions: list[Provision]) -> None:
    """The promises that hold for every provision of a file."""
    source = utf8(raw)
    for provision in provisions:
        check(provision)
        assert derive(source, provision.offsets, entities=False) == provision.text, provision.id
        for portion in provision.portions:
            assert portion.numbers[: len(provision.numbers)] == provision.numbers
    ids = Counter(item.id for provision in provisions for item in (provision, *provision.portions))
    assert [id for id, count in ids.items() if count > 1] == []


@pytest.mark.parametrize(
    ("name", "id", "kind"),
    [
        ("convention", "int/harbour-pilots", "treaty"),
        ("act", "xx/kitchen-workers-act", "statute"),
        ("sheet", "xx/guidance/sheet-9", "guidance"),
        ("regulation", "xx/cfr/t99", "regulation"),
    ],
)
def test_golden(name: str, id: str, kind: str, golden) -> None:
    raw = (DATA / f"{name}.md").read_bytes()
    provisions = parse(raw, instrument(id, kind))
    sound(raw, provisions)
    golden(DATA / f"{name}.md", provisions)


@pytest.mark.parametrize(
    ("heading", "numbers", "rest"),
    [
        ("Article 6. Assistance to victims", ("6",), "Assistance to victims"),
        ("Article XIX.", ("XIX",), ""),
        ("Article A. Undertakings", ("A",), "Undertakings"),
        ("Articles 21 and 22.", ("21 and 22",), ""),
        ("Article 1, paragraph 2.", ("1", "2"), ""),
        ("Artículo 59 bis. Víctimas", ("59 bis",), "Víctimas"),
        ("Art. 1er. Définitions", ("1er",), "Définitions"),
        ("Artículo 35 quáter. Plan", ("35 quáter",), "Plan"),
        ("Art. 58. a Kriterien", ("58a",), "Kriterien"),
        ("Article L425-1.", ("L425-1",), ""),
        ("Article R421-21 A", ("R421-21 A",), ""),
        ("Article R*122-1", ("R*122-1",), ""),
        ("Article Annexe 3", ("Annexe 3",), ""),
        ("Section 22AA. Power to establish courts.", ("22AA",), "Power to establish courts."),
        ("Section 13. [Houses.", ("13",), "[Houses."),
        ("§ 274a.12. Classes of aliens.", ("274a.12",), "Classes of aliens."),
        ("§ 4a. Zugang", ("4a",), "Zugang"),
        ("§ 1038.", ("1038",), ""),
        ("Standard A1.4. Recruitment", ("A1.4",), "Recruitment"),
        ("Guideline B4.3.10. Education", ("B4.3.10",), "Education"),
        ("Regulation 5.1.1. Principles", ("5.1.1",), "Principles"),
        ("Paragraph 3.", ("3",), ""),
        ("第 12-1 條", ("12-1",), ""),
        ("المادة (12)", ("12",), ""),
        ("المادة 12. تعريف", ("12",), "تعريف"),
    ],
)
def test_numbers_of_a_heading(heading: str, numbers: tuple[str, ...], rest: str) -> None:
    assert unit_numbers(heading) == (numbers, rest)


@pytest.mark.parametrize("heading", ["Who pays?", "Coverage", "Article of faith", "Sectional interests", "Regulation of trade"])
def test_a_heading_without_number(heading: str) -> None:
    assert unit_numbers(heading) is None


def test_emphasis_leaves_the_words_and_marks_of_the_law_stay() -> None:
    raw = b"## Section 1.\n\nPay *the wage* and **all** of it: $500_ for R*122-1 and 3 * 4, see (*1).\n"
    (provision,) = parse(raw, instrument())
    assert provision.text == "Pay the wage and all of it: $500_ for R*122-1 and 3 * 4, see (*1)."
    assert [(span.kind, provision.text[span.start : span.end]) for span in provision.spans] == [("emphasis", "the wage"), ("strong", "all")]
    sound(raw, [provision])


def test_an_unpaired_star_stays() -> None:
    assert parsed("## Section 1.\n\nAn *open mark.\n")[0].text == "An *open mark."


def test_a_footnote_reference_becomes_a_note() -> None:
    (provision,) = parsed("## Section 1.\n\nPay the wage,[12] always.\n")
    assert provision.text == "Pay the wage, always."
    assert [(span.kind, span.text, span.start) for span in provision.spans] == [("note", "[12]", 13)]


def test_html_and_links_are_words_of_the_text() -> None:
    (provision,) = parsed("## Section 1.\n\n<script>alert(1)</script> ![x](http://example.org/x.png)\n")
    assert provision.text == "<script>alert(1)</script> ![x](http://example.org/x.png)"


def test_a_file_without_front_matter() -> None:
    assert front_matter(b"## Article 1\n") == ({}, 0)
    assert parsed("## Article 1\n\nWords.\n")[0].numbers == ("1",)


def test_windows_line_ends_and_byte_order_mark() -> None:
    raw = b"\xef\xbb\xbf## Section 1. Pay\r\n\r\n(a) one;\r\n\r\n(b) two.\r\n"
    (provision,) = provisions = parse(raw, instrument())
    assert (provision.heading, provision.text) == ("Pay", "(a) one;\n(b) two.")
    sound(raw, provisions)


def test_utf_16_is_read() -> None:
    raw = "## Section 1.\n\nWörter.\n".encode("utf-16")
    provisions = parse(raw, instrument())
    assert provisions[0].text == "Wörter."
    sound(raw, provisions)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no provisions"),
        (b"---\ntitle: x\n---\n", "no provisions"),
        (b"---\ntitle: [x\n---\n\n## Article 1\n\nWords.\n", "front matter"),
        (b"---\nx: !!python/object/apply:os.system ['true']\n---\n\n## Article 1\n\nWords.\n", "front matter"),
        (b"---\n- a\n---\n\n## Article 1\n\nWords.\n", "front matter"),
        (b"## Article 1\n\n\xc3\x28\n", "utf-8"),
        (b"## Article 1\n\n\xed\xa0\x80\n", "utf-8"),
        (b"## Article 1\n\nA\x00B\n", "NUL"),
        (b"\n\n   \n", "no provisions"),
    ],
)
def test_malformed(raw: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse(raw, instrument())


def test_one_long_line() -> None:
    raw = b"## Article 1\n\n" + b"words " * 200_000
    provisions = parse(raw, instrument())
    assert len(provisions[0].text) == 1_199_999


@given(st.text(alphabet="#*_[]()12ab \n\\|-—", max_size=300))
def test_any_text_keeps_the_promises(text: str) -> None:
    raw = text.encode("utf-8")
    try:
        provisions = parse(raw, instrument())
    except ParseError:
        return
    sound(raw, provisions)


@pytest.mark.snapshots
def test_every_snapshot(snapshots: Path) -> None:
    counts: Counter[str] = Counter()
    for line in (snapshots / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["format"] != "md":
            continue
        raw = (snapshots / entry["path"]).read_bytes()
        provisions = parse(raw, instrument(entry["instrument"], entry["kind"]))
        sound(raw, provisions)
        headings = sum(line.startswith(b"## ") for line in raw.split(b"\n"))
        assert len(provisions) >= headings, entry["path"]
        counts["files"] += 1
        counts["provisions"] += len(provisions)
    assert counts["files"] == 284 and counts["provisions"] > 10_000


@pytest.mark.snapshots
@pytest.mark.parametrize(
    ("path", "kind", "numbers", "words"),
    [
        ("int/palermo-protocol.md", "treaty", ("3", "a"), "(a) ``Trafficking in persons\" shall mean"),
        ("int/ilo-mlc-2006.md", "treaty", ("A1.4", "5", "c", "vi"), "(vi) establish a system of protection"),
        ("int/refugee-convention-1951.md", "treaty", ("Schedule", "16"), ""),
        ("int/ilo-c097.md", "treaty", ("Annex I", "3"), ""),
        ("int/esc-revised.md", "treaty", ("Part I", "1"), "1. Everyone shall have the opportunity"),
        ("int/rome-statute.md", "treaty", ("7", "1", "c"), "(c) Enslavement"),
        ("gb/ukpga-2022-36.md", "statute", ("61", "3", "b", "ii"), "(ii) the end of the period of 30 days"),
        ("gb/ukpga-2023-37.md", "statute", ("12", "5"), "(5) In section 36 of the UK Borders Act 2007"),
        ("mw/trafficking-in-persons-act-2015.md", "statute", ("First Schedule", "Part II", "1"), "Treat each presumed trafficked person"),
        ("us/8-cfr-214.2.2025-01-24.md", "regulation", ("214.2", "h", "5", "xi", "A"), "(A) As a condition of approval"),
        ("us/8-cfr-214-subpart-c.2025-01-24.md", "regulation", ("214.204", "b", "2", "iii"), "(iii)"),
        ("us/ca-penal-236.1.md", "statute", ("236.1", "a"), "(a)"),
        ("fr/ceseda.md", "statute", ("L425-1",), ""),
        ("es/lo-4-2000.md", "statute", ("59 bis", "1"), "1."),
        ("de/aufenthg.md", "statute", ("25", "4a"), "(4a)"),
        ("tw/d0080177.md", "statute", ("2", "一"), "一、人口販運"),
        ("qa/law-15-2011.md", "statute", ("2",), ""),
        ("eu/dir-2024-1346.2024-05-22.md", "directive", ("preamble", "12"), "(12) In order to ensure that applicants"),
    ],
)
def test_known_portions(snapshots: Path, path: str, kind: str, numbers: tuple[str, ...], words: str) -> None:
    provisions = parse((snapshots / "texts" / path).read_bytes(), instrument("x/y", kind))
    found = {portion.numbers: provision.text[portion.start : portion.end] for provision in provisions for portion in provision.portions}
    found |= {provision.numbers: provision.text for provision in provisions}
    assert numbers in found
    assert found[numbers].startswith(words), found[numbers][:80]


@pytest.mark.snapshots
def test_inserted_sections_make_no_portions(snapshots: Path) -> None:
    provisions = parse((snapshots / "texts/gb/ukpga-2022-36.md").read_bytes(), instrument("x/y"))
    first = next(provision for provision in provisions if provision.numbers == ("1",))
    assert [portion.numbers for portion in first.portions] == [("1", "1"), ("1", "2"), ("1", "3")]
