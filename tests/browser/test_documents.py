"""My documents in a real browser: added, searched, beside the law, unseen by another visitor, gone on leaving."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from pages.frame import AWAY
from tests.browser.driving import shot, sideways

PLANTED = "cobaltheron"
LETTER = (
    f"Dear Ms Example,\nThe agency has kept your passport in its safe, under the name {PLANTED}, since May.\n"
    "You will get the passport back when the placement fee of 2,000 is repaid.\nYour room is in house 7, shared with five others.\n"
)


def contract() -> bytes:
    """A Word file of a contract."""
    lines = ("Contract of employment", "The worker hands the passport to the employer for safe keeping.", "The worker pays the fare home.")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
        archive.writestr("[Content_Types].xml", f'<Types><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>')
        body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
        archive.writestr("word/document.xml", f'<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>')
    return out.getvalue()


def add(page, *files: tuple[str, bytes]) -> None:
    page.locator("input[type=file]").set_input_files([{"name": name, "mimeType": "application/octet-stream", "buffer": raw} for name, raw in files])


def test_read_search_ask_and_leave(page, served: tuple[str, Path], browser) -> None:
    address, folder = served
    page.goto(f"{address}/documents")
    page.get_by_text("No files yet.").wait_for()
    shot(page, "documents-empty")
    add(page, ("letter from the agency.txt", LETTER.encode()), ("contract.docx", contract()), ("scan.pdf", b"<html>not a pdf</html>"))
    page.get_by_text("contract.docx").first.wait_for()
    page.get_by_text("scan.pdf was not read").wait_for()
    page.get_by_role("textbox", name="Words or a question").fill("who keeps the passport")
    page.get_by_role("button", name="Search my files").click()
    page.locator("blockquote.hv-own").first.wait_for()
    shot(page, "documents", whole=True)
    assert sideways(page) == 0

    if page.viewport_size["width"] <= 600:
        page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_role("link", name="Ask", exact=True).click()
        page.locator('[data-testid="stSidebar"][data-collapsed="true"]').wait_for(state="attached")
    else:
        page.get_by_role("link", name="Ask", exact=True).first.click()
    page.get_by_role("textbox", name="Your question, or a citation").fill("My boss took my passport. Is that allowed?")
    page.get_by_role("button", name="Find the law").click()
    page.get_by_role("heading", name="In your own files").wait_for()
    law = page.locator("blockquote.hv-law")
    law.first.wait_for()
    assert PLANTED not in "".join(law.all_inner_texts())
    assert PLANTED in "".join(page.locator("blockquote.hv-own").all_inner_texts())
    page.get_by_role("heading", name="In your own files").scroll_into_view_if_needed()
    shot(page, "ask-own-files")

    other = browser.new_context().new_page()  # B55
    other.goto(f"{address}/documents")
    other.get_by_text("No files yet.").wait_for()
    assert PLANTED not in other.content()
    other.context.close()

    page.route(AWAY + "**", lambda route: route.fulfill(body="<h1>Elsewhere</h1>", content_type="text/html"))
    page.get_by_role("button", name="Leave this page").click()
    page.wait_for_url(AWAY)
    page.goto(f"{address}/documents")
    page.get_by_text("No files yet.").wait_for()
    assert PLANTED not in page.content()
    for path in folder.rglob("*"):
        if path.is_file():
            assert PLANTED.encode() not in path.read_bytes(), path
    assert page.outside == [] or all(url.startswith(AWAY) for url in page.outside)


def test_an_upload_without_the_pages_token_is_refused(page, served: tuple[str, Path]) -> None:
    page.goto(f"{served[0]}/documents")
    page.get_by_text("No files yet.").wait_for()
    with page.expect_request(lambda request: request.method == "PUT" and "/upload_file/" in request.url) as sent:
        add(page, ("letter.txt", LETTER.encode()))
    page.get_by_text("letter.txt").first.wait_for()
    assert sent.value.headers["x-xsrftoken"]
    planted = {"file": {"name": "planted.txt", "mimeType": "text/plain", "buffer": b"planted"}}
    refused = page.request.put(sent.value.url, multipart=planted)  # with the page's cookies, as a form on another site would send them
    assert refused.status == 403
    accepted = page.request.put(sent.value.url, multipart=planted, headers={"x-xsrftoken": sent.value.headers["x-xsrftoken"]})
    assert accepted.ok
