"""From a country down to a provision and what changed in it, without losing the session: in a real browser."""

from __future__ import annotations

from tests.browser.driving import shot, sideways
from tests.tiny import ACT, TREATY


def test_country_law_contents_provision_and_back(page, served) -> None:
    page.goto(f"{served[0]}/browse")
    page.get_by_role("link", name="United Kingdom").click()
    page.get_by_role("link", name="Domestic Lanterns Act 2099").click()
    page.locator(".hv-toc").wait_for()
    assert page.url.endswith(f"/browse?i={ACT}")
    shot(page, "browse-law")
    assert sideways(page) == 0

    page.evaluate("window.stillHere = true")  # lost if a link loads the page anew, and the session with it
    page.locator(".hv-toc").get_by_role("link", name="2 Fees for finding work").click()
    page.get_by_role("heading", name="Domestic Lanterns Act 2099 s. 2").wait_for()
    assert page.url.endswith(f"/provision?p={ACT}~2") and page.evaluate("window.stillHere")

    page.get_by_text("What changed between two wordings").click()
    page.locator(".hv-changes ins").nth(1).wait_for()
    assert "No person" in page.locator(".hv-text ins").first.inner_text() and "An agency" in page.locator(".hv-text del").first.inner_text()
    page.locator(".hv-text ins").first.scroll_into_view_if_needed()
    shot(page, "browse-changes")
    assert sideways(page) == 0

    page.go_back()
    page.locator(".hv-toc").wait_for()
    assert page.evaluate("window.stillHere") and page.outside == []


def test_keyboard_alone_reaches_a_provision(page, served) -> None:
    page.goto(f"{served[0]}/browse?i={ACT}")
    first = page.locator(".hv-toc a").first
    first.wait_for()
    first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Domestic Lanterns Act 2099 s. 1").wait_for()


def test_words_defined_and_references_lead_both_ways(page, served) -> None:
    page.goto(f"{served[0]}/provision?p={ACT}~4")
    page.locator(".hv-text").get_by_role("link", name="section 3").click()
    page.get_by_role("heading", name="Domestic Lanterns Act 2099 s. 3").wait_for()
    term = page.locator(".hv-text abbr")
    assert term.inner_text() == "lantern" and "burns oil" in term.get_attribute("title")
    page.get_by_text("Referred to by").click()
    page.get_by_role("link", name="Domestic Lanterns Act 2099 s. 4(2)").click()
    page.get_by_role("heading", name="Domestic Lanterns Act 2099 s. 4").wait_for()
    shot(page, "browse-references")


def test_who_is_bound_by_a_treaty(page, served) -> None:
    page.goto(f"{served[0]}/browse?i={TREATY}")
    page.get_by_text("Show the table").click()
    page.get_by_role("rowheader", name="United Kingdom").wait_for()
    shot(page, "browse-treaty")
    assert sideways(page) == 0


def test_search_inside_a_law(page, served) -> None:
    page.goto(f"{served[0]}/browse?i={ACT}")
    page.get_by_role("textbox", name="Search inside this law").fill("Who must not keep a passport, quartzlamp?")
    page.get_by_role("button", name="Find").click()
    page.locator("blockquote.hv-law").first.wait_for()
    assert "quartzlamp" not in page.url and "passport" not in page.url
