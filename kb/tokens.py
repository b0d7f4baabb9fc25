"""How closely the words of a question find theirs in a passage: late interaction over the model's states of every word piece.

A state of a passage is kept as one bit a dimension (its sign), 48 bytes where the model has 384; a question's stay as they are. What that costs against whole
states stands in docs/experiments.md.
Source: MaxSim of Khattab and Zaharia, "ColBERT", SIGIR 2020; signs for sums as in Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from kb.errors import StoreError

_BITS_OF = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)
BITS, OFFSETS = "tokens.npy", "tokens.offsets.npy"


def signs(states: np.ndarray) -> np.ndarray:
    """One bit a dimension of each state. Shape: (pieces, dimensions) -> (pieces, dimensions / 8), uint8."""
    return np.packbits(states > 0, axis=1)


def save(folder: Path, kept: Iterable[np.ndarray]) -> None:
    """Write the signs of all rows, in their order. Shape: (pieces, dimensions / 8) each."""
    rows = list(kept)
    np.save(folder / OFFSETS, np.cumsum([0, *map(len, rows)], dtype=np.int64))
    np.save(folder / BITS, np.concatenate(rows))


class TokenIndex:
    """The signs of every row's word pieces, mapped from disk: only what is scored is read.

    Raises: StoreError where the two files do not belong together.
    """

    def __init__(self, folder: Path):
        self._bits = np.load(folder / BITS, mmap_mode="r").view(np.ndarray)  # a plain array is cut up sooner
        self._offsets = np.load(folder / OFFSETS)
        self.size = len(self._offsets) - 1
        if self._offsets[-1] != len(self._bits):
            raise StoreError(f"generation {folder.name}: {BITS} does not hold as many word pieces as {OFFSETS} says; run: python -m ingest build")

    def of(self, row: int) -> np.ndarray:
        """The signs of a row. Shape: (pieces, dimensions / 8)."""
        return self._bits[self._offsets[row] : self._offsets[row + 1]]

    def scores(self, states: np.ndarray, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The mean over a question's word pieces, weighted, of the likeness of the nearest piece in each row; 0 for a row without any.

        Shape: states (pieces, dimensions), of length 1 each; weights (pieces,), adding up to 1; rows (n,) -> (n,).
        """
        lengths = self._offsets[rows + 1] - self._offsets[rows]
        found = np.zeros(len(rows), dtype=np.float32)
        if not len(states) or not lengths.any():
            return found
        bits = np.concatenate([self.of(row) for row in rows.tolist()])
        likeness = states @ np.take(_BITS_OF, bits, axis=0).reshape(len(bits), -1)[:, : states.shape[1]].T  # of bits, 0 or 1: half of what signs would give, and a constant
        starts = np.cumsum([0, *lengths[:-1]])[lengths > 0]
        nearest = np.maximum.reduceat(likeness, starts, axis=1)
        found[lengths > 0] = weights @ ((2 * nearest - states.sum(axis=1, keepdims=True)) / np.sqrt(states.shape[1]))
        return found
