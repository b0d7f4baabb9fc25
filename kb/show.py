"""One provision as a reader wants it: found by id or citation, with its context, versions and neighbours."""

from __future__ import annotations

from typing import Any

from kb.citation import cite, split_id, touches
from kb.errors import QueryError
from kb.model import Filters, Portion
from kb.search import cited_hit
from kb.store import Store


def locate(wanted: str, store: Store) -> tuple[str, tuple[str, ...]]:
    """Instrument and numbers of an id, or of a citation as lawyers type it.

    Raises: QueryError where neither is recognised.
    """
    instrument, numbers = split_id(wanted.strip())
    if instrument in store.instruments and "~" in wanted:
        return instrument, numbers
    references = store.names.references(wanted)
    if references:
        return references[0].instrument, references[0].numbers
    mentions = store.names.mentions(wanted)
    if instrument in store.instruments or mentions:
        name = instrument if instrument in store.instruments else mentions[0][0]
        raise QueryError(f"{wanted!r} names {store.instruments[name]['short_title']} ({name}) but no provision of it; add an article or section")
    raise QueryError(f"{wanted!r} is not an id or a citation that we know; write it as us/usc/t8~1101/a/15/T or 8 U.S.C. 1101(a)(15)(T)")


def show(wanted: str, store: Store) -> dict[str, Any]:
    """A provision or portion with everything held about it; `start` and `end` mark the portion within `text`.

    Raises: QueryError where it is not held.
    """
    wanted = wanted.encode("utf-8", "replace").decode("utf-8")  # what is no character at all, no record can be asked for
    found = store.provision(wanted)
    instrument, numbers = (found.provision.instrument, found.provision.numbers) if found else locate(wanted, store)
    entry = store.instruments.get(instrument)
    place = (found.provision.id, None) if found else store.resolve(instrument, numbers)
    told = _held(*place, numbers, store) if place else _summarised(instrument, numbers, store) if entry else None
    if told is None:
        raise QueryError(f"{cite(entry['citation'], numbers) if entry else wanted} is not held in the knowledge base")
    pending = [change for change in entry["pending_amendments"] if touches(change, numbers)]
    return {**told, "instrument": instrument, "numbers": numbers, "summaries": store.summaries(instrument, numbers), "pending_amendments": pending}


def _held(id: str, portion: Portion | None, numbers: tuple[str, ...], store: Store) -> dict[str, Any]:
    """A provision with its wording."""
    version = store.provision(id)
    provision = version.provision
    order = [each for each, *_ in store.contents(provision.instrument)]
    at = order.index(id)
    return {
        "id": portion.id if portion else id, "citation": cite(store.instruments[provision.instrument]["citation"], numbers, provision.heading),
        "kind": "text", "heading": provision.heading, "context": provision.context, "text": provision.text,
        "start": portion.start if portion else 0, "end": portion.end if portion else len(provision.text),
        "status": provision.status, "digest": version.digest, "official_url": version.official_url, "as_at": version.as_at,
        "language": version.language, "damaged": version.damaged, "damage": version.damage,
        "versions": [
            {"as_at": v.as_at, "format": v.format, "digest": v.digest, "damaged": v.damaged, "current": v.current, "retrieved_at": v.retrieved_at}
            for v in store.versions(id)
        ],
        "previous": order[at - 1] if at else None, "next": order[at + 1] if at + 1 < len(order) else None,
        "portions": [{"id": p.id, "numbers": p.numbers, "start": p.start, "end": p.end} for p in provision.portions],
    }  # fmt: skip


def _summarised(instrument: str, numbers: tuple[str, ...], store: Store) -> dict[str, Any] | None:
    """A provision of which only our summary is held; None where there is none."""
    hit = cited_hit(instrument, numbers, store, Filters())
    return hit and {
        "id": hit.provision_id, "citation": hit.citation, "kind": "summary", "heading": hit.heading, "context": (), "text": hit.text, "start": 0,
        "end": len(hit.text), "status": None, "digest": None, "official_url": hit.official_url, "as_at": hit.as_at, "language": "en", "damaged": False,
        "damage": None, "versions": [], "previous": None, "next": None, "portions": [],
    }  # fmt: skip
