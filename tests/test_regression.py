"""Spanish questions and citations as people write them, over all official texts: written from the law, apart from the development questions.

A question's gold lists every provision that answers it; `pytest -s` prints the share found and what was missed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb.citation import cite
from kb.config import Settings
from kb.evaluate import Question, mean_scores, read_judged, run_search, score
from kb.store import Store

DATA = Path(__file__).parent / "data"
SPANISH, CITATIONS = read_judged(DATA / "spanish.jsonl"), read_judged(DATA / "citations.jsonl")
# a number as articles and sections have it; ranges of repealed sections and letters set apart ("L312-1 A") are not typed as citations
_ARTICLE = re.compile(r"[LRD]?[A-Z]?\d[\w.\-]*(?: (?:bis|ter|quáter|quinquies))?")


@pytest.fixture(scope="module")
def store(full: Settings):
    opened = Store.open(full)
    yield opened
    opened.close()


def test_the_sets_are_large_enough_and_name_each_question_once() -> None:
    assert len(SPANISH) >= 60 and len(CITATIONS) >= 100
    asked = [question.query for question in (*SPANISH, *CITATIONS)]
    assert len(set(asked)) == len(asked)


@pytest.mark.snapshots
@pytest.mark.parametrize("judged", [SPANISH, CITATIONS], ids=["spanish", "citations"])
def test_every_provision_that_answers_is_held(store: Store, judged: list[Question]) -> None:
    assert not [(q.id, gold) for q in judged for gold in q.gold if store.resolve(gold[0], gold[1]) is None]


@pytest.mark.snapshots
def test_citations_in_every_jurisdiction_held(store: Store) -> None:
    cited = {store.instruments[q.gold[0][0]]["jurisdiction"] for q in CITATIONS}
    held = {entry["jurisdiction"] for entry in store.instruments.values() if entry["held"]}
    assert held - cited <= {"nl"}, "the Dutch instruction has no numbers that people cite"


@pytest.mark.snapshots
def test_a_citation_finds_its_provision_first(full: Settings, store: Store) -> None:
    run = run_search(CITATIONS, store, full)
    missed = [(q.query, run[q.id][:1]) for q in CITATIONS if tuple(run[q.id][0]["numbers"]) != q.gold[0][1] or run[q.id][0]["instrument"] != q.gold[0][0]]
    assert not missed


@pytest.mark.snapshots
def test_spanish_questions_find_the_law(full: Settings, store: Store) -> None:
    run = run_search(SPANISH, store, full)
    scores = mean_scores(SPANISH, run)
    missed = [q.id for q in SPANISH if score(q, run[q.id])["recall@10"] < 1]
    print({name: round(value, 3) for name, value in scores.items()}, "not found in full:", *missed)
    assert scores["recall@10"] >= 0.50


@pytest.mark.snapshots
def test_what_we_print_as_a_citation_is_read_back(store: Store) -> None:
    """The printed citation of every article and section of every text held leads to it and to nothing else."""
    lost = []
    for id, entry in store.instruments.items():
        for _, numbers, _, _, _ in store.contents(id) if entry["held"] else ():
            if len(numbers) == 1 and _ARTICLE.fullmatch(numbers[0]):
                found = {(r.instrument, r.numbers) for r in store.names.references(cite(entry["citation"], numbers))}
                lost += [] if found == {(id, numbers)} else [(id, numbers, found)]
    assert not lost
