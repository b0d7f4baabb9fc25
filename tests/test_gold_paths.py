"""Every provision that the development questions point to is found in the parsed snapshots."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from ingest.parse import PARSERS
from kb.model import Instrument

# (instrument, path) -> why the snapshots cannot give it
UNRESOLVED: dict[tuple[str, tuple[str, ...]], str] = {}

Path_ = tuple[str, ...]


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def instrument(entry: dict) -> Instrument:
    known = {key: entry[key] for key in ("title", "short_title", "jurisdiction", "kind", "language", "official_url", "citation")}
    return Instrument(id=entry["instrument"], **known)


def held(snapshots: Path, wanted: set[str]) -> dict[str, set[Path_]]:
    """All printed paths by instrument, of provisions and portions, in the snapshots of the instruments wanted."""
    found: dict[str, set[Path_]] = defaultdict(set)
    for entry in lines(snapshots / "manifest.jsonl"):
        if entry["instrument"] not in wanted:
            continue
        for provision in PARSERS[entry["format"]]((snapshots / entry["path"]).read_bytes(), instrument(entry)):
            found[provision.instrument].update([provision.numbers, *(portion.numbers for portion in provision.portions)])
    return found


@pytest.mark.snapshots
def test_every_gold_path_resolves(snapshots: Path) -> None:
    questions = snapshots.parent / "questions" / "dev.jsonl"
    gold = {(entry["instrument"], tuple(entry["numbers"])) for question in lines(questions) for entry in question["gold"]}
    paths = held(snapshots, {id for id, _ in gold})
    missing = {(id, numbers) for id, numbers in gold if id not in paths or (numbers and numbers not in paths[id])}
    for id, numbers in sorted(missing):
        print(f"{id} {'/'.join(numbers)}: {UNRESOLVED.get((id, numbers), 'no reason known')}")
    assert missing == set(UNRESOLVED)
