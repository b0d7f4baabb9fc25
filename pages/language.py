"""The language of the page: what `_()` gives for an English string, in the language that this session chose."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

import streamlit as st
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from kb import citation
from kb.errors import ConfigError
from kb.translation import ENGLISH, Words, read_words

INTERFACES = {"en": "English", "es": "Español"}
_LOCALE = Path(__file__).with_name("locale")


def chosen() -> str:
    """The code of the session's language: en unless the visitor chose another."""
    return st.session_state.get("interface", ENGLISH)


def choose(code: str) -> None:
    """Make this the session's language; it is remembered nowhere else."""
    st.session_state["interface"] = code


def _(text: str) -> str:
    """The text in the session's language; as it stands where it has no translation."""
    return _translations(chosen()).gettext(text) if text else ""  # gettext keeps its header under the empty text


def n_(one: str, many: str, count: int) -> str:
    """The form of a text that goes with a count, in the session's language; {n} in it is the count."""
    return _translations(chosen()).ngettext(one, many, count).format(n=f"{count:,}")


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """The text itself: marks a constant for the catalogue, to be translated where it is shown."""
    return text


def fitting(folder: Path, name: str, texts: Iterable[str]) -> Words:
    """What the texts of a file of the corpus are in the session's language, by their English; none where its translation does not fit all of them."""
    if chosen() == ENGLISH:
        return {}
    try:
        return read_words(folder / "translation" / chosen() / f"{name}.yaml", chosen(), texts)
    except ConfigError:
        return {}


PARTS = (N_("International"), N_("California"), N_("New York"), N_("Florida"), N_("Texas"), N_("Scotland"), N_("Northern Ireland"))  # no territories to Babel


def jurisdiction_name(code: str) -> str:
    """The name of a jurisdiction in the session's language; as English has it where there is no other."""
    if chosen() == ENGLISH:
        return citation.jurisdiction_name(code)
    return Locale.parse(chosen()).territories.get(code.upper()) or _(citation.jurisdiction_name(code))


@cache
def _translations(code: str) -> NullTranslations:
    """The catalogue of a language, compiled in memory from pages/locale; an empty one for English."""
    path = _LOCALE / code / "LC_MESSAGES" / "haven.po"
    if not path.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return GNUTranslations(compiled)
