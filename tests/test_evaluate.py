"""The matching rule, the measures, and the figures that must hold over the official texts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest import benchmark, catalogue
from kb.ablation import STAGES, SYSTEMS, Line, ablation, lines, run_all, splits, table
from kb.answer import ask
from kb.config import ROOT, Settings
from kb.errors import QueryError, SourceError
from kb.evaluate import (
    NAMES,
    Question,
    answer_shares,
    byte_exact,
    credited,
    declined,
    declined_by_kind,
    interval,
    matches,
    mean_scores,
    measure,
    point_shares,
    read_judged,
    read_points,
    resamples,
    run_search,
    score,
)
from kb.model import Answer, Query
from kb.search import search
from kb.store import Store
from tests import library

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
    path.write_bytes(b'{"id": "a", "query": "\xff"}\n')
    for unreadable in (path, tmp_path / "none.jsonl"):
        with pytest.raises(QueryError, match="cannot be read"):
            read_judged(unreadable)
    path.write_text('{"id": "a", "query": "one\u2028two"}\n\n', "utf-8")  # a line separator within a question parts no lines
    assert [question.query for question in read_judged(path)] == ["one\u2028two"]


def _answer(status: str, *notes: str) -> Answer:
    return Answer("?", status, (), (), {}, notes)


def test_what_counts_as_declined() -> None:
    assert declined(_answer("not-held")) and declined(_answer("partial", "text-not-held"))
    assert not declined(_answer("partial")) and not declined(_answer("supported", "text-not-held"))


def test_the_share_declined_is_told_by_kind() -> None:
    asked = [Question("a", "?", "not-held", "", ()), Question("b", "?", "injection", "", ()), Question("c", "?", "injection", "", ())]
    shares = declined_by_kind(asked, [_answer("not-held"), _answer("refused"), _answer("supported")])
    assert shares == {"unanswerable declined": pytest.approx(2 / 3), "unanswerable declined, injection": 0.5, "unanswerable declined, not-held": 1}


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = np.array([0.0, 1.0] * 10), np.array([0.0, 1.0] * 200)
    low, high = interval(few, resamples(20))
    assert 0.2 < low < 0.5 < high < 0.8 and interval(few, resamples(20)) == (low, high)
    closer = interval(many, resamples(400))
    assert closer[1] - closer[0] < (high - low) / 3


def test_a_paired_difference_is_surer_than_two_intervals() -> None:
    """A system that is a little better on every question is better for certain, though both intervals are wide."""
    worse = {name: np.linspace(0, 0.9, 30) for name in NAMES}
    better = {name: values + 0.1 for name, values in worse.items()}
    shown = table([Line("worse", worse, worse), Line("better", better, better)])
    assert "+0.100 (+0.100 to +0.100)" in shown.splitlines()[-1] and "+" not in shown.splitlines()[-2]
    assert "-0.100 (-0.100 to -0.100)" in ablation(Line("better", better, better), [Line("worse", worse, worse)])


def test_splits_count_their_questions() -> None:
    asked = [Question("a", "?", "plain", "", ()), Question("b", "?", "typo", "", ())]
    values = {name: np.array([0.25, 0.75]) for name in NAMES}
    shown = splits(asked, Line("x", values, values), {"style": lambda q: q.style})
    assert "| style | typo | 1 | 0.750" in shown and "| style | plain | 1 | 0.250" in shown


def test_measures_come_from_the_library_by_name() -> None:
    qrels, run = {"q": {"d": 1, "e": 1}, "none": {"f": 1}}, {"q": {"x": 3.0, "d": 2.0}}
    assert measure(("R@5", "RR@10", "Success@1"), qrels, run) == {"R@5": 0.25, "RR@10": 0.25, "Success@1": 0}


def test_every_system_changes_a_setting_that_exists(tiny: Settings, tiny_store: Store) -> None:
    asked = [Question("q", "May an employer keep the passport of a deck hand?", "plain", "", ((library.HARBOUR, ("1",), 2),))]
    told: list[str] = []
    found = lines(asked, run_all({**SYSTEMS, **STAGES}, asked, tiny_store, tiny, told.append))
    assert told == [line.name for line in found] == [*SYSTEMS, *STAGES]
    assert all(line.plain["recall@10"][0] == 1 for line in found)


def test_surfaces_left_out_are_not_found(tiny: Settings, tiny_store: Store) -> None:
    asked = Query("Where may a ghost live?")
    assert search(asked, tiny_store, tiny)[0].instrument == library.GHOST
    alone = search(asked, tiny_store, replace(tiny, surfaces="passage"))
    assert alone and all(hit.kind == "text" for hit in alone)


def test_a_quotation_that_is_not_in_the_record_is_seen(tiny: Settings, tiny_store: Store) -> None:
    answer = ask(Query("May an employer keep the passport of a deck hand?"), tiny_store, tiny)
    cited = next(cited for cited in answer.citations if cited.kind == "text")
    assert all(byte_exact(cited, tiny_store))
    assert not all(byte_exact(replace(cited, quote=cited.quote.replace("employer", "employee")), tiny_store))
    assert not any(byte_exact(replace(cited, digest="0" * 64), tiny_store))
    asked = [Question("q", "?", "plain", "", ((cited.instrument, cited.numbers, 2),))]
    shares = answer_shares(asked, [answer], tiny_store)
    assert shares == {"answerable wrongly declined": 0, "answers citing a gold provision": 1, "quoted sentences byte-exact": 1}


def test_judged_points_are_counted_by_cause(tmp_path: Path) -> None:
    path = tmp_path / "points.jsonl"
    rows = [("a", True, "Act, s. 1", None), ("b", False, None, "cut short"), ("c", False, None, "not cited"), ("d", False, None, "not cited")]
    path.write_text("".join(json.dumps({"id": i, "point": 1, "covered": c, "citation": q, "cause": w}) + "\n" for i, c, q, w in rows))
    assert point_shares(read_points(path)) == {
        "answer points covered by the quotes": 0.25,
        "answer points missed, cut short": 0.25,
        "answer points missed, not cited": 0.5,
    }
    path.write_text('{"id": "a", "point": 1, "covered": true, "citation": null, "cause": null}\n')
    with pytest.raises(QueryError, match="points.jsonl:1"):
        read_points(path)


@pytest.mark.snapshots
def test_every_answer_point_of_the_development_questions_is_judged_once(questions: Path) -> None:
    rows = [json.loads(line) for line in (questions / "dev.jsonl").read_text("utf-8").splitlines()]
    judged = [(point.id, point.point) for point in read_points(ROOT / "docs" / "reviews" / "answer-points.jsonl")]
    assert judged == [(row["id"], number) for row in rows for number in range(1, len(row["answer_points"]) + 1)]


BEIR = ("A ferryman may charge a toll.", "The lamp must be lit at dusk.", "Passengers keep their own tickets.", "")


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "harbours"
    (folder / "qrels").mkdir(parents=True)
    corpus = ({"_id": f"d/{n}", "title": "", "text": text} for n, text in enumerate(BEIR))
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    (folder / "queries.dev.jsonl").write_text('{"_id": "q1", "text": "When is the lamp lit?"}\n{"_id": "q2", "text": "toll of the ferryman"}\n{"_id": "q3", "text": "x"}\n')
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td/1\t1\nq2\td/0\t1\n")
    return folder


def test_a_benchmark_is_indexed_apart_and_scored(beir: Path, tiny: Settings, tmp_path: Path) -> None:
    settings = library.settings_for(tmp_path, corpus=tiny.corpus)
    first = benchmark.settings_for(beir, settings)
    first.index_dir.mkdir(parents=True)
    (first.index_dir / "models").symlink_to(library.CACHE / "models")
    own = benchmark.prepare(beir, settings, library.quiet)
    assert own == first and own.index_dir.is_relative_to(settings.index_dir / "benchmarks")
    store = Store.open(own)
    try:
        assert store.manifest["counts"]["provisions"] == 3 and set(store.instruments) == {benchmark.INSTRUMENT}
        for fusion in benchmark.SYSTEMS.values():
            found = benchmark.scores(beir, "dev", store, replace(own, fusion=fusion))
            assert set(found) == set(benchmark.MEASURES) and found["Success@1"] == found["R@5"] == 1
    finally:
        store.close()


def test_a_benchmark_that_is_none_is_named(beir: Path) -> None:
    (beir / "corpus.jsonl").write_text('{"_id": 1}\n')
    with pytest.raises(SourceError, match="corpus.jsonl:1"):
        list(benchmark.wordings(beir / "corpus.jsonl"))
    with pytest.raises(SourceError, match="test.tsv"):
        benchmark.judgements(beir, "test")


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
