"""Pairs of questions that differ in a word or two, one answerable and one not, over all texts held."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kb.answer import ask
from kb.config import Settings
from kb.evaluate import declined
from kb.model import Query
from kb.store import Store

DATA = Path(__file__).parent / "data"
PAIRS = [json.loads(line) for line in (DATA / "near_miss.jsonl").read_text("utf-8").splitlines()]
LATER = [json.loads(line) for line in (DATA / "near_miss_later.jsonl").read_text("utf-8").splitlines()]
REACHED = 19  # of 20, where all 20 were reached: raise it with what is reached, never lower it
REACHED_LATER = 34  # of 40, where 35 were reached: 19 of the 20 that the rules were made on, 16 of the 20 kept apart


def test_the_pairs_differ_in_a_word_or_two() -> None:
    for pair in [*PAIRS, *LATER]:
        mine, theirs = pair["answerable"].split(), pair["unanswerable"].split()
        assert len(set(mine) ^ set(theirs)) <= 10, pair
    assert (len(PAIRS), len(LATER), sum(pair["apart"] for pair in LATER)) == (20, 40, 20)


@pytest.mark.snapshots
@pytest.mark.parametrize(("pairs", "reached"), [(PAIRS, REACHED), (LATER, REACHED_LATER)], ids=["first", "later"])
def test_near_misses_are_told_apart(full: Settings, pairs: list[dict[str, str]], reached: int) -> None:
    store = Store.open(full)
    apart = []
    for pair in pairs:
        answered = not declined(ask(Query(pair["answerable"]), store, full))
        refused = declined(ask(Query(pair["unanswerable"]), store, full))
        apart.append(answered and refused)
        if not apart[-1]:
            print(pair["kind"], pair["answerable"] if not answered else pair["unanswerable"])
    store.close()
    print(f"told apart: {sum(apart)} of {len(apart)}")
    assert sum(apart) >= reached
