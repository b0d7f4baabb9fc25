"""ingest/parse/runin.py: numbers within a sentence, told from references."""

from __future__ import annotations

import pytest

from ingest.parse.runin import Run, find, follows


def tree(runs: list[Run], text: str) -> list:
    return [(run.number, text[run.start : run.end], tree(run.inner, text)) for run in runs]


def test_nested_and_stacked() -> None:
    text = "one (i)(a) who works, or (b) who rests; or (ii) who (A) sings, or (B) plays; and all the others"
    inner, beside = find(text, "15")
    assert tree(inner, text) == [
        ("i", "(i)(a) who works, or (b) who rests; or", [("a", "(a) who works, or", []), ("b", "(b) who rests;", [])]),
        ("ii", "(ii) who (A) sings, or (B) plays;", [("A", "(A) sings, or", []), ("B", "(B) plays;", [])]),
    ]
    assert beside == []


@pytest.mark.parametrize("text", [
    "under clause (i) or (ii) of this section", "paragraphs (1) through (5) apply", "sections 5(a), 5(b) and (c) apply",
    "only (1) stands here", "first (2) then (3)", "see “(1) x” and “(2) y”", "as in paragraphs (2)(A), (2)(B), (2)(C) (except one)",
    "(aa) through (cc) of subclause (I)",
])
def test_references_and_lone_numbers(text: str) -> None:
    assert find(text) == ([], [])


def test_the_last_number_ends_with_its_sentence() -> None:
    text = "A person who (1) works in Pub. L. 5 zones, or (2) rests. The person pays."
    assert [text[run.start : run.end] for run in find(text)[0]][-1] == "(2) rests."


def test_numbers_that_go_on_from_the_portion_around_them() -> None:
    text = "an alien, (ii) the spouse of one in clause (i), and (iii) a child"
    assert [run.number for run in find(text, "i", last=True)[1]] == ["ii", "iii"]
    assert find(text, "i", last=False) == ([], [])


def test_letter_h_holds_roman_one() -> None:
    inner, beside = find("means (i) one, or (ii) two.", "h", last=True)
    assert ([run.number for run in inner], beside) == (["i", "ii"], [])


@pytest.mark.parametrize("number, earlier, expected", [
    ("b", "a", True), ("iv", "iii", True), ("j", "i", True), ("ii", "i", True), ("b1", "b", True), ("c", "b1", True), ("10", "9", True),
    ("bb", "aa", True), ("c", "a", False), ("B", "a", False), ("1", "a", False),
])
def test_follows(number: str, earlier: str, expected: bool) -> None:
    assert follows(number, earlier) is expected
