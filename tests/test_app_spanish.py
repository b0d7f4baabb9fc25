"""The pages in Spanish over the rules and topics that Haven carries: nothing of them stays English, and what does is said."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest.catalogue import topic_tables
from kb.config import ROOT
from kb.rules import read_rules
from kb.translation import facts_texts, read_rules_words, relief_texts
from pages import language, topics
from tests.page import APP, html_of

FOLDER = ROOT / "corpus" / "eligibility"
RULES = read_rules(FOLDER)
WORDS = read_rules_words(FOLDER, "es", RULES)
ENGLISH = {text for relief in RULES.reliefs.values() for text in relief_texts(relief)} | set(facts_texts(RULES))
ONE_OF_A_KIND = {kind: next(fact for fact in RULES.facts.values() if fact.kind == kind) for kind in ("yes_no", "choice", "choices", "date", "number")}


@pytest.fixture
def spanish(lanterns: dict[str, str], navigation: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The eligibility page in Spanish, over the rules that Haven carries and the tiny library."""
    for name, value in (lanterns | {"KB_CORPUS": str(ROOT / "corpus")}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(language, "chosen", lambda: "es")  # the test client asks for the words of options outside the session too
    st.cache_resource.clear()
    yield AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/eligibility.py").run()
    st.cache_resource.clear()


def shown(app: AppTest) -> str:
    """Everything that the page says: its HTML, and the labels and options of its fields."""
    assert not app.exception
    fields = [*app.button, *app.selectbox, *app.radio, *app.checkbox, *app.date_input, *app.number_input]
    options = [option for field in (*app.selectbox, *app.radio) for option in field.options]
    return "\n".join([html_of(app), *(str(field.label) for field in fields), *map(str, options)])


def english_in(page: str) -> list[str]:
    return [text for text in ENGLISH if len(text.split()) > 2 and (f">{text}<" in page or f" {text} " in page or f"\n{text}\n" in f"\n{page}\n")]


@pytest.mark.parametrize("code", sorted({relief.jurisdiction for relief in RULES.reliefs.values()}))
def test_no_rule_is_english_on_the_spanish_page(spanish: AppTest, code: str) -> None:
    spanish.selectbox(key="relief_country").set_value(code).run()
    page = shown(spanish)
    assert not english_in(page)
    reliefs = [relief for relief in RULES.reliefs.values() if relief.jurisdiction == code]
    assert all(WORDS[relief.title] in page for relief in reliefs)
    for relief in reliefs:
        spanish.session_state["relief_of"] = relief.id
        page = shown(spanish.run())
        assert not english_in(page)
        assert all(WORDS[criterion.wording] in page for criterion in relief.criteria), relief.id


@pytest.mark.parametrize("kind", ONE_OF_A_KIND)
def test_a_question_and_its_answers_are_spanish(spanish: AppTest, kind: str) -> None:
    fact = ONE_OF_A_KIND[kind]
    spanish.session_state["facts_asking"] = fact.key
    page = shown(spanish.run())
    assert not english_in(page)
    for text in filter(None, (fact.group, fact.question, fact.why, fact.help, *fact.options.values())):
        assert WORDS[text] in page


def test_what_was_answered_is_told_in_spanish(spanish: AppTest) -> None:
    fact = ONE_OF_A_KIND["choice"]
    value = next(iter(fact.options))
    spanish.session_state["facts"] = {fact.key: value}
    assert f"{WORDS[fact.question]} **{WORDS[fact.options[value]]}**" in shown(spanish.run())


def test_what_stays_english_is_said(spanish: AppTest) -> None:
    page = shown(spanish)
    assert "nuestros resúmenes y el archivo para descargar están en inglés" in page and "El archivo está en inglés." in page


def test_the_file_to_take_away_stays_english(spanish: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setattr(st, "download_button", lambda _label, data, *_arguments, **_options: taken.append(data))
    spanish.run()
    assert not spanish.exception and taken
    assert "T status for victims of trafficking (T-1)" in taken[-1] and "Estatus T" not in taken[-1]


def test_two_answers_that_contradict_are_told_in_spanish(spanish: AppTest) -> None:
    spanish.session_state["facts"] = {"born_on": datetime.date(1980, 1, 1), "under_18_now": True}
    page = shown(spanish.run())
    assert "Dos respuestas no concuerdan" in page and "Los datos se contradicen" in page


def test_rules_without_a_fitting_translation_are_english_and_that_is_said(app: AppTest) -> None:
    """The tiny rules have no translation: all of them stay English, none is half of each."""
    app.button(key="interface_es").click().run()
    page = html_of(app.switch_page("pages/eligibility.py").run())
    assert not app.exception
    assert "Estas reglas no tienen una traducción que les corresponda" in page and "Lantern leave" in page


@dataclass(frozen=True)
class Library:
    """As much of a store as topics are read from."""

    topics: dict[str, Any]
    folder: Path


def test_topics_are_spanish_where_all_of_them_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KB_CORPUS", str(ROOT / "corpus"))
    tables = topic_tables(ROOT / "corpus" / "topics")
    fewer = {**tables, "topics": {id: topic for id, topic in tables["topics"].items() if id != "wages"}}
    assert topics.said("Wages and deductions", Library(tables, tmp_path)) == "Wages and deductions"
    monkeypatch.setattr(language, "chosen", lambda: "es")
    assert topics.said("Wages and deductions", Library(tables, tmp_path)) == "Salarios y deducciones"
    assert topics.said("Children", Library(fewer, tmp_path / "older")) == "Children"
