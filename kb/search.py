"""The retrieval stages and their order: look up what is cited, rank by words and by meaning, fuse, spread over provisions."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import fsum
from typing import Any

import numpy as np

from kb.citation import Reference, cite, format_id, in_line, masked, places_named, within
from kb.config import Settings
from kb.errors import QueryError, StoreError
from kb.lexical import terms
from kb.model import Filters, Hit, Query
from kb.store import Store, Surface, Version


def search(query: Query, store: Store, settings: Settings) -> list[Hit]:
    """The best passages, best first, at most settings.top of them, distinct by narrowest portion.

    Raises: QueryError for a blank or overlong question, or a filter that names nothing we know.
    """
    text = checked(query, store, settings)
    allowed = allowed_rows(query.filters, store, settings.surfaces)
    cited = look_up(store.names.references(text), store, query.filters)
    pool = candidates(text, store, settings, allowed)
    asked = about(text, store)
    scores = weigh(pool, asked, store, settings)
    return number(chain(cited, make_hits(scores, asked.several, store, settings, query.filters)), settings)


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


def allowed_rows(filters: Filters, store: Store, surfaces: str = Settings().surfaces) -> np.ndarray | None:
    """Row numbers of these kinds of surface that the filters leave, ascending; None where they leave all. Shape: (rows,)."""
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
    if surfaces != Settings().surfaces:
        mask &= np.isin(columns["surface"], surfaces.split(","))
    if filters.as_at:
        mask &= columns["as_at"] != ""
    return None if mask.all() else np.flatnonzero(mask)


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidate rows of a question and how each ranking sees them.

    Shape: (rows,) each; `words` is BM25 over the question's own words and, at half weight, the law's words for them; `cosines` are those of the adapted
    question, `plain` those of the question as the model reads it: what is adequate is judged by these. `dense_weight` is the share of the cosine,
    `closeness_weight` what the likeness of single words counts beside both. `readings` holds the states of the question's word pieces that this is measured
    by and what each of them counts, for each language in which the question is read.
    """

    rows: np.ndarray
    words: np.ndarray
    cosines: np.ndarray
    plain: np.ndarray
    dense_weight: float
    closeness_weight: float
    readings: tuple[tuple[np.ndarray, np.ndarray], ...]


@dataclass(frozen=True, slots=True)
class About:
    """What a question names or implies: jurisdictions, those first that it names; instruments by id.

    `several` holds the instruments, else the jurisdictions, between which it compares: each of them is to be heard.
    """

    jurisdictions: tuple[str, ...]
    instruments: tuple[str, ...]
    several: tuple[str, ...] = ()


def about(text: str, store: Store) -> About:
    """Whose law a question is about, as far as its words say; a place whose law we do not hold says nothing of that."""
    instruments = [id for id, _, _ in store.names.mentions(text)] + [reference.instrument for reference in store.names.references(text)]
    named = [store.instruments[id]["jurisdiction"] for id in instruments if id in store.instruments]
    codes = [code for code in [*store.vocabulary.jurisdictions(text), *named] if store.speaks_of(code)]
    laws = tuple(dict.fromkeys(instruments))
    places = tuple(code for code in store.vocabulary.places(text) if code in store.jurisdictions)
    return About(tuple(dict.fromkeys(codes)), laws, laws if len(laws) > 1 else places if len(places) > 1 else ())


def candidates(text: str, store: Store, settings: Settings, allowed: np.ndarray | None) -> Pool:
    """The best rows of either ranking. A Spanish question is read as it stands and in English words."""
    spanish = store.vocabulary.is_spanish(text)
    english = store.vocabulary.gloss(text) if spanish else store.speller.mend(text)
    matter = subject(english, store)
    words = store.lexical.scores(terms(matter) + (terms(text, "es") if spanish else []))
    if expansion := terms(store.vocabulary.expand(text)):
        words = words + settings.expansion_weight * store.lexical.scores(expansion)
    if allowed is not None:
        kept = np.zeros_like(words)
        kept[allowed] = words[allowed]
        words = kept
    best = np.argpartition(-words, min(settings.depth, len(words) - 1))[: settings.depth] if len(words) else np.zeros(0, dtype=np.int64)
    best = best[words[best] > 0]
    wholes = (matter, text) if spanish else (matter,)
    read = store.embedder.read_queries(dict.fromkeys((english, *wholes, *map(asks, wholes))))
    vectors = [_middle([read[reading][0] for reading in dict.fromkeys((english, matter))]), *(read[reading][0] for reading in wholes[1:])]
    readings = tuple(_reading(read[whole][1], read[asks(whole)][1], settings.asking_weight) for whole in wholes)
    adapter = None if settings.adapter == "off" else store.adapter
    adapted = [adapter(vector) for vector in vectors] if adapter else vectors
    near, _ = store.dense.nearest(adapted[0], settings.depth, allowed)
    rows = np.union1d(best, near).astype(np.int64)
    cosines, plain = (np.max([store.dense.cosines(vector, rows) for vector in seen], axis=0) for seen in (adapted, vectors))
    if adapter:
        weights = settings.dense_weight if store.holds_text else settings.bare_dense_weight, settings.closeness_weight
    else:
        weights = settings.plain_dense_weight, settings.plain_closeness_weight
    return Pool(rows, words[rows], cosines, plain, *weights, readings)


def subject(text: str, store: Store) -> str:
    """What a question asks, without the names of the laws and places that we know: those are weighed apart, and would draw in whatever repeats them.

    The whole question where fewer than two words would be left.
    """
    places = (place for place in places_named(text) if store.speaks_of(place[0]))
    left = masked(text, [*store.names.mentions(text), *places], by=" ")
    return " ".join(left.split()) if len(set(terms(left))) > 1 else text


_SENTENCE = re.compile(r"(?<=[.?!])(?<!\.[A-Z]\.)\s+(?=[^\W\d_a-z]|[¿¡“\"])|(?<=[?!])\s+|\n+")
_POINTS_BACK = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|their|theirs|its|that|this|these|those|then|one|él|ella|ell[oa]s|les?|lo|sus?|es[eoa]s?|est[eoa]s?|aquell?[oa]s?)\b",
    re.IGNORECASE,
)


def asks(text: str) -> str:
    """The last sentence of a question that asks, where it can be understood by itself; the whole text where none can.

    What somebody tells before it says who and where, and much that does not matter. A sentence that points back ("can he do that?") needs it.
    """
    asking = [sentence for sentence in _SENTENCE.split(text) if sentence.rstrip().endswith("?") and len(set(terms(sentence))) > 1]
    return asking[-1] if asking and not _POINTS_BACK.search(asking[-1]) else text


def _reading(whole: np.ndarray, asking: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The states of a question's word pieces with those of the sentence that asks, which together count as much as `share` says. Shape: (pieces, dimensions), (pieces,)."""
    if asking is whole:
        return whole, np.full(len(whole), 1 / max(len(whole), 1), dtype=np.float32)
    weights = np.repeat([(1 - share) / max(len(whole), 1), share / max(len(asking), 1)], [len(whole), len(asking)])
    return np.concatenate([whole, asking]), weights.astype(np.float32)


def _middle(vectors: Sequence[np.ndarray]) -> np.ndarray:
    """The direction halfway between vectors of length 1. Shape: (dimensions,)."""
    middle = np.sum(vectors, axis=0)
    return (middle / np.linalg.norm(middle)).astype(np.float32)


def base_scores(pool: Pool, settings: Settings) -> np.ndarray:
    """One score a row out of both rankings, by settings.fusion. Shape: (rows,).

    "weighted" adds the cosine and BM25 as a share of the best; "rrf" adds reciprocal ranks (Cormack, Clarke and Buettcher, SIGIR 2009).
    """
    if not len(pool.rows):
        return np.zeros(0, dtype=np.float32)
    words = pool.words / max(float(pool.words.max()), 1e-9)
    if settings.fusion == "bm25":
        return words
    if settings.fusion == "dense":
        return pool.cosines
    if settings.fusion == "rrf":
        rankings = [pool.rows[np.argsort(-values, kind="stable")].tolist() for values in (pool.words, pool.cosines)]
        shares = reciprocal_ranks(rankings, settings.rrf_k)
        return np.array([shares[row] for row in pool.rows.tolist()])
    return pool.dense_weight * pool.cosines + (1 - pool.dense_weight) * words


def closer(base: np.ndarray, pool: Pool, priors: Mapping[str, float], store: Store, settings: Settings) -> np.ndarray:
    """The scores with how closely the question's words find theirs in each of the best rows (kb/tokens.py); the others count as the least close of these.

    Shape: (rows,) each. `priors` are by provision; they too say which rows are the best.
    """
    if store.tokens is None or settings.fusion != "weighted" or not pool.closeness_weight or not len(base):
        return base
    order = np.argsort(-(base + [priors[store.surfaces[row].unit] for row in pool.rows.tolist()]), kind="stable")[: settings.closely]
    close = np.max([store.tokens.scores(states, weights, pool.rows[order]) for states, weights in pool.readings], axis=0)
    closeness = np.full(len(base), close.min(), dtype=np.float32)
    closeness[order] = close
    return (base + pool.closeness_weight * closeness) / (1 + pool.closeness_weight / 2)  # it differs about half as much from row to row as the scores do


log = logging.getLogger(__name__)
Target = tuple[str, tuple[str, ...]]  # a provision and the number path of the portion within it


@dataclass(slots=True)
class Evidence:
    """What speaks for one portion: its best passage, its best question or summary, and the nearest cosine."""

    passage: float = 0.0
    bridge: float = 0.0
    cosine: float = 0.0
    row: int = -1  # the passage to show, or the summary


def weigh(pool: Pool, asked: About, store: Store, settings: Settings) -> dict[Target, tuple[float, Evidence]]:
    """The score of every portion that a candidate row speaks for.

    A portion's own passages count with those of our questions and summaries that speak of it; then comes whose law was asked for.
    """
    priors = _priors(pool.rows, asked, store, settings)
    base = closer(base_scores(pool, settings), pool, priors, store, settings)
    evidence: dict[Target, Evidence] = defaultdict(Evidence)
    units: dict[str, list[Target]] = defaultdict(list)
    for row, value, cosine in zip(pool.rows.tolist(), base.tolist(), pool.plain.tolist(), strict=True):
        surface = store.surfaces[row]
        target = (surface.unit, surface.numbers)
        found = evidence[target]
        if found.row < 0 and not found.bridge:
            units[surface.unit].append(target)
        found.cosine = max(found.cosine, cosine)
        if surface.kind != "passage":
            found.bridge = max(found.bridge, value)
        elif value > found.passage or found.row < 0:
            found.passage, found.row = value, row
    scores = {}
    for unit, targets in units.items():
        whole = max(evidence[target].passage for target in targets)
        bridges = [(target, evidence[target].bridge) for target in targets if evidence[target].bridge]
        for target in targets:
            own = evidence[target]
            bridge = max((value * (1.0 if t == target else settings.kin) for t, value in bridges if in_line(t[1], target[1])), default=0.0)
            passage = max(own.passage, settings.kin * whole)
            lent = max(bridge, settings.unbridged * passage)
            scores[target] = ((1 - settings.bridge_weight) * passage + settings.bridge_weight * lent + priors[unit], own)
    return scores


def _priors(rows: np.ndarray, asked: About, store: Store, settings: Settings) -> dict[str, float]:
    """By provision of these rows: what whose law was asked for adds to its score, or takes from it."""
    instruments = {surface.unit: surface.instrument for surface in (store.surfaces[row] for row in rows.tolist())}
    added = {id: _prior(store.instruments[id], asked, settings) for id in set(instruments.values())}
    return {unit: added[id] for unit, id in instruments.items()}


def _prior(entry: Mapping[str, Any], asked: About, settings: Settings) -> float:
    prior = settings.instrument_bonus if entry["id"] in asked.instruments else 0.0
    if asked.jurisdictions:
        prior += _place(entry["jurisdiction"], asked.jurisdictions, settings)
    elif entry["jurisdiction"] == "int":
        prior += settings.treaty_bonus
    prior -= settings.guidance_malus if entry["kind"] == "guidance" else 0.0
    return prior - (0.0 if entry["held"] else settings.unheld_malus)


def _place(jurisdiction: str, asked: Sequence[str], settings: Settings) -> float:
    """What the place asked about adds: most for its own law, nothing for that of a state within it, less than nothing for all others."""
    if jurisdiction in asked:
        return settings.jurisdiction_bonus
    return 0.0 if any(within(jurisdiction, code) for code in asked) else -settings.jurisdiction_malus


def reciprocal_ranks(rankings: Iterable[Sequence[int]], k: int = 60) -> dict[int, float]:
    """One score a row out of several rankings, whatever their order. Units: k is in ranks."""
    shares: dict[int, list[float]] = defaultdict(list)
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            shares[row].append(1 / (k + rank))
    return {row: fsum(sorted(parts)) for row, parts in shares.items()}


def make_hits(
    scores: dict[Target, tuple[float, Evidence]], several: Sequence[str], store: Store, settings: Settings, filters: Filters
) -> Iterator[Hit]:
    """Hits on the best portions, best first, at most settings.per_provision of one provision, each further one of it a little lower.

    Between `several` laws or places each further hit on the same one falls further back, so that none speaks alone.
    """
    taken: dict[str, int] = defaultdict(int)
    heard: dict[str, int] = defaultdict(int)
    ranked = sorted(scores.items(), key=lambda item: (-item[1][0], item[0]))
    kept: list[tuple[float, Target, Evidence]] = []
    for target, (score, evidence) in ranked:
        if taken[target[0]] < settings.per_provision:
            instrument = store.by_unit[target[0]][0].instrument
            side = next((name for name in (instrument, store.instruments[instrument]["jurisdiction"]) if name in several), "")
            kept.append((score - settings.crowding * taken[target[0]] - (settings.turns * heard[side] if side else 0.0), target, evidence))
            taken[target[0]] += 1
            heard[side] += 1
    kept.sort(key=lambda item: (-item[0], item[1]))
    for score, target, evidence in kept[: settings.top * 2]:
        if hit := _hit(target, evidence, score, store, filters):
            yield hit


def _hit(target: Target, evidence: Evidence, score: float, store: Store, filters: Filters) -> Hit | None:
    """The hit for a portion, or None where its stored text is not the one that was sealed: that is withheld, and reported."""
    try:
        return _found(target, evidence, score, store, filters)
    except StoreError as exc:
        log.warning("withheld provision=%s: %s", target[0], exc)
        return None


def _found(target: Target, evidence: Evidence, score: float, store: Store, filters: Filters) -> Hit | None:
    """The hit for a portion: its best passage, or the whole portion where only our questions led there, or our summary where no text is held."""
    if evidence.row >= 0:
        return make_hit(store.surfaces[evidence.row], store, score, evidence.cosine, filters.as_at)
    unit, numbers = target
    version = store.provision(unit, filters.as_at)
    if version:
        portion = next((p for p in version.provision.portions if p.numbers == numbers), None)
        start, end = (portion.start, portion.end) if portion else (0, len(version.provision.text))
        return text_hit(version, numbers, start, end, store, portion.id if portion else unit, score, evidence.cosine) if end else None
    surface = next((s for s in store.by_unit[unit] if s.kind == "summary" and s.numbers == numbers), None)
    return _summary_hit(surface, store, score, evidence.cosine) if surface else None


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
        printed = (portion or version.provision).numbers
        return text_hit(version, printed, start, end, store, portion.id if portion else found[0], 2.0, 1.0, exact=True)
    if not filters.summaries or store.instruments.get(instrument, {}).get("held"):
        return None
    exact = store.summaries(instrument, numbers)
    exact.sort(key=lambda s: (len(s["numbers"]) > len(numbers), -len(s["numbers"])))
    if not exact:
        return None
    surface = next(s for s in store.by_unit[format_id(instrument, exact[0]["numbers"][:1])] if s.passage_id == exact[0]["id"])
    return _summary_hit(surface, store, 2.0, 1.0, exact=True)


def number(hits: Iterable[Hit], settings: Settings) -> list[Hit]:
    """The first settings.top hits with their ranks from 1, each narrowest portion once and each provision at most settings.per_provision times."""
    seen: set[tuple[str, tuple[str, ...], str]] = set()
    per: dict[str, int] = defaultdict(int)
    kept: list[Hit] = []
    for hit in hits:
        key = (hit.instrument, hit.numbers or (hit.provision_id,), hit.kind)
        if key in seen or per[hit.provision_id] == settings.per_provision:
            continue
        seen.add(key)
        per[hit.provision_id] += 1
        kept.append(replace(hit, rank=len(kept) + 1))
        if len(kept) == settings.top:
            break  # the others are not even read
    return kept
