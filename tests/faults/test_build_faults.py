"""F1 to F4: a build that is killed, doubled, out of room or shut out leaves the published generation as it was."""

import errno
import json
import os
import random
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from ingest import build as building
from ingest import raw
from ingest.build import build, rollback
from kb import dense, store
from kb.config import Settings
from kb.errors import StoreError
from kb.lexical import LexicalIndex
from kb.store import Store, file_digests, published, read_generation
from tests import library
from tests.faults.driver import plain

STAGES = ("parsed", "recorded", "embedded", "indexed", "sealed", "verified", "published")


def whole(settings: Settings) -> str:
    """The name of the published generation, whose files are as they were sealed."""
    names = published(settings.index_dir)
    assert (settings.index_dir / "CURRENT").read_text("utf-8").split() == names
    folder = settings.index_dir / "generations" / names[0]
    assert file_digests(folder) == read_generation(folder)["files"]
    return names[0]


def answers(settings: Settings, words: str) -> bool:
    """Whether the published generation opens through the gate, without a notice, and holds these words."""
    opened = Store.open(settings)
    try:
        assert opened.notice == ""
        return words in opened.provision(f"{library.HARBOUR}~2").provision.text
    finally:
        opened.close()


@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_a_stage(driver, spare, stage):
    before = whole(spare)
    library.amend(spare.corpus, f"Fees are capped at the {stage} stage.")
    code, _, err = driver.task("build", settings=plain(spare), kill_at=stage)
    assert code == -9, err
    after = whole(spare)
    assert (after == before) is (stage != "published")
    if stage in ("sealed", "published"):
        assert answers(spare, f"the {stage} stage") is (stage == "published")
        code, out, err = driver.task("build", settings=plain(spare))
        assert code == 0, err
        assert json.loads(out)["unchanged"] is (stage == "published")
        assert answers(spare, f"the {stage} stage")
        left = {path.name for path in (spare.index_dir / "generations").iterdir()}
        assert left == set(published(spare.index_dir)), "what the killed build left is swept"


def test_killed_at_random_times(driver, spare):
    chance = random.Random(20251122)
    for attempt in range(4):
        library.amend(spare.corpus, f"Fees are capped, attempt {attempt}.")
        driver.task("build", settings=plain(spare), kill_after_s=chance.uniform(0.05, 2.5))
        whole(spare)
    code, _, err = driver.task("build", settings=plain(spare))
    assert code == 0, err
    assert answers(spare, "attempt 3")


def test_the_first_build_killed_leaves_nothing_published(driver, spare):
    for path in (spare.index_dir / "generations", spare.index_dir / "CURRENT"):
        subprocess.run(["rm", "-rf", path], check=True)
    code, _, err = driver.task("build", settings=plain(spare), kill_at="sealed")
    assert code == -9, err
    with pytest.raises(StoreError, match="run: python -m ingest build"):
        Store.open(spare)


def test_workers_end_with_the_build(driver, spare):
    for path in (spare.index_dir / "parsed").iterdir():
        path.unlink()
    driver.task("build", settings=plain(spare), kill_after_s=1.0, always_pool=True)
    until = time.monotonic() + 15
    while _workers(spare) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _workers(spare), "a worker outlives the build that was killed"


def _workers(settings: Settings) -> list[str]:
    """Processes that no longer have a parent of ours and read this library."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
            group = os.getpgid(int(folder.name))
        except (OSError, ValueError):
            continue
        if b"multiprocessing" in words and parent == 1 and group != os.getpgid(0) and str(settings.corpus).encode() in words:
            found.append(folder.name)
    return found


def test_a_second_builder_is_refused_within_a_second(driver, spare):
    library.amend(spare.corpus, "Fees are capped by the first builder.")
    running, go = threading.Event(), threading.Event()
    first = threading.Thread(target=lambda: build(spare, library.quiet, failpoint=lambda name: (running.set(), go.wait(60)) if name == "parsed" else None))
    first.start()
    try:
        assert running.wait(60)
        began = time.monotonic()
        with pytest.raises(StoreError, match="another build is running"):
            build(spare, library.quiet)
        assert time.monotonic() - began < 1
        code, _, err = driver.task("command", module="ingest", arguments=["build"], environment=_environment(spare))
        assert code == 1 and "another build is running" in err and len(err.strip().splitlines()) == 1 and "Traceback" not in err
        with pytest.raises(StoreError, match="a build is running"):
            rollback(spare)
    finally:
        go.set()
        first.join()
    assert answers(spare, "the first builder")


def _environment(settings: Settings) -> dict[str, str]:
    return {"KB_CORPUS": str(settings.corpus), "KB_INDEX": str(settings.index_dir)}


def test_a_lock_file_left_behind_does_not_hold_anyone(spare):
    with FileLock(spare.index_dir / "build.lock"):
        pass
    assert build(spare, library.quiet).unchanged


def _full(*_: object, **__: object):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("target, name", [
    (raw, "read_snapshots"), (building, "_write_record"), (building, "_write_surfaces"), (np, "save"), (LexicalIndex, "save"), (building, "build_chroma"),
    (building, "file_digests"), (os, "rename"), (building, "_swap"), (os, "fsync"),
])  # fmt: skip
def test_a_full_disk_at_each_stage(spare, monkeypatch, target, name):
    before = whole(spare)
    library.amend(spare.corpus, f"Fees are capped where {name} fails.")
    with monkeypatch.context() as patch:
        patch.setattr(target, name, _full)
        patch.setattr(building, "gate", lambda *_: None)
        with pytest.raises(StoreError, match="No space left.*make room"):
            build(spare, library.quiet)
    assert whole(spare) == before and not list((spare.index_dir / "generations").glob(".building-*"))


def test_a_rerun_after_a_full_disk_is_clean(spare, monkeypatch):
    library.amend(spare.corpus, "Fees are capped once there is room.")
    with monkeypatch.context() as patch:
        patch.setattr(building, "_swap", _full)
        with pytest.raises(StoreError, match="make room"):
            build(spare, library.quiet)
    assert answers(spare, "No agency may charge")
    report = build(spare, library.quiet)
    assert not report.unchanged and answers(spare, "once there is room")


def test_too_little_room_is_seen_before_anything_starts(spare, monkeypatch):
    monkeypatch.setattr(raw, "free_space", lambda folder: 1_000_000)
    with pytest.raises(StoreError, match="less than 200 MB free"):
        build(spare, library.quiet)


@pytest.mark.parametrize("fsize", [2_000, 40_000, 120_000])
def test_files_that_may_not_grow(driver, spare, fsize):
    """The real thing where no disk can be filled: the system refuses to let any file grow beyond a size, Chroma's and SQLite's too."""
    before = whole(spare)
    library.amend(spare.corpus, "Fees are capped where files may not grow.")
    code, _, err = driver.task("build", settings=plain(spare), fsize=fsize)
    assert code == 1 and len(err.strip().splitlines()) == 1 and err.startswith("StoreError"), err
    assert whole(spare) == before and answers(spare, "No agency may charge")


def test_a_disk_that_really_is_full(driver, tiny, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    used = sum(path.stat().st_size for path in tiny.index_dir.rglob("*") if path.is_file() and not path.is_relative_to(tiny.index_dir / "models"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={used + 500_000}", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root; test_files_that_may_not_grow stands in")
    try:
        copy = library.copied(tiny, tmp_path / "copy")
        subprocess.run(["cp", "-a", f"{copy.index_dir}/.", disk], check=True)
        full = replace(copy, index=disk)
        before = whole(full)
        library.amend(full.corpus, "Fees are capped on a full disk.")
        code, _, err = driver.task("build", settings=plain(full), no_space_check=True)
        assert code == 1 and len(err.strip().splitlines()) == 1 and err.startswith("StoreError"), err
        assert whole(full) == before and answers(full, "No agency may charge")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_that_cannot_be_written(spare, monkeypatch, number):
    def refuse(*_: object, **__: object):
        raise OSError(number, os.strerror(number), str(spare.index_dir))

    library.amend(spare.corpus, "Fees are capped in a locked folder.")
    monkeypatch.setattr(building, "_write_record", refuse)
    with pytest.raises(StoreError, match="make the folder writable or set KB_INDEX"):
        build(spare, library.quiet)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match="make the folder writable or set KB_INDEX"):
        build(replace(spare, index=spare.corpus / "new"), library.quiet)


def test_an_index_that_is_a_file(spare):
    (spare.corpus / "file").write_text("", "utf-8")
    for place in (spare.corpus / "file", spare.corpus / "file" / "index"):
        with pytest.raises(StoreError):
            build(replace(spare, index=place), library.quiet)


def test_reading_from_a_read_only_index(tiny, tmp_path, monkeypatch):
    """Readers never need to write: neither the note that a generation has passed, nor the converted model."""
    copy = library.copied(tiny, tmp_path)
    (copy.index_dir / "verified.json").unlink()

    def refuse(*_: object, **__: object):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(store.os, "replace", refuse)
    opened = Store.open(copy)
    assert opened.notice == "" and opened.surfaces
    opened.close()
    assert dense  # the copy that Chroma rewrites lies in the temporary folder, not here
