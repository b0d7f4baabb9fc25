"""Nearest neighbours by cosine: Chroma's graph over everything, exact where a filter leaves few rows."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from functools import cached_property
from pathlib import Path

import numpy as np

from kb.errors import StoreError

try:
    import fcntl
except ImportError:  # Windows: copies of killed readers stay in the temporary folder
    fcntl = None

_PREFIX = "haven-chroma-"
_YOUNG_S = 60  # a copy this new may not be locked by its reader yet
COLLECTION = "surfaces"
_EF = 400  # neighbours that the graph keeps in view while searching; must exceed the depth of a search


def _client(folder: Path):
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    return chromadb.PersistentClient(path=str(folder), settings=ChromaSettings(anonymized_telemetry=False, allow_reset=False))


class _NoEmbedding:
    """Chroma's embedding function here: vectors are always passed in, so being called is a mistake."""

    def __call__(self, input):
        raise StoreError("vectors are passed to Chroma, never made by it")

    @staticmethod
    def name() -> str:
        return "haven-precomputed"

    @staticmethod
    def build_from_config(config):
        return _NoEmbedding()

    def get_config(self):
        return {}

    def is_legacy(self) -> bool:
        return False

    def default_space(self) -> str:
        return "ip"

    def supported_spaces(self) -> list[str]:
        return ["ip"]


def build_chroma(folder: Path, vectors: np.ndarray, batch: int = 2000) -> None:
    """A Chroma collection of the vectors in a new folder, ids being row numbers, with its graph written to disk once.

    Shape: (rows, dimensions), unit length. The sync threshold is the number of rows, so the last batch persists the whole graph; lowering
    it at the end instead has no effect before the client is opened again, which indexes everything twice (chromadb 1.5.9).
    """
    from chromadb.errors import ChromaError

    folder.mkdir(parents=True)
    try:
        _write_chroma(folder, vectors, batch)
    except ChromaError as exc:
        raise StoreError(f"the vector index could not be written to {folder} ({_line(exc)}); make room and run the build again") from exc


def _write_chroma(folder: Path, vectors: np.ndarray, batch: int) -> None:
    client = _client(folder)
    collection = client.create_collection(
        COLLECTION,
        embedding_function=_NoEmbedding(),
        configuration={"hnsw": {"space": "ip", "ef_construction": 128, "max_neighbors": 24, "ef_search": _EF, "sync_threshold": max(len(vectors), 2)}},
    )
    for first in range(0, len(vectors), batch):
        rows = range(first, min(first + batch, len(vectors)))
        collection.add(ids=[str(row) for row in rows], embeddings=vectors[first : first + batch])
    _close(client)


def _close(client) -> None:
    client.close()


def _hold(folder: Path) -> int | None:
    """A lock on a folder that ends with this process, as a file descriptor; None where another process has it, or it cannot be had."""
    if fcntl is None:
        return None
    descriptor = None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        return None
    return descriptor


def _sweep_copies() -> None:
    """Remove the copies of readers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            young = time.time() - folder.stat().st_mtime < _YOUNG_S
        except OSError:
            continue
        held = None if young else _hold(folder)
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


def _line(exc: Exception) -> str:
    return " ".join(str(exc).split())[:200]


class DenseIndex:
    """Vectors of one generation: memory-mapped floats, and Chroma's graph over them.

    Chroma rewrites its database when it is opened, so a reader works on a copy of its own that goes with it.
    """

    def __init__(self, vectors: np.ndarray, chroma: Path, exact_below: int):
        self.vectors = vectors
        self._folder = chroma
        self.exact_below = exact_below
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._client = None
        self._held: int | None = None

    @cached_property
    def _collection(self):
        from chromadb.errors import ChromaError

        _sweep_copies()
        self._copy = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        self._held = _hold(Path(self._copy.name))
        shutil.copytree(self._folder, self._copy.name, dirs_exist_ok=True)
        try:
            self._client = _client(Path(self._copy.name))
            collection = self._client.get_collection(COLLECTION, embedding_function=_NoEmbedding())
            held = collection.count()
        except (ChromaError, ValueError) as exc:  # ValueError: the stored configuration names an embedding function of its own
            raise StoreError(f"Chroma's part of this generation cannot be opened ({_line(exc)}); run: python -m ingest build") from exc
        if held != len(self.vectors):
            raise StoreError("Chroma does not hold the rows of this generation; run: python -m ingest build")
        return collection

    def close(self) -> None:
        """Let go of the copy."""
        if self._client is not None:
            _close(self._client)
        if self._held is not None:
            os.close(self._held)
        if self._copy is not None:
            self._copy.cleanup()
        self._client = self._held = self._copy = None
        self.__dict__.pop("_collection", None)

    def nearest(self, query: np.ndarray, depth: int, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers and cosines of the nearest vectors, best first; `rows` (ascending) narrows the search to these.

        Shape: query (dimensions,); both results (at most depth,).
        Raises: StoreError for a query that is not a finite unit vector.
        """
        if query.shape != (self.vectors.shape[1],) or not np.isfinite(query).all() or abs(float(np.linalg.norm(query)) - 1) > 1e-3:
            raise StoreError("a query vector must be finite and of unit length")
        if rows is not None or len(self.vectors) < self.exact_below:
            return self._exact(query, depth, rows)
        found = self._collection.query(query_embeddings=[query], n_results=min(depth, len(self.vectors)), include=["distances"])
        ids = np.array([int(id) for id in found["ids"][0]], dtype=np.int64)
        return ids, 1 - np.array(found["distances"][0], dtype=np.float32)

    def _exact(self, query: np.ndarray, depth: int, rows: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        held = self.vectors if rows is None else self.vectors[rows]
        scores = held @ query
        best = np.argpartition(-scores, depth)[:depth] if depth < len(scores) else np.arange(len(scores))
        best = best[np.lexsort((best, -scores[best]))]
        return (best if rows is None else rows[best]), scores[best]

    def cosines(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Cosines of these rows with the query. Shape: (len(rows),)."""
        return self.vectors[rows] @ query
