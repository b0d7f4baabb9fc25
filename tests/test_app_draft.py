"""The page that checks a draft."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from pages import verbatim
from tests.page import find, html_of

pytestmark = pytest.mark.usefixtures("navigation")

DRAFT = (
    "Unlawful: “No person may charge any worker a fee for finding work” (Domestic Lanterns Act 2099 s. 2(1)).\n\n"
    "See Domestic Lanterns Act 2099 s. 9 and Domestic L\u0430nterns Act 2099 s. 1, <b>$5 *bold*</b>.\n\n"
    "“A lantern must be lit at dusk” (Domestic Lanterns Act 2099 s. 3).\n"
)


@pytest.fixture
def page(app: AppTest) -> AppTest:
    app.switch_page("pages/draft.py").run()
    assert not app.exception
    return app


def checked(page: AppTest, text: str) -> str:
    page.text_area(key="draft_text").set_value(text)
    find(page, "Check the draft").click().run()
    assert not page.exception
    return html_of(page)


def test_each_citation_and_quotation_is_judged(page: AppTest) -> None:
    shown = checked(page, DRAFT)
    assert "3 places need a look" in shown
    for words in ("does not exist", "not genuine: false letters", "differs from the record", "word for word"):
        assert words in shown
    assert any("any" in words for words in re.findall(r"<ins>(.*?)</ins>", shown))


def test_the_marked_draft_has_the_draft_s_characters(page: AppTest) -> None:
    shown = checked(page, DRAFT)
    view = re.search(r'<div class="hv-text hv-draft-text"[^>]*>(.*?)</div>', shown, re.DOTALL)[1]
    plain = re.sub(r"<[^>]*>", "", re.sub(r'<a class="hv-sign.*?</a>', "", view))
    assert plain == verbatim.escape(DRAFT)
    assert view.count('id="place-') == 6


def test_a_sound_draft_is_said_to_be_sound(page: AppTest) -> None:
    assert "Everything found is in order" in checked(page, "“A lantern must be lit at dusk” (Domestic Lanterns Act 2099 s. 3).")


def test_nothing_found_says_how_to_cite(page: AppTest) -> None:
    assert "No citation and no quotation was found" in checked(page, "Dear all, thank you.")


def test_an_empty_draft_is_one_line(page: AppTest) -> None:
    assert "This draft cannot be checked" in checked(page, "  ")


def test_a_file_takes_the_place_of_the_text(page: AppTest) -> None:
    page.file_uploader(key="draft_file").set_value(("brief.txt", b"Domestic Lanterns Act 2099 s. 9", "text/plain"))
    assert "does not exist" in checked(page, "nothing here")


def test_the_draft_survives_a_look_at_another_page_and_not_leaving(page: AppTest) -> None:
    checked(page, DRAFT)
    page.switch_page("pages/ask.py").run()
    page.switch_page("pages/draft.py").run()
    assert "3 places need a look" in html_of(page) and page.text_area(key="draft_text").value == DRAFT
    page.button(key="quick_exit").click().run()
    assert not [name for name in ("draft", "draft_text", "review") if name in page.session_state]


def test_the_draft_is_in_no_address(page: AppTest) -> None:
    checked(page, DRAFT)
    assert dict(page.query_params) == {}
