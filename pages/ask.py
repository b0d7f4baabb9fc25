"""Ask: a question in the reader's own words -> quotations of law, each with its place, its date and a way to read it in context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from kb import prose
from kb.answer import TEXT_NOT_HELD, ask
from kb.errors import KBError
from kb.model import Answer, Cited, Filters, Hit, Query, Statement, SurveyRow
from kb.store import Store
from pages import files, frame, passage, personal, session, take_away, update
from pages.frame import banner, label, link
from pages.language import N_, _, jurisdiction_name
from pages.told import in_language
from pages.verbatim import escape, quote

JOBS = (
    (
        N_("Caseworker"),
        N_("Which protections may be open to the person in front of you?"),
        (("pages/eligibility.py", N_("Check eligibility"), ":material/checklist:"),),
        (
            N_("My client signed the contract and said yes. Can she still be a victim of trafficking?"),
            N_("The agency kept his passport and charged him fees. Is that allowed?"),
        ),
    ),
    (
        N_("Lawyer"),
        N_("Find the exact wording by its citation, or test what you wrote against it."),
        (("pages/draft.py", N_("Check a draft"), ":material/fact_check:"),),
        (
            N_("Palermo Protocol art. 3(b)"),
            N_("8 U.S.C. 1101(a)(15)(T)"),
            N_("What must be shown for T nonimmigrant status?"),
        ),
    ),
    (
        N_("Student"),
        N_("Read through the laws of a country, or set countries side by side."),
        (
            ("pages/browse.py", N_("Browse the laws"), ":material/account_tree:"),
            ("pages/compare.py", N_("Compare countries"), ":material/table_chart:"),
        ),
        (N_("Which treaties forbid charging migrant workers recruitment fees?"),),
    ),
)
STATUS = {
    "supported": ("good", N_("The law held here answers this"), N_("The quotes under “What the law says” are official wording, compared with our record before they were shown.")),
    "partial": ("part", N_("Answered in part"), N_("Not every point could be backed by official wording. The notes below the quotes say what is missing.")),
    "not-covered": ("none", N_("Nothing found on this"), N_("We found nothing close enough to quote. That does not mean that there is no law on it.")),
    "not-held": ("none", N_("Not in this library"), N_("The question is about a law, a country or a kind of information that we do not hold.")),
    "no-such-provision": ("stop", N_("There is no such provision"), N_("The law is held, and has nothing under that number.")),
    "false-premise": ("stop", N_("The law says otherwise"), N_("The text held contradicts something that the question takes for granted.")),
    "refused": ("stop", N_("Haven does not answer this"), N_("It answers questions about what laws on trafficking and migrant work say.")),
}  # fmt: skip
SUMMARIES_ONLY = (
    "part",
    N_("Answered from summaries only"),
    N_("We do not hold the official text of this. What follows is Haven's own summary; read the official text before you rely on it."),
)
NOTES = {
    "damaged": (N_("Damaged copy"), "warn"),
    "pending-amendment": (N_("Change to come"), "warn"),
    "replaced": (N_("Replaced"), "warn"),
    "moved": (N_("Moved"), "warn"),
    "old-reference": (N_("Old reference"), "warn"),
    "repealed": (N_("Repealed"), "warn"),
    "reserved": (N_("Reserved"), "warn"),
    "amended-since": (N_("Amended since"), "warn"),
    "as-at": (N_("As at that day"), "plain"),
    "withheld": (N_("Withheld"), "warn"),
    "prose": (N_("Language model"), "plain"),
}
WHY = {
    "definition": N_("what “{term}” means in [{number}]"),
    "exception": N_("an exception to [{number}]"),
    "condition": N_("[{number}] is subject to this"),
    "override": N_("where both apply, this goes before [{number}]"),
}
SILENT = {
    "nothing": N_("Law held, nothing found"),
    "summaries-only": N_("Only Haven’s summaries held, nothing found in them"),
    "not-held": N_("Not held"),
}
FEW = 6  # places of which each stands in a row of its own, found or not
EXCERPT = 900  # characters of a nearest provision; the whole is one click away


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    _headline()
    store = frame.library()
    if prose.enabled(session.chosen()):
        banner("info", _("A language model is switched on"), in_language(prose.disclosure(session.chosen())))
    _form(store)
    query = session.asked()
    if waiting := personal.held_back():
        personal.decide(waiting)
        frame.foot()
        return
    if query is None:
        _jobs()
        _offer_texts(store)
        frame.foot()
        return
    place = st.empty()  # holds either the wait or the answer, so that an old answer never stands below a new question
    with place:
        found = _answered(query, store)
    if found:
        with place.container():
            _answer(found, store)
            files.beside(query, store)
    _offer_texts(store)
    frame.foot(_jurisdiction(query, found, store))


def _headline() -> None:
    if session.asked():
        return
    words = _("Ask in your own words about human trafficking or migrant work. See the law, word for word.")
    st.html(
        f'<header class="hv-hero"><h1>{escape(_("What does the law say?"))}</h1><p>{escape(words)}</p>'
        f'<p class="hv-danger"><a href="#help">{escape(_("In danger? Where to get help now"))}</a></p></header>'
    )


def _offer_texts(store: Store) -> None:
    """While there are summaries only: a button that fetches the official texts, its progress, and what came of it."""
    if any(entry["held"] for entry in store.instruments.values()):
        return
    with st.container(key="texts"):
        banner(
            "info",
            _("Only Haven's summaries are here so far"),
            _(
                "Answers will rest on our summaries. Fetch the official texts to have them quoted word for word; it takes some minutes and an internet "
                "connection."
            ),
        )
        frame.renew(
            _("Fetch the official texts of the core set"),
            [(_("Fetching the official texts"), update.FETCH), (_("Building the library"), update.BUILD)],
        )


# the question


def _form(store: Store) -> None:
    query = session.asked()
    st.session_state.setdefault("question", query.text if query else "")
    with st.form("ask", border=False):
        st.text_area(
            _("Your question, or a citation"),
            key="question",
            height=96,
            placeholder=_("For example: The employer keeps her passport. Is that allowed?"),
        )
        personal.watch()
        with st.container(horizontal=True, key="send"):
            sent = st.form_submit_button(_("Find the law"), type="primary", icon=":material/search:")
            if query:
                st.form_submit_button(_("New question"), on_click=_start_again, icon=":material/restart_alt:")
        filters = _filters(store, query.filters if query else Filters())
    if sent:
        personal.send(Query(st.session_state["question"], filters))
        st.rerun()


def _start_again() -> None:
    session.forget()
    for name in [name for name in st.session_state if str(name).startswith("only_")]:
        del st.session_state[name]


def _filters(store: Store, now: Filters) -> Filters:
    """The widgets that narrow a search, and what they are set to."""
    entries = {id: entry for id, entry in store.instruments.items() if entry["held"] or entry["summaries"]}
    count = sum(map(bool, (now.jurisdiction, now.kind, now.instrument, now.language, now.as_at, not now.summaries)))
    with st.expander(_("Narrow the search ({n} set)").format(n=count) if count else _("Narrow the search"), icon=":material/tune:"):
        left, right = st.columns(2)
        jurisdiction = left.multiselect(
            _("Whose law"), frame.jurisdictions(store), list(now.jurisdiction), format_func=jurisdiction_name, key="only_jurisdiction",
            placeholder=_("Any country or treaty body"), help=_("Law of these countries only. International holds the treaties; a federal country includes its states."),
        )  # fmt: skip
        kind = right.multiselect(
            _("Kind of law"), [kind for kind in frame.KINDS if any(entry["kind"] == kind for entry in entries.values())], list(now.kind),
            format_func=lambda kind: _(frame.KINDS[kind]), key="only_kind", placeholder=_("Any kind"),
            help=_("Treaties bind states; acts, codes and regulations bind people; guidance binds nobody."),
        )  # fmt: skip
        instrument = st.multiselect(
            _("Within these laws"), sorted(entries, key=lambda id: (entries[id]["short_title"] or id).casefold()), list(now.instrument),
            format_func=lambda id: f"{entries[id]['short_title'] or id} ({jurisdiction_name(entries[id]['jurisdiction'])})", key="only_instrument",
            placeholder=_("Any law"), help=_("Type part of a name. Only laws of which we hold the text or a summary are listed."),
        )  # fmt: skip
        left, right = st.columns(2)
        languages = sorted({entry["language"] for entry in entries.values()}, key=frame.language_name)
        language = left.multiselect(
            _("Language of the text"), languages, list(now.language), format_func=frame.language_name, key="only_language",
            placeholder=_("Any language"), help=_("The language in which the law is held, not the one you ask in."),
        )  # fmt: skip
        as_at = right.date_input(
            _("As it stood on"), value=now.as_at, min_value="1900-01-01", format="YYYY-MM-DD", key="only_as_at",
            help=_("Shows the wording held that was current on that day. Leave it empty for the newest."),
        )  # fmt: skip
        official = st.checkbox(
            _("Official texts only"),
            value=not now.summaries,
            key="only_official",
            help=_("Leaves out Haven's own summaries, both in searching and in the answer."),
        )
    day = as_at.isoformat() if as_at else None
    return Filters(tuple(jurisdiction), tuple(kind), tuple(instrument), tuple(language), day, not official)


def _jobs() -> None:
    """For each kind of reader: the page made for their work, and questions to start from."""
    st.html(f'<h2 class="hv-sub hv-or">{escape(_("Or start from your work"))}</h2>')
    for column, (who, what, places, questions) in zip(st.columns(3, gap="small"), JOBS, strict=True):
        with column, st.container(border=True, key=f"for_{who.lower()}"):
            st.html(f'<h3 class="hv-who">{escape(_(who))}</h3><p class="hv-muted">{escape(_(what))}</p>')
            for page, words, icon in places:
                st.page_link(page, label=_(words), icon=icon, width="stretch")
            st.html(f'<p class="hv-muted hv-or-ask">{escape(_("Or ask, for example:"))}</p>')
            for place, question in enumerate(questions):
                st.button(_(question), key=f"example_{who.lower()}_{place}", on_click=_try, args=(_(question),), width="stretch")


def _try(question: str) -> None:
    _start_again()
    st.session_state["question"] = question
    session.ask_for(Query(question))


def _answered(query: Query, store: Store) -> Answer | None:
    """The answer to the session's question, found now unless it was before; None where it could not be served, which has been said."""
    if found := session.answer():
        return found
    counts = store.manifest["counts"]
    try:
        with st.spinner(
            _("Searching {passages} passages and summaries of {laws} laws, then comparing each quote with the record …").format(
                passages=f"{counts['surfaces']:,}", laws=f"{counts['held_instruments']:,}"
            )
        ):
            found = prose.rewrite(ask(query, store, session.chosen()), store, session.chosen())
    except KBError as exc:
        frame.problem(_("This question cannot be searched as it is"), exc)
        return None
    session.keep_answer(found)
    return found


def _jurisdiction(query: Query, found: Answer | None, store: Store) -> str | None:
    """The country that the question seems to be about, for the list of hotlines."""
    if query.filters.jurisdiction:
        return query.filters.jurisdiction[0]
    cited = found.citations[0].instrument if found and found.citations else None
    return store.instruments[cited]["jurisdiction"] if cited else None


# the answer


def _answer(found: Answer, store: Store) -> None:
    """The whole answer: what it amounts to, our lead, the quotations, what else bears on it, notes, and what was searched."""
    st.html('<div id="answer" class="hv-anchor"></div>')
    summaries_only = TEXT_NOT_HELD in found.notes and not any(cited.kind == "text" for cited in found.citations)
    tone, title, words = SUMMARIES_ONLY if found.status == "partial" and summaries_only else STATUS[found.status]
    banner(tone, _(title), _(words) if found.answer else " ".join([_(words), *map(in_language, found.notes)]))
    by_role = {role: [s for s in found.answer if s.role == role] for role in ("lead", "prose", "quote", "related")}
    quotes = sorted(by_role["quote"], key=lambda s: _cited(s, found).kind != "text")
    numbers = {s.citations[0]: place for place, s in enumerate([*quotes, *by_role["related"]], start=1)}
    _survey(found, numbers)
    for statement in by_role["lead"]:
        _lead(statement, found, store)
    _written(by_role["prose"], numbers, found)
    for title, kind in ((_("What the law says"), "text"), (_("Summaries that bear on it"), "summary")):
        _numbered(title, [s for s in quotes if _cited(s, found).kind == kind], numbers, found, store)
    _related(by_role["related"], numbers, found, store)
    _nearest(found, store)
    if found.answer:
        _notes(found)
        take_away.answer(found, store)
    _searched(found)


def _cited(statement: Statement, found: Answer) -> Cited:
    return found.citations[statement.citations[0]]


def _lead(statement: Statement, found: Answer, store: Store) -> None:
    cited = _cited(statement, found)
    whose = jurisdiction_name(store.instruments[cited.instrument]["jurisdiction"])
    with st.container(key="lead"):
        st.html(
            f'<section class="hv-lead hv-anchor" id="lead" aria-label="{escape(_("Summary"))}"><p class="hv-labels">{label(_("Haven’s summary, not the law’s wording"), "summary")}{passage.checked(cited)}</p>'
            f'<p class="hv-lead-text" lang="en">{escape(cited.quote)}</p><p class="hv-muted">{escape(_("On {citation}").format(citation=cited.citation))} · {escape(whose)}</p></section>'
        )
        _actions(cited, "lead", _("Read the provision"), store)


def _written(statements: Sequence[Statement], numbers: Mapping[int, int], found: Answer) -> None:
    """What a language model wrote over the quotations, each sentence with the citations that it rests on."""
    if not statements:
        return
    lines = "".join(f'<p class="hv-lead-text" dir="auto">{escape(s.text)} {_rests_on(s, numbers, found)}</p>' for s in statements)
    with st.container(key="prose"):
        written = _("Written by a language model")
        labels = label(written, "warn") + label(_("citations, quotations and figures checked, not its reasoning"))
        st.html(f'<section class="hv-lead" aria-label="{escape(written)}"><p class="hv-labels">{labels}</p>{lines}</section>')


def _rests_on(statement: Statement, numbers: Mapping[int, int], found: Answer) -> str:
    """HTML of a sentence's citations: as numbered below, else the summary above."""
    named = (
        f"{numbers[n]} · {found.citations[n].citation}" if n in numbers else f"{_('summary')} · {found.citations[n].citation}"
        for n in statement.citations
    )
    return f'<span class="hv-muted">[{escape("; ".join(named))}]</span>'


def _survey(found: Answer, numbers: Mapping[int, int]) -> None:
    """What each of the places or laws asked about has, as a table; below it, by name, those of many that nothing was found of."""
    if not found.survey:
        return
    silent = [row for row in found.survey if row.citation is None]
    listed = found.survey if len(found.survey) <= FEW else [row for row in found.survey if row.citation is not None]
    heads = "".join(f'<th scope="col">{escape(words)}</th>' for words in (_("Whose law"), _("Provision"), _("In short")))
    body = "".join(_survey_row(row, numbers, found) for row in listed)
    table = f'<table class="hv-table hv-survey"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>' if body else ""
    count = _("Found for {found} of {all}.").format(found=len(found.survey) - len(silent), all=len(found.survey))
    pointer = _("These are pointers to provisions, no finding on a country. “Nothing found” does not mean that the law is silent.")
    st.html(
        f'<section aria-labelledby="survey"><h2 class="hv-sub" id="survey">{escape(_("Place by place"))}</h2><p class="hv-muted">{escape(count)} {escape(pointer)}</p>'
        f"{table}{_silent(silent) if len(found.survey) > FEW else ''}</section>"
    )


def _survey_row(row: SurveyRow, numbers: Mapping[int, int], found: Answer) -> str:
    name = row.name if row.instrument else jurisdiction_name(row.jurisdiction)
    head = f'<th scope="row">{escape(name)}</th>'
    if row.citation is None:
        return f'<tr>{head}<td colspan="2" class="hv-muted">{escape(_(SILENT[row.state]))}</td></tr>'
    cited, number = found.citations[row.citation], numbers.get(row.citation)
    mark = f'<a href="#quote-{number}" aria-label="{escape(_("Quote {n}").format(n=number))}">[{number}]</a>' if number else f'<a href="#lead">[{escape(_("summary"))}]</a>'
    place = f"{escape(cited.citation)} {mark}{_held(cited)}"
    language = "en" if row.ours else cited.language
    line = f'<span lang="{escape(language)}" dir="auto">{escape(row.line)}</span> {label(_("Haven’s summary"), "summary") if row.ours else ""}'
    return f"<tr>{head}<td>{place}</td><td>{line}</td></tr>"


def _held(cited: Cited) -> str:
    """HTML of a label, where we have our summary of a provision but not its text."""
    return "" if cited.kind == "text" else f"<br>{label(_('text not held'), 'warn')}"


def _silent(rows: Sequence[SurveyRow]) -> str:
    """The places that nothing is quoted of, by what is said of them."""
    names = {state: [row.name if row.instrument else jurisdiction_name(row.jurisdiction) for row in rows if row.state == state] for state in SILENT}
    return "".join(
        f'<p class="hv-survey-none"><strong>{escape(_(SILENT[state]))}:</strong> {escape(", ".join(sorted(listed)))}.</p>' for state, listed in names.items() if listed
    )


def _numbered(title: str, statements: Sequence[Statement], numbers: Mapping[int, int], found: Answer, store: Store) -> None:
    """The quotations of one kind under their title, numbered as the reader meets them."""
    if not statements:
        return
    st.html(f'<h2 class="hv-sub">{escape(title)}</h2>')
    for statement in statements:
        number = numbers[statement.citations[0]]
        with st.container(key=f"quote_{number}"):
            cited = _cited(statement, found)
            st.html(
                f'<article class="hv-card hv-anchor" id="quote-{number}">{passage.head(cited, store, number)}{quote(cited.quote, cited.language, "law" if cited.kind == "text" else "summary")}</article>'
            )
            _actions(cited, f"quote_{number}", _("Read it in context"), store)


def _actions(cited: Cited, key: str, words: str, store: Store) -> None:
    """The way to the provision in its context and to the official publication."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"actions_{key}"):
        if st.button(words, key=f"open_{key}", icon=":material/menu_book:"):
            marked = (cited.start, cited.end, cited.digest) if cited.kind == "text" else (None, None, None)
            session.open_provision(session.Opened(cited.provision_id, *marked, from_answer=True))
            st.switch_page("pages/provision.py")
        passage.save(cited, key)
        if where := link(cited.official_url or store.instruments[cited.instrument]["official_url"], _("Official publication")):
            st.html(where, width="content")


def _related(statements: Sequence[Statement], numbers: Mapping[int, int], found: Answer, store: Store) -> None:
    if statements:
        st.html(f'<h2 class="hv-sub">{escape(_("Also relevant"))}</h2>')
    for statement in statements:
        number = numbers[statement.citations[0]]
        why = _(WHY[statement.why]).format(term=statement.term, number=numbers[statement.beside]) if statement.why else ""
        _folded(_cited(statement, found), f"related_{number}", store, number, why)


def _nearest(found: Answer, store: Store) -> None:
    if not found.nearest:
        return
    st.html(
        f'<h2 class="hv-sub">{escape(_("Nearest provisions that we hold"))}</h2>'
        f'<p class="hv-muted">{escape(_("Shown to help you look further. They do not answer the question."))}</p>'
    )
    for place, hit in enumerate(found.nearest):
        _folded(_as_cited(hit, store), f"nearest_{place}", store, about=hit.heading)


def _as_cited(hit: Hit, store: Store) -> Cited:
    """A hit as a citation of its first words."""
    summary = store.summary(hit.summary_id) if hit.summary_id else None
    end = min(hit.end, hit.start + EXCERPT)
    digest = store.version(hit.version).digest if hit.version is not None else None
    return Cited(
        hit.instrument, hit.numbers, hit.citation, hit.kind, hit.text[: end - hit.start], hit.start, end, digest, hit.official_url, hit.as_at,
        hit.provision_id, hit.language, hit.damaged, summary["checked"] if summary else None,
    )  # fmt: skip


def _folded(cited: Cited, key: str, store: Store, number: int | None = None, about: str = "") -> None:
    """A quotation that opens on a click; `about` is said beside its citation, the name of the law where there is nothing to say."""
    with st.container(key=key):
        badge = f'<span class="hv-number">{number}</span>' if number else ""
        anchor = f' id="quote-{number}"' if number else ""
        name = about or store.instruments[cited.instrument]["short_title"]
        st.html(
            f'<details class="hv-fold hv-anchor"{anchor}><summary>{badge}<span><span class="hv-cite">{escape(cited.citation)}</span> <span class="hv-muted">{escape(name)}</span></span></summary>'
            f'<p class="hv-labels">{passage.labels(cited, store)}</p>{quote(cited.quote, cited.language, "law" if cited.kind == "text" else "summary")}</details>'
        )
        _actions(cited, key, _("Read it in context"), store)


def _notes(found: Answer) -> None:
    """What the reader must know; each note of the answer, its code turned into a label."""
    notes = [note for note in found.notes if note != TEXT_NOT_HELD and not note.startswith("unchecked: ")]  # a label says these two
    if not notes:
        return
    items = []
    for note in notes:
        code, words = note.partition(": ")[::2]
        name, tone = NOTES.get(code, ("", ""))
        line = in_language(words if name else note)
        spoken = ' lang="en"' if line in (words, note) else ""
        said = f"<span{spoken}>{escape(line[:1].upper() + line[1:] if name else line)}</span>"
        items.append(f"<li>{label(_(name), tone)} {said}</li>" if name else f"<li>{said}</li>")
    st.html(f'<section class="hv-notes"><h2 class="hv-sub">{escape(_("Please note"))}</h2><ul>{"".join(items)}</ul></section>')


def _searched(found: Answer) -> None:
    searched = found.searched
    filters = "; ".join(
        f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, tuple | list) else value}"
        for name, value in searched["filters"].items()
    )
    words = _("Searched {passages} passages of official text and our summaries, {laws} laws in all").format(
        passages=f"{searched['passages']:,}", laws=f"{searched['instruments']:,}"
    )
    narrowed = _("narrowed to {filters}").format(filters=filters) if filters else _("without filters")
    st.html(f'<p class="hv-muted hv-searched">{escape(words)}; {escape(narrowed)}.</p>')


main()
