"""What belongs to a provision: the words that it uses and the law defines, what it refers to, and what refers to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import streamlit as st

from kb.citation import cite, format_id, split_id
from kb.model import Edge
from kb.relations import Related, definitions, referenced_by, references
from kb.store import Store, Version
from pages import paths
from pages.language import _, n_
from pages.paths import inside
from pages.verbatim import Aside, escape, quote

TERMS = 30  # defined words that are explained on one page
LISTED = 12  # references of a kind that are listed
MEANING = 400  # characters of a definition shown on hover; the list beside has all of it


def asides(version: Version, store: Store) -> list[Aside]:
    """What to say of words within the text: where its references lead, and what the law takes a term to mean, once a block."""
    whole = len(version.provision.text)
    links = [Aside(e.start, e.end, address=paths.provision(_target(e))) for e in references(version, 0, whole, store) if _leads_on(e, version)]
    terms = [aside for found in _defined(version, store) for aside in _uses(found, version.provision.text)]
    return _apart([*links, *sorted(terms, key=lambda aside: aside.start - aside.end)])


def show(version: Version, numbers: Sequence[str], store: Store) -> None:
    """The lists beside the text; nothing where there is nothing to say."""
    _definitions(_defined(version, store), store)
    found = references(version, 0, len(version.provision.text), store)
    _references(_("Refers to"), [_target(edge) for edge in found if _leads_on(edge, version)], store)
    back = [edge for edge in referenced_by(version.provision.id, numbers, store) if edge.provision_id != version.provision.id]
    _references(_("Referred to by"), [format_id(edge.provision_id.partition("~")[0], edge.numbers) for edge in back], store)


def _defined(version: Version, store: Store) -> list[Related]:
    return definitions(version, 0, len(version.provision.text), store, limit=TERMS)


def _leads_on(edge: Edge, version: Version) -> bool:
    """Whether a reference leads to another provision that is held, or to another portion of this one."""
    return bool(edge.target) and (edge.target != version.provision.id or edge.target_numbers != version.provision.numbers)


def _target(edge: Edge) -> str:
    return format_id(edge.target.partition("~")[0], edge.target_numbers) if edge.target_numbers else edge.target


def _uses(found: Related, text: str) -> Iterable[Aside]:
    """Where a defined term stands in a text: the first time in each block, as a whole word, with or without a plural s."""
    meaning = found.version.provision.text[found.start : found.end]
    short = meaning if len(meaning) <= MEANING else f"{meaning[:MEANING].rsplit(' ', 1)[0]} …"
    words = r"[^\S\n]+".join(map(re.escape, found.term.split()))
    pattern = re.compile(rf"(?<!\w){words}s?(?!\w)", re.IGNORECASE)
    at = 0
    for block in text.splitlines(keepends=True):
        if match := pattern.search(block):
            yield Aside(at + match.start(), at + match.end(), meaning=short)
        at += len(block)


def _apart(found: Iterable[Aside]) -> list[Aside]:
    """Those that do not overlap an earlier one of the list, in the order of the text."""
    kept: list[Aside] = []
    for aside in found:
        if all(aside.end <= other.start or other.end <= aside.start for other in kept):
            kept.append(aside)
    return sorted(kept, key=lambda aside: aside.start)


def _definitions(found: Sequence[Related], store: Store) -> None:
    if not found:
        return
    items = "".join(_definition(item, store) for item in sorted(found, key=lambda item: item.term.casefold()))
    count = n_("{n} word that the law defines", "{n} words that the law defines", len(found))
    st.html(f'<details class="hv-related"><summary>{escape(count)}</summary>{items}</details>')


def _definition(item: Related, store: Store) -> str:
    version = item.version
    words = quote(version.provision.text[item.start : item.end], version.language)
    place = inside(paths.provision(format_id(version.provision.instrument, item.numbers)), _name(version.provision.instrument, item.numbers, store))
    return f'<div class="hv-defined"><p class="hv-cite">{escape(item.term)}</p>{words}<p class="hv-muted">{place}</p></div>'


def _references(title: str, ids: Iterable[str], store: Store) -> None:
    """A list of provisions by their citations, each once."""
    once = list(dict.fromkeys(ids))
    if not once:
        return
    named = [(id, *split_id(id)) for id in once[:LISTED]]
    items = "".join(f"<li>{inside(paths.provision(id), _name(instrument, numbers, store))}</li>" for id, instrument, numbers in named)
    more = f"<li>{escape(_('and {n} more').format(n=len(once) - LISTED))}</li>" if len(once) > LISTED else ""
    st.html(f'<details class="hv-related"><summary>{escape(title)} · {len(once)}</summary><ul>{items}{more}</ul></details>')


def _name(instrument: str, numbers: Sequence[str], store: Store) -> str:
    return cite(store.instruments[instrument]["citation"], numbers)
