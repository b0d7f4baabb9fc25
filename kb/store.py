"""Opens a generation: the record of provisions and both indexes over it, checked to belong together before anything is read.

A generation is a folder in <index>/generations; the file <index>/CURRENT names the published one and the one before it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kb import container
from kb.adapter import BUNDLED, Adapter, load_adapter
from kb.citation import Names, format_id, in_line, within
from kb.config import Settings
from kb.dense import DenseIndex
from kb.embed import Embedder
from kb.errors import StoreError
from kb.lexical import LexicalIndex
from kb.model import Definition, Edge, Portion, Provision, Span
from kb.spelling import Speller
from kb.tokens import BITS, TokenIndex
from kb.vocabulary import Vocabulary

SCHEMA = 1
BUILD = "run: python -m ingest build"
_RELATIONS = ("definitions", "edges")  # what travels with a hit; generations that were built before do without
_CANARIES = 8
_VERIFY_TIMEOUT_S = 120
_NAME = re.compile(r"\w[\w-]*")


@dataclass(frozen=True, slots=True)
class Version:
    """One wording of a provision and where it comes from. `digest` is the SHA-256 of the text's UTF-8, lower-case hex."""

    row: int
    provision: Provision
    digest: str
    language: str
    as_at: str | None
    retrieved_at: str | None
    damaged: bool
    damage: str | None
    snapshot: str
    format: str
    official_url: str | None
    current: bool


@dataclass(frozen=True, slots=True)
class Surface:
    """One row of the indexes: a passage of a provision, our summary of one, or a question that one answers."""

    row: int
    kind: str  # passage | summary | question
    instrument: str
    unit: str  # id of the provision, held or only summarised
    numbers: tuple[str, ...]  # narrowest portion around it
    start: int
    end: int
    version: int | None
    summary: str | None
    passage_id: str


class Unread(Sequence[Any]):
    """A tuple that is made when it is first looked at: most readers of a provision want its text alone, and its parts can be thousands."""

    __slots__ = ("_make", "_made")

    def __init__(self, make: Callable[[], tuple[Any, ...]]):
        self._make: Callable[[], tuple[Any, ...]] | None = make

    def _parts(self) -> tuple[Any, ...]:
        if self._make is not None:
            self._made, self._make = self._make(), None
        return self._made

    def __getitem__(self, place: Any) -> Any:
        return self._parts()[place]

    def __len__(self) -> int:
        return len(self._parts())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts())

    def __eq__(self, other: object) -> bool:
        return self._parts() == (other._parts() if isinstance(other, Unread) else other)

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        return repr(self._parts())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._parts(),)  # copied and pickled as what it is


def published(index: Path) -> list[str]:
    """Names of the published generation and of the one before it, newest first; empty where nothing was built.

    Where CURRENT was lost or emptied, all sealed generations that are there.
    """
    try:
        words = (index / "CURRENT").read_text("utf-8", errors="replace").split()
    except OSError:
        words = []
    names = [name for name in words if _NAME.fullmatch(name)]
    return names or sorted((path.parent.name for path in index.glob("generations/[0-9]*/manifest.json")), reverse=True)


def file_sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file below, by relative path, the manifest left out."""
    return {p.relative_to(folder).as_posix(): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "manifest.json"}


def file_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below, by relative path, the manifest left out."""
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "manifest.json":
            with path.open("rb") as file:
                digests[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def seal(manifest: dict[str, Any]) -> str:
    """SHA-256 over a manifest, its own seal left out."""
    kept = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode("utf-8")).hexdigest()


def read_generation(folder: Path) -> dict[str, Any]:
    """A generation's manifest.

    Raises: StoreError where there is none, it is of another schema or was changed since it was sealed.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        schema, whole = manifest.get("schema"), manifest.get("seal") == seal(manifest)
    except (OSError, ValueError, AttributeError, RecursionError) as exc:
        raise StoreError(f"generation {folder.name} has no readable manifest; {BUILD}") from exc
    if schema != SCHEMA:
        raise StoreError(f"generation {folder.name} is of schema {schema}, this program reads {SCHEMA}; {BUILD}")
    if not whole:
        raise StoreError(f"generation {folder.name}: its manifest is not as it was sealed; {BUILD}")
    return manifest


def verify(folder: Path, settings: Settings) -> None:
    """Nothing, if the generation is whole: files as sealed, counts that agree, and vectors that find themselves.

    Runs Chroma, which may kill the process on a damaged index: call it through `gate`.
    Raises: StoreError saying what is wrong.
    """
    manifest = read_generation(folder)
    for name, size in manifest["sizes"].items():  # first, since a damaged graph may have grown to a sparse terabyte
        if not (folder / name).is_file() or (folder / name).stat().st_size != size:
            raise StoreError(f"generation {folder.name}: {name} is not as it was sealed; {BUILD}")
    found = file_digests(folder)
    if found != manifest["files"]:
        wrong = min(set(found.items()) ^ set(manifest["files"].items()))[0]
        raise StoreError(f"generation {folder.name}: {wrong} is not as it was sealed; {BUILD}")
    with _connect(folder / "record.sqlite") as record:
        for table in ("versions", "surfaces", "instruments", *(name for name in _RELATIONS if name in manifest["counts"])):
            count = record.execute(f"select count(*) from {table}").fetchone()[0]
            if count != manifest["counts"][table]:
                raise StoreError(f"generation {folder.name}: {count} {table} where {manifest['counts'][table]} were sealed; {BUILD}")
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    lexical = LexicalIndex.load(folder / "bm25")
    sizes = {len(vectors), lexical.size, *(TokenIndex(folder).size for name in manifest["files"] if name == BITS)}
    if sizes != {manifest["counts"]["surfaces"]}:
        raise StoreError(f"generation {folder.name}: its indexes do not hold the same rows; {BUILD}")
    dense = DenseIndex(vectors, folder / "chroma", exact_below=0)
    try:
        for row in np.linspace(0, len(vectors) - 1, _CANARIES).astype(int) if len(vectors) else ():
            nearest, cosines = dense.nearest(np.asarray(vectors[row]), 5)
            if row not in nearest and (not len(cosines) or cosines[-1] < 0.999):
                raise StoreError(f"generation {folder.name}: row {row} does not find itself; {BUILD}")
    finally:
        dense.close()


def gate(folder: Path, settings: Settings) -> str | None:
    """None if the generation opens in a process of its own and verifies there, else what is wrong in one line.

    A generation whose files have not changed since it last passed is not checked again.
    """
    stamp = {p.relative_to(folder).as_posix(): [p.stat().st_size, p.stat().st_mtime_ns] for p in sorted(folder.rglob("*")) if p.is_file()}
    passed = settings.index_dir / "verified.json"
    known = _remembered(passed)
    if stamp and known.get(folder.name) == stamp:
        return None
    command = [sys.executable, "-m", "kb.store", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=_VERIFY_TIMEOUT_S, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return f"generation {folder.name} did not verify within {_VERIFY_TIMEOUT_S} s; {BUILD}"
    if child.returncode:
        told = (child.stderr.strip().splitlines() or [f"code {child.returncode}"])[-1]
        return told if told.startswith("generation ") else f"generation {folder.name} does not open ({told[:200]}); {BUILD}"
    _remember(passed, {name: value for name, value in known.items() if (folder.parent / name).is_dir()} | {folder.name: stamp})
    return None


def _remembered(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(path: Path, passed: dict[str, Any]) -> None:
    partial = path.with_name(f"verified.{os.getpid()}.part")
    try:
        partial.write_text(json.dumps(passed), "utf-8")
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)  # a read-only index is checked each time


def _connect(path: Path) -> sqlite3.Connection:
    if not path.is_file() or path.stat().st_size == 0:
        raise StoreError(f"{path.name} of generation {path.parent.name} is missing; {BUILD}")
    return sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)


class Store:
    """One opened generation, read-only; it stays the same while a newer one is published.

    `notice` is a line for the reader where the newest generation could not be used; `withheld` holds the ids of provisions whose stored
    text was found not to be the one that was sealed.
    """

    def __init__(self, folder: Path, settings: Settings, notice: str = ""):
        self.folder = folder
        self.settings = settings
        self.notice = notice
        self.withheld: set[str] = set()
        self.manifest = read_generation(folder)
        self._record = _connect(folder / "record.sqlite")
        self._lock = threading.Lock()
        self.vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self.lexical = LexicalIndex.load(folder / "bm25")
        self.tokens = TokenIndex(folder) if BITS in self.manifest["files"] else None  # a generation built before they were kept does without
        self.dense = DenseIndex(self.vectors, folder / "chroma", settings.exact_below)
        backend = self.manifest["model"].rpartition("/")[2]
        self.embedder = Embedder(settings, backend)
        if self.embedder.name != self.manifest["model"]:
            raise StoreError(f"the knowledge base was built with {self.manifest['model']}, the model set is {self.embedder.name}; {BUILD}")

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """The published generation, or the one before it where that is damaged.

        Raises: StoreError where there is none that can be used.
        """
        names = published(settings.index_dir)
        if not names:
            raise StoreError(f"there is no knowledge base in {settings.index_dir} yet; {BUILD}")
        problems: list[str] = []
        for name in names:
            folder = settings.index_dir / "generations" / name
            problem = gate(folder, settings)
            if problem is None:
                notice = f"The newest knowledge base cannot be used ({problems[0]}). You are reading the one before it." if problems else ""
                return cls(folder, settings, notice)
            problems.append(problem)
        raise StoreError(problems[0])

    def close(self) -> None:
        """Let go of the files."""
        self.dense.close()
        self._record.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._record.execute(sql, values).fetchall()

    @cached_property
    def instruments(self) -> dict[str, dict[str, Any]]:
        """Every instrument of the catalogue and of the snapshots by id, with `held`: the number of its provisions in force here."""
        return {id: json.loads(data) for id, data in self._rows("select id, data from instruments order by id")}

    @cached_property
    def jurisdictions(self) -> frozenset[str]:
        """Codes of the jurisdictions of which an instrument or a summary is held."""
        return frozenset(entry["jurisdiction"] for entry in self.instruments.values() if entry["held"] or entry["summaries"])

    def speaks_of(self, code: str) -> bool:
        """Whether anything is held of a place, or of one within it."""
        return any(within(known, code) for known in self.jurisdictions)

    @cached_property
    def surfaces(self) -> list[Surface]:
        """Every row of the indexes, in order."""
        rows = self._rows("select row, kind, instrument, unit, numbers, start, end, version, summary, passage_id from surfaces order by row")
        return [Surface(r[0], r[1], r[2], r[3], tuple(json.loads(r[4])), *r[5:]) for r in rows]

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """What filters look at, an entry a row: instrument, jurisdiction, kind (of the instrument), language, as_at, surface, unit.

        Shape: (rows,) each; strings as objects, `unit` as numbers into `units`.
        """
        rows = self._rows("select instrument, jurisdiction, instrument_kind, language, as_at, kind, unit from surfaces order by row")
        names = ("instrument", "jurisdiction", "kind", "language", "as_at", "surface")
        columns = {name: np.array([row[i] or "" for row in rows], dtype=object) for i, name in enumerate(names)}
        columns["unit"] = np.array([self.unit_number[row[6]] for row in rows], dtype=np.int64)
        return columns

    @cached_property
    def holds_text(self) -> bool:
        """Whether any official text is held, rather than our summaries alone."""
        return bool((self.columns["surface"] == "passage").any())

    @cached_property
    def units(self) -> list[str]:
        """Ids of the provisions that the rows belong to."""
        return [unit for (unit,) in self._rows("select unit from surfaces group by unit order by min(row)")]

    @cached_property
    def unit_number(self) -> dict[str, int]:
        return {unit: number for number, unit in enumerate(self.units)}

    @cached_property
    def by_unit(self) -> dict[str, list[Surface]]:
        """The surfaces of each provision, in order."""
        table: dict[str, list[Surface]] = {}
        for surface in self.surfaces:
            table.setdefault(surface.unit, []).append(surface)
        return table

    @cached_property
    def names(self) -> Names:
        """What the instruments are called."""
        return Names(self.instruments)

    @cached_property
    def adapter(self) -> Adapter | None:
        """What adapts the vector of a question.

        None where the settings do without, another model than the bundled one embedded the texts, or the texts come without any of our questions: the
        adapter was learned for the law that those speak of.
        """
        counts = self.manifest["counts"]
        if self.settings.adapter == "off" or self.settings.model != Settings().model or counts["surfaces"] == counts["passages"]:
            return None
        return load_adapter(BUNDLED, self.embedder.dimensions)

    @cached_property
    def speller(self) -> Speller:
        """Mends the slips of a question by the words of this generation's texts; a generation without them mends nothing."""
        if not self._rows("select 1 from sqlite_master where name = 'words'"):
            return Speller({})
        return Speller(dict(self._rows("select word, count from words")))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What people say and what the law says."""
        return Vocabulary({name: json.loads(data) for name, data in self._rows("select name, data from vocabulary")})

    @cached_property
    def topics(self) -> dict[str, Any]:
        """The tables on topics: `topics` by id, `alignment`, `ratifications`; none of them in a generation that was built without."""
        if not self._rows("select 1 from sqlite_master where type = 'table' and name = 'topics'"):
            return {}
        return {name: json.loads(data) for name, data in self._rows("select name, data from topics")}

    @cached_property
    def by_topic(self) -> dict[str, list[dict[str, Any]]]:
        """Our summaries of each topic, in the order of their files."""
        table: dict[str, list[dict[str, Any]]] = {}
        for data, checked in self._rows("select data, checked from summaries order by rowid"):
            summary = {**json.loads(data), "checked": bool(checked)}
            for topic in summary["topics"]:
                table.setdefault(topic, []).append(summary)
        return table

    def provision(self, id: str, as_at: str | None = None) -> Version | None:
        """The current wording of a provision, or with `as_at` the newest whose date is not later; None where we hold none."""
        row = self.in_force(id, as_at)
        return None if row is None else self.version(row)

    @lru_cache(maxsize=16384)  # noqa: B019 - a store lives as long as its process or session
    def in_force(self, id: str, as_at: str | None = None) -> int | None:
        """The row of that wording in the record."""
        if as_at is None:
            rows = self._rows("select version from versions where id = ? and current = 1", (id,))
        else:
            sql = "select version from versions where id = ? and as_at <= ? order by as_at desc, current desc, version limit 1"
            rows = self._rows(sql, (id, as_at))
        return rows[0][0] if rows else None

    def version(self, row: int) -> Version:
        """The wording stored in this row of the record.

        Raises: StoreError where its text is not what was sealed.
        """
        return self._version(self._rows(f"select {_VERSION} from versions where version = ?", (row,))[0])

    def versions(self, id: str) -> list[Version]:
        """Every wording held of a provision, the current one first, then by date, newest first."""
        sql = f"select {_VERSION} from versions where id = ? order by current desc, as_at desc, version"
        return [self._version(row) for row in self._rows(sql, (id,))]

    def _version(self, row: tuple[Any, ...]) -> Version:
        number, id, instrument, numbers, heading, context, text, digest, status, portions, spans, offsets, *rest = row
        if hashlib.sha256(text.encode("utf-8")).hexdigest() != digest:
            self.withheld.add(id)
            raise StoreError(f"{id}: the stored text is not the one that was sealed, so it is not shown; {BUILD}")
        provision = Provision(
            id, instrument, tuple(json.loads(numbers)), heading, tuple(json.loads(context)), text,
            Unread(lambda: tuple(Portion(p[0], tuple(p[1]), p[2], p[3]) for p in json.loads(portions))),
            Unread(lambda: tuple(Span(*span) for span in json.loads(spans))),
            Unread(lambda: tuple(tuple(segment) for segment in np.frombuffer(offsets, dtype="<i8").reshape(-1, 3).tolist())),
            status,
        )  # fmt: skip
        language, as_at, retrieved_at, damaged, damage, snapshot, format, official_url, current = rest
        return Version(
            number, provision, digest, language, as_at, retrieved_at, bool(damaged), damage, snapshot, format, official_url, bool(current)
        )

    def contents(self, instrument: str) -> list[tuple[str, tuple[str, ...], str, tuple[str, ...], str]]:
        """An instrument's table of contents: id, numbers, heading, context and status of each current provision, in order."""
        sql = "select id, numbers, heading, context, status from versions where instrument = ? and current = 1 order by position"
        return [(id, tuple(json.loads(n)), heading, tuple(json.loads(c)), status) for id, n, heading, c, status in self._rows(sql, (instrument,))]

    def holdings(self) -> dict[str, dict[str, Any]]:
        """What is held of each instrument with text: its provisions in force, first and last date, what is damaged, when last copied."""
        sql = (
            "select instrument, count(*), min(as_at), max(as_at), sum(damaged), group_concat(distinct damage), max(retrieved_at) from versions where current = 1 "
            "group by instrument order by instrument"
        )
        names = ("provisions", "first_as_at", "last_as_at", "damaged", "damage", "retrieved")
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in self._rows(sql)}

    def summary(self, id: str) -> dict[str, Any] | None:
        """One summary, with all the fields of its file; `checked` says whether it was checked against the wording held."""
        rows = self._rows("select data, checked from summaries where id = ?", (id,))
        return {**json.loads(rows[0][0]), "checked": bool(rows[0][1])} if rows else None

    def summaries(self, instrument: str, numbers: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The summaries of an instrument, or of the provision or portions below a number path, narrowest last."""
        rows = self._rows("select data, checked from summaries where instrument = ? order by rowid", (instrument,))
        found = [{**json.loads(data), "checked": bool(checked)} for data, checked in rows]
        return [entry for entry in found if in_line(entry["numbers"], numbers)]

    @lru_cache(maxsize=4096)  # noqa: B019 - a store lives as long as its process or session
    def resolve(self, instrument: str, numbers: tuple[str, ...], as_at: str | None = None) -> tuple[str, Portion | None] | None:
        """The provision that holds a number path, and the portion where the path goes below it; None where there is none."""
        for length in range(len(numbers), 0, -1):
            version = self.provision(format_id(instrument, numbers[:length]), as_at)
            if version is None:
                continue
            if length == len(numbers):
                return version.provision.id, None
            portion = next((p for p in version.provision.portions if p.numbers == numbers), None)
            unparted = container.outside_body(numbers[0]) and not version.provision.portions  # its paragraphs were not told apart: all of it
            return (version.provision.id, portion) if portion or unparted else None
        lettered = re.fullmatch(r"(\d+)([A-Z])", numbers[0]) if numbers else None  # article 1A(2) is printed as article 1, A, (2)
        if lettered:
            return self.resolve(instrument, (*lettered.groups(), *numbers[1:]), as_at)
        return self._in_annex(instrument, numbers, as_at) if numbers and container.key(numbers[0]) else None

    def _in_annex(self, instrument: str, numbers: tuple[str, ...], as_at: str | None) -> tuple[str, Portion | None] | None:
        """As `resolve` for an annex or schedule, however its name and the parts within it are printed; for the annex itself its first unit."""
        inside = [(id, printed) for id, printed, _, _, _ in self.contents(instrument) if printed and container.key(printed[0]) == container.key(numbers[0])]
        if inside and all(printed[0] != numbers[0] for _, printed in inside):
            return self.resolve(instrument, (inside[0][1][0], *numbers[1:]), as_at)
        below = [id for id, printed in inside if printed[: len(numbers)] == numbers]
        if not below and len(numbers) == 2:  # paragraphs are often numbered through all parts of a schedule
            through = [id for id, printed in inside if printed[-1] == numbers[1] and len(printed) > 2]
            below = through if len(through) == 1 else []
        version = self.provision(below[0], as_at) if below else None
        return (version.provision.id, None) if version else None

    @cached_property
    def _related_tables(self) -> bool:
        return "edges" in self.manifest["counts"]

    @lru_cache(maxsize=256)  # noqa: B019 - a store lives as long as its process or session
    def definitions(self, instrument: str) -> tuple[tuple[int, Definition], ...]:
        """(version, definition) of every term that an instrument defines, in order; none in a generation built before they were kept."""
        if not self._related_tables:
            return ()
        sql = "select version, provision, numbers, term, start, end, scope, within from definitions where instrument = ? order by rowid"
        rows = self._rows(sql, (instrument,))
        return tuple((v, Definition(p, tuple(json.loads(n)), term, s, e, scope, tuple(json.loads(w)))) for v, p, n, term, s, e, scope, w in rows)

    @lru_cache(maxsize=4096)  # noqa: B019 - a store lives as long as its process or session
    def edges_from(self, version: int) -> tuple[Edge, ...]:
        """What one wording refers to, in order."""
        return tuple(edge for _, edge in self._edges("version", version))

    def edges_to(self, id: str) -> list[tuple[int, Edge]]:
        """(version, edge) of every reference that leads to a provision or a portion of it, wordings no longer current among them."""
        return self._edges("target", id)

    def _edges(self, column: str, value: int | str) -> list[tuple[int, Edge]]:
        if not self._related_tables:
            return []
        sql = f"select version, provision, numbers, kind, start, end, target, target_numbers from edges where {column} = ? order by rowid"
        rows = self._rows(sql, (value,))
        return [(v, Edge(p, tuple(json.loads(n)), kind, s, e, target, tuple(json.loads(t)))) for v, p, n, kind, s, e, target, t in rows]

    def held_numbers(self, instrument: str) -> list[tuple[str, ...]]:
        """Numbers of every current provision of an instrument, in order."""
        return [numbers for _, numbers, _, _, _ in self.contents(instrument)]


_VERSION = (
    "version, id, instrument, numbers, heading, context, text, digest, status, portions, spans, offsets, "
    "language, as_at, retrieved_at, damaged, damage, snapshot, format, official_url, current"
)


def main(arguments: Iterable[str]) -> int:
    """Verify one generation in this process: exit code 0, or 1 with a line on stderr. Used by `gate`."""
    from kb.config import settings

    (folder,) = arguments
    environment = {k: v for k, v in os.environ.items() if k in ("KB_CORPUS", "KB_INDEX")}
    try:
        verify(Path(folder), settings(environment))
    except (StoreError, OSError, sqlite3.Error, ValueError) as exc:
        print(str(exc).replace("\n", " "), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
