"""Check a draft: its citations resolved and its quotations compared word for word, marked in the draft and listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import streamlit as st

from ingest import upload
from kb.draft import MAX_CHARS, Checked, Citation, Review, check
from kb.errors import KBError
from kb.store import Store
from pages import frame, paths
from pages.frame import banner, label
from pages.language import N_, _, n_
from pages.told import in_language
from pages.verbatim import changed, escape

CITATIONS = {
    "exists": (N_("exists"), "good", "✓"),
    "superseded": (N_("replaced, repealed or about to change"), "warn", "!"),
    "no-such-provision": (N_("does not exist"), "stop", "✗"),
    "not-held": (N_("not held: cannot be checked"), "plain", "?"),
    "unclear": (N_("names no law"), "plain", "?"),
    "look-alike": (N_("not genuine: false letters"), "stop", "✗"),
}
QUOTATIONS = {
    "exact": (N_("word for word"), "good", "✓"),
    "left-out": (N_("word for word, but a limit is left out"), "warn", "!"),
    "elsewhere": (N_("word for word, but elsewhere"), "warn", "!"),
    "older": (N_("an older wording"), "warn", "!"),
    "differs": (N_("differs from the record"), "stop", "✗"),
    "not-found": (N_("not found where it is cited"), "stop", "✗"),
    "no-citation": (N_("not compared"), "plain", "?"),
}
_ORDER = {"stop": 0, "warn": 1, "plain": 2, "good": 3}


@dataclass(frozen=True, slots=True)
class Finding:
    """A citation or quotation of the draft with its number in it, and how its state is called, coloured and marked."""

    number: int
    about: Citation | Checked
    name: str
    tone: str
    mark: str


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    paths.follow()
    told = _("Paste a letter, a brief or a paper. Every citation in it is looked up, and every quotation of five words or more is compared word for word.")
    st.html(f'<header class="hv-hero"><h1>{escape(_("Check a draft"))}</h1><p>{escape(told)}</p></header>')
    store = frame.library()
    _form(store)
    if (found := st.session_state.get("review")) is not None:
        _review(found, st.session_state["draft"])
    frame.foot()


def _form(store: Store) -> None:
    st.session_state.setdefault("draft_text", st.session_state.get("draft", ""))
    with st.form("check_draft", border=False):
        st.text_area(_("Your draft"), key="draft_text", height=220, max_chars=MAX_CHARS, placeholder=_("Paste the text here, with its citations and quotations."))
        given = st.file_uploader(
            _("Or a file: Word, PDF or plain text"), type=["docx", "pdf", "txt", "md"], key="draft_file",
            help=_("The file takes the place of what is written above. It is read in this session and forgotten with it."),
        )  # fmt: skip
        sent = st.form_submit_button(_("Check the draft"), type="primary", icon=":material/rule:")
    st.html(f'<p class="hv-muted">{escape(_("The draft stays in the memory of this session and is sent to no one."))}</p>')
    if sent:
        st.session_state.pop("review", None)
        _check(given, store)


def _check(given: Any, store: Store) -> None:
    """Check what was sent and keep draft and findings for the session; what cannot be checked is told in one line."""
    try:
        text = "\n\n".join(upload.read(given.name, given.getvalue()).parts) if given is not None else st.session_state["draft_text"]
        with st.spinner(_("Looking up each citation and comparing each quotation …")):
            st.session_state["review"] = check(text, store)
        st.session_state["draft"] = text
    except KBError as exc:
        frame.problem(_("This draft cannot be checked"), exc)


def _review(found: Review, draft: str) -> None:
    findings = _findings(found)
    if not findings:
        banner("none", _("No citation and no quotation was found in this draft"), _("Write citations with the name of the law: Palermo Protocol art. 6(3)."))
        return
    wanting = sorted((finding for finding in findings if finding.tone != "good"), key=lambda finding: _ORDER[finding.tone])
    _summary(found, wanting)
    if wanting:
        st.html(f'<h2 class="hv-sub">{escape(_("Look at these"))}</h2>{_list(wanting)}')
    st.html(f'<h2 class="hv-sub">{escape(_("Your draft, marked"))}</h2>{_legend()}<article class="hv-provision hv-draft">{_marked(draft, findings)}</article>')
    if good := [finding for finding in findings if finding.tone == "good"]:
        with st.expander(n_("{n} in order", "{n} in order", len(good)), icon=":material/done_all:"):
            st.html(_list(good))


def _findings(found: Review) -> list[Finding]:
    """Citations and quotations in the order of the draft, numbered from 1."""
    both = sorted([*found.citations, *found.quotations], key=lambda about: (about.start, -about.end))
    states = [(CITATIONS if isinstance(about, Citation) else QUOTATIONS)[about.state] for about in both]
    return [Finding(n, about, *state) for n, (about, state) in enumerate(zip(both, states, strict=True), start=1)]


def _summary(found: Review, wanting: Sequence[Finding]) -> None:
    checked = f"{n_('{n} citation', '{n} citations', len(found.citations))}, {n_('{n} quotation', '{n} quotations', len(found.quotations))}"
    stopping = any(finding.tone == "stop" for finding in wanting)
    if not wanting:
        banner("good", _("Everything found is in order"), checked)
    else:
        title = n_("{n} place needs a look", "{n} places need a look", len(wanting))
        banner("stop" if stopping else "part", title, _("Checked: {what}.").format(what=checked))


def _list(findings: Sequence[Finding]) -> str:
    return f'<ol class="hv-findings">{"".join(map(_finding, findings))}</ol>'


def _finding(finding: Finding) -> str:
    """HTML of one finding: what stands in the draft, its state, what is to be known of it, and the way to the record."""
    about = finding.about
    what = _("Citation") if isinstance(about, Citation) else _("Quotation")
    text = " ".join(about.text.split())
    shown = text if isinstance(about, Citation) else f"“{text if len(text) <= 160 else text[:160] + ' …'}”"
    place = f'<a class="hv-number" href="#place-{finding.number}" aria-label="{escape(_("Place {n} in the draft").format(n=finding.number))}">{finding.number}</a>'
    return (
        f'<li id="finding-{finding.number}"><header class="hv-card-head">{place}<div><p class="hv-cite" dir="auto">{escape(shown)}</p>'
        f'<p class="hv-labels">{label(_(finding.name), finding.tone)}{label(what)}</p></div></header>'
        f'<p dir="auto">{escape(in_language(about.words))}</p>{_changes(about)}{_way(about)}</li>'
    )


def _changes(about: Citation | Checked) -> str:
    if isinstance(about, Citation) or not about.changes:
        return ""
    marks = f'<ins>{escape(_("in your draft"))}</ins> <del>{escape(_("in the record"))}</del>'
    pieces = [(piece.kind, piece.text) for piece in about.changes]
    return (
        f'<p class="hv-muted hv-changes">{escape(_("Marks:"))} {marks}</p>'
        f"{changed(pieces, 'en', _('only in your draft:'), _('only in the record:'), _('end of change'))}"
    )


def _way(about: Citation | Checked) -> str:
    if not about.provision_id:
        return ""
    return f"<p>{paths.inside(paths.provision(about.provision_id), _('Open {citation}').format(citation=about.citation))}</p>"


def _legend() -> str:
    marks = (("good", "✓", _("in order")), ("warn", "!", _("look")), ("stop", "✗", _("wrong")), ("plain", "?", _("cannot be checked")))
    shown = "".join(f'<span class="hv-found hv-found-{tone}"><sup>{mark}</sup>{escape(words)}</span> ' for tone, mark, words in marks)
    return f'<p class="hv-muted hv-legend">{shown}</p>'


def _marked(draft: str, findings: Sequence[Finding]) -> str:
    """HTML of the draft with every citation and quotation marked; the characters, marks taken out, are the draft's."""
    edges = sorted({0, len(draft), *(edge for finding in findings for edge in (finding.about.start, finding.about.end))})
    parts = []
    for start, end in pairwise(edges):
        around = [finding for finding in findings if finding.about.start <= start and end <= finding.about.end]
        signs = "".join(_sign(finding) for finding in around if finding.about.start == start)
        text = escape(draft[start:end])
        tones = " ".join(f"hv-found-{finding.tone}" for finding in around[-1:])
        parts.append(f'{signs}<span class="hv-found {tones}">{text}</span>' if around else text)
    return f'<div class="hv-text hv-draft-text" dir="auto">{"".join(parts)}</div>'


def _sign(finding: Finding) -> str:
    name = _("{n}: {state}").format(n=finding.number, state=_(finding.name))
    return (
        f'<a class="hv-sign hv-sign-{finding.tone}" id="place-{finding.number}" href="#finding-{finding.number}" title="{escape(name)}" '
        f'aria-label="{escape(name)}">{finding.mark}{finding.number}</a>'
    )


main()
