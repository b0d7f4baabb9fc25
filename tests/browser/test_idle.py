"""An unused page is put away: by the browser's watch, and by the server's own where no browser asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import serving
from tests.browser.driving import ask, shot
from tests.tiny import build_library

SECONDS = 15  # a busy machine may take ten to draw an answer
PLANTED = "My boss took my passport and hid it in a velvetmarlin box. Is that allowed?"


@pytest.fixture(scope="module")
def impatient(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an app that puts a page away after some seconds."""
    folder: Path = tmp_path_factory.mktemp("impatient")
    with serving(folder, {**build_library(folder), "KB_IDLE_MINUTES": str(SECONDS / 60)}) as address:
        _warm(browser, address)
        yield address


def _warm(browser, address: str) -> None:
    """Ask once while the mouse moves, so that the model is loaded."""
    page = browser.new_page()
    page.goto(address)
    _move_until(page, page.get_by_role("button", name="Find the law"))
    page.get_by_role("textbox", name="Your question, or a citation").fill("Must a state give victims shelter?")
    page.get_by_role("button", name="Find the law").click()
    _move_until(page, page.locator(".hv-banner-title"))
    page.close()


def _move_until(page, wanted) -> None:
    """Move the mouse, so that the page is in use, until something is shown."""
    for step in range(120):
        if wanted.count():
            return
        page.mouse.move(100 + step, 300)
        page.wait_for_timeout(1000)
    raise AssertionError("it was not shown within two minutes")


def test_an_unused_page_is_put_away_and_says_nothing_of_itself(page, impatient: str) -> None:
    ask(page, impatient, PLANTED)
    page.locator("blockquote.hv-law").first.wait_for()
    page.get_by_role("heading", name="This page was put away").wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("getComputedStyle(document.documentElement).visibility") == "visible"
    assert page.url.rstrip("/") == impatient
    body = page.inner_text("body").casefold()
    assert not [word for word in ("velvetmarlin", "passport", "law", "trafficking", "eligib") if word in body]
    shot(page, "put-away")
    page.get_by_role("button", name="Open it again").click()
    page.get_by_text("This is not legal advice").wait_for()
    assert page.get_by_role("textbox", name="Your question, or a citation").input_value() == ""
    assert "velvetmarlin" not in page.content()


def test_a_page_in_use_stays(page, impatient: str) -> None:
    page.goto(impatient)
    page.get_by_text("This is not legal advice").wait_for()
    for _ in range(2 * SECONDS):
        page.mouse.move(100 + _, 300)
        page.wait_for_timeout(1000)
    assert page.get_by_text("This is not legal advice").is_visible()
