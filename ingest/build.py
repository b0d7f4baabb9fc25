"""The order of the steps from snapshots to a published generation; what is built already is skipped."""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import re
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from ingest import catalogue, raw
from ingest.chunk import Cuts, passages
from ingest.parse import PARSERS
from ingest.relate import Places, definitions, edges
from kb import tokens
from kb.citation import Names, format_id
from kb.config import ROOT, Settings
from kb.dense import build_chroma
from kb.embed import Embedder
from kb.errors import KBError, ParseError, SourceError, StoreError
from kb.lexical import LexicalIndex, terms
from kb.model import Instrument, Passage, Portion, Provision, Snapshot, Span, Summary
from kb.spelling import count_words
from kb.store import SCHEMA, file_digests, file_sizes, gate, published, seal

CONTRACT = 1
_OFFICIAL_MARKUP = {"uslm", "ecfr", "ca-lims", "eurlex-xhtml", "formex", "akn", "html"}
_POOL_BYTES = 500_000  # below this, parsing takes less time than starting processes for it
_SPACE_NEEDED = 200_000_000  # bytes a build must find free before it starts
_DECIDING = (
    "ingest/build.py", "ingest/catalogue.py", "ingest/chunk.py", "ingest/raw.py", "ingest/relate.py", "ingest/parse", "kb/citation.py", "kb/dense.py", "kb/embed.py",
    "kb/lexical.py", "kb/model.py", "kb/tokens.py",
)  # fmt: skip
Step = Callable[[str, int, int], None]


@dataclass(slots=True)
class Report:
    """What a build did. `failed` maps a snapshot's path to the reason why it gave no provisions; `notice` is a line for people."""

    generation: str = ""
    unchanged: bool = False
    notice: str = ""
    instruments: int = 0
    provisions: int = 0
    surfaces: int = 0
    embedded: int = 0
    cuts: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of a provision on its way into the record."""

    provision: Provision
    snapshot: Snapshot
    instrument: Instrument
    position: int


@dataclass(frozen=True, slots=True)
class Row:
    """One surface on its way into the indexes: `text` is what BM25 and the model read."""

    kind: str
    unit: str
    instrument: Instrument
    numbers: tuple[str, ...]
    start: int
    end: int
    id: str
    text: str
    language: str
    as_at: str | None
    version: int | None = None
    summary: str | None = None


def build(
    settings: Settings, step: Step, force: bool = False, failpoint: Callable[[str], None] = lambda _: None, wordings: Iterable[Wording] | None = None
) -> Report:
    """Parse, cut, embed and index what lies in the corpus, and publish it as a new generation.

    `step(name, done, total)` is told of progress; `failpoint(name)` is called between the stages, for tests that kill the build there.
    `wordings` take the place of the parsed snapshots; that they changed shows only in the folder that the settings name.
    Raises: StoreError for a second builder or a full disk; nothing that is published is touched.
    """
    index = settings.index_dir
    try:
        index.mkdir(parents=True, exist_ok=True)
        with FileLock(index / "build.lock", timeout=0.5):
            if raw.free_space(index) < _SPACE_NEEDED:
                raise StoreError(f"less than {_SPACE_NEEDED // 1_000_000} MB free in {index}; make room and run the build again")
            return _build(settings, step, force, failpoint, wordings)
    except Timeout as exc:
        raise StoreError(f"another build is running in {index}; wait for it to end") from exc
    except OSError as exc:
        if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StoreError(f"cannot write to {exc.filename or index}; make the folder writable or set KB_INDEX to one that is") from exc
        raise _unwritten(index, exc.strerror or str(exc)) from exc
    except sqlite3.OperationalError as exc:
        raise _unwritten(index, str(exc)) from exc


def _unwritten(index: Path, why: str) -> StoreError:
    return StoreError(f"the build stopped in {index} ({why}); make room there and run it again; what was published is untouched")


def _build(
    settings: Settings, step: Step, force: bool, failpoint: Callable[[str], None], wordings: Iterable[Wording] | None
) -> Report:
    began = time.monotonic()
    _sweep_partial(settings.index_dir)
    entries = catalogue.instruments(settings.corpus / "catalogue")
    summaries = catalogue.summaries(settings.corpus / "summaries")
    embedder = Embedder(settings)
    inputs = inputs_digest(settings, embedder.name)
    if not force and (report := _unchanged(settings, inputs)):
        return report
    report = Report(notice=_older(settings))
    if report.notice:
        step(report.notice, 0, 1)
    snapshots = raw.read_snapshots(settings.raw_dir)
    wordings = list(_parse(snapshots, entries, settings, step, report) if wordings is None else wordings)
    failpoint("parsed")
    chosen = choose(wordings)
    folder = settings.index_dir / "generations" / f".building-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        record = sqlite3.connect(folder / "record.sqlite")
        _write_record(record, entries, wordings, chosen, summaries, [s for s, _ in snapshots])
        tables = catalogue.vocabulary(settings.corpus / "vocabulary")
        record.executemany("insert into vocabulary values (?, ?)", [(name, _json(table)) for name, table in tables.items()])
        sealed = catalogue.topic_tables(settings.corpus / "topics")
        record.executemany("insert into topics values (?, ?)", [(name, _json(table)) for name, table in sealed.items()])
        rows = _rows(chosen, wordings, entries, summaries, embedder, settings, step, report)
        if not rows:
            raise StoreError(f"nothing to build from in {settings.corpus}: no text could be read and there are no summaries{_first(report.failed)}")
        _write_surfaces(record, rows)
        _write_words(record, rows)
        related = _write_relations(record, wordings, chosen, step)
        record.close()
        failpoint("recorded")
        vectors, report.embedded = _embed(rows, embedder, settings, folder, step)
        failpoint("embedded")
        step("building the word index", 0, 1)
        LexicalIndex.build(_documents(rows)).save(folder / "bm25")
        step("building the vector index", 0, 1)
        build_chroma(folder / "chroma", vectors)
        failpoint("indexed")
        report.instruments = len({w.instrument.id for w in chosen.values()} | {s.instrument for s in summaries})
        report.provisions, report.surfaces = len(chosen), len(rows)
        manifest = _manifest(settings, embedder, inputs, report, wordings, rows, entries, related, folder)
        step("checking and publishing", 0, 1)
        report.generation = _publish(settings, folder, manifest, failpoint)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.seconds = round(time.monotonic() - began, 1)
    return report


def _first(failed: dict[str, str]) -> str:
    return f" ({next(iter(failed.values()))})" if failed else ""


def _sweep_partial(index: Path) -> None:
    """Remove what a killed build left behind; what it sealed stays, since its vectors are good."""
    for left in (index / "generations").glob(".building-*"):
        shutil.rmtree(left, ignore_errors=True)


def _sweep(index: Path) -> None:
    """Remove every generation but the published one and the one before it."""
    keep = published(index)
    for folder in (index / "generations").glob("*"):
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)


def inputs_digest(settings: Settings, model: str) -> str:
    """SHA-256 over all that decides a generation: texts, catalogue, summaries, model, settings of the chunker and the code itself."""
    digest = hashlib.sha256(f"{SCHEMA} {model} {settings.max_tokens} {settings.passage_tokens}\n".encode())
    for held, row in raw.read_snapshots(settings.raw_dir):
        digest.update(f"{json.dumps(row, sort_keys=True)} {_unreadable(settings, held)}\n".encode())
    folders = [settings.corpus / name for name in ("catalogue", "summaries", "questions", "vocabulary")]
    tables = [path for name in catalogue.TOPIC_TABLES if (path := settings.corpus / "topics" / f"{name}.yaml").is_file()]
    for path in [*sorted(path for folder in folders for path in folder.rglob("*.yaml")), *tables]:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    digest.update(code_digest(*_DECIDING).encode())
    return digest.hexdigest()


def _unreadable(settings: Settings, held: Snapshot) -> str:
    try:
        raw.read_bytes(settings.raw_dir, held)
    except SourceError as exc:
        return str(exc)
    return ""


def _unchanged(settings: Settings, inputs: str) -> Report | None:
    names = published(settings.index_dir)
    if not names:
        return None
    folder = settings.index_dir / "generations" / names[0]
    manifest = _read_json(folder / "manifest.json")
    if manifest.get("inputs") != inputs or manifest.get("schema") != SCHEMA or gate(folder, settings):
        return None
    current = settings.index_dir / "CURRENT"
    if not current.is_file() or current.read_bytes().split() != [name.encode() for name in names]:  # it was lost, and found by the folders
        _swap(settings.index_dir, names[: settings.keep_generations])
    counts = manifest["counts"]
    return Report(
        names[0], True, "", counts["held_instruments"], counts["provisions"], counts["surfaces"], 0, manifest["cuts"], manifest["failed"]
    )


def _older(settings: Settings) -> str:
    """What to tell people where the published generation is of another schema."""
    names = published(settings.index_dir)
    schema = _read_json(settings.index_dir / "generations" / names[0] / "manifest.json").get("schema", SCHEMA) if names else SCHEMA
    return "" if schema == SCHEMA else f"the knowledge base is of schema {schema}: it is made again as schema {SCHEMA} from the texts held"


def _read_json(path: Path) -> dict[str, Any]:
    """The mapping in a file; empty where there is none that can be read."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


# parsing


def parse_snapshot(path: Path, held: Snapshot, instrument: Instrument) -> tuple[list[Provision], str | None]:
    """The provisions of one snapshot, or none and the reason."""
    parse = PARSERS.get(held.format)
    if parse is None:
        return [], f"no parser for the format {held.format!r}"
    try:
        provisions = parse(raw.read_bytes(path, held), instrument)
    except KBError as exc:
        return [], str(exc)
    except RecursionError:
        return [], "nested too deep to read"
    except (ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, TypeError, ValueError) as exc:
        return [], f"the parser for {held.format} failed on it ({type(exc).__name__}: {' '.join(str(exc).split())[:200]}); please report it"
    return (provisions, None) if provisions else ([], "no provisions in it")


def parsed(settings: Settings, code: str, task: tuple[Snapshot, Instrument]) -> tuple[list[Provision], str | None]:
    """The same, taken from <index>/parsed where the same bytes were read by the same code before."""
    path = _parsed_path(settings, code, *task)
    if reason := _unreadable(settings, task[0]):
        return [], reason
    if (before := _parsed_before(path)) is not None:
        return before, None
    provisions, reason = parse_snapshot(settings.raw_dir, *task)
    if not reason:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        body = _json([asdict(provision) for provision in provisions])
        partial.write_text(f"{sha256(body)}\n{body}", "utf-8", newline="\n")
        os.replace(partial, path)
    return provisions, reason


def _parsed_path(settings: Settings, code: str, held: Snapshot, instrument: Instrument) -> Path:
    return settings.index_dir / "parsed" / f"{sha256(f'{code} {held.sha256} {held.format} {_json(asdict(instrument))}')}.json"


def _parsed_before(path: Path) -> list[Provision] | None:
    """What an earlier build kept; None where there is nothing, or it was disturbed since."""
    try:
        digest, _, body = path.read_bytes().decode("utf-8").partition("\n")
        return [_provision(row) for row in json.loads(body)] if digest == sha256(body) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _provision(row: dict[str, Any]) -> Provision:
    portions = tuple(Portion(p["id"], tuple(p["numbers"]), p["start"], p["end"]) for p in row["portions"])
    spans = tuple(Span(**span) for span in row["spans"])
    lists = {name: tuple(row[name]) for name in ("numbers", "context")}
    return Provision(**{**row, **lists, "portions": portions, "spans": spans, "offsets": tuple(map(tuple, row["offsets"]))})


def parsers_digest() -> str:
    """What decides how a snapshot's bytes are read."""
    return code_digest("ingest/parse", "kb/model.py", "kb/citation.py")


def code_digest(*names: str) -> str:
    """SHA-256 over the program's own files of these names, folders included."""
    digest = hashlib.sha256()
    for path in sorted(p for name in names for p in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _parse(
    snapshots: list[tuple[Snapshot, dict[str, Any]]], entries: dict[str, Instrument], settings: Settings, step: Step, report: Report
) -> Iterator[Wording]:
    code = parsers_digest()
    tasks = [(held, raw.described(held.instrument, row, entries)) for held, row in snapshots]
    paths = [_parsed_path(settings, code, *task) for task in tasks]
    for left in set((settings.index_dir / "parsed").glob("*")) - set(paths):
        left.unlink(missing_ok=True)
    fresh = [n for n, path in enumerate(paths) if not path.is_file()]
    found: dict[int, tuple[list[Provision], str | None]] = {}
    for n, result in zip(fresh, _parse_fresh([tasks[n] for n in fresh], code, settings), strict=True):
        found[n] = result
        step("reading the texts", len(tasks) - len(fresh) + len(found), len(tasks))
    for n, (held, instrument) in enumerate(tasks):
        provisions, reason = found[n] if n in found else parsed(settings, code, tasks[n])
        if reason:
            report.failed[held.path] = reason
        for position, provision in enumerate(provisions):
            yield Wording(provision, held, entries.get(provision.instrument, instrument), position)


def _parse_fresh(
    tasks: list[tuple[Snapshot, Instrument]], code: str, settings: Settings
) -> Iterator[tuple[list[Provision], str | None]]:
    """What `parsed` gives for each task, in order; in processes of their own where it is worth their start."""
    if sum(held.bytes for held, _ in tasks) <= _POOL_BYTES:
        yield from (parsed(settings, code, task) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(settings.threads, len(tasks)), mp_context=context, initializer=_end_with_build) as pool:
        yield from pool.map(functools.partial(parsed, settings, code), tasks)


def _end_with_build() -> None:
    """Let a worker end when the build is killed, since it would wait at its queue for ever."""
    sentinel = multiprocessing.parent_process().sentinel

    def watch() -> None:
        multiprocessing.connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# versions


def choose(wordings: Iterable[Wording]) -> dict[str, Wording]:
    """The current wording of each provision by its id.

    Newest `as_at` first, none last; then undamaged, official mark-up, Markdown, PDF. A provision that the newest copy covering its place
    no longer has is not current.
    """
    best: dict[str, Wording] = {}
    copies: dict[str, dict[str, Snapshot]] = {}
    for wording in wordings:
        copies.setdefault(wording.provision.instrument, {})[wording.snapshot.sha256] = wording.snapshot
        rival = best.get(wording.provision.id)
        if rival is None or rank(wording) > rank(rival):
            best[wording.provision.id] = wording
    return {id: wording for id, wording in best.items() if not _left_out(wording, copies[wording.provision.instrument].values())}


def rank(wording: Wording) -> tuple[str, bool, int]:
    """How good a version is; the greatest is current."""
    held = wording.snapshot
    return held.as_at or "", not held.damaged, {"md": 2, "txt": 2, "pdf": 1}.get(held.format, 3 if held.format in _OFFICIAL_MARKUP else 0)


def _left_out(wording: Wording, copies: Iterable[Snapshot]) -> bool:
    """Whether a newer copy covers the place of this provision and does not have it.

    What a damaged copy lacks was not repealed by it, nor the recitals that a consolidation never prints.
    """
    own = wording.snapshot
    if wording.provision.numbers[:1] == ("preamble",):
        return False
    return any(
        (copy.as_at or "") > (own.as_at or "") and not copy.damaged and covers(copy.covers, wording.provision) for copy in copies if copy is not own
    )


def covers(part: str | None, provision: Provision) -> bool:
    """Whether the part of an act named in a manifest includes a provision: the whole act, a chapter by its number, named sections."""
    if part is None:
        return True
    if part == "excerpt":
        return False
    chapter = re.fullmatch(r"ch\. (\w+)", part)
    if chapter:
        return any(re.match(rf"chapter {chapter[1]}\b", heading, re.IGNORECASE) for heading in provision.context)
    number = provision.numbers[0] if provision.numbers else ""
    in_part = re.fullmatch(r"part (\w+)", part)
    if in_part:
        return number.partition(".")[0] == in_part[1]
    for first, last in re.findall(r"([\w.]+)(?:-([\w.]+))?", part.lstrip("§ ")):
        if number == first or (last and _sort(first) <= _sort(number) <= _sort(last)):
            return True
    return False


def _sort(number: str) -> list[tuple[int, str]]:
    return [(int(digits or 0), letters) for digits, letters in re.findall(r"(\d*)([^\d.]*)\.?", number)]


# the record


_TABLES = """
create table instruments(id text primary key, data text);
create table snapshots(sha256 text, instrument text, data text, primary key(sha256, instrument));
create table versions(version integer primary key, id text, instrument text, numbers text, heading text, context text, text text, digest text,
  status text, portions text, spans text, offsets blob, language text, as_at text, retrieved_at text, damaged integer, damage text, snapshot text,
  format text, official_url text, current integer, position integer);
create index versions_id on versions(id);
create index versions_instrument on versions(instrument, current, position);
create table summaries(id text primary key, instrument text, data text, checked integer);
create index summaries_instrument on summaries(instrument);
create table vocabulary(name text primary key, data text);
create table words(word text primary key, count integer);
create table topics(name text primary key, data text);
create table surfaces(row integer primary key, kind text, unit text, instrument text, jurisdiction text, instrument_kind text, language text,
  as_at text, numbers text, start integer, end integer, version integer, summary text, passage_id text);
create table definitions(version integer, instrument text, provision text, numbers text, term text, start integer, end integer, scope text, within text);
create index definitions_instrument on definitions(instrument);
create index definitions_provision on definitions(provision);
create table edges(version integer, provision text, numbers text, kind text, start integer, end integer, target text, target_numbers text);
create index edges_version on edges(version);
create index edges_target on edges(target);
"""


def _write_record(
    record: sqlite3.Connection,
    entries: dict[str, Instrument],
    wordings: list[Wording],
    chosen: dict[str, Wording],
    summaries: list[Summary],
    snapshots: list[Snapshot],
) -> None:
    record.executescript("pragma journal_mode=off; pragma synchronous=off;" + _TABLES)
    described = {**entries, **{w.instrument.id: w.instrument for w in wordings if w.instrument.id == w.provision.instrument}}
    for wording in wordings:
        described.setdefault(wording.provision.instrument, wording.instrument)
    held: dict[str, int] = {}
    for wording in chosen.values():
        held[wording.provision.instrument] = held.get(wording.provision.instrument, 0) + 1
    summarised: dict[str, int] = {}
    for summary in summaries:
        summarised[summary.instrument] = summarised.get(summary.instrument, 0) + 1
    record.executemany(
        "insert into instruments values (?, ?)",
        [
            (id, _json({**asdict(entry), "id": id, "held": held.get(id, 0), "summaries": summarised.get(id, 0)}))
            for id, entry in sorted(described.items())
        ],
    )
    record.executemany("insert or replace into snapshots values (?, ?, ?)", [(s.sha256, s.instrument, _json(asdict(s))) for s in snapshots])
    record.executemany(
        f"insert into versions values ({', '.join('?' * 22)})",
        [_version_row(number, wording, chosen) for number, wording in enumerate(wordings)],
    )
    known = {sha256(wording.provision.text) for wording in wordings}
    record.executemany(
        "insert into summaries values (?, ?, ?, ?)",
        [(s.id, s.instrument, _json(asdict(s)), _checked(s, held, known)) for s in summaries],
    )
    record.commit()


def _checked(summary: Summary, held: dict[str, int], known: set[str]) -> bool:
    """Whether a summary was checked against the wording held, or against the official one where none is held here."""
    return bool(summary.checked_against) and (summary.checked_against in known or not held.get(summary.instrument))


def _version_row(number: int, wording: Wording, chosen: dict[str, Wording]) -> tuple[Any, ...]:
    provision, held = wording.provision, wording.snapshot
    return (
        number, provision.id, provision.instrument, _json(provision.numbers), provision.heading, _json(provision.context), provision.text,
        sha256(provision.text), provision.status, _json([[p.id, p.numbers, p.start, p.end] for p in provision.portions]),
        _json([[s.kind, s.start, s.end, s.text] for s in provision.spans]), np.array(provision.offsets, dtype="<i8").tobytes(), held.language,
        held.as_at, held.retrieved_at, int(held.damaged), held.notes if held.damaged else None, held.sha256, held.format,
        held.official_url or wording.instrument.official_url, int(chosen.get(provision.id) is wording), wording.position,
    )  # fmt: skip


def sha256(text: str) -> str:
    """SHA-256 of a text's UTF-8, lower-case hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# the indexes


def _rows(
    chosen: dict[str, Wording],
    wordings: list[Wording],
    entries: dict[str, Instrument],
    summaries: list[Summary],
    embedder: Embedder,
    settings: Settings,
    step: Step,
    report: Report,
) -> list[Row]:
    number_of = {id(wording): number for number, wording in enumerate(wordings)}
    cuts, rows = Cuts(), []
    for done, wording in enumerate(chosen.values(), start=1):
        if done % 50 == 0 or done == len(chosen):
            step("cutting passages", done, len(chosen))
        provision, held = wording.provision, wording.snapshot
        instrument = entries.get(provision.instrument, wording.instrument)
        try:
            made = passages(provision, instrument.short_title or instrument.title, embedder.count, settings, cuts)
        except ParseError as exc:
            report.failed[f"{held.path} {provision.id}"] = str(exc)
            continue
        for passage, text in made:
            numbers = narrowest(provision, passage)
            version = number_of[id(wording)]
            rows.append(
                Row("passage", provision.id, instrument, numbers, passage.start, passage.end, passage.id, text, held.language, held.as_at, version)
            )
    report.cuts = dict(cuts.counts)
    units = {(w.provision.instrument, w.provision.numbers): w.provision.id for w in chosen.values()}
    for summary in summaries:
        rows.extend(_summary_rows(summary, entries, units, embedder, settings))
    for instrument, numbers, asked in catalogue.questions(settings.corpus / "questions"):
        rows.extend(_question_rows(instrument, numbers, asked, entries, units))
    return rows


def _question_rows(
    instrument: str, numbers: tuple[str, ...], asked: list[str], entries: dict[str, Instrument], units: dict[tuple[str, tuple[str, ...]], str]
) -> Iterator[Row]:
    """Rows for the questions that a provision answers, where its text is held."""
    unit = _unit(instrument, numbers, units)
    if instrument not in entries or unit is None:
        return
    for ordinal, text in enumerate(asked, start=1):
        yield Row("question", unit, entries[instrument], numbers, 0, 0, f"{format_id(instrument, numbers)}?{ordinal}", text, _tongue(text), None)


def _unit(instrument: str, numbers: tuple[str, ...], units: dict[tuple[str, tuple[str, ...]], str]) -> str | None:
    """Id of the held provision that a number path lies in."""
    paths = ((instrument, numbers[:length]) for length in range(len(numbers), -1, -1))
    return next((units[path] for path in paths if path in units), None)


def _tongue(text: str) -> str:
    return "es" if re.search(r"[¿¡]", text) else "en"


def narrowest(provision: Provision, passage: Passage) -> tuple[str, ...]:
    """Numbers of the narrowest portion that contains a passage, or of the provision."""
    around = [p for p in provision.portions if p.start <= passage.start and passage.end <= p.end]
    return max(around, key=lambda p: (len(p.numbers), -(p.end - p.start))).numbers if around else provision.numbers


def _summary_rows(
    summary: Summary, entries: dict[str, Instrument], units: dict[tuple[str, tuple[str, ...]], str], embedder: Embedder, settings: Settings
) -> Iterator[Row]:
    instrument = entries.get(summary.instrument)
    if instrument is None:
        raise KBError(f"{summary.id}: {summary.instrument} is not in corpus/catalogue")
    unit = _unit(summary.instrument, summary.numbers, units) or format_id(summary.instrument, summary.numbers[:1])
    whole = f"{instrument.short_title} > {summary.heading}\n{summary.summary}"
    if embedder.count([whole])[0] > settings.max_tokens:
        whole = summary.summary
    texts = [("summary", whole), *(("question", question) for question in summary.questions)]
    longest = max(embedder.count([text for _, text in texts]))
    if longest > settings.max_tokens:
        raise KBError(f"{summary.id}: a summary or question of {longest} tokens where the model reads {settings.max_tokens}; shorten it")
    for ordinal, (kind, text) in enumerate(texts):
        name = summary.id if kind == "summary" else f"{summary.id}.{ordinal}"
        yield Row(kind, unit, instrument, summary.numbers, 0, len(summary.summary), name, text, _tongue(text), summary.as_at, None, summary.id)


def _write_surfaces(record: sqlite3.Connection, rows: list[Row]) -> None:
    record.executemany(
        f"insert into surfaces values ({', '.join('?' * 14)})",
        [
            (number, row.kind, row.unit, row.instrument.id, row.instrument.jurisdiction, row.instrument.kind, row.language, row.as_at,
             _json(row.numbers), row.start, row.end, row.version, row.summary, row.id)
            for number, row in enumerate(rows)
        ],
    )  # fmt: skip
    record.commit()


def _write_words(record: sqlite3.Connection, rows: list[Row]) -> None:
    """The words that our English texts use, for mending the slips of a question."""
    record.executemany("insert into words values (?, ?)", count_words(row.text for row in rows if row.language == "en").items())


def _write_relations(record: sqlite3.Connection, wordings: list[Wording], chosen: dict[str, Wording], step: Step) -> dict[str, int]:
    """What each wording defines and refers to, written beside it; how many there are of each."""
    entries = {id: json.loads(data) for id, data in record.execute("select id, data from instruments")}
    places = Places.of((wording.provision for wording in chosen.values()), Names(entries))
    defined: list[tuple[Any, ...]] = []
    referred: list[tuple[Any, ...]] = []
    for number, provision in enumerate(wording.provision for wording in wordings):
        if number % 50 == 0 or number + 1 == len(wordings):
            step("relating provisions", number + 1, len(wordings))
        for d in definitions(provision):
            defined.append((number, provision.instrument, d.provision_id, _json(d.numbers), d.term, d.start, d.end, d.scope, _json(d.within)))
        for e in edges(provision, places):
            referred.append((number, e.provision_id, _json(e.numbers), e.kind, e.start, e.end, e.target, _json(e.target_numbers)))
    record.executemany(f"insert into definitions values ({', '.join('?' * 9)})", defined)
    record.executemany(f"insert into edges values ({', '.join('?' * 8)})", referred)
    record.commit()
    return {"definitions": len(defined), "edges": len(referred), "edges_resolved": sum(row[6] is not None for row in referred)}


def _documents(rows: list[Row]) -> Iterator[list[str]]:
    return (terms(row.text, row.language) for row in rows)


def _embed(rows: list[Row], embedder: Embedder, settings: Settings, folder: Path, step: Step) -> tuple[np.ndarray, int]:
    """Vectors of all rows; how many were made anew. What the model says of a text is taken from earlier generations of the same model where they hold it."""
    digests = [sha256(row.text) for row in rows]
    known = _known(settings, embedder.name)
    fresh = list(dict.fromkeys(digest for digest in digests if digest not in known))
    text_of = dict(zip(digests, (row.text for row in rows), strict=True))
    done = 0

    def told(count: int) -> None:
        nonlocal done
        done += count
        step("embedding passages", done, len(fresh))

    made = embedder.read([text_of[digest] for digest in fresh], tokens.signs, told)
    known.update(zip(fresh, zip(*made, strict=True), strict=True))
    vectors = np.array([known[digest][0] for digest in digests], dtype=np.float32).reshape(len(rows), embedder.dimensions)
    np.save(folder / "vectors.npy", vectors)
    tokens.save(folder, (known[digest][1] for digest in digests))
    (folder / "vectors.txt").write_text("".join(digest + "\n" for digest in digests), "utf-8")
    return vectors, len(fresh)


_READ = ("vectors.npy", "vectors.txt", tokens.BITS, tokens.OFFSETS)


def _known(settings: Settings, model: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Vector and signs of each text that the sealed generations hold, by the text's digest."""
    known: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for folder in sorted((settings.index_dir / "generations").glob("[!.]*")):
        try:
            manifest = _read_json(folder / "manifest.json")
            if manifest.get("model") == model and all(hashlib.sha256((folder / file).read_bytes()).hexdigest() == manifest["files"][file] for file in _READ):
                index = tokens.TokenIndex(folder)
                digests = (folder / "vectors.txt").read_text("utf-8").split()
                known.update(zip(digests, zip(np.load(folder / "vectors.npy"), map(index.of, range(index.size)), strict=True), strict=True))
        except (OSError, ValueError, KeyError, StoreError):
            continue  # a damaged generation is no source of vectors
    return known


# sealing and publishing


def _manifest(
    settings: Settings,
    embedder: Embedder,
    inputs: str,
    report: Report,
    wordings: list[Wording],
    rows: list[Row],
    entries: dict[str, Instrument],
    related: dict[str, int],
    folder: Path,
) -> dict[str, Any]:
    described = set(entries) | {w.provision.instrument for w in wordings}
    return {
        "contract": CONTRACT,
        "schema": SCHEMA,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": embedder.name,
        "tokenizer": hashlib.sha256((embedder.folder / "tokenizer.json").read_bytes()).hexdigest(),
        "inputs": inputs,
        "settings": {"max_tokens": settings.max_tokens, "passage_tokens": settings.passage_tokens},
        "counts": {
            "instruments": len(described), "held_instruments": report.instruments, "versions": len(wordings), "provisions": report.provisions,
            "surfaces": len(rows), "passages": sum(row.kind == "passage" for row in rows), **related,
        },
        "ids": sha256("\n".join(row.id for row in rows)),
        "cuts": report.cuts,
        "failed": report.failed,
        "files": file_digests(folder),
        "sizes": file_sizes(folder),
    }  # fmt: skip


def _publish(settings: Settings, folder: Path, manifest: dict[str, Any], failpoint: Callable[[str], None]) -> str:
    """Seal a built folder under its name and swap CURRENT to it; the published generation's name."""
    index = settings.index_dir
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    name = f"{stamp}-{manifest['ids'][:8]}{secrets.token_hex(2)}"
    manifest = {"generation": name, **manifest}
    (folder / "manifest.json").write_text(_json({**manifest, "seal": seal(manifest)}), "utf-8")
    for path in folder.rglob("*"):
        _fsync(path)
    failpoint("sealed")
    sealed = index / "generations" / name
    os.rename(folder, sealed)
    _fsync(sealed.parent)
    problem = gate(sealed, settings)
    if problem:
        shutil.rmtree(sealed, ignore_errors=True)
        raise StoreError(f"the new generation did not verify and was not published: {problem}")
    failpoint("verified")
    before = [other for other in published(index) if other != name]
    _swap(index, [name, *before][: settings.keep_generations])
    failpoint("published")
    _sweep(index)
    return name


def _swap(index: Path, names: list[str]) -> None:
    """Publish the first of these generations in one step; the others stay for rollback."""
    partial = index / "CURRENT.part"
    partial.write_text("\n".join(names) + "\n", "utf-8")
    _fsync(partial)
    os.replace(partial, index / "CURRENT")
    _fsync(index)


def rollback(settings: Settings) -> str:
    """Publish the generation before the current one again; its name.

    Raises: StoreError where there is none, it does not verify, or a build is running.
    """
    index = settings.index_dir
    if not index.is_dir():
        raise StoreError("there is no earlier generation to go back to")
    try:
        with FileLock(index / "build.lock", timeout=0.5):
            names = published(index)
            if len(names) < 2:
                raise StoreError("there is no earlier generation to go back to")
            problem = gate(index / "generations" / names[1], settings)
            if problem:
                raise StoreError(f"the earlier generation cannot be used: {problem}")
            _swap(index, [names[1], names[0]])
            return names[1]
    except Timeout as exc:
        raise StoreError(f"a build is running in {index}; wait for it to end") from exc
    except OSError as exc:
        raise _unwritten(index, exc.strerror or str(exc)) from exc


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
