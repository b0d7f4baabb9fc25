"""Outcomes of an eligibility check on paper: as JSON for other programs and as plain text for people. No value of any fact is in them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from kb.eligibility import Advice, Basis, Due, Finding, Outcome, Relaxed
from kb.report import CONTRACT
from kb.rules import Rules

DISCLAIMER = "This is not legal advice and no decision. It repeats what was told against the tests of the law; a lawyer or an accredited adviser decides what follows."
MARKS = {"met": "[x] MET", "not met": "[!] NOT MET", "cannot tell": "[?] CANNOT TELL"}


def check_json(outcomes: Iterable[Outcome], rules: Rules, on: datetime.date) -> dict[str, Any]:
    """The object that `check --json` prints."""
    return {"contract": CONTRACT, "on": on.isoformat(), "outcomes": [outcome_json(outcome, rules) for outcome in outcomes]}


def outcome_json(outcome: Outcome, rules: Rules) -> dict[str, Any]:
    """An outcome as plain data: no value of any fact, only the questions still open."""
    return {
        **{name: getattr(outcome, name) for name in ("relief", "title", "jurisdiction", "who", "about", "overdue")},
        "reviewed_on": outcome.reviewed_on.isoformat(), "review_due": outcome.review_due.isoformat(),
        "findings": [_finding_json(finding) for finding in outcome.findings],
        "deadlines": [
            {"id": due.id, "wording": due.wording, "since": due.since, "day": due.day.isoformat() if due.day else None, "days": due.days, "basis": _basis_json(due.basis)}
            for due in outcome.due
        ],
        "first": [{"wording": step.wording, "basis": _basis_json(step.basis)} for step in outcome.steps],
        "notes": [{"wording": note.wording, "basis": _basis_json(note.basis)} for note in outcome.notes],
        "ask": [{"fact": key, "question": rules.facts[key].question, "why": rules.facts[key].why} for key in outcome.ask],
    }  # fmt: skip


def _finding_json(finding: Finding) -> dict[str, Any]:
    names = ("criterion", "wording", "bar", "state", "verified", "by", "missing", "evidence", "help", "weighed")
    relaxed = {
        name: [{"id": item.id, "wording": item.wording, "state": item.state, "missing": list(item.missing), "basis": _basis_json(item.basis)} for item in items]
        for name, items in (("exceptions", finding.exceptions), ("waivers", finding.waivers))
    }
    plain = {name: list(value) if isinstance(value := getattr(finding, name), tuple) else value for name in names}
    return {**plain, "basis": [_basis_json(basis) for basis in finding.basis], **relaxed}


def _basis_json(basis: Basis | None) -> dict[str, Any] | None:
    if basis is None:
        return None
    cited = None
    if basis.cited:
        cited = {**asdict(basis.cited), "numbers": list(basis.cited.numbers)}
    return {
        "instrument": basis.instrument, "numbers": list(basis.numbers), "citation": basis.citation, "official_url": basis.official_url,
        "held": basis.held, "ended": basis.ended or None, "cut": basis.cut, "cited": cited, "pending_amendments": [dict(change) for change in basis.pending],
    }  # fmt: skip


# for people


def as_text(outcomes: Iterable[Outcome], rules: Rules, on: datetime.date) -> str:
    """The outcomes as plain text: findings with what they rest on, deadlines, what to do first, what to ask next."""
    pages = ["\n".join(_lines(outcome, rules)) for outcome in outcomes]
    return "\n\n\n".join([f"Checked on {on.isoformat()}. {DISCLAIMER}", *pages]) + "\n"


def _lines(outcome: Outcome, rules: Rules) -> Iterator[str]:
    yield f"{outcome.title}\n{'=' * len(outcome.title)}"
    yield f"{counted(outcome)} Rules last read against the law on {outcome.reviewed_on.isoformat()}."
    if outcome.overdue:
        yield f"OVERDUE: these rules should have been read against the law again by {outcome.review_due.isoformat()}."
    yield from _first(outcome)
    yield "\nThe tests of the law"
    for finding in outcome.findings:
        yield from _told(finding)
    if outcome.ask:
        yield "\nTo ask next"
        yield from (f"- {rules.facts[key].question}" for key in outcome.ask)
    if outcome.notes:
        yield "\nTo know"
        yield from (_advised(note) for note in outcome.notes)


def counted(outcome: Outcome) -> str:
    """How many tests are met, not met, and open, in one sentence."""
    return f"Of {len(outcome.findings)} tests {outcome.count('met')} met, {outcome.count('not met')} not met, {outcome.count('cannot tell')} open."


def _first(outcome: Outcome) -> Iterator[str]:
    if outcome.due or outcome.steps:
        yield "\nFirst"
        yield from (_dated(due) for due in outcome.due)
        yield from (_advised(step) for step in outcome.steps)


def _dated(due: Due) -> str:
    if due.day is None:
        return f"- Date not known: {due.wording} ({due.basis.citation})"
    when = "today" if due.days == 0 else f"in {due.days} days" if due.days > 0 else f"{-due.days} days ago"
    return f"- {due.day.isoformat()} ({when}): {due.wording} ({due.basis.citation})"


def _advised(advice: Advice) -> str:
    return f"- {advice.wording}{f' ({advice.basis.citation})' if advice.basis else ''}"


def _told(finding: Finding) -> Iterator[str]:
    yield f"\n{MARKS[finding.state]}  {finding.wording}"
    if not finding.verified:
        ended = finding.basis[0].ended
        yield f"    Unverified: the official text is {f'marked “{ended}”' if ended else 'not held'}, so nothing can be told here."
    if finding.weighed:
        yield f"    {finding.weighed}"
    yield from (f"    Met by an exception: {item.wording} ({item.basis.citation})" for item in finding.exceptions if item.id in finding.by)
    if finding.state == "not met":
        yield from (_relaxed("Waiver", item) for item in finding.waivers)
    if finding.state == "cannot tell":
        yield from (_relaxed("Exception", item) for item in finding.exceptions)
    for basis in finding.basis:
        yield from _rests(basis)


def _relaxed(word: str, item: Relaxed) -> str:
    state = {"met": "what it asks for was told", "not met": "does not fit", "cannot tell": "open"}[item.state]
    return f"    {word} ({state}): {item.wording} ({item.basis.citation})"


def _rests(basis: Basis) -> Iterator[str]:
    cited = basis.cited
    dated = f", {'copy of' if basis.treaty else 'as at'} {cited.as_at}" if cited and cited.as_at else ""
    damage = ", damaged copy" if cited and cited.damaged else ""
    yield f"    {basis.citation}{dated}{damage}{f' - {basis.official_url}' if basis.official_url else ''}"
    if cited:
        words = cited.quote.replace("\n", "\n        ")
        yield f"        {words}{' …' if basis.cut else ''}" if cited.kind == "text" else f"        Our summary, not the law's words: {words}"
    yield from (f"        Amended by {change['act']}: {change['effect']}" for change in basis.pending)
