"""The visitor's own files: taken in, kept in this session alone, searched beside the law, and always shown as "your file"."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import streamlit as st
from starlette.formparsers import MultiPartParser
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ingest import upload
from kb.errors import ParseError, QueryError
from kb.model import Query
from kb.own import OwnFile, OwnHit, own_file, search_own
from kb.search import checked
from kb.store import Store
from pages import session
from pages.frame import label
from pages.language import N_, _, n_
from pages.verbatim import escape, quote

MOST = 20  # files at a time
MOST_PASSAGES = 20_000  # of all of them together
LEAST = 0.2  # cosine under which a passage is not shown where one looks for it
BESIDE = 3  # passages shown under an answer of law
MultiPartParser.spool_max_size = upload.MAX_BYTES + 1_000_000  # Streamlit's server would write what is larger than 1 MB to disk

TOO_MANY = N_("There are too many files, or too much text in them. Remove one first.")
REASONS = (
    N_("The file is empty."),
    N_("The file is larger than 20 MB."),
    N_("We read PDF, Word (.docx) and plain text only."),
    N_("What is in the file is not what its name says."),
    N_("The file is locked with a password. Remove the password and try again."),
    N_("The file is an old Word file, or is locked with a password. Save it as .docx without a password and try again."),
    N_("There is no text in the file: only pictures, or a scan. Make the text readable first (OCR)."),
    N_("The file is damaged or cut short. Nothing of it was kept."),
    N_("The file has more pages or text than we read. Nothing of it was kept."),
    N_("Reading the file took more time or memory than we allow. Nothing of it was kept; try it in smaller parts."),
)  # as ingest/upload.py words them; a test compares
NOTES = {
    "no-text-on-pages": N_("No text on these pages (pictures, scans or blank): {detail}"),
    "attachments": N_("Files attached to it were not read"),
    "pictures": N_("Pictures in it were not read: {detail}"),
    "windows-1252": N_("Read as Windows text; check accents"),
}


def held() -> tuple[OwnFile, ...]:
    """The files of this session, in the order in which they came."""
    return st.session_state.get("files", ())


def refused() -> tuple[tuple[str, str], ...]:
    """Name and reason of the files that the last choice brought and that could not be read."""
    return st.session_state.get("refused_files", ())


def take(uploads: Sequence[Any], store: Store) -> None:
    """Read what was uploaded into the session; the bytes themselves are dropped."""
    failed = []
    for uploaded in uploads:
        name, raw = upload.display_name(uploaded.name) or _("file"), uploaded.getvalue()
        _drop(uploaded)
        try:
            st.session_state["files"] = (*held(), _read(name, uploaded.name, raw, store))
        except ParseError as exc:
            failed.append((name, str(exc)))
    st.session_state["refused_files"] = tuple(failed)
    st.session_state.pop("own_hits", None)


def _read(name: str, given: str, raw: bytes, store: Store) -> OwnFile:
    if len(held()) >= MOST:
        raise ParseError(TOO_MANY)
    with st.spinner(_("Reading {name} …").format(name=name)):
        paper = upload.read(given, raw)
        passages = upload.cut(paper, store.embedder.count, session.chosen())
    if sum(len(file.passages) for file in held()) + len(passages) > MOST_PASSAGES:
        raise ParseError(TOO_MANY)
    bar, done = st.progress(0.0, text=_("Making {name} searchable …").format(name=name)), [0]

    def progress(count: int) -> None:
        done[0] += count
        bar.progress(min(done[0] / len(passages), 1.0))

    file = own_file(secrets.token_hex(4), name, paper.kind, paper.parts, passages, store.embedder, paper.notes, progress)
    bar.empty()
    return file


def _drop(uploaded: Any) -> None:
    """Take the bytes out of the server's memory of uploads."""
    context = get_script_run_ctx()
    if context is not None and hasattr(context.uploaded_file_mgr, "remove_file"):
        context.uploaded_file_mgr.remove_file(context.session_id, uploaded.file_id)


def remove(id: str) -> None:
    """Forget one file."""
    st.session_state["files"] = tuple(file for file in held() if file.id != id)
    st.session_state.pop("own_hits", None)


def remove_all() -> None:
    """Forget every file, and what was looked for in them."""
    for name in ("files", "refused_files", "own_hits", "own_question", "own_asked"):
        st.session_state.pop(name, None)


def search(question: str, store: Store, least: float = LEAST) -> list[OwnHit]:
    """The passages of the session's files nearest to a question, best first.

    Raises: QueryError for a blank or overlong question.
    """
    key = (question, least, tuple(file.id for file in held()))
    kept = st.session_state.get("own_hits")
    if kept is None or kept[0] != key:
        text = checked(Query(question), store, session.chosen())
        kept = (key, search_own(text, held(), store.embedder, session.chosen(), least))
        st.session_state["own_hits"] = kept
    return kept[1]


def beside(query: Query, store: Store) -> None:
    """Under an answer of law: what the visitor's own files say, in a section of its own; nothing where there are none."""
    if not held():
        return
    try:
        hits = search(query.text, store, session.chosen().adequate_text)[:BESIDE]
    except QueryError:
        return  # the page has said so already
    st.html(
        f'<h2 class="hv-sub">{escape(_("In your own files"))}</h2>'
        f'<p class="hv-muted">{escape(_("These words are from your files. They are not law, and the answer above does not rest on them."))}</p>'
    )
    show(hits) if hits else st.html(f'<p class="hv-muted">{escape(_("Nothing in your files comes close to this question."))}</p>')


def show(hits: Sequence[OwnHit]) -> None:
    """Passages of the visitor's files, each labelled so."""
    for place, hit in enumerate(hits):
        with st.container(key=f"own_{place}"):
            st.html(
                f'<article class="hv-card"><header><p class="hv-cite" dir="auto">{escape(hit.name)}</p><p class="hv-labels">{label(_("your file"), "own")}'
                f"{label(where(hit))}</p></header>{quote(hit.passage.text, '', 'own')}</article>"
            )


def where(hit: OwnHit) -> str:
    """The page or paragraph where a passage begins, in words."""
    if hit.passage.page:
        return _("page {n}").format(n=hit.passage.page)
    return _("paragraph {n}").format(n=hit.passage.paragraph)


def described(file: OwnFile) -> str:
    """How much was read of a file, in words."""
    characters = n_("{n} character", "{n} characters", file.chars)
    return f"{n_('{n} page', '{n} pages', file.pages)}, {characters}" if file.pages else characters


def warnings(file: OwnFile) -> list[str]:
    """What was left out of a file or guessed, in words."""
    return [_(NOTES[code]).format(detail=detail) for code, _colon, detail in (note.partition(":") for note in file.notes)]


