"""Ids, pinpoints and citations as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import catalogue
from kb.citation import Names, cite, format_id, jurisdictions_named, pinpoint, split_id, within
from kb.config import ROOT

NUMBER = st.text(alphabet="abcXYZ0123456789 ./~#!%-", min_size=1, max_size=6).filter(lambda s: s.strip() == s and s)


@given(st.lists(NUMBER, max_size=5))
def test_an_id_leads_back_to_its_numbers(numbers: list[str]) -> None:
    assert split_id(format_id("us/usc/t8", numbers)) == ("us/usc/t8", tuple(numbers))


def test_an_occurrence_marks_the_last_number_of_an_id_only() -> None:
    assert format_id("fr/ceseda", ["R142-16"], 2) == "fr/ceseda~R142-16!2"
    assert split_id("fr/ceseda~R142-16!2#3") == ("fr/ceseda", ("R142-16",))


@pytest.mark.parametrize(
    ("numbers", "printed"),
    [
        (["1101", "a", "15", "T"], "1101(a)(15)(T)"),
        (["59 bis"], "59 bis"),
        (["Annex I", "5"], "Annex I, 5"),
        (["Schedule", "Part I", "2"], "Schedule, Part I, 2"),
        (["preamble", "12"], "preamble, recital 12"),
        (["A1.4", "5", "b"], "A1.4(5)(b)"),
    ],
)
def test_pinpoints_print_as_lawyers_write_them(numbers: list[str], printed: str) -> None:
    assert pinpoint(numbers) == printed


def test_annexes_lose_the_word_for_an_article() -> None:
    assert cite("EU Charter, art. {pinpoint}", ["Annex I", "5"]) == "EU Charter, Annex I, 5"
    assert cite("8 U.S.C. § {pinpoint}", ["1101", "a"]) == "8 U.S.C. § 1101(a)"
    assert cite("Fact Sheet #26, {pinpoint}", [], "Housing") == "Fact Sheet #26, “Housing”"


@pytest.fixture(scope="module")
def names() -> Names:
    entries = catalogue.instruments(ROOT / "corpus" / "catalogue")
    return Names({id: {"title": e.title, "short_title": e.short_title, "names": e.names, "citation": e.citation, "held": 0} for id, e in entries.items()})


@pytest.mark.parametrize(
    ("typed", "instrument", "numbers"),
    [
        ("8 CFR 214.204(b)", "us/cfr/t8", ("214.204", "b")),
        ("INA 101(a)(15)(T)", "us/usc/t8", ("1101", "a", "15", "T")),
        ("INA § 240A(b)(2)", "us/usc/t8", ("1229b", "b", "2")),
        ("22 USC 7102", "us/usc/t22", ("7102",)),
        ("Palermo art 6(3)", "int/palermo-protocol", ("6", "3")),
        ("Art. 13 CETS 197", "int/coe-trafficking", ("13",)),
        ("C189 art 9", "int/ilo-c189", ("9",)),
        ("article 9 of ILO Convention No. 189", "int/ilo-c189", ("9",)),
        ("BNS s 143", "in/bns-2023", ("143",)),
        ("IRPA s. 118", "ca/i-2.5", ("118",)),
        ("Article 5(3) EU Charter", "eu/charter", ("5", "3")),
        ("CESEDA L425-1", "fr/ceseda", ("L425-1",)),
        ("MLC Standard A1.4(5)(b)", "int/ilo-mlc-2006", ("A1.4", "5", "b")),
        ("art. 59 bis LO 4/2000", "es/lo-4-2000", ("59 bis",)),
        ("article 11 of Directive 2011/36/EU", "eu/dir/2011/36", ("11",)),
        ("Cal. Penal Code § 236.1", "us/ca/penal", ("236.1",)),
        ("California Labor Code section 1019", "us/ca/labor", ("1019",)),
        ("section 61 of the Nationality and Borders Act 2022", "gb/ukpga/2022/36", ("61",)),
        ("Article 16 of the migrant workers convention", "int/cmw", ("16",)),
    ],
)
def test_citations_are_read_as_lawyers_type_them(names: Names, typed: str, instrument: str, numbers: tuple[str, ...]) -> None:
    found = names.references(f"What about {typed}, please?")
    assert [(r.instrument, r.numbers) for r in found] == [(instrument, numbers)]


@pytest.mark.parametrize(
    "text",
    [
        "section 5 of the Kenya Lantern Act", "section 5 of Kenya's Lantern Act", "s. 5 Kenyan Lantern Act", "Lantern Act of Kenya, section 5",
        "section 5 of the Lantern Act (Kenya)", "Kenya Lantern Act section 5", "The Ferry Act 1999. Section 5 of the Lantern Act of Kenya",
    ],
)  # fmt: skip
def test_the_place_of_a_law_may_stand_beside_its_name(text: str) -> None:
    entries = {"ke/lantern-act": {"short_title": "Lantern Act", "jurisdiction": "ke"}, "gb/ferry-act": {"short_title": "Ferry Act 1999", "jurisdiction": "gb"}}
    assert [(r.instrument, r.numbers) for r in Names(entries).references(text)] == [("ke/lantern-act", ("5",))]


def test_the_place_of_another_law_keeps_a_number_from_a_name() -> None:
    entries = {"ke/lantern-act": {"short_title": "Lantern Act", "jurisdiction": "ke"}}
    assert Names(entries).references("section 5 applies in Uganda, Lantern Act") == []


@pytest.mark.parametrize("text", ["She was 16 in 2015 and owes 3 months of rent", "I work 40 hours and got 15", "call 911", "section 8 housing in 2020"])
def test_plain_numbers_are_no_citations(names: Names, text: str) -> None:
    assert names.references(text) == []


def test_a_letter_of_another_alphabet_makes_no_genuine_citation(names: Names) -> None:
    assert names.references("8 СFR 214.204(b)") == []  # the С is Cyrillic


def test_jurisdictions_are_found_by_name_in_order() -> None:
    assert jurisdictions_named("Compare Uganda and Zambia; a Kenyan law") == ["ug", "zm", "ke"]
    assert within("us-ca", "us") and not within("us", "us-ca")
