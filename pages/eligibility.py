"""Eligibility: questions one at a time -> the tests of each form of relief, what stands, what is open, what to do first. Answers stay in the session."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from kb.eligibility import Advice, Basis, Due, Finding, Law, Outcome, Relaxed, check, law_of, questions, told
from kb.errors import ConfigError, KBError
from kb.findings import as_text
from kb.rules import Fact, Rules, Value, read_rules
from kb.store import Store
from kb.translation import ENGLISH, read_rules_words, translated
from pages import frame, language, passage, paths, session
from pages.frame import banner, label, link
from pages.language import N_, _, jurisdiction_name, n_
from pages.paths import inside
from pages.verbatim import escape, quote

ALL = "all"
UNKNOWN = "unknown"
GROUPS = (
    ("not met", N_("Not met"), "stop", "✕"),
    ("cannot tell", N_("Cannot tell yet"), "open", "?"),
    ("met", N_("Met"), "good", "✓"),
)
WAIVED = {"met": N_("what it asks for was told"), "not met": N_("does not fit what was told"), "cannot tell": N_("open")}
EARLIEST, LATEST = datetime.date(1920, 1, 1), datetime.date(2100, 1, 1)


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    _headline()
    store = frame.library()
    paths.follow()
    try:
        rules = _rules(ENGLISH)
        if rules.reliefs:
            _page(rules, store)
        else:
            banner("none", _("There are no rules of eligibility here"), _("The folder corpus/eligibility holds none."))
    except KBError as exc:
        frame.problem(_("The rules of eligibility cannot be read"), exc)
    frame.foot(st.session_state.get("relief_in"))


def _headline() -> None:
    words = _("Answer what you know. Haven holds it against the tests of the law: what stands, what is open, what to ask next. It decides nothing.")
    st.html(f'<header class="hv-hero"><h1>{escape(_("Which protection may be open?"))}</h1><p>{escape(words)}</p></header>')


def _page(english: Rules, store: Store) -> None:
    rules = _spoken(english)
    ids = _choose(rules)
    facts, on = _facts(), datetime.date.today()
    try:
        outcomes = _outcomes(ids, facts, rules, on, store)
    except KBError as exc:
        frame.problem(_("Two answers do not go together"), exc)
        st.html(f'<p class="hv-muted">{escape(_("Choose the answer to change below."))}</p>')
        if _asking(rules):
            _question(rules, facts, ())
        _answers(rules, facts)
        return
    _warn(outcomes)
    _question(rules, facts, outcomes)
    _answers(rules, facts)
    if len(outcomes) == 1:
        _outcome(outcomes[0], rules, store)
    else:
        _matrix(outcomes)
    _take_away(_outcomes(ids, facts, english, on, store), english, on)


def _outcomes(ids: Sequence[str], facts: Mapping[str, Value], rules: Rules, on: datetime.date, store: Store) -> list[Outcome]:
    return check([rules.reliefs[id] for id in ids], told(facts, rules), rules, on, _law(str(store.folder), store))


# rules and law, the same for everybody


def _rules(code: str) -> Rules:
    """The rules in a language.

    Raises: ConfigError where they are damaged, or their translation does not fit them.
    """
    folder = session.chosen().corpus / "eligibility"
    changed = max((path.stat().st_mtime_ns for path in folder.rglob("*.yaml")), default=0)
    return _read(str(folder), changed, code)


@st.cache_resource(show_spinner=False, max_entries=4)
def _read(folder: str, changed: int, code: str) -> Rules:
    """The rules as they stood at a change; nothing that a visitor tells."""
    rules = read_rules(Path(folder))
    return rules if code == ENGLISH else translated(rules, read_rules_words(Path(folder), code, rules))


def _spoken(english: Rules) -> Rules:
    """The rules in the session's language, told what is not; all of them in English where their translation does not fit, rather than some."""
    if language.chosen() == ENGLISH:
        return english
    try:
        rules = _rules(language.chosen())
    except ConfigError:
        banner("part", _("These rules have no translation that fits them"), _("So they are shown in English, rather than in words that may be out of date."))
        return english
    st.html(f'<p class="hv-muted">{escape(_("Haven’s own translation of its rules. The law, our summaries and the file to download are not translated."))}</p>')
    return rules


@st.cache_resource(show_spinner=False, max_entries=2)
def _law(generation: str, _store: Store) -> Law:
    """The provisions of a generation that rules rest on, each read and compared once; nothing that a visitor tells."""
    return law_of(_store)


# what is looked at


def _choose(rules: Rules) -> list[str]:
    """Ids of the forms of relief looked at; the choice outlives a visit to another page."""
    codes = sorted({relief.jurisdiction for relief in rules.reliefs.values()}, key=lambda code: (code != "us", jurisdiction_name(code)))
    kept = st.session_state.get("relief_in")
    code = codes[0]
    with st.container(key="relief_choice"):
        if len(codes) > 1:
            place = codes.index(kept) if kept in codes else 0
            code = st.selectbox(_("Whose law"), codes, index=place, format_func=jurisdiction_name, key="relief_country")
        ids = [id for id, relief in rules.reliefs.items() if relief.jurisdiction == code]
        wanted = st.session_state.get("relief_of")
        offered = [ALL, *ids]
        place = offered.index(wanted) if wanted in offered else 0
        chosen = st.selectbox(_("Form of relief"), offered, index=place, format_func=lambda id: _title(id, rules), key=f"relief_of_{code}_{place}")
    st.session_state["relief_in"], st.session_state["relief_of"] = code, chosen
    return ids if chosen == ALL else [chosen]


def _title(id: str, rules: Rules) -> str:
    return _("All, side by side") if id == ALL else rules.reliefs[id].title


def _look_at(id: str) -> None:
    st.session_state["relief_of"] = id


def _warn(outcomes: Sequence[Outcome]) -> None:
    overdue = [outcome for outcome in outcomes if outcome.overdue]
    if overdue:
        words = _("They should have been read against the law again by {date}. Check every test in the official text.")
        banner("part", _("The review of these rules is overdue"), words.format(date=min(outcome.review_due for outcome in overdue).isoformat()))
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    if not any(finding.verified for finding in findings):
        words = _("Without it Haven tells nothing as met or not met: every test stays open, and what you read about it is our summary. Fetch the official texts first.")
        banner("part", _("The official text of these rules is not held"), words)


# what was told


def _facts() -> dict[str, Value]:
    return st.session_state.setdefault("facts", {})


def _skipped() -> set[str]:
    return st.session_state.setdefault("facts_skipped", set())


def _question(rules: Rules, facts: Mapping[str, Value], outcomes: Sequence[Outcome]) -> None:
    """The question that comes next, or one that was chosen to be answered again."""
    wanted = questions(outcomes, rules, facts)
    waiting = [key for key in wanted if key not in _skipped()]
    key = _asking(rules) or (waiting[0] if waiting else None)
    with st.container(key="question_card"):
        if key is None:
            _nothing_to_ask(bool(wanted))
            return
        _ask(rules.facts[key], facts.get(key), len(waiting))


def _asking(rules: Rules) -> str | None:
    """The question that was chosen to be answered again."""
    key = st.session_state.get("facts_asking")
    return key if key in rules.facts else None


def _nothing_to_ask(skipped: bool) -> None:
    st.html(f'<h2 class="hv-sub">{escape(_("Nothing more to ask"))}</h2>')
    if not skipped:
        st.html(f'<p class="hv-muted">{escape(_("What was told settles every test that can be settled here."))}</p>')
        return
    st.html(f'<p class="hv-muted">{escape(_("Some tests stay open where the answer was “I don’t know”."))}</p>')
    st.button(_("Go through the open questions again"), on_click=lambda: _skipped().clear())


def _ask(fact: Fact, value: Value | None, left: int) -> None:
    count = n_("{n} open question", "{n} open questions", left) if left else ""
    st.html(
        f'<p class="hv-step">{escape(fact.group)}<span>{escape(count)}</span></p><h2 class="hv-question">{escape(fact.question)}</h2>'
        f'<p class="hv-muted">{escape(_("Why this is asked:"))} {escape(fact.why)}</p>'
        + (f'<p class="hv-muted">{escape(fact.help)}</p>' if fact.help else "")
    )
    with st.form("fact", border=False):
        answer = _field(fact, value)
        with st.container(horizontal=True):
            sent = st.form_submit_button(_("Continue"), type="primary")
            back = st.form_submit_button(_("Back")) if st.session_state.get("facts_order") else False
    if sent:
        _keep(fact.key, answer)
        st.rerun()
    if back:
        _go_back()
        st.rerun()


def _field(fact: Fact, value: Value | None) -> Value | None:
    """The answer as it stands in the field; None for "I don't know"."""
    match fact.kind:
        case "yes_no":
            options = {UNKNOWN: None, "yes": True, "no": False}
            names = {UNKNOWN: _("I don’t know"), "yes": _("Yes"), "no": _("No")}
            return options[_radio(fact, names, next((name for name, meant in options.items() if meant is value), UNKNOWN))]
        case "choice":
            names = {UNKNOWN: _("I don’t know"), **fact.options}
            picked = _radio(fact, names, value or UNKNOWN)
            return None if picked == UNKNOWN else picked
        case "choices":
            return _several(fact, value or ())
        case "date":
            given = st.date_input(_("Date, if it is known"), value, min_value=EARLIEST, max_value=LATEST, format="YYYY-MM-DD", key=f"field_{fact.key}")
            return given or None
        case "number":
            number = st.number_input(_("Number, if it is known"), 0, 36500, value, 1, key=f"field_{fact.key}", placeholder=_("I don’t know"))
            return None if number is None else int(number)


def _radio(fact: Fact, names: Mapping[str, str], current: Any) -> str:
    keys = list(names)
    return st.radio(fact.question, keys, keys.index(current), format_func=names.__getitem__, label_visibility="collapsed", key=f"field_{fact.key}")


def _several(fact: Fact, current: Sequence[str]) -> tuple[str, ...] | None:
    st.html(f'<p class="hv-muted">{escape(_("Leave all empty if you don’t know."))}</p>')
    ticked = {name: st.checkbox(words, name in current, key=f"field_{fact.key}_{name}") for name, words in fact.options.items()}
    return tuple(name for name, on in ticked.items() if on) or None


def _keep(key: str, answer: Value | None) -> None:
    """Hold an answer in this session; without one the question counts as skipped."""
    order = st.session_state.setdefault("facts_order", [])
    st.session_state["facts_order"] = [*(other for other in order if other != key), key]
    st.session_state["facts_asking"] = None
    _facts().pop(key, None)
    _skipped().discard(key)
    if answer is None:
        _skipped().add(key)
    else:
        _facts()[key] = answer


def _go_back() -> None:
    order = st.session_state["facts_order"]
    now = st.session_state.get("facts_asking")
    place = order.index(now) if now in order else len(order)
    st.session_state["facts_asking"] = order[max(place - 1, 0)]


def _again(key: str) -> None:
    st.session_state["facts_asking"] = key


def _start_again() -> None:
    for name in ("facts", "facts_skipped", "facts_order", "facts_asking"):
        st.session_state.pop(name, None)


def _answers(rules: Rules, facts: Mapping[str, Value]) -> None:
    if not facts:
        st.html(f'<p class="hv-muted hv-private">{escape(_("No names are needed. Answers stay in this session’s memory, are written nowhere, and are gone when you leave."))}</p>')
        return
    with st.expander(n_("{n} answer", "{n} answers", len(facts)), expanded=False, key="answers"):
        st.html(f'<p class="hv-muted">{escape(_("Choose one to change it. They stay in this session’s memory and are gone when you leave."))}</p>')
        for key in rules.facts:
            if key in facts:
                st.button(f"{rules.facts[key].question} **{_shown(rules.facts[key], facts[key])}**", type="tertiary", key=f"again_{key}", on_click=_again, args=(key,))
        st.button(_("Start again with nothing"), on_click=_start_again, key="start_again")


def _shown(fact: Fact, value: Value) -> str:
    match value:
        case bool():
            return _("Yes") if value else _("No")
        case tuple():
            return "; ".join(fact.options[name] for name in value)
        case str():
            return fact.options[value]
    return str(value)


# side by side


def _matrix(outcomes: Sequence[Outcome]) -> None:
    heads = [_("Form of relief"), *(_(words) for _state, words, *_rest in reversed(GROUPS)), _("What stands in the way or comes first")]
    head = "".join(f'<th scope="col">{escape(words)}</th>' for words in heads)
    st.html(
        f'<h2 class="hv-sub">{escape(_("Side by side"))}</h2><table class="hv-table hv-matrix"><caption>{escape(_("How many tests of each form of relief are met"))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(_row(outcome, heads) for outcome in outcomes)}</tbody></table>"
    )
    st.html(f'<h2 class="hv-sub">{escape(_("Look at one"))}</h2>')
    with st.container(key="look_closer", horizontal=True):
        for outcome in outcomes:
            st.button(outcome.title, key=f"look_{outcome.relief}", on_click=_look_at, args=(outcome.relief,))


def _row(outcome: Outcome, heads: Sequence[str]) -> str:
    cells = []
    for (state, _words, tone, mark), head in zip(reversed(GROUPS), heads[1:]):
        number = outcome.count(state)
        shown = f'<span class="hv-find-mark hv-find-{tone}" aria-hidden="true">{mark}</span>{number}' if number else "–"
        cells.append(f'<td data-name="{escape(head)}">{shown}</td>')
    return f'<tr><th scope="row">{escape(outcome.title)}</th>{"".join(cells)}<td class="hv-first">{_hint(outcome)}</td></tr>'


def _hint(outcome: Outcome) -> str:
    """The tests that are not met, and the next date, in few words."""
    lines = [escape(finding.wording) for finding in outcome.findings if finding.state == "not met"][:2]
    coming = next((due for due in outcome.due if due.days is not None and due.days >= 0), None)
    if coming:
        lines.append(f"<strong>{coming.day.isoformat()}</strong> {escape(coming.wording)}")
    return "<br>".join(lines)


# one form of relief


def _outcome(outcome: Outcome, rules: Rules, store: Store) -> None:
    reviewed = _("Rules last read against the law on {date}.").format(date=outcome.reviewed_on.isoformat())
    numbers = ((outcome.count(state), f"{mark} {_(words)}", _TONES[tone]) for state, words, tone, mark in GROUPS)
    counts = "".join(label(f"{words}: {number}", tone if number else "plain") for number, words, tone in numbers)
    st.html(
        f'<section class="hv-relief"><h2 class="hv-sub">{escape(outcome.title)}</h2><p>{escape(outcome.about)}</p><p class="hv-labels">{counts}</p>'
        f'<p class="hv-muted">{escape(reviewed)}</p></section>'
    )
    _first(outcome)
    for state, words, tone, mark in GROUPS:
        found = [finding for finding in outcome.findings if finding.state == state]
        if found:
            items = "".join(_finding(finding, tone, mark, _(words), rules, store) for finding in found)
            st.html(f'<h3 class="hv-side">{escape(_(words))} ({len(found)})</h3><div class="hv-findings">{items}</div>')
    if outcome.notes:
        st.html(f'<h3 class="hv-side">{escape(_("Good to know"))}</h3>{_listed(outcome.notes)}')


_TONES = {"stop": "stop", "open": "plain", "good": "good"}


def _first(outcome: Outcome) -> None:
    if not outcome.due and not outcome.steps:
        return
    items = "".join(_due(due) for due in outcome.due) + "".join(_advice(step) for step in outcome.steps)
    st.html(f'<section class="hv-firsts"><h3 class="hv-side">{escape(_("What to do first"))}</h3><ul>{items}</ul></section>')


def _due(due: Due) -> str:
    if due.day is None:
        return f"<li>{label(_('date not known'), 'plain')} {escape(due.wording)} {_where(due.basis)}</li>"
    if due.days < 0:
        when, tone = n_("{n} day ago", "{n} days ago", -due.days), "warn"
    else:
        when, tone = (n_("in {n} day", "in {n} days", due.days), "warn" if due.days <= 60 else "good") if due.days else (_("today"), "warn")
    return f"<li>{label(f'{due.day.isoformat()}, {when}', tone)} {escape(due.wording)} {_where(due.basis)}</li>"


def _advice(advice: Advice) -> str:
    return f"<li>{escape(advice.wording)} {_where(advice.basis) if advice.basis else ''}</li>"


def _listed(notes: Sequence[Advice]) -> str:
    return f'<ul class="hv-know">{"".join(_advice(note) for note in notes)}</ul>'


def _where(basis: Basis) -> str:
    """The pinpoint, as a link to the provision where it is held."""
    if basis.held:
        return f'<span class="hv-pin">{inside(paths.provision(basis.cited.provision_id), basis.citation)}</span>'
    return f'<span class="hv-pin">{escape(basis.citation)}</span>'


def _finding(finding: Finding, tone: str, mark: str, words: str, rules: Rules, store: Store) -> str:
    ask = _("To settle it:") if finding.state == "cannot tell" else _("To ask about the waiver:")
    asked = f'<span class="hv-settle">{escape(ask)} {escape(rules.facts[finding.missing[0]].question)}</span>' if finding.missing and finding.state != "met" else ""
    why = _("unverified: no longer law in our copy") if finding.basis[0].ended else _("unverified: official text not held")
    unverified = "" if finding.verified else label(why, "warn")
    by = "".join(label(_("by an exception"), "summary") for _id in finding.by[:1])
    waiver = label(_("a waiver exists"), "summary") if finding.state == "not met" and finding.waivers else ""
    return (
        f'<details class="hv-fold hv-finding"><summary><span class="hv-find-mark hv-find-{tone}" aria-hidden="true">{mark}</span><span class="hv-find-body">'
        f'<span class="hv-cite"><span class="hv-said">{escape(words)}: </span>{escape(finding.wording)}</span>{asked}'
        f'<span class="hv-labels">{unverified}{by}{waiver}</span></span></summary>{_details(finding, store)}</details>'
    )


def _details(finding: Finding, store: Store) -> str:
    parts = [f'<p class="hv-muted">{escape(words)}</p>' for words in (finding.weighed, finding.help) if words]
    parts.append(_relaxed(_("Exceptions"), [item for item in finding.exceptions if finding.state != "met" or item.id in finding.by], finding))
    parts.append(_relaxed(_("Waivers, which somebody has to grant"), finding.waivers if finding.state != "met" else (), finding))
    if finding.evidence:
        listed = "; ".join(finding.evidence)
        parts.append(f'<p class="hv-muted"><strong>{escape(_("What usually shows it:"))}</strong> {escape(listed)}</p>')
    parts.extend(_law_text(basis, store) for basis in finding.basis)
    return f'<div class="hv-find-details">{"".join(parts)}</div>'


def _relaxed(title: str, items: Sequence[Relaxed], finding: Finding) -> str:
    if not items:
        return ""
    rows = "".join(f"<li>{escape(item.wording)} {label(_(WAIVED[item.state]), 'good' if item.state == 'met' else 'plain')} {_where(item.basis)}</li>" for item in items)
    return f'<p class="hv-find-head">{escape(title)}</p><ul class="hv-know">{rows}</ul>'


def _law_text(basis: Basis, store: Store) -> str:
    """One provision: where it stands, how recent, its words or our summary of it, and what will change it."""
    cited = basis.cited
    labels = _labels(basis, store)
    body = ""
    if cited:
        body = quote(cited.quote, cited.language, "law" if cited.kind == "text" else "summary")
        body += f'<p class="hv-muted">{escape(_("The provision goes on; open it to read the rest."))}</p>' if basis.cut else ""
    elif basis.withheld:
        body = f'<p class="hv-muted">{escape(_("The stored text is not the one that was sealed, so it is not shown."))}</p>'
    pending = "".join(f'<p class="hv-muted">{label(_("Change to come"), "warn")} {escape(change["act"])}: {escape(change["effect"])}</p>' for change in basis.pending)
    official = link(basis.official_url, _("Official publication"))
    return f'<div class="hv-basis"><p class="hv-find-head">{_where(basis)}</p><p class="hv-labels">{labels}</p>{body}{pending}<p>{official}</p></div>'


def _labels(basis: Basis, store: Store) -> str:
    return passage.labels(basis.cited, store) if basis.cited else label(_("neither text nor summary held"), "warn")


# to take away


def _take_away(outcomes: Sequence[Outcome], rules: Rules, on: datetime.date) -> None:
    words = _("The file holds the findings and the law, not your answers. To print, use the browser’s print command.")
    st.download_button(_("Download the findings as text"), as_text(outcomes, rules, on), "findings.txt", "text/plain", icon=":material/download:", on_click="ignore")
    st.html(f'<p class="hv-muted">{escape(words)}</p>')


main()
