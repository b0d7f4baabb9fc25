"""What the tests of the pages share: the app over the tiny library (tests/tiny.py) in Streamlit's own test client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from kb.config import settings
from kb.store import Store
from tests.tiny import build_library

APP = str(Path(__file__).resolve().parent.parent / "app.py")


@pytest.fixture
def navigation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run goes through app.py, as in the server: the test client begins each run as if there had been no st.navigation before."""
    begin = PagesManager.__init__

    def begun(self: PagesManager, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begun)


@pytest.fixture(scope="session")
def lanterns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """KB_* variables of the tiny library, with texts; tests read it and change nothing."""
    return build_library(tmp_path_factory.mktemp("lanterns"))


@pytest.fixture
def app(lanterns: dict[str, str], navigation: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app over the tiny library, its first page shown; another page is reached with app.switch_page("pages/coverage.py").run()."""
    for name, value in lanterns.items():
        monkeypatch.setenv(name, value)
    st.cache_resource.clear()
    yield AppTest.from_file(APP, default_timeout=120).run()
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def lanterns_store(lanterns: dict[str, str]) -> Iterator[Store]:
    """The tiny library, opened."""
    store = Store.open(settings(lanterns))
    yield store
    store.close()


def html_of(app: AppTest) -> str:
    """Every piece of HTML on the page."""
    return "\n".join(element.proto.body for element in app.get("html"))


def ask_it(app: AppTest, question: str) -> AppTest:
    """The app after a question was sent."""
    app.text_area(key="question").set_value(question)
    find(app, "Find the law").click().run()
    assert not app.exception
    return app


def find(app: AppTest, words: str):
    """The first button with these words on it."""
    return next(button for button in app.button if button.label == words)
