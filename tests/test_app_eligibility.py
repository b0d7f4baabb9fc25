"""The eligibility page through Streamlit's own test client, over the invented rules of tests/tiny.py."""

from __future__ import annotations

import datetime

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.page import APP, find, html_of
from tests.tiny import PASSPORTS, build_library


@pytest.fixture
def opened(app: AppTest) -> AppTest:
    """The page, with both forms of relief side by side."""
    app.switch_page("pages/eligibility.py").run()
    assert not app.exception
    return app


@pytest.fixture
def leave(opened: AppTest) -> AppTest:
    """The page, looking at one form of relief."""
    return find(opened, "Lantern leave").click().run()


def answer(app: AppTest, **fields) -> AppTest:
    """The app after the question shown was answered: a radio by its words, a field by its kind."""
    for kind, value in fields.items():
        getattr(app, kind)[0].set_value(value)
    find(app, "Continue").click().run()
    assert not app.exception
    return app


def settled(page: str) -> bool:
    """Whether anything is shown as met or not met."""
    return any(f'hv-find-{tone}" aria' in page for tone in ("good", "stop"))


def question(app: AppTest) -> str:
    return html_of(app).partition('<h2 class="hv-question">')[2].partition("</h2>")[0]


def state(app: AppTest, wording: str) -> str:
    """What is said, for screen readers too, before a test's wording."""
    before = html_of(app).partition(f"</span>{wording}</span>")[0]
    return before.rpartition('<span class="hv-said">')[2].partition(": ")[0]


def test_side_by_side_at_first_with_nothing_settled(opened: AppTest):
    page = html_of(opened)
    assert "Lantern leave" in page and "Family lantern leave" in page and "hv-matrix" in page
    assert "No names are needed" in page and not settled(page)
    assert question(opened) == "Does the employer keep the passport?" and opened.radio[0].value == "unknown"
    assert "eligible" not in page.lower()


def test_a_question_at_a_time_until_nothing_is_left_to_ask(leave: AppTest):
    answer(leave, radio="yes")
    assert state(leave, "The passport is kept.") == "Met" and state(leave, "No fee was paid.") == "Cannot tell yet"
    assert question(leave) == "When did the work begin?"
    answer(leave, date_input=datetime.date(2020, 5, 1))
    assert "2110-05-01" in html_of(leave)
    assert question(leave) == "Was the worker under 18 when the work began?"
    answer(leave, radio="no")
    answer(leave, radio="yes")
    assert state(leave, "No fee was paid.") == "Not met"
    leave.checkbox(key="field_bars_debt").check()
    answer(leave)
    assert state(leave, "Nothing bars the leave.") == "Not met" and "A debt can be overlooked." in html_of(leave)
    answer(leave, number_input=11)
    assert state(leave, "More than ten nights were dark.") == "Met"
    assert "Nothing more to ask" in html_of(leave) and not leave.radio


def test_law_is_quoted_character_by_character_and_summaries_are_called_so(leave: AppTest):
    page = html_of(answer(leave, radio="yes"))
    assert PASSPORTS.split("\n")[0] in page and "Official publication" in page and "as at 2025-03-01" in page
    assert state(leave, "A bed was asked for.") == "Cannot tell yet"
    assert "unverified: official text not held" in page and "Haven’s summary, not the law’s wording" in page
    assert "The tribunal judges this." in page and "A statement of the worker" in page


def test_dont_know_settles_nothing_and_can_be_asked_again(leave: AppTest):
    for _round in range(5):
        answer(leave)
    assert "Nothing more to ask" in html_of(leave)
    assert state(leave, "The passport is kept.") == "Cannot tell yet" and leave.session_state["facts"] == {}
    find(leave, "Go through the open questions again").click().run()
    assert question(leave) == "Does the employer keep the passport?"


def test_back_and_change_lead_to_an_answer_given_before(leave: AppTest):
    answer(leave, radio="yes")
    find(leave, "Back").click().run()
    assert question(leave) == "Does the employer keep the passport?" and leave.radio[0].value == "yes"
    answer(leave, radio="no")
    assert state(leave, "The passport is kept.") == "Not met"
    leave.button(key="again_papers_kept").click().run()
    answer(leave, radio="unknown")
    assert state(leave, "The passport is kept.") == "Cannot tell yet"


def test_contradiction_is_told_and_can_be_mended(leave: AppTest):
    leave.session_state["facts"] = {"born_on": datetime.date(1990, 1, 1), "hired_on": datetime.date(2020, 1, 1), "minor": True}
    leave.run()
    assert "Two answers do not go together" in html_of(leave) and not leave.exception
    leave.button(key="again_minor").click().run()
    assert question(leave) == "Was the worker under 18 when the work began?"
    answer(leave, radio="no")
    assert "Two answers do not go together" not in html_of(leave)


def test_overdue_review_is_told_where_it_matters(opened: AppTest):
    assert "The review of these rules is overdue" in html_of(opened) and "2020-07-01" in html_of(opened)
    find(opened, "Lantern leave").click().run()
    assert "The review of these rules is overdue" not in html_of(opened)


def test_the_choice_and_the_answers_outlive_another_page_and_leaving_clears_them(leave: AppTest):
    answer(leave, radio="yes")
    leave.switch_page("pages/coverage.py").run()
    leave.switch_page("pages/eligibility.py").run()
    assert state(leave, "The passport is kept.") == "Met"
    find(leave, "Leave this page").click().run()
    assert "facts" not in leave.session_state


def test_start_again_forgets_everything(leave: AppTest):
    answer(leave, radio="yes")
    leave.button(key="start_again").click().run()
    assert question(leave) == "Does the employer keep the passport?" and state(leave, "The passport is kept.") == "Cannot tell yet"


def test_without_official_texts_all_stays_open_and_says_why(tmp_path_factory, navigation, monkeypatch):
    for name, value in build_library(tmp_path_factory.mktemp("bare"), texts=False).items():
        monkeypatch.setenv(name, value)
    st.cache_resource.clear()
    bare = AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/eligibility.py").run()
    find(bare, "Lantern leave").click().run()
    answer(bare, radio="yes")
    page = html_of(bare)
    assert "The official text of these rules is not held" in page and not settled(page)
    st.cache_resource.clear()
