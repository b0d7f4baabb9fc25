"""Topics in the visitor's language: those of a provision, and from each of them to other countries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from kb.store import Store
from kb.translation import Words, topic_texts
from pages import language, paths, session
from pages.language import _
from pages.paths import inside
from pages.verbatim import escape


def show(summaries: Iterable[Mapping[str, Any]], store: Store) -> None:
    """Links to comparisons on the topics that our summaries of a provision name; nothing where there are none."""
    known = store.topics.get("topics") or {}
    ids = dict.fromkeys(topic for summary in summaries for topic in summary["topics"] if topic in known)
    if ids:
        items = "".join(f"<li>{inside(paths.comparison([id]), said(known[id]['name'], store))}</li>" for id in ids)
        st.html(f'<h2 class="hv-side">{escape(_("The same topic elsewhere"))}</h2><ul class="hv-topics">{items}</ul>')


def said(text: str, store: Store) -> str:
    """The name, group or definition of a topic in the session's language; all of them stay English where their translation does not fit."""
    return _words(language.chosen(), str(session.chosen().corpus / "topics"), str(store.folder), store).get(text, text)


@st.cache_resource(show_spinner=False, max_entries=4)
def _words(code: str, folder: str, generation: str, _store: Store) -> Words:
    """The words of a generation's topics in a language."""
    return language.fitting(Path(folder), "topics", topic_texts(_store.topics.get("topics") or {}))
