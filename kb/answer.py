"""Hits -> Answer: our plain lead, then the law's own words with their pinpoints, every statement cited."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kb import container, survey
from kb.citation import Reference, cite, format_id, jurisdiction_name, jurisdictions_named, pinpoint, split_id, within
from kb.cited import of_summary, of_words
from kb.config import Settings
from kb.currency import Move, as_at_notes, moved, moved_note, notes
from kb.errors import StoreError
from kb.extract import CONTACTS, before_contacts, focus, opening, reach, sentences, with_opening
from kb.model import Answer, Cited, Hit, Query, Statement, Status
from kb.premise import Claim, claims, contradicts, premise, standing
from kb.quantities import unfounded_quantities
from kb.refusal import refusal
from kb.relations import Related, definitions, exceptions, plain
from kb.search import checked, cited_hit, search, text_hit
from kb.store import Store

TEXT_NOT_HELD = "text-not-held"
_SPEAKING = 4  # hits so near the question that what they say of its premise is not looked for further
Role = Literal["quote", "related"]
_DATA_NOT_HELD = (
    (re.compile(r"processing times?|how (?:long|many (?:weeks|months|days)) (?:is|are|does) (?:uscis|the home office|ircc)\b.*\b(?:taking|take)|"
                r"\bwhen will (?:uscis|ircc|the (?:home office|embassy|consulate|court|judge)|my|our|her|his|their)\b.{0,60}\b(?:decide\w*|approve\w*|grant\w*|issue\w*|answer\w*|process\w*|ready|come)\b", re.IGNORECASE), "processing times"),
    (re.compile(r"(?i:\b(?:will|would|does|is|can|might)) (?:Judge|Justice|Magistrate|Officer) [A-Z][\w'’-]+|\b(?:Judge|Justice|Magistrate|Officer) [A-Z][\w'’-]+ (?:will|would|usually|often|tends?|is (?:likely|going) to)\b"), "what a judge or officer decides"),
    (re.compile(r"(?<!on )\bhow many (?!days|weeks|months|years|hours)\b.{0,60}\b(?:will (?:win|lose|be (?:approved|granted|denied|rejected|admitted|convicted))|(?:were|was|have been|got) (?:approved|granted|denied|rejected|convicted|prosecuted|deported|identified|rescued))\b|"
                r"\b(?:approval|denial|success|grant|conviction) rates?\b", re.IGNORECASE), "counts and forecasts"),
    (re.compile(r"adverse effect wage rate|\baewr\b|prevailing wage (?:rate|level)|wage rate per hour|current (?:fee|minimum wage) (?:amount|rate)", re.IGNORECASE), "wage and fee rates"),
    (re.compile(r"\bcase law\b|(?:which|what|any|are there|list|leading|recent) (?:\w+ ){0,2}court (?:decisions?|rulings?)|precedents?\b|leading cases?|which judges? (?:grants?|ruled|decided|is|are) (?!competent|responsible)|\b(?:the )?courts? (?:have |has )?(?:held|ruled|decided|say|said)\b", re.IGNORECASE), "case law"),
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
    references = store.names.references(text)
    went = moved(references, store)
    hits = _in_order(search(query, store, replace(settings, top=max(settings.top, settings.read))), references, went, query, store)
    gaps = [*_missing(references, store, hits, query.filters.as_at), *_not_held(text, query, store)]
    if gaps and not any(gap.status == "partial" for gap in gaps):
        return _declined(query, store, gaps[0].status, gaps, hits)
    floor = settings.adequate if query.filters.summaries else settings.adequate_text
    usable = [hit for hit in hits if hit.exact or hit.cosine >= settings.beside] if any(hit.exact or hit.cosine >= floor for hit in hits) else []
    dated = _dated(query, usable, store, settings)
    usable = _with_denials(text, usable, query, store, settings) if usable else []
    if not usable:
        gap = Gap("not-held", dated[0]) if dated else Gap("not-covered", "Nothing in the texts held speaks to this closely enough.")
        return _declined(query, store, gap.status, [gap, *(Gap(gap.status, note) for note in dated)], hits)
    answer = _compose(query, text, usable, gaps, store, settings)
    wrong = _false_premise(text, answer, usable, store) if answer.status == "supported" else None
    if wrong:
        answer = replace(answer, status="false-premise", notes=(wrong, *answer.notes))
    answer = replace(answer, notes=(*(moved_note(move, store) for move in went), *dated, *answer.notes))
    return _surveyed(accompanied(answer, text, store, settings, query.filters.as_at), text, query, usable, store, settings)


def _in_order(hits: Sequence[Hit], references: Sequence[Reference], went: Sequence[Move], query: Query, store: Store) -> list[Hit]:
    """The hits as far as they are old enough, what is cited first, then the places to which that has moved."""
    day = query.filters.as_at
    timely = [hit for hit in hits if not day or (hit.as_at and hit.as_at <= day)]
    cited = [*(_older(references, store, day) if day else ()), *(hit for hit in timely if hit.exact)]
    present = [hit for move in went if not day or (move.start or "") <= day for hit in _present(move, timely, query, store)]
    taken = {hit.passage_id for hit in present}
    first = [hit for hit in cited if hit.passage_id not in taken]
    return [*first, *present, *(hit for hit in timely if not hit.exact and hit.passage_id not in taken)]


def _older(references: Sequence[Reference], store: Store, day: str) -> list[Hit]:
    """Hits on cited provisions that only an older wording has."""
    found = []
    for reference in references:
        place = store.resolve(reference.instrument, reference.numbers, day)
        if place and not store.resolve(reference.instrument, reference.numbers):
            version = store.provision(place[0], day)
            start, end = (place[1].start, place[1].end) if place[1] else (0, len(version.provision.text))
            found.append(text_hit(version, reference.numbers, start, end, store, format_id(reference.instrument, reference.numbers), 2.0, 1.0, exact=True))
    return found


def _present(move: Move, hits: Sequence[Hit], query: Query, store: Store) -> list[Hit]:
    """Hits on the places to which something moved: those that the search found, else the first of them."""
    places = [split_id(id) for id in move.to]
    found = [hit for hit in hits if any(hit.instrument == instrument and hit.numbers[: len(path)] == path for instrument, path in places)]
    first = [] if found else [cited_hit(*places[0], store, query.filters)]
    return [replace(hit, exact=True) for hit in [*found, *first][:2] if hit]


def _dated(query: Query, usable: Sequence[Hit], store: Store, settings: Settings) -> list[str]:
    """Of a question about a past day: how it was answered, and what has no wording that old."""
    day = query.filters.as_at
    if not day:
        return []
    today = search(replace(query, filters=replace(query.filters, as_at=None)), store, settings)
    return as_at_notes(day, today, usable, store)


def _false_premise(text: str, answer: Answer, usable: Sequence[Hit], store: Store) -> str | None:
    """What the question takes for granted and the law found contradicts, in one sentence; None where we see nothing of the kind."""
    named = {id for id, _, _ in store.names.mentions(text)}
    found = [(cited.instrument, cited.quote) for cited in answer.citations] + [(hit.instrument, hit.text) for hit in usable]
    texts = [quote for instrument, quote in found if instrument in named] or [quote for _, quote in found]
    if unfounded := unfounded_quantities(text, texts):
        return f"The question takes for granted that the law sets {', '.join(unfounded)}; the provisions found do not say so. Read what they say."
    said = premise(text)
    opposed = said and any(contradicts(said, quote[start:end]) for quote in texts for start, end in sentences(quote, 0, len(quote)))
    if opposed or any(_denied(claim, text, usable, store) for claim in claims(text)):
        return "The question takes something for granted that the provisions found say otherwise. Read what they say."
    return None


def _denied(claim: Claim, text: str, usable: Sequence[Hit], store: Store) -> bool:
    """Whether, of the provisions of the place whose law answers first, the best that speaks of a claim denies it."""
    return next((not stands for _, stands in _standings(claim, text, usable, usable[0], store)), False)


def _standings(claim: Claim, text: str, hits: Sequence[Hit], first: Hit, store: Store) -> list[tuple[Hit, bool]]:
    """The hits of the place of the first one that speak of a claim, each with whether it leaves it standing."""
    place = store.instruments[first.instrument]["jurisdiction"]
    told = ((hit, standing(claim, _law_told(hit, store), text)) for hit in hits if store.instruments[hit.instrument]["jurisdiction"] == place)
    return [(hit, stands) for hit, stands in told if stands is not None]


def _with_denials(text: str, usable: Sequence[Hit], query: Query, store: Store, settings: Settings) -> list[Hit]:
    """The hits and, second, a provision that denies what the question states, sought by the opposite where the best hits say nothing of it."""
    hits = list(usable)
    for claim in claims(text):
        if any(hit in hits[:_SPEAKING] or not stands for hit, stands in _standings(claim, text, hits, hits[0], store)):
            continue
        opposite = replace(query, text=f"No {', '.join(sorted(claim.needed | claim.effects))} required: {claim.said}")
        near = [hit for hit in search(opposite, store, settings) if hit.cosine >= settings.adequate and hit.passage_id not in {h.passage_id for h in hits}]
        denying = [hit for hit, stands in _standings(claim, text, near, hits[0], store) if not stands]
        hits[1:1] = denying[:1]
    return hits


def _law_told(hit: Hit, store: Store) -> list[str]:
    """The sentences of a hit and those of our summaries of it, with the facts they list."""
    ours = [entry for entry in store.summaries(hit.instrument, hit.numbers) if hit.numbers or not entry["numbers"]]
    listed = [f"{name} {value}".replace("_", " ") for entry in ours for name, value in (entry.get("facts") or {}).items()]
    return [text[start:end] for text in (hit.text, *(entry["summary"] for entry in ours)) for start, end in sentences(text, 0, len(text))] + listed


def _searched(query: Query, store: Store) -> dict[str, object]:
    filters = {name: value for name in ("jurisdiction", "kind", "instrument", "language", "as_at") if (value := getattr(query.filters, name))}
    counts = store.manifest["counts"]
    return {"instruments": counts["held_instruments"], "passages": counts["passages"], "filters": filters}


def _declined(query: Query, store: Store, status: Status, gaps: Sequence[Gap], hits: Sequence[Hit]) -> Answer:
    nearest = tuple(hit for gap in gaps for hit in gap.nearest) or tuple(hits[:3])
    notes = list(dict.fromkeys(gap.note for gap in gaps))
    return Answer(query.text, status, (), (), _searched(query, store), tuple(notes), nearest)


# what is not there


def _missing(references: Sequence[Reference], store: Store, hits: Sequence[Hit], day: str | None = None) -> list[Gap]:
    """A gap for each cited provision that does not exist in a text held, or whose text is not held; what only moved, or was there then, is no gap."""
    gaps = []
    for reference in references:
        if moved([reference], store) or (day and store.resolve(reference.instrument, reference.numbers, day)):
            continue
        found = any(hit.exact and hit.instrument == reference.instrument for hit in hits)
        gaps.append(gap_of(reference, store, summarised=found))
    return [gap for gap in gaps if gap]


def gap_of(reference: Reference, store: Store, summarised: bool = False) -> Gap | None:
    """Why a cited provision cannot be shown: it does not exist in a text held, or its text is not held; None where it can be."""
    entry = store.instruments.get(reference.instrument)
    if entry is None:
        return Gap("not-held", f"{_label(reference)} is not in the knowledge base.")
    if not entry["held"]:
        return _unheld_text(cite(entry["citation"], reference.numbers), partial=summarised)
    return None if store.resolve(reference.instrument, reference.numbers) else _no_such(reference, entry, store)


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
    held = _alike(reference.numbers[0], store.held_numbers(reference.instrument))
    if not held or not _whole(entry, reference.numbers[0]):
        name = cite(entry["citation"], reference.numbers)
        return Gap("not-held", f"{name} is not in the part of {entry['short_title']} that is held.", _nearest(reference, held, store))
    return _nonexistent(reference, entry, held, store)


def _alike(number: str, held: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Of the numbers held, those beside which a cited one would stand: the preamble; each annex, where one is cited; the body."""
    if number == "preamble":  # a consolidated text comes without its recitals
        return [numbers for numbers in held if numbers[:1] == ("preamble",)]
    if asked := container.key(number):
        return [(name,) for name in dict.fromkeys(numbers[0] for numbers in held if numbers) if (container.key(name) or ("",))[0] == asked[0]] or list(held)
    return list(held)


def _whole(entry: dict, number: str) -> bool:
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
    told: list[str] = []
    lead = _lead(usable[0], store) if query.filters.summaries else None
    if lead:
        statements.append(Statement(lead.quote, (_add(citations, lead),), "lead"))
    for role, cited in _quotations(usable, text, citations, store, settings, told):
        statements.append(Statement(cited.quote, (_add(citations, cited),), role))
    status: Status = "supported" if any(c.kind == "text" for c in citations) and not gaps else "partial"
    if status == "partial" and (gaps or all(not store.instruments[c.instrument]["held"] for c in citations)):
        told.append(TEXT_NOT_HELD)
    told.extend(gap.note for gap in gaps)
    told.extend(notes(citations, store, query.filters.as_at))
    told.extend(f"withheld: the stored text of {id} is not the one that was sealed" for id in sorted(store.withheld))
    return Answer(query.text, status, tuple(statements), tuple(citations), _searched(query, store), tuple(dict.fromkeys(told)))


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
    return of_summary(max(around, key=lambda s: len(s["numbers"])), store)


def _quotations(
    usable: Sequence[Hit], question: str, before: Sequence[Cited], store: Store, settings: Settings, notes: list[str]
) -> list[tuple[Role, Cited]]:
    """What the hits let us quote, each with its role, as far as it does not stand in another or in what is cited `before`.

    A provision that several hits come from is what the question is about: more of it is read.
    """
    taken: list[tuple[Role, Cited]] = []
    shown, hits = 0, Counter(hit.version for hit in usable)
    for hit in usable:
        role: Role = "quote" if shown < settings.quotes else "related"
        if shown == settings.quotes + settings.further or (role == "related" and sum(len(c.quote) for _, c in taken) >= settings.shown_chars):
            break
        if role == "related" and CONTACTS.search(hit.heading):
            continue
        limit = (settings.quote_chars if role == "quote" else settings.related_chars) * min(hits[hit.version], settings.widened)
        quoted = _quoted(hit, question, store, replace(settings, quote_chars=limit), notes)
        cited = [*before, *(c for _, c in taken)]
        if quoted and not any(_within(quoted[-1], other) for other in cited):
            taken.extend((role, c) for c in quoted if not any(_within(c, other) for other in cited))
            shown += 1
    return taken


def _quote(hit: Hit, question: str, store: Store, settings: Settings, notes: list[str]) -> Cited | None:
    """The words of a hit that answer; None, with a note, where they are not what was sealed."""
    quoted = _quoted(hit, question, store, settings, notes)
    return quoted[-1] if quoted else None


def _quoted(hit: Hit, question: str, store: Store, settings: Settings, notes: list[str]) -> list[Cited]:
    """The words of a hit that answer, read again from the record, and before them those that open the longer portion around them.

    Nothing, with a note, where they are not what was sealed.
    """
    if hit.kind == "summary":
        return [of_summary(store.summary(hit.summary_id), store)]
    try:
        version = store.version(hit.version)
    except StoreError as exc:
        notes.append(f"withheld: {exc}")
        return []
    provision, limit = version.provision, settings.quote_chars
    if provision.text[hit.start : hit.end] != hit.text:
        notes.append(f"withheld: the passage {hit.passage_id} is not in the stored text")
        return []
    numbers, start, end = (hit.numbers, hit.start, hit.end) if hit.exact else reach(provision, hit, limit)
    start, end = focus(provision.text, start, end, question, version.language, limit)
    end = before_contacts(provision.text, hit.start, end)
    spans = with_opening(provision, numbers, start, end, settings.accompanying_chars)
    return [of_words(version, *span, store) for span in spans]


# what travels with it


def accompanied(answer: Answer, question: str, store: Store, settings: Settings, as_at: str | None = None) -> Answer:
    """The answer with the definitions and exceptions that its first quotations rest on, each quoted and cited by itself, role "related"."""
    citations, statements, told = list(answer.citations), list(answer.answer), list(answer.notes)
    room = {"definition": settings.accompanying, "exception": settings.accompanying}
    quoted = [s.citations[0] for s in answer.answer if s.role == "quote" and citations[s.citations[0]].kind == "text"]
    for number in quoted[: settings.accompanied]:
        for item in _travelling(citations[number], question, store, as_at, told):
            cited = _accompanying(item, question, store, settings)
            side = "definition" if item.kind == "definition" else "exception"
            if room[side] and not any(_within(cited, other) for other in citations):
                room[side] -= 1
                statements.append(Statement(cited.quote, (_add(citations, cited),), "related", item.kind, item.term, number))
    told += notes(citations[len(answer.citations) :], store, as_at)
    return replace(answer, answer=tuple(statements), citations=tuple(citations), notes=tuple(dict.fromkeys(told)))


def _surveyed(answer: Answer, text: str, query: Query, usable: Sequence[Hit], store: Store, settings: Settings) -> Answer:
    """The answer with a row for each of the places or laws that the question asks about, and what a row rests on quoted; unchanged where it asks of no several.

    Quotations of other law step back: they are only related.
    """
    asked = survey.sides(text, query.filters, store)
    if not asked:
        return answer
    ours = survey.owners(asked, store)
    citations, told = list(answer.citations), list(answer.notes)
    statements = [s if s.role != "quote" or citations[s.citations[0]].instrument in ours else replace(s, role="related") for s in answer.answer]

    def number_of(hit: Hit) -> int | None:
        cited = _quote(hit, text, store, replace(settings, quote_chars=settings.accompanying_chars), told)
        there = next((n for n, other in enumerate(citations) if cited and _within(cited, other)), None)
        if cited is None or there is not None:
            return there
        shown = sum(statement.role == "quote" for statement in statements)
        statements.append(Statement(cited.quote, (_add(citations, cited),), "quote" if shown < survey.QUOTED else "related"))
        return len(citations) - 1

    listed = survey.rows(survey.find(asked, text, query, usable, store, settings), text, query.filters.summaries, store, number_of)
    told += notes(citations[len(answer.citations) :], store, query.filters.as_at)
    whole = all(row.citation is not None and citations[row.citation].kind == "text" for row in listed)
    status: Status = answer.status if whole or answer.status != "supported" else "partial"
    return replace(answer, status=status, answer=tuple(statements), citations=tuple(citations), notes=tuple(dict.fromkeys(told)), survey=listed)


def _travelling(cited: Cited, question: str, store: Store, as_at: str | None, told: list[str]) -> list[Related]:
    """What a quotation rests on; of the terms defined those that the question uses first, and else only those of several words."""
    row = store.in_force(cited.provision_id, as_at)
    try:
        version = store.version(row) if row is not None else None
        if version is None or version.digest != cited.digest:
            return []
        asked = f" {plain(question)} "
        terms_used = definitions(version, cited.start, cited.end, store, as_at)
        telling = [item for item in terms_used if " " in item.term or f" {plain(item.term)} " in asked]
        telling.sort(key=lambda item: plain(item.term) not in asked)
        return [*telling, *exceptions(version, cited.start, cited.end, store, as_at)]
    except StoreError as exc:
        told.append(f"withheld: {exc}")
        return []


def _accompanying(item: Related, question: str, store: Store, settings: Settings) -> Cited:
    """The words of a definition from its beginning, or those of an exception that share most with the question."""
    version, limit = item.version, settings.accompanying_chars
    text = version.provision.text
    if item.kind == "definition":
        start, end = opening(text, item.start, item.end, limit)
    else:
        start, end = focus(text, item.start, item.end, question, version.language, limit)
    return of_words(version, item.numbers, start, end, store)
