"""Reads the rules of eligibility and the facts they ask for (corpus/eligibility) and refuses with file and place."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from kb.errors import ConfigError

Kind = Literal["yes_no", "choice", "choices", "date", "number"]
Value = bool | str | int | datetime.date | tuple[str, ...]
KINDS = ("yes_no", "choice", "choices", "date", "number")
NONE = "none_of_these"  # the option of several choices that leaves no room for others
TODAY = "on"  # the name of the day on which the check is made, wherever a date is named
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# conditions


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Yes:
    """A yes-or-no fact is yes."""

    fact: str


@dataclass(frozen=True, slots=True)
class Is:
    """The choice is one of these; of several choices at least one is, or with `only` all are."""

    fact: str
    values: tuple[str, ...]
    only: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """A number lies between two bounds, both included."""

    fact: str
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class Age:
    """Somebody's age in whole years on a date is under, or at least, so many. Dates: a fact, or `on`."""

    born: str
    at: str
    under: int | None
    at_least: int | None


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time, added by the calendar."""

    years: int = 0
    months: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Elapsed:
    """From one date to another at least, or at most, so long has passed; a second date before the first is never at most."""

    since: str
    to: str
    at_least: Period | None
    at_most: Period | None


@dataclass(frozen=True, slots=True)
class Within:
    """A date lies within two others, both included. Each is a fact, `on`, a day, or None for open."""

    fact: str
    start: str | datetime.date | None
    end: str | datetime.date | None


Condition = All | Some | Not | Yes | Is | Amount | Age | Elapsed | Within


# what a rules file holds


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the user may tell: its question, why it is asked, and what an answer may be.

    `worked_out` is a condition over other facts that answers it where they are known; `asked_when` says when the question makes sense.
    """

    key: str
    kind: Kind
    group: str
    question: str
    why: str
    help: str
    applies_to: tuple[str, ...]
    options: Mapping[str, str]
    worked_out: Condition | None
    asked_when: Condition | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the law something stands: an instrument and printed numbers."""

    instrument: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """An exception to a criterion, or a waiver of a bar, with its own provision. A waiver is granted by somebody: it never makes a criterion met."""

    id: str
    wording: str
    provision: Place
    when: Condition


@dataclass(frozen=True, slots=True)
class Criterion:
    """One legal test. `bar`: it keeps relief away from a person to whom something applies, and is met where that does not apply.

    `weighed` says, where the test is a judgement, who makes it; the finding then repeats what the user judged.
    """

    id: str
    wording: str
    bar: bool
    provision: Place
    also: tuple[Place, ...]
    when: Condition
    evidence: tuple[str, ...]
    help: str
    weighed: str
    exceptions: tuple[Relaxation, ...]
    waivers: tuple[Relaxation, ...]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day that can be computed: a date told, and the time that runs from it. It matters unless `when` is known not to hold."""

    id: str
    wording: str
    provision: Place
    since: str
    period: Period
    when: Condition | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something to do or to know, with the provision behind it; shown unless `when` is known not to hold."""

    wording: str
    provision: Place | None
    when: Condition | None


@dataclass(frozen=True, slots=True)
class Relief:
    """One form of relief: its criteria, deadlines, first steps and notes, and when somebody last read them against the law.

    `order` is its place among those of its jurisdiction, small numbers first.
    """

    id: str
    title: str
    jurisdiction: str
    who: str
    about: str
    order: int
    reviewed_on: datetime.date
    review_due: datetime.date
    criteria: tuple[Criterion, ...]
    deadlines: tuple[Deadline, ...]
    steps: tuple[Note, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """All facts by key, in the order in which they are asked, and all forms of relief by id."""

    facts: Mapping[str, Fact]
    reliefs: Mapping[str, Relief]


class _Wrong(Exception):
    """What is wrong with an entry, in words, before file and place are added."""


def read_rules(folder: Path) -> Rules:
    """The rules below a folder (corpus/eligibility): facts.yaml, and one file a form of relief, its id the path without the ending.

    Raises: ConfigError naming file, entry and fault.
    """
    path = folder / "facts.yaml"
    if not path.is_file():
        return Rules({}, {})
    facts = _placed(path, lambda: _facts(load(path)))
    reliefs = [_placed(file, lambda file=file: _relief(_id(file, folder), load(file), facts)) for file in sorted(folder.glob("*/*.yaml"))]
    reliefs.sort(key=lambda relief: (relief.jurisdiction, relief.order, relief.id))
    return Rules(facts, {relief.id: relief for relief in reliefs})


def _id(file: Path, folder: Path) -> str:
    return file.relative_to(folder).with_suffix("").as_posix()


def load(path: Path) -> Any:
    """The data of a YAML file; dates stay dates.

    Raises: ConfigError where it is not YAML of plain data in UTF-8.
    """
    try:
        return yaml.load(path.read_text("utf-8"), _loader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as exc:
        raise ConfigError(f"{path.name} is not YAML of plain data: {' '.join(str(exc).split())[:200]}") from exc
    except OSError as exc:
        raise ConfigError(f"{path.name} cannot be read: {exc.strerror}") from exc


def _placed(path: Path, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except _Wrong as exc:
        raise ConfigError(f"{path.parent.name}/{path.name}: {exc}") from exc


def _fields(entry: Any, where: str, needed: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Any]:
    """An entry that has what it needs and nothing unknown."""
    if not isinstance(entry, dict):
        raise _Wrong(f"{where} is not a mapping")
    if missing := [name for name in needed if entry.get(name) in (None, "", [])]:
        raise _Wrong(f"{where} lacks {', '.join(missing)}")
    if unknown := sorted(set(map(str, entry)) - {*needed, *optional}):
        raise _Wrong(f"{where} has unknown {', '.join(unknown)}")
    return entry


# facts


def _facts(data: Any) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for group in data or ():
        named = _fields(group, "a group", ("group", "facts"))
        for entry in named["facts"]:
            fact = _fact(entry, named["group"])
            if fact.key in facts:
                raise _Wrong(f"{fact.key} stands twice")
            facts[fact.key] = fact
    for fact in facts.values():
        for condition in filter(None, (fact.worked_out, fact.asked_when)):
            _check(condition, facts, fact.key)
    return facts


def _fact(entry: Any, group: str) -> Fact:
    optional = ("help", "options", "worked_out", "asked_when")
    known = _fields(entry, f"a fact of {group!r}", ("key", "type", "question", "why", "applies_to"), optional)
    key, kind, options = known["key"], known["type"], known.get("options") or {}
    if not _KEY.fullmatch(key) or key == TODAY or kind not in KINDS:
        raise _Wrong(f"{key}: a key is lower-case words joined by _, its type one of {', '.join(KINDS)}")
    if bool(options) != kind.startswith("choice"):
        raise _Wrong(f"{key}: options belong to choice and choices, and to nothing else")
    if any(not isinstance(text, str) for option in options.items() for text in option):
        raise _Wrong(f"{key}: write options as words; YAML reads a bare yes or no as something else")
    conditions = [condition(known[name], key) if known.get(name) else None for name in ("worked_out", "asked_when")]
    return Fact(key, kind, group, known["question"], known["why"], known.get("help") or "", tuple(known["applies_to"]), options, *conditions)


# conditions


def condition(entry: Any, where: str) -> Condition:
    """A condition as written: a bare key is a yes; else a mapping of one of the forms in corpus/eligibility/README.md."""
    if isinstance(entry, str):
        return Yes(entry)
    if not isinstance(entry, dict) or not entry:
        raise _Wrong(f"{where}: {entry!r} is not a condition")
    form = next(iter(entry))
    made = _FORMS.get(str(form))
    if made is None:
        raise _Wrong(f"{where}: {form!r} is no form of condition; known are {', '.join(_FORMS)}")
    return made(entry, where)


def _parts(entry: dict[str, Any], where: str, name: str) -> tuple[Condition, ...]:
    _fields(entry, where, (name,))
    return tuple(condition(part, where) for part in entry[name])


def _of_fact(entry: dict[str, Any], where: str) -> Condition:
    _fields(entry, where, ("fact",), ("is", "only", "at_least", "at_most"))
    if "is" in entry or "only" in entry:
        values = entry.get("is", entry.get("only"))
        return Is(entry["fact"], (values,) if isinstance(values, str) else tuple(values), "only" in entry)
    if entry.get("at_least") is None and entry.get("at_most") is None:
        raise _Wrong(f"{where}: {entry} compares with nothing")
    return Amount(entry["fact"], entry.get("at_least"), entry.get("at_most"))


def _of_age(entry: dict[str, Any], where: str) -> Condition:
    _fields(entry, where, ("age", "at"), ("under", "at_least"))
    if (entry.get("under") is None) == (entry.get("at_least") is None):
        raise _Wrong(f"{where}: an age is under or at_least so many years, one of the two")
    return Age(entry["age"], entry["at"], entry.get("under"), entry.get("at_least"))


def _of_elapsed(entry: dict[str, Any], where: str) -> Condition:
    _fields(entry, where, ("elapsed", "to"), ("at_least", "at_most"))
    bounds = [_period(entry[name], where) if entry.get(name) else None for name in ("at_least", "at_most")]
    if bounds == [None, None]:
        raise _Wrong(f"{where}: {entry} compares with nothing")
    return Elapsed(entry["elapsed"], entry["to"], *bounds)


def _of_date(entry: dict[str, Any], where: str) -> Condition:
    _fields(entry, where, ("date",), ("from", "to"))
    return Within(entry["date"], entry.get("from"), entry.get("to"))


def _period(entry: Any, where: str) -> Period:
    _fields(entry, where, (), ("years", "months", "days"))
    if not entry or any(not isinstance(count, int) for count in entry.values()):
        raise _Wrong(f"{where}: a period is years, months or days, as whole numbers")
    return Period(**entry)


_FORMS: dict[str, Callable[[dict[str, Any], str], Condition]] = {
    "all": lambda entry, where: All(_parts(entry, where, "all")),
    "any": lambda entry, where: Some(_parts(entry, where, "any")),
    "not": lambda entry, where: Not(condition(entry["not"], where)),
    "fact": _of_fact,
    "age": _of_age,
    "elapsed": _of_elapsed,
    "date": _of_date,
}


def uses(condition: Condition) -> Iterator[tuple[str, tuple[Kind, ...]]]:
    """Every fact a condition looks at, with the kinds it may be of, in order; `on` left out."""
    match condition:
        case All(parts) | Some(parts):
            for part in parts:
                yield from uses(part)
        case Not(part):
            yield from uses(part)
        case Yes(fact):
            yield fact, ("yes_no",)
        case Is(fact):
            yield fact, ("choice", "choices")
        case Amount(fact):
            yield fact, ("number",)
        case Age(first, second) | Elapsed(first, second):
            yield from ((name, ("date",)) for name in (first, second) if name != TODAY)
        case Within(fact, start, end):
            yield from ((name, ("date",)) for name in (fact, start, end) if isinstance(name, str) and name != TODAY)


def _check(condition: Condition, facts: Mapping[str, Fact], where: str) -> None:
    """Nothing, if a condition names facts that exist, of the right kind, and options that they have."""
    for key, kinds in uses(condition):
        if key not in facts:
            raise _Wrong(f"{where}: there is no fact {key} in facts.yaml")
        if facts[key].kind not in kinds:
            raise _Wrong(f"{where}: {key} is of type {facts[key].kind}, used as {' or '.join(kinds)}")
    for part in _leaves(condition):
        if isinstance(part, Is) and (unknown := set(part.values) - facts[part.fact].options.keys()):
            raise _Wrong(f"{where}: {part.fact} has no option {', '.join(sorted(unknown))}")


def _leaves(condition: Condition) -> Iterator[Condition]:
    match condition:
        case All(parts) | Some(parts):
            for part in parts:
                yield from _leaves(part)
        case Not(part):
            yield from _leaves(part)
        case _:
            yield condition


# forms of relief


def _relief(id: str, data: Any, facts: Mapping[str, Fact]) -> Relief:
    needed = ("id", "title", "jurisdiction", "who", "about", "reviewed_on", "review_due", "criteria")
    known = _fields(data, "the file", needed, ("order", "deadlines", "steps", "notes"))
    if known["id"] != id:
        raise _Wrong(f"its id is {known['id']}, its place says {id}")
    if known["who"] not in ("principal", "derivative"):
        raise _Wrong("who is principal or derivative")
    dates = [known["reviewed_on"], known["review_due"]]
    if not all(type(day) is datetime.date for day in dates) or dates[0] >= dates[1]:
        raise _Wrong("reviewed_on and review_due are dates, the second later")
    criteria = tuple(_criterion(entry, facts) for entry in known["criteria"])
    _once([criterion.id for criterion in criteria])
    return Relief(
        id, known["title"], known["jurisdiction"], known["who"], known["about"], known.get("order") or 100, *dates, criteria,
        tuple(_deadline(entry, facts) for entry in known.get("deadlines") or ()),
        tuple(_note(entry, facts) for entry in known.get("steps") or ()),
        tuple(_note(entry, facts) for entry in known.get("notes") or ()),
    )  # fmt: skip


def _criterion(entry: Any, facts: Mapping[str, Fact]) -> Criterion:
    optional = ("bar", "also", "evidence", "help", "weighed", "exceptions", "waivers")
    known = _fields(entry, f"criterion {_name(entry)}", ("id", "wording", "provision", "when"), optional)
    where = known["id"]
    exceptions, waivers = (tuple(_relaxation(item, where, facts) for item in known.get(name) or ()) for name in ("exceptions", "waivers"))
    _once([item.id for item in (*exceptions, *waivers)])
    return Criterion(
        _identifier(where), known["wording"], bool(known.get("bar")), _place(known["provision"], where),
        tuple(_place(item, where) for item in known.get("also") or ()), _when(known["when"], where, facts), tuple(known.get("evidence") or ()),
        known.get("help") or "", known.get("weighed") or "", exceptions, waivers,
    )  # fmt: skip


def _relaxation(entry: Any, where: str, facts: Mapping[str, Fact]) -> Relaxation:
    known = _fields(entry, f"{where}: {_name(entry)}", ("id", "wording", "provision", "when"))
    place = f"{where}/{known['id']}"
    return Relaxation(_identifier(known["id"]), known["wording"], _place(known["provision"], place), _when(known["when"], place, facts))


def _deadline(entry: Any, facts: Mapping[str, Fact]) -> Deadline:
    known = _fields(entry, f"deadline {_name(entry)}", ("id", "wording", "provision", "since", "period"), ("when",))
    where = known["id"]
    if known["since"] not in facts or facts[known["since"]].kind != "date":
        raise _Wrong(f"deadline {where}: {known['since']} is no fact of type date")
    when = _when(known["when"], where, facts) if known.get("when") else None
    return Deadline(_identifier(where), known["wording"], _place(known["provision"], where), known["since"], _period(known["period"], where), when)


def _note(entry: Any, facts: Mapping[str, Fact]) -> Note:
    known = _fields(entry, "a step or note", ("wording",), ("provision", "when"))
    where = known["wording"][:40]
    provision = _place(known["provision"], where) if known.get("provision") else None
    return Note(known["wording"], provision, _when(known["when"], where, facts) if known.get("when") else None)


def _when(entry: Any, where: str, facts: Mapping[str, Fact]) -> Condition:
    made = condition(entry, where)
    _check(made, facts, where)
    return made


def _place(entry: Any, where: str) -> Place:
    match entry:
        case [str(instrument), [*numbers]] if numbers and all(isinstance(number, str) for number in numbers):
            return Place(instrument, tuple(numbers))
    raise _Wrong(f"{where}: a provision is [instrument, [numbers as words]], not {entry!r}")


def _identifier(id: Any) -> str:
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise _Wrong(f"{id!r} is not an id of lower-case words joined by -")
    return id


def _name(entry: Any) -> str:
    return str(entry.get("id", "without id")) if isinstance(entry, dict) else "without id"


def _once(ids: Sequence[str]) -> None:
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        raise _Wrong(f"{', '.join(twice)} stands twice")
