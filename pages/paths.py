"""Addresses within Haven, and links to them that keep the session: a provision, a law, a country, a topic has an address; a question never has."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

import streamlit as st

from pages.verbatim import escape

# A plain link would load the page anew and forget the session. The browser's history is told of the address, and Streamlit follows it as it follows
# the Back button. Opening in a new tab works as everywhere; without the script the link still leads there.
_FOLLOW = """<script>(() => {
  if (window.havenPaths) return;
  window.havenPaths = true;
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a.hv-in");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    window.history.pushState({}, "", link.href);
    window.dispatchEvent(new PopStateEvent("popstate"));
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  });
})();</script>"""


def follow() -> None:
    """Let the links of this page lead on without loading it anew."""
    st.html(f'<span class="hv-none"></span>{_FOLLOW}', unsafe_allow_javascript=True)


def provision(id: str) -> str:
    """Address of a provision or portion."""
    return f"provision?p={quote(id, safe='/~!')}"


def law(instrument: str) -> str:
    """Address of an instrument's table of contents."""
    return f"browse?i={quote(instrument, safe='/')}"


def laws(jurisdiction: str = "") -> str:
    """Address of the list of a jurisdiction's laws, or of the list of jurisdictions."""
    return f"browse?j={quote(jurisdiction)}" if jurisdiction else "browse"


def comparison(topics: Iterable[str] = (), jurisdictions: Iterable[str] = (), article: str = "") -> str:
    """Address of a comparison: of topics, or from a treaty article."""
    values = [*(("topic", topic) for topic in topics), *([("article", article)] if article else []), *(("with", code) for code in jurisdictions)]
    return f"compare?{urlencode(values, safe='/~')}" if values else "compare"


def inside(address: str, words: str, more: str = "", language: str = "") -> str:
    """HTML of a link within Haven. `more` is HTML that follows the words in the link."""
    spoken = f' lang="{escape(language)}" dir="auto"' if language else ""
    return f'<a class="hv-in" href="{escape(address)}"{spoken}>{escape(words)}{more}</a>'


def crumbs(steps: Iterable[tuple[str, str]], label: str) -> str:
    """HTML of the way down to where the reader is: (words, address or "") each."""
    items = "".join(f"<li>{inside(address, words) if address else escape(words)}</li>" for words, address in steps)
    return f'<nav aria-label="{escape(label)}"><ol class="hv-path" dir="auto">{items}</ol></nav>'
