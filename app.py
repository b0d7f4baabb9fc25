"""Haven in the browser: python -m streamlit run app.py. Navigation, session and the way out; no law, no ranking."""

from __future__ import annotations

import streamlit as st

from pages import frame, idle
from pages.language import _


def _first() -> None:
    """Lead /ask to the first page, which Streamlit gives no path of its own."""
    st.switch_page("pages/ask.py")


PAGES = [
    st.Page("pages/ask.py", title=_("Ask"), url_path="", default=True),
    st.Page(_first, title=_("Ask"), url_path="ask", visibility="hidden"),
    st.Page("pages/eligibility.py", title=_("Eligibility"), url_path="eligibility"),
    st.Page("pages/browse.py", title=_("Browse"), url_path="browse"),
    st.Page("pages/compare.py", title=_("Compare"), url_path="compare"),
    st.Page("pages/draft.py", title=_("Check a draft"), url_path="draft"),
    st.Page("pages/saved.py", title=_("Saved"), url_path="saved"),
    st.Page("pages/verify.py", title=_("Verify"), url_path="verify"),
    st.Page("pages/documents.py", title=_("My documents"), url_path="documents"),
    st.Page("pages/coverage.py", title=_("What is held"), url_path="coverage"),
    st.Page("pages/provision.py", title=_("Provision"), url_path="provision", visibility="hidden"),
]

st.set_page_config(page_title=frame.TITLE, page_icon=frame.ICON, layout="centered", initial_sidebar_state="collapsed")
if not idle.is_away():
    st.logo(frame.LOGO, size="large")
page = st.navigation(PAGES, position="hidden" if idle.is_away() else "top")
frame.begin()
page.run()
