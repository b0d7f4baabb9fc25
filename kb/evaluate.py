"""Qrels + run -> scores, by the matching rule of the development questions, plain and strict."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import ir_measures
from ir_measures import RR, Success, nDCG

from kb.config import Settings
from kb.dense import DenseIndex, build_chroma
from kb.errors import QueryError
from kb.model import Filters, Query
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
    questions = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            gold = tuple((g["instrument"], tuple(g["numbers"]), int(g["grade"])) for g in row.get("gold", ()))
            questions.append(Question(row["id"], row["query"], row.get("style") or row.get("kind") or "", row.get("group") or "", gold))
        except (ValueError, KeyError, TypeError) as exc:
            raise QueryError(f"{path}:{number}: not a judged question") from exc
    return questions


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


def interval(values: Sequence[float], seed: int = 7, draws: int = 1000) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean over questions."""
    chance = random.Random(seed)
    means = sorted(fmean(chance.choices(values, k=len(values))) for _ in range(draws))
    return means[int(0.025 * draws)], means[int(0.975 * draws) - 1]


def by(questions: Sequence[Question], key: Callable[[Question], str]) -> dict[str, list[Question]]:
    """The questions in groups, by name of the group."""
    groups: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        groups[key(question)].append(question)
    return dict(sorted(groups.items()))


def declined(answer: dict[str, Any]) -> bool:
    """Whether an answer declines: any status but supported, or partial with the note that the text is not held."""
    status = answer["status"]
    return status not in ("supported", "partial") or (status == "partial" and "text-not-held" in answer["notes"])


# systems under test


def run_search(questions: Sequence[Question], store: Store, settings: Settings, summaries: bool = True) -> dict[str, list[dict[str, Any]]]:
    """The hits of each question under these settings, by question id, as the measures read them."""
    filters = Filters(summaries=summaries)
    found = {}
    for question in questions:
        hits = search(Query(question.query, filters), store, settings)
        found[question.id] = [{"instrument": hit.instrument, "numbers": hit.numbers} for hit in hits]
    return found


def run_naive(questions: Sequence[Question], store: Store, chars: int = 1000, depth: int = 10) -> dict[str, list[dict[str, Any]]]:
    """The hits of the naive starter: chunks of fixed length without overlap, the bare model, plain Chroma.

    A chunk counts as the section that holds most of it. The model reads the first 256 tokens of a chunk, as it does by default.
    """
    import tempfile

    chunks = [chunk for instrument in store.instruments for chunk in _fixed_chunks(store, instrument, chars)]
    texts = [_readable(store, text) for text, _, _ in chunks]
    vectors = store.embedder.embed(texts)
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        build_chroma(Path(folder) / "naive", vectors)
        dense = DenseIndex(vectors, Path(folder) / "naive", exact_below=0)
        for question in questions:
            rows, _ = dense.nearest(store.embedder.embed_query(question.query), depth)
            found[question.id] = [{"instrument": chunks[row][1], "numbers": chunks[row][2]} for row in rows.tolist()]
        dense.close()
    return found


def _fixed_chunks(store: Store, instrument: str, chars: int) -> Iterable[tuple[str, str, Path_]]:
    """(text, instrument, numbers) of fixed-length chunks over an instrument's whole text."""
    whole, owners = "", []
    for id, numbers, heading, _, _ in store.contents(instrument):
        piece = f"{heading}\n{store.provision(id).provision.text}\n"
        owners.append((len(whole), len(whole) + len(piece), numbers))
        whole += piece
    for start in range(0, len(whole), chars):
        end = min(start + chars, len(whole))
        most = max(owners, key=lambda owner: min(end, owner[1]) - max(start, owner[0]))
        yield whole[start:end], instrument, most[2]


def _readable(store: Store, text: str) -> str:
    spans = store.embedder.token_spans(text)
    room = store.settings.max_tokens - 2
    return text if len(spans) <= room else text[: spans[room - 1][1]]


SYSTEMS = {
    "BM25 alone": {"fusion": "bm25"},
    "dense alone": {"fusion": "dense"},
    "fused, equal ranks (RRF)": {"fusion": "rrf"},
    "fused, weighted scores": {"fusion": "weighted"},
}


def table(rows: Sequence[tuple[str, dict[str, float], dict[str, float]]]) -> str:
    """A Markdown table of systems: plain measures, then strict ones."""
    head = [*NAMES, *(f"strict {name}" for name in NAMES[:4])]
    lines = ["| system | " + " | ".join(head) + " |", "|---|" + "---|" * len(head)]
    for name, plain, strict in rows:
        cells = [f"{plain[measure]:.3f}" for measure in NAMES] + [f"{strict[measure]:.3f}" for measure in NAMES[:4]]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def answer_shares(questions: Sequence[Question], answers: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Over answerable questions: the share wrongly declined, and the share whose citations include a provision that answers."""
    wrong = [declined(answer) for answer in answers]
    cites = [
        any(matches(c["instrument"], c["numbers"], entry) for c in answer["citations"] for entry in question.gold if entry[2] == 2)
        for question, answer in zip(questions, answers, strict=True)
    ]
    return {"answerable wrongly declined": fmean(wrong), "answers citing a gold provision": fmean(cites)}
