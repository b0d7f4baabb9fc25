"""The pages through Streamlit's own test client, over a tiny library of invented law."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest.build import build
from kb.config import settings
from pages import update, verbatim
from tests import scribe
from tests.page import APP, ask_it, find, html_of
from tests.tiny import ACT, ACT_TEXT, ARABIC, PASSPORTS, TREATY, add_texts, build_library

pytestmark = pytest.mark.usefixtures("navigation")

ASK_PASSPORT = "My boss took my passport. Is that allowed?"


def test_first_page_shows_each_user_what_to_do(app: AppTest) -> None:
    page = html_of(app)
    assert not app.exception
    for words in ("What does the law say?", "Caseworker", "Lawyer", "Student", "This is not legal advice", "Where to get help now"):
        assert words in page
    assert app.text_area(key="question").value == ""
    assert {link.proto.label for link in app.get("page_link")} == {"Check eligibility", "Check a draft", "Browse the laws", "Compare countries"}


def test_question_is_answered_with_the_record_s_characters(app: AppTest) -> None:
    page = html_of(ask_it(app, ASK_PASSPORT))
    assert "The law held here answers this" in page
    assert verbatim.escape(PASSPORTS) in page
    assert "Haven’s summary, not the law’s wording" in page and "checked against the official text" in page
    assert "as at 2025-03-01" in page
    assert "<b>No. 7" not in page


def test_example_asks_at_once(app: AppTest) -> None:
    app.button(key="example_lawyer_0").click().run()
    assert not app.exception
    assert app.text_area(key="question").value == "Palermo Protocol art. 3(b)"
    assert "hv-banner" in html_of(app)


def test_summary_alone_is_called_a_summary(app: AppTest) -> None:
    page = html_of(ask_it(app, "Must a state give victims shelter?"))
    assert "Answered from summaries only" in page and "not yet checked" in page


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Domestic Lanterns Act 2099 s. 9", "There is no such provision"),
        ("zzz transfer tax of football clubs qqq", "Nothing found on this"),
    ],
)
def test_declined_says_so_and_shows_the_nearest_as_such(app: AppTest, question: str, title: str) -> None:
    page = html_of(ask_it(app, question))
    assert title in page
    assert "They do not answer the question." in page
    assert "What the law says" not in page


@pytest.mark.parametrize("question", ["", "   ", "\x00\x07", "x" * 5000], ids=["empty", "blank", "control characters", "too long"])
def test_unfit_question_is_one_plain_line(app: AppTest, question: str) -> None:
    page = html_of(ask_it(app, question))
    assert "This question cannot be searched as it is" in page
    assert "Traceback" not in page


def test_filters_narrow_the_search(app: AppTest) -> None:
    app.multiselect(key="only_jurisdiction").set_value(["ie"])
    page = html_of(ask_it(app, ASK_PASSPORT))
    assert verbatim.escape(PASSPORTS) not in page
    assert app.expander[0].label == "Narrow the search (1 set)"
    assert "jurisdiction: ie" in page


def test_question_is_in_no_address(app: AppTest) -> None:
    ask_it(app, ASK_PASSPORT)
    assert dict(app.query_params) == {}


def test_citation_opens_its_provision_with_the_words_highlighted(app: AppTest) -> None:
    ask_it(app, ASK_PASSPORT)
    app.button(key="open_quote_1").click().run()
    assert not app.exception
    page = html_of(app)
    assert "PART 1. Workers" in page
    marked = re.findall(r'<mark class="hv-cited">(.*?)</mark>', page)
    assert "\n".join(marked) == "\n".join(map(verbatim.escape, PASSPORTS.split("\n")))
    assert "Domestic Lanterns Act 2099 s. 1" in page and "In plain words" in page
    find(app, "Next").click().run()
    assert "Domestic Lanterns Act 2099 s. 2" in html_of(app)
    find(app, "Back to your answer").click().run()
    assert verbatim.escape(PASSPORTS) in html_of(app)


@pytest.mark.parametrize(
    ("id", "shown"),
    [
        (f"{ACT}~2/2/a", '<mark class="hv-cited">(a) an agency,</mark>'),
        (f"{ARABIC}~1", 'dir="rtl"'),
        (f"{TREATY}~4", "We do not hold the official text"),
        (f"{ACT}~77", "This provision cannot be shown"),
        ("<script>alert(1)</script>", "&lt;script&gt;"),
    ],
)
def test_address_of_a_provision(app: AppTest, id: str, shown: str) -> None:
    app.switch_page("pages/provision.py")
    app.query_params["p"] = id
    app.run()
    assert not app.exception
    assert shown in html_of(app)


def test_coverage_counts_what_is_held(app: AppTest) -> None:
    app.switch_page("pages/coverage.py").run()
    assert not app.exception
    assert "<dt>laws with official text</dt><dd>3</dd>" in html_of(app)
    app.selectbox(key="coverage_of").set_value("ie").run()
    assert "damaged copy" in html_of(app) and "The last section is cut." in html_of(app)


def test_quick_exit_clears_the_session_and_leaves(app: AppTest) -> None:
    ask_it(app, ASK_PASSPORT)
    app.button(key="quick_exit").click().run()
    assert "asked" not in app.session_state and "answer" not in app.session_state and "question" not in app.session_state
    page = html_of(app)
    assert "window.location.replace" in page and "passport" not in page


def test_missing_library_is_one_line_with_what_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_resource.clear()
    monkeypatch.setenv("KB_CORPUS", str(tmp_path))
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    assert "The library cannot be opened" in html_of(app)
    assert find(app, "Build the library now")


def test_unknown_setting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_NONSENSE", "1")
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    assert "unknown setting KB_NONSENSE" in html_of(app).replace("Unknown", "unknown")


# bringing the library up to date


@pytest.fixture
def summaries_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app over a library of its own with summaries and no text."""
    for name, value in build_library(tmp_path, texts=False).items():
        monkeypatch.setenv(name, value)
    st.cache_resource.clear()
    yield AppTest.from_file(APP, default_timeout=120).run()
    st.cache_resource.clear()


def _until_idle() -> None:
    until = time.monotonic() + 120
    while update.update().running and time.monotonic() < until:
        time.sleep(0.1)


def test_fetch_without_network_says_so_and_changes_nothing(summaries_only: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    command = "import sys; print('ingest: the publishers cannot be reached', file=sys.stderr); sys.exit(1)"
    monkeypatch.setattr(update, "FETCH", (sys.executable, "-c", command))
    app = summaries_only
    before = app.session_state["generation"]
    find(app, "Fetch the official texts of the core set").click().run()
    _until_idle()
    page = html_of(app.run())
    assert "That did not work; nothing was changed" in page and "the publishers cannot be reached" in page
    assert app.session_state["generation"] == before


def test_fetched_texts_are_built_elsewhere_and_the_page_moves_on(
    summaries_only: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = f"import sys; sys.path.insert(0, '.'); from pathlib import Path; from tests.tiny import add_texts; add_texts(Path({str(tmp_path / 'corpus')!r}))"
    monkeypatch.setattr(update, "FETCH", (sys.executable, "-c", command))
    app = summaries_only
    before = app.session_state["generation"]
    find(app, "Fetch the official texts of the core set").click().run()
    _until_idle()
    assert update.update().problem == ""
    app.run()
    ask_it(app, ASK_PASSPORT)
    assert app.session_state["generation"] != before
    assert verbatim.escape(PASSPORTS) in html_of(app)


def test_session_keeps_its_generation_until_it_switches(summaries_only: AppTest, tmp_path: Path) -> None:
    app = ask_it(summaries_only, ASK_PASSPORT)
    before = app.session_state["generation"]
    add_texts(tmp_path / "corpus")
    build(
        settings({"KB_CORPUS": str(tmp_path / "corpus"), "KB_INDEX": str(tmp_path / "index"), "KB_BACKEND": "sentence-transformers"}),
        lambda *_: None,
    )
    page = html_of(app.run())
    assert "A newer edition of the library is ready" in page and verbatim.escape(PASSPORTS) not in page
    assert app.session_state["generation"] == before
    find(app, "Switch to the newer edition").click().run()
    assert verbatim.escape(PASSPORTS) in html_of(app)


# characters


def test_every_character_of_a_provision_is_shown_once() -> None:
    text = "(1) One & <two>\n(a) $500 *three*\n\n# four\n"
    portions = [{"numbers": ("1", "1"), "start": 0, "end": len(text)}, {"numbers": ("1", "1", "a"), "start": 16, "end": 33}]
    for marked in (None, (4, 20), (0, len(text)), (16, 17)):
        shown = verbatim.provision(text, "en", portions, 1, marked)
        plain = re.sub(r"<[^>]*>", "", shown)
        assert plain == verbatim.escape(text)
    assert "\n" not in shown


def test_control_characters_are_spelled_out() -> None:
    assert verbatim.escape("pay \u202e005$ now\x00") == "pay ⟦U+202E⟧005$ now⟦U+0000⟧"


def test_record_holds_what_the_page_is_checked_against() -> None:
    assert all(line.split(" ", 1)[1][:40] in ACT_TEXT for line in PASSPORTS.split("\n"))


def test_what_a_command_said_last() -> None:
    assert update.last_line("reading: 10%|#  |\ringest: no network: DNS\n") == "no network: DNS"
    assert update.last_line("╭─ Error ─╮\n│ No such command 'fetch'. │\n╰────╯\n") == "No such command 'fetch'."
    assert update.last_line("") == ""


def test_a_language_model_is_announced_and_what_it_wrote_is_marked(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "language model" not in html_of(app)
    with scribe.serving() as address, httpx.Client(trust_env=False) as client:
        client.put(f"{address}/script/good", content="An employer must not keep the passport [1].\nA fine of $900 is due [1].")
        monkeypatch.setenv("KB_PROSE_URL", f"{address}/good/v1")
        app.run()
        assert "A language model is switched on" in html_of(app) and f"go to {address};" in html_of(app)
        page = html_of(ask_it(app, ASK_PASSPORT))
    assert "Written by a language model" in page and "An employer must not keep the passport." in page and "$900" not in page
