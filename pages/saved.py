"""Saved: the passages that were set aside in this session, in the reader's order, with notes; to take away and to load again."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from kb import receipt
from kb.errors import KBError
from kb.receipt import Saved, Verdict
from kb.store import Store
from pages import frame, passage, session, take_away
from pages.frame import banner, link
from pages.language import _, n_
from pages.told import in_language
from pages.verbatim import escape, quote

LONGEST_NOTE = 2_000


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    told = _("Passages that you set aside, to put in order, to note on and to take with you. They last as long as this session and lie nowhere else.")
    st.html(f'<header class="hv-hero"><h1>{escape(_("Saved"))}</h1><p>{escape(told)}</p></header>')
    store = frame.library()
    if items := session.saved():
        for place in range(len(items)):
            _item(place, store)
        st.html(f'<h2 class="hv-sub">{escape(_("Download these passages"))}</h2>')
        take_away.folder(items, store)
        st.html(
            f'<p class="hv-muted">{escape(_("Word and Markdown carry your notes. “One file to load again” keeps everything and is compared with the record when you load it."))}</p>'
        )
    else:
        banner("info", _("Nothing is saved yet"), _("Ask a question, then choose “Save this passage” below a quote."))
        st.page_link("pages/ask.py", label=_("Ask a question"), icon=":material/arrow_back:")
    _load(store)
    frame.foot()


def _item(place: int, store: Store) -> None:
    """One passage with its note, its ways up, down and out."""
    item = session.saved()[place]
    cited = item.cited
    with st.container(key=f"quote_saved_{place}"):
        kind = "law" if cited.kind == "text" else "summary"
        st.html(f'<article class="hv-card">{passage.head(cited, store, place + 1)}{quote(cited.quote, cited.language, kind)}</article>')
        st.text_area(
            _("Your note on passage {n}").format(n=place + 1), item.note, key=f"note_{_key(item)}", height=68, max_chars=LONGEST_NOTE,
            placeholder=_("For example: for paragraph 4 of the letter"), on_change=_note, args=(item, f"note_{_key(item)}"),
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center", key=f"actions_saved_{place}"):
            _ways(place, item)
            if st.button(_("Read it in context"), key=f"open_saved_{place}", icon=":material/menu_book:"):
                marked = (cited.start, cited.end, cited.digest) if cited.kind == "text" else (None, None, None)
                session.open_provision(session.Opened(cited.provision_id, *marked))
                st.switch_page("pages/provision.py")
            if where := link(cited.official_url or store.instruments[cited.instrument]["official_url"], _("Official publication")):
                st.html(where, width="content")


def _key(item: Saved) -> str:
    cited = item.cited
    return f"{cited.provision_id}_{cited.kind}_{cited.start}_{cited.end}_{(cited.digest or '')[:12]}"


def _ways(place: int, item: Saved) -> None:
    last = len(session.saved()) - 1
    number, key = place + 1, _key(item)
    st.button(
        _("Up"), key=f"up_{key}", icon=":material/arrow_upward:", disabled=place == 0, on_click=_move, args=(item, -1),
        help=_("Move passage {n} up").format(n=number),
    )  # fmt: skip
    st.button(
        _("Down"), key=f"down_{key}", icon=":material/arrow_downward:", disabled=place == last, on_click=_move, args=(item, 1),
        help=_("Move passage {n} down").format(n=number),
    )  # fmt: skip
    st.button(
        _("Remove"), key=f"remove_{key}", icon=":material/delete:", on_click=session.take_out, args=(item.cited,),
        help=_("Remove passage {n}, with its note").format(n=number),
    )  # fmt: skip


def _move(item: Saved, by: int) -> None:
    items = list(session.saved())
    place = next((n for n, other in enumerate(items) if other.cited == item.cited), None)
    if place is not None and 0 <= place + by < len(items):
        items[place], items[place + by] = items[place + by], items[place]
    session.arrange(items)


def _note(item: Saved, key: str) -> None:
    note = st.session_state[key]
    session.arrange(replace(other, note=note) if other.cited == item.cited else other for other in session.saved())


# loading


def _load(store: Store) -> None:
    """A file that was taken away before: what still stands is added, what does not is named."""
    st.html(f'<h2 class="hv-sub">{escape(_("Load saved passages"))}</h2>')
    turn = st.session_state.get("loads", 0)  # a new uploader after each load, so that the file is let go
    given = st.file_uploader(_("A file that you took away from this page, or a receipt"), type="json", key=f"load_{turn}")
    if given is not None:
        st.session_state["loads"] = turn + 1
        st.session_state["loaded"] = _loaded(given.getvalue(), store)
        st.rerun()
    if (told := st.session_state.pop("loaded", None)) is not None:
        _tell(told)


def _loaded(raw: bytes, store: Store) -> tuple[int, list[Verdict]] | KBError:
    """How many passages were added and the verdicts on those that were not, or what is wrong with the file."""
    try:
        items, refused = receipt.restore(receipt.read(raw), store)
    except KBError as exc:
        return exc
    new = [item for item in items if not session.is_saved(item.cited)]
    session.arrange([*session.saved(), *new])
    return len(new), refused


def _tell(told: tuple[int, list[Verdict]] | KBError) -> None:
    if isinstance(told, KBError):
        frame.problem(_("This file cannot be loaded"), told)
        return
    added, refused = told
    banner("good" if not refused else "part", n_("{n} passage was loaded", "{n} passages were loaded", added))
    if refused:
        items = "".join(f"<li>{escape(v.saved.cited.citation)}: {escape(in_language(_(v.words)))} {escape(v.saved.note)}</li>" for v in refused)
        why = _("Not loaded, since the record no longer has these words")
        st.html(f'<section class="hv-notes"><h3 class="hv-side">{escape(why)}</h3><ul>{items}</ul></section>')


main()
