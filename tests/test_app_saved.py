"""Saving passages, their order and notes, what is offered for download, and loading again."""

from __future__ import annotations

import json
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from kb import receipt
from kb.store import Store, seal
from pages import verbatim
from tests.page import ask_it, find, html_of
from tests.tiny import ACT, PASSPORTS

pytestmark = pytest.mark.usefixtures("navigation")

ASK_PASSPORT = "My boss took my passport. Is that allowed?"


def saved_page(app: AppTest) -> AppTest:
    app.switch_page("pages/saved.py").run()
    assert not app.exception
    return app


def buttons(app: AppTest, words: str) -> list:
    return [button for button in app.button if button.label == words]


@pytest.fixture
def two(app: AppTest) -> AppTest:
    """The page with two passages on it: our summary, then the law."""
    ask_it(app, ASK_PASSPORT)
    for _ in range(2):
        find(app, "Save this passage").click().run()
    assert not app.exception
    return saved_page(app)


def order(app: AppTest) -> list[str]:
    return [item.cited.kind for item in app.session_state["saved"]]


def test_nothing_saved_says_how(app: AppTest) -> None:
    page = html_of(saved_page(app))
    assert "Nothing is saved yet" in page and not app.get("download_button")


def test_saved_passage_shows_the_record_s_characters(two: AppTest) -> None:
    assert order(two) == ["summary", "text"]
    page = html_of(two)
    assert verbatim.escape(PASSPORTS) in page and "Haven’s summary, not the law’s wording" in page and "as at 2025-03-01" in page


def test_saving_twice_takes_it_out_again(app: AppTest) -> None:
    ask_it(app, ASK_PASSPORT)
    find(app, "Save this passage").click().run()
    assert len(app.session_state["saved"]) == 1
    find(app, "Saved: take it out").click().run()
    assert not app.session_state["saved"]


def test_order_and_notes(two: AppTest) -> None:
    two.text_area[0].set_value("for paragraph 4").run()
    buttons(two, "Down")[0].click().run()
    assert order(two) == ["text", "summary"]
    assert [item.note for item in two.session_state["saved"]] == ["", "for paragraph 4"]
    assert two.text_area[1].value == "for paragraph 4"
    assert buttons(two, "Up")[0].disabled and buttons(two, "Down")[1].disabled
    buttons(two, "Up")[1].click().run()
    assert order(two) == ["summary", "text"]


def test_removing(two: AppTest) -> None:
    buttons(two, "Remove")[0].click().run()
    assert order(two) == ["text"]
    buttons(two, "Remove")[0].click().run()
    assert "Nothing is saved yet" in html_of(two)


def test_every_format_is_offered(two: AppTest) -> None:
    labels = [button.proto.label for button in two.get("download_button")]
    assert labels == ["Word", "Markdown", "BibTeX", "RIS", "CSL-JSON", "One file to load again"]


def test_the_answer_offers_its_downloads_and_receipt(app: AppTest) -> None:
    ask_it(app, ASK_PASSPORT)
    assert [button.proto.label for button in app.get("download_button")] == ["Word", "Markdown", "BibTeX", "RIS", "CSL-JSON", "Receipt"]
    assert app.checkbox(key="with_question").value is False


def test_loading_again_adds_what_stands(two: AppTest, lanterns_store: Store) -> None:
    raw = receipt.text_of(receipt.of_folder(two.session_state["saved"], lanterns_store, date(2026, 1, 2))).encode()
    buttons(two, "Remove")[0].click().run()
    two.file_uploader(key="load_0").set_value(("saved.json", raw, "application/json")).run()
    assert not two.exception
    assert "1 passage was loaded" in html_of(two) and sorted(order(two)) == ["summary", "text"]


def test_loading_a_forged_folder_leaves_the_forgery_out(two: AppTest, lanterns_store: Store) -> None:
    data = receipt.of_folder(two.session_state["saved"][1:], lanterns_store, date(2026, 1, 2))
    quote = data["quotes"][0]
    quote["quote"] = quote["quote"].replace("must not keep", "may well keep")
    quote["quote_digest"] = receipt._digest(quote["quote"])
    raw = json.dumps({**data, "seal": seal(data)}).encode()
    two.file_uploader(key="load_0").set_value(("saved.json", raw, "application/json")).run()
    assert "Not loaded, since the record no longer has these words" in html_of(two) and len(order(two)) == 2


def test_loading_something_else_is_one_line(app: AppTest) -> None:
    saved_page(app)
    app.file_uploader(key="load_0").set_value(("x.json", b"{}", "application/json")).run()
    assert not app.exception and "This file cannot be loaded" in html_of(app)


def test_leaving_forgets_the_folder(two: AppTest) -> None:
    two.button(key="quick_exit").click().run()
    assert "saved" not in two.session_state


def test_a_saved_passage_opens_in_its_place(two: AppTest) -> None:
    buttons(two, "Read it in context")[1].click().run()
    assert not two.exception and two.session_state["opened"].id.startswith(f"{ACT}~1")
