"""What one visitor's session holds: its generation of the knowledge base, the question, the answer, the provision opened.

Questions and answers live in st.session_state alone: in no cache, address, log or file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from kb.config import Settings, settings
from kb.errors import KBError
from kb.model import Answer, Cited, Query
from kb.receipt import Saved
from kb.store import Store, published


@dataclass(frozen=True, slots=True)
class Opened:
    """A provision that was opened, the words to highlight in it (start:end), and the digest of the wording they were quoted from."""

    id: str
    start: int | None = None
    end: int | None = None
    digest: str | None = None
    from_answer: bool = False


def chosen() -> Settings:
    """The settings of this process.

    Raises: ConfigError for an unknown or impossible KB_* variable.
    """
    return settings(os.environ)


# the knowledge base


@st.cache_resource(show_spinner=False, max_entries=3)
def _opened(index: str, generation: str) -> Store:
    """The store of a generation, shared by all sessions that read it: it keeps nothing of what is asked."""
    store = Store.open(chosen())
    threading.Thread(target=_warm, args=(store,), daemon=True).start()
    return store


def _warm(store: Store) -> None:
    """Load the model and the tables while the visitor is still typing."""
    try:
        _ = store.surfaces, store.columns, store.names, store.by_unit
        store.embedder.embed_query("warm up")
    except KBError:
        pass  # the question will meet it again, where it can be told


def library() -> Store:
    """The generation that this session reads; it stays the same until `switch`.

    Raises: StoreError, ConfigError where there is none that can be used.
    """
    index = chosen().index_dir
    names = published(index)
    if not names:
        return Store.open(chosen())  # raises what there is to say
    generation = st.session_state.setdefault("generation", names[0])
    return _opened(str(index), generation)


def newer() -> bool:
    """Whether another generation was published since this session opened its own."""
    names = published(chosen().index_dir)
    held = st.session_state.get("generation")
    return bool(names and held and names[0] != held)


def switch() -> None:
    """Read the newest generation from now on; the question, if there is one, is asked again there."""
    st.session_state.pop("generation", None)
    st.session_state.pop("answer", None)


# the question


def ask_for(query: Query) -> None:
    """Make this the session's question; the answer to the last one is forgotten."""
    st.session_state["asked"] = query
    st.session_state.pop("answer", None)


def asked() -> Query | None:
    """The question being answered, if any."""
    return st.session_state.get("asked")


def answer() -> Answer | None:
    """The answer to it, once there is one."""
    return st.session_state.get("answer")


def keep_answer(found: Answer) -> None:
    """Hold the answer for as long as the session lasts."""
    st.session_state["answer"] = found


def forget() -> None:
    """Drop the question and its answer."""
    for name in ("asked", "answer", "question", "held_back"):
        st.session_state.pop(name, None)


def clear() -> None:
    """Drop everything that the session holds, and what stands in the address after the page's name."""
    st.session_state.clear()
    st.query_params.clear()


# the folder of saved quotations


def saved() -> tuple[Saved, ...]:
    """The quotations that were set aside, in the reader's order."""
    return st.session_state.get("saved", ())


def arrange(items: Iterable[Saved]) -> None:
    """Make these the saved quotations."""
    st.session_state["saved"] = tuple(items)


def is_saved(cited: Cited) -> bool:
    """Whether this very quotation is set aside."""
    return any(item.cited == cited for item in saved())


def save(cited: Cited) -> None:
    """Set a quotation aside; nothing where it is."""
    if not is_saved(cited):
        arrange([*saved(), Saved(cited)])


def take_out(cited: Cited) -> None:
    """Drop a saved quotation and its note."""
    arrange(item for item in saved() if item.cited != cited)


# the provision


def open_provision(opened: Opened) -> None:
    """Make this the provision that the provision page shows; one without words to highlight stands in the address too."""
    st.session_state["opened"] = opened
    st.query_params.clear()
    if opened.start is None:
        st.query_params["p"] = opened.id


def opened() -> Opened | None:
    """The provision named in the address (`?p=`), else the one opened last."""
    named, last = st.query_params.get("p"), st.session_state.get("opened")
    return Opened(named[:400]) if named and (last is None or last.id != named) else last
