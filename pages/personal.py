"""What looks like personal data in a question: told in the browser while it is typed, and asked about before a search runs. Nothing is kept or sent."""

from __future__ import annotations

import json
import re

import streamlit as st

from kb.model import Query
from pages import session
from pages.frame import banner
from pages.language import N_, _

_UPPER, _LOWER = "A-ZÁÉÍÓÚÑÜÖÄÇÈÊÂ", "a-záéíóúñüöäçèêâ"
_NAME = rf"[{_UPPER}][{_LOWER}'’-]+"
# Written so that re and the browser's RegExp read them alike
PATTERNS = {
    "a-number": (N_("an A-number or case number"), r"\bA[ #-]{0,2}\d{3}[ -]?\d{3}[ -]?\d{2,3}\b|\b[A-Z]{3}[ -]?\d{10}\b|\b\d{3}-\d{2}-\d{4}\b"),
    "e-mail": (N_("an e-mail address"), r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}"),
    "phone": (N_("a phone number"), r"(?:\+|\b00)\d[\d ().-]{6,16}\d\b|\(\d{3}\) ?\d{3}[ -]?\d{4}\b|\b\d{3}[ .-]\d{3}[ .-]\d{4}\b|\b0\d{2,4}[ -]\d{3}[ -]?\d{3,4}\b|\b\d{9,11}\b"),
    "address": (
        N_("a street address"),
        rf"\b\d{{1,5}}[a-zA-Z]? (?:{_NAME} ){{1,3}}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Boulevard|Blvd|Court|Terrace|Square)\b"
        rf"|\b(?:[Cc]alle|[Aa]venida|[Aa]v\.|[Cc]arrera|[Pp]laza) (?:de (?:la |los )?)?{_NAME}(?: {_NAME}){{0,2}},? (?:n[º.°]? ?)?\d{{1,5}}\b",
    ),
    "name": (
        N_("a person's name"),
        rf"\b(?:Mr|Mrs|Ms|Miss|Sr|Sra|Srta|Señor|Señora)\.? {_NAME}|\b(?:[Hh]er|[Hh]is|[Mm]y|[Tt]heir) name is {_NAME}"
        rf"|(?<![-\w])(?:named|called|se llama|me llamo|llamad[oa]) {_NAME}|\b(?:[Cc]lient|[Cc]lienta|[Cc]liente), ?{_NAME}(?: {_NAME})?|\b(?:[Mm]y|[Oo]ur) client {_NAME}",
    ),
}  # fmt: skip

# Writes into the element that stands below the question; reads nothing else and sends nothing.
_WATCH = """<script>(() => {
  const kinds = KINDS.map(([words, source]) => [words, new RegExp(source, "u")]);
  const look = () => {
    const field = document.querySelector(".st-key-question textarea"), told = document.querySelector(".hv-personal");
    if (!field || !told) return;
    const found = kinds.filter(([_, pattern]) => pattern.test(field.value)).map(([words]) => words);
    const said = found.length ? LEAD + " " + found.join(", ") + ". " + ADVICE : "";
    if (told.textContent !== said) told.textContent = said;
  };
  if (window.havenPersonal) document.removeEventListener("input", window.havenPersonal, true);
  window.havenPersonal = look;
  document.addEventListener("input", look, true);
  setTimeout(look, 300);
})();</script>"""


def found(text: str) -> list[str]:
    """The kinds of personal data that a text seems to hold."""
    return [kind for kind, (_words, pattern) in PATTERNS.items() if re.search(pattern, text)]


def watch() -> None:
    """Below the question: a line that appears while something like personal data is typed."""
    script = _WATCH.replace("KINDS", json.dumps([[_(words), pattern] for words, pattern in PATTERNS.values()]))
    script = script.replace("LEAD", json.dumps(_("This looks like"))).replace("ADVICE", json.dumps(_advice()))
    st.html(f'<p class="hv-personal" role="status"></p>{script}', unsafe_allow_javascript=True)


def _advice() -> str:
    return _("The law is found without it; leave it out where you can.")


def send(query: Query) -> None:
    """Ask the question; where it seems to hold personal data, hold it back until the visitor has decided."""
    st.session_state.pop("held_back", None)
    if found(query.text):
        for name in ("asked", "answer"):
            st.session_state.pop(name, None)
        st.session_state["held_back"] = query
    else:
        session.ask_for(query)


def held_back() -> Query | None:
    """The question that waits for the visitor's decision."""
    return st.session_state.get("held_back")


def decide(query: Query) -> None:
    """What was seen, and the ways on: search all the same, throw the text away, or change it above."""
    names = ", ".join(_(PATTERNS[kind][0]) for kind in found(query.text))
    words = _("It looks like it holds {names}. {advice} Nothing has been searched yet.").format(names=names, advice=_advice())
    banner("part", _("Does your question hold personal data?"), words)
    with st.container(horizontal=True, key="decide"):
        st.button(_("Search anyway"), key="personal_anyway", on_click=_search, args=(query,), icon=":material/search:")
        st.button(_("Discard the text"), key="personal_discard", on_click=_discard, icon=":material/delete:")


def _search(query: Query) -> None:
    st.session_state.pop("held_back", None)
    session.ask_for(query)


def _discard() -> None:
    st.session_state.pop("held_back", None)
    session.forget()
    st.session_state["question"] = ""
