"""Hits -> Answer: our plain lead, then the law's own words with their pinpoints, every statement cited."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kb.citation import Reference, cite, format_id, jurisdiction_name, jurisdictions_named, pinpoint, within
from kb.config import Settings
from kb.errors import StoreError
from kb.lexical import terms
from kb.model import Answer, Cited, Hit, Query, Statement, Status
from kb.premise import contradicts, premise, refusal, unfounded_periods
from kb.search import checked, cited_hit, search
from kb.store import Store

TEXT_NOT_HELD = "text-not-held"
_SENTENCE = re.compile(r"(?<=[.;:。；])\s+(?=[^\s\d]|\d)|\n")
_ABBREVIATION = re.compile(r"(?:\b(?:No|Nos|art|arts|sec|secs|par|Pub|L|U\.S|U\.S\.C|C\.F\.R|v|e\.g|i\.e|etc|Art|St|Stat)\.)$")
_DATA_NOT_HELD = (
    (re.compile(r"processing times?|how (?:long|many (?:weeks|months|days)) (?:is|are|does) (?:uscis|the home office|ircc)\b.*\b(?:taking|take)", re.IGNORECASE), "processing times"),
    (re.compile(r"adverse effect wage rate|\baewr\b|prevailing wage (?:rate|level)|wage rate per hour|current (?:fee|minimum wage) (?:amount|rate)", re.IGNORECASE), "wage and fee rates"),
    (re.compile(r"\bcase law\b|court decisions?|precedents?\b|leading cases?|which judge", re.IGNORECASE), "case law"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the question names that we cannot show, why, and what stands nearest."""

    status: Status
    note: str
    nearest: tuple[Hit, ...] = ()


def ask(query: Query, store: Store, settings: Settings) -> Answer:
    """The answer to a question, extractive: nothing in it but our labelled summaries and verified quotations.

    Raises: QueryError as `search` does.
    """
    text = checked(query, store, settings)
    if why := refusal(text):
        return _declined(query, store, "refused", [Gap("refused", why)], ())
    hits = search(query, store, settings)
    gaps = [*_missing(text, store, hits), *_not_held(text, query, store)]
    if gaps and not any(gap.status == "partial" for gap in gaps):
        return _declined(query, store, gaps[0].status, gaps, hits)
    floor = settings.adequate if query.filters.summaries else settings.adequate_text
    usable = [hit for hit in hits if hit.exact or hit.cosine >= floor]
    if not usable:
        return _declined(query, store, "not-covered", [Gap("not-covered", "Nothing in the texts held speaks to this closely enough.")], hits)
    answer = _compose(query, text, usable, gaps, store, settings)
    wrong = _false_premise(text, answer, usable)
    return replace(answer, status="false-premise", notes=(wrong, *answer.notes)) if wrong and answer.status == "supported" else answer


def _false_premise(text: str, answer: Answer, usable: Sequence[Hit]) -> str | None:
    """What the question takes for granted and the law found contradicts, in one sentence; None where we see nothing of the kind."""
    texts = [cited.quote for cited in answer.citations] + [hit.text for hit in usable]
    periods = unfounded_periods(text, texts)
    if periods:
        named = ", ".join(f"{n} {unit}s" for n, unit in sorted(periods))
        return f"The question takes for granted that the law sets {named}; the provisions found do not say so. Read what they say."
    said = premise(text)
    for quote in texts if said else ():
        for start, end in sentences(quote, 0, len(quote)):
            if contradicts(said, quote[start:end]):
                return "The question takes something for granted that the provisions found say otherwise. Read what they say."
    return None


def _searched(query: Query, store: Store) -> dict[str, object]:
    filters = {name: value for name in ("jurisdiction", "kind", "instrument", "language", "as_at") if (value := getattr(query.filters, name))}
    counts = store.manifest["counts"]
    return {"instruments": counts["held_instruments"], "passages": counts["passages"], "filters": filters}


def _declined(query: Query, store: Store, status: Status, gaps: Sequence[Gap], hits: Sequence[Hit]) -> Answer:
    nearest = tuple(hit for gap in gaps for hit in gap.nearest) or tuple(hits[:3])
    notes = list(dict.fromkeys(gap.note for gap in gaps))
    return Answer(query.text, status, (), (), _searched(query, store), tuple(notes), nearest)


# what is not there


def _missing(text: str, store: Store, hits: Sequence[Hit]) -> list[Gap]:
    """A gap for each cited provision that does not exist in a text held, or whose text is not held."""
    gaps = []
    for reference in store.names.references(text):
        entry = store.instruments.get(reference.instrument)
        found = any(hit.exact and hit.instrument == reference.instrument for hit in hits)
        if entry is None:
            gaps.append(Gap("not-held", f"{_label(reference)} is not in the knowledge base."))
        elif not entry["held"]:
            name = cite(entry["citation"], reference.numbers)
            gaps.append(_unheld_text(name, partial=found))
        elif not store.resolve(reference.instrument, reference.numbers):
            gaps.append(_no_such(reference, entry, store))
    return gaps


def _label(reference: Reference) -> str:
    return f"{reference.instrument} {pinpoint(reference.numbers)}"


def _unheld_text(name: str, partial: bool) -> Gap:
    if partial:
        return Gap("partial", f"The official text of {name} is not in the knowledge base; what follows is our summary.")
    return Gap("not-held", f"{name} is not in the knowledge base.")


def _no_such(reference: Reference, entry: dict, store: Store) -> Gap:
    """The cited number does not exist, or lies in a part that is not held."""
    for length in range(len(reference.numbers) - 1, 0, -1):
        upper = store.resolve(reference.instrument, reference.numbers[:length])
        if upper:
            version = store.provision(upper[0])
            if version.damaged:
                return Gap("not-held", f"Our copy of {cite(entry['citation'], reference.numbers[:length])} is damaged; whether it has such a part cannot be told.")
            parent = reference.numbers[:length]
            there = [p.numbers for p in version.provision.portions if len(p.numbers) == length + 1 and p.numbers[:length] == parent]
            return _nonexistent(reference, entry, there, store)
    held = store.held_numbers(reference.instrument)
    if not _whole(entry, reference.numbers[0], held):
        name = cite(entry["citation"], reference.numbers)
        return Gap("not-held", f"{name} is not in the part of {entry['short_title']} that is held.", _nearest(reference, held, store))
    return _nonexistent(reference, entry, held, store)


def _whole(entry: dict, number: str, held: Sequence[tuple[str, ...]]) -> bool:
    """Whether the unit that would enclose this number is held complete: the act, or one of the number ranges the catalogue names."""
    complete = entry["complete"]
    if complete is True:
        return True
    ranges = re.findall(r"(\d[\w.]*)\s*-\s*(\d[\w.]*)", str(complete))
    return any(_order(first) <= _order(number) <= _order(last) for first, last in ranges)


def _nonexistent(reference: Reference, entry: dict, there: Sequence[tuple[str, ...]], store: Store) -> Gap:
    name = cite(entry["citation"], reference.numbers)
    nearest = _nearest(reference, there, store)
    named = ", ".join(hit.citation for hit in nearest)
    return Gap("no-such-provision", f"There is no {name} in the text held." + (f" The nearest are {named}." if named else ""), nearest)


def _nearest(reference: Reference, there: Sequence[tuple[str, ...]], store: Store) -> tuple[Hit, ...]:
    wanted = _order(reference.numbers[len(there[0]) - 1] if there and len(there[0]) <= len(reference.numbers) else reference.numbers[-1])
    ordered = sorted((numbers for numbers in there if numbers), key=lambda numbers: _order(numbers[-1]))
    place = sum(_order(numbers[-1]) < wanted for numbers in ordered)
    around = ordered[max(place - 2, 0) : place + 1]
    hits = (cited_hit(reference.instrument, numbers, store) for numbers in around)
    return tuple(hit for hit in hits if hit)


def _order(number: str) -> list[tuple[int, str]]:
    return [(int(digits or 0), letters) for digits, letters in re.findall(r"(\d*)([^\d.]*)\.?", number)]


def _not_held(text: str, query: Query, store: Store) -> list[Gap]:
    """A gap for each instrument, jurisdiction or kind of data that the question is about and that we do not hold."""
    gaps = []
    cited = {reference.instrument for reference in store.names.references(text)}
    for id, _, _ in store.names.mentions(text):
        entry = store.instruments[id]
        if not entry["held"] and id not in cited:
            gaps.append(_unheld_text(entry["short_title"], partial=bool(entry["summaries"]) and query.filters.summaries))
    for pattern, what in _DATA_NOT_HELD:
        if pattern.search(text):
            gaps.append(Gap("not-held", f"We hold laws and guidance, not {what}."))
    if not gaps:
        gaps.extend(_jurisdictions_not_held(text, query, store))
    return gaps


def _jurisdictions_not_held(text: str, query: Query, store: Store) -> list[Gap]:
    named = [code for code in jurisdictions_named(text) if code != "int"]
    entries = store.instruments.values()
    held = {code for code in named if any(e["held"] and within(e["jurisdiction"], code) for e in entries)}
    if not named or held or not re.search(r"\b(laws?|acts?|code|statutes?|legal|illegal|penalt\w+|rules?|ley|leyes|derecho)\b|\bin \w+\W*$", text, re.IGNORECASE):
        return []
    summarised = query.filters.summaries and any(e["summaries"] and any(within(e["jurisdiction"], code) for code in named) for e in entries)
    names = ", ".join(map(jurisdiction_name, named))
    return [_unheld_text(f"the law of {names}", partial=summarised)]


# what is there


def _compose(query: Query, text: str, usable: Sequence[Hit], gaps: Sequence[Gap], store: Store, settings: Settings) -> Answer:
    citations: list[Cited] = []
    statements: list[Statement] = []
    notes: list[str] = []
    lead = _lead(usable[0], store) if query.filters.summaries else None
    if lead:
        statements.append(Statement(lead.quote, (_add(citations, lead),), "lead"))
    for place, hit in enumerate(usable[: settings.quotes + 4]):
        cited = _quote(hit, text, store, settings, notes)
        if cited is None or any(_within(cited, other) for other in citations):
            continue
        role = "quote" if place < settings.quotes else "related"
        statements.append(Statement(cited.quote, (_add(citations, cited),), role))
    status: Status = "supported" if any(c.kind == "text" for c in citations) and not gaps else "partial"
    if status == "partial" and (gaps or all(not store.instruments[c.instrument]["held"] for c in citations)):
        notes.append(TEXT_NOT_HELD)
    notes.extend(gap.note for gap in gaps)
    notes.extend(_warnings(citations, store))
    notes.extend(f"withheld: the stored text of {id} is not the one that was sealed" for id in sorted(store.withheld))
    return Answer(query.text, status, tuple(statements), tuple(citations), _searched(query, store), tuple(dict.fromkeys(notes)))


def _add(citations: list[Cited], cited: Cited) -> int:
    citations.append(cited)
    return len(citations) - 1


def _within(cited: Cited, other: Cited) -> bool:
    """Whether a quotation's words stand already in another."""
    return (other.kind, other.provision_id) == (cited.kind, cited.provision_id) and other.start <= cited.start and cited.end <= other.end


def _lead(hit: Hit, store: Store) -> Cited | None:
    """Our summary of the portion that the best hit lies in, as a citation of kind "summary"."""
    candidates = store.summaries(hit.instrument, hit.numbers) if hit.numbers else store.summaries(hit.instrument)
    around = [s for s in candidates if len(s["numbers"]) <= len(hit.numbers)] or candidates
    if not around:
        return None
    return _summary_citation(max(around, key=lambda s: len(s["numbers"])), store)


def _summary_citation(summary: dict, store: Store) -> Cited:
    entry = store.instruments[summary["instrument"]]
    numbers = tuple(summary["numbers"])
    return Cited(
        summary["instrument"], numbers, cite(entry["citation"], numbers, summary["heading"]), "summary", summary["summary"], 0,
        len(summary["summary"]), None, summary["official_url"] or entry["official_url"], summary["as_at"], format_id(summary["instrument"], numbers),
        "en", False, summary["checked"],
    )  # fmt: skip


def _quote(hit: Hit, question: str, store: Store, settings: Settings, notes: list[str]) -> Cited | None:
    """The words of a hit that answer, read again from the record; None, with a note, where they are not what was sealed."""
    if hit.kind == "summary":
        return _summary_citation(store.summary(hit.summary_id), store)
    try:
        version = store.version(hit.version)
    except StoreError as exc:
        notes.append(f"withheld: {exc}")
        return None
    text = version.provision.text
    if text[hit.start : hit.end] != hit.text:
        notes.append(f"withheld: the passage {hit.passage_id} is not in the stored text")
        return None
    start, end = focus(text, hit.start, hit.end, question, version.language, settings.quote_chars)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return Cited(
        hit.instrument, hit.numbers, hit.citation, "text", text[start:end], start, end, digest, hit.official_url, hit.as_at, hit.provision_id,
        version.language, version.damaged,
    )  # fmt: skip


def focus(text: str, start: int, end: int, question: str, language: str, limit: int) -> tuple[int, int]:
    """The run of whole sentences within start:end that shares most with the question, at most `limit` characters where sentences allow."""
    if end - start <= limit:
        return start, end
    spans = sentences(text, start, end)
    asked = set(terms(question, language))
    shared = [len(asked & set(terms(text[s:e], language))) for s, e in spans]
    best, span = -1.0, spans[0]
    for first in range(len(spans)):
        total = 0
        for last in range(first, len(spans)):
            total += shared[last]
            if spans[last][1] - spans[first][0] > limit and last > first:
                break
            if total > best:
                best, span = total, (spans[first][0], spans[last][1])
    return span


def sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the sentences and points within start:end, in order, without the white space between them."""
    spans, at = [], start
    for match in _SENTENCE.finditer(text, start, end):
        if match.group() != "\n" and _ABBREVIATION.search(text[at : match.start()]):
            continue
        if match.start() > at:
            spans.append((at, match.start()))
        at = match.end()
    if at < end:
        spans.append((at, end))
    return spans or [(start, end)]


def _warnings(citations: Sequence[Cited], store: Store) -> list[str]:
    """What the reader must know of the texts cited: damage, dates, amendments not yet in them, unchecked summaries."""
    notes = []
    for cited in citations:
        entry = store.instruments[cited.instrument]
        if cited.damaged:
            notes.append(f"damaged: our copy of {cited.citation} is known to be incomplete or disturbed; compare it with the official text.")
        for change in entry["pending_amendments"]:
            if not change["provisions"] or any(_overlaps(cited.numbers, path) for path in change["provisions"]):
                notes.append(f"pending-amendment: {cited.citation}: {change['effect']} ({change['act']}, {change['source']})")
        if entry["replaced_by"]:
            notes.append(f"replaced: {entry['short_title']} has been replaced: {_told(entry['replaced_by'])}")
        if cited.kind == "summary" and not cited.checked:
            notes.append(f"unchecked: our summary of {cited.citation} is not yet checked against the official text.")
    return notes


def _told(value: object) -> str:
    return "; ".join(str(v) for v in value.values() if v) if isinstance(value, dict) else str(value)


def _overlaps(numbers: Sequence[str], path: Sequence[str]) -> bool:
    shared = min(len(numbers), len(path))
    return [*map(str, numbers[:shared])] == [*map(str, path[:shared])]


def without_summaries(query: Query) -> Query:
    """The same question over official texts only."""
    return replace(query, filters=replace(query.filters, summaries=False))
