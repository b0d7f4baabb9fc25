"""A topic across jurisdictions: what our summaries say is on it, with pinpoint and words of the law, beside the standard of the treaties.

A cell is a pointer to provisions. It is no finding that a state complies, and an empty one is no finding that its law is silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

from kb.citation import JURISDICTIONS, cite, format_id, in_line, jurisdiction_name, split_id, touches, within
from kb.errors import QueryError, StoreError
from kb.extract import focus, sentences
from kb.lexical import terms
from kb.model import Portion
from kb.show import locate
from kb.store import BUILD, Store, Version

QUOTE_CHARS = 320  # the whole provision is one step away
STANDARD = "Treaties (standard)"
POINTER = "These are pointers: provisions on the same subject, as our summaries sort them. They are no finding that a state complies with a treaty."
STATES = {
    "found": "provisions found",
    "nothing": "law held, nothing found: no summary of ours is on this topic, which does not mean that the law is silent",
    "not-held": "not held: we have neither text nor summary of this law",
}


@dataclass(frozen=True, slots=True)
class Topic:
    """One subject as practitioners divide the field."""

    id: str
    name: str
    definition: str
    group: str

    @property
    def words(self) -> str:
        """What a sentence on the topic is likely to say."""
        return f"{self.name} {self.definition}"


@dataclass(frozen=True, slots=True)
class CellProvision:
    """One provision in a cell. Promise where `quote` is not None: text[start:end] == quote in the record whose digest is `digest`.

    `line` is the sentence of our own summary that is nearest to the topic. `pinpoint` cites the narrowest portion around the quote;
    `opens` and `closes` tell whether the quote begins and ends with the provision that `citation` names.
    """

    id: str
    instrument: str
    numbers: tuple[str, ...]
    jurisdiction: str
    citation: str
    heading: str
    line: str
    checked: bool
    official_url: str | None
    as_at: str | None
    language: str = "en"
    quote: str | None = None
    start: int = 0
    end: int = 0
    opens: bool = True
    closes: bool = True
    pinpoint: str = ""
    digest: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """What one jurisdiction has on a topic."""

    jurisdiction: str
    state: Literal["found", "nothing", "not-held"]
    provisions: tuple[CellProvision, ...] = ()
    more: int = 0  # provisions beyond those that were asked for


@dataclass(frozen=True, slots=True)
class Comparison:
    """A topic: the treaties' standard and a cell for each jurisdiction."""

    topic: Topic
    standard: Cell
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A treaty article, the topics that it speaks of, and where national law speaks of them."""

    article: CellProvision
    comparisons: tuple[Comparison, ...]


# topics


def topics(store: Store) -> dict[str, Topic]:
    """Every topic by its id, in the order of the scheme.

    Raises: StoreError where the generation was built without topics.
    """
    if not store.topics.get("topics"):
        raise StoreError(f"this edition of the knowledge base carries no topics; {BUILD}")
    return {id: Topic(id, row["name"], row["definition"], row["group"]) for id, row in store.topics["topics"].items()}


def topic_named(wanted: str, store: Store) -> Topic:
    """The topic of an id or a name.

    Raises: QueryError, naming the nearest, where there is none.
    """
    known = topics(store)
    by_name = {topic.name.casefold(): topic for topic in known.values()}
    found = known.get(wanted.strip()) or by_name.get(wanted.strip().casefold())
    if found is None:
        near = get_close_matches(wanted.strip().casefold(), [*known, *by_name], 3, 0.3)
        ids = dict.fromkeys(name if name in known else by_name[name].id for name in near)
        raise QueryError(f"{wanted!r} is not a topic{'; perhaps ' + ', '.join(ids) if ids else ''}; the list: python -m kb compare")
    return found


# comparing


def compare(topic: str, store: Store, jurisdictions: Sequence[str] = (), limit: int | None = None) -> Comparison:
    """The topic in each jurisdiction, in the order given; in all of which we hold something where none is given.

    `limit` is how many provisions a cell shows, those first that are on this topic before others.

    Raises: QueryError for a topic or jurisdiction that is not known.
    """
    found = topic_named(topic, store)
    codes = tuple(dict.fromkeys(jurisdictions)) or held_jurisdictions(store)
    check_jurisdictions(codes, store)
    summaries = store.by_topic.get(found.id, [])
    cells = tuple(_cell(code, codes, found, summaries, store, limit) for code in codes)
    return Comparison(found, _standard(found, summaries, store, limit), cells)


def check_jurisdictions(codes: Iterable[str], store: Store) -> None:
    """Nothing, if each is a jurisdiction that we know, held or not.

    Raises: QueryError for one that is not.
    """
    known = JURISDICTIONS.keys() | {entry["jurisdiction"] for entry in store.instruments.values()}
    for code in codes:
        if code not in known:
            raise QueryError(f"{code!r} is not a jurisdiction that we know; they are written as int, eu, us, us-ca, gb ...")


def held_jurisdictions(store: Store) -> tuple[str, ...]:
    """Codes of the jurisdictions of which we hold a text or a summary, treaties and the EU first, then by name."""
    first = {"int": 0, "eu": 1}
    return tuple(sorted(store.jurisdictions, key=lambda code: (first.get(code, 2), jurisdiction_name(code))))


def matrix(store: Store, jurisdictions: Sequence[str]) -> dict[str, dict[str, int | None]]:
    """How many provisions are found, by topic and jurisdiction; None where nothing of the jurisdiction is held."""
    held = {code: store.speaks_of(code) for code in jurisdictions}
    table: dict[str, dict[str, int | None]] = {}
    for topic in topics(store):
        counts = dict.fromkeys(jurisdictions, 0)
        for summary in store.by_topic.get(topic, []):
            if (code := _column(store.instruments[summary["instrument"]]["jurisdiction"], jurisdictions)) is not None:
                counts[code] += 1
        table[topic] = {code: counts[code] if held[code] else None for code in jurisdictions}
    return table


def _cell(
    code: str, codes: Sequence[str], topic: Topic, summaries: Sequence[dict[str, Any]], store: Store, limit: int | None
) -> Cell:
    own = [s for s in summaries if _column(store.instruments[s["instrument"]]["jurisdiction"], codes) == code]
    return _filled(code, _ordered(own, topic.id, store), topic, store, limit)


def _filled(code: str, summaries: Sequence[dict[str, Any]], topic: Topic, store: Store, limit: int | None) -> Cell:
    """The cell with the provisions of the first summaries."""
    if not summaries:
        return Cell(code, "nothing" if store.speaks_of(code) else "not-held")
    shown = tuple(described(s, topic.words, store) for s in summaries[:limit])
    return Cell(code, "found", shown, len(summaries) - len(shown))


def _column(jurisdiction: str, codes: Sequence[str]) -> str | None:
    """The narrowest of the jurisdictions compared that a law belongs to: California's stand under us only where us-ca is not compared."""
    return max((code for code in codes if within(jurisdiction, code)), key=len, default=None)


def _ordered(summaries: Iterable[dict[str, Any]], topic: str, store: Store) -> list[dict[str, Any]]:
    """Those first that name the topic before others, one of each provision before a second; core laws, laws of which the text is held, by name."""
    ranked = []
    nth: Counter[tuple[Any, ...]] = Counter()
    for summary in summaries:
        entry, place = store.instruments[summary["instrument"]], summary["topics"].index(topic)
        provision = (place, summary["instrument"], *summary["numbers"][:1])
        ranked.append(((place, nth[provision], not entry["core"], not entry["held"], str(entry["short_title"]).casefold()), summary))
        nth[provision] += 1
    return [summary for _, summary in sorted(ranked, key=lambda pair: pair[0])]


# the standard, and the way from a treaty article


def _standard(topic: Topic, summaries: Sequence[dict[str, Any]], store: Store, limit: int | None) -> Cell:
    """The treaties on a topic: the articles that the alignment names, then others whose summaries have it."""
    aligned = [split_id(id) for row in _alignment(store) if row["topic"] == topic.id for id in row["provisions"]]
    aligned = [(instrument, numbers) for instrument, numbers in aligned if instrument in store.instruments]
    treaties = [s for s in summaries if store.instruments[s["instrument"]]["kind"] == "treaty" and s["instrument"].startswith("int/")]
    rest = [s for s in treaties if not any(s["instrument"] == named and in_line(s["numbers"], path) for named, path in aligned)]
    first = [_around(instrument, numbers, store) for instrument, numbers in aligned]
    return _filled("int", [*first, *_ordered(rest, topic.id, store)], topic, store, limit)


def _alignment(store: Store) -> list[dict[str, Any]]:
    return store.topics.get("alignment") or []


def _around(instrument: str, numbers: tuple[str, ...], store: Store) -> dict[str, Any]:
    """An article that the alignment names, as a summary: what the narrowest of ours around it says."""
    around = [s for s in store.summaries(instrument, numbers) if len(s["numbers"]) <= len(numbers)]
    summary = max(around, key=lambda s: len(s["numbers"]), default={})
    return {**_BLANK, **summary, "instrument": instrument, "numbers": list(numbers)}


_BLANK: dict[str, Any] = {"heading": "", "summary": "", "checked": False, "official_url": None, "as_at": None}


def trace(
    instrument: str, numbers: tuple[str, ...], store: Store, jurisdictions: Sequence[str] = (), limit: int | None = None
) -> Trace:
    """Where the jurisdictions speak of what a treaty article speaks of, topic by topic.

    Raises: QueryError where the alignment does not have the article.
    """
    found = [
        row["topic"]
        for row in _alignment(store)
        if any(named == instrument and in_line(path, numbers) for named, path in map(split_id, row["provisions"]))
    ]
    if not found:
        aligned = sorted({split_id(id)[0] for row in _alignment(store) for id in row["provisions"]})
        raise QueryError(f"{format_id(instrument, numbers)} is not among the treaty articles that we have sorted by topic; those are of {', '.join(aligned)}")
    words = " ".join(topic_named(topic, store).words for topic in found)
    article = described(_around(instrument, numbers, store), words, store)
    return Trace(article, tuple(compare(topic, store, jurisdictions, limit) for topic in found))


def traceable(store: Store) -> list[str]:
    """Ids of the treaty articles that `trace` knows, treaty by treaty, in numerical order."""
    ids = {id for row in _alignment(store) for id in row["provisions"] if split_id(id)[0] in store.instruments}
    return sorted(ids, key=lambda id: (split_id(id)[0], [(int(n) if n.isdigit() else 0, n) for n in split_id(id)[1]]))


# one provision of a cell


def described(summary: dict[str, Any], topic: str, store: Store) -> CellProvision:
    """The provision that a summary is about, with the words of the law that are nearest to the topic where its text is held."""
    instrument, numbers = summary["instrument"], tuple(summary["numbers"])
    entry = store.instruments[instrument]
    found = store.resolve(instrument, numbers) if numbers else None
    version = store.provision(found[0]) if found else None
    held = CellProvision(
        format_id(instrument, numbers), instrument, numbers, entry["jurisdiction"], cite(entry["citation"], numbers, summary["heading"]),
        summary["heading"] or (version.provision.heading if version else ""), nearest_sentence(summary["summary"], topic), summary["checked"],
        summary["official_url"] or entry["official_url"], summary["as_at"], warnings=tuple(_warnings(numbers, entry, version)),
    )  # fmt: skip
    return _quoted(held, version, found[1], topic, store) if version else held


def _quoted(held: CellProvision, version: Version, portion: Portion | None, topic: str, store: Store) -> CellProvision:
    """The same with its quote, read from the record."""
    provision = version.provision
    first, last = (portion.start, portion.end) if portion else (0, len(provision.text))
    start, end = focus(provision.text, first, last, topic, version.language, QUOTE_CHARS) if last > first else (first, last)
    end = _cut(provision.text, start, end)
    around = [p for p in provision.portions if p.start <= start and end <= p.end and len(p.numbers) >= len(held.numbers)]
    narrowest = max(around, key=lambda p: len(p.numbers)).numbers if around else held.numbers
    return replace(
        held, official_url=version.official_url or held.official_url, as_at=version.as_at, language=version.language, quote=provision.text[start:end],
        start=start, end=end, opens=start == first, closes=end == last, digest=version.digest,
        pinpoint=cite(store.instruments[held.instrument]["citation"], narrowest, provision.heading),
    )  # fmt: skip


def _cut(text: str, start: int, end: int) -> int:
    """Where the quote ends: before a sentence that is longer than a cell bears, it ends with a word."""
    if end - start <= 2 * QUOTE_CHARS:
        return end
    return text.rfind(" ", start, start + 2 * QUOTE_CHARS) if " " in text[start : start + 2 * QUOTE_CHARS] else start + 2 * QUOTE_CHARS


def nearest_sentence(text: str, topic: str) -> str:
    """The sentence that is nearest to the topic: the first, unless another shares at least two more words with it."""
    wanted = set(terms(topic))
    whole: list[str] = []
    for start, end in sentences(text, 0, len(text)):
        if whole and not whole[-1].endswith((".", "!", "?", "。", "”")):  # a semicolon or a colon parts no sentence of ours
            whole[-1] += " " + text[start:end]
        else:
            whole.append(text[start:end])
    shared = [len(wanted & set(terms(sentence))) for sentence in whole]
    best = shared.index(max(shared))
    return whole[best if shared[best] >= shared[0] + 2 else 0].strip()


def _warnings(numbers: Sequence[str], entry: dict[str, Any], version: Version | None) -> Iterable[str]:
    """What a reader must know before relying on a provision: damage, repeal, changes to come, a successor."""
    if version and version.damaged:
        yield "our copy is known to be incomplete or disturbed"
    if version and version.provision.status != "in-force":
        yield version.provision.status
    for change in entry["pending_amendments"]:
        if touches(change, numbers):
            yield f"change to come: {change['effect']} ({change['act']})"
    if replaced := entry["replaced_by"]:
        told = "; ".join(str(value) for value in replaced.values() if value) if isinstance(replaced, dict) else str(replaced)
        yield f"replaced: {told}"


# for other programs


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The object that `compare --json` prints for a topic."""
    return {
        "topic": asdict(comparison.topic),
        "note": POINTER,
        "standard": asdict(comparison.standard),
        "cells": [{**asdict(cell), "meaning": STATES[cell.state]} for cell in comparison.cells],
    }


def trace_json(found: Trace) -> dict[str, Any]:
    """The object that `compare --json` prints for a treaty article."""
    return {"article": asdict(found.article), "note": POINTER, "topics": [comparison_json(comparison) for comparison in found.comparisons]}


def compared(wanted: str, jurisdictions: Sequence[str], limit: int, store: Store) -> tuple[tuple[Comparison, ...], dict[str, Any]]:
    """The comparisons that a topic or a treaty article asks for, and the object that says so to programs."""
    if "~" in wanted or (wanted not in topics(store) and store.names.references(wanted)):
        found = trace(*locate(wanted, store), store, jurisdictions, limit)
        return found.comparisons, trace_json(found)
    comparison = compare(wanted, store, jurisdictions, limit)
    return (comparison,), comparison_json(comparison)
