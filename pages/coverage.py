"""What is held: for every law whether we have its official text, only our summary, or only its place in the catalogue; dates and damage."""

from __future__ import annotations

from collections import Counter
from typing import Any

import streamlit as st

from kb.citation import jurisdiction_name
from kb.store import Store
from pages import frame
from pages.frame import label, link
from pages.verbatim import escape

HELD = {"text": ("official text", "good"), "summary": ("summary only", "summary"), "catalogue": ("catalogue only", "plain")}


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    st.html(
        '<header class="hv-hero"><h1>What is held</h1><p>An answer can only be as good as the texts behind it. This is what Haven has, how recent it is, '
        "and what is missing.</p></header>"
    )
    store = frame.library()
    state = {id: state_of(entry) for id, entry in store.instruments.items()}
    _numbers(store, state)
    codes = frame.jurisdictions(store)
    chosen = st.selectbox("Country or treaties", codes, index=None, format_func=jurisdiction_name, placeholder="All", key="coverage_of")
    if chosen:
        _laws(chosen, store, state)
    else:
        _overview(codes, store, state)
    _failed(store)
    built = f"Built {store.manifest['created_at'][:10]}, edition {store.manifest['generation']}."
    st.html(f'<p class="hv-muted">{escape(built)}</p>')
    frame.foot()


def state_of(entry: dict[str, Any]) -> str:
    """Whether a law is held as "text", as "summary" or in the "catalogue" only."""
    return "text" if entry["held"] else "summary" if entry["summaries"] else "catalogue"


def _numbers(store: Store, state: dict[str, str]) -> None:
    counts = Counter(state.values())
    figures = [
        (counts["text"], "laws with official text"),
        (counts["summary"], "laws as summary only"),
        (counts["catalogue"], "laws in the catalogue only"),
        (store.manifest["counts"]["provisions"], "articles and sections"),
    ]
    st.html(
        '<dl class="hv-figures">'
        + "".join(f"<div><dt>{escape(words)}</dt><dd>{number:,}</dd></div>" for number, words in figures)
        + "</dl>"
    )


def _overview(codes: list[str], store: Store, state: dict[str, str]) -> None:
    rows = []
    for code in codes:
        ids = [id for id, entry in store.instruments.items() if entry["jurisdiction"] == code]
        counts = Counter(state[id] for id in ids)
        cells = "".join(f"<td>{counts[kind] or '–'}</td>" for kind in HELD)
        rows.append(f'<tr><th scope="row">{escape(jurisdiction_name(code))}</th>{cells}</tr>')
    st.html(
        '<table class="hv-table hv-counts"><caption>Laws by country</caption><thead><tr><th scope="col">Whose law</th><th scope="col">Official text</th>'
        f'<th scope="col">Summary only</th><th scope="col">Catalogue only</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _laws(code: str, store: Store, state: dict[str, str]) -> None:
    holdings = store.holdings()
    entries = [(id, entry) for id, entry in store.instruments.items() if entry["jurisdiction"] == code]
    order = {kind: place for place, kind in enumerate(HELD)}
    entries.sort(key=lambda item: (order[state[item[0]]], (item[1]["short_title"] or item[0]).casefold()))
    st.html('<ul class="hv-laws">' + "".join(_law(entry, state[id], holdings.get(id)) for id, entry in entries) + "</ul>")


def _law(entry: dict[str, Any], state: str, held: dict[str, Any] | None) -> str:
    labels = label(*HELD[state])
    details = []
    if held:
        details.append(f"{held['provisions']:,} articles or sections")
        labels += label(_dates(held, entry))
        labels += label("damaged copy", "warn") if held["damaged"] else ""
    if entry["summaries"]:
        details.append(f"{entry['summaries']} summaries")
    if isinstance(entry["complete"], str):
        details.append(f"part held: {entry['complete']}")
    if held and held["damage"]:
        details.append(held["damage"])
    return (
        f'<li><p class="hv-cite" dir="auto">{escape(entry["short_title"] or entry["title"])}</p><p class="hv-labels">{labels}</p>'
        f'<p class="hv-muted">{escape(". ".join(details))}</p><p>{link(entry["official_url"], "Official publication")}</p></li>'
    )


def _dates(held: dict[str, Any], entry: dict[str, Any]) -> str:
    first, last = held["first_as_at"], held["last_as_at"]
    if first and last and first != last:
        return f"{'copies' if entry['kind'] == 'treaty' else 'as at'} {first} to {last}"
    return frame.dated(last, entry)


def _failed(store: Store) -> None:
    failed = store.manifest["failed"]
    if failed:
        items = "".join(f"<li>{escape(path)}: {escape(reason)}</li>" for path, reason in failed.items())
        st.html(f'<section class="hv-notes"><h2 class="hv-sub">Texts that could not be read</h2><ul>{items}</ul></section>')


main()
