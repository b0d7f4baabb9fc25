"""Stages of retrieval over a small library."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.adapter import Adapter
from kb.config import Settings
from kb.errors import QueryError
from kb.model import Filters, Query
from kb.search import asks, candidates, reciprocal_ranks, search, subject
from kb.store import Store
from tests import library


@pytest.mark.parametrize("fusion", ["weighted", "rrf", "bm25", "dense"])
def test_a_plain_question_finds_its_provision_under_every_fusion(tiny: Settings, tiny_store: Store, fusion: str) -> None:
    hits = search(Query("May an employer keep the passport of a deck hand?"), tiny_store, replace(tiny, fusion=fusion))
    assert hits[0].provision_id == f"{library.HARBOUR}~1"
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_hits_are_slices_of_the_stored_text_and_cited_no_wider_than_needed(tiny: Settings, tiny_store: Store) -> None:
    for hit in search(Query("duties of employers on a voyage"), tiny_store, tiny):
        if hit.kind == "text":
            provision = tiny_store.version(hit.version).provision
            assert provision.text[hit.start : hit.end] == hit.text
            around = [p for p in provision.portions if p.start <= hit.start and hit.end <= p.end]
            assert len(hit.numbers) >= max((len(p.numbers) for p in around), default=len(provision.numbers))


def test_hits_are_distinct_by_portion_and_few_of_one_provision(tiny: Settings, tiny_store: Store) -> None:
    hits = search(Query("rule employer tribunal passport wages deposit"), tiny_store, tiny)
    keys = [(hit.instrument, hit.numbers, hit.kind) for hit in hits]
    assert len(keys) == len(set(keys))
    assert max(sum(hit.provision_id == other.provision_id for hit in hits) for other in hits) <= tiny.per_provision


def test_a_citation_comes_first(tiny: Settings, tiny_store: Store) -> None:
    name = tiny_store.instruments[library.HARBOUR]["short_title"]
    hits = search(Query(f"section 2 of the {name}"), tiny_store, tiny)
    assert (hits[0].provision_id, hits[0].exact) == (f"{library.HARBOUR}~2", True)


def test_filters_leave_nothing_else_through(tiny: Settings, tiny_store: Store) -> None:
    for hit in search(Query("passport of a worker", Filters(jurisdiction=("int",))), tiny_store, tiny):
        assert tiny_store.instruments[hit.instrument]["jurisdiction"] == "int"
    hits = search(Query("passport", Filters(summaries=False)), tiny_store, tiny)
    assert hits and all(hit.kind == "text" for hit in hits)


def test_an_unknown_filter_is_named(tiny: Settings, tiny_store: Store) -> None:
    with pytest.raises(QueryError, match="'atlantis' is not a jurisdiction"):
        search(Query("passport", Filters(jurisdiction=("atlantis",))), tiny_store, tiny)


@pytest.mark.parametrize("text", ["", "   ", "\x00\x07", "???", "😀😀"])
def test_a_blank_question_is_refused(tiny: Settings, tiny_store: Store, text: str) -> None:
    with pytest.raises(QueryError, match="blank"):
        search(Query(text), tiny_store, tiny)


def test_an_overlong_question_is_refused_before_it_is_embedded(tiny: Settings, tiny_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(tiny_store.embedder), "read_queries", lambda *_: pytest.fail("embedded"))
    with pytest.raises(QueryError, match="1000000 characters"):
        search(Query("x" * 1_000_000), tiny_store, tiny)


@given(st.lists(st.permutations(range(6)), min_size=1, max_size=4), st.randoms())
def test_fusing_ignores_the_order_of_its_rankings(rankings: list[list[int]], chance) -> None:
    mixed = list(rankings)
    chance.shuffle(mixed)
    assert reciprocal_ranks(rankings) == reciprocal_ranks(mixed)


def test_a_date_selects_the_wording_of_that_day(tiny: Settings, tiny_store: Store) -> None:
    hits = search(Query("oil lamp at every berth", Filters(as_at="2021-01-01")), tiny_store, tiny)
    assert all(hit.as_at is None or hit.as_at <= "2021-01-01" for hit in hits if hit.kind == "text")


def test_the_same_question_gives_the_same_hits(tiny: Settings, tiny_store: Store) -> None:
    first, second = (search(Query("wages each month"), tiny_store, tiny) for _ in range(2))
    assert first == second and np.isfinite([hit.score for hit in first]).all()


@pytest.mark.parametrize(
    ("question", "asking"),
    [
        ("I came on a boat. My boss is rude. Must the employer give my passport back?", "Must the employer give my passport back?"),
        ("Who pays the fare home? I have no money at all.", "Who pays the fare home?"),
        ("Soy marinero. ¿Quién paga el pasaje de regreso?", "¿Quién paga el pasaje de regreso?"),
        ("Who pays the fare home?\nThe ship lies in Hull.", "Who pays the fare home?"),
        ("He kept my passport. Can he do that?", None),
        ("Mi jefe guarda mi pasaporte. ¿Puede él hacer eso?", None),
        ("We filed on Monday. Problem?", None),
        ("May I sue under 8 U.S.C. Section 4 for wages?", None),
        ("They kept my passport. Tell me the rule.", None),
    ],
)
def test_the_sentence_that_asks_is_heard_apart_where_it_stands_by_itself(question: str, asking: str | None) -> None:
    assert asks(question) == (asking or question)


def test_the_sentence_that_asks_counts_as_much_as_the_setting_says(tiny: Settings, tiny_store: Store) -> None:
    text = "The crew sang all night. Who keeps the passport?"
    for share in (0.0, 0.25, 1.0):
        ((states, weights),) = candidates(text, tiny_store, replace(tiny, asking_weight=share), None).readings
        assert len(states) == len(weights) == 9 + 4 and weights.sum() == pytest.approx(1)
        assert weights[9:].sum() == pytest.approx(share)


def test_names_of_places_are_left_out_of_a_question_only_where_we_know_the_place(tiny_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_store, "jurisdictions", frozenset({"ke"}))
    assert subject("Who keeps a passport in Kenya, and who in Sweden?", tiny_store) == "Who keeps a passport in , and who in Sweden?"


def test_words_count_for_less_where_only_our_summaries_are_held(tiny: Settings, tiny_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tiny_store.holds_text
    monkeypatch.setattr(tiny_store, "adapter", Adapter(np.zeros((384, 384), dtype=np.float32)))
    for held, weight in ((True, tiny.dense_weight), (False, tiny.bare_dense_weight)):
        monkeypatch.setattr(tiny_store, "holds_text", held)
        assert candidates("Who keeps the passport?", tiny_store, tiny, None).dense_weight == weight
