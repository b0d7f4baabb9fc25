"""The retrieval stages and their order: look up what is cited, rank by words and by meaning, fuse, spread over provisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import fsum

import numpy as np

from kb.citation import Reference, cite, format_id, within
from kb.config import Settings
from kb.errors import QueryError
from kb.lexical import terms
from kb.model import Filters, Hit, Query
from kb.store import Store, Surface, Version

_SPANISH = frozenset("¿¡ñáéíóú")


def search(query: Query, store: Store, settings: Settings) -> list[Hit]:
    """The best passages, best first, at most settings.top of them, distinct by narrowest portion.

    Raises: QueryError for a blank or overlong question, or a filter that names nothing we know.
    """
    text = checked(query, store, settings)
    allowed = allowed_rows(query.filters, store)
    cited = look_up(store.names.references(text), store, query.filters)
    vector = store.embedder.embed_query(text)
    lexical = rank_lexical(text, store, allowed)
    dense = rank_dense(vector, store, settings, allowed)
    scores = fuse(lexical, dense, vector, store, settings)
    hits = spread(scores, store, settings, query.filters)
    return number([*cited, *hits], settings)


def checked(query: Query, store: Store, settings: Settings) -> str:
    """The question's text, fit to be searched.

    Raises: QueryError where it is blank or too long, or a filter is unknown.
    """
    if len(query.text) > settings.max_query_chars:
        raise QueryError(f"the question has {len(query.text)} characters, the limit is {settings.max_query_chars}; shorten it")
    text = "".join(" " if ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 else c for c in query.text).strip()
    if not any(c.isalnum() for c in text):
        raise QueryError("the question is blank; write it in your own words, or give a citation")
    known = {
        "jurisdiction": {entry["jurisdiction"] for entry in store.instruments.values()} | {"us"},
        "instrument": set(store.instruments),
        "kind": {entry["kind"] for entry in store.instruments.values()},
        "language": {entry["language"] for entry in store.instruments.values()} | {"en", "es"},
    }
    for name, values in known.items():
        for wanted in getattr(query.filters, name):
            if wanted not in values:
                raise QueryError(f"{wanted!r} is not a {name} in the knowledge base; known are {', '.join(sorted(values)[:30])}")
    return text


def allowed_rows(filters: Filters, store: Store) -> np.ndarray | None:
    """Row numbers that the filters leave, ascending; None where they leave all. Shape: (rows,)."""
    columns = store.columns
    mask = np.ones(len(columns["unit"]), dtype=bool)
    if filters.jurisdiction:
        codes = {code for code in set(columns["jurisdiction"]) if any(within(code, wanted) for wanted in filters.jurisdiction)}
        mask &= np.isin(columns["jurisdiction"], list(codes))
    for name in ("kind", "instrument", "language"):
        if wanted := getattr(filters, name):
            mask &= np.isin(columns[name], list(wanted))
    if not filters.summaries:
        mask &= columns["surface"] == "passage"
    if filters.as_at:
        mask &= columns["as_at"] != ""
    return None if mask.all() else np.flatnonzero(mask)


def rank_lexical(text: str, store: Store, allowed: np.ndarray | None) -> np.ndarray:
    """BM25 of every row, zero where a filter excludes it; a question is read in English and, where it looks Spanish, in Spanish.

    Shape: (rows,).
    """
    words = terms(text, "en") + (terms(text, "es") if _SPANISH & set(text.casefold()) else [])
    scores = store.lexical.scores(words)
    if allowed is None:
        return scores
    kept = np.zeros_like(scores)
    kept[allowed] = scores[allowed]
    return kept


def rank_dense(vector: np.ndarray, store: Store, settings: Settings, allowed: np.ndarray | None) -> dict[int, float]:
    """Cosines of the nearest rows, by row number. Shape: vector (dimensions,)."""
    rows, cosines = store.dense.nearest(vector, settings.depth, allowed)
    return dict(zip(rows.tolist(), cosines.tolist(), strict=True))


def fuse(lexical: np.ndarray, dense: dict[int, float], vector: np.ndarray, store: Store, settings: Settings) -> dict[int, tuple[float, float]]:
    """(score, cosine) of the candidates of either ranking, by row number.

    "weighted" adds min-max scaled scores; "rrf" adds reciprocal ranks (Cormack, Clarke and Buettcher, SIGIR 2009).
    """
    best = np.argsort(-lexical, kind="stable")[: settings.depth]
    best = best[lexical[best] > 0]
    if settings.fusion == "bm25":
        return {int(row): (float(lexical[row]), 0.0) for row in best}
    if settings.fusion == "dense":
        return {row: (cosine, cosine) for row, cosine in dense.items()}
    missing = np.array([row for row in best.tolist() if row not in dense], dtype=np.int64)
    cosines = {**dense, **dict(zip(missing.tolist(), store.dense.cosines(vector, missing).tolist(), strict=True))}
    if settings.fusion == "rrf":
        rankings = [best.tolist(), sorted(dense, key=lambda row: (-dense[row], row))]
        return {row: (score, cosines[row]) for row, score in reciprocal_ranks(rankings, settings.rrf_k).items()}
    rows = list(cosines)
    words = scaled(lexical[rows])
    meaning = scaled(np.array([cosines[row] for row in rows], dtype=np.float32))
    weight = settings.dense_weight
    total = weight * meaning + (1 - weight) * words
    return {row: (float(score), cosines[row]) for row, score in zip(rows, total.tolist(), strict=True)}


def reciprocal_ranks(rankings: Iterable[Sequence[int]], k: int = 60) -> dict[int, float]:
    """One score a row out of several rankings, whatever their order. Units: k is in ranks."""
    shares: dict[int, list[float]] = defaultdict(list)
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            shares[row].append(1 / (k + rank))
    return {row: fsum(sorted(parts)) for row, parts in shares.items()}


def scaled(values: np.ndarray) -> np.ndarray:
    """Values moved onto 0 to 1; all zero where they do not differ. Shape: as given."""
    if not len(values):
        return values
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def spread(scores: dict[int, tuple[float, float]], store: Store, settings: Settings, filters: Filters) -> list[Hit]:
    """Hits of the best provisions, at most settings.per_provision of each, best first; ties fall back to the passage id.

    A summary or question that matches lends its score to the passages of the portion it speaks of.
    """
    units: dict[str, dict[int, tuple[float, float]]] = defaultdict(dict)
    for row, score in scores.items():
        surface = store.surfaces[row]
        for target in _targets(surface, store):
            units[surface.unit][target] = max(units[surface.unit].get(target, (-1.0, -1.0)), score)
    hits: list[Hit] = []
    for rows in units.values():
        ordered = sorted(rows.items(), key=lambda item: (-item[1][0], item[0]))
        taken: set[tuple[str, ...]] = set()
        for row, (score, cosine) in ordered:
            surface = store.surfaces[row]
            if surface.numbers in taken or len(taken) == settings.per_provision:
                continue
            hit = make_hit(surface, store, score, cosine, filters.as_at)
            if hit:
                taken.add(surface.numbers)
                hits.append(hit)
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))[: settings.top * 3]


def _targets(surface: Surface, store: Store) -> list[int]:
    """The rows that a matching row stands for: itself, or the passages of the portion that a summary speaks of, where they are held."""
    if surface.kind == "passage":
        return [surface.row]
    passages = [s for s in store.by_unit[surface.unit] if s.kind == "passage"]
    if not passages:
        return [surface.row] if surface.kind == "summary" else [s.row for s in store.by_unit[surface.unit] if s.passage_id == surface.summary]
    length = len(surface.numbers)
    inside = [s.row for s in passages if s.numbers[:length] == surface.numbers]
    return inside or [s.row for s in passages if surface.numbers[: len(s.numbers)] == s.numbers]


def make_hit(surface: Surface, store: Store, score: float, cosine: float, as_at: str | None = None) -> Hit | None:
    """The hit for one row; with a date, the same portion of the wording in force then, or None where there is none."""
    if surface.version is None:
        return _summary_hit(surface, store, score, cosine)
    version = store.version(surface.version)
    start, end = surface.start, surface.end
    if as_at and (version.as_at or "9999") > as_at:
        version = store.provision(surface.unit, as_at)
        if version is None:
            return None
        portion = next((p for p in version.provision.portions if p.numbers == surface.numbers), None)
        start, end = (portion.start, portion.end) if portion else (0, len(version.provision.text))
    return text_hit(version, surface.numbers, start, end, store, surface.passage_id, score, cosine)


def text_hit(
    version: Version, numbers: tuple[str, ...], start: int, end: int, store: Store, passage_id: str, score: float, cosine: float, exact: bool = False
) -> Hit:
    """A hit on a span of official text."""
    provision = version.provision
    entry = store.instruments[provision.instrument]
    return Hit(
        0, score, passage_id, provision.id, provision.instrument, numbers, cite(entry["citation"], numbers, provision.heading), "text",
        provision.text[start:end], start, end, version.official_url, version.as_at, version.language, version.damaged, provision.heading,
        provision.context, version.row, None, cosine, exact,
    )  # fmt: skip


def _summary_hit(surface: Surface, store: Store, score: float, cosine: float, exact: bool = False) -> Hit:
    summary = store.summary(surface.summary)
    entry = store.instruments[summary["instrument"]]
    numbers = tuple(summary["numbers"])
    return Hit(
        0, score, summary["id"], surface.unit, summary["instrument"], numbers, cite(entry["citation"], numbers, summary["heading"]), "summary",
        summary["summary"], 0, len(summary["summary"]), summary["official_url"] or entry["official_url"], summary["as_at"], "en", False,
        summary["heading"], (), None, summary["id"], cosine, exact,
    )  # fmt: skip


def look_up(references: Sequence[Reference], store: Store, filters: Filters) -> list[Hit]:
    """The provisions that a question cites, in the order in which it cites them, as far as the filters let them through."""
    hits: list[Hit] = []
    for reference in references:
        if filters.instrument and reference.instrument not in filters.instrument:
            continue
        hit = cited_hit(reference.instrument, reference.numbers, store, filters)
        if hit and all(hit.passage_id != other.passage_id for other in hits):
            hits.append(hit)
    return hits


def cited_hit(instrument: str, numbers: tuple[str, ...], store: Store, filters: Filters = Filters()) -> Hit | None:  # noqa: B008 - frozen
    """The hit for a number path, or for our summary of it where the text is not held; None where there is neither."""
    found = store.resolve(instrument, numbers)
    if found:
        version = store.provision(found[0], filters.as_at)
        if version is None:
            return None
        portion = next((p for p in version.provision.portions if found[1] and p.numbers == found[1].numbers), None)
        start, end = (portion.start, portion.end) if portion else (0, len(version.provision.text))
        return text_hit(version, numbers, start, end, store, portion.id if portion else found[0], 2.0, 1.0, exact=True)
    if not filters.summaries or store.instruments.get(instrument, {}).get("held"):
        return None
    exact = store.summaries(instrument, numbers)
    exact.sort(key=lambda s: (len(s["numbers"]) > len(numbers), -len(s["numbers"])))
    if not exact:
        return None
    surface = next(s for s in store.by_unit[format_id(instrument, exact[0]["numbers"][:1])] if s.passage_id == exact[0]["id"])
    return _summary_hit(surface, store, 2.0, 1.0, exact=True)


def number(hits: Sequence[Hit], settings: Settings) -> list[Hit]:
    """The hits with their ranks from 1, each narrowest portion once and each provision at most settings.per_provision times."""
    seen: set[tuple[str, tuple[str, ...], str]] = set()
    per: dict[str, int] = defaultdict(int)
    kept: list[Hit] = []
    for hit in hits:
        key = (hit.instrument, hit.numbers or (hit.provision_id,), hit.kind)
        if key in seen or per[hit.provision_id] == settings.per_provision or len(kept) == settings.top:
            continue
        seen.add(key)
        per[hit.provision_id] += 1
        kept.append(replace(hit, rank=len(kept) + 1))
    return kept
