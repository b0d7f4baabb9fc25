"""Whether the law quoted is still the law: places that moved, were repealed or reserved, acts replaced or amended since, wordings of an earlier day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb.citation import Reference, cite, split_id, touches
from kb.model import Cited, Hit
from kb.relations import references
from kb.store import Store

Numbers = tuple[str, ...]
_ENDED = re.compile(  # "transferred" alone or with who did it, but not "transferred workers"
    r"^\W*(?:\w{1,6}\)\W*)*(?P<what>reserved|repealed|revoked|omitted|transferred|renumbered|redesignated|abrogée?s?|aufgehoben|weggefallen|derogad[oa])\b"
    r"(?!\s+(?!(?:by|with|as|to|effective|par|por|durch)\b)\w)[^\n]{0,120}$",
    re.IGNORECASE,
)
_LATER = 3  # provisions named for want of a wording that is old enough


@dataclass(frozen=True, slots=True)
class Move:
    """A place in the law that stands somewhere else now. `start`, where known, is the day from which the new place applies."""

    instrument: str
    numbers: Numbers
    to: tuple[str, ...]  # provision ids
    start: str | None
    note: str
    source: str


def moves(store: Store) -> tuple[Move, ...]:
    """Every move that the catalogue knows."""
    listed = (item for entry in store.instruments.values() for item in entry.get("moved") or ())
    return tuple(
        Move(*split_id(item["from"]), tuple(item["to"]), item.get("applicable_from"), item.get("note") or "", item["source"]) for item in listed
    )


def moved(references: Sequence[Reference], store: Store) -> list[Move]:
    """The moves of places that are cited, or that hold what is cited, each once, in the order of the citations."""
    known = moves(store)
    found = (move for reference in references for move in known if _at(reference.instrument, reference.numbers, move))
    return list(dict.fromkeys(found))


def _at(instrument: str, numbers: Sequence[str], move: Move) -> bool:
    return instrument == move.instrument and tuple(numbers[: len(move.numbers)]) == move.numbers


def moved_note(move: Move, store: Store) -> str:
    """One line that says where it went, since when, and who says so."""
    since = f", applicable from {move.start}" if move.start else ""
    note = f" {move.note}" if move.note else ""
    return f"moved: {_name(move.instrument, move.numbers, store)} is now {_names(move.to, store)}{since}.{note} ({move.source})"


def _name(instrument: str, numbers: Numbers, store: Store) -> str:
    entry = store.instruments.get(instrument)
    return cite(entry["citation"], numbers) if entry else f"{instrument} {'/'.join(numbers)}"


def _names(ids: Sequence[str], store: Store) -> str:
    names = [_name(*split_id(id), store) for id in ids]
    return ", ".join(names) if len(names) < 4 else f"{names[0]} to {split_id(ids[-1])[1][-1]}"


def notes(citations: Sequence[Cited], store: Store, as_at: str | None = None) -> list[str]:
    """What the reader must know of the texts cited, each line once: damage, dates, what they lost or what is not yet in them, unchecked summaries."""
    found = (note for cited in citations for note in _notes(cited, store, as_at))
    return list(dict.fromkeys(found))


def _notes(cited: Cited, store: Store, as_at: str | None) -> Iterator[str]:
    entry = store.instruments[cited.instrument]
    if cited.damaged:
        yield f"damaged: our copy of {cited.citation} is known to be incomplete or disturbed; compare it with the official text."
    if empty := emptied(cited, store):
        yield f"{empty}: {cited.citation} is marked “{empty}” in our copy; nothing applies there now."
    for change in entry["pending_amendments"]:
        if touches(change, cited.numbers):
            yield f"pending-amendment: {cited.citation}: {change['effect']} ({change['act']}, {change['source']})"
    if entry["replaced_by"]:
        yield f"replaced: {entry['short_title']} has been replaced by {successor(entry['replaced_by'], store)}.{_still(entry['replaced_by'], as_at)}"
    yield from _amended_since(cited, entry, store)
    yield from _leads_to_moved(cited, store, as_at)
    if cited.kind == "summary" and not cited.checked:
        yield f"unchecked: our summary of {cited.citation} is not yet checked against the official text."


def emptied(cited: Cited, store: Store) -> str | None:
    """What became of a place whose text is gone: "repealed", "reserved"…; None where there is law."""
    if cited.kind != "text":
        return None
    row = store.in_force(cited.provision_id)
    status = store.version(row).provision.status if row is not None and len(cited.quote) < 200 else "in-force"
    return status if status != "in-force" else ended(cited.quote)


def ended(text: str) -> str | None:
    """What a text says became of its place, if that is all that it says: "(2) [Repealed, 2017]"; None where there is law."""
    marked = _ENDED.match(text)
    return marked["what"].casefold() if marked else None


def successor(replaced_by: Mapping[str, Any], store: Store) -> str:
    """What came after an instrument, in words: its name, from when, and what the catalogue adds."""
    entry = store.instruments.get(replaced_by.get("instrument") or "")
    name = entry["short_title"] if entry else replaced_by.get("title") or replaced_by.get("instrument") or "a later act"
    since = f", applicable from {replaced_by['applicable_from']}" if replaced_by.get("applicable_from") else ""
    note = f" ({replaced_by['note']})" if replaced_by.get("note") else ""
    return f"{name}{since}{note}"


def _still(replaced_by: Mapping[str, Any], as_at: str | None) -> str:
    start = str(replaced_by.get("applicable_from") or "")
    return f" On {as_at} it had not been replaced yet." if as_at and start > as_at else ""


def _amended_since(cited: Cited, entry: Mapping[str, Any], store: Store) -> Iterator[str]:
    """Amendments that apply from a day after the date of the copy."""
    for change in entry.get("amended_by") or ():
        start = str(change.get("applicable_from") or "")
        if cited.kind == "text" and cited.as_at and start > cited.as_at:
            yield f"amended-since: {entry['short_title']} was amended after our copy of {cited.as_at}: {successor(change, store)}."


def _leads_to_moved(cited: Cited, store: Store, as_at: str | None) -> Iterator[str]:
    """References in the words quoted that lead to a place that has moved."""
    row = store.in_force(cited.provision_id, as_at) if cited.kind == "text" else None
    known = moves(store) if row is not None else ()
    for edge in references(store.version(row), cited.start, cited.end, store) if known else ():
        instrument = edge.target.partition("~")[0] if edge.target else ""
        for move in known:
            if _at(instrument, edge.target_numbers, move) and not _at(cited.instrument, cited.numbers, move):
                where = moved_note(move, store).removeprefix("moved: ")
                yield f"old-reference: {cited.citation} still refers to {_name(move.instrument, move.numbers, store)}. {where}"


# a day in the past


def as_at_notes(day: str, now: Sequence[Hit], shown: Sequence[Cited], store: Store) -> list[str]:
    """How a question about a past day was answered: what the wordings shown are, and which provisions found have none that old."""
    told = []
    older = sorted({cited.as_at for cited in shown if cited.kind == "text" and cited.as_at})
    if older:
        told.append(
            f"as-at: each quotation is the newest wording held that is dated {day} or earlier; changes made between the date beside it and {day} are not in it."
        )
    missing = dict.fromkeys(hit.provision_id for hit in now if hit.kind == "text" and store.in_force(hit.provision_id, day) is None)
    for id in [*missing][:_LATER]:
        dates = sorted(version.as_at for version in store.versions(id) if version.as_at)
        held = f"the oldest is of {dates[0]}" if dates else "our copy bears no date"
        told.append(f"as-at: no wording of {_name(*split_id(id), store)} as old as {day} is held; {held}.")
    return told
