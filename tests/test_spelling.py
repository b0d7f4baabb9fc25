"""Slips of the pen in a question."""

from __future__ import annotations

import pytest

from kb.spelling import Speller, count_words

WORDS = {"contract": 40, "contact": 9, "forced": 30, "force": 12, "sentence": 25, "barriers": 5, "promised": 4, "labour": 60, "the": 900, "federal": 50}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("max sentance for forcd labour", "max sentence for forced labour"),
        ("boss promissed a contrct", "boss promised a contract"),
        ("she picks berries in the field", "she picks berries in the field"),  # everyday words that no law uses
        ("Forcd labour", "Forcd labour"),  # may be a name
        ("section 7105(b)(1)(e) of title forcd", "section 7105(b)(1)(e) of title forced"),
        ("le contrct des travailleurs saisonniers étrangers doit être écrit", "le contrct des travailleurs saisonniers étrangers doit être écrit"),
        ("", ""),
    ],
)
def test_slips_are_mended_and_nothing_else(asked: str, meant: str) -> None:
    assert Speller(WORDS).mend(asked) == meant


def test_without_words_nothing_is_mended() -> None:
    assert Speller({}).mend("forcd labour") == "forcd labour"


def test_rare_words_do_not_count() -> None:
    assert count_words(["Forced labour, forced marriage", "forced", "once"]) == {"forced": 3}


def test_built_library_mends_by_its_own_words(tiny_store) -> None:
    assert tiny_store.speller.mend("what is a harbuor") == "what is a harbour"
