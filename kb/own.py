"""The user's own files beside the law: their passages and vectors, in memory alone, and the search in them. Never law, never cited as law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kb.config import Settings
from kb.embed import Embedder, Progress
from kb.lexical import LexicalIndex, terms


@dataclass(frozen=True, slots=True)
class OwnPassage:
    """Some words of a file, and the page or the paragraph (both from 1) where they begin."""

    text: str
    page: int | None = None
    paragraph: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OwnFile:
    """One file as it was read. Shape: vectors (passages, dimensions). `notes` are codes of what was left out or guessed."""

    id: str
    name: str
    kind: str
    pages: int | None
    chars: int
    passages: tuple[OwnPassage, ...]
    vectors: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnHit:
    """One ranked passage of a file; `cosine` is comparable across questions."""

    file: str
    name: str
    passage: OwnPassage
    score: float
    cosine: float


def own_file(id: str, name: str, kind: str, parts: Sequence[str], passages: Sequence[OwnPassage], embedder: Embedder,
             notes: Sequence[str] = (), progress: Progress | None = None) -> OwnFile:  # fmt: skip
    """The file with its passages embedded."""
    vectors = embedder.embed([passage.text for passage in passages], progress)
    pages = len(parts) if kind == "pdf" else None
    return OwnFile(id, name, kind, pages, sum(map(len, parts)), tuple(passages), vectors, tuple(notes))


def search_own(question: str, files: Sequence[OwnFile], embedder: Embedder, settings: Settings, least: float) -> list[OwnHit]:
    """The passages nearest to a question whose cosine is at least `least`, best first, at most settings.top.

    Words and meaning are weighed as in the search of the law, without its catalogue and vocabulary.
    """
    passages = [(file, passage) for file in files for passage in file.passages]
    if not passages:
        return []
    cosines = np.concatenate([file.vectors for file in files]) @ embedder.embed_query(question)
    words = LexicalIndex.build(terms(passage.text) for _, passage in passages).scores(terms(question))
    scores = settings.plain_dense_weight * cosines + (1 - settings.plain_dense_weight) * words / max(float(words.max()), 1e-9)
    order = sorted(np.flatnonzero(cosines >= least), key=lambda row: (-scores[row], row))[: settings.top]
    return [OwnHit(passages[row][0].id, passages[row][0].name, passages[row][1], float(scores[row]), float(cosines[row])) for row in order]
