"""The questions in the corpus -> the query adapter: questions learn to lie near the law that answers them (kb/adapter.py uses it).

The vectors of the law stay as they are, so no index is built anew. A question is compared with all passages and with all other questions and summaries; what
speaks of the portion that it was written for counts as right, everything else that was drawn as wrong.
Source: the softmax over sampled negatives of Karpukhin et al., "Dense Passage Retrieval", EMNLP 2020, with several right answers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn.functional import normalize

from kb.adapter import NAME
from kb.citation import in_line
from kb.store import Store

EPOCHS = 4
BATCH = 256
LEARNING_RATE = 2e-3
DECAY = 0.01
TEMPERATURE = 0.05
PASSAGE_SHARE = 0.3  # of the loss; the rest comes from other questions and summaries of the same portion
DRAWN = (8000, 5000)  # passages, and questions with summaries, that a batch is compared with
TESTED = 400  # questions of each fold, drawn once

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Side:
    """One kind of surface that questions are compared with. Shape: vectors (rows, dimensions), units (rows,)."""

    vectors: torch.Tensor
    units: torch.Tensor
    place: dict[int, int]  # a row of the index -> its row here


@dataclass(frozen=True, slots=True)
class Pairs:
    """What there is to learn from: the rows of the questions, both sides, and for each question what is right on each side."""

    questions: list[int]
    vectors: torch.Tensor
    instruments: list[str]
    units: torch.Tensor
    sides: tuple[Side, Side]  # passages; questions and summaries
    right: tuple[dict[int, list[int]], dict[int, list[int]]]


def read_pairs(store: Store) -> Pairs:
    """The pairs of a generation, in the order of its rows."""
    surfaces = store.surfaces
    vectors = torch.from_numpy(np.array(store.dense.vectors))
    units = torch.tensor([store.unit_number[surface.unit] for surface in surfaces])
    passages = [surface.row for surface in surfaces if surface.kind == "passage"]
    bridges = [surface.row for surface in surfaces if surface.kind != "passage"]
    sides = tuple(Side(vectors[rows], units[rows], {row: place for place, row in enumerate(rows)}) for rows in (passages, bridges))
    right: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
    for question in (surface for surface in surfaces if surface.kind == "question"):
        speaking = [other.row for other in store.by_unit[question.unit] if in_line(other.numbers, question.numbers) and other.row != question.row]
        for side, table in zip(sides, right):
            table[question.row] = [side.place[row] for row in speaking if row in side.place]
    return Pairs(list(right[0]), vectors, [surface.instrument for surface in surfaces], units, sides, right)


def learn(pairs: Pairs, rows: Sequence[int], seed: int, progress: Progress) -> np.ndarray:
    """The adapter's weights from these questions; the same rows and seed give the same weights on the same machine. Shape: (dimensions, dimensions)."""
    draw = np.random.default_rng(seed)
    weights = torch.zeros((pairs.vectors.shape[1],) * 2, requires_grad=True)
    optimiser = torch.optim.AdamW([weights], lr=LEARNING_RATE, weight_decay=DECAY)
    steps = EPOCHS * ceil(len(rows) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: max(0.05, 1 - step / steps))
    for step, batch in enumerate(_batches(rows, draw), start=1):
        asked = _adapted(pairs.vectors[batch], weights)
        shares = (PASSAGE_SHARE, 1 - PASSAGE_SHARE)
        loss = sum(share * _loss(asked, batch, pairs, number, draw) for number, share in enumerate(shares))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 20 == 0 or step == steps:
            progress(f"step {step} of {steps}, loss {loss.item():.3f}")
    return weights.detach().numpy()


def _batches(rows: Sequence[int], draw: np.random.Generator) -> Iterator[list[int]]:
    for _ in range(EPOCHS):
        order = draw.permutation(np.array(rows)).tolist()
        yield from (order[start : start + BATCH] for start in range(0, len(order), BATCH))


def _adapted(vectors: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return normalize(vectors + vectors @ weights, dim=1)


def _loss(asked: torch.Tensor, batch: Sequence[int], pairs: Pairs, number: int, draw: np.random.Generator) -> torch.Tensor:
    """Of a batch against one side: how far what is right lies from standing above everything drawn. The question itself is never compared."""
    side, right = pairs.sides[number], pairs.right[number]
    kept = np.zeros(len(side.vectors), dtype=bool)
    kept[draw.choice(len(kept), min(DRAWN[number], len(kept)), replace=False)] = True
    for row in batch:
        kept[right[row]] = True
    places = np.flatnonzero(kept)
    column = {place: at for at, place in enumerate(places.tolist())}
    hits = torch.zeros((len(batch), len(places)), dtype=torch.bool)
    own = torch.zeros_like(hits)
    for line, row in enumerate(batch):
        hits[line, [column[place] for place in right[row]]] = True
        if side.place.get(row) in column:
            own[line, column[side.place[row]]] = True
    taught = hits.any(dim=1)
    scores = (asked @ side.vectors[places].T / TEMPERATURE).masked_fill(own, -1e9)
    return (scores.logsumexp(1) - scores.masked_fill(~hits, -1e9).logsumexp(1))[taught].sum() / max(int(taught.sum()), 1)


# what it gains where it was not taught


def cross_validate(pairs: Pairs, folds: int, seed: int, progress: Progress) -> list[tuple[float, float]]:
    """nDCG@10 without and with the adapter for each fold of instruments, which it had not been taught on.

    A provision's score is its best passage's and its best other question's or summary's, as search weighs them; the question's own row is left out.
    """
    names = sorted({pairs.instruments[row] for row in pairs.questions})
    random.Random(seed).shuffle(names)
    fold = {name: number % folds for number, name in enumerate(names)}
    scores = []
    for number in range(folds):
        taught = [row for row in pairs.questions if fold[pairs.instruments[row]] != number]
        tested = [row for row in pairs.questions if fold[pairs.instruments[row]] == number]
        tested = random.Random(seed).sample(tested, min(TESTED, len(tested)))
        weights = learn(pairs, taught, seed, lambda line: None)
        scores.append((_ndcg(pairs, tested, np.zeros_like(weights)), _ndcg(pairs, tested, weights)))
        progress(f"fold {number + 1} of {folds}: nDCG@10 {scores[-1][0]:.3f} without, {scores[-1][1]:.3f} with, over {len(tested)} questions")
    return scores


def _ndcg(pairs: Pairs, rows: Sequence[int], weights: np.ndarray) -> float:
    gains = []
    for row in rows:
        asked = _adapted(pairs.vectors[[row]], torch.from_numpy(weights))
        passages, bridges = (_best_by_unit(asked, side, side.place.get(row), pairs) for side in pairs.sides)
        scores = 0.3 * passages + 0.7 * torch.maximum(bridges, 0.7 * passages)
        rank = int((scores > scores[pairs.units[row]]).sum()) + 1
        gains.append(1 / log2(1 + rank) if rank <= 10 else 0.0)
    return float(np.mean(gains))


def _best_by_unit(asked: torch.Tensor, side: Side, own: int | None, pairs: Pairs) -> torch.Tensor:
    scores = (asked @ side.vectors.T)[0]
    if own is not None:
        scores[own] = -1.0
    return torch.full((int(pairs.units.max()) + 1,), -1.0).scatter_reduce(0, side.units, scores, "amax")


def save(weights: np.ndarray, path: Path, taught: int, seed: int, model: str) -> None:
    """Write the adapter: float16, which is as good and half as large, with what it was made from in the file's own notes."""
    notes = {"model": model, "questions": str(taught), "seed": str(seed), "epochs": str(EPOCHS)}
    save_file({NAME: weights.astype(np.float16)}, path, metadata=notes)
