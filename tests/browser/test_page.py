"""Ask, read the quote, follow it into its provision, leave: in a real browser, from a cold start."""

from __future__ import annotations

import re

import pytest

from pages.frame import AWAY
from tests.browser.driving import ask, shot, sideways
from tests.tiny import ACT, ARABIC, PASSPORTS

PLANTED = "My boss took my passport and hid it in a zanzibarquartz box. Is that allowed?"


def test_first_visit_may_be_to_a_provision(page, served) -> None:
    page.goto(f"{served[0]}/provision?p={ACT}~2/2/a")
    page.locator("mark.hv-cited").wait_for()
    assert page.locator("mark.hv-cited").inner_text() == "(a) an agency,"
    page.get_by_role("button", name="Leave this page").wait_for()  # the page may still be drawing


def test_ask_read_follow_and_leave(page, served) -> None:
    address, _ = served
    page.goto(address)
    page.get_by_text("This is not legal advice").wait_for()
    shot(page, "ask-first")
    for who in ("Caseworker", "Lawyer", "Student"):
        assert page.get_by_role("heading", name=who).is_visible()
    assert sideways(page) == 0

    ask(page, address, PLANTED)
    quote = page.locator("blockquote.hv-law").first
    quote.wait_for()
    assert quote.inner_text() == PASSPORTS
    assert page.get_by_text("as at 2025-03-01").first.is_visible()
    shot(page, "ask-answer")
    assert sideways(page) == 0

    page.get_by_role("button", name="Read it in context").first.click()
    marks = page.locator("mark.hv-cited")
    marks.first.wait_for()
    assert "\n".join(marks.all_inner_texts()) == PASSPORTS
    assert page.locator(".hv-text").text_content() == PASSPORTS
    assert page.get_by_text("PART 1. Workers").is_visible()
    shot(page, "provision")
    assert sideways(page) == 0
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


def test_each_reader_finds_their_work_from_the_first_page(page, served) -> None:
    for words, path in (("Check eligibility", "eligibility"), ("Check a draft", "draft"), ("Browse the laws", "browse"), ("Compare countries", "compare")):
        page.goto(f"{served[0]}/ask")  # leads to the first page too
        page.get_by_role("heading", name="What does the law say?").wait_for()
        link = page.locator("main, [data-testid=stMain]").first.get_by_role("link", name=words)
        link.wait_for()
        page.evaluate("window.stillHere = true")
        link.click()
        page.wait_for_url(re.compile(rf"/{path}(\?|$)"))  # a page may put what it shows into its address
        page.get_by_text("This is not legal advice").wait_for()
        assert page.evaluate("window.stillHere")


def test_the_drawer_of_a_small_screen_can_be_closed(page, served) -> None:
    page.goto(served[0])
    page.get_by_text("This is not legal advice").wait_for()
    if page.viewport_size["width"] > 600:
        assert page.get_by_test_id("stTopNavLink").filter(has_text="Browse").is_visible()
        return
    drawer, closed = page.get_by_test_id("stSidebar"), page.locator('[data-testid="stSidebar"][data-collapsed="true"]')
    ways = (lambda: page.keyboard.press("Escape"), lambda: page.get_by_role("button", name="Collapse sidebar").click(), lambda: drawer.get_by_role("link", name="Browse").click())
    for way in ways:
        page.get_by_test_id("stExpandSidebarButton").click()
        drawer.get_by_role("link", name="Browse").wait_for()
        page.wait_for_timeout(500)  # it slides in
        way()
        closed.wait_for(state="attached")
    page.wait_for_url("**/browse")
    shot(page, "drawer-closed")


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
    shot(page, "provision-arabic")


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
    ask(page, served[0], question)
    if title:
        page.get_by_text(title).wait_for()
    shot(page, f"ask-{name}")
    assert "Traceback" not in page.inner_text("body")


def test_coverage(page, served) -> None:
    page.goto(f"{served[0]}/coverage")
    page.get_by_text("laws with official text").wait_for()
    shot(page, "coverage")
    assert sideways(page) == 0


def test_no_question_is_left_on_disk(page, served) -> None:
    address, folder = served
    ask(page, address, PLANTED)
    page.locator("blockquote.hv-law").first.wait_for()
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"zanzibarquartz" not in path.read_bytes(), path
