"""What the corpus says exists: catalogue entries and summaries, read from YAML and refused with file and line where they are wrong."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from kb.citation import format_id
from kb.errors import ConfigError
from kb.model import Instrument, Source, Summary

KINDS = ("treaty", "statute", "regulation", "directive", "guidance")
_REQUIRED = ("instrument", "title", "short_title", "jurisdiction", "kind", "language", "official_url", "citation", "sources")
_DATES = ("adopted", "in_force", "last_amended")
_LISTS = ("names", "amended_by", "pending_amendments", "moved")
_SUMMARY_FIELDS = ("instrument", "numbers", "heading", "summary", "questions", "topics", "official_url", "as_at", "checked_against")
_TEXTS = ("title", "short_title", "jurisdiction", "language", "citation")
TOPIC_TABLES = ("topics", "alignment", "ratifications")
FORMATS = ("uslm", "ecfr", "ca-lims", "eurlex-xhtml", "formex", "akn", "html", "pdf", "md", "txt")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML that refuses a key given twice and a date that does not exist, each with its line."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands here a second time", key.start_mark)
        seen.add(str(key.value))
    return loader.construct_mapping(node, deep=True)


def _timestamp(loader: Any, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as exc:
        raise yaml.constructor.ConstructorError(None, None, f"{node.value} is no date: {exc}", node.start_mark) from exc


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


def read_yaml(path: Path) -> tuple[Any, list[int]]:
    """The document in a YAML file, and the line on which each item of its top list or mapping begins.

    Raises: ConfigError, with file and line, where it is not YAML or uses a tag of its own.
    """
    try:
        text = path.read_text("utf-8")
        node = yaml.compose(text, Loader=_Loader)
        data = _plain(yaml.load(text, Loader=_Loader))
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}:1: not UTF-8") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"{path}:{line}: {getattr(exc, 'problem', None) or ' '.join(str(exc).split())}") from exc
    if isinstance(node, yaml.MappingNode):
        return data, [key.start_mark.line + 1 for key, _ in node.value]
    return data, [item.start_mark.line + 1 for item in node.value] if isinstance(node, yaml.SequenceNode) else []


def _plain(value: Any) -> Any:
    """The same data with dates as ISO strings."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def instruments(folder: Path) -> dict[str, Instrument]:
    """Every catalogue entry by its id.

    Raises: ConfigError, with file and line, for a wrong or duplicate entry.
    """
    held: dict[str, Instrument] = {}
    seen: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.yaml")):
        instrument = _instrument(path, folder)
        if instrument.id in held:
            raise ConfigError(f"{path}:1: {instrument.id} stands in {seen[instrument.id]} too")
        held[instrument.id], seen[instrument.id] = instrument, path
    return held


def _instrument(path: Path, folder: Path) -> Instrument:
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise ConfigError(f"{path}:1: a catalogue entry is a mapping of fields")
    line = dict(zip(data, lines, strict=True))

    def wrong(field: str, why: str) -> ConfigError:
        return ConfigError(f"{path}:{line.get(field, 1)}: {field} {why}")

    for field in _REQUIRED:
        if field not in data:
            raise wrong(field, "is missing")
    known = {f.name for f in fields(Instrument)} - {"id"} | {"instrument"}
    for field in data:
        if field not in known:
            raise wrong(field, "is not a field of the catalogue")
    expected = path.relative_to(folder).with_suffix("").as_posix()
    if data["instrument"] != expected:
        raise wrong("instrument", f"is {data['instrument']!r}; this file is for {expected}")
    if data["kind"] not in KINDS:
        raise wrong("kind", f"is {data['kind']!r}; it must be one of {', '.join(KINDS)}")
    if "{pinpoint}" not in str(data["citation"]):
        raise wrong("citation", "does not say where the {pinpoint} goes")
    for field in _TEXTS:
        if not isinstance(data[field], str) or not data[field].strip():
            raise wrong(field, "must be a text")
    if not isinstance(data.get("core", False), bool):
        raise wrong("core", "must be true or false")
    values = {key: value for key, value in data.items() if key not in ("instrument", "sources")}
    for field in _DATES:
        values[field] = _date(data.get(field), lambda why, field=field: wrong(field, why))
    if values["adopted"] and values["in_force"] and values["in_force"] < values["adopted"]:
        raise wrong("in_force", f"is {values['in_force']}, before the act was adopted")
    for field in _LISTS:
        if not isinstance(data.get(field) or [], list):
            raise wrong(field, "must be a list")
        values[field] = tuple(data.get(field) or ())
    if not all(isinstance(name, str) for name in values["names"]):
        raise wrong("names", "must be texts; put a number in quotes")
    for item in values["pending_amendments"]:
        if not isinstance(item, dict) or not {"act", "provisions", "effect", "source"} <= item.keys():
            raise wrong("pending_amendments", "needs act, provisions, effect and source in each item")
    for item in values["moved"]:
        if not isinstance(item, dict) or not {"from", "to", "applicable_from", "source"} <= item.keys() or not isinstance(item["to"], list):
            raise wrong("moved", "needs from, to (a list), applicable_from and source in each item")
    return Instrument(id=data["instrument"], sources=tuple(_sources(data["sources"], wrong)), **values)


def _date(value: Any, wrong: Any) -> str | None:
    if value is None:
        return None
    try:
        return datetime.date.fromisoformat(str(value)).isoformat()
    except ValueError as exc:
        raise wrong(f"is {value!r}; it must be a date such as 2000-11-15, or null") from exc


def _sources(values: Any, wrong: Any) -> Iterator[Source]:
    if not isinstance(values or [], list):
        raise wrong("sources", "must be a list")
    for value in values or ():
        if not isinstance(value, dict) or not {"fetch_url", "format"} <= value.keys() <= {"fetch_url", "format", "covers", "url_checked"}:
            raise wrong("sources", "needs fetch_url and format (and may have covers, url_checked) in each item")
        if not str(value["fetch_url"]).startswith("https://"):
            raise wrong("sources", f"has {value['fetch_url']!r}, which is not https")
        if not re.match(r"https://[^\s/?#@:]+\.[^\s/?#@:]+(?:[/?#]|$)", str(value["fetch_url"])) or re.search(r"\s", str(value["fetch_url"])):
            raise wrong("sources", f"has {value['fetch_url']!r}, which names no publisher's host")
        if value["format"] not in FORMATS:
            raise wrong("sources", f"has the format {value['format']!r}; it must be one of {', '.join(FORMATS)}")
        checked = value.get("url_checked")
        yield Source(value["fetch_url"], value["format"], value.get("covers"), str(checked) if checked else None)


def summaries(folder: Path) -> list[Summary]:
    """Every summary, in the order of files and entries.

    Raises: ConfigError, with file and line, for an entry that lacks a field or repeats a number path.
    """
    held: list[Summary] = []
    for path in sorted(folder.rglob("*.yaml")):
        data, lines = read_yaml(path)
        seen: set[tuple[str, ...]] = set()
        for entry, line in zip(data or [], lines, strict=False):
            summary = _summary(entry, f"{path}:{line}", path.relative_to(folder).with_suffix("").as_posix())
            if summary.numbers in seen:
                raise ConfigError(f"{path}:{line}: {'/'.join(summary.numbers)} is summarised twice")
            seen.add(summary.numbers)
            held.append(summary)
    return held


def _summary(entry: Any, place: str, instrument: str) -> Summary:
    if not isinstance(entry, dict):
        raise ConfigError(f"{place}: a summary is a mapping of fields")
    missing = [field for field in _SUMMARY_FIELDS if field not in entry]
    if missing:
        raise ConfigError(f"{place}: {missing[0]} is missing; run: python -m ingest stamp")
    if entry["instrument"] != instrument:
        raise ConfigError(f"{place}: instrument is {entry['instrument']!r}; this file is for {instrument}")
    numbers = tuple(map(str, entry["numbers"]))
    questions = [q for field in entry if re.fullmatch(r"questions(_[a-z]{2})?", field) for q in entry[field] or ()]
    return Summary(
        id=f"{format_id(instrument, numbers)}#summary",
        instrument=instrument,
        numbers=numbers,
        heading=str(entry["heading"]),
        summary=" ".join(str(entry["summary"]).split()),
        questions=tuple(map(str, questions)),
        topics=tuple(entry["topics"]),
        official_url=entry["official_url"],
        as_at=str(entry["as_at"]) if entry["as_at"] else None,
        checked_against=entry["checked_against"],
        facts={str(key): str(value) for key, value in (entry.get("facts") or {}).items()},
    )


def questions(folder: Path) -> list[tuple[str, tuple[str, ...], list[str]]]:
    """(instrument, numbers, questions) of every entry of the questions that provisions answer.

    Raises: ConfigError, with file and line, for an entry without numbers or questions.
    """
    held = []
    for path in sorted(folder.rglob("*.yaml")):
        data, lines = read_yaml(path)
        for entry, line in zip(data or [], lines, strict=False):
            if not isinstance(entry, dict) or entry.keys() != {"numbers", "questions"} or not entry["questions"]:
                raise ConfigError(f"{path}:{line}: an entry has numbers and questions, and nothing else")
            instrument = path.relative_to(folder).with_suffix("").as_posix()
            held.append((instrument, tuple(map(str, entry["numbers"])), [str(question) for question in entry["questions"]]))
    return held


def topics(path: Path) -> dict[str, dict[str, str]]:
    """Every topic by its id: its name, definition and group."""
    groups, _ = read_yaml(path)
    return {topic["id"]: {**topic, "group": group["id"]} for group in groups for topic in group["topics"]}


def topic_tables(folder: Path) -> dict[str, Any]:
    """What a generation seals of the topics: `topics` by id with the group's name, `alignment`, `ratifications`; only those that are there."""
    tables: dict[str, Any] = {name: read_yaml(folder / f"{name}.yaml")[0] for name in TOPIC_TABLES if (folder / f"{name}.yaml").is_file()}
    if "topics" in tables:
        tables["topics"] = {topic["id"]: {**topic, "group": group["name"]} for group in tables["topics"] for topic in group["topics"]}
    return tables


def vocabulary(folder: Path) -> dict[str, dict[str, Any]]:
    """The tables of the vocabulary by name; none where the folder is not there."""
    return {path.stem: read_yaml(path)[0] for path in sorted(folder.glob("*.yaml"))}
