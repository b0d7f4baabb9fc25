"""The systems that are measured beside each other, stage by stage, and the tables that compare them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kb.config import Settings
from kb.dense import DenseIndex, build_chroma
from kb.evaluate import NAMES, Path_, Question, by, interval, resamples, run_search, scored
from kb.store import Store

Run = dict[str, list[dict[str, Any]]]
NAIVE = "naive starter"
STRICT = NAMES[:4]
_NO_PLACE = {"jurisdiction_bonus": 0.0, "jurisdiction_malus": 0.0, "treaty_bonus": 0.0}
SYSTEMS: dict[str, dict[str, Any]] = {  # each beside the one above it
    "BM25 alone": {"fusion": "bm25", "surfaces": "passage", "expansion_weight": 0.0, "instrument_bonus": 0.0, **_NO_PLACE},
    "dense alone": {"fusion": "dense", "surfaces": "passage", "expansion_weight": 0.0, "instrument_bonus": 0.0, **_NO_PLACE},
    "everything, fused by equal ranks (RRF)": {"fusion": "rrf"},
    "everything, as in force": {},
}
STAGES: dict[str, dict[str, Any]] = {  # each beside everything
    "without the word index": {"dense_weight": 1.0},
    "without the vectors of whole texts": {"dense_weight": 0.0},
    "without the likeness of single words": {"closeness_weight": 0.0},
    "without the sentence that asks heard apart": {"asking_weight": 0.0},
    "without the query adapter": {"adapter": "off"},
    "without questions as surfaces": {"surfaces": "passage,summary"},
    "without summaries as surfaces": {"surfaces": "passage,question"},
    "passages alone": {"surfaces": "passage"},
    "without the vocabulary's synonyms": {"expansion_weight": 0.0},
    "without whose law is asked for": _NO_PLACE,
    "without which instrument is named": {"instrument_bonus": 0.0},
    "without what other portions lend": {"kin": 0.0},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One system's measures, question by question, plain and strict. Shape: (questions,) each."""

    name: str
    plain: Mapping[str, np.ndarray]
    strict: Mapping[str, np.ndarray]


def lines(questions: Sequence[Question], runs: Mapping[str, Run]) -> list[Line]:
    """The runs, scored, in their order."""
    return [Line(name, scored(questions, run), scored(questions, run, strict=True)) for name, run in runs.items()]


def run_all(
    systems: Mapping[str, Mapping[str, Any]], questions: Sequence[Question], store: Store, settings: Settings, told: Callable[[str], None]
) -> dict[str, Run]:
    """The run of each system by its name; `told` hears which one is running."""
    runs = {}
    for name, changed in systems.items():
        told(name)
        runs[name] = run_search(questions, store, replace(settings, **changed))
    return runs


# tables


def table(found: Sequence[Line]) -> str:
    """Systems in Markdown: the mean of each measure, then the interval of nDCG@10 and its paired gain over the line above."""
    head = ["system", *NAMES, *(f"strict {name}" for name in STRICT), "nDCG@10, 95 %", "gain in nDCG@10 over the line above, 95 %"]
    above = [None, *found[:-1]]
    rows = [[*_means(line), _interval(line.plain["nDCG@10"]), _gain(line, other)] for line, other in zip(found, above, strict=True)]
    return markdown(head, rows)


def ablation(whole: Line, parts: Sequence[Line]) -> str:
    """Stages in Markdown: what is lost, question by question, where each is left out."""
    head = ["system", *NAMES, *(f"strict {name}" for name in STRICT), "nDCG@10 against everything, 95 %", "recall@10 against everything, 95 %"]
    rows = [[*_means(line), _gain(line, whole), _gain(line, whole, "recall@10")] for line in (*parts, whole)]
    return markdown(head, rows)


def splits(questions: Sequence[Question], line: Line, keys: Mapping[str, Callable[[Question], str]]) -> str:
    """One system's means by each key, in one Markdown table."""
    place = {question.id: number for number, question in enumerate(questions)}
    rows = []
    for what, key in keys.items():
        for name, group in by(questions, key).items():
            chosen = [place[question.id] for question in group]
            rows.append([what, name, str(len(group)), *(f"{line.plain[measure][chosen].mean():.3f}" for measure in NAMES)])
    return markdown(["split by", "", "questions", *NAMES], rows)


def shares_table(shares: Mapping[str, float]) -> str:
    """Shares in Markdown."""
    return markdown(["share", ""], [[name, f"{value:.3f}"] for name, value in shares.items()])


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])


def _means(line: Line) -> list[str]:
    return [line.name, *(f"{line.plain[name].mean():.3f}" for name in NAMES), *(f"{line.strict[name].mean():.3f}" for name in STRICT)]


def _interval(values: np.ndarray) -> str:
    low, high = interval(values, resamples(len(values)))
    return f"{low:.3f} to {high:.3f}"


def _gain(line: Line, other: Line | None, measure: str = "nDCG@10") -> str:
    """The paired difference of two systems over the same resamples; empty for a system beside itself."""
    if other is None or line is other:
        return ""
    difference = line.plain[measure] - other.plain[measure]
    low, high = interval(difference, resamples(len(difference)))
    return f"{difference.mean():+.3f} ({low:+.3f} to {high:+.3f})"


# the naive starter


def run_naive(questions: Sequence[Question], store: Store, chars: int = 1000, depth: int = 10) -> Run:
    """The hits of the naive starter: chunks of fixed length without overlap, the bare model, plain Chroma.

    A chunk counts as the section that holds most of it. The model reads the first 256 tokens of a chunk, as it does by default.
    """
    chunks = [chunk for instrument in store.instruments for chunk in _fixed_chunks(store, instrument, chars)]
    texts = [_readable(store, text) for text, _, _ in chunks]
    vectors = store.embedder.embed(texts)
    found: Run = {}
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
