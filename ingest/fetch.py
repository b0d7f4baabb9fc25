"""Sources of the catalogue -> snapshots in corpus/raw, and what changed in them, provision by provision."""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from ingest import raw
from ingest.client import Client, Lookup, Reply, Rules, Validators, addresses_of
from ingest.examine import Difference, check_kind, compare, decoded, same, stated_date, suspicion, unpacked
from ingest.parse import PARSERS
from kb.config import Settings
from kb.errors import ConfigError, FetchError, KBError, ParseError, SourceError, StoreError
from kb.model import Instrument, Provision, Source

ASIDE = "aside"  # the folder in corpus/raw with copies that wait for a person's approval
_TRUSTED = timedelta(days=30)  # for how long a publisher's "not modified" is believed without looking at the bytes
_CLOCK = timedelta(days=1)
Step = Callable[[str, int, int], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Task:
    """One source to fetch, and the instrument that its text is kept under."""

    instrument: Instrument
    source: Source


@dataclass(frozen=True, slots=True)
class Change:
    """A copy that was taken, or is kept aside for `reason`: what differs from the copy of `since`, null where it is the first."""

    instrument: str
    format: str
    covers: str | None
    url: str
    as_at: str | None
    sha256: str
    bytes: int
    provisions: int
    since: str | None
    new: tuple[str, ...]
    amended: tuple[str, ...]
    gone: tuple[str, ...]
    reason: str = ""


@dataclass(slots=True)
class Report:
    """What a run did with each source: taken, current, kept aside for a person, or failed and why."""

    fetched: list[Change] = field(default_factory=list)
    current: list[dict[str, Any]] = field(default_factory=list)
    aside: list[Change] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def now() -> datetime:
    """The moment, aware, in UTC."""
    return datetime.now(UTC)


def rules_for(entries: Mapping[str, Instrument]) -> Rules:
    """The rules of a run: the hosts of the catalogue's own sources and no others."""
    return Rules(frozenset(filter(None, (urlsplit(source.fetch_url).hostname for entry in entries.values() for source in entry.sources))))


def plan(entries: Mapping[str, Instrument], ids: Sequence[str], core: bool) -> list[Task]:
    """The sources of the instruments named (or below a name), of the core set, or of all; each address once an instrument.

    An address that serves parts of one booklet to several instruments is fetched for the booklet alone, whose parser tells them apart.
    Raises: ConfigError for an id that is not in the catalogue, or has no source.
    """
    chosen: dict[str, Instrument] = {}
    for id in ids:
        below = {name: entry for name, entry in entries.items() if name == id or name.startswith(id.rstrip("/") + "/")}
        if not below:
            raise ConfigError(f"{id} is not in corpus/catalogue; python -m ingest status lists what is")
        chosen |= below
    if not ids:
        chosen = dict(entries)
    owners = {source.fetch_url: entry for entry in entries.values() for source in entry.sources if source.covers is None}
    tasks: dict[tuple[str, str], Task] = {}
    for entry in chosen.values():
        if core and not entry.core:
            continue
        for source in entry.sources:
            owner = owners.get(source.fetch_url, entry) if source.covers and source.format == "pdf" else entry
            source = next(own for own in owner.sources if own.fetch_url == source.fetch_url)
            tasks.setdefault((owner.id, source.fetch_url), Task(owner, source))
    if not tasks:
        raise ConfigError(f"the catalogue names no source of {', '.join(ids) or 'any instrument'}")
    return _spread(tasks.values())


def _spread(tasks: Iterable[Task]) -> list[Task]:
    """Tasks in turns by host, so that the pause of one host is the turn of another."""
    by_host: dict[str | None, list[Task]] = defaultdict(list)
    for task in tasks:
        by_host[urlsplit(task.source.fetch_url).hostname].append(task)
    return [task for task in chain.from_iterable(zip_longest(*by_host.values())) if task]


def fetch(settings: Settings, tasks: Sequence[Task], rules: Rules, step: Step, clock: Clock = now, lookup: Lookup = addresses_of) -> Report:
    """Bring corpus/raw up to date with the publishers; a source that fails is reported and the rest goes on.

    Raises: FetchError where no publisher could be reached; StoreError for a second run, or a folder that cannot be written.
    """
    with _alone(settings.raw_dir), Client(rules, lookup) as client:
        if not client.reachable(task.source.fetch_url for task in tasks):
            raise FetchError(_NO_NETWORK)
        report = Report()
        step("fetching the official texts", 0, len(tasks))
        with contextlib.closing(_replies(client, tasks, settings.raw_dir, clock)) as replies:
            for done, (task, reply) in enumerate(replies, start=1):
                try:
                    if isinstance(reply, KBError):
                        raise reply
                    _take(settings.raw_dir, task, reply, rules, clock, report)
                except KBError as exc:
                    report.failed.append({**_named(task), "reason": str(exc)})
                step("fetching the official texts", done, len(tasks))
        if not client.answered:
            raise FetchError(f"{_NO_NETWORK}; the first reason: {report.failed[0]['reason']}")
        return report


_NO_NETWORK = "no publisher can be reached; is there a network? nothing was changed (without one: python -m ingest import DIR)"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A lock on corpus/raw, and errors of the file system as errors of ours."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "fetch.lock", timeout=0.5):
            yield
    except Timeout as exc:
        raise StoreError(f"another fetch is running in {folder}; wait for it to end") from exc
    except OSError as exc:
        place = exc.filename or folder
        raise StoreError(f"cannot write to {place}: {exc.strerror or exc}; make room or make it writable, and fetch again") from exc


def _replies(client: Client, tasks: Sequence[Task], folder: Path, clock: Clock) -> Iterator[tuple[Task, Reply | KBError]]:
    """Each task with what came of it, in the order in which they end; a few are under way at a time."""
    rows = [row for _, row in raw.read_snapshots(folder)]
    waiting = iter([(task, _validators(folder, rows, task, clock)) for task in tasks])
    with ThreadPoolExecutor(client.rules.connections) as pool:
        running = {pool.submit(_ask, client, *pair): pair[0] for _, pair in zip(range(client.rules.connections * 2), waiting, strict=False)}
        try:
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
                    if pair := next(waiting, None):
                        running[pool.submit(_ask, client, *pair)] = pair[0]
        finally:
            if running:
                client.stop()
                pool.shutdown(cancel_futures=True)


def _ask(client: Client, task: Task, held: Validators) -> Reply | KBError:
    try:
        return client.get(task.source.fetch_url, held)
    except KBError as exc:
        return exc


def _validators(folder: Path, rows: Sequence[dict[str, Any]], task: Task, clock: Clock) -> Validators:
    """What to ask a publisher with: nothing where the copy we hold is old, damaged or gone, so that its bytes come again."""
    url = task.source.fetch_url
    own = [row for row in rows if row["instrument"] == task.instrument.id and row.get("fetch_url") == url]
    row = max(own, key=lambda row: row.get("retrieved_at") or "", default=None)
    if row is None or not timedelta(0) <= clock() - _retrieved(row) < _TRUSTED or not _intact(folder, row):
        return Validators()
    return Validators(row.get("etag"), row.get("last_modified"))


def _retrieved(row: dict[str, Any]) -> datetime:
    """When a copy was taken; the beginning of time where its row does not say."""
    try:
        moment = datetime.fromisoformat(row.get("retrieved_at") or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _intact(folder: Path, row: dict[str, Any]) -> bool:
    try:
        raw.read_bytes(folder, raw.snapshot(row))
    except SourceError:
        return False
    return True


# what to do with a reply


def _take(folder: Path, task: Task, reply: Reply, rules: Rules, clock: Clock, report: Report) -> None:
    """Keep a new wording, or put it aside where a person should look first.

    Raises: SourceError for an answer that is not the text.
    """
    _compare_clocks(reply, task, clock, report)
    if reply.content is None:
        report.current.append(_named(task))
        return
    url = task.source.fetch_url
    content = unpacked(decoded(reply.content, reply.encoding, rules.max_unpacked), url, rules.max_unpacked)
    digest = hashlib.sha256(content).hexdigest()
    held = [row for _, row in raw.read_snapshots(folder) if row["instrument"] == task.instrument.id and row["format"] == task.source.format]
    if any(row["sha256"] == digest and row.get("covers") == task.source.covers and _intact(folder, row) for row in held):
        _forget(folder, task)
        report.current.append(_named(task))
        return
    check_kind(content, task.source.format)
    provisions = _parsed(content, task.source.format, task.instrument)
    row = _row(task, reply, content, clock)
    before = _before(folder, task, row, held)
    if before and row["as_at"] == before[0].get("as_at") and same(before[1], provisions):
        _forget(folder, task)
        report.current.append(_named(task))
        return
    if any(row["etag"] and row["etag"] == other.get("etag") and other.get("fetch_url") == url for other in held):
        report.notes.append(f"{task.instrument.id}: {url} gives the same ETag to other bytes; it is not believed again")
        row |= {"etag": None, "last_modified": None}
    difference = compare(before[1] if before else (), provisions)
    reason = suspicion(before[1], provisions, difference) if before else ""
    kept = raw.add(folder / ASIDE, {**row, "reason": reason}, content) if reason else raw.add(folder, row, content)
    if not reason:
        _forget(folder, task)
    (report.aside if reason else report.fetched).append(_change(kept, provisions, before[0] if before else None, difference, reason))


def _parsed(content: bytes, format: str, instrument: Instrument) -> list[Provision]:
    """Raises: SourceError where no provision can be read."""
    if format not in PARSERS:
        raise SourceError(f"is {format}, for which there is no parser")
    try:
        provisions = PARSERS[format](content, instrument)
    except ParseError as exc:
        raise SourceError(f"answers with something that cannot be read as {format}: {exc}") from exc
    except RecursionError as exc:
        raise SourceError("answers with something nested too deep to read") from exc
    if not provisions:
        raise SourceError("answers with a page that holds no provisions")
    return provisions


def _row(task: Task, reply: Reply, content: bytes, clock: Clock) -> dict[str, Any]:
    """The manifest's row for a fetched copy."""
    entry, source = task.instrument, task.source
    fields = ("title", "short_title", "jurisdiction", "kind", "language", "official_url", "citation", "adopted", "in_force", "licence")
    now = clock().astimezone(UTC)
    stated = stated_date(source.format, source.fetch_url, content)
    return {
        "instrument": entry.id,
        **{name: getattr(entry, name) for name in fields},
        "format": source.format,
        "covers": source.covers,
        "as_at": stated or (now.date().isoformat() if entry.kind == "treaty" else None),  # a treaty's date is the day of its copy
        "retrieved_at": now.isoformat(timespec="seconds"),
        "fidelity": "bytes",
        "damaged": False,
        "notes": None,
        "fetch_url": source.fetch_url,
        "etag": reply.etag,
        "last_modified": reply.last_modified,
    }


def _before(folder: Path, task: Task, row: dict[str, Any], held: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], list[Provision]] | None:
    """The copy that a new one follows, with its provisions: of the same part and form, not from another source, not of a later date."""
    others = {source.fetch_url for source in task.instrument.sources} - {task.source.fetch_url}
    earlier = [
        old
        for old in held
        if old.get("covers") == row["covers"]
        and old.get("fetch_url") not in others
        and (old.get("as_at") or "") <= (row["as_at"] or "9999")
    ]  # fmt: skip
    for old in sorted(
        earlier, key=lambda old: (old.get("fetch_url") == row["fetch_url"], old.get("as_at") or "", _retrieved(old)), reverse=True
    ):
        try:
            return old, _parsed(raw.read_bytes(folder, raw.snapshot(old)), old["format"], task.instrument)
        except SourceError:
            continue  # a copy that is damaged here is nothing to compare with
    return None


def _change(
    row: dict[str, Any], provisions: Sequence[Provision], before: dict[str, Any] | None, difference: Difference, reason: str = ""
) -> Change:
    since = (before.get("as_at") or before.get("retrieved_at") or "unknown date") if before else None
    return Change(
        row["instrument"], row["format"], row["covers"], row["fetch_url"], row["as_at"], row["sha256"], row["bytes"], len(provisions), since,
        difference.new, difference.amended, difference.gone, reason,
    )  # fmt: skip


def _named(task: Task) -> dict[str, Any]:
    source = task.source
    return {"instrument": task.instrument.id, "format": source.format, "covers": source.covers, "url": source.fetch_url}


def _compare_clocks(reply: Reply, task: Task, clock: Clock, report: Report) -> None:
    """Note once that this machine's clock and a publisher's differ, since the record keeps the day of each copy."""
    note = "the clock of this machine and a publisher's differ by more than a day; set it, since the record keeps the day of each copy"
    if reply.date and abs(reply.date - clock()) > _CLOCK and not any(note in held for held in report.notes):
        report.notes.append(f"{urlsplit(task.source.fetch_url).hostname} says {reply.date:%Y-%m-%d}: {note}")


# a person's approval


def accept(settings: Settings, ids: Sequence[str], entries: Mapping[str, Instrument]) -> Report:
    """Take the copies kept aside of the instruments named into corpus/raw.

    Raises: SourceError where none is kept aside of one of them.
    """
    report, folder = Report(), settings.raw_dir
    with _alone(folder):
        for id in ids:
            rows = [row for _, row in raw.read_snapshots(folder / ASIDE) if row["instrument"] == id]
            if not rows:
                raise SourceError(f"no copy of {id} is kept aside")
            for row in rows:
                report.fetched.append(_accepted(folder, row, entries))
    return report


def _accepted(folder: Path, row: dict[str, Any], entries: Mapping[str, Instrument]) -> Change:
    content = raw.read_bytes(folder / ASIDE, raw.snapshot(row))
    entry = raw.described(row["instrument"], row, dict(entries))
    source = Source(row["fetch_url"], row["format"], row["covers"])
    held = [other for _, other in raw.read_snapshots(folder) if other["instrument"] == entry.id and other["format"] == row["format"]]
    provisions = _parsed(content, row["format"], entry)
    before = _before(folder, Task(entry, source), row, held)
    kept = raw.add(folder, {name: value for name, value in row.items() if name != "reason"}, content)
    _forget(folder, Task(entry, source))
    return _change(kept, provisions, before[0] if before else None, compare(before[1] if before else (), provisions))


def _forget(folder: Path, task: Task) -> None:
    """Drop what is kept aside of a source that has been settled since."""
    rows = [row for _, row in raw.read_snapshots(folder / ASIDE)]
    gone = [row for row in rows if (row["instrument"], row["fetch_url"]) == (task.instrument.id, task.source.fetch_url)]
    if gone:
        raw.write_manifest(folder / ASIDE, [row for row in rows if row not in gone])
        for row in gone:
            (folder / ASIDE / row["path"]).unlink(missing_ok=True)
