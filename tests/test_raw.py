"""Snapshots in corpus/raw: what is imported from a folder, what is refused (B58 to B62), and that nothing is lost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ingest import raw
from kb.errors import SourceError, StoreError

TEXT = b"## Section 1. Lamps\n\nA lamp shall be lit at dusk.\n"


def row(content: bytes = TEXT, **changes: Any) -> dict[str, Any]:
    return {
        "instrument": "gb/act/1", "title": "Lamp Act", "short_title": "Lamp Act", "jurisdiction": "gb", "kind": "statute", "language": "en",
        "format": "md", "path": "texts/gb/act-1.md", "covers": None, "official_url": None, "citation": "Lamp Act, s. {pinpoint}",
        "adopted": "2000-01-01", "in_force": "2001-01-01", "as_at": "2025-01-01", "retrieved_at": "2026-01-01",
        "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "licence": None, "damaged": False, "notes": None,
    } | changes  # fmt: skip


def stick(folder: Path, *rows: dict[str, Any] | str, **files: bytes) -> Path:
    """A USB stick with these manifest rows, and TEXT where the first of them says unless other files are given."""
    folder.mkdir(exist_ok=True)
    for name, content in (files or {"texts/gb/act-1.md": TEXT}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / raw.MANIFEST).write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def take(source: Path, target: Path) -> tuple[list[str], list[str]]:
    return raw.import_folder(source, target, lambda _: None)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_is_imported_is_what_was_on_the_stick(tmp_path):
    source = stick(tmp_path / "stick", row(damaged=True, notes="page 3 is missing", licence="open"))
    assert take(source, tmp_path / "raw") == (["gb/act/1"], [])
    ((held, kept),) = raw.read_snapshots(tmp_path / "raw")
    assert raw.read_bytes(tmp_path / "raw", held) == TEXT
    assert (held.damaged, held.notes, kept["licence"]) == (True, "page 3 is missing", "open")
    assert set(files(tmp_path / "raw")) == {"manifest.jsonl", "texts/gb/act-1.md"}


def test_twice_the_same_changes_nothing(tmp_path):
    """B59."""
    source = stick(
        tmp_path / "stick", row(), row(as_at="2024-01-01", path="texts/gb/old.md"), **{"texts/gb/act-1.md": TEXT, "texts/gb/old.md": TEXT}
    )
    take(source, tmp_path / "raw")
    before = files(tmp_path / "raw")
    assert take(source, tmp_path / "raw") == (["gb/act/1"] * 2, [])
    assert files(tmp_path / "raw") == before
    assert len(raw.read_snapshots(tmp_path / "raw")) == 2


def test_the_same_row_twice_in_one_manifest_is_one_snapshot(tmp_path):
    take(stick(tmp_path / "stick", row(), row()), tmp_path / "raw")
    assert len(raw.read_snapshots(tmp_path / "raw")) == 1


def test_one_key_with_two_texts_is_refused(tmp_path):
    """B58."""
    other = TEXT.replace(b"dusk", b"noon")
    source = stick(tmp_path / "stick", row(), row(other, path="texts/gb/b.md"), **{"texts/gb/act-1.md": TEXT, "texts/gb/b.md": other})
    with pytest.raises(SourceError, match=r"manifest\.jsonl:2: the same instrument, format, date and part as line 1, and another text"):
        take(source, tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


def test_dates_are_kept_as_stated_whatever_the_clock_says(tmp_path):
    """B60: a stick made on a machine whose clock was ten years off."""
    take(stick(tmp_path / "stick", row(retrieved_at="2036-01-01T00:00:00+00:00")), tmp_path / "raw")
    ((held, _),) = raw.read_snapshots(tmp_path / "raw")
    assert (held.as_at, held.retrieved_at) == ("2025-01-01", "2036-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"in_force": "1999-01-01"}, "before the act was adopted"),  # B61
        ({"as_at": "last summer"}, "as_at is 'last summer', which is no date"),
        ({"as_at": "2025-13-01"}, "no date"),
        ({"retrieved_at": 20260101}, "no date"),
        ({"path": 7}, "path is 7"),
        ({"sha256": None}, "sha256 is None"),
        ({"bytes": "many"}, "bytes is 'many'"),
        ({"covers": ["§ 1"]}, "covers is"),
    ],
)
def test_a_wrong_row_is_refused_by_its_line(tmp_path, changes, reason):
    source = stick(tmp_path / "stick", row(), row(format="html", **changes))
    with pytest.raises(SourceError, match=r"manifest\.jsonl:2: ") as caught:
        take(source, tmp_path / "raw")
    assert reason in str(caught.value)


@pytest.mark.parametrize("text", ["not json", "[]", "7", '{"instrument": "gb/act/1"}', "", "[" * 100_000])
def test_a_line_that_is_no_row_is_refused(tmp_path, text):
    source = stick(tmp_path / "stick", row(), text)
    if text:
        with pytest.raises(SourceError, match=r"manifest\.jsonl:2: "):
            take(source, tmp_path / "raw")


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"no manifest\.jsonl in"):
        take(tmp_path, tmp_path / "raw")
    (tmp_path / raw.MANIFEST).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match="cannot be read"):
        take(tmp_path, tmp_path / "raw")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (TEXT.replace(b"dusk", b"noon"), "does not have the digest"),
        (TEXT[:20], "does not have the digest"),
        (b"", "does not have the digest"),
    ],
    ids=["other words", "cut short", "empty"],
)
def test_a_text_that_is_not_what_its_digest_says_is_refused_and_the_rest_goes_on(tmp_path, content, reason):
    """B62, B63."""
    source = stick(
        tmp_path / "stick", row(), row(instrument="gb/act/2", path="texts/gb/act-2.md"),
        **{"texts/gb/act-1.md": content, "texts/gb/act-2.md": TEXT},
    )  # fmt: skip
    taken, refused = take(source, tmp_path / "raw")
    assert taken == ["gb/act/2"] and len(refused) == 1
    assert refused[0].startswith("gb/act/1: ") and reason in refused[0]
    assert [held.instrument for held, _ in raw.read_snapshots(tmp_path / "raw")] == ["gb/act/2"]


def test_a_refused_text_does_not_cost_the_copy_that_is_held(tmp_path):
    take(stick(tmp_path / "stick", row()), tmp_path / "raw")
    before = files(tmp_path / "raw")
    stick(tmp_path / "stick", row(), **{"texts/gb/act-1.md": b"damaged"})
    assert take(tmp_path / "stick", tmp_path / "raw")[1]
    assert files(tmp_path / "raw") == before


def test_a_missing_file_is_refused(tmp_path):
    source = stick(tmp_path / "stick", row(path="texts/gb/elsewhere.md"))
    assert "is missing" in take(source, tmp_path / "raw")[1][0]


@pytest.mark.parametrize("path", ["../secret.md", "texts/../../secret.md", "{absolute}", "texts/gb/link.md", "a\x00b", "x" * 5000])
def test_a_path_that_leads_out_is_refused(tmp_path, path):
    (tmp_path / "secret.md").write_bytes(TEXT)
    source = stick(tmp_path / "stick", row(path=path.format(absolute=tmp_path / "secret.md")))
    (source / "texts" / "gb" / "link.md").symlink_to(tmp_path / "secret.md")
    taken, refused = take(source, tmp_path / "raw")
    assert not taken
    assert "leads out" in refused[0] or "cannot be read" in refused[0]
    assert "\n" not in refused[0]
    assert set(files(tmp_path / "raw")) == {"manifest.jsonl"}


def test_a_text_named_like_the_manifest_does_not_replace_it(tmp_path):
    manifest = json.dumps(row()) + "\n"
    content = manifest.encode()
    source = stick(tmp_path / "stick", row(content, path="copy/manifest.jsonl"), **{"copy/manifest.jsonl": content})
    assert take(source, tmp_path / "raw")[0] == ["gb/act/1"]
    ((held, _),) = raw.read_snapshots(tmp_path / "raw")
    assert held.path == "texts/copy/manifest.jsonl" and raw.read_bytes(tmp_path / "raw", held) == content


def test_another_text_under_a_name_that_is_taken_is_kept_beside_it(tmp_path):
    take(stick(tmp_path / "stick", row()), tmp_path / "raw")
    newer = TEXT + b"\n## Section 2. Horns\n\nA horn shall be blown in fog.\n"
    stick(tmp_path / "stick", row(newer, as_at="2026-01-01"), **{"texts/gb/act-1.md": newer})
    take(tmp_path / "stick", tmp_path / "raw")
    assert sorted(raw.read_bytes(tmp_path / "raw", held) for held, _ in raw.read_snapshots(tmp_path / "raw")) == sorted([TEXT, newer])


def test_what_is_fetched_and_what_is_imported_stand_side_by_side(tmp_path):
    take(stick(tmp_path / "stick", row()), tmp_path / "raw")
    fetched = {name: value for name, value in row(format="html").items() if name not in ("path", "sha256", "bytes")}
    kept = raw.add(tmp_path / "raw", fetched, b"<p>A lamp.</p>")
    assert kept["path"].startswith("texts/gb/act/1/") and kept["bytes"] == 14
    before = files(tmp_path / "raw")
    assert raw.add(tmp_path / "raw", fetched, b"<p>A lamp.</p>") == kept
    assert files(tmp_path / "raw") == before and len(raw.read_snapshots(tmp_path / "raw")) == 2


def test_a_folder_that_cannot_be_written(tmp_path):
    source = stick(tmp_path / "stick", row())
    (tmp_path / "raw").write_text("a file", "utf-8")
    with pytest.raises(StoreError, match="cannot write to"):
        take(source, tmp_path / "raw")


def test_a_disk_that_fills_up_keeps_the_manifest(tmp_path, monkeypatch):
    take(stick(tmp_path / "stick", row()), tmp_path / "raw")
    before = (tmp_path / "raw" / raw.MANIFEST).read_bytes()
    newer = TEXT + b"\nMore.\n"
    stick(tmp_path / "stick", row(newer), **{"texts/gb/act-1.md": newer})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(raw.os, "replace", full)
    with pytest.raises(StoreError, match="No space left on device"):
        take(tmp_path / "stick", tmp_path / "raw")
    assert (tmp_path / "raw" / raw.MANIFEST).read_bytes() == before


@pytest.mark.snapshots
def test_the_snapshots_are_what_their_manifest_says(snapshots, tmp_path):
    taken, refused = take(snapshots, tmp_path / "raw")
    assert not refused and len(taken) == len(raw.read_manifest(snapshots))
    held = raw.read_snapshots(tmp_path / "raw")
    assert len(held) == len(taken)
    for snapshot, _ in held:
        assert hashlib.sha256(raw.read_bytes(tmp_path / "raw", snapshot)).hexdigest() == snapshot.sha256
