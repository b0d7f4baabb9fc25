"""Criteria + facts -> findings, each resting on a provision. Three values throughout: a fact that is not told is never a no."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kb.citation import cite, format_id, touches
from kb.cited import of_summary, of_words
from kb.currency import emptied
from kb.errors import QueryError, StoreError
from kb.model import Cited
from kb.rules import (
    NONE,
    TODAY,
    Age,
    All,
    Amount,
    Condition,
    Criterion,
    Deadline,
    Elapsed,
    Fact,
    Is,
    Not,
    Note,
    Period,
    Place,
    Relaxation,
    Relief,
    Rules,
    Some,
    Value,
    Within,
    Yes,
    load,
    uses,
)
from kb.store import Store

State = Literal["met", "not met", "cannot tell"]
Facts = Mapping[str, Value]
QUOTE_CHARS = 900
_STATES: dict[bool | None, State] = {True: "met", False: "not met", None: "cannot tell"}
_BREAK = re.compile(r"(?<=[.;:])\s|\n")


@dataclass(frozen=True, slots=True)
class Basis:
    """One provision that something rests on: the law's words where its text is held (`cited.kind` text), else our summary, else its citation.

    `pending` holds the amendments of the catalogue that change it; `cut`: the quotation is only the beginning; `withheld` says why a stored text is
    not shown; `ended` what became of a place that is no longer law: "repealed", "reserved".
    """

    instrument: str
    numbers: tuple[str, ...]
    citation: str
    official_url: str | None
    treaty: bool
    cited: Cited | None
    pending: tuple[Mapping[str, Any], ...] = ()
    cut: bool = False
    withheld: str = ""
    ended: str = ""

    @property
    def held(self) -> bool:
        """Whether official wording that is law is held, so that a finding may rest on it."""
        return self.cited is not None and self.cited.kind == "text" and not self.ended


Law = Callable[[Place], Basis]


@dataclass(frozen=True, slots=True)
class Relaxed:
    """An exception or a waiver, and whether what it asks for was told."""

    id: str
    wording: str
    state: State
    basis: Basis
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the facts say to one criterion, and what it rests on.

    `by` names the exceptions through which it is met; `missing` holds the facts that would settle it, in the order in which to ask; `verified` is
    False where the text is not held or no longer law, and the state is then always "cannot tell".
    """

    criterion: str
    wording: str
    bar: bool
    state: State
    verified: bool
    by: tuple[str, ...]
    missing: tuple[str, ...]
    basis: tuple[Basis, ...]
    exceptions: tuple[Relaxed, ...]
    waivers: tuple[Relaxed, ...]
    evidence: tuple[str, ...]
    help: str
    weighed: str


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline with its day, where the date that it runs from was told; `days` from the day of the check, negative when it has passed."""

    id: str
    wording: str
    basis: Basis
    since: str
    day: datetime.date | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Advice:
    """A first step or a note, and the provision behind it, where there is one."""

    wording: str
    basis: Basis | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One form of relief seen with one set of facts: findings, deadlines by day, first steps, notes, and what to ask next."""

    relief: str
    title: str
    jurisdiction: str
    who: str
    about: str
    reviewed_on: datetime.date
    review_due: datetime.date
    overdue: bool
    findings: tuple[Finding, ...]
    due: tuple[Due, ...]
    steps: tuple[Advice, ...]
    notes: tuple[Advice, ...]
    ask: tuple[str, ...]

    def count(self, state: State) -> int:
        """How many findings are of this state."""
        return sum(finding.state == state for finding in self.findings)


# facts


def read_facts(path: Path, rules: Rules) -> dict[str, Value]:
    """The facts of a YAML file, checked.

    Raises: QueryError for a file that is not one, an unknown key or a wrong value; ConfigError where it is not YAML.
    """
    if not path.is_file():
        raise QueryError(f"no file {path}")
    data = load(path)
    if data is not None and not isinstance(data, dict):
        raise QueryError(f"{path.name}: facts are written as key: value, a line each")
    return told(data or {}, rules)


def told(values: Mapping[Any, Any], rules: Rules) -> dict[str, Value]:
    """Facts as the rules know them, those worked out from dates added; what is null is not told.

    Raises: QueryError for an unknown key, a value of another type, or facts that contradict each other.
    """
    facts = {}
    for key, value in values.items():
        if key not in rules.facts:
            raise QueryError(f"there is no fact {str(key)[:60]!r}; corpus/eligibility/facts.yaml lists them all")
        if value is not None:
            facts[key] = _value(rules.facts[key], value)
    return facts


def _value(fact: Fact, value: Any) -> Value:
    match fact.kind, value:
        case "yes_no", bool():
            return value
        case "number", int() if not isinstance(value, bool) and value >= 0:
            return value
        case "date", str():
            return _value(fact, day(value))
        case "date", datetime.date() if not isinstance(value, datetime.datetime) and 1900 <= value.year < 2200:
            return value
        case "choice", str() if value in fact.options:
            return value
        case "choices", list() | tuple() if value and all(isinstance(item, str) and item in fact.options for item in value):
            if NONE in value and set(value) != {NONE}:
                raise QueryError(f"the facts contradict each other: {fact.key} is {NONE} and something else too")
            return tuple(value)
    raise QueryError(f"the fact {fact.key} takes {_expected(fact)}")


def day(text: str) -> datetime.date:
    """The day that a text names.

    Raises: QueryError where it is not written as 2025-01-31.
    """
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as exc:
        raise QueryError(f"{text[:40]!r} is not a date; write it as 2025-01-31") from exc


def _expected(fact: Fact) -> str:
    if fact.options:
        return f"{'one' if fact.kind == 'choice' else 'a list'} of {', '.join(fact.options)}"
    return {"yes_no": "yes or no", "date": "a date such as 2025-01-31", "number": "a whole number"}[fact.kind]


def completed(facts: Facts, rules: Rules, on: datetime.date) -> dict[str, Value]:
    """The facts with those added that others answer.

    Raises: QueryError where what was told contradicts what the dates say.
    """
    full = dict(facts)
    for fact in rules.facts.values():
        known = holds(fact.worked_out, full, on) if fact.worked_out else None
        if known is None:
            continue
        if full.setdefault(fact.key, known) != known:
            others = ", ".join(dict.fromkeys(key for key in _known(fact.worked_out, facts)))
            raise QueryError(f"the facts contradict each other: {fact.key} is {_word(facts[fact.key])}, but {others} say {_word(known)}")
    return full


def _word(value: Value) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _known(condition: Condition, facts: Facts) -> list[str]:
    return [key for key, _ in uses(condition) if key in facts]


# conditions


def holds(condition: Condition, facts: Facts, on: datetime.date) -> bool | None:
    """Whether a condition holds; None where the facts do not tell. More facts never turn a yes or a no back into None."""
    match condition:
        case All(parts):
            return _every(holds(part, facts, on) for part in parts)
        case Some(parts):
            return _some(holds(part, facts, on) for part in parts)
        case Not(part):
            inner = holds(part, facts, on)
            return None if inner is None else not inner
        case Yes(key):
            return facts.get(key)
        case Is(key, values, only):
            return _chosen(facts.get(key), values, only)
        case Amount(key, least, most):
            number = facts.get(key)
            return None if number is None else (least is None or number >= least) and (most is None or number <= most)
        case Age(born, at, under, least):
            years = _age(_date(born, facts, on), _date(at, facts, on))
            return None if years is None else years < under if under is not None else years >= least
        case Elapsed(since, to, least, most):
            return _elapsed(_date(since, facts, on), _date(to, facts, on), least, most)
        case Within(key, start, end):
            return _within(_date(key, facts, on), start, end, facts, on)


def _every(values: Iterable[bool | None]) -> bool | None:
    known = list(values)
    return False if False in known else None if None in known else True


def _some(values: Iterable[bool | None]) -> bool | None:
    known = list(values)
    return True if True in known else None if None in known else False


def _chosen(value: Value | None, wanted: Sequence[str], only: bool) -> bool | None:
    if value is None:
        return None
    chosen = {value} if isinstance(value, str) else set(value)
    return chosen <= set(wanted) if only else bool(chosen & set(wanted))


def _date(name: str | datetime.date, facts: Facts, on: datetime.date) -> datetime.date | None:
    if isinstance(name, datetime.date):
        return name
    return on if name == TODAY else facts.get(name)


def _age(born: datetime.date | None, at: datetime.date | None) -> int | None:
    """Whole years lived on a date; a birthday of 29 February comes on 1 March in other years."""
    if born is None or at is None:
        return None
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def _elapsed(since: datetime.date | None, to: datetime.date | None, least: Period | None, most: Period | None) -> bool | None:
    if since is None or to is None:
        return None
    long_enough = least is None or to >= later(since, least)
    return long_enough and (most is None or since <= to <= later(since, most))


def _within(day_told: datetime.date | None, start: str | datetime.date | None, end: str | datetime.date | None, facts: Facts, on: datetime.date) -> bool | None:
    bounds = [(_date(bound, facts, on), sign) for bound, sign in ((start, 1), (end, -1)) if bound is not None]
    if day_told is None:
        return None
    return _every(None if bound is None else (day_told - bound).days * sign >= 0 for bound, sign in bounds)


def later(start: datetime.date, period: Period) -> datetime.date:
    """The day after a period by the calendar; where a month has no such day, its last."""
    months = start.year * 12 + start.month - 1 + period.years * 12 + period.months
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(start.day, last)) + datetime.timedelta(days=period.days)


def missing(condition: Condition, facts: Facts, on: datetime.date) -> list[str]:
    """The facts not told that keep a condition open, in the order in which it names them; empty where it is settled."""
    if holds(condition, facts, on) is not None:
        return []
    match condition:
        case All(parts) | Some(parts):
            return [key for part in parts for key in missing(part, facts, on)]
        case Not(part):
            return missing(part, facts, on)
        case Yes(key) | Is(key) | Amount(key):
            return [key]
        case Age(first, second) | Elapsed(first, second):
            return [name for name in (first, second) if name != TODAY and name not in facts]
        case Within(key, start, end):
            return [name for name in (key, start, end) if isinstance(name, str) and name != TODAY and name not in facts]


# findings


def chosen(wanted: Iterable[str], rules: Rules) -> list[Relief]:
    """The forms of relief of these ids, in the order of the rules; all of them where none is named.

    Raises: QueryError for an id that is none.
    """
    names = set(wanted)
    if unknown := sorted(names - rules.reliefs.keys()):
        raise QueryError(f"there is no form of relief {unknown[0][:60]!r}; known are {', '.join(rules.reliefs) or 'none'}")
    return [relief for id, relief in rules.reliefs.items() if id in names or not names]


def check(reliefs: Iterable[Relief], facts: Facts, rules: Rules, on: datetime.date, law: Law) -> list[Outcome]:
    """The outcome of each form of relief for one set of facts on one day.

    Raises: QueryError where the facts contradict each other.
    """
    full = completed(facts, rules, on)
    return [_outcome(relief, full, rules, on, law) for relief in reliefs]


def questions(outcomes: Iterable[Outcome], rules: Rules, facts: Facts) -> list[str]:
    """Facts not told that would settle a test or give a deadline its day, in the order of asking."""
    wanted = {key for outcome in outcomes for key in (*outcome.ask, *(due.since for due in outcome.due if due.day is None))}
    return [key for key in rules.facts if key in wanted and key not in facts]


def _outcome(relief: Relief, facts: Facts, rules: Rules, on: datetime.date, law: Law) -> Outcome:
    findings = tuple(_finding(criterion, facts, rules, on, law) for criterion in relief.criteria)
    due = [_due(deadline, facts, on, law) for deadline in relief.deadlines if _runs(deadline, facts, on)]
    due.sort(key=lambda entry: (entry.day is None, entry.day or on))
    order = list(rules.facts)
    open_facts = {key for finding in findings for key in finding.missing}
    return Outcome(
        relief.id, relief.title, relief.jurisdiction, relief.who, relief.about, relief.reviewed_on, relief.review_due, relief.review_due < on,
        findings, tuple(due), _advice(relief.steps, facts, on, law), _advice(relief.notes, facts, on, law), tuple(sorted(open_facts, key=order.index)),
    )  # fmt: skip


def _finding(criterion: Criterion, facts: Facts, rules: Rules, on: datetime.date, law: Law) -> Finding:
    basis = tuple(law(place) for place in (criterion.provision, *criterion.also))
    exceptions = tuple(_relaxed(item, facts, on, law) for item in criterion.exceptions)
    waivers = tuple(_relaxed(item, facts, on, law) for item in criterion.waivers)
    itself = holds(criterion.when, facts, on)
    verified = basis[0].held
    state = _STATES[_some([itself, *(_TRUTH[item.state] for item in exceptions)])] if verified else "cannot tell"
    by = tuple(item.id for item in exceptions if item.state == "met") if state == "met" and itself is not True else ()
    needed = _needed(criterion, state, facts, on)
    return Finding(
        criterion.id, criterion.wording, criterion.bar, state, verified, by, _askable(needed, rules, facts, on), basis, exceptions,
        waivers, criterion.evidence, criterion.help, criterion.weighed,
    )  # fmt: skip


def _needed(criterion: Criterion, state: State, facts: Facts, on: datetime.date) -> set[str]:
    """The facts that would settle a criterion, or where it is not met, its waivers."""
    parts = {"met": (), "not met": criterion.waivers, "cannot tell": (criterion, *criterion.exceptions)}[state]
    return {key for part in parts for key in missing(part.when, facts, on)}


_TRUTH: dict[State, bool | None] = {"met": True, "not met": False, "cannot tell": None}


def _relaxed(item: Relaxation, facts: Facts, on: datetime.date, law: Law) -> Relaxed:
    basis = law(item.provision)
    state = _STATES[holds(item.when, facts, on)] if basis.held else "cannot tell"
    return Relaxed(item.id, item.wording, state, basis, tuple(missing(item.when, facts, on)))


def _askable(keys: Iterable[str], rules: Rules, facts: Facts, on: datetime.date) -> tuple[str, ...]:
    """What to ask for these facts, in the order of asking: where a question makes sense only after another, that other one first."""
    wanted, seen, waiting = set(), set(), list(keys)
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        when = rules.facts[key].asked_when
        sensible = True if when is None else holds(when, facts, on)
        if sensible:
            wanted.add(key)
        elif sensible is None:
            waiting.extend(missing(when, facts, on))
    return tuple(key for key in rules.facts if key in wanted)


def _matters(when: Condition | None, facts: Facts, on: datetime.date) -> bool:
    return when is None or holds(when, facts, on) is not False


def _runs(deadline: Deadline, facts: Facts, on: datetime.date) -> bool:
    """Whether a deadline is shown: its day can be told and it may matter, or it matters and its day has to be found out."""
    matters = None if deadline.when is None else holds(deadline.when, facts, on)
    return matters is True or (matters is None and deadline.since in facts)


def _due(deadline: Deadline, facts: Facts, on: datetime.date, law: Law) -> Due:
    since = facts.get(deadline.since)
    ends = later(since, deadline.period) if since else None
    return Due(deadline.id, deadline.wording, law(deadline.provision), deadline.since, ends, (ends - on).days if ends else None)


def _advice(notes: Iterable[Note], facts: Facts, on: datetime.date, law: Law) -> tuple[Advice, ...]:
    return tuple(Advice(note.wording, law(note.provision) if note.provision else None) for note in notes if _matters(note.when, facts, on))


# the law behind them


def law_of(store: Store) -> Law:
    """A reader of provisions over a store; each is read and compared with its digest once."""
    read: dict[Place, Basis] = {}

    def law(place: Place) -> Basis:
        if place not in read:
            read[place] = _basis(place, store)
        return read[place]

    return law


def _basis(place: Place, store: Store) -> Basis:
    entry = store.instruments.get(place.instrument)
    if entry is None:
        return Basis(place.instrument, place.numbers, format_id(place.instrument, place.numbers), None, False, None)
    withheld, cut = "", False
    try:
        cited, cut = _quoted(place, store)
    except StoreError as exc:
        cited, withheld = None, str(exc)
    cited = cited or (None if withheld else _summarised(place, store))
    pending = tuple(change for change in entry["pending_amendments"] if touches(change, place.numbers))
    url = (cited.official_url if cited else None) or entry["official_url"]
    became = (emptied(cited, store) if cited else None) or ""
    name, treaty = cite(entry["citation"], place.numbers), entry["kind"] == "treaty"
    return Basis(place.instrument, place.numbers, name, url, treaty, cited, pending, cut, withheld, became)


def _quoted(place: Place, store: Store) -> tuple[Cited | None, bool]:
    """The words of a provision or portion, whole sentences up to a limit, and whether they go on; None where they are not held.

    Raises: StoreError where the stored text is not what was sealed.
    """
    found = store.resolve(place.instrument, place.numbers)
    if found is None:
        return None, False
    id, portion = found
    version = store.provision(id)
    text = version.provision.text
    start, whole = (portion.start, portion.end) if portion else (0, len(text))
    end = _cut(text, start, whole)
    return of_words(version, place.numbers, start, end, store), end < whole


def _cut(text: str, start: int, end: int) -> int:
    """Where a quotation ends: at its end, or after the last whole sentence or point within the limit."""
    if end - start <= QUOTE_CHARS:
        return end
    breaks = [match.start() for match in _BREAK.finditer(text, start, start + QUOTE_CHARS)]
    return breaks[-1] if breaks else start + QUOTE_CHARS


def _summarised(place: Place, store: Store) -> Cited | None:
    """Our summary of a provision, of the whole around it, or of a part of it."""
    found = store.summaries(place.instrument, place.numbers)
    around = [one for one in found if len(one["numbers"]) <= len(place.numbers)] or found
    if not around:
        return None
    return of_summary(max(around, key=lambda summary: len(summary["numbers"])), store)
