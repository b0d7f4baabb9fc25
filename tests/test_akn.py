"""Akoma Ntoso 3: golden files after legislation.gov.uk and Laws.Africa, and what is refused."""

from pathlib import Path

import pytest

from ingest.parse import akn
from kb.errors import ParseError
from kb.model import Instrument
from tests.test_eurlex import promises

DATA = Path(__file__).parent / "data" / "akn"
ACT = Instrument("gb/ukpga/3006/1", "An act", "An act", "gb", "statute", "en", None, "{pinpoint}")
HEAD = b'<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><act><body>'


@pytest.mark.parametrize("name", ["uk", "africa"])
def test_golden(golden, name):
    path = DATA / f"{name}.xml"
    provisions = akn.parse(path.read_bytes(), ACT)
    promises(path.read_bytes(), provisions)
    golden(path, provisions)


def test_quoted_sections_are_not_numbered():
    provisions = akn.parse((DATA / "uk.xml").read_bytes(), ACT)
    assert ("4A",) not in [provision.numbers for provision in provisions]
    amending = next(provision for provision in provisions if provision.numbers == ("3",))
    assert [portion.numbers for portion in amending.portions] == [("3", "1"), ("3", "2")]
    assert "4A Wicks" in amending.text


def test_a_section_of_articles_is_a_heading():
    raw = HEAD + b"<section><num>Section 1</num><heading>Boats</heading><article><num>Article 2</num><content><p>Boats float.</p></content>" \
        b"</article></section></body></act></akomaNtoso>"
    assert [(p.numbers, p.context, p.text) for p in akn.parse(raw, ACT)] == [(("2",), ("Section 1. Boats",), "Boats float.")]


def test_a_repealed_section_keeps_the_words_that_say_so():
    fees = next(p for p in akn.parse((DATA / "africa.xml").read_bytes(), ACT) if p.numbers == ("3",))
    assert (fees.status, fees.text) == ("repealed", "[section 3 repealed by section 2 of Act 2 of 3008]")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param((DATA / "uk.xml").read_bytes()[:1500], id="truncated"),
        pytest.param(b"<html><body><p>Section 1</p></body></html>", id="another format"),
        pytest.param(HEAD + b"</body></act></akomaNtoso>", id="no provision"),
        pytest.param(HEAD + b"<part>" * 3000 + b"</part>" * 3000 + b"</body></act></akomaNtoso>", id="deep"),
        pytest.param(b'<!DOCTYPE a [<!ENTITY a "aaaa">]>' + HEAD + b"</body></act></akomaNtoso>", id="entity"),
    ],
)
def test_what_cannot_be_read_is_refused(raw):
    with pytest.raises(ParseError):
        akn.parse(raw, ACT)


def test_nesting_up_to_the_limit_is_read():
    raw = HEAD + b"<section><num>1</num>" + b"<level><num>1</num>" * 90 + b"<p>Deep.</p>" + b"</level>" * 90 + b"</section></body></act></akomaNtoso>"
    assert len(akn.parse(raw, ACT)[0].portions) == 90
