"""A question about several places or laws -> what each of them has on it, place by place.

"Which African laws ...", "compare the UK and Ireland", "¿qué países ...?". That nothing was found is said by name: it does not mean that the law is silent.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Literal

import numpy as np

from kb.citation import JURISDICTIONS, jurisdiction_name, places_named, within
from kb.config import Settings
from kb.lexical import terms
from kb.model import Filters, Hit, Query, SurveyRow
from kb.search import About, Evidence, Target, allowed_rows, candidates, look_up, make_hits, subject, weigh
from kb.store import Store

NOTE = "These are pointers to provisions. “Nothing found” is said of the texts held here; it does not mean that the law is silent."
STATES = {
    "found": "found",
    "nothing": "law held, nothing found",
    "summaries-only": "only our summaries are held, nothing found in them",
    "not-held": "not held",
}
State = Literal["found", "nothing", "summaries-only", "not-held"]
LINE_CHARS = 240
QUOTED = 8  # provisions of the places that are shown in full before others
_DEPTH = 1000  # candidates of either ranking: all of them are shared between the places
_VOTERS = 10  # nearest provisions that say what subject is asked about
_AGREED = 0.4  # share of their votes that makes a subject the one asked about
_NAMED = 0.6  # share of the words of a subject's name that does
_HALF_NAMED = 0.5  # the same where it is two words or more
_NARROW = 0.05  # of all summaries: a subject with fewer tells its provisions from others, one with more (penalties, wages) hardly
_ON_SUBJECT = 0.06  # what a provision on the subject gains before others of its place
# share of the best score of all places that a provision must reach, by what our summaries sort it under: the subject asked about, narrow or broad, or a part of
# it; nothing, where we have no summary of it; something else; or whatever, where we cannot tell the subject
_CLOSE = {"subject": 0.4, "broad": 0.7, "part": 0.7, "unsorted": 0.9, "other": 0.98, "unknown": 0.6}
_TRIED = 12  # provisions of one place that are looked at


@dataclass(frozen=True, slots=True)
class Side:
    """One of the places, or of the laws, that a question asks about."""

    jurisdiction: str
    instrument: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a side has: its best provision, or why there is none."""

    side: Side
    state: State
    hit: Hit | None = None


# whether a question is about several


@dataclass(frozen=True, slots=True)
class _Named:
    """A place, part of the world or law named in a text (start:end), and the sides that it stands for."""

    sides: tuple[Side, ...]
    start: int
    end: int
    region: bool = False


_STORY = re.compile(
    r"\b(?:I|I['’]m|I['’]ve|me|my|myself|we|our|she|he|her|hers|his|him|client|friend|sister|brother|cousin|boss|wife|husband|daughter|son|yo|mi|mis|nos|"
    r"nosotr[oa]s|ella|él|client[ea]|amig[oa]|herman[oa]|prim[oa]|jef[ea]|espos[oa]|hij[oa])\b",
    re.IGNORECASE,
)
_ORDER = re.compile(r"^\W*(?:(?:please|can you|por favor)\W+)?(?:compare|contrast|compara|compare|comparar|compárame)\b", re.IGNORECASE)
_COMPARED = re.compile(r"\b(?:compar\w+|contrast\w*|versus|vs|side by side|diff?eren(?:ces?|t|tly|cias?)|differs?|difieren?|distint[oa]s?)\b", re.IGNORECASE)
_ASKED = re.compile(r"[?¿]|^\W*(?:which|what|how|do|does|is|are|can|may|must|where|list|qué|cómo|cuáles|dónde)\b", re.IGNORECASE)
_PLACES = r"(?:countries|nations|jurisdictions|países|jurisdicciones|naciones)"
_SEVERAL = rf"(?:{_PLACES}|states|laws|legislation|acts|codes|statutes|legal systems|estados|leyes|legislaciones|códigos)"
_WHICH = re.compile(rf"\b(?:which|what|how many|qué|que|cuáles|cuántos)\W+(?:\w+\W+){{0,4}}?{_SEVERAL}\b", re.IGNORECASE)
_WHICH_PLACES = re.compile(rf"(?P<within>\b(?:in|en)\s+)?\b(?:which|what|qué|cuáles)\s+(?:of the\s+|other\s+)?{_PLACES}\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_INVERTED = re.compile(r"\s*(?:(?:has|had|did|was|does|is)\b|(?:have|were|do|are|can|may)\s+(?:they|you|we)\b)", re.IGNORECASE)  # "which countries has the victim crossed"
_PARTIES = re.compile(r"\b(?:ratif\w+|acced\w+|adher\w+|signed|signator\w+|part(?:y|ies) to|bound by|members? of|joined|eligible|nationals? of|firmaron|firmado|parte de)\b", re.IGNORECASE)
_JOINED = re.compile(r"(?:['’]s)?\s*(?:laws?|legislation)?\s*(?:,|&|,?\s*\b(?:and|or|y|e|o|u|vs|versus)\b)\s*\.?\s*(?:(?:in|the|en|el|la|los|las)\s+)*", re.IGNORECASE)
_ORIGIN = re.compile(r"\b(?:from|leaving|left|born in|nationals? of|citizens? of|desde|procedentes? de)\s+(?:the\s+|el\s+|la\s+)?$", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|entre)\s+(?:the\s+|el\s+|la\s+)?$", re.IGNORECASE)
_PEOPLE = re.compile(
    r"\s+(?!(?:laws?|legislation|courts?|acts?|codes?|rules?)\b)(?:\w+\s+){0,2}?(?:workers?|wom[ae]n|m[ae]n|girls?|boys?|children|nationals?|citizens?|migrants?|victims?|people|maids?|nurses?|"
    r"seafarers?|students?|families)\b",
    re.IGNORECASE,
)
_OF_LAW = re.compile(rf"\W+(?:\w+\W+)?(?:{_SEVERAL}|law|legal)\b", re.IGNORECASE)
_WITHIN = re.compile(r"\b(?:in|across|throughout|within|en|of|de)\s+(?:(?:the|all of|el|toda)\s+)*$", re.IGNORECASE)


def sides(text: str, filters: Filters, store: Store) -> tuple[Side, ...]:
    """The places or laws of which a question asks what each has; none where it asks of one or of none, or tells someone's story."""
    if filters.instrument or (_STORY.search(text) and not _ORDER.search(text)):
        return ()
    named = _named(text, store)
    found = _compared(text, named) or _region(text, named) or ([] if named else _world(text, store))
    chosen = [side for side in dict.fromkeys(found) if not filters.jurisdiction or any(within(side.jurisdiction, code) for code in filters.jurisdiction)]
    return tuple(chosen) if len(chosen) > 1 else ()


def _compared(text: str, named: Sequence[_Named]) -> list[Side]:
    """Places and laws that are compared in so many words, or that stand side by side in a question."""
    single = [item for item in named if not item.region]
    if not (_COMPARED.search(text) or _ORDER.search(text)):
        single = _side_by_side(text, single) if _ASKED.search(text) else []
    laws = {side.jurisdiction for item in single for side in item.sides if side.instrument}
    return [side for item in single for side in item.sides if side.instrument or side.jurisdiction not in laws]


def _side_by_side(text: str, named: Sequence[_Named]) -> list[_Named]:
    """Those that stand in one list with another: "Ireland and Kenya", not "from Kenya, now in Ireland"; nor "Indian and Nepali workers"."""
    runs: list[list[_Named]] = []
    for item in named:
        if runs and _JOINED.fullmatch(text[runs[-1][-1].end : item.start]):
            runs[-1].append(item)
        else:
            runs.append([item])
    return [item for run in runs if len(run) > 1 and not (_is_adjective(text, run[-1]) and _PEOPLE.match(text, run[-1].end)) for item in run]


def _is_adjective(text: str, item: _Named) -> bool:
    """Whether a place is named by the word for its people: "Kenyan", not "Kenya"."""
    words = JURISDICTIONS.get(item.sides[0].jurisdiction, ("", ""))[1].split("|")
    return text[item.start : item.end].casefold() != words[0] and item.sides[0].instrument is None


def _region(text: str, named: Sequence[_Named]) -> list[Side]:
    """The places of the parts of the world whose laws are asked for."""
    regions = [item for item in named if item.region]
    asked = _WHICH.search(text) or _COMPARED.search(text)
    of_law = [
        item for item in regions
        if asked or _OF_LAW.match(text, item.end) or (_ASKED.search(text) and _WITHIN.search(text[: item.start]) and not _PEOPLE.match(text, item.end))
    ]  # fmt: skip
    return [side for item in of_law for side in item.sides] if not _PARTIES.search(text) else []


def _world(text: str, store: Store) -> list[Side]:
    """Every country whose law we hold, where a question asks "which countries" and names none."""
    match = _WHICH_PLACES.search(text)
    if not match or _PARTIES.search(text) or (_INVERTED.match(match["rest"]) and not match["within"]) or store.vocabulary.jurisdictions(text):
        return []
    codes = {code.partition("-")[0] for code in store.jurisdictions}
    return [Side(code) for code in sorted(codes - {"int", "eu"}, key=jurisdiction_name)]


def _named(text: str, store: Store) -> list[_Named]:
    """What a text names, in order; of names that overlap the longest: South Africa is no part of Africa, nor are Latin American laws American."""
    laws = [_Named((Side(store.instruments[id]["jurisdiction"], id),), start, end) for id, start, end in store.names.mentions(text)]
    written = [*places_named(text), *(("us", *match.span()) for match in re.finditer(r"\bUS\b", text))]
    places = [_Named((Side(code),), start, end) for code, start, end in written]
    regions = [_Named(tuple(map(Side, sorted(codes, key=jurisdiction_name))), start, end, True) for codes, start, end in store.vocabulary.regions(text) if not text[end:].startswith(" of ")]
    kept: list[_Named] = []
    for item in sorted([*laws, *places, *regions], key=lambda item: (item.start - item.end, item.start)):
        if all(item.end <= other.start or other.end <= item.start for other in kept):
            kept.append(item)
    return list(_without_origins(text, sorted(kept, key=lambda item: item.start)))


def _without_origins(text: str, named: Iterable[_Named]) -> Iterator[_Named]:
    """What is named, without the places that people come from, and those between which something else than a difference lies."""
    origin: _Named | None = None
    for item in named:
        before = text[: item.start]
        joined = origin is not None and _JOINED.fullmatch(text[origin.end : item.start])
        if joined or _ORIGIN.search(before) or (_BETWEEN.search(before) and not _COMPARED.search(before)):
            origin = item
        else:
            yield item


# what each has


def find(asked: Sequence[Side], text: str, query: Query, nearest: Sequence[Hit], store: Store, settings: Settings) -> list[Finding]:
    """What each side has on a question, those first that have something: one search over all of them, judged by the thresholds of an answer.

    One provision must be adequate, every other at least fit to stand beside it; and each must come close to the best, closer the less it is on the subject.
    `nearest` are the hits of the search over everything: they say what the subject is.
    """
    owner_of, matter = owners(asked, store), _subject(text, nearest, store)
    about = About(tuple(dict.fromkeys(side.jurisdiction for side in asked)), tuple(side.instrument for side in asked if side.instrument))
    pool = candidates(text, store, replace(settings, depth=_DEPTH), _rows_of(owner_of, query.filters, store, settings))
    scores = weigh(pool, about, store, settings) if _adequate(pool.plain, query.filters, settings) else {}
    best = max((score for score, _ in scores.values()), default=0.0)
    least = min(_CLOSE.values())
    shares: dict[Side, list[tuple[float, Target]]] = {side: [] for side in asked}
    for target, (score, evidence) in scores.items():
        instrument = _instrument(target, store)
        kind = matter.kind(instrument, target[1]) if score >= best * least and evidence.cosine >= settings.beside else ""
        if kind and score >= best * _CLOSE[kind]:
            shares[owner_of[instrument]].append((score + (_ON_SUBJECT if kind in ("subject", "broad") else 0.0), target))
    cited = {hit.instrument: hit for hit in reversed(look_up(store.names.references(text), store, query.filters))}
    hits = {side: cited.get(side.instrument or "") or _first(shares[side], scores, query, store, settings) for side in asked}
    found = [Finding(side, _state(side, hits[side], owner_of, store), hits[side]) for side in asked]
    return sorted(found, key=lambda finding: (finding.hit is None, list(STATES).index(finding.state)))


def _adequate(cosines: np.ndarray, filters: Filters, settings: Settings) -> bool:
    """Whether one row at least comes as near as an answer must."""
    return bool((cosines >= (settings.adequate if filters.summaries else settings.adequate_text)).any())


def _first(found: Sequence[tuple[float, Target]], scores: Mapping[Target, tuple[float, Evidence]], query: Query, store: Store, settings: Settings) -> Hit | None:
    """The best of a side's provisions that has a wording, and one old enough."""
    for _, target in sorted(found, key=lambda item: (-item[0], item[1]))[:_TRIED]:
        for hit in make_hits({target: scores[target]}, (), store, settings, query.filters):
            if not query.filters.as_at or (hit.as_at and hit.as_at <= query.filters.as_at):
                return hit
    return None


# the subject


def _topics(text: str, nearest: Sequence[Hit], store: Store) -> set[str]:
    """Ids of the topics that a question is about: those that it names, else those that our summaries of the nearest provisions agree on."""
    known = store.topics.get("topics") or {}
    if not known:
        return set()
    votes: Counter[str] = Counter()
    for hit in nearest[:_VOTERS]:
        around = [summary for summary in store.summaries(hit.instrument, hit.numbers) if len(summary["numbers"]) <= len(hit.numbers)]
        for place, topic in enumerate(max(around, key=lambda summary: len(summary["numbers"]))["topics"] if around else (), start=1):
            votes[topic] += 1 / (place * len(nearest[:_VOTERS]))
    said = set(terms(f"{subject(_in_english(text, store), store)} {store.vocabulary.expand(text)}"))
    named = {id for id, topic in known.items() if _names(set(terms(topic["name"])), said)}
    return named or {topic for topic in known if votes[topic] >= _AGREED}


def _names(name: Set[str], said: Set[str]) -> bool:
    """Whether a question has enough of the words of a subject's name."""
    shared = len(name & said)
    return shared >= _NAMED * len(name) or (shared > 1 and shared >= _HALF_NAMED * len(name))


def _in_english(text: str, store: Store) -> str:
    return store.vocabulary.gloss(text) if store.vocabulary.is_spanish(text) else text


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a question is about, and by instrument the (numbers, topics) of each of our summaries."""

    topics: frozenset[str]
    narrow: bool
    summaries: Mapping[str, Collection[tuple[tuple[str, ...], list[str]]]]

    def kind(self, instrument: str, numbers: tuple[str, ...]) -> str:
        """What our summaries sort a provision under, as a key of _CLOSE."""
        if not self.topics:
            return "unknown"
        found = self.summaries.get(instrument, ())
        under = {topic for place, topics in found if place[: len(numbers)] == numbers[: len(place)] for topic in topics}
        if not under:
            return "unsorted"
        if self.topics <= under:
            return "subject" if self.narrow else "broad"
        return "part" if self.topics & under else "other"


def _subject(text: str, nearest: Sequence[Hit], store: Store) -> _Subject:
    table: dict[str, dict[str, tuple[tuple[str, ...], list[str]]]] = defaultdict(dict)
    for listed in store.by_topic.values():
        for summary in listed:
            table[summary["instrument"]][summary["id"]] = (tuple(map(str, summary["numbers"])), summary["topics"])
    topics = _topics(text, nearest, store)
    total = sum(map(len, table.values()))
    narrow = any(len(store.by_topic.get(topic, ())) <= _NARROW * total for topic in topics)
    return _Subject(frozenset(topics), narrow, {instrument: found.values() for instrument, found in table.items()})


# which law is whose


def owners(asked: Sequence[Side], store: Store) -> dict[str, Side]:
    """By instrument, the side that it belongs to: by itself, else by the narrowest place around it."""
    laws = {side.instrument: side for side in asked if side.instrument}
    places = {side.jurisdiction: side for side in asked if not side.instrument}
    found = {}
    for id, entry in store.instruments.items():
        code = entry["jurisdiction"]
        if side := laws.get(id) or places.get(code) or places.get(code.partition("-")[0]):
            found[id] = side
    return found


def _instrument(target: Target, store: Store) -> str:
    return store.by_unit[target[0]][0].instrument


def _rows_of(owner_of: Mapping[str, Side], filters: Filters, store: Store, settings: Settings) -> np.ndarray:
    """Row numbers of the sides' law that the filters leave, ascending."""
    units = np.fromiter((unit.partition("~")[0] in owner_of for unit in store.units), bool, len(store.units))
    rows = np.flatnonzero(units[store.columns["unit"]])
    left = allowed_rows(replace(filters, jurisdiction=()), store, settings.surfaces)
    return rows if left is None else np.intersect1d(rows, left)


def _state(side: Side, hit: Hit | None, owner_of: Mapping[str, Side], store: Store) -> State:
    entries = [store.instruments[id] for id, owner in owner_of.items() if owner == side]
    if any(entry["held"] for entry in entries):
        return "found" if hit else "nothing"
    return "summaries-only" if any(entry["summaries"] for entry in entries) else "not-held"


# as rows


def rows(findings: Sequence[Finding], text: str, summaries: bool, store: Store, number_of: Callable[[Hit], int | None]) -> tuple[SurveyRow, ...]:
    """A row a finding; `number_of` gives the number of the citation that quotes a hit, or None where its words are withheld."""
    return tuple(_row(found, text, summaries, store, number_of) for found in findings)


def without(listed: Sequence[SurveyRow]) -> dict[str, list[str]]:
    """By what is said of them (a key of STATES), the names of those that nothing is quoted of."""
    names: dict[str, list[str]] = {}
    for row in listed:
        if row.citation is None:
            names.setdefault(row.state, []).append(row.name)
    return names


def _row(found: Finding, text: str, summaries: bool, store: Store, number_of: Callable[[Hit], int | None]) -> SurveyRow:
    side = found.side
    name = store.instruments[side.instrument]["short_title"] if side.instrument else jurisdiction_name(side.jurisdiction)
    number = number_of(found.hit) if found.hit else None
    bare = SurveyRow(side.jurisdiction, name, side.instrument, "nothing" if number is None and found.state == "found" else found.state, number)
    if number is None:
        return bare
    ours = _sentence(found.hit, text, store) if summaries else ""
    return replace(bare, line=shorten(ours or found.hit.heading, LINE_CHARS, placeholder=" …"), ours=bool(ours))


def _sentence(hit: Hit, text: str, store: Store) -> str:
    """Our summary of a hit's portion, or the sentence of it that shares two more words with the question than the first does; empty where we have none."""
    around = [summary for summary in store.summaries(hit.instrument, hit.numbers) if summary["numbers"] and len(summary["numbers"]) <= len(hit.numbers)]
    if not around:
        return ""
    asked = set(terms(_in_english(text, store)))
    whole = max(around, key=lambda summary: len(summary["numbers"]))["summary"]
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z“])", whole)
    shared = [len(asked & set(terms(sentence))) for sentence in sentences]
    best = shared.index(max(shared))
    return (sentences[best] if shared[best] >= shared[0] + 2 else whole).strip()
