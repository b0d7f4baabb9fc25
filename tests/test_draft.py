"""A draft checked: what its citations come to, how its quotations compare, and what only looks like either."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.draft import MAX_CHARS, Review, check
from kb.errors import QueryError, StoreError
from kb.lookalike import seeming
from kb.quotation import compare, quotations, segments
from kb.store import Store

FEES = "No agency may charge a deck hand a fee for finding work."
BLOCKS = "(1) No person may charge a worker a fee.\n(2) Subsection (1) applies to—\n(a) an agency,\n(b) a person acting for an agency."


@pytest.fixture(scope="module")
def store(tiny_store: Store) -> Store:
    return tiny_store


def cited(text: str, store: Store) -> list[tuple[str, str]]:
    """State and words of each citation of a draft."""
    return [(citation.state, citation.text) for citation in check(text, store).citations]


def quoted(text: str, store: Store):
    """The one quotation of a draft."""
    (found,) = check(text, store).quotations
    return found


# citations


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Harbour Workers Act 2001, s. 1(1)", "exists"),
        ("article 3 of the Lantern Convention", "exists"),
        ("Harbour Workers Act 2001, s. 99", "no-such-provision"),
        ("Harbour Workers Act 2001, s. 1(7)", "no-such-provision"),
        ("Harbour Workers Act 2001, s. 4", "superseded"),  # the newest copy dropped it
        ("Ghost Protocol, art. 7", "not-held"),
        ("8 U.S.C. 1101(a)", "not-held"),
        ("section 12(3)", "unclear"),
        ("Harbour Workers \u0410ct 2001, s. 1", "look-alike"),
        ("H\u0430rbour Workers Act 2001, s. 99", "look-alike"),
        ("Lantern Convention, art. \uff11", "look-alike"),
        ("8 U.S.C. 1101(\u0430)(15)", "look-alike"),
        ("Harbour Workers Act 2001, s. \u202e1", "look-alike"),
    ],
)
def test_what_a_citation_comes_to(store, text: str, state: str) -> None:
    found = check(f"As we said, {text} applies here.", store).citations
    assert [citation.state for citation in found] == [state]
    assert found[0].words


def test_a_citation_stands_where_it_is_said_to(store) -> None:
    text = "First a line.\n\nThen Harbour Workers Act 2001, s. 1 and, later, Lantern Convention, art. 99."
    for citation in check(text, store).citations:
        assert text[citation.start : citation.end] == citation.text


def test_what_stands_nearest_is_named(store) -> None:
    (citation,) = check("Lantern Convention, art. 99", store).citations
    assert citation.nearest and all(name.startswith("Lantern Convention") for name in citation.nearest)


def test_a_list_shares_its_law(store) -> None:
    assert [state for state, _ in cited("articles 1, 2 and 99 of the Lantern Convention", store)] == ["exists", "exists", "no-such-provision"]
    assert [state for state, _ in cited("Harbour Workers Act 2001, s. 1(1) and (2), and 1(9)", store)] == ["exists", "exists", "no-such-provision"]


def test_a_citation_without_law_may_belong_to_the_last_one(store) -> None:
    first, second = check("By Lantern Convention, art. 3 it is so. But article 4 says otherwise.", store).citations
    assert (first.state, second.state) == ("exists", "unclear")
    assert "Lantern Convention, art. 4" in second.words and second.text == "article 4"


def test_a_look_alike_is_never_taken_for_genuine(store) -> None:
    found = check(f"“{FEES}” (H\u0430rbour Workers Act 2001, s. 2)", store)
    assert [c.state for c in found.citations] == ["look-alike"] and found.citations[0].provision_id is None
    assert "Cyrillic small letter a" in found.citations[0].words
    assert [q.state for q in found.quotations] == ["no-citation"]


def test_soft_hyphens_and_odd_spaces_are_harmless(store) -> None:
    assert [state for state, _ in cited("Har\u00adbour Workers Act\u00a02001, s.\u00a01", store)] == ["exists"]


def test_pending_and_replaced_are_told(store) -> None:
    entry = store.instruments["nz/harbour-act-2001"]
    change = {"act": "Act 9", "provisions": [["2"]], "effect": "fees rise", "source": "x"}
    try:
        entry["pending_amendments"] = [change]
        assert [state for state, _ in cited("Harbour Workers Act 2001, s. 2 and Harbour Workers Act 2001, s. 1", store)] == ["superseded", "exists"]
        entry["pending_amendments"], entry["replaced_by"] = [], {"instrument": "nz/harbour-act-2030"}
        (found,) = check("Harbour Workers Act 2001, s. 1", store).citations
        assert found.state == "superseded" and "nz/harbour-act-2030" in found.words
    finally:
        entry["pending_amendments"], entry["replaced_by"] = [], None


# quotations


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (FEES, "exact"),
        ("[n]o agency may charge a deck hand", "exact"),
        ("no agency may charge a deck hand", "exact"),
        ("No agency may charge ... a fee for finding work", "exact"),
        ("No agency may charge . . . a fee [sic] for finding work,", "exact"),
        ("No agency may charge […] for finding work", "exact"),
        ("may charg[e] [the worker] a fee for finding work", "exact"),
        ("No agency\nmay charge  a deck hand a fee", "exact"),
        ("No agency may not charge a deck hand a fee", "differs"),
        ("No agency may charge a deckhand any fee for finding work", "differs"),
        ("a fee for finding work ... No agency may charge", "differs"),
        ("Fees are allowed in every single port", "not-found"),
    ],
)
def test_how_a_quotation_compares(store, words: str, state: str) -> None:
    for opening, closing in ("“”", '""', "‘’", "«»"):
        assert quoted(f"It says {opening}{words}{closing} (Harbour Workers Act 2001, s. 2).", store).state == state


def test_the_words_that_differ_are_shown(store) -> None:
    found = quoted("“No agency may charge any deck hand a fee” (Harbour Workers Act 2001, s. 2)", store)
    assert [(p.kind, p.text.strip()) for p in found.changes if p.kind != "same"] == [("removed", "a"), ("added", "any")]


@pytest.mark.parametrize(
    ("words", "left_out"),
    [
        ("An employer must … keep the passport of a deck hand", "not"),
        ("An employer must [] keep the passport of a deck hand", "not"),
        ("An employer … keep the passport of a deck hand", "must not"),
    ],
)
def test_a_limit_that_is_left_out_is_told(store, words: str, left_out: str) -> None:
    found = quoted(f"“{words}” (Harbour Workers Act 2001, s. 1)", store)
    assert found.state == "left-out" and f"“{left_out}”" in found.words


def test_what_is_left_out_between_sentences_limits_neither() -> None:
    text = "A guest shall pay the fee at once. No dog may enter. A guest shall leave by noon."
    assert compare("A guest shall pay the fee at once … A guest shall leave by noon", text).left_out == ""
    assert compare("A guest shall pay the fee … A guest shall leave by noon", text).left_out == ""
    assert compare("A guest shall leave … noon", text.replace("by noon", "by noon, unless it rains, or after noon")).left_out == ""
    assert compare("A guest shall … leave by noon", text.replace("shall leave", "shall not leave")).left_out == "not"


def test_an_older_wording_is_recognised(store) -> None:
    old = next(v for v in store.versions("nz/harbour-act-2001~4") if not v.current)
    found = quoted(f"“{old.provision.text}” (Harbour Workers Act 2001, s. 4)", store)
    assert found.state == "older" and "2020-01-01" in found.words


def test_right_words_under_a_wrong_number_are_told(store) -> None:
    found = quoted("“An employer must not keep the passport of a deck hand” (Harbour Workers Act 2001, s. 1(2))", store)
    assert found.state == "elsewhere" and found.citation.endswith("1(1)")


def test_a_block_is_a_quotation(store) -> None:
    text = f"By Harbour Workers Act 2001, s. 2:\n\n> {FEES[:20]}\n> {FEES[20:].strip()}\n> — the Act\n\nSo it is."
    found = quoted(text, store)
    assert found.state == "exact" and text[found.start] == ">"


def test_a_wording_that_cannot_be_read_is_no_proof_against_a_quotation(store, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(id: str) -> None:
        raise StoreError(f"{id}: the stored text is not the one that was sealed")

    monkeypatch.setattr(store, "versions", damaged)
    found = quoted(f"“{FEES}” (Harbour Workers Act 2001, s. 2)", store)
    assert found.state == "no-citation" and "sealed" in found.words


def test_far_from_any_citation_nothing_is_compared(store) -> None:
    assert quoted(f"“{FEES}”" + " and so on" * 300 + " Harbour Workers Act 2001, s. 2", store).state == "no-citation"


def test_short_quotations_and_apostrophes_are_left_alone() -> None:
    assert not quotations("The “deck hand” and the worker's friends' own ship's crew, 'tis said, don't sail; 6\" and 8\" pipes")


def test_brackets_may_not_hide_a_long_omission() -> None:
    found = compare("No person may charge [also] a person acting for an agency", BLOCKS)
    assert not found.exact and any(p.kind == "removed" and "(2) Subsection" in p.text for p in found.changes)


def test_a_number_may_stick_to_its_words() -> None:
    assert compare("(2)Subsection (1) applies to—\n(a)an agency", BLOCKS).exact


def test_segments_part_where_something_is_left_out() -> None:
    assert [s.words for s in segments("a b … c [the d] e[f] ... g.")] == ["a b", "c", "e[f]", "g"]


# bad input


@pytest.mark.parametrize("text", ["", "   \n", "x" * (MAX_CHARS + 1)], ids=["empty", "blank", "too long"])
def test_what_cannot_be_checked_is_said(store, text: str) -> None:
    with pytest.raises(QueryError):
        check(text, store)


@pytest.mark.parametrize(
    "text",
    ["“" * 2000, "(" * 5000, "[a]" * 3000, "s. 1 and " * 500, '"' * 999, "> \n" * 500, "... " * 2000, "<script>alert(1)</script>\x00\u202e", "e\u0301" * 2000,
     "“one two three four five " + "... " * 200 + "” Harbour Workers Act 2001, s. 2"],
    ids=["quotes", "brackets", "alterations", "list", "straight", "empty blocks", "ellipses", "script", "combining", "ellipses quoted"],
)  # fmt: skip
def test_odd_text_is_survived(store, text: str) -> None:
    assert isinstance(check(text, store), Review)


@given(st.text(max_size=200))
def test_what_seems_maps_back_to_what_is(text: str) -> None:
    seen = seeming(text)
    assert len(seen.text) == len(seen.places) == len(seen.false)
    for place, character, false in zip(seen.places, seen.text, seen.false, strict=True):
        assert false or text[place] == character


@given(st.integers(0, len(BLOCKS) - 1), st.integers(1, len(BLOCKS)))
def test_a_slice_of_the_text_is_found_in_it(start: int, length: int) -> None:
    words = BLOCKS[start : start + length].strip()
    whole = (start == 0 or not BLOCKS[start - 1].isalnum()) and not BLOCKS[start + length : start + length + 1].isalnum()
    if whole and any(character.isalnum() for character in words) and "(" not in words[-3:]:
        assert compare(words, BLOCKS).exact
