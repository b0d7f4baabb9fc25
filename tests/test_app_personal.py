"""The notice of personal data: what it sees, what it lets pass, and what becomes of the text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages import personal
from tests.page import ask_it, find, html_of

SEEN = [
    ("Her A-number is A123 456 789, what now?", "a-number"),
    ("A-12345678 was refused", "a-number"),
    ("receipt EAC2190012345 pending", "a-number"),
    ("write to someone.else@example.org about fees", "e-mail"),
    ("he can be reached at +44 20 7946 0958", "phone"),
    ("call (555) 010-1234 today", "phone"),
    ("su teléfono es 600123456", "phone"),
    ("they live at 12 Old Mill Road with the employer", "address"),
    ("vive en la calle Mayor 14", "address"),
    ("My client Amina was told to sign", "name"),
    ("Mr. Okoro kept the wages", "name"),
    ("la trabajadora se llama Rosa", "name"),
]
PASSED = [
    "8 CFR 214.204(b)", "8 U.S.C. 1101(a)(15)(T)", "Palermo Protocol art. 3(b)", "Directive 2011/36/EU article 8", "22 U.S.C. 7105(b)(1)(E)", "wages of $2,000 since 2025-03-01",
    "My client signed the contract and said yes.", "The Home Office refused my client in 2024", "section 1324a of title 8", "C189 and P029", "a fee of 150000 pesos",
    "¿Puede la agencia cobrar 5000 euros?", "UK Modern Slavery Act 2015 s. 45", "so-called Kafala system", "Public Law 106-386",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), SEEN)
def test_seen(text: str, kind: str) -> None:
    assert kind in personal.found(text)


@pytest.mark.parametrize("text", PASSED)
def test_passed(text: str) -> None:
    assert personal.found(text) == []


def test_everyday_questions_pass() -> None:
    path = Path(__file__).parent / "data" / "everyday.jsonl"
    if not path.is_file():
        pytest.skip("needs tests/data/everyday.jsonl")
    questions = [json.loads(line)["query"] for line in path.read_text("utf-8").splitlines()]
    assert [question for question in questions if personal.found(question)] == []


def test_held_back_until_decided_and_searched_on_request(app: AppTest) -> None:
    question = "My boss took my passport, call me at 555-010-1234. Is that allowed?"
    page = html_of(ask_it(app, question))
    assert "Does your question hold personal data?" in page and "a phone number" in page and "What the law says" not in page
    assert "asked" not in app.session_state
    find(app, "Search anyway").click().run()
    assert "What the law says" in html_of(app)


def test_discarded_text_is_nowhere(app: AppTest) -> None:
    ask_it(app, "My boss took my passport, call me at 555-010-1234.")
    find(app, "Discard the text").click().run()
    assert not app.exception
    assert app.text_area(key="question").value == ""
    assert "held_back" not in app.session_state and "Or ask, for example:" in html_of(app)


def test_a_changed_question_is_searched(app: AppTest) -> None:
    ask_it(app, "My boss took my passport, call me at 555-010-1234. Is that allowed?")
    assert "What the law says" in html_of(ask_it(app, "My boss took my passport. Is that allowed?"))
