"""The embedding model: nothing truncated, both backends alike, weights that we know, no code and no vectors that we do not."""

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb import embed
from kb.config import Settings
from kb.dense import COLLECTION, DenseIndex, build_chroma
from kb.embed import Embedder, model_folder, weights_sha256
from kb.errors import StoreError
from tests import library

TEXTS = [library.prose(n, 1 + n % 9) for n in range(40)] + ["", "fee", "¿Dónde vive un fantasma?", "條約", "word " * 250]


@pytest.fixture(scope="module")
def embedder(tiny):
    return Embedder(tiny)


def test_vectors_are_of_unit_length_and_in_the_order_of_the_texts(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    backwards = embedder.embed(TEXTS[::-1])[::-1]
    alone = np.vstack([embedder.embed([text]) for text in TEXTS[:6]])
    assert (vectors * backwards).sum(axis=1).min() > 0.9999 and (vectors[:6] * alone).sum(axis=1).min() > 0.9999
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_text_that_is_too_long_is_an_error_and_never_truncated(embedder):
    assert embedder.count(["word " * 254]) == [256]
    embedder.embed(["word " * 254])
    with pytest.raises(StoreError, match="257 tokens exceeds"):
        embedder.embed(["fee", "word " * 255])


def test_a_long_question_is_read_in_windows(embedder):
    question = "fee " * 400 + "passport " * 200
    vector = embedder.embed_query(question)
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-5
    assert float(vector @ embedder.embed_query("passport")) > float(embedder.embed_query("fee " * 400) @ embedder.embed_query("passport"))


def test_openvino_gives_what_sentence_transformers_gives(tiny, tiny_store):
    pytest.importorskip("openvino")
    record = sqlite3.connect(tiny_store.folder / "record.sqlite")
    texts = [text for (text,) in record.execute("select text from versions") if len(text) < 900] + TEXTS
    record.close()
    ours, reference = (Embedder(replace(tiny, batch=8), backend).embed(texts) for backend in ("openvino", "sentence-transformers"))
    assert (ours * reference).sum(axis=1).min() >= 0.999
    tops = [np.argsort(-(vectors @ vectors.T), axis=1, kind="stable")[:, :10] for vectors in (ours, reference)]
    overlap = [len(set(a) & set(b)) / 10 for a, b in zip(*tops, strict=True)]
    assert np.mean(overlap) >= 0.95


def test_a_kept_conversion_that_was_disturbed_is_made_again(tiny, tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    settings = replace(tiny, index=tmp_path)
    shutil.copytree(tiny.index_dir / "models", tmp_path / "models")
    (binary,) = (tmp_path / "models").glob("*.bin")
    with binary.open("r+b") as file:
        file.seek(5_000_000)
        file.write(b"\xff" * 4096)
    made: list[Path] = []
    monkeypatch.setattr(Embedder, "_converted", lambda self, path: made.append(path) or pytest.importorskip("openvino").Core().read_model(tiny.index_dir / "models" / path.name))
    disturbed = Embedder(settings, "openvino").embed(["fee"])
    assert made and float(disturbed[0] @ Embedder(tiny, "openvino").embed(["fee"])[0]) > 0.9999


@pytest.fixture
def model(tmp_path) -> Path:
    """A folder with the bundled model's small files and links to its weights."""
    folder = tmp_path / "model"
    shutil.copytree(model_folder(embed.BUNDLED), folder, ignore=shutil.ignore_patterns("model.safetensors"))
    (folder / "model.safetensors").symlink_to(model_folder(embed.BUNDLED) / "model.safetensors")
    return folder


def _edit(path: Path, change) -> None:
    value = json.loads(path.read_text("utf-8"))
    change(value)
    path.write_text(json.dumps(value), "utf-8")


def test_the_bundled_weights_are_checked(monkeypatch):
    assert weights_sha256(model_folder(embed.BUNDLED)) == embed.BUNDLED_SHA256
    monkeypatch.setattr(embed, "BUNDLED_SHA256", "0" * 64)
    with pytest.raises(StoreError, match="weights have changed"):
        Embedder(Settings())


@pytest.mark.parametrize("foreign", ["evil.Model", "os.system", "sentence_transformers_evil.Model", "__main__.X"])
def test_module_types_of_others_are_refused(model, foreign):
    _edit(model / "modules.json", lambda modules: modules[0].update(type=foreign))
    with pytest.raises(StoreError, match="code of its own"):
        Embedder(Settings(model=str(model)))


def test_code_named_in_the_configuration_is_refused(model):
    _edit(model / "config.json", lambda config: config.update(auto_map={"AutoModel": "evil--modeling.Evil"}))
    with pytest.raises(StoreError, match="code of its own"):
        Embedder(Settings(model=str(model)))


@pytest.mark.parametrize("name, content", [("modules.json", None), ("modules.json", "{"), ("modules.json", "{}"), ("modules.json", "[1]"), ("config.json", None)])
def test_a_model_folder_that_is_not_whole_is_refused_in_one_line(model, name, content):
    (model / name).unlink()
    if content is not None:
        (model / name).write_text(content, "utf-8")
    with pytest.raises(StoreError, match="set KB_MODEL"):
        Embedder(Settings(model=str(model)))


def test_a_pickle_is_no_model(model):
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n.")
    with pytest.raises(StoreError, match="safetensors"):
        Embedder(Settings(model=str(model)))


def test_a_model_that_pools_otherwise_never_runs_in_openvino(model):
    _edit(model / "1_Pooling" / "config.json", lambda config: config.update(pooling_mode_mean_tokens=False, pooling_mode_cls_token=True))
    assert Embedder(Settings(model=str(model))).backend == "sentence-transformers"
    with pytest.raises(StoreError, match="KB_BACKEND"):
        Embedder(Settings(model=str(model), backend="openvino"))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_vectors_that_are_no_directions_are_refused(tiny, monkeypatch, bad):
    embedder = Embedder(tiny)
    monkeypatch.setattr(embedder, "_encode", lambda texts, ids: (np.full((1, embedder.dimensions), bad, dtype=np.float32), [np.ones((3, embedder.dimensions))]))
    with pytest.raises(StoreError, match="unit length"):
        embedder.embed(["fee"])


@pytest.mark.parametrize("exact_below", [0, 10**9])
@pytest.mark.parametrize("bad", [np.full(384, np.nan), np.full(384, np.inf), np.zeros(384), np.ones(384), np.ones(3) / 3**0.5])
def test_queries_that_are_no_directions_are_refused(tiny_store, bad, exact_below):
    index = DenseIndex(tiny_store.vectors, tiny_store.folder / "chroma", exact_below)
    with pytest.raises(StoreError, match="finite and of unit length"):
        index.nearest(bad.astype(np.float32), 5)


def test_chroma_and_exact_search_agree(tiny_store):
    graph, exact = (DenseIndex(tiny_store.vectors, tiny_store.folder / "chroma", below) for below in (0, 10**9))
    try:
        for row in range(len(tiny_store.vectors)):
            query = np.asarray(tiny_store.vectors[row])
            assert set(graph.nearest(query, 5)[0]) == set(exact.nearest(query, 5)[0])
        assert len(graph.nearest(query, 10**6)[0]) == len(tiny_store.vectors)
        assert set(exact.nearest(query, 3, np.array([2, 5]))[0]) == {2, 5} and not len(exact.nearest(query, 3, np.array([], dtype=np.int64))[0])
    finally:
        graph.close()


def test_a_stored_configuration_that_asks_for_code_is_refused(tmp_path, monkeypatch):
    """B76: the configuration in Chroma's own database names an embedding function that would run code from a model folder."""
    vectors = np.eye(8, dtype=np.float32)
    build_chroma(tmp_path / "chroma", vectors)
    evil = {"type": "known", "name": "sentence_transformer",
            "config": {"model_name": str(tmp_path / "evil"), "device": "cpu", "normalize_embeddings": False, "kwargs": {"trust_remote_code": True}}}  # fmt: skip
    record = sqlite3.connect(tmp_path / "chroma" / "chroma.sqlite3")
    for column in ("config_json_str", "schema_str"):
        ((stored,),) = record.execute(f"select {column} from collections").fetchall()
        if stored:
            stored = json.loads(stored)
            _put(stored, evil)
            record.execute(f"update collections set {column} = ?", (json.dumps(stored),))
    record.commit()
    record.close()
    loaded: list[object] = []
    monkeypatch.setattr("chromadb.utils.embedding_functions.SentenceTransformerEmbeddingFunction.__init__", lambda *a, **k: loaded.append(k))
    index = DenseIndex(vectors, tmp_path / "chroma", 0)
    try:
        with pytest.raises(StoreError, match="cannot be opened"):
            index.nearest(vectors[0], 3)
    finally:
        index.close()
    assert not loaded and COLLECTION


def _put(stored, evil: dict) -> None:
    """Replace every embedding function in a stored configuration."""
    if isinstance(stored, dict):
        for key, value in stored.items():
            if key == "embedding_function":
                stored[key] = evil
            else:
                _put(value, evil)
        if "hnsw" in stored and "embedding_function" not in stored and "keys" not in stored:
            stored["embedding_function"] = evil
