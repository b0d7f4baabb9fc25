"""F5 to F7 and F14: whatever happens to the files, a reader gets the generation before with a notice, or one line; never an empty knowledge base."""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.build import build, rollback
from kb import dense
from kb.config import Settings
from kb.dense import DenseIndex
from kb.errors import StoreError
from kb.store import SCHEMA, Store, file_digests, file_sizes, gate, published, read_generation, seal, verify
from tests import library
from tests.faults.driver import plain


@pytest.fixture(scope="session")
def pair(tiny: Settings, tmp_path_factory) -> Settings:
    """A library with two generations: the newest says that fees are capped."""
    settings = library.copied(tiny, tmp_path_factory.mktemp("pair"))
    library.amend(settings.corpus, "Fees are capped.")
    build(settings, library.quiet)
    assert len(published(settings.index_dir)) == 2
    return settings


@pytest.fixture
def two(pair: Settings, tmp_path: Path) -> Settings:
    """A copy of it, for a test to damage."""
    return library.copied(pair, tmp_path)


def newest(settings: Settings) -> Path:
    return settings.index_dir / "generations" / published(settings.index_dir)[0]


def _segment(folder: Path) -> Path:
    return next(path.parent for path in (folder / "chroma").rglob("data_level0.bin"))


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at % path.stat().st_size)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0xFF]))


def _sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def _manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


CORRUPTIONS: dict[str, Callable[[Path], object]] = {
    "segment folder missing": lambda f: shutil.rmtree(_segment(f)),
    "pickle missing": lambda f: [path.unlink() for path in (f / "chroma").rglob("*.pickle")] or next(_segment(f).iterdir()).unlink(),
    "data_level0 truncated": lambda f: _truncate(_segment(f) / "data_level0.bin"),
    "link_lists a sparse terabyte": lambda f: os.truncate(_segment(f) / "link_lists.bin", 2**40),
    "chroma.sqlite3 missing": lambda f: (f / "chroma" / "chroma.sqlite3").unlink(),
    "chroma.sqlite3 empty": lambda f: os.truncate(f / "chroma" / "chroma.sqlite3", 0),
    "chroma.sqlite3 flipped": lambda f: _flip(f / "chroma" / "chroma.sqlite3", 5000),
    "record missing": lambda f: (f / "record.sqlite").unlink(),
    "record empty": lambda f: os.truncate(f / "record.sqlite", 0),
    "record flipped": lambda f: _flip(f / "record.sqlite", 9000),
    "record text altered": lambda f: _sql(f / "record.sqlite", "update versions set text = replace(text, 'must not', 'must')"),
    "vectors truncated": lambda f: _truncate(f / "vectors.npy"),
    "vectors flipped": lambda f: _flip(f / "vectors.npy", 3000),
    "bm25 file missing": lambda f: next((f / "bm25").glob("*.npy")).unlink(),
    "bm25 folder missing": lambda f: shutil.rmtree(f / "bm25"),
    "a file too many": lambda f: (f / "chroma" / "extra").write_text("x", "utf-8"),
    "manifest edited": lambda f: _manifest(f, model="other@0000/openvino"),
    "manifest counts edited": lambda f: _manifest(f, counts={}),
    "manifest missing": lambda f: (f / "manifest.json").unlink(),
    "manifest empty": lambda f: os.truncate(f / "manifest.json", 0),
    "manifest a list": lambda f: (f / "manifest.json").write_text("[]", "utf-8"),
    "manifest nested": lambda f: (f / "manifest.json").write_text("[" * 100_000, "utf-8"),
    "folder missing": lambda f: shutil.rmtree(f),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_corruption_is_caught(two, name):
    CORRUPTIONS[name](newest(two))
    began = time.monotonic()
    with pytest.raises(StoreError, match="run: python -m ingest build"):
        verify(newest(two), two)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", ["segment folder missing", "record empty", "chroma.sqlite3 missing", "manifest edited", "folder missing"])
def test_the_generation_before_serves_with_a_notice(two, name):
    CORRUPTIONS[name](newest(two))
    opened = Store.open(two)
    try:
        assert "newest knowledge base cannot be used" in opened.notice and "You are reading the one before it" in opened.notice
        assert "\n" not in opened.notice and "Traceback" not in opened.notice
        assert "No agency may charge" in opened.provision(f"{library.HARBOUR}~2").provision.text
        assert len(opened.surfaces) == opened.manifest["counts"]["surfaces"] > 0
    finally:
        opened.close()


def _reseal(folder: Path) -> None:
    """Make the manifest agree with the files, so that only opening them can find the damage."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest = {**manifest, "files": file_digests(folder), "sizes": file_sizes(folder)}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "seal": seal(manifest)}), "utf-8")


@pytest.mark.parametrize("name", [
    "segment folder missing", "pickle missing", "chroma.sqlite3 missing", "chroma.sqlite3 empty", "record empty", "vectors truncated",
    "bm25 file missing",
])  # fmt: skip
def test_damage_that_was_sealed_in_is_found_by_opening(two, name):
    """As after a build on a failing disk: the digests agree, and Chroma may take the process with it."""
    CORRUPTIONS[name](newest(two))
    _reseal(newest(two))
    problem = gate(newest(two), two)
    assert problem and "\n" not in problem and problem.endswith("run: python -m ingest build") and newest(two).name in problem


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: os.truncate(path, 0)])
def test_no_sqlite_is_never_an_empty_knowledge_base(tiny, tmp_path, damage):
    for name in ("record.sqlite", "chroma/chroma.sqlite3"):
        copy = library.copied(tiny, tmp_path / name.replace("/", "-"))
        damage(newest(copy) / name)
        with pytest.raises(StoreError, match="not as it was sealed"):
            Store.open(copy)
        index = DenseIndex(np.load(newest(copy) / "vectors.npy"), newest(copy) / "chroma", 0)
        if "chroma" in name:
            with pytest.raises(StoreError, match="run: python -m ingest build"):
                index.nearest(np.load(newest(copy) / "vectors.npy")[0], 3)
        else:
            with pytest.raises(StoreError, match="record.sqlite"):
                Store(newest(copy), copy)
        index.close()


def test_all_generations_damaged_is_one_line(two):
    for name in published(two.index_dir):
        os.truncate(two.index_dir / "generations" / name / "record.sqlite", 0)
    with pytest.raises(StoreError, match="record.sqlite is not as it was sealed; run: python -m ingest build"):
        Store.open(two)


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff\xfe garbage ../../etc", b"../../../tmp\n"])
def test_a_lost_current_does_not_lose_the_generations(two, content):
    names = published(two.index_dir)
    (two.index_dir / "CURRENT").unlink() if content is None else (two.index_dir / "CURRENT").write_bytes(content)
    if not content:
        assert published(two.index_dir) == sorted(names, reverse=True)
        assert build(two, library.quiet).unchanged and (two.index_dir / "CURRENT").read_text("utf-8").split() == names
    else:
        assert all("/" not in name and "." not in name for name in published(two.index_dir))
        assert build(two, library.quiet).embedded == 0, "the vectors of sealed generations are found again"


def test_nothing_built_yet(tmp_path):
    with pytest.raises(StoreError, match="no knowledge base in .* yet; run: python -m ingest build"):
        Store.open(Settings(corpus=tmp_path, index=tmp_path / "index"))


def test_a_text_altered_under_an_open_store_is_withheld(two):
    opened = Store.open(two)
    _sql(newest(two) / "record.sqlite", f"update versions set text = 'Fees are welcome.' where id = '{library.HARBOUR}~2'")
    with pytest.raises(StoreError, match="not the one that was sealed, so it is not shown"):
        opened.provision(f"{library.HARBOUR}~2")
    assert opened.provision(f"{library.HARBOUR}~1")
    opened.close()


def test_rollback_goes_back_and_forth_and_never_to_a_damaged_generation(two):
    first, second = published(two.index_dir)
    assert rollback(two) == second and published(two.index_dir) == [second, first]
    opened = Store.open(two)
    assert opened.notice == "" and "No agency" in opened.provision(f"{library.HARBOUR}~2").provision.text
    opened.close()
    os.truncate(two.index_dir / "generations" / first / "vectors.npy", 100)
    with pytest.raises(StoreError, match="the earlier generation cannot be used"):
        rollback(two)
    assert published(two.index_dir) == [second, first]


def test_a_session_keeps_its_generation_while_a_new_one_is_published(two):
    opened = Store.open(two)
    library.amend(two.corpus, "Fees are free.")
    build(replace(two, keep_generations=1), library.quiet)
    assert not opened.folder.exists(), "its files are swept, what it opened stays readable"
    assert "capped" in opened.provision(f"{library.HARBOUR}~2").provision.text and opened.surfaces
    assert opened.lexical.scores(["fee"]).any() and len(opened.dense.nearest(np.asarray(opened.vectors[0]), 3)[0]) == 3
    opened.close()


def test_readers_killed_leave_the_index_as_it_was(driver, pair):
    """F7: Chroma rewrites its database when it is opened, so a reader has a copy; exact_below=0 makes every search use it."""
    settings = replace(pair, exact_below=0)
    before = {name: file_digests(settings.index_dir / "generations" / name) for name in published(settings.index_dir)}
    code, out, err = driver.task("read", settings=plain(settings))
    assert code == 0 and json.loads(out.splitlines()[-1])["hits"], err
    killed = sum(driver.task("read", settings=plain(settings), times=1000, kill_after_s=0.1 + n * 0.04)[0] == -9 for n in range(20))
    assert killed == 20
    assert before == {name: file_digests(settings.index_dir / "generations" / name) for name in published(settings.index_dir)}
    assert driver.task("read", settings=plain(settings))[0] == 0


def test_copies_of_killed_readers_are_swept(driver, pair, tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("old", "new", "held"):
        (tmp_path / f"haven-chroma-{name}").mkdir()
    for name in ("old", "held"):
        os.utime(tmp_path / f"haven-chroma-{name}", (1, 1))
    held = dense._hold(tmp_path / "haven-chroma-held")
    dense._sweep_copies()
    assert {path.name for path in tmp_path.iterdir()} == {"haven-chroma-new", "haven-chroma-held"}
    os.close(held)


def test_opening_and_asking_make_no_attempt_at_the_network(driver, pair):
    for below in (0, 10**9):
        code, out, err = driver.task("watched", settings=plain(replace(pair, exact_below=below)))
        assert code == 0, err
        assert json.loads(out.splitlines()[-1]) == {"tried": []}


def test_an_index_of_another_model_is_refused_in_one_line(tiny, tmp_path, monkeypatch):
    copy = library.copied(tiny, tmp_path)
    folder = newest(copy)
    manifest = {**read_generation(folder), "model": "other-model@0123456789abcdef/sentence-transformers"}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "seal": seal(manifest)}), "utf-8")
    with pytest.raises(StoreError, match=r"built with other-model@\w+/sentence-transformers, the model set is all-MiniLM.*; run: python -m ingest build"):
        Store.open(copy)
    assert SCHEMA == manifest["schema"]
