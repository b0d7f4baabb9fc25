"""Formex 4: a golden file, the real texts, what a consolidation deleted."""

from pathlib import Path

import pytest

from ingest.parse import formex
from kb.errors import ParseError
from kb.model import Instrument
from tests.test_eurlex import promises

DATA = Path(__file__).parent / "data" / "formex"
ACT = Instrument("eu/dir/3001/7", "An act", "An act", "eu", "directive", "en", None, "{pinpoint}")
COUNTS = {
    "dir-1996-71.2020-07-30": (10, 51), "dir-2006-54.2026-06-19": (38, 93), "dir-2019-1937.2024-12-30": (43, 336),
    "dir-2024-1760.2026-03-18": (41, 357),
}


@pytest.mark.parametrize("name", ["consolidated", "act"])
def test_golden(golden, name):
    path = DATA / f"{name}.xml"
    provisions = formex.parse(path.read_bytes(), ACT)
    promises(path.read_bytes(), provisions)
    golden(path, provisions)


def test_what_was_deleted_is_no_law():
    raw = (DATA / "consolidated.xml").read_bytes()
    assert b"no longer law" in raw
    assert not any("no longer law" in provision.text for provision in formex.parse(raw, ACT))


def test_quotation_marks_come_from_their_tags():
    first = formex.parse((DATA / "consolidated.xml").read_bytes(), ACT)[0]
    assert "(a) ‘docker’ means" in first.text


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param((DATA / "consolidated.xml").read_bytes()[:2500], id="truncated"),
        pytest.param(b"<DOC><FMX/></DOC>", id="envelope"),
        pytest.param(b'<!DOCTYPE A [<!ENTITY a "aaaa">]><ACT><ARTICLE><TI.ART>Article 1</TI.ART><P>&a;</P></ARTICLE></ACT>', id="entity"),
        pytest.param(b"<ACT>" + b"<DIVISION>" * 3000 + b"</DIVISION>" * 3000 + b"</ACT>", id="deep"),
    ],
)
def test_what_cannot_be_read_is_refused(raw):
    with pytest.raises(ParseError):
        formex.parse(raw, ACT)


@pytest.mark.snapshots
@pytest.mark.parametrize("name", COUNTS)
def test_snapshots(snapshots, name):
    raw = (snapshots / "texts" / "eu" / f"{name}.formex.xml").read_bytes()
    provisions = formex.parse(raw, ACT)
    promises(raw, provisions)
    assert (len(provisions), sum(len(p.portions) for p in provisions)) == COUNTS[name]


@pytest.mark.snapshots
def test_formats(formats):
    raw = (formats / "formex" / "CL1996L0071EN0010010.0001.xml").read_bytes()
    promises(raw, formex.parse(raw, ACT))
