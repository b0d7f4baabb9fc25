"""Puts the page away when nobody uses it: the browser hides it and asks the server to forget; the server forgets by itself where no browser asks."""

from __future__ import annotations

import json
import threading
import time

import streamlit as st
from streamlit.runtime import Runtime, exists, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages import session
from pages.language import _, n_
from pages.verbatim import escape

GRACE_S = 60.0  # what the server waits beyond the limit for the browser to ask
SWEEP_S = 5.0

_seen: dict[str, tuple[float, float]] = {}  # session: when it was last heard of, and its limit in seconds
_sweeping = threading.Lock()

# Counts by the clock, so that a machine that slept notices when it wakes. Hides the page first: the server may take a moment to answer.
_WATCH = """<script>(() => {
  if (!window.havenLeaving) document.documentElement.style.visibility = "";
  if (window.havenIdle) { window.havenIdle.restart(); return; }
  const press = (key) => document.querySelector(".st-key-" + key + " button")?.click();
  let last = Date.now(), told = last, away = false;
  const used = () => {
    if (away || Date.now() - last > LIMIT) return;
    last = Date.now();
    if (last - told > LIMIT / 4) { told = last; press("still_here"); }
  };
  const look = () => {
    if (away || Date.now() - last <= LIMIT) return;
    away = true;
    document.documentElement.style.visibility = "hidden";
    window.history.replaceState(null, "", new URL("./", window.location.href).pathname);
    press("put_away");
  };
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "touchstart"])
    document.addEventListener(kind, used, { capture: true, passive: true });
  document.addEventListener("visibilitychange", look);
  setInterval(look, 1000);
  window.havenIdle = { restart: () => { if (away) { away = false; last = told = Date.now(); } } };
})();</script>"""
_SHOW = '<script>document.documentElement.style.visibility = "";</script>'


def watch(minutes: float) -> None:
    """Take note that the visitor is there, and give the browser its watch; nothing where the limit is 0."""
    if not minutes:
        return
    _heard(minutes * 60)
    _still_here(minutes * 60)
    st.button("Put the page away", key="put_away", on_click=_put_away)
    script = _WATCH.replace("LIMIT", json.dumps(round(minutes * 60_000)))
    st.html(f'<span class="hv-none" data-since="{time.time():.0f}"></span>{script}', unsafe_allow_javascript=True)


@st.fragment
def _still_here(limit_s: float) -> None:
    """A button that the browser presses while someone reads without asking; only this fragment runs again then."""
    st.button("Still here", key="still_here", on_click=_heard, args=(limit_s,))


def _put_away() -> None:
    language = st.session_state.get("interface")
    session.clear()
    st.session_state["away"] = True
    if language:
        st.session_state["interface"] = language


def is_away() -> bool:
    """Whether this session's page was put away and not opened again."""
    return bool(st.session_state.get("away"))


def show_away(minutes: float) -> None:
    """The page in place of every other while it is put away: says nothing of what Haven is about."""
    st.html(f'<span class="hv-none"></span>{_SHOW}', unsafe_allow_javascript=True)
    words = n_("Nobody used it for {n} minute. Nothing of it was kept.", "Nobody used it for {n} minutes. Nothing of it was kept.", max(round(minutes), 1))
    st.html(f'<h1>{escape(_("This page was put away"))}</h1><p>{escape(words)}</p>')
    if st.button(_("Open it again"), type="primary"):
        del st.session_state["away"]
        st.switch_page("pages/ask.py")


# the server's own watch


def _heard(limit_s: float) -> None:
    context = get_script_run_ctx()
    if context is None or not exists():
        return
    _seen[context.session_id] = (time.monotonic(), limit_s)
    if _sweeping.acquire(blocking=False):
        threading.Thread(target=_sweep, daemon=True).start()


def _sweep() -> None:
    """Close the sessions that were not heard of for their limit and GRACE_S more, for as long as the server runs."""
    while exists():
        time.sleep(SWEEP_S)
        for id in overdue(time.monotonic()):
            _seen.pop(id, None)
            _close(get_instance(), id)
    _sweeping.release()


def overdue(now: float) -> list[str]:
    """The sessions that were not heard of for their limit and GRACE_S more."""
    return [id for id, (at, limit_s) in list(_seen.items()) if now - at > limit_s + GRACE_S]


def _close(runtime: Runtime, id: str) -> None:
    """End a session with all that it holds, on the thread that owns it; nothing where it has ended already."""
    runtime._get_async_objs().eventloop.call_soon_threadsafe(runtime.close_session, id)  # no public way; streamlit is pinned
