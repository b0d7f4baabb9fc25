"""Whether everyone can use the pages: axe-core finds nothing serious on any of them, in both languages, on a desk and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from kb.config import ROOT
from tests.browser.driving import ask, sideways
from tests.tiny import ACT

NAVIGATION = re.findall(r'url_path="([a-z-]+)"', (ROOT / "app.py").read_text("utf-8"))
ADDRESS = {"ask": "", "provision": f"provision?p={ACT}~2/2/a"}  # the first page has no path of its own


def speak_spanish(page) -> None:
    page.get_by_role("button", name="Español").click()
    page.get_by_role("button", name="English").wait_for()
    page.wait_for_function("document.querySelector('[data-testid=stMain]').lang === 'es'")
    page.get_by_text("Esto no es asesoramiento jurídico.").wait_for()


def settled(page) -> None:
    """Wait until the page has drawn its foot and nothing runs."""
    page.locator(".hv-foot").wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running], [data-stale=true]')")
    page.wait_for_timeout(600)


def findings(page) -> list[str]:
    """The serious and critical findings, with what they were found on."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]} | {(node['failureSummary'] or '')[:300]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", NAVIGATION)
def test_pages(page, served: tuple[str, Path], name: str) -> None:
    page.goto(f"{served[0]}/{ADDRESS.get(name, name)}")
    settled(page)
    assert findings(page) == []
    assert sideways(page) == 0
    speak_spanish(page)
    settled(page)
    assert findings(page) == []
    assert sideways(page) == 0


def test_an_answer(page, served: tuple[str, Path]) -> None:
    ask(page, served[0], "My boss took my passport. Is that allowed?")
    page.locator("blockquote.hv-law").first.wait_for()
    settled(page)
    assert findings(page) == []
    speak_spanish(page)
    settled(page)
    assert findings(page) == []


def test_own_files(page, served: tuple[str, Path]) -> None:
    page.goto(f"{served[0]}/documents")
    settled(page)
    page.locator("input[type=file]").set_input_files({"name": "letter.txt", "mimeType": "text/plain", "buffer": b"The agency has kept your passport in its safe."})
    page.get_by_role("textbox", name="Words or a question").fill("passport")
    page.get_by_role("button", name="Search my files").click()
    page.locator("blockquote.hv-own").first.wait_for()
    settled(page)
    assert findings(page) == []


def test_headings_do_not_skip_and_there_is_one_main(page, served: tuple[str, Path]) -> None:
    for name in NAVIGATION:
        page.goto(f"{served[0]}/{ADDRESS.get(name, name)}")
        settled(page)
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].filter(h => h.offsetParent).map(h => +h.tagName[1])")
        assert levels.count(1) == 1, (name, levels)
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False)), (name, levels)
        assert page.evaluate("document.querySelectorAll('main, [role=main]').length") == 1, name


def test_a_question_is_asked_with_the_keyboard_alone(page, served: tuple[str, Path]) -> None:
    page.goto(served[0])
    settled(page)
    page.get_by_role("textbox", name="Your question, or a citation").focus()
    page.keyboard.type("My boss took my passport. Is that allowed?")
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText.includes('Find the law')"):
            break
    page.keyboard.press("Enter")
    page.locator("blockquote.hv-law").first.wait_for()
