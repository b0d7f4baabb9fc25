"""A topic across jurisdictions: the three kinds of cell, quotes that are the record's, the way from a treaty article, tables to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from kb import tables
from kb.changes import altered, changes
from kb.compare import (
    CellProvision,
    Comparison,
    compare,
    comparison_json,
    held_jurisdictions,
    matrix,
    nearest_sentence,
    topics,
    trace,
    traceable,
)
from kb.config import Settings, settings
from kb.errors import QueryError, StoreError
from kb.store import Store
from tests.tiny import ACT, PASSPORTS, TREATY

TOPIC = "passports-and-documents"


@pytest.fixture(scope="module")
def store(lanterns: dict[str, str]) -> Iterator[Store]:
    opened = Store.open(settings(lanterns))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def compared(store: Store) -> Comparison:
    return compare(TOPIC, store, ["gb", "ie", "fr"])


def test_found_nothing_and_not_held_are_three_things(compared: Comparison) -> None:
    assert [(cell.jurisdiction, cell.state) for cell in compared.cells] == [("gb", "found"), ("ie", "nothing"), ("fr", "not-held")]


def test_a_cell_has_pinpoint_a_sentence_of_ours_and_a_slice_of_the_record(compared: Comparison) -> None:
    (found,) = compared.cells[0].provisions
    assert found.citation == "Domestic Lanterns Act 2099 s. 1" and found.checked
    assert found.line == "An employer may never hold on to a domestic worker's passport; agreement makes no difference."
    assert found.quote == PASSPORTS[found.start : found.end] and found.opens and not found.closes


def test_the_standard_is_what_the_alignment_names(compared: Comparison) -> None:
    (standard,) = compared.standard.provisions
    assert standard.id == f"{TREATY}~4" and standard.quote is None


def test_trace_leads_from_the_article_to_national_provisions(store: Store) -> None:
    found = trace(TREATY, ("4",), store, ["gb"])
    assert found.article.citation == "Lantern Treaty art. 4"
    assert {c.topic.id: [p.id for p in c.cells[0].provisions] for c in found.comparisons} == {"support-services": [], TOPIC: [f"{ACT}~1"]}
    assert trace(TREATY, ("4", "2"), store, ["gb"]).comparisons, "a paragraph is found by its article"
    assert traceable(store) == [f"{TREATY}~4"]


@pytest.mark.parametrize("call", [lambda s: compare("passport", s), lambda s: compare(TOPIC, s, ["xx"]), lambda s: trace(ACT, ("1",), s)])
def test_what_is_not_known_is_said(store: Store, call) -> None:
    with pytest.raises(QueryError):
        call(store)


def test_an_unknown_topic_names_the_nearest(store: Store) -> None:
    with pytest.raises(QueryError, match=TOPIC):
        compare("pasports", store)


def test_a_generation_without_topics_says_what_mends_it(tiny_store: Store) -> None:
    with pytest.raises(StoreError, match="ingest build"):
        compare(TOPIC, tiny_store)


def test_matrix_counts_and_tells_not_held_apart(store: Store) -> None:
    assert matrix(store, ["gb", "ie", "fr"])[TOPIC] == {"gb": 1, "ie": 0, "fr": None}
    assert held_jurisdictions(store)[0] == "int" and "fr" not in held_jurisdictions(store)


def test_limit_says_how_many_more(store: Store) -> None:
    assert compare(TOPIC, store, ["gb"], limit=1).cells[0].more == 0
    cell = compare(TOPIC, store, ["gb"], limit=0).cells[0]
    assert cell.state == "found" and cell.more == 1


def test_json_says_what_a_cell_means(compared: Comparison) -> None:
    told = comparison_json(compared)
    assert [cell["state"] for cell in told["cells"]] == ["found", "nothing", "not-held"]
    assert "does not mean that the law is silent" in told["cells"][1]["meaning"] and "no finding" in told["note"]


# taking it away


def test_csv_has_a_row_for_each_provision_and_each_empty_cell(compared: Comparison, store: Store) -> None:
    head, *body = list(csv.reader(io.StringIO(tables.as_csv([compared], store))))
    assert tuple(head) == tables.COLUMNS
    assert [row[1] for row in body] == ["Treaties (standard)", "United Kingdom", "Ireland", "France"]
    assert body[1][7] == compared.cells[0].provisions[0].quote and body[0][7] == "text not held"


def test_csv_runs_no_formula(compared: Comparison, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "rows", lambda *_: [("=1+1", "@SUM", "-2", "plain")])
    assert list(csv.reader(io.StringIO(tables.as_csv([compared], store))))[1] == ["'=1+1", "'@SUM", "'-2", "plain"]


def test_word_file_has_the_record_s_words_and_says_what_it_is(compared: Comparison, store: Store) -> None:
    document = Document(io.BytesIO(tables.as_docx([compared], store, "2026-01-31")))
    (table,) = document.tables
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert [row[0] for row in cells] == ["Whose law", "Treaties (standard)", "United Kingdom", "Ireland", "France"]
    assert cells[2][3].startswith(compared.cells[0].provisions[0].quote)
    assert "not the law’s wording" in cells[0][2] and "(not yet checked)" in cells[1][2]
    assert "Not legal advice" in document.paragraphs[-1].text and "no finding" in document.paragraphs[-2].text


# our sentence


def test_the_first_sentence_stands_unless_another_is_clearly_nearer() -> None:
    text = "Agencies need a licence. Fees charged to workers for recruitment are banned; costs fall on the employer."
    assert nearest_sentence(text, "Licences of agencies").startswith("Agencies need")
    assert nearest_sentence(text, "Recruitment fees and costs charged to workers") == text.partition(". ")[2]


# what changed


def test_changes_show_the_words_that_differ() -> None:
    found = changes("(1) A fee is allowed.\n(2) Same.", "(1) No fee is allowed.\n(2) Same.")
    assert [(c.kind, c.text) for c in found if c.kind != "same"] == [("removed", "A "), ("added", "No ")]
    assert not altered(changes("one  two", "one two")) and altered(found)


@given(st.lists(st.sampled_from(["a", "b", " ", "\n", "fee", "."])), st.lists(st.sampled_from(["a", "c", " ", "\n", "fee", ","])))
def test_changes_lose_no_character(before: list[str], after: list[str]) -> None:
    found = changes("".join(before), "".join(after))
    assert "".join(c.text for c in found if c.kind != "added") == "".join(before)
    assert "".join(c.text for c in found if c.kind != "removed") == "".join(after)


# over the official texts


def _every(comparison: Comparison) -> Iterator[CellProvision]:
    for cell in (comparison.standard, *comparison.cells):
        yield from cell.provisions


@pytest.mark.snapshots
def test_every_quote_is_a_slice_of_the_record(full: Settings) -> None:
    opened = Store.open(full)
    if not opened.topics:
        pytest.skip("needs a knowledge base that was built with its topics")
    seen = 0
    for topic in topics(opened):
        for found in _every(compare(topic, opened, ["us", "gb", "eu", "ca"], limit=2)):
            if found.quote is None:
                continue
            id, _portion = opened.resolve(found.instrument, found.numbers)
            version = opened.provision(id)
            assert version.digest == found.digest and version.provision.text[found.start : found.end] == found.quote
            seen += 1
    assert seen > 150
    opened.close()


@pytest.mark.snapshots
def test_palermo_6_6_leads_to_the_act_that_orders_restitution(full: Settings) -> None:
    opened = Store.open(full)
    if not opened.topics:
        pytest.skip("needs a knowledge base that was built with its topics")
    found = trace("int/palermo-protocol", ("6", "6"), opened, ["us", "gb"])
    ids = {p.id for comparison in found.comparisons for cell in comparison.cells for p in cell.provisions}
    assert {"us/usc/t18~1593", "us/usc/t18~1595", "gb/ukpga/2015/30~8"} <= ids
    assert found.article.quote and found.article.closes
    opened.close()
