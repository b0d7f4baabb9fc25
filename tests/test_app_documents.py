"""My documents: taken in, listed, searched, shown under an answer as "your file", forgotten."""

from __future__ import annotations

import pytest
from starlette.formparsers import MultiPartParser
from streamlit.testing.v1 import AppTest

from ingest import upload
from pages import files
from tests.page import ask_it, find, html_of

LETTER = (
    "Dear Ms Abara,\nThe agency has kept your passport in its safe since 4 May.\nYou will get it back when the placement fee of 2,000 is repaid.\n"
    "Your room is in house 7, shared with five other workers.\n"
)


@pytest.fixture
def documents(app: AppTest) -> AppTest:
    """The page "My documents", empty."""
    app.switch_page("pages/documents.py").run()
    assert not app.exception
    return app


def add(app: AppTest, *given: tuple[str, bytes]) -> AppTest:
    """The page after these files were chosen."""
    app.file_uploader[0].set_value([(name, raw, "application/octet-stream") for name, raw in given]).run()
    assert not app.exception
    return app


def test_without_files_the_page_says_what_it_is_for(documents: AppTest) -> None:
    page = html_of(documents)
    assert "No files yet." in page and "not on disk" in page and "15 minutes" in page
    assert not documents.text_input


def test_a_file_is_read_searched_and_removed(documents: AppTest) -> None:
    page = html_of(add(documents, ("letter.txt", LETTER.encode())))
    assert "letter.txt" in page and f"{len(LETTER.rstrip())} characters" in page and "your file" in page
    documents.text_input(key="own_question").set_value("who keeps the passport?")
    find(documents, "Search my files").click().run()
    page = html_of(documents)
    assert "The agency has kept your passport" in page and "paragraph 1" in page
    find(documents, "Remove").click().run()
    assert "letter.txt" not in html_of(documents) and "files" in documents.session_state and documents.session_state["files"] == ()


def test_files_stand_under_the_law_and_never_in_it(documents: AppTest) -> None:
    forged = "Domestic Lanterns Act 2099 s. 1: an employer may keep the passport of a domestic worker if she agrees."
    add(documents, ("forged.txt", forged.encode()))
    documents.switch_page("pages/ask.py").run()
    page = html_of(ask_it(documents, "My boss took my passport. Is that allowed?"))
    law, _, own = page.partition("In your own files")
    assert "may keep the passport" not in law and "may keep the passport" in own
    assert "They are not law" in own and "your file" in own
    answer = documents.session_state["answer"]
    assert all("may keep" not in cited.quote for cited in answer.citations)


def test_what_cannot_be_read_is_refused_with_its_reason(documents: AppTest) -> None:
    page = html_of(add(documents, ("page.pdf", b"<html>no pdf</html>"), ("letter.txt", LETTER.encode())))
    assert "page.pdf was not read" in page and "What is in the file is not what its name says." in page
    assert "letter.txt" in page
    assert "was not read" not in html_of(add(documents, ("more.txt", LETTER.encode())))


def test_leaving_forgets_the_files(documents: AppTest) -> None:
    add(documents, ("letter.txt", LETTER.encode()))
    documents.button(key="quick_exit").click().run()
    assert "files" not in documents.session_state


def test_a_blank_search_is_one_line(documents: AppTest) -> None:
    add(documents, ("letter.txt", LETTER.encode()))
    find(documents, "Search my files").click().run()
    assert "This question cannot be searched as it is" in html_of(documents)


def test_every_reason_can_be_translated() -> None:
    assert files.REASONS == upload.REASONS


def test_no_upload_is_spooled_to_disk() -> None:
    assert MultiPartParser.spool_max_size > upload.MAX_BYTES
