"""What can be taken away: an answer or the saved passages as Word, as Markdown, for a reference manager, and as a receipt."""

from __future__ import annotations

from datetime import date

import streamlit as st

from kb import export, receipt
from kb.model import Answer
from kb.store import Store
from pages.language import _
from pages.verbatim import escape

_REFERENCES = (".bib", ".ris", ".json")


def answer(found: Answer, store: Store) -> None:
    """The ways to take an answer away; the question goes along only where that is wanted."""
    st.html(f'<h2 class="hv-sub">{escape(_("Download this answer"))}</h2>')
    with_question = st.checkbox(
        _("Write my question into the files too"), key="with_question", help=_("Leave it off if the file may be seen by others.")
    )
    dossier = export.of_answer(found, store, date.today(), with_question)
    with st.container(horizontal=True, key="downloads_answer"):
        _files(dossier, "provisions", "answer")
        made = receipt.text_of(receipt.of_answer(found, store, date.today(), with_question)).encode()
        _button(_("Receipt"), made, "receipt.json", "application/json", "answer_receipt", ":material/verified:")
    st.html(
        f'<p class="hv-muted">{escape(_("The receipt is a small file by which anyone can check later, on the page Verify, whether these quotations still stand."))}</p>'
    )


def folder(saved: tuple[receipt.Saved, ...], store: Store) -> None:
    """The ways to take the saved passages away, one of which can be loaded again."""
    dossier = export.of_folder(saved, store, date.today())
    with st.container(horizontal=True, key="downloads_folder"):
        _files(dossier, "saved-provisions", "folder")
        made = receipt.text_of(receipt.of_folder(saved, store, date.today())).encode()
        _button(_("One file to load again"), made, "saved-passages.json", "application/json", "folder_file", ":material/folder_zip:")


def _files(dossier: export.Dossier, name: str, key: str) -> None:
    written = _written(dossier, key)
    for suffix, icon in ((".docx", ":material/description:"), (".md", ":material/notes:")):
        kind = export.FORMATS[suffix]
        _button(kind.name, written[suffix], name + suffix, kind.mime, f"{key}{suffix}", icon)
    with st.popover(_("For a reference manager"), icon=":material/library_books:"):
        for suffix in _REFERENCES:
            kind = export.FORMATS[suffix]
            _button(kind.name, written[suffix], name + suffix, kind.mime, f"{key}{suffix}", ":material/download:")


def _written(dossier: export.Dossier, key: str) -> dict[str, bytes]:
    """The dossier in every format, written once and held by the session.

    Streamlit can also write a file when it is asked for; such a file is not found when the page is drawn again before the click arrives.
    """
    held = st.session_state.get(f"written_{key}")
    if held is None or held[0] != dossier:
        held = st.session_state[f"written_{key}"] = (dossier, {suffix: kind.write(dossier) for suffix, kind in export.FORMATS.items()})
    return held[1]


def _button(words: str, content: bytes, name: str, mime: str, key: str, icon: str) -> None:
    st.download_button(words, content, name, mime, key=f"download_{key}", on_click="ignore", icon=icon)
