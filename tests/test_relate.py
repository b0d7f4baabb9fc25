"""What provisions say of words and of each other, in small invented texts."""

from __future__ import annotations

import re

import pytest

from ingest.relate import Places, definitions, edges
from kb.citation import Names
from kb.model import Edge, Portion, Provision

ACT, TREATY, USC, CFR = "nz/harbour-act-2001", "int/lantern-convention", "us/usc/t8", "us/cfr/t8"
NAMES = Names(
    {
        ACT: {"short_title": "Harbour Workers Act 2001", "jurisdiction": "nz", "held": 4},
        TREATY: {"short_title": "Lantern Convention", "jurisdiction": "int", "held": 9},
        USC: {"short_title": "Title 8 U.S.C.", "jurisdiction": "us", "held": 3},
    }
)


def provision(instrument: str, number: str, text: str, heading: str = "", context: tuple[str, ...] = (), marks: str = r"\(\w+\)") -> Provision:
    """A provision whose lines that begin with a mark are portions: (1) or 1. first, (a) below it."""
    portions: list[Portion] = []
    upper: tuple[str, ...] = ()
    for line in re.finditer(r"[^\n]+", text):
        mark = re.match(marks, line.group())
        if not mark:
            continue
        name = mark.group().strip("().")
        path = (number, name) if name.isdigit() or not upper else (*upper, name)
        upper = path if name.isdigit() else upper
        portions.append(Portion(f"{instrument}~{'/'.join(path)}", path, line.start(), line.end()))
    ends = {p.numbers: max(o.end for o in portions if o.numbers[: len(p.numbers)] == p.numbers) for p in portions}
    nested = tuple(Portion(p.id, p.numbers, p.start, ends[p.numbers]) for p in portions)
    return Provision(f"{instrument}~{number}", instrument, (number,), heading, context, text, nested)


def related(subject: Provision, *others: Provision) -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    """(kind, words, target, path) of each edge of the first provision."""
    found: list[Edge] = edges(subject, Places.of([subject, *others], NAMES))
    return [(e.kind, subject.text[e.start : e.end], e.target, e.target_numbers) for e in found]


def test_terms_are_found_with_their_words_and_scope() -> None:
    text = "In this Act, unless it says otherwise—\n“berth” means a place to tie up;\n“crew”, in relation to a barge, includes—\n(a) a deck hand, and\n(b) a cook;\n“lamp” has the same meaning as in the Lamp Act."
    found = definitions(provision(ACT, "2", text, "Interpretation"))
    assert [(d.term, d.scope) for d in found] == [("berth", "instrument"), ("crew", "instrument"), ("lamp", "instrument")]
    crew = found[1]
    assert text[crew.start : crew.end].startswith("“crew”") and text[crew.start : crew.end].rstrip().endswith("a cook;")
    assert "crew" not in text[found[0].start : found[0].end]


def test_a_definition_in_a_portion_holds_as_far_as_it_says() -> None:
    text = "(1) A berth is free.\n(2) For the purposes of this section, the term “berth” means a quay.\n(3) In this subsection “rope” means a line."
    berth, rope = definitions(provision(ACT, "7", text))
    assert (berth.term, berth.numbers, berth.scope, berth.within) == ("berth", ("7", "2"), "portion", ("7",))
    assert (rope.term, rope.scope, rope.within) == ("rope", "portion", ("7", "3"))


def test_a_chapter_is_known_by_its_heading_and_a_part_of_regulations_by_its_number() -> None:
    chapter = provision(USC, "1101", "As used in this chapter—\n(1) The term “berth” means a bed.", "Definitions", ("CHAPTER 12—SHIPS", "SUBCHAPTER I—BEDS"))
    assert [(d.scope, d.within) for d in definitions(chapter)] == [("context", ("CHAPTER 12—SHIPS",))]
    part = provision(CFR, "214.1", "As used in this part, the term “berth” means a bed.", "Definitions.")
    assert [(d.scope, d.within) for d in definitions(part)] == [("series", ("214",))]
    unknown = provision(ACT, "9", "In this Part “berth” means a bed.")
    assert [(d.scope, d.within) for d in definitions(unknown)] == [("portion", ("9",))], "never wider than is certain"


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("1. For the purpose of this Convention:\n(a) the term lamp keeper means any person who keeps a lamp;", "lamp keeper"),
        ("A los efectos de esta ley se entenderá por marinero a toda persona embarcada.", "marinero"),
        ("Aux fins de la présente loi, on entend par\n«marin»: toute personne à bord.", "marin"),
        ("(1) Seeleute im Sinne dieses Gesetzes sind alle Personen an Bord.", "Seeleute"),
    ],
)
def test_other_forms_define_too(text: str, term: str) -> None:
    assert [d.term for d in definitions(provision(TREATY, "1", text))] == [term]


@pytest.mark.parametrize("text", ["He used electronic means to sell it.", "By other means\n(2) The boat sails.", "This Act means well.", "Nothing in it means that a fee is due."])
def test_what_defines_nothing_is_no_definition(text: str) -> None:
    assert definitions(provision(ACT, "3", text)) == []


def test_exceptions_conditions_and_overrides_lead_to_their_portions() -> None:
    text = (
        "(1) Except as provided in subsection (3), a deck hand is paid monthly.\n(2) Subject to section 9, a berth is free.\n"
        "(3) Notwithstanding subsection (1), a cook is paid daily.\n(4) Subsection (2) shall not apply to a barge.\n(5) If subsection (2) does not apply, ask."
    )
    subject, other = provision(ACT, "5", text), provision(ACT, "9", "A berth has a lamp.")
    assert related(subject, other) == [
        ("exception", "subsection (3)", f"{ACT}~5", ("5", "3")),
        ("condition", "section 9", f"{ACT}~9", ("9",)),
        ("override", "subsection (1)", f"{ACT}~5", ("5", "1")),
        ("override", "Subsection (2)", f"{ACT}~5", ("5", "2")),
        ("reference", "subsection (2)", f"{ACT}~5", ("5", "2")),
    ]


def test_paragraphs_are_counted_from_where_the_reference_stands() -> None:
    text = "(1) First:\n(a) a lamp;\n(b) as paragraph (a) says.\n(2) Second:\n(a) a rope;\n(b) as paragraph (a) says, and paragraph (1)(b) of this section."
    assert [(target, path) for _, _, target, path in related(provision(ACT, "6", text))] == [
        (f"{ACT}~6", ("6", "1", "a")), (f"{ACT}~6", ("6", "2", "a")), (f"{ACT}~6", ("6", "1", "b")),
    ]  # fmt: skip


def test_what_is_named_below_a_section_belongs_to_it() -> None:
    subject = provision(TREATY, "4", "1. See Article 7, paragraph 2, and paragraph 1 of Article 7.\n2. See paragraph 1 of this Article.", marks=r"\d+\.")
    other = provision(TREATY, "7", "1. One.\n2. Two.", marks=r"\d+\.")
    assert [path for _, _, _, path in related(subject, other)] == [("7", "2"), ("7", "1"), ("4", "1")]


def test_codes_titles_and_acts_are_resolved() -> None:
    section = provision(USC, "1184", "(1) General.\n(2) More.")
    definition = provision("us/usc/t22", "7102", "The term “berth” means a bed.")
    text = "See 8 U.S.C. 1184(1), section 214 of the Act, section 214(2) of the INA, section 7102 of title 22, 8 CFR 999.1 and section 4 of the Lantern Convention."
    inside = provision(CFR, "214.9", text)
    treaty = provision(TREATY, "4", "A lantern.")
    assert [(target, path) for _, _, target, path in related(inside, section, treaty)] == [
        (f"{USC}~1184", ("1184", "1")), (f"{USC}~1184", ("1184",)), (f"{USC}~1184", ("1184", "2")), (None, ()), (None, ()), (f"{TREATY}~4", ("4",)),
    ]  # fmt: skip
    assert related(provision(USC, "9", "as defined in section 7102 of title 22"), definition) == [("definition", "section 7102", "us/usc/t22~7102", ("7102",))]


@pytest.mark.parametrize(
    "text",
    ["section 9 of the Merchant Ships Act", "section 9 of that Act", "section 9 thereof", "sections 9 and 10 of Regulation (EU) 2099/1", "section 99", "article 9 of the Convention"],
)
def test_what_stands_in_another_law_is_never_guessed(text: str) -> None:
    subject, own = provision(ACT, "5", f"It is as {text} says."), provision(ACT, "9", "A berth has a lamp.")
    assert all(target is None for _, _, target, _ in related(subject, own))


def test_a_list_leads_to_each_of_its_items() -> None:
    others = [provision(ACT, number, "A lamp.") for number in ("7", "8", "9")]
    assert [path for _, _, _, path in related(provision(ACT, "5", "Sections 7, 8 and 9 of this Act hold."), *others)] == [("7",), ("8",), ("9",)]
