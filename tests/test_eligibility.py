"""The eligibility engine and its rules: golden cases of made-up people, three-valued properties, and every provision found in the texts."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kb import eligibility
from kb.config import ROOT, Settings
from kb.eligibility import Basis, Facts, Finding, Outcome, check, law_of, told
from kb.errors import ConfigError, QueryError
from kb.findings import as_text, check_json
from kb.model import Cited
from kb.rules import NONE, All, Period, Place, Relief, Rules, load, read_rules, uses
from kb.store import Store
from tests.library import FERRY, GHOST, HARBOUR, write_yaml

RULES = read_rules(ROOT / "corpus" / "eligibility")
ON = datetime.date(2026, 11, 22)
CASES = [(path.stem, case) for path in sorted((ROOT / "tests" / "data" / "eligibility").glob("*.yaml")) for case in load(path)]
NAMES = [f"{stem}: {case['case']}" for stem, case in CASES]
UNITED_STATES = [id for id in RULES.reliefs if id.startswith("us/")]


def held(place: Place) -> Basis:
    """As if every text were held."""
    words = Cited(place.instrument, place.numbers, "", "text", "words", 0, 5, "0" * 64, None, None, "", "en", False)
    return Basis(place.instrument, place.numbers, f"{place.instrument} {'/'.join(place.numbers)}", None, False, words)


def unheld(place: Place) -> Basis:
    """As if none were."""
    return Basis(place.instrument, place.numbers, f"{place.instrument} {'/'.join(place.numbers)}", None, False, None)


def outcome(relief: str, facts: dict[str, Any], law=held, on: datetime.date = ON) -> Outcome:
    return check([RULES.reliefs[relief]], told(facts, RULES), RULES, on, law)[0]


def states(found: Outcome) -> dict[str, str]:
    return {finding.criterion: finding.state for finding in found.findings}


def finding(found: Outcome, criterion: str) -> Finding:
    return next(finding for finding in found.findings if finding.criterion == criterion)


# golden cases


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=NAMES)
def test_golden_case(case: dict[str, Any]):
    found = outcome(case["relief"], case["facts"])
    expected = {**dict.fromkeys(case["met"], "met"), **dict.fromkeys(case["not_met"], "not met")}
    assert states(found) == {name: expected.get(name, "cannot tell") for name in states(found)} and expected.keys() <= states(found).keys()
    for criterion, exceptions in case.get("by", {}).items():
        assert finding(found, criterion).by == tuple(exceptions)
    for criterion, waivers in case.get("waivers", {}).items():
        assert {waiver.id: waiver.state for waiver in finding(found, criterion).waivers} == waivers
    days = {due.id: due.day for due in found.due}
    assert {name: days.get(name) for name in case.get("due", {})} == case.get("due", {})


CHANGES = [(case, change) for _, case in CASES for change in case["changes"]]


@pytest.mark.parametrize(("case", "change"), CHANGES, ids=[f"{case['case'][:40]}: {change['set']}" for case, change in CHANGES])
def test_one_changed_fact_changes_exactly_the_findings_named(case: dict[str, Any], change: dict[str, Any]):
    assert len(change["set"]) == 1
    before, after = states(outcome(case["relief"], case["facts"])), states(outcome(case["relief"], {**case["facts"], **change["set"]}))
    assert {name: state for name, state in after.items() if state != before[name]} == change["to"]


def test_golden_cases_reach_every_criterion_and_say_yes_and_no():
    assert len([case for stem, case in CASES if stem.startswith("us-")]) >= 35
    assert all(case["met"] and case["not_met"] and case["changes"] for _, case in CASES)
    reached: dict[tuple[str, str], set[str]] = {}
    for case, change in [(case, {}) for _, case in CASES] + [(case, change["set"]) for case, change in CHANGES]:
        for name, state in states(outcome(case["relief"], {**case["facts"], **change})).items():
            reached.setdefault((case["relief"], name), set()).add(state)
    tests = [(id, criterion.id) for id, relief in RULES.reliefs.items() for criterion in relief.criteria]
    assert not [name for name in tests if {"met", "not met"} - reached.get(name, set())]


# properties


def values() -> st.SearchStrategy[dict[str, Any]]:
    """Facts of every kind, many left out, dates near each other so that ages and periods come out both ways."""
    kinds = {
        "yes_no": lambda fact: st.booleans(),
        "choice": lambda fact: st.sampled_from(list(fact.options)),
        "choices": lambda fact: st.lists(st.sampled_from(list(fact.options)), min_size=1, max_size=3, unique=True).filter(compatible),
        "date": lambda fact: st.dates(datetime.date(1999, 1, 1), datetime.date(2027, 1, 1)),
        "number": lambda fact: st.integers(0, 400),
    }
    return st.fixed_dictionaries({}, optional={key: kinds[fact.kind](fact) for key, fact in RULES.facts.items()})


def compatible(chosen: list[str]) -> bool:
    """Whether choices may stand together: none of these stands alone."""
    return NONE not in chosen or chosen == [NONE]


def consistent(facts: dict[str, Any]) -> Facts:
    """The facts as told, if they do not contradict each other; what dates answer is left to them."""
    return told({key: value for key, value in facts.items() if not RULES.facts[key].worked_out}, RULES)


def every_state(facts: Facts, law=held) -> dict[tuple[str, str], str]:
    outcomes = check(RULES.reliefs.values(), facts, RULES, ON, law)
    return {(found.relief, item.criterion): item.state for found in outcomes for item in found.findings}


SLOW = hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@SLOW
@given(facts=values(), data=st.data())
def test_taking_a_fact_away_settles_nothing(facts: dict[str, Any], data: st.DataObject):
    full = consistent(facts)
    assume(full)
    gone = data.draw(st.sampled_from(sorted(full)))
    before, after = every_state(full), every_state({key: value for key, value in full.items() if key != gone})
    assert not {name for name in after if after[name] not in (before[name], "cannot tell")}


@SLOW
@given(facts=values())
def test_what_is_left_unknown_changes_nothing(facts: dict[str, Any]):
    full = consistent(facts)
    assert every_state(full) == every_state(told({**dict.fromkeys(RULES.facts), **full}, RULES))


@SLOW
@given(facts=values())
def test_what_is_open_has_a_question_that_can_be_asked(facts: dict[str, Any]):
    full = consistent(facts)
    for found in check(RULES.reliefs.values(), full, RULES, ON, held):
        for item in found.findings:
            assert item.state != "cannot tell" or item.missing, (found.relief, item.criterion)
            assert not set(item.missing) & full.keys()
        assert set(found.ask) == {key for item in found.findings for key in item.missing}


@SLOW
@given(facts=values())
def test_nothing_is_settled_where_no_text_is_held(facts: dict[str, Any]):
    assert set(every_state(consistent(facts), unheld).values()) == {"cannot tell"}


def test_no_facts_settle_nothing():
    assert set(every_state({}).values()) == {"cannot tell"}


# facts


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"ago": True}, "no fact 'ago'"),
        ({"in_us": "yes"}, "in_us takes yes or no"),
        ({"in_us": 1}, "in_us takes yes or no"),
        ({"born_on": "1.2.1990"}, "not a date"),
        ({"born_on": 1990}, "born_on takes a date"),
        ({"born_on": "0090-01-01"}, "born_on takes a date"),
        ({"u_certification_signed_on": "9999-12-31"}, "takes a date"),
        ({"longest_absence_days": -1}, "a whole number"),
        ({"longest_absence_days": True}, "a whole number"),
        ({"relation": "aunt"}, "one of spouse"),
        ({"crimes": "trafficking"}, "a list of"),
        ({"crimes": []}, "a list of"),
        ({"crimes": ["murder most foul"]}, "a list of"),
    ],
)
def test_wrong_facts_are_refused_in_one_line(facts: dict[str, Any], words: str):
    with pytest.raises(QueryError, match=words) as raised:
        told(facts, RULES)
    assert "\n" not in str(raised.value)


def test_contradicting_facts_are_refused():
    facts = {"born_on": "2010-01-01", "trafficking_began_on": "2024-01-01", "under_18_at_trafficking": False}
    with pytest.raises(QueryError, match="contradict each other: under_18_at_trafficking is no, but born_on, trafficking_began_on say yes"):
        outcome("us/t-status", facts)


@pytest.mark.parametrize(
    ("day", "period", "later"),
    [("2024-02-29", Period(years=1), "2025-02-28"), ("2026-08-31", Period(months=6), "2027-02-28"), ("2026-12-31", Period(months=1, days=1), "2027-02-01")],
)
def test_periods_run_by_the_calendar(day: str, period: Period, later: str):
    assert eligibility.later(datetime.date.fromisoformat(day), period).isoformat() == later


def test_a_birthday_of_29_february_comes_on_1_march():
    facts = {"commercial_sex": True, "means": False, "labour": False, "born_on": "2004-02-29", "trafficking_began_on": "2022-02-28"}
    assert states(outcome("us/t-status", facts))["victim"] == "met"
    assert states(outcome("us/t-status", {**facts, "trafficking_began_on": "2022-03-01"}))["victim"] == "not met"


def test_a_review_is_overdue_the_day_after():
    due = RULES.reliefs["us/t-status"].review_due
    assert not outcome("us/t-status", {}, on=due).overdue
    late = outcome("us/t-status", {}, on=due + datetime.timedelta(days=1))
    assert late.overdue and "OVERDUE" in as_text([late], RULES, ON)


# rules


def test_what_the_files_say_is_dated_and_complete():
    assert {"us/t-status", "us/t-derivative", "us/t-adjustment", "us/u-status", "us/u-derivative", "us/u-adjustment"} <= set(UNITED_STATES)
    assert {"us/continued-presence", "us/benefits-certification", "us/protections"} <= set(UNITED_STATES)
    used = {key for relief in RULES.reliefs.values() for key in asked_by(relief)}
    helping = {key for fact in RULES.facts.values() for part in (fact.worked_out, fact.asked_when) if part for key, _ in uses(part)}
    assert not RULES.facts.keys() - used - helping, "a question that no rule needs is not asked"


def asked_by(relief: Relief) -> Iterator[str]:
    for criterion in relief.criteria:
        for part in (criterion, *criterion.exceptions, *criterion.waivers):
            yield from (key for key, _ in uses(part.when))
    for entry in (*relief.deadlines, *relief.steps, *relief.notes):
        yield from (key for key, _ in uses(entry.when or All(())))
    yield from (deadline.since for deadline in relief.deadlines)


def test_the_word_eligible_and_percentages_are_never_a_result():
    for case in (case for _, case in CASES):
        text = as_text([outcome(case["relief"], case["facts"])], RULES, ON)
        assert "eligible" not in text.lower() and "%" not in text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"id": "us/other"}, "its place says us/sample"),
        ({"review_due": "soon"}, "are dates"),
        ({"colour": "red"}, "unknown colour"),
        ({"criteria": []}, "lacks criteria"),
        ({"criteria": [{"id": "a", "wording": "b", "provision": ["x", ["1"]], "when": "nothing"}]}, "no fact nothing"),
        ({"criteria": [{"id": "a", "wording": "b", "provision": ["x", ["1"]], "when": {"fact": "relation", "is": "aunt"}}]}, "no option aunt"),
        ({"criteria": [{"id": "a", "wording": "b", "provision": ["x", ["1"]], "when": {"age": "in_us", "at": "on", "under": 3}}]}, "of type yes_no, used as date"),
        ({"criteria": [{"id": "a", "wording": "b", "provision": ["x", [1]], "when": "in_us"}]}, "numbers as words"),
        ({"criteria": [{"id": "a", "wording": "b", "provision": ["x", ["1"]], "when": {"perhaps": "in_us"}}]}, "no form of condition"),
    ],
)
def test_faulty_rules_are_refused_by_file(tmp_path: Path, changed: dict[str, Any], words: str):
    write_corpus(tmp_path, **changed)
    with pytest.raises(ConfigError, match=words) as raised:
        read_rules(tmp_path)
    assert "us/sample.yaml" in str(raised.value)


def test_yaml_that_builds_objects_is_refused(tmp_path: Path):
    write_corpus(tmp_path)
    (tmp_path / "us" / "sample.yaml").write_text("!!python/object/apply:os.getcwd []", "utf-8")
    with pytest.raises(ConfigError, match="not YAML of plain data"):
        read_rules(tmp_path)


def test_words_of_an_option_that_yaml_reads_as_no_are_refused(tmp_path: Path):
    """A bare No would leave its answer without words on the page."""
    write_corpus(tmp_path)
    facts = (tmp_path / "facts.yaml").read_text("utf-8")
    assert facts.count('{none: "No", charged') == 1
    (tmp_path / "facts.yaml").write_text(facts.replace('{none: "No", charged', "{none: No, charged"), "utf-8")
    with pytest.raises(ConfigError, match="criminal_record: write options as words"):
        read_rules(tmp_path)


def test_without_a_folder_there_are_no_rules(tmp_path: Path):
    assert read_rules(tmp_path) == Rules({}, {})


def write_corpus(folder: Path, **changed: Any) -> None:
    """The real facts with one small form of relief over the invented law of tests/library.py."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "facts.yaml").write_bytes((ROOT / "corpus" / "eligibility" / "facts.yaml").read_bytes())
    criteria = [
        {"id": "papers", "wording": "Has papers.", "provision": [HARBOUR, ["1", "1"]], "when": "in_us"},
        {"id": "ferry", "wording": "May leave.", "provision": [FERRY, ["2", "2"]], "when": {"not": "in_us"}},
        {"id": "house", "wording": "Has a house.", "provision": [GHOST, ["7"]], "when": "in_us"},
        {"id": "leak", "wording": "Is excused.", "provision": [HARBOUR, ["2"]], "when": "left_us_since",
         "exceptions": [{"id": "ghost", "wording": "Is a ghost.", "provision": [GHOST, ["7"]], "when": "in_us"}]},
    ]  # fmt: skip
    data = {
        "id": "us/sample", "title": "Harbour leave", "jurisdiction": "us", "who": "principal", "about": "Leave.", "reviewed_on": datetime.date(2026, 1, 1),
        "review_due": datetime.date(2026, 7, 1), "criteria": criteria,
    }  # fmt: skip
    write_yaml(folder / "us" / "sample.yaml", {**data, **changed})


# the law behind them


@pytest.fixture
def sample(tmp_path: Path) -> Rules:
    write_corpus(tmp_path)
    return read_rules(tmp_path)


def test_findings_quote_the_record_and_the_unheld_stays_open(tiny_store: Store, sample: Rules):
    found = check(sample.reliefs.values(), told({"in_us": True, "left_us_since": False}, sample), sample, ON, law_of(tiny_store))[0]
    assert states(found) == {"papers": "met", "ferry": "not met", "house": "cannot tell", "leak": "cannot tell"}
    papers, house = finding(found, "papers").basis[0], finding(found, "house")
    text = tiny_store.provision(papers.cited.provision_id).provision.text
    assert papers.cited.quote == text[papers.cited.start : papers.cited.end] and "passport" in papers.cited.quote
    assert papers.cited.as_at == "2024-01-01" and papers.official_url.startswith("https://")
    assert not house.verified and house.basis[0].cited.kind == "summary" and "haunt" in house.basis[0].cited.quote
    assert "Unverified" in as_text([found], sample, ON) and "Our summary, not the law's words" in as_text([found], sample, ON)
    assert found.overdue


def test_none_of_these_stands_alone():
    assert told({"inadmissible_on": ["none_of_these"]}, RULES) == {"inadmissible_on": ("none_of_these",)}
    with pytest.raises(QueryError, match="contradict"):
        told({"inadmissible_on": ["none_of_these", "criminal"]}, RULES)


def test_what_rests_on_a_repealed_place_stays_open(tiny_store: Store, sample: Rules, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(eligibility, "emptied", lambda cited, store: "repealed" if cited.numbers == ("1", "1") else None)
    found = check(sample.reliefs.values(), told({"in_us": True}, sample), sample, ON, law_of(tiny_store))[0]
    papers = finding(found, "papers")
    assert papers.state == "cannot tell" and not papers.verified and papers.basis[0].ended == "repealed"
    assert "marked “repealed”" in as_text([found], sample, ON)


def test_a_long_portion_is_cut_after_a_sentence(tiny_store: Store):
    basis = law_of(tiny_store)(Place(HARBOUR, ("5",)))
    assert basis.cut and len(basis.cited.quote) <= eligibility.QUOTE_CHARS and basis.cited.quote.rstrip().endswith(".")


def test_what_the_store_does_not_know_is_cited_by_its_id(tiny_store: Store):
    basis = law_of(tiny_store)(Place("xx/none", ("1",)))
    assert not basis.held and basis.citation == "xx/none~1"


def test_pending_amendments_stand_with_what_they_change(tiny_store: Store, monkeypatch: pytest.MonkeyPatch):
    change = {"act": "Amending Act", "provisions": [["1"]], "effect": "Passports become hats.", "source": "https://www.example.org/hats"}
    monkeypatch.setitem(tiny_store.instruments[HARBOUR], "pending_amendments", [change])
    law = law_of(tiny_store)
    assert law(Place(HARBOUR, ("1", "1"))).pending == (change,) and not law(Place(HARBOUR, ("2",))).pending


@pytest.mark.snapshots
def test_every_provision_is_held_and_every_united_states_one_in_its_wording(full: Settings):
    store = Store.open(full)
    law = law_of(store)
    places = {(id, place) for id, relief in RULES.reliefs.items() for place in places_of(relief)}
    assert not [f"{id}: {place}" for id, place in places if law(place).cited is None], "neither text nor summary"
    assert not [f"{id}: {place}" for id, place in places if id.startswith("us/") and not law(place).held]
    for id in UNITED_STATES:
        for found in check([RULES.reliefs[id]], {}, RULES, ON, law)[0].findings:
            assert found.verified
    store.close()


@pytest.mark.snapshots
def test_what_rests_on_a_text_not_held_stays_open_in_every_golden_case(full: Settings):
    store = Store.open(full)
    law, unverified = law_of(store), set()
    for case in (case for _, case in CASES if case["relief"] not in UNITED_STATES):
        for item in outcome(case["relief"], case["facts"], law).findings:
            assert item.verified or item.state == "cannot tell", (case["case"], item.criterion)
            unverified |= set() if item.verified else {(case["relief"], item.criterion)}
    store.close()
    directive = "eu/residence-permit-2004-81"
    assert unverified == {("gb/nrm", "agreement"), *((directive, criterion.id) for criterion in RULES.reliefs[directive].criteria)}


def places_of(relief: Relief) -> Iterator[Place]:
    for criterion in relief.criteria:
        yield from (criterion.provision, *criterion.also, *(item.provision for item in (*criterion.exceptions, *criterion.waivers)))
    yield from (deadline.provision for deadline in relief.deadlines)
    yield from (note.provision for note in (*relief.steps, *relief.notes) if note.provision)


@pytest.mark.snapshots
def test_rules_are_in_our_own_words(full: Settings):
    """No run of twelve words is shared with a provision that the rules rest on."""
    store = Store.open(full)
    law, said = law_of(store), ""
    for path in (ROOT / "corpus" / "eligibility").rglob("*.yaml"):
        said += path.read_text("utf-8") + " | "
    ours = runs(said)
    ids = {store.resolve(place.instrument, place.numbers)[0] for relief in RULES.reliefs.values() for place in places_of(relief) if law(place).held}
    shared = {run for id in ids for run in ours & runs(store.provision(id).provision.text)}
    store.close()
    assert not shared


def runs(text: str, length: int = 12) -> set[tuple[str, ...]]:
    words = "".join(c if c.isalnum() else " " for c in text.casefold()).split()
    return {tuple(words[n : n + length]) for n in range(len(words) - length + 1)}


# the command


def kb(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kb", *arguments]
    environment = {**os.environ, "KB_CORPUS": str(settings.corpus), "KB_INDEX": str(settings.index_dir)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120, check=False)


def test_command_prints_outcomes_and_refuses_in_one_line(spare: Settings, tmp_path: Path):
    write_corpus(spare.corpus / "eligibility")
    facts = tmp_path / "facts.yaml"
    facts.write_text("in_us: true\nborn_on: 1990-02-03\n", "utf-8")
    shown = kb(spare, "check", str(facts), "--relief", "us/sample", "--on", "2026-03-01", "--json")
    assert shown.returncode == 0, shown.stderr
    printed = json.loads(shown.stdout)
    assert printed["contract"] == 1 and printed["on"] == "2026-03-01" and not printed["outcomes"][0]["overdue"]
    assert [item["state"] for item in printed["outcomes"][0]["findings"]] == ["met", "not met", "cannot tell", "cannot tell"]
    assert "1990" not in shown.stdout, "facts are not repeated"
    assert "MET  Has papers." in kb(spare, "check", str(facts), "--on", "2026-03-01").stdout
    for wrong, words in (("ghost: true", "no fact 'ghost'"), ("in_us: perhaps", "yes or no"), ("- in_us", "key: value"), ("a: [", "not YAML")):
        facts.write_text(wrong, "utf-8")
        refused = kb(spare, "check", str(facts))
        assert refused.returncode == 1 and words in refused.stderr and len(refused.stderr.strip().splitlines()) == 1
    facts.write_text("", "utf-8")
    assert "no form of relief" in kb(spare, "check", str(facts), "--relief", "us/nothing").stderr
    assert "not a date" in kb(spare, "check", str(facts), "--on", "tomorrow").stderr


def test_json_tells_what_to_ask_and_no_value():
    found = outcome("us/t-status", {"born_on": "1987-06-05", "in_us": True})
    printed = json.dumps(check_json([found], RULES, ON))
    assert "1987" not in printed
    assert json.loads(printed)["outcomes"][0]["ask"][0] == {"fact": "labour", "question": RULES.facts["labour"].question, "why": RULES.facts["labour"].why}
