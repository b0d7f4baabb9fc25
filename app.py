"""Haven in the browser: python -m streamlit run app.py. Navigation, session and the way out; no law, no ranking."""

from __future__ import annotations

import streamlit as st

from pages import frame

PAGES = [
    st.Page("pages/ask.py", title="Ask", url_path="ask", default=True),
    st.Page("pages/coverage.py", title="What is held", url_path="coverage"),
    st.Page("pages/provision.py", title="Provision", url_path="provision", visibility="hidden"),
]

st.set_page_config(page_title=frame.TITLE, page_icon=frame.ICON, layout="centered", initial_sidebar_state="collapsed")
st.logo(frame.LOGO, size="large")
page = st.navigation(PAGES, position="top")
frame.begin()
page.run()
