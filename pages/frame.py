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
from kb.citation import JURISDICTIONS, within
from kb.config import Settings
from kb.errors import ConfigError, KBError
from kb.store import Store
from pages import idle, language, session, update
from pages.language import N_, _, jurisdiction_name
from pages.told import in_language
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
    "treaty": N_("Treaties"),
    "statute": N_("Acts and codes"),
    "regulation": N_("Regulations"),
    "directive": N_("EU directives"),
    "guidance": N_("Guidance (not binding)"),
}
LANGUAGES = {
    "ar": N_("Arabic"), "bn": N_("Bengali"), "cs": N_("Czech"), "da": N_("Danish"), "de": N_("German"), "el": N_("Greek"), "en": N_("English"), "es": N_("Spanish"), "fr": N_("French"),
    "hi": N_("Hindi"), "id": N_("Indonesian"), "it": N_("Italian"), "ja": N_("Japanese"), "ko": N_("Korean"), "ms": N_("Malay"), "ne": N_("Nepali"), "nl": N_("Dutch"), "no": N_("Norwegian"),
    "pl": N_("Polish"), "pt": N_("Portuguese"), "ro": N_("Romanian"), "ru": N_("Russian"), "sv": N_("Swedish"), "th": N_("Thai"), "tl": N_("Filipino"), "tr": N_("Turkish"),
    "uk": N_("Ukrainian"), "ur": N_("Urdu"), "vi": N_("Vietnamese"), "zh": N_("Chinese"), "zh-Hant": N_("Chinese (traditional)"), "zh-TW": N_("Chinese (Taiwan)"),
}  # fmt: skip
_MARKS = {"good": "✓", "part": "◐", "none": "?", "stop": "!", "info": "i"}

# Leaves at once, whatever the server is doing: hides the page, lets the click reach the server, which clears the session, and replaces the page in
# the browser's history. A page that the Back button brings back from memory loads afresh.
_EXIT = """<script>(() => {
  if (window.havenExit) return;
  window.havenExit = true;
  const leave = () => {
    window.havenLeaving = true;
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
    const now = event.timeStamp;  // when the key went down, however busy the page is
    shifts = [...shifts.filter((at) => now - at < 3000), now];
    if (shifts.length < 3) return;
    const button = document.querySelector(".st-key-quick_exit button");
    if (button) button.click(); else leave();
  }, true);
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
})();</script>"""

# On a small screen the navigation is a drawer, which Streamlit leaves open over the page that was chosen in it, and deaf to Escape.
_DRAWER = """<script>(() => {
  if (window.havenDrawer) return;
  window.havenDrawer = true;
  const close = () => document.querySelector("[data-testid=stSidebar][data-collapsed=false] [data-testid=stSidebarCollapseButton] button")?.click();
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("[data-testid=stSidebarNavLink]")) setTimeout(close, 0);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.querySelector("[data-testid=stSidebar][data-collapsed=false]")) return;
    close();
    setTimeout(() => document.querySelector("[data-testid=stExpandSidebarButton]")?.focus(), 300);
  });
})();</script>"""

# Tells screen readers in which language the page speaks; a button that names a language is in that one.
_SPEAK = """<script>(() => {
  const speak = () => {
    document.documentElement.lang = CODE;
    document.querySelector("[data-testid=stMain]")?.setAttribute("lang", CODE);
    document.querySelectorAll("[class*=st-key-interface_]").forEach((item) => item.setAttribute("lang", item.className.match(/st-key-interface_(\\w+)/)[1]));
  };
  speak();
  setTimeout(speak, 400);
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
    if idle.is_away():
        idle.show_away(_idle_minutes())
        st.stop()
    st.button(
        _("Leave this page"),
        key="quick_exit",
        on_click=_leave,
        help=_("Goes to an encyclopedia at once and forgets what you asked and the files you opened. Or press Shift three times."),
    )
    st.html(f'<span class="hv-none"></span>{_EXIT.replace("AWAY", json.dumps(AWAY))}{_DRAWER}', unsafe_allow_javascript=True)
    _choose_language()
    idle.watch(_idle_minutes())


def _idle_minutes() -> float:
    """After how long an unused page is put away; the default where a setting is wrong, which `library` tells."""
    try:
        return session.chosen().idle_minutes
    except ConfigError:
        return Settings().idle_minutes


def _choose_language() -> None:
    """The switch to the other language, and the page's language told to the browser."""
    for code, name in language.INTERFACES.items():
        if code != language.chosen():
            st.button(name, key=f"interface_{code}", on_click=language.choose, args=(code,), icon=":material/translate:", type="tertiary")
    st.html(f'<span class="hv-none"></span>{_SPEAK.replace("CODE", json.dumps(language.chosen()))}', unsafe_allow_javascript=True)


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
        with st.spinner(_("Opening the library …")):
            store = session.library()
    except ConfigError as exc:
        problem(_("A setting is wrong"), exc)
        foot()
        st.stop()
    except KBError as exc:
        problem(_("The library cannot be opened"), exc)
        renew(_("Build the library now"), [(_("Building the library"), update.BUILD)])
        foot()
        st.stop()
    if store.notice:
        banner("stop", _("You are reading an earlier edition of the library"), in_language(store.notice))
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
        banner("info", _("A newer edition of the library is ready"), _("You go on reading the one you began with until you switch."))
        st.button(_("Switch to the newer edition"), on_click=session.switch, icon=":material/sync:")


def renew(label: str, steps: Sequence[update.Step]) -> None:
    """A button that brings the knowledge base up to date in another process, its progress, and what came of it."""
    work = update.update()
    if work.running:
        st.session_state["following"] = True
        _watch()
        return
    if work.problem:
        banner("stop", _("That did not work; nothing was changed"), work.problem)
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
        st.caption(_("You can go on using this page meanwhile."))
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
    line = in_language(str(exc))
    banner("stop", title, line[:1].upper() + line[1:])


def label(words: str, tone: str = "plain") -> str:
    """HTML of a small label."""
    return f'<span class="hv-label hv-label-{tone}">{escape(words)}</span>'


def language_name(code: str) -> str:
    """The name of a language in the session's language; its code where we have no name."""
    return _(LANGUAGES.get(code, code))


def dated(as_at: str | None, instrument: Mapping[str, Any]) -> str:
    """When a wording was current: "copy of" the day it was copied for treaties, "as at" for everything else."""
    if not as_at:
        return _("date not known")
    return (_("copy of {date}") if instrument["kind"] == "treaty" else _("as at {date}")).format(date=as_at)


def link(url: str | None, words: str) -> str:
    """HTML of a link that opens beside the page; the words alone where there is no web address."""
    if not url or not url.startswith(("https://", "http://")):
        return ""
    return f'<a class="hv-link" href="{escape(url)}" target="_blank" rel="noopener noreferrer">{escape(words)}&nbsp;↗</a>'


# the foot of the page


def foot(jurisdiction: str | None = None) -> None:
    """Where to get help, and what Haven is not."""
    _help_now(jurisdiction)
    advice = _(
        "Haven shows what texts say and where. Whether and how they apply to a person is for a lawyer or an accredited adviser to say. "
        "Check the official text before you rely on a wording."
    )
    st.html(
        f'<footer class="hv-foot"><p><strong>{escape(_("This is not legal advice."))}</strong> {escape(advice)}</p>'
        f"<p>{escape(_privacy())}</p></footer>"
    )


def _privacy() -> str:
    """What becomes of a question, as the settings have it."""
    try:
        away = prose.disclosure(session.chosen())
    except ConfigError:
        away = ""
    if away:
        kept = _("What you ask lives in the memory of this session alone; it is not logged and not kept. A language model is switched on.")
        return f"{kept} {in_language(away)}"
    return _("What you ask lives in the memory of this session alone; it is not logged and not kept, and it is not sent to anyone.")


def _help_now(jurisdiction: str | None) -> None:
    entries = _help_entries()
    title = escape(_("Where to get help now"))
    numbers = _(
        "In danger, call the local emergency number first: 112 in the European Union, 911 in the United States and Canada, 999 in the United Kingdom."
    )
    st.html(f'<section class="hv-help" id="help" aria-label="{title}"><h2>{title}</h2><p>{escape(numbers)}</p></section>')
    if not entries:
        return
    places = sorted({entry["jurisdiction"] for entry in entries}, key=_place_name)
    default = next((place for place in places if jurisdiction and within(jurisdiction, place)), None)
    place = st.selectbox(
        _("Hotlines and organisations in"), places, index=places.index(default) if default else None, format_func=_place_name,
        placeholder=_("Choose a country"),
        key=f"help_{default}",
    )  # fmt: skip
    if place:
        shown = [entry for entry in entries if within(entry["jurisdiction"], place) or entry["jurisdiction"] == place]
        words = language.fitting(session.chosen().corpus / "topics", "help", [str(entry["for_whom"]) for entry in entries if entry.get("for_whom")])
        st.html(f'<ul class="hv-helplist">{"".join(_help_entry(entry, words) for entry in shown)}</ul>')


def _place_name(code: str) -> str:
    return _("International waters and seafarers") if code == "int" else jurisdiction_name(code)


def _help_entries() -> list[dict[str, Any]]:
    try:
        path = session.chosen().corpus / "topics" / "help.yaml"
        return list(read_yaml(path)[0] or []) if path.is_file() else []
    except KBError:
        return []


def _help_entry(entry: Mapping[str, Any], words: Mapping[str, str]) -> str:
    spoken = ", ".join(language_name(str(code)) for code in entry.get("languages") or ())
    checked = entry.get("date_checked")
    about = str(entry.get("for_whom") or "")
    details = [words.get(about, about)] if about else []
    details += [_("Languages: {names}").format(names=spoken)] if spoken else []
    phone = f'<span class="hv-phone">{escape(str(entry["phone"]))}</span>' if entry.get("phone") else ""
    state = label(_("checked {date}").format(date=checked), "good") if checked else label(_("number not yet checked by us"))
    return (
        f'<li><p class="hv-help-name">{escape(str(entry["name"]))}</p>{phone}<p class="hv-muted">{escape(". ".join(details))}</p>'
        f"<p>{link(entry.get('url'), _('Website'))} {state}</p></li>"
    )


def jurisdictions(store: Store) -> list[str]:
    """Codes of the jurisdictions in the library, treaties first, then by name."""
    codes = {entry["jurisdiction"] for entry in store.instruments.values()}
    known = list(JURISDICTIONS)
    first = {"int": 0, "eu": 1}
    return sorted(codes, key=lambda code: (first.get(code, 2), jurisdiction_name(code) if code in known else code))
