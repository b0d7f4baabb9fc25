"""The learned query adapter: what it does to a vector, what it refuses, and that teaching it teaches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from ingest.train import learn, read_pairs, save
from kb.adapter import BUNDLED, NAME, Adapter, load_adapter
from kb.config import Settings
from kb.errors import ConfigError
from kb.store import Store


def test_nothing_learned_changes_nothing() -> None:
    vector = np.full(4, 0.5, dtype=np.float32)
    assert np.allclose(Adapter(np.zeros((4, 4), dtype=np.float32))(vector), vector)


def test_adapted_vector_has_length_one() -> None:
    moved = Adapter(np.eye(4, dtype=np.float32)[::-1].copy())(np.array([1, 0, 0, 0], dtype=np.float32))
    assert np.linalg.norm(moved) == pytest.approx(1)
    assert moved[3] == pytest.approx(moved[0])


def test_bundled_adapter_fits_the_bundled_model() -> None:
    assert load_adapter(BUNDLED, 384).weights.shape == (384, 384)
    assert BUNDLED.stat().st_size < 1_000_000


@pytest.mark.parametrize("content", [None, b"", b"no tensors at all"])
def test_what_is_no_adapter_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "adapter.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match="KB_ADAPTER=off"):
        load_adapter(path, 4)


def test_adapter_of_another_model_is_refused(tmp_path: Path) -> None:
    save_file({NAME: np.zeros((3, 3), dtype=np.float16)}, tmp_path / "adapter.safetensors")
    with pytest.raises(ConfigError, match="length 3"):
        load_adapter(tmp_path / "adapter.safetensors", 4)


def test_store_without_adapter_where_it_is_off_or_the_model_another(tiny: Settings) -> None:
    with_it, without = Store.open(tiny), Store.open(replace(tiny, adapter="off"))
    assert with_it.adapter is not None and without.adapter is None
    with_it.close()
    without.close()


def test_learning_brings_questions_to_their_law(tiny_store: Store, tmp_path: Path) -> None:
    pairs = read_pairs(tiny_store)
    weights = learn(pairs, pairs.questions, 7, lambda line: None)
    assert np.array_equal(weights, learn(pairs, pairs.questions, 7, lambda line: None))
    row = next(row for row in pairs.questions if pairs.right[0][row])
    asked, right = pairs.vectors[row].numpy(), pairs.sides[0].vectors[pairs.right[0][row][0]].numpy()
    assert float(Adapter(weights)(asked) @ right) > float(asked @ right)
    save(weights, tmp_path / "new.safetensors", len(pairs.questions), 7, "a model")
    assert np.allclose(load_adapter(tmp_path / "new.safetensors", 384).weights, weights, atol=1e-3)
