"""The page in a real browser, from a cold start: ask, read the quote, follow it into its provision, leave. Screenshots go to artefacts/."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.frame import AWAY
from tests.tiny import ACT, ARABIC, PASSPORTS, build_library

ROOT = Path(__file__).resolve().parent.parent.parent
ARTEFACTS = ROOT / "artefacts"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PLANTED = "My boss took my passport and hid it in a zanzibarquartz box. Is that allowed?"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium at /usr/bin/chromium"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of the app, started cold over the tiny library, and the folder that holds its library and log."""
    folder = tmp_path_factory.mktemp("served")
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("KB_")}, **build_library(folder)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}", folder
    finally:
        server.terminate()
        server.wait(timeout=20)


def _until_healthy(url: str, server: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the page did not start; see server.log")


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(params=[(1200, 900), (360, 740)], ids=["wide", "narrow"])
def page(browser, served, request):
    """A page of a desktop's and of a phone's size; `page.outside` lists every request that left this machine."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.outside = []
    opened.on("request", lambda made: opened.outside.append(made.url) if not made.url.startswith((served[0], "data:", "blob:")) else None)
    yield opened
    context.close()


def _shot(page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.wait_for_timeout(700)
    page.screenshot(path=ARTEFACTS / f"{name}-{page.viewport_size['width']}.png")


def _sideways(page) -> int:
    """How many pixels the page can be scrolled sideways."""
    return page.evaluate(
        "(() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth; })()"
    )


def _ask(page, address: str, question: str) -> None:
    page.goto(address)
    page.get_by_text("This is not legal advice").wait_for()
    page.get_by_role("textbox", name="Your question, or a citation").fill(question)
    page.get_by_role("button", name="Find the law").click()
    page.locator(".hv-banner-title").first.wait_for()


def test_first_visit_may_be_to_a_provision(page, served) -> None:
    page.goto(f"{served[0]}/provision?p={ACT}~2/2/a")
    page.locator("mark.hv-cited").wait_for()
    assert page.locator("mark.hv-cited").inner_text() == "(a) an agency,"
    page.get_by_role("button", name="Leave this page").wait_for()  # the page may still be drawing


def test_ask_read_follow_and_leave(page, served) -> None:
    address, _ = served
    page.goto(address)
    page.get_by_text("This is not legal advice").wait_for()
    _shot(page, "ask-first")
    for who in ("Caseworker", "Lawyer", "Student"):
        assert page.get_by_role("heading", name=who).is_visible()
    assert _sideways(page) == 0

    _ask(page, address, PLANTED)
    quote = page.locator("blockquote.hv-law").first
    quote.wait_for()
    assert quote.inner_text() == PASSPORTS
    assert page.get_by_text("as at 2025-03-01").first.is_visible()
    _shot(page, "ask-answer")
    assert _sideways(page) == 0

    page.get_by_role("button", name="Read it in context").first.click()
    marks = page.locator("mark.hv-cited")
    marks.first.wait_for()
    assert "\n".join(marks.all_inner_texts()) == PASSPORTS
    assert page.locator(".hv-text").text_content() == PASSPORTS
    assert page.get_by_text("PART 1. Workers").is_visible()
    _shot(page, "provision")
    assert _sideways(page) == 0
    assert "zanzibarquartz" not in page.url and page.title() == "Library"

    page.get_by_role("button", name="Back to your answer").click()
    page.locator("blockquote.hv-law").first.wait_for()
    assert page.outside == []

    page.route(AWAY + "**", lambda route: route.fulfill(body="<h1>Elsewhere</h1>", content_type="text/html"))
    page.get_by_role("button", name="Leave this page").click()
    page.wait_for_url(AWAY)
    page.go_back()
    page.get_by_text("This is not legal advice").wait_for()
    assert "zanzibarquartz" not in page.content() and "passport" not in page.inner_text("body").replace("keeps her passport", "").replace(
        "his passport", ""
    )


def test_shift_three_times_leaves(page, served) -> None:
    page.goto(served[0])
    page.get_by_text("This is not legal advice").wait_for()
    page.route(AWAY + "**", lambda route: route.fulfill(body="<h1>Elsewhere</h1>", content_type="text/html"))
    page.wait_for_function("window.havenExit")
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url(AWAY)


def test_arabic_stands_right(page, served) -> None:
    page.goto(f"{served[0]}/provision?p={ARABIC}~1")
    page.locator(".hv-text[dir=rtl]").wait_for()
    assert page.evaluate("getComputedStyle(document.querySelector('.hv-line')).direction") == "rtl"
    _shot(page, "provision-arabic")


@pytest.mark.parametrize(
    ("name", "question", "title"),
    [
        ("no-such", "Domestic Lanterns Act 2099 s. 9", "There is no such provision"),
        ("nothing", "zzz transfer tax of football clubs qqq", "Nothing found on this"),
        ("blank", "   ", "This question cannot be searched as it is"),
        ("script", '<img src=x onerror=alert(1)> $x$ {"$where": 1}\' or 1=1 --', None),
    ],
    ids=lambda value: value if isinstance(value, str) and re.fullmatch(r"[a-z-]+", value) else "",
)
def test_what_cannot_be_answered(page, served, name: str, question: str, title: str | None) -> None:
    page.on("dialog", lambda dialog: pytest.fail("a question was run as a script"))
    _ask(page, served[0], question)
    if title:
        page.get_by_text(title).wait_for()
    _shot(page, f"ask-{name}")
    assert "Traceback" not in page.inner_text("body")


def test_coverage(page, served) -> None:
    page.goto(f"{served[0]}/coverage")
    page.get_by_text("laws with official text").wait_for()
    _shot(page, "coverage")
    assert _sideways(page) == 0


def test_no_question_is_left_on_disk(page, served) -> None:
    address, folder = served
    _ask(page, address, PLANTED)
    page.locator("blockquote.hv-law").first.wait_for()
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"zanzibarquartz" not in path.read_bytes(), path
