"""Snapshots kept in corpus/raw: a manifest and files, in the layout that `python -m ingest import` reads."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from kb.errors import SourceError, StoreError
from kb.model import Instrument, Snapshot

MANIFEST = "manifest.jsonl"
_NEEDED = ("instrument", "format", "path", "sha256", "bytes", "language")


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """The rows of a folder's manifest.

    Raises: SourceError where there is none, or a line of it is not a row.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise SourceError(f"no {MANIFEST} in {folder}; name a folder laid out as corpus/raw is")
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise SourceError(f"{path} cannot be read: {exc}") from exc
    rows, seen = [], {}
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise SourceError(f"{path}:{number}: not JSON") from exc
        if problem := _problem(row):
            raise SourceError(f"{path}:{number}: {problem}")
        first = seen.setdefault(key(row), (number, row["sha256"]))
        if first[1] != row["sha256"]:
            raise SourceError(f"{path}:{number}: the same instrument, format, date and part as line {first[0]}, and another text")
        rows.append(row)
    return rows


def _problem(row: Any) -> str:
    """What is wrong with a row of a manifest; empty where it can be used."""
    missing = [name for name in _NEEDED if not isinstance(row, dict) or name not in row]
    if missing:
        return f"{missing[0]} is missing"
    for name in (*_NEEDED, "covers", "official_url"):
        value = row.get(name)
        if not isinstance(value, int if name == "bytes" else str) and (value is not None or name in _NEEDED):
            return f"{name} is {value!r}"
    for name in ("adopted", "in_force", "as_at", "retrieved_at"):
        if row.get(name) is not None and not _is_date(row[name]):
            return f"{name} is {row[name]!r}, which is no date"
    if row.get("adopted") and row.get("in_force") and row["in_force"] < row["adopted"]:
        return f"in_force is {row['in_force']}, before the act was adopted"
    return ""


def _is_date(value: Any) -> bool:
    try:
        datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def key(row: dict[str, Any]) -> tuple[str, str, str, str]:
    """What makes a snapshot the successor of another: instrument, format, date and part."""
    return row["instrument"], row["format"], row.get("as_at") or "", row.get("covers") or ""


def read_snapshots(folder: Path) -> list[tuple[Snapshot, dict[str, Any]]]:
    """Every snapshot in a folder with its manifest row, or none where the folder is not there yet."""
    if not (folder / MANIFEST).is_file():
        return []
    return [(snapshot(row), row) for row in read_manifest(folder)]


def snapshot(row: dict[str, Any]) -> Snapshot:
    names = ("instrument", "format", "path", "sha256", "bytes", "official_url", "as_at", "retrieved_at", "covers", "language", "notes")
    return Snapshot(**{name: row.get(name) for name in names}, damaged=bool(row.get("damaged")))


def read_bytes(folder: Path, held: Snapshot) -> bytes:
    """A snapshot's bytes.

    Raises: SourceError where the file is gone or is not what its digest says.
    """
    try:
        path = (folder / held.path).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise SourceError(f"{held.instrument}: {held.path} leads out of {folder}")
        if not path.is_file():
            raise SourceError(f"{held.instrument}: {path} is missing; import or fetch it again")
        raw = path.read_bytes()
    except (OSError, ValueError) as exc:  # a disk that fails, a name that no file can have
        raise SourceError(f"{held.instrument}: {held.path!r} cannot be read: {exc}") from exc
    if hashlib.sha256(raw).hexdigest() != held.sha256:
        raise SourceError(f"{held.instrument}: {held.path} does not have the digest {held.sha256[:16]} of its manifest; import or fetch it again")
    return raw


def described(instrument: str, row: dict[str, Any], catalogue: dict[str, Instrument]) -> Instrument:
    """The catalogue's entry for an instrument, or one made of the manifest's row where the catalogue has none."""
    if instrument in catalogue:
        return catalogue[instrument]
    names = ("title", "short_title", "jurisdiction", "kind", "language", "official_url", "citation", "adopted", "in_force", "licence", "notes")
    values = {name: row.get(name) for name in names}
    values["jurisdiction"] = "us-ca" if instrument.startswith("us/ca/") else values["jurisdiction"]
    return Instrument(id=instrument, **values)


def import_folder(folder: Path, raw: Path, progress: Callable[[str], None]) -> tuple[list[str], list[str]]:
    """Copy the snapshots of a folder into corpus/raw; instruments taken (or there already), and what was refused and why.

    A file whose digest is not the manifest's is refused and the rest goes on.
    Raises: SourceError where the manifest itself is wrong; StoreError where corpus/raw cannot be written.
    """
    try:
        return _import(folder, raw, progress)
    except OSError as exc:
        raise StoreError(f"cannot write to {exc.filename or raw}: {exc.strerror or exc}; make room or make it writable, and import again") from exc


def _import(folder: Path, raw: Path, progress: Callable[[str], None]) -> tuple[list[str], list[str]]:
    taken: list[str] = []
    refused: list[str] = []
    rows = {key(row): row for _, row in read_snapshots(raw)}
    for row in read_manifest(folder):
        progress(row["instrument"])
        try:
            content = read_bytes(folder, snapshot(row))
            rows[key(row)] = {**row, "path": _keep(raw, row["path"], content)}
        except SourceError as exc:
            refused.append(str(exc))
            continue
        taken.append(row["instrument"])
    write_manifest(raw, rows.values())
    return taken, refused


def add(raw: Path, row: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Keep one fetched snapshot; its row as written to the manifest."""
    rows = {key(held): held for _, held in read_snapshots(raw)}
    digest = hashlib.sha256(content).hexdigest()
    row = {**row, "sha256": digest, "bytes": len(content)}
    row["path"] = _keep(raw, f"texts/{row['instrument']}/{digest[:16]}.{row['format']}", content)
    rows[key(row)] = row
    write_manifest(raw, rows.values())
    return row


def _keep(raw: Path, name: str, content: bytes) -> str:
    name = name if name.startswith("texts/") else f"texts/{name}"  # never over the manifest
    path = (raw / name).resolve()
    if not path.is_relative_to((raw / "texts").resolve()):
        raise SourceError(f"{name} leads out of the folder; refused")
    if path.is_file() and path.read_bytes() != content:  # another text under the same name: both are kept
        name = f"{name}.{hashlib.sha256(content).hexdigest()[:16]}"
        path = raw / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        partial.write_bytes(content)
        os.replace(partial, path)
    return name


def write_manifest(raw: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Replace the manifest in one step."""
    raw.mkdir(parents=True, exist_ok=True)
    partial = raw / f"{MANIFEST}.part"
    ordered = sorted(rows, key=key)
    partial.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ordered), "utf-8")
    os.replace(partial, raw / MANIFEST)


def free_space(folder: Path) -> int:
    """Bytes free where the folder lies or will lie."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
