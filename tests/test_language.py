"""The Spanish catalogue: whole, with the placeholders of the English, and in force on every page."""

from __future__ import annotations

import ast
from string import Formatter

import pytest
from streamlit.testing.v1 import AppTest

from kb.citation import JURISDICTIONS, jurisdiction_name
from pages import language
from tests.messages import SOURCES, Message, catalogue, extracted
from tests.page import ask_it, html_of

MESSAGES = extracted()


def placeholders(text: str) -> set[str | None]:
    return {name for _text, name, _format, _conversion in Formatter().parse(text)} - {None}


def forms(message: Message) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else message


def translated(message: Message) -> tuple[str, ...]:
    """The Spanish forms of a message; none where it is not in the catalogue."""
    entry = catalogue_entries.get(forms(message)[0])
    return () if entry is None else (entry,) if isinstance(entry, str) else tuple(entry)


catalogue_entries = {message.id if isinstance(message.id, str) else message.id[0]: message.string for message in catalogue() if message.id}


def test_every_message_is_translated() -> None:
    """Where this fails: python -m tests.messages, then translate what it prints."""
    assert not [message for message in MESSAGES if len(translated(message)) != len(forms(message)) or not all(translated(message))]


def test_nothing_is_translated_that_no_page_says() -> None:
    assert not catalogue_entries.keys() - {forms(message)[0] for message in MESSAGES}


def test_placeholders_are_those_of_the_english() -> None:
    wrong = [
        (english, spanish)
        for message in MESSAGES
        for english, spanish in zip(forms(message), translated(message), strict=False)
        if placeholders(english) != placeholders(spanish)
    ]
    assert not wrong


def test_no_page_hides_the_translation_behind_a_name_of_its_own() -> None:
    trees = {path.name: ast.parse(path.read_text("utf-8")) for path in SOURCES}
    speaking = {name: tree for name, tree in trees.items() if any(_imports_translation(node) for node in tree.body)}
    assert "ask.py" in speaking
    assert not [(name, node.lineno) for name, tree in speaking.items() for node in ast.walk(tree) if _takes_its_name(node)]


def _imports_translation(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "pages.language" and any(name.name == "_" for name in node.names)


def _takes_its_name(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)) or (isinstance(node, ast.arg) and node.arg == "_")


def test_nothing_is_fuzzy_and_the_form_is_polite() -> None:
    assert not [message.id for message in catalogue() if message.fuzzy]
    familiar = {"tú", "tu", "tus", "puedes", "tienes", "quieres", "debes", "contigo"}
    assert not [text for text in catalogue_entries.values() if familiar & set(str(text).casefold().split())]


def test_every_jurisdiction_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "chosen", lambda: "es")
    names = {code: language.jurisdiction_name(code) for code in JURISDICTIONS}
    assert names["gb"] == "Reino Unido" and names["int"] == "Internacional" and names["us-ny"] == "Nueva York" and all(names.values())


def test_the_switch_turns_the_page_and_back(app: AppTest) -> None:
    app.button(key="interface_es").click().run()
    assert not app.exception
    assert "¿Qué dice la ley?" in html_of(app) and app.button(key="quick_exit").label == "Salir de la página"
    app.button(key="interface_en").click().run()
    assert "What does the law say?" in html_of(app)


def test_an_answer_in_spanish_keeps_the_law_as_it_stands(app: AppTest) -> None:
    english = html_of(ask_it(app, "My boss took my passport. Is that allowed?"))
    app.button(key="interface_es").click().run()
    assert not app.exception
    spanish = html_of(app)
    assert "La ley disponible aquí responde a esto" in spanish and "Lo que dice la ley" in spanish and "vigente a 2025-03-01" in spanish
    quote = english.partition("<blockquote")[2].partition("</blockquote>")[0]
    assert quote in spanish


def test_names_fall_back_to_english() -> None:
    assert language.jurisdiction_name("gb") == jurisdiction_name("gb")


@pytest.mark.parametrize(
    "page", ["browse", "compare", "saved", "verify", "draft", "eligibility", "coverage", "documents", "provision"]
)
def test_every_page_is_spanish(app: AppTest, page: str) -> None:
    app.button(key="interface_es").click().run()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    shown = html_of(app)
    assert "Esto no es asesoramiento jurídico." in shown
    spoken = [forms(message)[0] for message in MESSAGES if len(forms(message)[0].split()) > 3]
    assert not [text for text in spoken if f">{text}<" in shown]
