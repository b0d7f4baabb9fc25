"""A survivor reads in Spanish: which protection may be open, what is asked and why, what it rests on, and where to get help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.config import ROOT
from kb.rules import read_rules
from kb.translation import facts_texts, read_rules_words, relief_texts
from tests.browser.conftest import serving
from tests.browser.driving import shot, sideways
from tests.browser.test_access import settled, speak_spanish
from tests.tiny import build_library

FOLDER = ROOT / "corpus" / "eligibility"
RULES = read_rules(FOLDER)
WORDS = read_rules_words(FOLDER, "es", RULES)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The app over the rules that Haven carries, and the tiny library."""
    folder = tmp_path_factory.mktemp("spanish")
    with serving(folder, build_library(folder) | {"KB_CORPUS": str(ROOT / "corpus")}) as address:
        yield address, folder


def english_on(page) -> list[str]:
    """Texts of the rules that stand on the page in English."""
    seen = page.locator("[data-testid=stMain]").inner_text()
    texts = {text for relief in RULES.reliefs.values() for text in relief_texts(relief)} | set(facts_texts(RULES))
    return [text for text in texts if len(text.split()) > 3 and text in seen]


def test_a_survivor_finds_in_spanish_what_may_be_open(page, served: tuple[str, Path]) -> None:
    page.goto(f"{served[0]}/eligibility")
    page.locator(".hv-matrix").wait_for()
    speak_spanish(page)
    settled(page)
    assert page.locator(".hv-matrix").get_by_text("Estatus T para víctimas de trata de personas (T-1)").is_visible() and english_on(page) == []
    shot(page, "spanish-side-by-side")
    page.get_by_role("button", name="Estatus T para víctimas de trata de personas (T-1)", exact=True).click()
    page.get_by_text("Qué hacer primero").wait_for()
    question = page.locator("h2.hv-question").inner_text()
    assert question in WORDS.values()
    page.get_by_role("radiogroup", name=question).get_by_text("Sí", exact=True).click()
    page.get_by_role("button", name="Continuar", exact=True).click()
    page.wait_for_function("asked => document.querySelector('h2.hv-question')?.innerText !== asked", arg=question)
    page.locator(".hv-finding summary", has_text="La expulsión supondría una dificultad extrema").click()
    settled(page)
    assert english_on(page) == [] and sideways(page) == 0 and "están en inglés" in page.locator("[data-testid=stMain]").inner_text()
    shot(page, "spanish-findings", whole=True)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Descargar los resultados como texto").click()
    assert "T status for victims of trafficking (T-1)" in Path(waiting.value.path()).read_text("utf-8")
    assert not page.outside
