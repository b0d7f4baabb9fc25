"""What every page shares: the look, the way out, notices, labels, the words on advice and on help."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from ingest.catalogue import read_yaml
from kb import prose
from kb.citation import JURISDICTIONS, jurisdiction_name, within
from kb.errors import ConfigError, KBError
from kb.store import Store
from pages import session, update
from pages.verbatim import escape

AWAY = "https://www.wikipedia.org/"  # where the quick exit leads
TITLE = "Library"  # of the browser tab: says nothing of the subject
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="2" y="2" width="12" height="12" rx="3" fill="#6b7680"/></svg>'
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="116" height="32" viewBox="0 0 116 32"><path d="M4 15 15 5l11 10v12H4z" fill="none" stroke="#17635d" '
    'stroke-width="2.6" stroke-linejoin="round"/><path d="M15 14v13" stroke="#17635d" stroke-width="2.6" stroke-linecap="round"/><text x="36" y="23.5" '
    'font-family="Georgia, Liberation Serif, serif" font-size="21" font-weight="700" fill="#1d2931">Haven</text></svg>'
)
KINDS = {
    "treaty": "Treaties",
    "statute": "Acts and codes",
    "regulation": "Regulations",
    "directive": "EU directives",
    "guidance": "Guidance (not binding)",
}
LANGUAGES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French",
    "hi": "Hindi", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "ms": "Malay", "ne": "Nepali", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tl": "Filipino", "tr": "Turkish",
    "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese", "zh-Hant": "Chinese (traditional)", "zh-TW": "Chinese (Taiwan)",
}  # fmt: skip
_MARKS = {"good": "✓", "part": "◐", "none": "?", "stop": "!", "info": "i"}

# Leaves at once, whatever the server is doing: hides the page, lets the click reach the server, which clears the session, and replaces the page in
# the browser's history. A page that the Back button brings back from memory loads afresh.
_EXIT = """<script>(() => {
  if (window.havenExit) return;
  window.havenExit = true;
  const leave = () => {
    document.documentElement.style.visibility = "hidden";
    setTimeout(() => window.location.replace(AWAY), 250);
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest(".st-key-quick_exit button")) leave();
  }, true);
  let shifts = [];
  document.addEventListener("keydown", (event) => {
    if (event.repeat) return;
    if (event.key !== "Shift") { shifts = []; return; }
    const now = Date.now();
    shifts = [...shifts.filter((at) => now - at < 1500), now];
    if (shifts.length >= 3) document.querySelector(".st-key-quick_exit button")?.click();
  }, true);
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
})();</script>"""


_through_app = False  # whether app.py has run in this process


def enter() -> None:
    """Send the run back through app.py where Streamlit began with the page itself.

    It does so for the first visit of a process if that visit is to a page's own address: seeing a folder called pages, it takes the files in it
    for pages of an app without navigation. Every later visit goes through app.py by itself.
    """
    if not _through_app:
        PagesManager.uses_pages_directory = False
        st.rerun()


def begin() -> None:
    """The top of every page: title of the tab, style, and the way out."""
    global _through_app
    _through_app = True
    st.html(Path(__file__).with_name("style.css"))
    if st.session_state.pop("left", False):
        st.html(f"<script>window.location.replace({json.dumps(AWAY)})</script>", unsafe_allow_javascript=True)
        st.stop()
    st.button(
        "Leave this page",
        key="quick_exit",
        on_click=_leave,
        help="Goes to an encyclopedia at once and forgets what you asked. Or press Shift three times.",
    )
    st.html(f'<span class="hv-none"></span>{_EXIT.replace("AWAY", json.dumps(AWAY))}', unsafe_allow_javascript=True)


def _leave() -> None:
    session.clear()
    st.session_state["left"] = True


def scroll_to(target: str, occasion: str) -> None:
    """Bring an element of our own (a CSS selector) into view, once an occasion."""
    mark = sha256(occasion.encode("utf-8", "replace")).hexdigest()[:12]
    script = f"setTimeout(() => document.querySelector({json.dumps(target)})?.scrollIntoView({{block: 'center'}}), 150)"
    st.html(f'<span class="hv-none" data-occasion="{mark}"></span><script>{script}</script>', unsafe_allow_javascript=True)


# the knowledge base of the page


def library() -> Store:
    """The session's store; where there is none, says so with what can be done, and the page ends there."""
    _follow()
    try:
        with st.spinner("Opening the library …"):
            store = session.library()
    except ConfigError as exc:
        problem("A setting is wrong", exc)
        foot()
        st.stop()
    except KBError as exc:
        problem("The library cannot be opened", exc)
        renew("Build the library now", [("Building the library", update.BUILD)])
        foot()
        st.stop()
    if store.notice:
        banner("stop", "You are reading an earlier edition of the library", store.notice)
    if session.newer():
        _offer_newer()
    return store


def _follow() -> None:
    """Move to the new edition where this session waited for it to be made."""
    work = update.update()
    if st.session_state.get("following") and not work.running:
        del st.session_state["following"]
        if work.done:
            session.switch()


def _offer_newer() -> None:
    with st.container(key="newer"):
        banner("info", "A newer edition of the library is ready", "You go on reading the one you began with until you switch.")
        st.button("Switch to the newer edition", on_click=session.switch, icon=":material/sync:")


def renew(label: str, steps: Sequence[update.Step]) -> None:
    """A button that brings the knowledge base up to date in another process, its progress, and what came of it."""
    work = update.update()
    if work.running:
        st.session_state["following"] = True
        _watch()
        return
    if work.problem:
        banner("stop", "That did not work; nothing was changed", work.problem)
    if st.button(label, type="primary", icon=":material/download:"):
        work.start(steps)
        st.session_state["following"] = True
        st.rerun()


@st.fragment(run_every=1.0)
def _watch() -> None:
    work = update.update()
    if work.running:
        told = update.progress(work, session.chosen().index_dir)
        if told.share is None:
            st.html(f'<p class="hv-muted" role="status">{escape(told.words)} …</p>')
        else:
            st.progress(told.share, text=None)
            st.html(f'<p class="hv-muted" role="status">{escape(told.words)}</p>')
        st.caption("You can go on using this page meanwhile.")
        return
    st.rerun(scope="app")


# words and labels


def banner(tone: str, title: str, words: str = "") -> None:
    """A notice: an icon, a line in bold, and a sentence. `tone` is good, part, none, stop or info."""
    more = f"<p>{escape(words)}</p>" if words else ""
    role = "alert" if tone == "stop" else "status"
    st.html(
        f'<div class="hv-banner hv-tone-{tone}" role="{role}"><span class="hv-mark" aria-hidden="true">{_MARKS[tone]}</span>'
        f'<div><p class="hv-banner-title">{escape(title)}</p>{more}</div></div>'
    )


def problem(title: str, exc: KBError) -> None:
    """What went wrong, in the one line of the error."""
    line = str(exc)
    banner("stop", title, line[:1].upper() + line[1:])


def label(words: str, tone: str = "plain") -> str:
    """HTML of a small label."""
    return f'<span class="hv-label hv-label-{tone}">{escape(words)}</span>'


def dated(as_at: str | None, instrument: Mapping[str, Any]) -> str:
    """When a wording was current: "copy of" the day it was copied for treaties, "as at" for everything else."""
    if not as_at:
        return "date not known"
    return f"copy of {as_at}" if instrument["kind"] == "treaty" else f"as at {as_at}"


def link(url: str | None, words: str) -> str:
    """HTML of a link that opens beside the page; the words alone where there is no web address."""
    if not url or not url.startswith(("https://", "http://")):
        return ""
    return f'<a class="hv-link" href="{escape(url)}" target="_blank" rel="noopener noreferrer">{escape(words)}&nbsp;↗</a>'


# the foot of the page


def foot(jurisdiction: str | None = None) -> None:
    """Where to get help, and what Haven is not."""
    _help_now(jurisdiction)
    st.html(
        '<footer class="hv-foot"><p><strong>This is not legal advice.</strong> Haven shows what texts say and where. Whether and how they apply to a person '
        "is for a lawyer or an accredited adviser to say. Check the official text before you rely on a wording.</p>"
        f"<p>{escape(_privacy())}</p></footer>"
    )


def _privacy() -> str:
    """What becomes of a question, as the settings have it."""
    try:
        away = prose.disclosure(session.chosen())
    except ConfigError:
        away = ""
    kept = "What you ask lives in the memory of this session alone; it is not logged and not kept"
    return f"{kept}. A language model is switched on. {away}" if away else f"{kept}, and it is not sent to anyone."


def _help_now(jurisdiction: str | None) -> None:
    entries = _help_entries()
    st.html(
        '<section class="hv-help" id="help" aria-label="Where to get help now"><h2>Where to get help now</h2><p>In danger, call the local emergency number '
        "first: 112 in the European Union, 911 in the United States and Canada, 999 in the United Kingdom.</p></section>"
    )
    if not entries:
        return
    places = sorted({entry["jurisdiction"] for entry in entries}, key=_place_name)
    default = next((place for place in places if jurisdiction and within(jurisdiction, place)), None)
    place = st.selectbox(
        "Hotlines and organisations in", places, index=places.index(default) if default else None, format_func=_place_name, placeholder="Choose a country",
        key=f"help_{default}",
    )  # fmt: skip
    if place:
        shown = [entry for entry in entries if within(entry["jurisdiction"], place) or entry["jurisdiction"] == place]
        st.html(f'<ul class="hv-helplist">{"".join(_help_entry(entry) for entry in shown)}</ul>')


def _place_name(code: str) -> str:
    return "International waters and seafarers" if code == "int" else jurisdiction_name(code)


def _help_entries() -> list[dict[str, Any]]:
    try:
        path = session.chosen().corpus / "topics" / "help.yaml"
        return list(read_yaml(path)[0] or []) if path.is_file() else []
    except KBError:
        return []


def _help_entry(entry: Mapping[str, Any]) -> str:
    spoken = ", ".join(LANGUAGES.get(code, str(code)) for code in entry.get("languages") or ())
    checked = entry.get("date_checked")
    details = [str(entry["for_whom"])] if entry.get("for_whom") else []
    details += [f"Languages: {spoken}"] if spoken else []
    phone = f'<span class="hv-phone">{escape(str(entry["phone"]))}</span>' if entry.get("phone") else ""
    state = label(f"checked {checked}", "good") if checked else label("number not yet checked by us")
    return (
        f'<li><p class="hv-help-name">{escape(str(entry["name"]))}</p>{phone}<p class="hv-muted">{escape(". ".join(details))}</p>'
        f"<p>{link(entry.get('url'), 'Website')} {state}</p></li>"
    )


def jurisdictions(store: Store) -> list[str]:
    """Codes of the jurisdictions in the library, treaties first, then by name."""
    codes = {entry["jurisdiction"] for entry in store.instruments.values()}
    known = list(JURISDICTIONS)
    first = {"int": 0, "eu": 1}
    return sorted(codes, key=lambda code: (first.get(code, 2), jurisdiction_name(code) if code in known else code))
