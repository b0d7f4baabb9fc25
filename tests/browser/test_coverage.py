"""The map of what is held and its table: in a real browser, from this computer alone."""

from __future__ import annotations

from tests.browser.driving import shot, sideways


def test_map_and_table_come_from_this_computer_alone(page, served) -> None:
    page.goto(f"{served[0]}/coverage")
    page.locator(".hv-counts").wait_for()
    drawing = page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
    drawing.wait_for()
    assert drawing.bounding_box()["width"] > 250
    shot(page, "coverage-map")
    assert sideways(page) == 0
    assert page.outside == []
    row = page.locator(".hv-counts tbody tr", has_text="United Kingdom")
    assert row.locator("td").all_inner_texts() == ["1", "–", "–", "2025-03-01", "2025-04-01", "–"]
    row.get_by_role("link").click()
    page.get_by_role("link", name="Domestic Lanterns Act 2099").wait_for()
    assert page.url.endswith("/browse?j=gb")
