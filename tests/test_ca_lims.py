"""ingest/parse/ca_lims.py: acts and regulations of Canada, in English and French."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from ingest.parse.ca_lims import parse
from ingest.parse.text import check, derive
from ingest.parse.tree import utf8
from kb.errors import ParseError
from kb.model import Instrument, Provision

DATA = Path(__file__).parent / "data" / "ca_lims"
INSTRUMENT = Instrument("ca/k-1", "Kites Act", "Kites Act", "ca", "statute", "en", None, "S.C. 2000, c. K-1, s. {pinpoint}")
BODY = "<Statute><Body><Section><Label>1</Label>{}</Section></Body></Statute>"


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
    assert_promises(path.read_bytes(), read(path))
    golden(path, read(path))


def test_paragraphs_of_a_definition_belong_to_its_subsection() -> None:
    (section,) = [p for p in read(DATA / "act.xml") if p.numbers == ("1",)]
    assert [q.numbers for q in section.portions if q.numbers[:2] == ("1", "1")] == [("1", "1")]
    assert "(a) flies, and" in words([section], "1", "1")


def test_a_portion_begins_with_its_marginal_note() -> None:
    found = words(read(DATA / "act.xml"), "1", "2")
    assert found.startswith("Gliders excepted\n(2) A glider is no kite, unless\n(a) it is tied\n(i) to a person,")


def test_continuations_belong_to_the_portion_above() -> None:
    assert words(read(DATA / "act.xml"), "1", "2", "a").endswith("\nunder An Older Act; or")
    assert words(read(DATA / "act.xml"), "1", "2").endswith("\nin either case on the 1st of May.")


def test_words_for_another_act_make_no_portions() -> None:
    (section,) = [p for p in read(DATA / "act.xml") if p.numbers == ("2.1",)]
    assert section.portions == () and "Rope is string." in section.text


def test_amendments_not_in_force_are_left_out() -> None:
    assert not [p for p in read(DATA / "act.xml") if "is repealed" in p.text]


def test_repealed() -> None:
    status = {p.numbers: p.status for p in (*read(DATA / "act.xml"), *read(DATA / "reglement.xml"))}
    assert [numbers for numbers, s in status.items() if s == "repealed"] == [("2",), ("Schedule 2",), ("2 à 4",)]


def test_marks_without_width_are_no_characters() -> None:
    (section,) = parse(BODY.format("<Subsection><Label>(9.\u200d1)</Label><Text>One\u00adword.</Text></Subsection>").encode(), INSTRUMENT)
    assert (section.text, section.portions[0].numbers) == ("(9.1) Oneword.", ("1", "9.1"))


@pytest.mark.parametrize("raw", [
    b"",
    BODY.format("<Text>x</Text>").encode()[:-9],
    b"<Statute><Body><Heading/></Body></Statute>",
    b"<html><body>Not found</body></html>",
    BODY.format("<Text>\xe9</Text>").encode("latin-1"),
    b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + BODY.format("<Text>&a;</Text>").encode(),
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + BODY.format("<Text>&e;</Text>").encode(),
    BODY.format("<Text>" + "<Emphasis>" * 5000 + "x" + "</Emphasis>" * 5000 + "</Text>").encode(),
], ids=["empty", "truncated", "no section", "error page", "wrong encoding", "entity", "external entity", "deep"])
def test_unreadable_files(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse(raw, INSTRUMENT)


FILES = {"c-23.7": 30, "f-10.6": 29, "i-2.5": 326, "i-2.5-fr": 326, "l-2": 503, "sor-2002-227": 570}  # sections, preamble and schedules


@pytest.mark.snapshots
@pytest.mark.parametrize("name", FILES)
def test_snapshot(name: str, snapshots: Path) -> None:
    path = snapshots / "texts" / "ca" / f"{name}.xml"
    assert_promises(path.read_bytes(), read(path))
    assert len(read(path)) == FILES[name]


@pytest.mark.snapshots
def test_both_languages_number_the_same_sections(snapshots: Path) -> None:
    english, french = (read(snapshots / "texts" / "ca" / f"{name}.xml") for name in ("i-2.5", "i-2.5-fr"))
    plain = [{p.numbers for p in provisions if p.numbers[-1].replace(".", "").isdigit()} for provisions in (english, french)]
    assert plain[0] == plain[1] and len(plain[0]) > 300


@pytest.mark.snapshots
def test_snapshots_read_as_the_law_does(snapshots: Path) -> None:
    act = read(snapshots / "texts" / "ca" / "i-2.5.xml")
    assert words(act, "118", "1").startswith("(1) No person shall knowingly organize the coming into Canada")
    assert words(act, "24", "4", "b", "iii").startswith("(iii) the day on which the Federal Court")
    assert words(act, "Schedule", "F", "a").startswith("(a) he has committed a crime against peace")
    regulations = read(snapshots / "texts" / "ca" / "sor-2002-227.xml")
    assert words(regulations, "209.3", "1", "a", "v").startswith("(v) ")


@pytest.mark.snapshots
def test_gold_paths_resolve(snapshots: Path) -> None:
    held: dict[str, set[tuple[str, ...]]] = {}
    for name in FILES:
        provisions = read(snapshots / "texts" / "ca" / f"{name}.xml")
        held[f"ca/{name}"] = {numbers for p in provisions for numbers in (p.numbers, *(q.numbers for q in p.portions))}
    questions = (snapshots.parent / "questions" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    golds = [gold for line in questions for gold in json.loads(line)["gold"] if gold["instrument"] in held]
    assert golds and not [gold for gold in golds if tuple(gold["numbers"]) not in held[gold["instrument"]]]
