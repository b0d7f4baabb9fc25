"""Verify: a receipt -> what became of each of its quotations since, by the record of today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from kb.errors import KBError
from kb.receipt import Receipt, Verdict, read, verify
from kb.store import Store
from pages import frame, session
from pages.frame import banner, dated, label
from pages.language import N_, _, n_
from pages.told import in_language
from pages.verbatim import changed, escape, quote

STATES = {
    "same": (N_("the same"), "good"),
    "same-words": (N_("the same words"), "good"),
    "changed": (N_("changed since"), "warn"),
    "gone": (N_("no longer held"), "warn"),
    "forged": (N_("never in the record"), "stop"),
    "withheld": (N_("cannot be shown"), "warn"),
}  # fmt: skip
WORDS = (  # of kb.receipt, for the catalogue of translations
    N_("Word for word as it stands in the record."),
    N_("These words are the same; something else in the provision has changed since."),
    N_("The wording has changed since."),
    N_("The provision has been worded anew, and these words no longer stand in it."),
    N_("The wording now is another. The earlier one that is named here is not held, so we cannot tell whether it ever read like this."),
    N_("These words do not stand in the provision now. The earlier wording that is named here is not held, so we cannot tell whether they ever did."),
    N_("The wording that is named here has other words at this place. These words were never quoted from it."),
    N_("This very edition of the library does not hold the wording that is named here."),
    N_("The newest copy no longer has this provision; an earlier copy does."),
    N_("The text of this law is not held in this edition of the library."),
    N_("The law is held, and this provision is no longer in it."),
    N_("Haven no longer has a summary of this place."),
    N_("Haven's summary, unchanged. It is not the law's wording."),
    N_("Haven has rewritten this summary. It is not the law's wording."),
)


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    told = _("Someone gave you quotations from Haven with a receipt, or you kept one yourself. See whether the words still stand in the law as it is held today.")
    st.html(f'<header class="hv-hero"><h1>{escape(_("Verify a receipt"))}</h1><p>{escape(told)}</p></header>')
    store = frame.library()
    given = st.file_uploader(
        _("The receipt, or a file of saved passages"), type="json", key="receipt",
        help=_("The file stays in this session and is forgotten with it."),
    )  # fmt: skip
    if given is None:
        st.html(f'<p class="hv-muted">{escape(_("A receipt comes with “Download this answer” below an answer."))}</p>')
    else:
        try:
            receipt = read(given.getvalue())
            _verified(receipt, verify(receipt, store), store)
        except KBError as exc:
            frame.problem(_("This receipt cannot be relied on"), exc)
    frame.foot()


def _verified(receipt: Receipt, verdicts: Sequence[Verdict], store: Store) -> None:
    """What became of the whole, then of each quotation."""
    counts = Counter(verdict.state for verdict in verdicts)
    steady = counts["same"] + counts["same-words"]
    if counts["forged"]:
        count = n_("{n} quotation was never in the record", "{n} quotations were never in the record", counts["forged"])
        banner("stop", count, _("Someone made or changed this file. Do not rely on it."))
    elif steady == len(verdicts):
        banner("good", n_("The quotation still stands", "All {n} quotations still stand", steady), _("Every word was compared with the record just now."))
    else:
        words = _("{n} of {all} still stand. Read the marked ones before you rely on them.").format(n=steady, all=len(verdicts))
        banner("part", n_("{n} quotation has changed", "{n} quotations have changed", len(verdicts) - steady), words)
    st.html(f'<p class="hv-muted">{escape(_made(receipt, store))}</p>')
    if receipt.question:
        st.html(f'<p>{escape(_("Asked:"))} {escape(receipt.question)}</p>')
    for place, verdict in enumerate(verdicts):
        _verdict(place, verdict, store)


def _made(receipt: Receipt, store: Store) -> str:
    made = _("Made on {day} with edition {made}; compared with edition {now}.")
    narrowed = "; ".join(f"{name.replace('_', ' ')}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for name, v in receipt.filters.items())
    told = made.format(day=receipt.made_on, made=receipt.generation, now=store.manifest["generation"])
    return f"{told} {_('Narrowed to {filters}.').format(filters=narrowed)}" if narrowed else told


def _verdict(place: int, verdict: Verdict, store: Store) -> None:
    cited = verdict.saved.cited
    name, tone = STATES[verdict.state]
    entry = store.instruments.get(cited.instrument)
    labels = label(_(name), tone)
    if cited.kind == "text" and entry:
        labels += label(_("quoted: {date}").format(date=dated(cited.as_at, entry)))
        if verdict.state not in ("same", "forged") and verdict.as_at:
            labels += label(_("now: {date}").format(date=dated(verdict.as_at, entry)))
    with st.container(key=f"quote_verdict_{place}"):
        st.html(
            f'<article class="hv-card"><header class="hv-card-head"><span class="hv-number" role="img" aria-label="{escape(_("Quote {n}").format(n=place + 1))}">{place + 1}</span>'
            f'<div><p class="hv-cite">{escape(cited.citation)}</p><p class="hv-labels">{labels}</p></div></header>'
            f"<p>{escape(in_language(_(verdict.words)))}</p>{_wording(verdict)}</article>"
        )
        if verdict.start is not None and cited.kind == "text" and st.button(_("Read it in context"), key=f"open_verdict_{place}", icon=":material/menu_book:"):
            session.open_provision(session.Opened(cited.provision_id))
            st.switch_page("pages/provision.py")


def _wording(verdict: Verdict) -> str:
    """HTML of the words quoted; of the way from them to today's where they have changed."""
    cited = verdict.saved.cited
    if not verdict.changes:
        return quote(cited.quote, cited.language, "law" if cited.kind == "text" else "summary")
    marks = f'<ins>{escape(_("new words"))}</ins> <del>{escape(_("the words quoted, no longer there"))}</del>'
    pieces = [(piece.kind, piece.text) for piece in verdict.changes]
    return (
        f'<p class="hv-muted hv-changes">{escape(_("Marks:"))} {marks}</p>'
        f"{changed(pieces, cited.language, _('added:'), _('removed:'), _('end of change'))}"
    )


main()
