"""A quotation on the page: how it is cited, what it is labelled as, and setting it aside."""

from __future__ import annotations

import streamlit as st

from kb.model import Cited
from kb.store import Store
from pages import frame, language, session
from pages.frame import dated, label
from pages.language import _, jurisdiction_name
from pages.verbatim import escape


def checked(cited: Cited) -> str:
    """HTML of a label: whether a summary was checked against the official text."""
    return label(_("checked against the official text"), "good") if cited.checked else label(_("not yet checked"), "warn")


def head(cited: Cited, store: Store, number: int | None = None) -> str:
    """HTML of a citation: its number, how it is cited, what law that is, and its labels."""
    entry = store.instruments[cited.instrument]
    badge = f'<span class="hv-number" role="img" aria-label="{escape(_("Quote {n}").format(n=number))}">{number}</span>' if number else ""
    name = f"{entry['short_title']} · {jurisdiction_name(entry['jurisdiction'])}"
    return (
        f'<header class="hv-card-head">{badge}<div><p class="hv-cite">{escape(cited.citation)}</p><p class="hv-muted">{escape(name)}</p>'
        f'<p class="hv-labels">{labels(cited, store)}</p></div></header>'
    )


def labels(cited: Cited, store: Store) -> str:
    """HTML of the labels of a quotation: whose words, of which day, in which state."""
    if cited.kind == "summary":
        return label(_("Haven’s summary, not the law’s wording"), "summary") + checked(cited)
    told = label(_("official text"), "good") + label(dated(cited.as_at, store.instruments[cited.instrument]))
    if cited.damaged:
        told += label(_("damaged copy: compare with the official text"), "warn")
    if cited.language != language.chosen():
        told += label(frame.language_name(cited.language))
    return told


def save(cited: Cited, key: str) -> None:
    """The button that sets a quotation aside, or takes it out again."""
    held = session.is_saved(cited)
    if held:
        words, icon, change = _("Saved: take it out"), ":material/bookmark_added:", session.take_out
    else:
        words, icon, change = _("Save this passage"), ":material/bookmark_add:", session.save
    st.button(words, key=f"save_{key}", icon=icon, on_click=change, args=(cited,), type="tertiary")
