"""Putting an unused page away: what the session holds then, and the server's own count."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from kb.config import settings
from kb.errors import ConfigError
from pages import idle
from tests.page import ask_it, html_of


def test_a_page_that_was_put_away_holds_nothing_but_the_language(app: AppTest) -> None:
    app.button(key="interface_es").click().run()
    app.button(key="interface_en").click().run()
    ask_it(app, "My boss took my passport. Is that allowed?")
    app.button(key="put_away").click().run()
    assert not [name for name in ("asked", "answer", "question", "opened", "generation") if name in app.session_state]
    assert "This page was put away" in html_of(app)
    assert "passport" not in html_of(app) and not app.text_area
    next(button for button in app.button if button.label == "Open it again").click().run()
    assert app.text_area(key="question").value == ""


def test_no_watch_where_the_limit_is_zero(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "havenIdle" in html_of(app)
    monkeypatch.setenv("KB_IDLE_MINUTES", "0")
    assert "havenIdle" not in html_of(app.run())


@pytest.mark.parametrize("wrong", ["-1", "nan", "soon"])
def test_an_impossible_limit_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="KB_IDLE_MINUTES"):
        settings({"KB_IDLE_MINUTES": wrong})


def test_the_server_counts_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "_seen", {"here": (100.0, 60.0), "gone": (0.0, 60.0)})
    assert idle.overdue(60.0 + idle.GRACE_S) == []
    assert idle.overdue(61.0 + idle.GRACE_S) == ["gone"]
