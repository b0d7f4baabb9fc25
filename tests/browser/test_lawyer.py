"""The lawyer's way in a real browser: ask, save, order, download with footnotes, verify the receipt, check a draft."""

from __future__ import annotations

import io
import json

from docx import Document
from playwright.sync_api import expect

from tests.browser.driving import ask, shot, sideways
from tests.tiny import PASSPORTS

PLANTED = "My boss took my passport and hid it in a zanzibarquartz box. Is that allowed?"
DRAFT = (
    "The fee was unlawful: “No person may charge any worker a fee for finding work” (Domestic Lanterns Act 2099 s. 2(1)).\n\n"
    "See also Domestic Lanterns Act 2099 s. 9 and Domestic L\u0430nterns Act 2099 s. 1.\n\n"
    "By section 3 of the Domestic Lanterns Act 2099, “[a] lantern must be lit ... in every workplace”.\n"
)


def settled(page) -> None:
    """Wait until the page is drawn to its end: before that, a file may still be the one of the page before."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def downloaded(page, name: str) -> bytes:
    """The bytes that a download button gives."""
    settled(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).first.click()
    with open(waiting.value.path(), "rb") as file:
        return file.read()


def opened(page, title: str) -> None:
    """Go to another page of the same session through the navigation."""
    if page.viewport_size["width"] <= 600:
        page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        page.locator('[data-testid="stSidebar"][data-collapsed="true"]').wait_for(state="attached")
    else:
        page.get_by_test_id("stTopNavLink").filter(has_text=title).click()


def test_ask_save_download_verify_and_check_a_draft(page, served) -> None:
    address, _ = served
    ask(page, address, PLANTED)
    page.locator("blockquote.hv-law").first.wait_for()
    page.get_by_role("button", name="Save this passage").nth(1).click()
    page.get_by_role("button", name="Saved: take it out").wait_for()
    page.get_by_role("button", name="Save this passage").first.click()
    page.get_by_role("button", name="Saved: take it out").nth(1).wait_for()
    receipt = downloaded(page, "Receipt")
    assert json.loads(receipt)["question"] is None and b"zanzibarquartz" not in receipt
    page.get_by_role("heading", name="Download this answer").scroll_into_view_if_needed()
    shot(page, "lawyer-answer")

    opened(page, "Saved")
    page.get_by_role("heading", name="Saved", exact=True).wait_for()
    note = page.get_by_role("textbox", name="Your note on passage 1")
    note.fill("for paragraph 4")
    note.press("Control+Enter")
    page.get_by_role("button", name="Down").first.click()
    page.wait_for_function("document.querySelectorAll('.hv-quote')[0].classList.contains('hv-summary')")
    settled(page)
    assert page.get_by_role("textbox", name="Your note on passage 2").input_value() == "for paragraph 4"
    shot(page, "lawyer-saved", whole=True)
    assert sideways(page) == 0
    document = Document(io.BytesIO(downloaded(page, "Word")))
    assert PASSPORTS in [paragraph.text for paragraph in document.paragraphs]
    assert "Note: for paragraph 4" in [paragraph.text for paragraph in document.paragraphs]
    folder = downloaded(page, "One file to load again")

    for left in (1, 0):
        page.get_by_role("button", name="Remove").first.click()
        expect(page.get_by_role("button", name="Remove")).to_have_count(left, timeout=60_000)
    page.get_by_text("Nothing is saved yet").wait_for()
    page.locator("input[type=file]").set_input_files({"name": "saved.json", "mimeType": "application/json", "buffer": folder})
    page.get_by_text("2 passages were loaded").wait_for()
    assert page.get_by_role("textbox", name="Your note on passage 2").input_value() == "for paragraph 4"

    opened(page, "Verify")
    page.get_by_role("heading", name="Verify a receipt").wait_for()
    page.locator("input[type=file]").set_input_files({"name": "receipt.json", "mimeType": "application/json", "buffer": receipt})
    page.get_by_text("still stand").first.wait_for()
    shot(page, "lawyer-verify")
    assert sideways(page) == 0
    page.locator("input[type=file]").set_input_files(
        {"name": "forged.json", "mimeType": "application/json", "buffer": receipt.replace(b"passport", b"Passport")}
    )
    page.get_by_text("This receipt cannot be relied on").wait_for()

    opened(page, "Check a draft")
    page.get_by_role("textbox", name="Your draft").fill(DRAFT)
    page.get_by_role("button", name="Check the draft").click()
    page.get_by_text("3 places need a look").wait_for()
    assert page.locator(".hv-findings .hv-text ins").first.text_content().strip().endswith("end of change")
    assert page.locator(".hv-draft .hv-found-stop").count() == 3
    page.locator(".hv-findings").first.evaluate("found => found.scrollIntoView()")
    shot(page, "lawyer-draft")
    page.locator(".hv-findings a.hv-number").first.click()
    assert sideways(page) == 0
    assert "zanzibarquartz" not in page.url and page.outside == []
