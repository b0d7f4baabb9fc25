"""My documents: the visitor's own files, read and searched in this session alone, never mixed with the law."""

from __future__ import annotations

import streamlit as st

from kb.errors import QueryError
from kb.store import Store
from pages import files, frame, session
from pages.frame import banner, label
from pages.language import _
from pages.verbatim import escape

TYPES = ["pdf", "docx", "txt", "md"]


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    _headline()
    store = frame.library()
    _uploader(store)
    for name, reason in files.refused():
        banner("stop", _("{name} was not read").format(name=name), _(reason))
    _list()
    if files.held():
        _search(store)
    frame.foot()


def _headline() -> None:
    words = _("Search a contract, a letter or a case file beside the law. When you ask a question, what your files say is shown below the answer, apart from the law.")
    minutes = session.chosen().idle_minutes
    kept = _("Your files stay in the memory of this session: not on disk, not in a log, not sent to anyone. They go when you leave or close the page.")
    if minutes:
        kept += " " + _("They also go when nobody has used the page for {n} minutes.").format(n=f"{minutes:g}")
    st.html(
        f'<header class="hv-hero"><h1>{escape(_("My documents"))}</h1><p>{escape(words)}</p></header><p class="hv-muted hv-kept">{escape(kept)}</p>'
    )


def _uploader(store: Store) -> None:
    """Takes files in and comes back empty, so that the browser holds them no longer than needed."""
    turn = st.session_state.get("upload_turn", 0)
    chosen = st.file_uploader(
        _("Add files: PDF, Word (.docx) or plain text, up to 20 MB each"), type=TYPES, accept_multiple_files=True, key=f"upload_{turn}"
    )
    if chosen:
        files.take(chosen, store)
        st.session_state["upload_turn"] = turn + 1
        st.rerun()


def _list() -> None:
    held = files.held()
    st.html(f'<h2 class="hv-sub">{escape(_("Your files"))}</h2>')
    if not held:
        st.html(f'<p class="hv-muted">{escape(_("No files yet."))}</p>')
        return
    for file in held:
        with st.container(horizontal=True, vertical_alignment="center", key=f"file_{file.id}"):
            warned = "".join(label(words, "warn") for words in files.warnings(file))
            st.html(
                f'<p class="hv-cite" dir="auto">{escape(file.name)}</p><p class="hv-muted">{escape(files.described(file))}</p>'
                f'<p class="hv-labels">{label(_("your file"), "own")}{warned}</p>'
            )
            st.button(
                _("Remove"), key=f"remove_{file.id}", on_click=files.remove, args=(file.id,), icon=":material/delete:", width="content",
                help=_("Forget {name}").format(name=file.name),
            )  # fmt: skip
    if len(held) > 1:
        st.button(_("Remove all"), key="remove_all", on_click=files.remove_all, type="tertiary", icon=":material/delete_sweep:")


def _search(store: Store) -> None:
    st.html(f'<h2 class="hv-sub">{escape(_("Search in your files"))}</h2>')
    with st.form("own", border=False):
        st.text_input(_("Words or a question"), key="own_question", max_chars=session.chosen().max_query_chars)
        with st.container(horizontal=True):
            if st.form_submit_button(_("Search my files"), type="primary", icon=":material/search:"):
                st.session_state["own_asked"] = st.session_state["own_question"]
    asked = st.session_state.get("own_asked")
    if asked is None:
        return
    try:
        hits = files.search(asked, store)
    except QueryError as exc:
        frame.problem(_("This question cannot be searched as it is"), exc)
        return
    if not hits:
        banner("none", _("Nothing found in your files"), _("Try other words. Only text is searched, not pictures."))
        return
    files.show(hits)


main()
