"""What is held: for every law whether we have its official text, only our summary, or only its place in the catalogue; dates and damage."""

from __future__ import annotations

from collections import Counter
from typing import Any

import streamlit as st

from kb.store import Store
from pages import frame, paths, world
from pages.frame import label, link
from pages.holdings import HELD, dates, state_of
from pages.language import _, jurisdiction_name, n_
from pages.paths import inside
from pages.verbatim import escape


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    words = _("An answer can only be as good as the texts behind it. This is what Haven has, how recent it is, and what is missing.")
    st.html(f'<header class="hv-hero"><h1>{escape(_("What is held"))}</h1><p>{escape(words)}</p></header>')
    store = frame.library()
    state = {id: state_of(entry) for id, entry in store.instruments.items()}
    _numbers(store, state)
    paths.follow()
    codes = frame.jurisdictions(store)
    chosen = st.selectbox(_("Country or treaties"), codes, index=None, format_func=jurisdiction_name, placeholder=_("All"), key="coverage_of")
    if chosen:
        _laws(chosen, store, state)
    else:
        _overview(codes, store, state)
    _failed(store)
    built = _("Built {date}, edition {name}.").format(date=store.manifest["created_at"][:10], name=store.manifest["generation"])
    st.html(f'<p class="hv-muted">{escape(built)}</p>')
    frame.foot()


def _numbers(store: Store, state: dict[str, str]) -> None:
    counts = Counter(state.values())
    figures = [
        (counts["text"], _("laws with official text")),
        (counts["summary"], _("laws as summary only")),
        (counts["catalogue"], _("laws in the catalogue only")),
        (store.manifest["counts"]["provisions"], _("articles and sections")),
    ]
    st.html(
        '<dl class="hv-figures">'
        + "".join(f"<div><dt>{escape(words)}</dt><dd>{number:,}</dd></div>" for number, words in figures)
        + "</dl>"
    )


def _overview(codes: list[str], store: Store, state: dict[str, str]) -> None:
    counts = {code: Counter(state[id] for id, entry in store.instruments.items() if entry["jurisdiction"] == code) for code in codes}
    _map(counts)
    holdings = store.holdings()
    rows = "".join(_row(code, counts[code], [held for id, held in holdings.items() if store.instruments[id]["jurisdiction"] == code]) for code in codes)
    names = (_("Whose law"), _("Official text"), _("Summary only"), _("Catalogue only"), _("Newest wording"), _("Last copied"), _("Damaged"))
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in names)
    st.html(
        f'<div class="hv-scroll" tabindex="0" role="region" aria-label="{escape(_("Laws by country"))}"><table class="hv-table hv-counts">'
        f'<caption>{escape(_("Laws by country"))}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _map(counts: dict[str, Counter[str]]) -> None:
    """The world; the state of a country is that of the best held of its laws."""
    states = {code: next(kind for kind in HELD if found[kind]) for code, found in counts.items()}
    told = {code: f"{jurisdiction_name(code)}: " + ", ".join(f"{found[kind]} {_(HELD[kind][0])}" for kind in HELD if found[kind]) for code, found in counts.items()}
    world.show(states, told)
    beyond = ", ".join(jurisdiction_name(code) for code in counts if code not in world.drawn())
    words = _("The darker, the more is held: a circle marks official text, a triangle a summary, a square the catalogue alone; white is nothing.")
    table = _("Not on the map, but in the table below, which says all of this in words: {names}.").format(names=beyond) if beyond else _("The table below says all of this in words.")
    st.html(f'<p class="hv-muted">{escape(words)} {escape(table)}</p>')


def _row(code: str, counts: Counter[str], held: list[dict[str, Any]]) -> str:
    """A line of the table: how many laws are held how, the newest wording, the day of the last copy, how many copies are damaged."""
    cells = [str(counts[kind] or "–") for kind in HELD]
    newest = max((item["last_as_at"] for item in held if item["last_as_at"]), default="–")
    damaged = sum(1 for item in held if item["damaged"])
    copied = max((item["retrieved"][:10] for item in held if item["retrieved"]), default="–")
    cells += [newest, copied, str(damaged or "–")]
    name = inside(paths.laws(code), jurisdiction_name(code))
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'


def _laws(code: str, store: Store, state: dict[str, str]) -> None:
    holdings = store.holdings()
    entries = [(id, entry) for id, entry in store.instruments.items() if entry["jurisdiction"] == code]
    order = {kind: place for place, kind in enumerate(HELD)}
    entries.sort(key=lambda item: (order[state[item[0]]], (item[1]["short_title"] or item[0]).casefold()))
    st.html('<ul class="hv-laws">' + "".join(_law(entry, state[id], holdings.get(id)) for id, entry in entries) + "</ul>")


def _law(entry: dict[str, Any], state: str, held: dict[str, Any] | None) -> str:
    words, tone = HELD[state]
    labels = label(_(words), tone)
    details = []
    if held:
        details.append(n_("{n} article or section", "{n} articles or sections", held["provisions"]))
        labels += label(dates(held, entry))
        labels += label(_("damaged copy"), "warn") if held["damaged"] else ""
    if entry["summaries"]:
        details.append(n_("{n} summary", "{n} summaries", entry["summaries"]))
    if isinstance(entry["complete"], str):
        details.append(_("part held: {which}").format(which=entry["complete"]))
    if held and held["damage"]:
        details.append(held["damage"])
    return (
        f'<li><p class="hv-cite" dir="auto">{inside(paths.law(entry["id"]), entry["short_title"] or entry["title"])}</p><p class="hv-labels">{labels}</p>'
        f'<p class="hv-muted">{escape(". ".join(details))}</p><p>{link(entry["official_url"], _("Official publication"))}</p></li>'
    )


def _failed(store: Store) -> None:
    failed = store.manifest["failed"]
    if failed:
        items = "".join(f"<li>{escape(path)}: {escape(reason)}</li>" for path, reason in failed.items())
        st.html(f'<section class="hv-notes"><h2 class="hv-sub">{escape(_("Texts that could not be read"))}</h2><ul>{items}</ul></section>')


main()
