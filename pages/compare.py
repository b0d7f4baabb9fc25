"""Compare: a topic across jurisdictions beside the treaties' standard, and the way from a treaty article to national law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from kb import compare as comparing
from kb import tables
from kb.citation import cite, split_id
from kb.compare import Cell, CellProvision, Comparison
from kb.errors import KBError
from kb.show import locate
from kb.store import Store
from pages import frame, paths
from pages.frame import banner, dated, label, link
from pages.language import N_, _, jurisdiction_name, n_
from pages.paths import inside
from pages.told import in_language
from pages.topics import said
from pages.verbatim import escape, quote

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MOST_COLUMNS = 5  # jurisdictions beside the treaties: more cannot be read next to each other
MOST_TOPICS = 4
SHOWN = 3  # provisions of a cell until all are asked for
PREFERRED = ("gb", "us", "eu", "ca")  # compared at first, as far as they are held
EMPTY = {
    "nothing": (N_("Held, nothing found"), N_("We hold law of this place, and none of our summaries of it is on this topic. The law may speak of it all the same.")),
    "not-held": (N_("Not held"), N_("We hold neither text nor summary of this law. That says nothing about what it provides.")),
}  # fmt: skip


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    words = _("One topic in several countries, beside what the treaties ask for. Each entry leads to the provision.")
    st.html(f'<div class="hv-wide"></div><header class="hv-hero"><h1>{escape(_("Compare the laws"))}</h1><p>{escape(words)}</p></header>')
    store = frame.library()
    paths.follow()
    try:
        comparing.topics(store)
        _follow_address(store)
        _page(store)
    except KBError as exc:
        frame.problem(_("This comparison cannot be shown"), exc)
    frame.foot()


def _page(store: Store) -> None:
    codes = _choose_jurisdictions(store)
    by_article = _choose_way()
    if not codes:
        banner("none", _("Choose at least one country"), _("The treaties stand in the first column by themselves."))
        return
    if by_article:
        _from_article(codes, store)
    else:
        _by_topic(codes, store)


# what is chosen, and its address


def _follow_address(store: Store) -> None:
    """Set the fields to what the address names, when it is one that they have not set themselves or when they are new on the page."""
    address = (*st.query_params.get_all("topic"), "|", *st.query_params.get_all("with"), "|", st.query_params.get("article", ""))
    if address == st.session_state.get("compare_address") and "compare_way" in st.session_state:
        return
    st.session_state["compare_address"] = address
    codes = [code for code in st.query_params.get_all("with") if code in _offered(store)]
    if codes:
        st.session_state["compare_with"] = codes[:MOST_COLUMNS]
    known = comparing.topics(store)
    article = st.query_params.get("article", "")
    st.session_state["compare_topics"] = [topic for topic in st.query_params.get_all("topic") if topic in known][:MOST_TOPICS]
    if article in comparing.traceable(store):
        st.session_state["compare_article"] = article
    st.session_state["compare_way"] = "article" if article else "topic"


def _address(topics: Sequence[str], codes: Sequence[str], article: str = "") -> None:
    """Put what is compared into the address; a question never stands there."""
    st.session_state["compare_address"] = (*topics, "|", *codes, "|", article)
    st.query_params.from_dict({"topic": list(topics), "with": list(codes), **({"article": article} if article else {})})


def _offered(store: Store) -> list[str]:
    return [code for code in frame.jurisdictions(store) if code != "int"]


def _choose_jurisdictions(store: Store) -> list[str]:
    offered = _offered(store)
    if "compare_with" not in st.session_state:
        held = [code for code in PREFERRED if code in offered]
        st.session_state["compare_with"] = held or offered[:2]
    return st.multiselect(
        _("Countries to compare"), offered, key="compare_with", format_func=jurisdiction_name, max_selections=MOST_COLUMNS,
        help=_("Up to five. A federal country includes its states unless you choose them too."), placeholder=_("Choose countries"),
    )  # fmt: skip


def _choose_way() -> bool:
    """Whether to start from a treaty article."""
    ways = {"topic": _("By topic"), "article": _("From a treaty article")}
    chosen = st.radio(_("Where to start"), list(ways), key="compare_way", format_func=ways.__getitem__, horizontal=True)
    return chosen == "article"


# by topic


def _by_topic(codes: Sequence[str], store: Store) -> None:
    known = comparing.topics(store)
    chosen = st.multiselect(
        _("Topics"), list(known), key="compare_topics", format_func=lambda id: f"{said(known[id].group, store)}: {said(known[id].name, store)}", max_selections=MOST_TOPICS,
        placeholder=_("Choose a topic, or take one from the table below"),
    )  # fmt: skip
    _address(chosen, codes)
    if not chosen:
        _overview(codes, store)
        return
    limit = _limit()
    with st.spinner(_("Comparing …")):
        comparisons = [comparing.compare(topic, store, codes, limit) for topic in chosen]
    for comparison in comparisons:
        _comparison(comparison, store)
    _take_away(chosen, codes, store)


def _limit() -> int | None:
    return None if st.toggle(_("Show every provision found"), key="compare_all") else SHOWN


def _overview(codes: Sequence[str], store: Store) -> None:
    """Every topic by jurisdiction: how many provisions are found, each number a link to the comparison."""
    table = comparing.matrix(store, codes)
    known = comparing.topics(store)
    heads = "".join(f'<th scope="col">{escape(jurisdiction_name(code))}</th>' for code in codes)
    body, group = "", ""
    for id, row in table.items():
        if known[id].group != group:
            group = known[id].group
            body += f'<tr class="hv-group"><th colspan="{len(codes) + 1}" scope="colgroup">{escape(said(group, store))}</th></tr>'
        cells = "".join(f"<td>{_count(row[code], id, code)}</td>" for code in codes)
        body += f'<tr><th scope="row">{inside(paths.comparison([id], codes), said(known[id].name, store))}</th>{cells}</tr>'
    legend = _("The numbers count the provisions that our summaries sort under a topic. “–”: law held, nothing found. “Not held”: no law of that place is here.")
    st.html(
        f'<p class="hv-muted">{escape(legend)}</p><div class="hv-scroll" tabindex="0" role="region" aria-label="{escape(_("Topics by country"))}">'
        f'<table class="hv-table hv-counts hv-overview"><caption>{escape(_("Topics by country"))}</caption><thead><tr><th scope="col">{escape(_("Topic"))}</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _count(count: int | None, topic: str, code: str) -> str:
    if count is None:
        return f'<span class="hv-notheld">{escape(_("Not held"))}</span>'
    return inside(paths.comparison([topic], [code]), f"{count}") if count else f'<span title="{escape(_(EMPTY["nothing"][0]))}">–</span>'


# from a treaty article


def _from_article(codes: Sequence[str], store: Store) -> None:
    articles = comparing.traceable(store)
    if not articles:
        banner("none", _("No treaty article is sorted by topic here"), "")
        return
    names = {id: _article_name(id, store) for id in articles}
    chosen = st.selectbox(_("Treaty article"), articles, key="compare_article", format_func=names.__getitem__, index=None, placeholder=_("Choose an article"))
    _address((), codes, chosen or "")
    banner("info", _("A pointer, not a finding"), _("What follows are provisions on the same subjects as the article. That they are there does not mean that a state does what the treaty asks."))
    if not chosen:
        return
    limit = _limit()
    with st.spinner(_("Comparing …")):
        found = comparing.trace(*locate(chosen, store), store, codes, limit)
    st.html(f'<section class="hv-article" aria-label="{escape(names[chosen])}">{_entry(found.article, store)}</section>')
    for comparison in found.comparisons:
        _comparison(comparison, store)
    _take_away([comparison.topic.id for comparison in found.comparisons], codes, store)


def _article_name(id: str, store: Store) -> str:
    instrument, numbers = split_id(id)
    headings = [s["heading"] for s in store.summaries(instrument, numbers) if len(s["numbers"]) <= len(numbers)]
    return f"{cite(store.instruments[instrument]['citation'], numbers)} {headings[-1] if headings else ''}".strip()


# a comparison


def _comparison(comparison: Comparison, store: Store) -> None:
    topic, name = comparison.topic, said(comparison.topic.name, store)
    names = [_("Treaties"), *(jurisdiction_name(cell.jurisdiction) for cell in comparison.cells)]
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    cells = "".join(_cell(cell, name, store) for name, cell in zip(names, (comparison.standard, *comparison.cells), strict=True))
    st.html(
        f'<section class="hv-topic"><h2 class="hv-sub">{escape(name)}</h2><p class="hv-muted">{escape(said(topic.definition, store))}</p>'
        f'<div class="hv-scroll" tabindex="0" role="region" aria-label="{escape(name)}"><table class="hv-compare"><thead><tr>{heads}</tr></thead>'
        f"<tbody><tr>{cells}</tr></tbody></table></div></section>"
    )


def _cell(cell: Cell, name: str, store: Store) -> str:
    """HTML of one cell; its name stands in it for the narrow page, where the columns stand below each other."""
    title = f'<p class="hv-cell-name" aria-hidden="true">{escape(name)}</p>'
    if not cell.provisions:
        words, meaning = EMPTY[cell.state]
        return f'<td class="hv-cell hv-cell-{cell.state}">{title}<p class="hv-cell-empty">{escape(_(words))}</p><p class="hv-muted">{escape(_(meaning))}</p></td>'
    more = n_("and {n} more: “Show every provision found”", "and {n} more: “Show every provision found”", cell.more) if cell.more else ""
    below = f'<p class="hv-muted">{escape(more)}</p>' if more else ""
    return f'<td class="hv-cell">{title}{"".join(_entry(found, store) for found in cell.provisions)}{below}</td>'


def _entry(found: CellProvision, store: Store) -> str:
    entry: Mapping[str, object] = store.instruments[found.instrument]
    labels = label(dated(found.as_at, entry)) if found.quote is not None else label(_("text not held"), "warn")
    labels += "".join(label(in_language(warning), "warn") for warning in found.warnings)
    heading = f'<p class="hv-muted">{escape(found.heading)}</p>' if found.heading else ""
    return (
        f'<article class="hv-entry"><p class="hv-cite">{inside(paths.provision(found.id), found.citation)}</p>{heading}<p class="hv-labels">{labels}</p>'
        f"{_ours(found)}{_words(found)}</article>"
    )


def _ours(found: CellProvision) -> str:
    """HTML of the sentence from our summary, with its labels."""
    if not found.line:
        return ""
    checked = label(_("checked"), "good") if found.checked else label(_("not yet checked"), "warn")
    return f'<p class="hv-entry-line" lang="en">{escape(found.line)}</p><p class="hv-labels">{label(_("Haven’s summary"), "summary")}{checked}</p>'


def _words(found: CellProvision) -> str:
    """HTML of the law's own words, or of the way to them."""
    if found.quote is None:
        return f"<p>{link(found.official_url, _('Official publication'))}</p>"
    place = found.pinpoint if found.opens and found.closes else _("{citation}, in part").format(citation=found.pinpoint)
    return f'{quote(found.quote, found.language)}<p class="hv-muted">{escape(place)}</p>'


# taking it away


def _take_away(topics: Sequence[str], codes: Sequence[str], store: Store) -> None:
    """The whole comparison as a file, every provision of it."""
    st.html(f'<p class="hv-muted">{escape(in_language(comparing.POINTER))}</p>')
    name = "-".join(["compare", *topics[:2], *codes])

    def whole() -> list[Comparison]:
        return [comparing.compare(topic, store, codes) for topic in topics]

    def for_word() -> bytes:
        return tables.as_docx(whole(), store, date.today().isoformat())

    def as_csv() -> bytes:
        return tables.as_csv(whole(), store).encode("utf-8-sig")

    with st.container(horizontal=True, key="take_away"):
        st.download_button(_("Download for Word"), for_word, file_name=f"{name}.docx", mime=WORD, icon=":material/download:", on_click="ignore")
        st.download_button(_("Download the table (CSV)"), as_csv, file_name=f"{name}.csv", mime="text/csv", icon=":material/download:", on_click="ignore")


main()
