"""A hundred questions as they come in at a desk, written by someone who had not seen the summaries: do the summaries alone lead to the law?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ingest import catalogue
from kb.config import ROOT, Settings
from kb.evaluate import matches
from kb.model import Hit, Query
from kb.search import search
from kb.store import Store

QUESTIONS = ROOT / "tests" / "data" / "everyday.jsonl"
FIELDS = {"id", "query", "style", "language", "answers", "why"}
STYLES = {"worker", "caseworker", "lawyer", "student"}
LEAST_SPANISH = 10
WITHIN = 3  # ranks that a reader in a hurry looks at
LEAST_WITHIN = 90  # of the hundred


@pytest.fixture(scope="module")
def questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def store(summaries_only: Settings) -> Iterator[Store]:
    opened = Store.open(summaries_only)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def ranks(questions: list[dict[str, Any]], store: Store, summaries_only: Settings) -> dict[str, int | None]:
    """By question, the rank of the first hit that answers it; None where no hit does."""
    return {row["id"]: first_rank(search(Query(row["query"]), store, summaries_only), row["answers"]) for row in questions}


def first_rank(hits: list[Hit], answers: list[list[Any]]) -> int | None:
    """The rank of the first hit on an answering provision, or on a part or the whole of it."""
    gold = [(instrument, tuple(numbers), 2) for instrument, numbers in answers]
    return next((hit.rank for hit in hits if any(matches(hit.instrument, hit.numbers, entry) for entry in gold)), None)


def table_of(misses: list[dict[str, Any]], ranks: dict[str, int | None]) -> str:
    """A line a miss: its id, the rank found (- for none) and the question."""
    return "\n".join(f"{row['id']}  {ranks[row['id']] or '-':>2}  {row['query']}" for row in misses)


def test_a_hundred_questions_with_every_field(questions):
    assert len(questions) == 100
    assert len({row["id"] for row in questions}) == len({row["query"] for row in questions}) == 100
    assert [row["id"] for row in questions if row.keys() != FIELDS or not (row["query"].strip() and row["answers"] and row["why"].strip())] == []


def test_styles_and_languages_are_known(questions):
    assert {row["style"] for row in questions} == STYLES
    assert {row["language"] for row in questions} == {"en", "es"}
    assert sum(row["language"] == "es" for row in questions) >= LEAST_SPANISH


def test_every_answer_names_an_instrument_and_its_numbers(questions):
    known = catalogue.instruments(ROOT / "corpus" / "catalogue")
    answers = [(row["id"], instrument, numbers) for row in questions for instrument, numbers in row["answers"]]
    assert [(id, instrument) for id, instrument, _ in answers if instrument not in known] == []
    assert [id for id, _, numbers in answers if not all(isinstance(number, str) and number for number in numbers)] == []


def test_first_rank_wants_the_provision_not_its_neighbour(questions, store, summaries_only):
    hits = search(Query(questions[0]["query"]), store, summaries_only)
    first = hits[0]
    assert first_rank(hits, [[first.instrument, list(first.numbers)]]) == 1
    assert first_rank(hits[:1], [[first.instrument, ["no such number"]]]) is None
    assert first_rank(hits[:1], [["int/no-such-treaty", list(first.numbers)]]) is None


def test_summaries_alone_lead_to_the_law(questions, ranks):
    misses = [row for row in questions if (ranks[row["id"]] or WITHIN + 1) > WITHIN]
    print(f"\n{len(questions) - len(misses)} of {len(questions)} within rank {WITHIN}; first: {sum(rank == 1 for rank in ranks.values())}")
    print(table_of(misses, ranks))
    assert len(questions) - len(misses) >= LEAST_WITHIN, f"missed, with the rank found:\n{table_of(misses, ranks)}"
