"""EUR-Lex XHTML: golden files of each variant, the real texts, and Formex of the same version."""

import re
from pathlib import Path

import pytest

from ingest.parse import eurlex, formex
from ingest.parse.text import check, derive
from ingest.parse.tree import utf8
from kb.errors import ParseError
from kb.model import Instrument, Provision

DATA = Path(__file__).parent / "data"
ACT = Instrument("eu/dir/3001/7", "An act", "An act", "eu", "directive", "en", None, "{pinpoint}")
COUNTS = {  # provisions, portions
    "charter.2012-10-26": (56, 67), "dir-1996-71.2020-07-30": (10, 51), "dir-2006-54.2026-06-19": (38, 93), "dir-2014-67.2014-05-15": (25, 177),
    "dir-2018-957.2018-06-28": (7, 52), "dir-2019-1152.2019-06-20": (28, 136), "dir-2019-1937.2024-12-30": (43, 336),
    "dir-2022-2041.2022-10-19": (21, 99), "dir-2024-1760.2024-06-13": (44, 473), "dir-2024-1760.2026-03-18": (41, 357),
    "dir-2025-794.2025-04-14": (7, 18), "dir-2026-470.2026-02-24": (9, 187),
}
BOTH = ("dir-1996-71.2020-07-30", "dir-2006-54.2026-06-19", "dir-2019-1937.2024-12-30", "dir-2024-1760.2026-03-18")


def promises(raw: bytes, provisions: list[Provision]) -> None:
    """Text leads back to the bytes, spans lie inside, ids are unique."""
    for provision in provisions:
        assert derive(utf8(raw), provision.offsets) == check(provision).text, provision.id
    ids = [provision.id for provision in provisions] + [portion.id for provision in provisions for portion in provision.portions]
    assert len(ids) == len(set(ids))


def words(text: str) -> str:
    """Without white space and dashes: Formex says "1500" and DASH where the page prints "1 500" and "—"."""
    return re.sub(r"[\s—]", "", text)


def shape(provision: Provision) -> tuple:
    """All that two formats of one version must have in common."""
    portions = [(portion.id, portion.numbers, words(provision.text[portion.start : portion.end])) for portion in provision.portions]
    return provision.id, provision.numbers, provision.heading, provision.context, provision.status, words(provision.text), portions


@pytest.mark.parametrize("name", ["act", "consolidated", "older"])
def test_golden(golden, name):
    path = DATA / "eurlex" / f"{name}.xhtml"
    provisions = eurlex.parse(path.read_bytes(), ACT)
    promises(path.read_bytes(), provisions)
    golden(path, provisions)


def test_one_version_from_two_formats():
    page = eurlex.parse((DATA / "eurlex" / "consolidated.xhtml").read_bytes(), ACT)
    file = formex.parse((DATA / "formex" / "consolidated.xml").read_bytes(), ACT)
    assert [shape(provision) for provision in page] == [shape(provision) for provision in file]


def test_quoted_provisions_are_not_numbered():
    provisions = eurlex.parse((DATA / "eurlex" / "act.xhtml").read_bytes(), ACT)
    assert [p.numbers for p in provisions if p.numbers[:1] in {("4",), ("5",)}] == []
    amending = next(p for p in provisions if p.numbers == ("2",))
    assert [portion.numbers[1:] for portion in amending.portions] == [("1",), ("2",), ("2", "a"), ("2", "b")]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param((DATA / "eurlex" / "act.xhtml").read_bytes()[:3000], id="truncated"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><body/></html>", id="no provision"),
        pytest.param(b'<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><html><body><p class="ti-art">Article 1</p><p>&b;</p></body></html>', id="bomb"),
        pytest.param(b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>&x;</p></body></html>', id="external entity"),
        pytest.param(b"<html><body>" + b"<div>" * 5000 + b"x" + b"</div>" * 5000 + b"</body></html>", id="deep"),
        pytest.param("<html><body><p>é</p></body></html>".encode("latin-1"), id="encoding"),
    ],
)
def test_what_cannot_be_read_is_refused(raw):
    with pytest.raises(ParseError):
        eurlex.parse(raw, ACT)


def test_nesting_up_to_the_limit_is_read():
    raw = b'<html><body><p class="ti-art">Article 1</p>' + b"<div>" * 90 + b"<p>Deep.</p>" + b"</div>" * 90 + b"</body></html>"
    assert eurlex.parse(raw, ACT)[0].text == "Deep."


@pytest.mark.snapshots
@pytest.mark.parametrize("name", COUNTS)
def test_snapshots(snapshots, name):
    raw = (snapshots / "texts" / "eu" / f"{name}.xhtml").read_bytes()
    provisions = eurlex.parse(raw, ACT)
    promises(raw, provisions)
    assert (len(provisions), sum(len(p.portions) for p in provisions)) == COUNTS[name]


@pytest.mark.snapshots
@pytest.mark.parametrize("name", ["oj-1996", "oj-2025", "consolidated-2020", "charter-2012"])
def test_formats(formats, name):
    raw = (formats / "eurlex" / f"{name}.xhtml").read_bytes()
    promises(raw, eurlex.parse(raw, ACT))


@pytest.mark.snapshots
@pytest.mark.parametrize("name", BOTH)
def test_snapshots_from_two_formats(snapshots, name):
    folder = snapshots / "texts" / "eu"
    page = eurlex.parse((folder / f"{name}.xhtml").read_bytes(), ACT)
    file = formex.parse((folder / f"{name}.formex.xml").read_bytes(), ACT)
    assert [shape(provision) for provision in page] == [shape(provision) for provision in file]


@pytest.mark.snapshots
@pytest.mark.parametrize(
    ("name", "numbers", "opens"),
    [
        ("charter.2012-10-26", ("5", "3"), "3. Trafficking in human beings is prohibited."),
        ("dir-1996-71.2020-07-30", ("3", "1", "c"), "(c) remuneration, including overtime rates"),
        ("dir-1996-71.2020-07-30", ("1", "-1a"), "-1a. This Directive shall not in any way affect"),
        ("dir-2024-1760.2026-03-18", ("Annex", "Part I", "1", "10", "a"), "(a) all forms of slavery"),
        ("dir-2024-1760.2024-06-13", ("Annex", "Part I", "1", "10", "a"), "(a) all forms of slavery"),
        ("dir-2019-1937.2024-12-30", ("Annex", "Part I", "A", "1", "iv"), "(iv) Directive 2009/81/EC"),
        ("dir-2014-67.2014-05-15", ("preamble", "1"), "(1) The free movement of workers"),
        ("dir-2026-470.2026-02-24", ("3", "1", "a", "ii", "2"), "(2) point (ii) is replaced by the following:"),
    ],
)
def test_known_portions(snapshots, name, numbers, opens):
    provisions = eurlex.parse((snapshots / "texts" / "eu" / f"{name}.xhtml").read_bytes(), ACT)
    found = [p.text[portion.start : portion.end] for p in provisions for portion in p.portions if portion.numbers == numbers]
    assert len(found) == 1
    assert found[0].startswith(opens)
