"""Comparing a topic and following a treaty article to national law: in a real browser."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.browser.driving import shot, sideways
from tests.tiny import ACT, PASSPORTS, TREATY

TOPIC = "passports-and-documents"


def test_from_the_overview_to_a_topic_its_law_and_a_file(page, served) -> None:
    page.goto(f"{served[0]}/compare?with=gb&with=ie&with=fr")
    page.locator(".hv-overview").wait_for()
    shot(page, "compare-overview")
    assert sideways(page) == 0
    page.locator(".hv-overview").get_by_role("link", name="Passports").click()
    page.locator(".hv-compare").wait_for()
    assert PASSPORTS.startswith(page.locator(".hv-compare blockquote.hv-law").inner_text())
    for words in ("Held, nothing found", "Not held", "Lantern Treaty art. 4"):
        assert page.locator(".hv-compare").get_by_text(words, exact=True).first.is_visible()
    shot(page, "compare-topic")
    assert sideways(page) == 0

    with page.expect_download() as started:
        page.get_by_role("button", name="Download the table (CSV)").click()
    with Path(started.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert [row["whose law"] for row in csv.DictReader(file)] == ["Treaties (standard)", "United Kingdom", "Ireland", "France"]

    page.get_by_role("link", name="Domestic Lanterns Act 2099 s. 1").click()
    page.locator(".hv-provision").wait_for()
    page.go_back()
    page.locator(".hv-compare").wait_for()
    assert page.outside == []


def test_from_a_treaty_article(page, served) -> None:
    page.goto(f"{served[0]}/compare?article={TREATY}~4&with=gb")
    page.get_by_text("A pointer, not a finding").wait_for()
    assert page.get_by_role("link", name="Domestic Lanterns Act 2099 s. 1").get_attribute("href") == f"provision?p={ACT}~1"
    shot(page, "compare-article")
    assert sideways(page) == 0
