"""The language of the page: what `_()` gives for an English string, in the language that this session chose."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

INTERFACES = {"en": "English", "es": "Español"}
_LOCALE = Path(__file__).with_name("locale")


def chosen() -> str:
    """The code of the session's language: en unless the visitor chose another."""
    return st.session_state.get("interface", "en")


def _(text: str) -> str:
    """The text in the session's language; as it stands where it has no translation."""
    return _translations(chosen()).gettext(text)


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
