"""Late interaction: a question's words find their nearest in a passage, wherever they stand; what is kept of a passage is one bit a dimension."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb import tokens
from kb.embed import Embedder
from kb.errors import StoreError
from kb.model import Query
from kb.search import base_scores, candidates, closer, search
from kb.tokens import TokenIndex

TEXTS = ["The employer keeps the passport of the worker.", "—", "Wages are paid every month, in cash or by cheque.", "A fee of $50 (fifty) is refunded."]


def _index(folder: Path, kept: list[np.ndarray]) -> TokenIndex:
    tokens.save(folder, kept)
    return TokenIndex(folder)


def test_scores_are_the_weighted_mean_of_each_words_nearest(tmp_path):
    draw = np.random.default_rng(7)
    rows = [draw.standard_normal((pieces, 20)).astype(np.float32) for pieces in (3, 0, 9, 1)]
    asked = draw.standard_normal((5, 20)).astype(np.float32)
    index = _index(tmp_path, [tokens.signs(states) for states in rows])
    for weights in (np.full(5, 0.2), np.array([0.5, 0, 0.1, 0.1, 0.3])):
        scores = index.scores(asked, weights, np.array([2, 1, 0]))
        expected = [(asked @ np.where(rows[row] > 0, 1, -1).T / np.sqrt(20)).max(axis=1) @ weights for row in (2, 0)]
        assert scores[[0, 2]] == pytest.approx(expected, abs=1e-5) and scores[1] == 0
    assert index.scores(asked[:0], weights[:0], np.array([0, 1])).tolist() == [0, 0]
    assert index.size == 4 and len(index.of(2)) == 9


def test_word_pieces_are_kept_without_punctuation(tiny):
    embedder = Embedder(tiny)
    vectors, kept = embedder.read(TEXTS, np.copy)
    assert [len(states) for states in kept] == [8, 0, 11, 9]
    assert np.allclose(vectors, embedder.embed(TEXTS))


def test_the_nearest_passage_is_the_one_that_says_it(tiny, tmp_path):
    embedder = Embedder(tiny)
    index = _index(tmp_path, embedder.read(TEXTS, tokens.signs)[1])
    for question, row in (("Who may keep a worker's passport?", 0), ("How often are wages paid?", 2), ("Is the fee refunded?", 3)):
        vector, states = embedder.read_queries([question])[question]
        assert np.allclose(np.linalg.norm(states, axis=1), 1, atol=1e-5)
        assert index.scores(states, np.full(len(states), 1 / len(states)), np.arange(4)).argmax() == row


def test_both_backends_keep_the_same_signs(tiny):
    pytest.importorskip("openvino")
    ours, theirs = (Embedder(tiny, backend).read(TEXTS, tokens.signs)[1] for backend in ("openvino", "sentence-transformers"))
    alike = [(np.unpackbits(a) == np.unpackbits(b)).mean() for a, b in zip(ours, theirs, strict=True) if len(a)]
    assert min(alike) > 0.95


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    _index(tmp_path, [np.zeros((3, 2), np.uint8)])
    np.save(tmp_path / tokens.BITS, np.zeros((2, 2), np.uint8))
    with pytest.raises(StoreError, match="word pieces"):
        TokenIndex(tmp_path)


# in search


def test_every_row_of_a_generation_has_its_signs(tiny_store):
    assert tiny_store.tokens.size == len(tiny_store.surfaces)
    row = next(surface for surface in tiny_store.surfaces if surface.kind == "question")
    ((text,),) = tiny_store._rows("select data from summaries where id = ?", (row.summary,)) or (("",),)
    assert len(tiny_store.tokens.of(row.row)) > 2 and text


def test_closeness_orders_the_best_rows_and_leaves_the_others_last(tiny_store, tiny):
    text = "Who keeps the passport?"
    pool = replace(candidates(text, tiny_store, tiny, None), closeness_weight=2.0)
    base = base_scores(pool, tiny)
    priors = dict.fromkeys((surface.unit for surface in tiny_store.surfaces), 0.0)
    few = closer(base, pool, priors, tiny_store, replace(tiny, closely=3))
    gained = few - base / 2
    assert len(set(np.round(gained, 5).tolist())) <= 3 and np.isclose(gained, gained.min()).sum() >= len(base) - 2
    assert closer(base, replace(pool, closeness_weight=0.0), priors, tiny_store, tiny) is base


def test_a_generation_without_signs_is_searched_without_them(tiny_store, tiny, monkeypatch):
    with_signs = search(Query("Who keeps the passport?"), tiny_store, replace(tiny, closeness_weight=0.0, plain_closeness_weight=0.0))
    monkeypatch.setattr(tiny_store, "tokens", None)
    assert search(Query("Who keeps the passport?"), tiny_store, tiny) == with_signs
