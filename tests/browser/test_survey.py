"""A question about several places, as a student asks it: the table, from it to a quotation, and on a phone rows below each other."""

from __future__ import annotations

from tests.browser.driving import ask, shot, sideways
from tests.tiny import ACT_TEXT

QUESTION = "Do the UK, Ireland, the United Arab Emirates and France let an employer keep a passport?"


def test_compare_places_and_read_what_one_says(page, served) -> None:
    ask(page, served[0], QUESTION)
    table = page.get_by_role("table")
    table.wait_for()
    assert table.get_by_role("rowheader").all_inner_texts() == ["United Kingdom", "Ireland", "United Arab Emirates", "France"]
    assert page.get_by_role("heading", name="Place by place").is_visible()
    table.scroll_into_view_if_needed()
    shot(page, "survey")
    assert sideways(page) == 0
    head, cell = table.get_by_role("rowheader").first.bounding_box(), table.get_by_role("cell").first.bounding_box()
    stacked = page.viewport_size["width"] < 640
    assert (cell["y"] >= head["y"] + head["height"]) == stacked

    table.get_by_role("link", name="Quote 1").click()
    quoted = page.locator("#quote-1 blockquote.hv-law")
    quoted.wait_for()
    assert quoted.inner_text().startswith(ACT_TEXT.partition("## Section 1. Keeping of passports\n\n")[2].partition("\n")[0])
    page.wait_for_timeout(700)
    assert 0 <= page.locator("#quote-1").bounding_box()["y"] < page.viewport_size["height"] / 2
    assert page.outside == []
