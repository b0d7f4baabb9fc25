"""A public benchmark in BEIR layout -> an index of its own, made by the same steps as the law's, and scores over its questions.

Layout: corpus.jsonl (_id, title, text), queries.<split>.jsonl (_id, text), qrels/<split>.tsv. Nothing of it is part of the knowledge base.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.build import Step, Wording, build
from kb.citation import format_id
from kb.config import Settings
from kb.errors import SourceError
from kb.evaluate import measure
from kb.model import Instrument, Provision, Query, Snapshot
from kb.search import search
from kb.store import Store

INSTRUMENT = "int/benchmark"
SYSTEMS = {"BM25 alone": "bm25", "dense alone": "dense", "equal ranks (RRF)": "rrf", "as in force": "weighted"}
MEASURES = ("R@5", "R@10", "AP@10", "RR@10", "nDCG@10", "Success@1")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON Lines.

    Raises: SourceError, with file and line, for what is none.
    """
    if not path.is_file():
        raise SourceError(f"no {path}; name a folder in BEIR layout")
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            yield {"_id": row["_id"], "title": row.get("title", ""), "text": row["text"]}
        except (ValueError, KeyError, TypeError) as exc:
            raise SourceError(f"{path}:{number}: not an object with _id and text") from exc


def wordings(path: Path) -> Iterator[Wording]:
    """Each document of a corpus as a provision without portions; empty documents are left out."""
    instrument = Instrument(INSTRUMENT, "", "", "int", "regulation", "en", None, "{pinpoint}")
    snapshot = Snapshot(INSTRUMENT, "beir", path.name, "", path.stat().st_size if path.is_file() else 0, None, None, None)
    for position, row in enumerate(_lines(path)):
        if text := row["text"].strip():
            numbers = (row["_id"],)
            yield Wording(Provision(format_id(INSTRUMENT, numbers), INSTRUMENT, numbers, row["title"], (), text), snapshot, instrument, position)


def settings_for(folder: Path, settings: Settings) -> Settings:
    """The settings under which a benchmark is built: our vocabulary, and nothing else of our corpus; kept in <index>/benchmarks by digest."""
    path = folder / "corpus.jsonl"
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    place = settings.index_dir / "benchmarks" / f"{folder.resolve().name}-{digest[:12]}"
    (place / "corpus").mkdir(parents=True, exist_ok=True)
    link = place / "corpus" / "vocabulary"
    if not link.is_symlink():
        link.symlink_to((settings.corpus / "vocabulary").resolve())
    return replace(settings, corpus=place / "corpus", raw=place / "none", index=place / "index")


def prepare(folder: Path, settings: Settings, step: Step) -> Settings:
    """Build the index of a benchmark where it is not there yet; the settings that open it."""
    own = settings_for(folder, settings)
    build(own, step, wordings=wordings(folder / "corpus.jsonl"))
    return own


def judgements(folder: Path, split: str) -> dict[str, dict[str, int]]:
    """Relevance by question and document.

    Raises: SourceError where the file is missing or not in BEIR layout.
    """
    path = folder / "qrels" / f"{split}.tsv"
    found: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                found.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise SourceError(f"{path} is not a file of judgements in BEIR layout") from exc
    return found


def scores(folder: Path, split: str, store: Store, settings: Settings, step: Step = lambda *_: None) -> dict[str, float]:
    """The measures over the judged questions of a split, at document level."""
    qrels = judgements(folder, split)
    asked = [row for row in _lines(folder / f"queries.{split}.jsonl") if row["_id"] in qrels]
    run: dict[str, dict[str, float]] = {}
    for done, row in enumerate(asked, start=1):
        hits = search(Query(row["text"]), store, settings)
        run[row["_id"]] = {hit.numbers[0]: float(-hit.rank) for hit in reversed(hits)}
        step("asking", done, len(asked))
    return measure(MEASURES, qrels, run)
