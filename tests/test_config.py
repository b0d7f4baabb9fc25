"""Settings from the environment: types and bounds."""

from __future__ import annotations

import pytest

from kb.config import Settings, settings
from kb.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("KB_DEPTH", "0", "1 or more"),
        ("KB_TOP", "-3", "1 or more"),
        ("KB_CLOSELY", "0", "1 or more"),
        ("KB_EXACT_BELOW", "-1", "0 or more"),
        ("KB_DENSE_WEIGHT", "1.5", "from 0 to 1"),
        ("KB_DENSE_WEIGHT", "nan", "from 0 to 1"),
        ("KB_CLOSENESS_WEIGHT", "inf", "0 or more"),
        ("KB_ADEQUATE", "-0.1", "from 0 to 1"),
        ("KB_PASSAGE_TOKENS", "300", "from 1 to 256"),
        ("KB_IDLE_MINUTES", "10000", "from 0 to 9999"),
        ("KB_PROSE_TIMEOUT_S", "-1", "0 or more"),
    ],
)
def test_a_number_that_the_setting_cannot_mean_is_refused(name: str, value: str, bounds: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is .*; it must be {bounds}$"):
        settings({name: value})


@pytest.mark.parametrize(("name", "value"), [("KB_DEPTH", "many"), ("KB_KIN", "")])
def test_what_is_no_number_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match="it must be a number"):
        settings({name: value})


def test_the_defaults_are_within_their_bounds_and_so_is_none_where_none_makes_sense() -> None:
    assert settings({}) == Settings()
    assert settings({"KB_FURTHER": "0", "KB_EXACT_BELOW": "0", "KB_IDLE_MINUTES": "0", "KB_CLOSENESS_WEIGHT": "0"}).further == 0
