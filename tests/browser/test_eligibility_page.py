"""A caseworker with somebody in front of them: compare what may be open, answer what is known, read what it rests on, take it away."""

from __future__ import annotations

from pathlib import Path

from tests.browser.driving import shot, sideways
from tests.tiny import PASSPORTS


def reply(page, words: str) -> None:
    """Answer the question shown, and wait for the next."""
    question = page.locator("h2.hv-question").inner_text()
    page.get_by_role("radiogroup", name=question).get_by_text(words, exact=True).click()
    page.get_by_role("button", name="Continue", exact=True).click()
    page.wait_for_function("asked => document.querySelector('h2.hv-question')?.innerText !== asked", arg=question)


def test_a_caseworker_finds_what_is_open_and_takes_it_away(page, served) -> None:
    page.goto(f"{served[0]}/eligibility")
    page.locator(".hv-matrix").wait_for()
    page.get_by_role("radio", name="I don’t know").wait_for(state="attached")
    shot(page, "eligibility-side-by-side")
    page.get_by_role("button", name="Lantern leave", exact=True).click()
    page.get_by_text("What to do first").wait_for()
    reply(page, "Yes")
    page.get_by_role("spinbutton", name="year").click()
    page.keyboard.type("20200501")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_text("2110-05-01").wait_for()
    reply(page, "No")
    reply(page, "Yes")
    page.locator(".hv-finding summary", has_text="The passport is kept.").click()
    page.locator("blockquote.hv-law", has_text=PASSPORTS.split("\n")[0]).wait_for()
    shot(page, "eligibility-findings", whole=True)
    assert page.locator(".hv-find-stop").count() == 1 and page.locator(".hv-find-good").count() == 1
    assert sideways(page) == 0 and "2020" not in page.url
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the findings as text").click()
    taken = Path(waiting.value.path()).read_text("utf-8")
    assert "[!] NOT MET  No fee was paid." in taken and PASSPORTS.split("\n")[0] in taken and "2020-05-01" not in taken
    assert not page.outside


def test_by_keyboard_alone_and_on_paper(page, served) -> None:
    page.goto(f"{served[0]}/eligibility")
    page.locator("h2.hv-question").wait_for()
    radio = page.get_by_role("radio", name="I don’t know")
    radio.wait_for(state="attached")
    radio.focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Continue", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_text("1 answer", exact=True).wait_for()
    page.get_by_role("button", name="Lantern leave", exact=True).click()
    page.locator(".hv-finding").first.wait_for()
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Continue", exact=True).is_visible()
    assert page.locator("blockquote.hv-law").first.is_visible(), "what is folded is printed"
    headings = page.evaluate("[...document.querySelectorAll('[data-testid=stMain] h1, [data-testid=stMain] h2, [data-testid=stMain] h3')].map(h => +h.tagName[1])")
    assert headings[0] == 1 and all(later - earlier <= 1 for earlier, later in zip(headings, headings[1:]))
