"""Benchmarks of speed and memory, as a Markdown table with ratios: python -m tests.bench.

Everything is measured in a process of its own, warm. Wall time is what a reader waits; CPU time is shown beside it because it hardly depends on
what else the machine is doing. Nothing here is asserted: a slow machine fails no test.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kb.config import ROOT, Settings, settings

QUESTIONS = ROOT.parent / "shared" / "questions"
SNAPSHOTS = ROOT.parent / "shared" / "snapshots"
ROUNDS = 3
DEPTH = 10
CHUNK_CHARS = 1000  # of the naive starter
BACKENDS = ("sentence-transformers", "openvino")


def questions(most: int) -> list[str]:
    """The development questions, those to be declined among them; `most` of them, evenly picked."""
    lines = [line for name in ("dev.jsonl", "dev-unanswerable.jsonl") for line in (QUESTIONS / name).read_text("utf-8").splitlines()]
    return [json.loads(line)["query"] for line in lines[:: max(len(lines) // most, 1)]][:most]


def timed(run: Callable[[str], Any], texts: Sequence[str], rounds: int = ROUNDS) -> dict[str, float]:
    """Wall and CPU time of a call a text, p50 and p95. Units: ms."""
    taken = []
    for text in [*texts] * rounds:
        wall, cpu = time.perf_counter(), time.process_time()
        run(text)
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall_ms, cpu_ms = 1000 * np.array(taken).T
    return {f"{name} p{share}": float(np.percentile(values, share)) for name, values in (("wall", wall_ms), ("cpu", cpu_ms)) for share in (50, 95)}


def memory_mb() -> dict[str, float]:
    """Resident memory of this process now and at its highest. Units: MB. Source: proc(5)."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    return {"now": int(lines["VmRSS"].split()[0]) / 1000, "peak": int(lines["VmHWM"].split()[0]) / 1000}


# what is measured, each in a process of its own


def serving(chosen: Settings, most: int) -> dict[str, Any]:
    """Search and ask over the published generation, and the memory that they need."""
    from kb.answer import ask
    from kb.model import Query
    from kb.search import search
    from kb.store import Store

    store, texts = Store.open(chosen), questions(most)
    calls = {"search": lambda text: search(Query(text), store, chosen), "ask": lambda text: ask(Query(text), store, chosen)}
    for run in calls.values():
        timed(run, texts, rounds=1)
    warm = memory_mb()
    found = {name: timed(run, texts) for name, run in calls.items()}
    return {**found, "after warm-up": warm["now"], "peak": memory_mb()["peak"], "passages": store.manifest["counts"]["surfaces"]}


def embedding(chosen: Settings, count: int, most: int) -> dict[str, Any]:
    """One backend over passages of the knowledge base: passages a second, time of a question, and the nearest passages of each question."""
    from kb.embed import Embedder
    from kb.store import Store

    store = Store.open(chosen)
    passages = [surface for surface in store.surfaces if surface.kind == "passage" and surface.end - surface.start > 400]
    picked = passages[:: max(len(passages) // count, 1)][:count]
    texts = [store.version(surface.version).provision.text[surface.start : surface.end] for surface in picked]
    embedder = Embedder(chosen, chosen.backend)
    texts = [text for text, tokens in zip(texts, embedder.count(texts), strict=True) if tokens <= chosen.max_tokens]
    embedder.embed(texts[:8])
    wall = time.perf_counter()
    vectors = embedder.embed(texts)
    wall = time.perf_counter() - wall
    asked = questions(most)
    nearest = [np.argsort(-(vectors @ embedder.embed_query(text)), kind="stable")[:DEPTH].tolist() for text in asked]
    return {"chunks a second": len(texts) / wall, "question": timed(embedder.embed_query, asked, rounds=1), "nearest": nearest}


def building(chosen: Settings, instruments: Sequence[str]) -> dict[str, float]:
    """Seconds to build a knowledge base of some instruments' texts alone: here, and by the naive starter."""
    from ingest.build import build
    from tests.library import quiet

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        rows = _texts_alone(corpus, instruments)
        wall = time.perf_counter()
        build(Settings(corpus=corpus, index=_with_model(Path(folder) / "index", chosen)), quiet)
        ours = time.perf_counter() - wall
        wall = time.perf_counter()
        chunks = _naive(Path(folder) / "naive", [(corpus / "raw" / row["path"]).read_text("utf-8", errors="replace") for row in rows])
        return {"ours": ours, "naive": time.perf_counter() - wall, "chunks": chunks}


def _texts_alone(corpus: Path, instruments: Sequence[str]) -> list[dict[str, Any]]:
    """The manifest rows of some instruments, laid out as a corpus without summaries or questions of ours."""
    (corpus / "raw").mkdir(parents=True)
    for name in ("catalogue", "vocabulary"):
        (corpus / name).symlink_to(ROOT / "corpus" / name)
    rows = [json.loads(line) for line in (SNAPSHOTS / "manifest.jsonl").read_text("utf-8").splitlines()]
    kept = [row for row in rows if row["instrument"] in instruments]
    for row in kept:
        copy = corpus / "raw" / row["path"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SNAPSHOTS / row["path"], copy)
    (corpus / "raw" / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept), "utf-8")
    return kept


def _with_model(index: Path, chosen: Settings) -> Path:
    """A new index folder that shares the converted model: it is made once, not at each build."""
    index.mkdir()
    (index / "models").symlink_to(chosen.index_dir / "models")
    return index


def _naive(folder: Path, texts: Sequence[str]) -> int:
    """The naive starter: mark-up and all in chunks of fixed length, plain sentence-transformers, plain Chroma. The number of chunks."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from sentence_transformers import SentenceTransformer

    from kb.embed import BUNDLED, model_folder

    chunks = [text[start : start + CHUNK_CHARS] for text in texts for start in range(0, len(text), CHUNK_CHARS)]
    vectors = SentenceTransformer(str(model_folder(BUNDLED)), device="cpu", local_files_only=True).encode(chunks)
    client = chromadb.PersistentClient(path=str(folder), settings=ChromaSettings(anonymized_telemetry=False))
    collection = client.create_collection("chunks", embedding_function=None)
    for first in range(0, len(chunks), 2000):
        batch = range(first, min(first + 2000, len(chunks)))
        collection.add(ids=[str(row) for row in batch], embeddings=vectors[first : first + 2000], documents=chunks[first : first + 2000])
    return len(chunks)


# the table


def lines(found: dict[str, Any]) -> list[str]:
    """The rows of the table: measure, value, what it is compared with, ratio."""
    rows = ["| measure | value | compared with | ratio |", "|---|---|---|---|"]
    if served := found.get("serving"):
        for name in ("search", "ask"):
            t = served[name]
            rows.append(f"| {name}, p50 / p95 | {t['wall p50']:.0f} / {t['wall p95']:.0f} ms | CPU time {t['cpu p50']:.0f} / {t['cpu p95']:.0f} ms | |")
        rows.append(f"| resident memory, after warm-up / peak | {served['after warm-up']:.0f} / {served['peak']:.0f} MB | {served['passages']} rows | |")
    if made := found.get("embedding"):
        plain, fast = (made[name] for name in BACKENDS)
        shared = np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(plain["nearest"], fast["nearest"], strict=True)])
        speeds = [backend["chunks a second"] for backend in (fast, plain)]
        times = [backend["question"]["wall p50"] for backend in (fast, plain)]
        rows.append(f"| OpenVINO, passages a second | {speeds[0]:.1f} | sentence-transformers {speeds[1]:.1f} | {speeds[0] / speeds[1]:.1f} times as many |")
        rows.append(f"| OpenVINO, a question, p50 | {times[0]:.1f} ms | sentence-transformers {times[1]:.1f} ms | {times[0] / times[1]:.2f} of the time |")
        rows.append(f"| OpenVINO, nearest {DEPTH} shared with sentence-transformers | {shared:.3f} | 1 | |")
    if built := found.get("building"):
        rows.append(f"| build of the same texts | {built['ours']:.0f} s | naive starter {built['naive']:.0f} s | {built['naive'] / built['ours']:.1f} times as fast |")
    return rows


def _apart(arguments: argparse.Namespace, part: str, **changed: str) -> Any:
    """What a part finds in a process of its own."""
    command = [sys.executable, "-m", "tests.bench", "--part", part, "--passages", str(arguments.passages), "--questions", str(arguments.questions)]
    command += ["--instruments", *arguments.instruments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **changed}, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Speed and memory over the published generation, with ratios.")
    parser.add_argument("--only", nargs="+", choices=("serving", "embedding", "building"), default=("serving", "embedding", "building"))
    parser.add_argument("--passages", type=int, default=512, help="how many passages are embedded by each backend")
    parser.add_argument("--questions", type=int, default=1000, help="how many of the development questions are asked at most")
    parser.add_argument("--instruments", nargs="+", default=["us/usc/t22", "int/palermo-protocol"], help="whose texts are built")
    parser.add_argument("--part", choices=("serving", "embedding", "building"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    chosen = settings(os.environ)
    if arguments.part:
        parts = {"serving": (arguments.questions,), "embedding": (arguments.passages, arguments.questions), "building": (arguments.instruments,)}
        print(json.dumps(globals()[arguments.part](chosen, *parts[arguments.part])))
        return
    found = {part: _apart(arguments, part) for part in arguments.only if part != "embedding"}
    if "embedding" in arguments.only:
        found["embedding"] = {backend: _apart(arguments, "embedding", KB_BACKEND=backend) for backend in BACKENDS}
    print("\n".join(lines(found)))
    print(f"\n{os.cpu_count()} cores; load average {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
