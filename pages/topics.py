"""The topics of a provision, and from each of them to other countries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from kb.store import Store
from pages import paths
from pages.language import _
from pages.paths import inside
from pages.verbatim import escape


def show(summaries: Iterable[Mapping[str, Any]], store: Store) -> None:
    """Links to comparisons on the topics that our summaries of a provision name; nothing where there are none."""
    known = store.topics.get("topics") or {}
    ids = dict.fromkeys(topic for summary in summaries for topic in summary["topics"] if topic in known)
    if ids:
        items = "".join(f"<li>{inside(paths.comparison([id]), _(known[id]['name']))}</li>" for id in ids)
        st.html(f'<h2 class="hv-side">{escape(_("The same topic elsewhere"))}</h2><ul class="hv-topics">{items}</ul>')
