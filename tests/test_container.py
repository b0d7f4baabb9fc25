"""Annexes, schedules and preambles, as they are cited and as they are printed."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import container
from kb.citation import Names, cite, pinpoint, split_id
from kb.config import Settings
from kb.model import Portion
from kb.store import Store

NAMES = Names({"ke/lantern-act": {"short_title": "Lantern Act", "jurisdiction": "ke", "held": 1}})


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("Schedule 2 to the Lantern Act", ("Schedule 2",)),
        ("the Second Schedule to the Lantern Act", ("Second Schedule",)),
        ("Sch. 2, para 3 Lantern Act", ("Schedule 2", "3")),
        ("paragraph 3(b) of Schedule 2 to the Lantern Act", ("Schedule 2", "3", "b")),
        ("Lantern Act, Schedule, Part I, 4(2)", ("Schedule", "Part I", "4", "2")),
        ("annex ii of the Lantern Act", ("Annex II",)),
        ("Lantern Act Annex A, point 7", ("Annex A", "7")),
        ("Appendix A5-II of the Lantern Act", ("Appendix A5-II",)),
        ("Lantern Act, Protocol (No 30), 1", ("Protocol (No 30)", "1")),
        ("preamble of the Lantern Act", ("preamble",)),
        ("recital (12) of the Lantern Act", ("preamble", "12")),
        ("Lantern Act, preamble, recital 12", ("preamble", "12")),
        ("considerando 12 de la Lantern Act", ("preamble", "12")),
    ],
)
def test_citations_outside_the_body_are_read(typed: str, numbers: tuple[str, ...]) -> None:
    found = NAMES.references(f"What about {typed}?")
    assert [(reference.instrument, reference.numbers) for reference in found] == [("ke/lantern-act", numbers)]


@pytest.mark.parametrize(
    "text",
    [
        "What is the work schedule under the Lantern Act?",
        "May I schedule a visit under the Lantern Act?",
        "The Lantern Act was passed. A recital of songs was given",
        "Is Annex I binding?",
    ],
)
def test_what_only_sounds_like_one_is_no_citation(text: str) -> None:
    assert NAMES.references(text) == []


@given(
    st.sampled_from(["Annex", "Annex I", "Annex IV", "Schedule", "Schedule 3", "First Schedule", "Appendix", "Protocol (No 7)"]),
    st.lists(st.sampled_from(["Part I", "Part B", "Section 2"]), max_size=1),
    st.lists(st.sampled_from(["1", "12", "5A"]), max_size=1),
    st.lists(st.sampled_from(["a", "3", "ii"]), max_size=2),
)
def test_what_haven_prints_it_reads(name: str, parts: list[str], number: list[str], points: list[str]) -> None:
    numbers = (name, *parts, *number, *(points if number else []))
    assert NAMES.references(f"Lantern Act, {pinpoint(numbers)}")[0].numbers == numbers


@pytest.mark.parametrize(("one", "other"), [("First Schedule", "Schedule 1"), ("Schedule I", "SCHEDULE 1"), ("Annexe 4", "Annex IV"), ("Schedules", "Schedule")])
def test_the_same_part_is_known_however_it_is_printed(one: str, other: str) -> None:
    assert container.key(one) == container.key(other) is not None


@pytest.mark.parametrize("printed", ["12", "Part I", "Article 3", "preamble", "Annex to the Protocol", ""])
def test_other_numbers_have_no_key(printed: str) -> None:
    assert container.key(printed) is None


@pytest.mark.snapshots
def test_what_haven_prints_of_every_law_held_leads_back_to_it(full: Settings) -> None:
    with closing(Store.open(full)) as store:
        asked = [id for name in store.instruments for id, numbers, _, _, _ in store.contents(name) if numbers and _outside(numbers[0]) and "!" not in id]
        lost = [id for id in asked if id not in {found[0] for found in _led_to(id, store) if found}]
    assert len(asked) > 1500 and len(lost) < 0.05 * len(asked), lost


def _outside(number: str) -> bool:
    return container.outside_body(number) or number.startswith("Protocol (")


def _led_to(id: str, store: Store) -> list[tuple[str, Portion | None] | None]:
    instrument, numbers = split_id(id)
    printed = cite(store.instruments[instrument]["citation"], numbers)
    return [store.resolve(reference.instrument, reference.numbers) for reference in store.names.references(printed) if reference.instrument == instrument]
