"""Qrels + run -> scores, by the matching rule of the development questions, plain and strict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, Success, nDCG

from kb.answer import TEXT_NOT_HELD
from kb.config import Settings
from kb.extract import sentences
from kb.model import Answer, Cited, Filters, Query
from kb.report import read_lines
from kb.search import search
from kb.store import Store

Path_ = tuple[str, ...]
_MEASURES = {"nDCG@10": nDCG @ 10, "MRR@10": RR(rel=2) @ 10, "Success@1": Success(rel=2) @ 1}
NAMES = ("recall@5", "recall@10", "MRR@10", "nDCG@10", "Success@1")


@dataclass(frozen=True, slots=True)
class Question:
    """One judged question: `gold` holds (instrument, number path, grade)."""

    id: str
    query: str
    style: str
    group: str
    gold: tuple[tuple[str, Path_, int], ...]


def read_judged(path: Path) -> list[Question]:
    """The questions of a file in the layout of the development questions.

    Raises: QueryError, with file and line, where a line is not such a question.
    """
    return read_lines(path, "a judged question", _question)


def _question(row: Any) -> Question:
    gold = tuple((g["instrument"], tuple(g["numbers"]), int(g["grade"])) for g in row.get("gold", ()))
    return Question(row["id"], row["query"], row.get("style") or row.get("kind") or "", row.get("group") or "", gold)


@dataclass(frozen=True, slots=True)
class Point:
    """One fact that a right answer must contain, as judged against the quotes shown; `cause` says why it is missing."""

    id: str
    point: str
    covered: bool
    citation: str | None
    cause: str | None


def matches(instrument: str, numbers: Sequence[str], gold: tuple[str, Path_, int], strict: bool = False) -> bool:
    """Whether a hit matches a gold entry: same instrument, one path a prefix of the other, agreeing down to the section.

    Strictly, a hit whose path is shorter than the gold path does not match. An empty gold path is a whole sheet.
    Source: questions/README.md, CONTRACT.md "Hits".
    """
    if instrument != gold[0]:
        return False
    path = gold[1]
    if not path:
        return True
    if not numbers or (strict and len(numbers) < len(path)):
        return False
    shared = min(len(numbers), len(path))
    return tuple(numbers[:shared]) == path[:shared]


def credited(hits: Sequence[dict[str, Any]], gold: Sequence[tuple[str, Path_, int]], strict: bool = False) -> list[list[int]]:
    """For each hit the gold entries (by position) that it is the first to match."""
    taken: set[int] = set()
    shares = []
    for hit in hits:
        new = [i for i, entry in enumerate(gold) if i not in taken and matches(hit["instrument"], hit["numbers"], entry, strict)]
        taken.update(new)
        shares.append(new)
    return shares


def score(question: Question, hits: Sequence[dict[str, Any]], strict: bool = False) -> dict[str, float]:
    """The measures of one question. nDCG, MRR and Success come from ir-measures; a hit stands there for the best entry it is credited with."""
    shares = credited(hits[:10], question.gold, strict)
    answers = {i for i, entry in enumerate(question.gold) if entry[2] == 2}
    run, qrels = {}, {f"g{i}": entry[2] for i, entry in enumerate(question.gold)}
    for rank, new in enumerate(shares):
        best = min(new, key=lambda i: (-question.gold[i][2], i)) if new else None
        run[f"g{best}" if best is not None else f"x{rank}"] = float(100 - rank)
    found = ir_measures.calc_aggregate(list(_MEASURES.values()), {question.id: qrels}, {question.id: run or {"none": 1.0}})
    scores = {name: float(found[measure]) for name, measure in _MEASURES.items()}
    for depth in (5, 10):
        seen = {i for new in shares[:depth] for i in new}
        scores[f"recall@{depth}"] = len(seen & answers) / len(answers) if answers else 0.0
    return scores


def mean_scores(questions: Iterable[Question], runs: dict[str, Sequence[dict[str, Any]]], strict: bool = False) -> dict[str, float]:
    """Each measure's mean over the questions."""
    scores = [score(question, runs.get(question.id, ()), strict) for question in questions]
    return {name: fmean(s[name] for s in scores) if scores else 0.0 for name in NAMES}


def scored(questions: Sequence[Question], run: dict[str, Sequence[dict[str, Any]]], strict: bool = False) -> dict[str, np.ndarray]:
    """Each measure of every question, in the order of the questions. Shape: (questions,) each."""
    rows = [score(question, run.get(question.id, ()), strict) for question in questions]
    return {name: np.array([row[name] for row in rows]) for name in NAMES}


def resamples(size: int, seed: int = 7, draws: int = 2000) -> np.ndarray:
    """Questions drawn with replacement, the same for every system that is compared. Shape: (draws, size)."""
    return np.random.default_rng(seed).integers(size, size=(draws, size))


def interval(values: np.ndarray, drawn: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean over questions; of the difference of two systems where the values are differences."""
    low, high = np.quantile(values[drawn].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def by(questions: Sequence[Question], key: Callable[[Question], str]) -> dict[str, list[Question]]:
    """The questions in groups, by name of the group."""
    groups: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        groups[key(question)].append(question)
    return dict(sorted(groups.items()))


def first_gold(question: Question, store: Store) -> dict[str, Any]:
    """The catalogue's entry of the first instrument that answers a question; "" for jurisdiction and kind where it has none."""
    answers = [entry[0] for entry in question.gold if entry[2] == 2]
    return store.instruments.get(answers[0] if answers else "", {"jurisdiction": "", "kind": ""})


def declined(answer: Answer) -> bool:
    """Whether an answer declines: any status but supported, or partial with the note that the text is not held."""
    return answer.status not in ("supported", "partial") or (answer.status == "partial" and TEXT_NOT_HELD in answer.notes)


def measure(names: Sequence[str], qrels: dict[str, dict[str, int]], run: dict[str, dict[str, float]]) -> dict[str, float]:
    """The mean of each measure, named as ir-measures names them; a question without hits scores zero.

    Shape: qrels and run by question, then by document.
    """
    parsed = {ir_measures.parse_measure(name): name for name in names}
    whole = {id: run.get(id) or {"": 0.0} for id in qrels}
    return {parsed[found]: float(value) for found, value in ir_measures.calc_aggregate(list(parsed), qrels, whole).items()}


# systems under test


def run_search(questions: Sequence[Question], store: Store, settings: Settings, summaries: bool = True) -> dict[str, list[dict[str, Any]]]:
    """The hits of each question under these settings, by question id, as the measures read them."""
    filters = Filters(summaries=summaries)
    found = {}
    for question in questions:
        hits = search(Query(question.query, filters), store, settings)
        found[question.id] = [{"instrument": hit.instrument, "numbers": hit.numbers} for hit in hits]
    return found


def answer_shares(questions: Sequence[Question], answers: Sequence[Answer], store: Store) -> dict[str, float]:
    """Over answerable questions: the share wrongly declined, of answers that cite a provision that answers, and of sentences quoted byte for byte."""
    cites = [
        any(matches(cited.instrument, cited.numbers, entry) for cited in answer.citations for entry in question.gold if entry[2] == 2)
        for question, answer in zip(questions, answers, strict=True)
    ]
    exact = [found for answer in answers for cited in answer.citations if cited.kind == "text" for found in byte_exact(cited, store)]
    return {
        "answerable wrongly declined": fmean(map(declined, answers)),
        "answers citing a gold provision": fmean(cites),
        "quoted sentences byte-exact": fmean(exact) if exact else 0.0,
    }


def byte_exact(cited: Cited, store: Store) -> list[bool]:
    """For each sentence of a quotation whether the record, read again, has these bytes at this place."""
    text = next((v.provision.text for v in store.versions(cited.provision_id) if v.digest == cited.digest), "")
    words = cited.quote
    return [
        text[cited.start + start : cited.start + end].encode("utf-8") == words[start:end].encode("utf-8")
        for start, end in sentences(words, 0, len(words))
    ]


def declined_by_kind(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, float]:
    """The share of unanswerable questions declined, of all and by the kind of question."""
    given = [(question.style, declined(answer)) for question, answer in zip(questions, answers, strict=True)]
    shares = {"unanswerable declined": fmean(done for _, done in given)}
    for kind in sorted({kind for kind, _ in given}):
        shares[f"unanswerable declined, {kind}"] = fmean(done for k, done in given if k == kind)
    return shares


def read_points(path: Path) -> list[Point]:
    """The judgements of a file, a line each (docs/answer-points.md).

    Raises: QueryError, with file and line, for a line that is none.
    """
    return read_lines(path, "a judgement with id, point, covered, citation and cause", _point)


def _point(row: Any) -> Point:
    if row["covered"] != (row["cause"] is None) or (row["covered"] and not row["citation"]):
        raise ValueError("a covered point names its citation, another its cause")
    return Point(row["id"], row["point"], row["covered"], row["citation"], row["cause"])


def point_shares(points: Sequence[Point]) -> dict[str, float]:
    """The share of answer points covered by the quotes shown, and of all points the share missed by each cause."""
    shares = {"answer points covered by the quotes": fmean(point.covered for point in points) if points else 0.0}
    for cause in sorted({point.cause for point in points if point.cause}):
        shares[f"answer points missed, {cause}"] = fmean(point.cause == cause for point in points)
    return shares
