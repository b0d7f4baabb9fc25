"""The matching rule, the measures, and the figures that must hold over the official texts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ingest import catalogue
from kb.answer import ask
from kb.config import ROOT, Settings
from kb.errors import QueryError
from kb.evaluate import Question, credited, declined, matches, mean_scores, read_judged, run_search, score
from kb.model import Query
from kb.store import Store

GOLD = (("us/usc/t8", ("1101", "a", "15", "T"), 2), ("us/usc/t8", ("1184", "o"), 1), ("us/guidance/x", (), 2))
ASKED = Question("q", "?", "plain", "worker", GOLD)


def _hit(instrument: str, *numbers: str) -> dict:
    return {"instrument": instrument, "numbers": numbers}


@pytest.mark.parametrize(
    ("numbers", "plain", "strict"),
    [
        (("1101", "a", "15", "T", "i"), True, True),
        (("1101", "a", "15", "T"), True, True),
        (("1101", "a"), True, False),
        (("1101", "a", "15", "U"), False, False),
        (("1101", "A", "15", "T"), False, False),
        ((), False, False),
    ],
)
def test_one_path_must_be_a_prefix_of_the_other(numbers: tuple[str, ...], plain: bool, strict: bool) -> None:
    assert matches("us/usc/t8", numbers, GOLD[0]) is plain
    assert matches("us/usc/t8", numbers, GOLD[0], strict=True) is strict
    assert not matches("us/usc/t22", numbers, GOLD[0])


def test_any_part_of_a_sheet_matches_it() -> None:
    assert matches("us/guidance/x", (), GOLD[2]) and matches("us/guidance/x", ("1",), GOLD[2])


def test_a_gold_entry_is_credited_once_to_the_first_hit() -> None:
    assert credited([_hit("us/usc/t8", "1101"), _hit("us/usc/t8", "1101", "a", "15", "T")], GOLD) == [[0], []]


def test_measures_of_a_perfect_and_of_an_empty_run() -> None:
    best = score(ASKED, [_hit("us/usc/t8", "1101", "a", "15", "T"), _hit("us/guidance/x"), _hit("us/usc/t8", "1184", "o", "7")])
    assert best == pytest.approx({"nDCG@10": 1, "MRR@10": 1, "Success@1": 1, "recall@5": 1, "recall@10": 1})
    assert set(score(ASKED, []).values()) == {0.0}


def test_measures_of_a_late_hit() -> None:
    late = score(ASKED, [_hit("x")] * 6 + [_hit("us/guidance/x")])
    assert late["recall@5"] == 0 and late["recall@10"] == 0.5 and late["MRR@10"] == pytest.approx(1 / 7)


def test_a_faulty_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "a", "query": "b"}\n{"id": 3\n')
    with pytest.raises(QueryError, match="q.jsonl:2"):
        read_judged(path)


def test_what_counts_as_declined() -> None:
    assert declined({"status": "not-held", "notes": []}) and declined({"status": "partial", "notes": ["text-not-held"]})
    assert not declined({"status": "partial", "notes": []}) and not declined({"status": "supported", "notes": ["text-not-held"]})


@pytest.fixture(scope="module")
def store(full: Settings):
    opened = Store.open(full)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def questions(snapshots: Path) -> Path:
    return snapshots.parent / "questions"


@pytest.mark.snapshots
def test_development_questions_reach_what_the_issue_asks(full: Settings, store: Store, questions: Path) -> None:
    judged = read_judged(questions / "dev.jsonl")
    run = run_search(judged, store, full)
    plain, strict = mean_scores(judged, run), mean_scores(judged, run, strict=True)
    assert plain["nDCG@10"] >= 0.55 and plain["recall@5"] >= 0.60 and plain["recall@10"] >= 0.72 and strict["recall@10"] >= 0.55


@pytest.mark.snapshots
def test_quotes_of_development_answers_are_byte_exact(full: Settings, store: Store, questions: Path) -> None:
    for question in read_judged(questions / "dev.jsonl"):
        for cited in ask(Query(question.query), store, full).citations:
            if cited.kind == "text":
                assert store.provision(cited.provision_id).provision.text[cited.start : cited.end] == cited.quote


@pytest.mark.snapshots
def test_our_questions_are_not_the_evaluation_questions(store: Store, questions: Path) -> None:
    """None of our questions lies nearer than a cosine of .85 to one that we are measured with."""
    lines = [line for name in ("dev", "dev-unanswerable") for line in (questions / f"{name}.jsonl").read_text("utf-8").splitlines()]
    asked = store.embedder.embed([json.loads(line)["query"] for line in lines])
    rows = np.flatnonzero(store.columns["surface"] == "question")
    nearest = (store.vectors[rows] @ asked.T).max(axis=1)
    near = [store.surfaces[row].passage_id for row in rows[nearest > 0.85]]
    assert not near, f"too near to an evaluation question: {near}"


def test_questions_are_enough_and_of_every_language() -> None:
    summaries = catalogue.summaries(ROOT / "corpus" / "summaries")
    written = catalogue.questions(ROOT / "corpus" / "questions")
    asked = {(s.instrument, s.numbers): list(s.questions) for s in summaries if s.checked_against}
    for instrument, numbers, texts in written:
        asked.setdefault((instrument, numbers), []).extend(texts)
    enough = [texts for texts in asked.values() if len(texts) >= 3]
    every = [text for texts in enough for text in texts]
    assert len(enough) >= 2500
    assert sum("¿" in text or "¡" in text for text in every) >= len(every) / 5
