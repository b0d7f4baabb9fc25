"""The page that verifies a receipt."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from kb import receipt
from kb.receipt import Saved, quotation
from kb.store import Store, seal
from pages import verbatim
from tests.page import html_of
from tests.tiny import ACT, PASSPORTS

pytestmark = pytest.mark.usefixtures("navigation")


def given(app: AppTest, raw: bytes) -> str:
    """The page after a file was given to it."""
    app.switch_page("pages/verify.py").run()
    app.file_uploader(key="receipt").set_value(("receipt.json", raw, "application/json")).run()
    assert not app.exception
    return html_of(app)


@pytest.fixture
def made(lanterns_store: Store) -> dict:
    """A folder that quotes the whole of section 1."""
    held = lanterns_store.provision(f"{ACT}~1")
    return receipt.of_folder([Saved(quotation(held, 0, len(held.provision.text), lanterns_store))], lanterns_store, date(2026, 1, 2))


def altered(made: dict, **values: object) -> bytes:
    """The folder with other values in its quotation, sealed again."""
    quote = {**made["quotes"][0], **values}
    quote["quote_digest"], quote["end"] = receipt._digest(quote["quote"]), quote["start"] + len(quote["quote"])
    data = {**made, "generation": "an-older-edition", "quotes": [quote]}
    return json.dumps({**data, "seal": seal(data)}).encode()


def test_first_view_says_where_a_receipt_comes_from(app: AppTest) -> None:
    app.switch_page("pages/verify.py").run()
    assert not app.exception and "A receipt comes with" in html_of(app)


def test_what_still_stands_is_shown_as_the_record_has_it(app: AppTest, made: dict) -> None:
    page = given(app, receipt.text_of(made).encode())
    assert "The quotation still stands" in page and verbatim.escape(PASSPORTS) in page and "2026-01-02" in page


def test_what_changed_is_marked(app: AppTest, made: dict) -> None:
    old = PASSPORTS.replace("must not keep", "should not keep")
    page = given(app, altered(made, quote=old, digest="0" * 64))
    assert "1 quotation has changed" in page and "changed since" in page
    assert any("must" in words for words in re.findall(r"<ins>(.*?)</ins>", page))


def test_a_forgery_is_named(app: AppTest, made: dict) -> None:
    page = given(app, altered(made, quote=PASSPORTS.replace("must not keep", "may well keep")))
    assert "1 quotation was never in the record" in page and "Do not rely on it" in page


def test_what_is_gone_is_named(app: AppTest, made: dict) -> None:
    assert "no longer held" in given(app, altered(made, provision_id=f"{ACT}~77"))


@pytest.mark.parametrize("raw", [b"{}", b"\x00", b'{"haven": "receipt", "contract": 1, "seal": "x"}'])
def test_a_file_that_is_no_receipt_is_one_line(app: AppTest, raw: bytes) -> None:
    page = given(app, raw)
    assert "This receipt cannot be relied on" in page and "Traceback" not in page


def test_marks_in_a_receipt_are_shown_and_not_read(app: AppTest, made: dict) -> None:
    page = given(app, altered(made, citation="<script>alert(1)</script>", provision_id=f"{ACT}~77"))
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page
