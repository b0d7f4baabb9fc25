"""Browse: from a country to its laws, from a law to its table of contents, from there to a provision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from kb.citation import format_id, pinpoint, within
from kb.errors import KBError
from kb.model import Filters, Query
from kb.show import locate
from kb.store import Store
from pages import frame, holdings, paths, ratifications, session
from pages.frame import banner, label, link
from pages.language import N_, _, jurisdiction_name, n_
from pages.paths import inside
from pages.verbatim import direction, escape

STATES = {"repealed": N_("repealed"), "reserved": N_("reserved: no text")}
FLAT = 60  # provisions of a law up to which its table of contents stands open
FOUND = 200  # headings shown for what was typed


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    store = frame.library()
    paths.follow()
    instrument, jurisdiction = st.query_params.get("i"), st.query_params.get("j")
    if instrument in store.instruments:
        _law(store.instruments[instrument], store)
    elif jurisdiction and any(within(entry["jurisdiction"], jurisdiction) for entry in store.instruments.values()):
        _jurisdiction(jurisdiction, store)
    else:
        if instrument or jurisdiction:
            banner("none", _("Nothing by this address"), _("The library has no such law or country. Choose from the list below."))
        _start(store)
    frame.foot(store.instruments[instrument]["jurisdiction"] if instrument in store.instruments else jurisdiction)


# the start: whose law


def _start(store: Store) -> None:
    words = _("Choose whose law, then a law, then read it article by article. Every page has an address of its own that you can note down.")
    st.html(f'<header class="hv-hero"><h1>{escape(_("Browse the laws"))}</h1><p>{escape(words)}</p></header>')
    _citation(store)
    codes = frame.jurisdictions(store)
    whole = [code for code in codes if code in ("int", "eu")]
    states = [code for code in codes if code not in whole and not any(code != other and within(code, other) for other in codes)]
    st.html(f'<h2 class="hv-sub">{escape(_("Treaties and the European Union"))}</h2><ul class="hv-places">{_places(whole, store)}</ul>')
    st.html(f'<h2 class="hv-sub">{escape(_("Countries"))}</h2><ul class="hv-places">{_places(states, store)}</ul>')


def _places(codes: Iterable[str], store: Store) -> str:
    return "".join(f"<li>{inside(paths.laws(code), _place(code))}{_counts(code, store)}</li>" for code in codes)


def _place(code: str) -> str:
    return _("International treaties and guidance") if code == "int" else jurisdiction_name(code)


def _counts(code: str, store: Store) -> str:
    entries = [entry for entry in store.instruments.values() if within(entry["jurisdiction"], code)]
    texts = sum(1 for entry in entries if entry["held"])
    words = n_("{n} law", "{n} laws", len(entries)) + (" · " + _("{n} with official text").format(n=texts) if texts else "")
    return f'<span class="hv-muted">{escape(words)}</span>'


def _citation(store: Store) -> None:
    """A field that opens a provision by its citation; what is typed there stays in the session."""
    with st.form("open", border=False), st.container(horizontal=True, vertical_alignment="bottom", key="open_row"):
        wanted = st.text_input(_("Or open a provision by its citation"), key="open_citation", placeholder="Palermo Protocol art. 6(3)", max_chars=300)
        sent = st.form_submit_button(_("Open"), icon=":material/menu_book:")
    if not sent:
        return
    if not wanted.strip():
        banner("none", _("Type a citation first"), _("For example: 8 CFR 214.204(b), or Palermo Protocol art. 6(3)."))
        return
    try:
        st.switch_page("pages/provision.py", query_params={"p": format_id(*locate(wanted, store))})
    except KBError as exc:
        frame.problem(_("This citation is not one that Haven knows"), exc)


# a jurisdiction: its laws


def _jurisdiction(code: str, store: Store) -> None:
    st.html(paths.crumbs([(_("Browse"), paths.laws()), (_place(code), "")], _("Place in the library")))
    st.html(f'<header class="hv-prov-head"><h1>{escape(_place(code))}</h1></header>')
    parts = sorted({e["jurisdiction"] for e in store.instruments.values() if e["jurisdiction"] != code and within(e["jurisdiction"], code)})
    if parts:
        st.html(f'<p>{escape(_("Also:"))} {", ".join(inside(paths.laws(part), jurisdiction_name(part)) for part in parts)}</p>')
    entries = [entry for entry in store.instruments.values() if entry["jurisdiction"] == code]
    typed = _narrowing(_("Find a law by its name"), f"laws_{code}", len(entries) > 12)
    shown = [e for e in entries if typed in f"{e['title']} {e['short_title']} {' '.join(e['names'])}".casefold()]
    if not shown:
        banner("none", _("No law of this name here"), _("Try fewer letters, or look in the list of all countries."))
    for kind, name in frame.KINDS.items():
        _laws(_(name), [entry for entry in shown if entry["kind"] == kind], store)


def _narrowing(words: str, key: str, offered: bool) -> str:
    """What was typed to narrow a list, in lower case; nothing where the list is short."""
    return st.text_input(words, key=key, max_chars=80).strip().casefold() if offered else ""


def _laws(title: str, entries: Sequence[dict[str, Any]], store: Store) -> None:
    if not entries:
        return
    order = {state: place for place, state in enumerate(holdings.HELD)}
    ranked = sorted(entries, key=lambda entry: (order[holdings.state_of(entry)], str(entry["short_title"]).casefold()))
    held = store.holdings()
    items = "".join(_law_line(entry, held.get(entry["id"])) for entry in ranked)
    st.html(f'<h2 class="hv-sub">{escape(title)}</h2><ul class="hv-laws">{items}</ul>')


def _law_line(entry: dict[str, Any], held: dict[str, Any] | None) -> str:
    longer = f'<p class="hv-muted" dir="auto">{escape(entry["title"])}</p>' if entry["title"] != entry["short_title"] else ""
    return (
        f'<li><p class="hv-cite">{inside(paths.law(entry["id"]), entry["short_title"] or entry["title"], language=entry["language"])}</p>{longer}'
        f'<p class="hv-labels">{holdings.labels(entry, held)}</p></li>'
    )


# a law: its table of contents


def _law(entry: dict[str, Any], store: Store) -> None:
    code = entry["jurisdiction"]
    steps = [(_("Browse"), paths.laws()), (_place(code), paths.laws(code)), (entry["short_title"], "")]
    longer = f'<p class="hv-heading" dir="auto">{escape(entry["title"])}</p>' if entry["title"] != entry["short_title"] else ""
    st.html(
        f'{paths.crumbs(steps, _("Place in the library"))}<header class="hv-prov-head"><h1 dir="auto">{escape(entry["short_title"] or entry["title"])}</h1>{longer}'
        f'<p class="hv-labels">{holdings.labels(entry, store.holdings().get(entry["id"]))}</p></header>'
    )
    _warnings(entry)
    _search_inside(entry)
    contents, beside = st.columns([5, 3], gap="medium")
    with contents:
        _contents(entry, store)
    with beside:
        _facts(entry)
        if entry["kind"] == "treaty":
            ratifications.show(entry["id"], store)


def _warnings(entry: dict[str, Any]) -> None:
    if replaced := entry["replaced_by"]:
        told = "; ".join(str(value) for value in replaced.values() if value) if isinstance(replaced, dict) else str(replaced)
        banner("stop", _("This law has been replaced"), told)
    for change in entry["pending_amendments"]:
        banner("info", _("A change is on its way"), f"{change['effect']} ({change['act']})")


def _search_inside(entry: dict[str, Any]) -> None:
    """Ask this law alone: the question goes to the page Ask with the filter set."""
    if not (entry["held"] or entry["summaries"]):
        return
    with st.form("inside", border=False), st.container(horizontal=True, vertical_alignment="bottom", key="inside_row"):
        asked = st.text_input(_("Search inside this law"), key="inside_question", max_chars=4000, placeholder=_("In your own words"))
        sent = st.form_submit_button(_("Find"), icon=":material/search:")
    if sent and asked.strip():
        session.forget()
        st.session_state["question"] = asked
        session.ask_for(Query(asked, Filters(instrument=(entry["id"],))))
        st.query_params.clear()
        st.switch_page("pages/ask.py")


def _facts(entry: dict[str, Any]) -> None:
    rows = [
        (_("Adopted"), entry["adopted"]), (_("In force"), entry["in_force"]), (_("Last amended"), entry["last_amended"]),
        (_("Cited as"), entry["citation"].format(pinpoint="…")), (_("Language"), frame.language_name(entry["language"])),
        (_("Part held"), entry["complete"] if isinstance(entry["complete"], str) else None), (_("Licence"), entry["licence"]),
    ]  # fmt: skip
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in rows if value)
    st.html(
        f'<h2 class="hv-side">{escape(_("About this law"))}</h2><dl class="hv-facts">{listed}</dl><p>{link(entry["official_url"], _("Official publication"))}</p>'
    )


Row = tuple[str, tuple[str, ...], str, tuple[str, ...], str]  # id, numbers, heading, context, status


def _contents(entry: dict[str, Any], store: Store) -> None:
    rows: Sequence[Row] = store.contents(entry["id"]) or _summarised(entry, store)
    st.html(f'<h2 class="hv-sub">{escape(_("Contents"))}</h2>')
    if not rows:
        banner("none", _("Only the catalogue entry is held"), _("There is neither text nor summary of this law here. Follow the official link."))
        return
    if not entry["held"]:
        st.html(f'<p class="hv-muted">{escape(_("The official text is not held. These are the provisions that we have summarised."))}</p>')
    typed = _narrowing(_("Find a number or heading"), f"contents_{entry['id']}", len(rows) > 12)
    if typed:
        _headings([row for row in rows if typed in f"{pinpoint(row[1])} {row[2]}".casefold()], entry)
        return
    st.html(f'<div class="hv-toc">{_tree(rows, 0, entry, len(rows) <= FLAT)}</div>')


def _summarised(entry: dict[str, Any], store: Store) -> list[Row]:
    return [(format_id(entry["id"], s["numbers"]), tuple(s["numbers"]), s["heading"], (), "in-force") for s in store.summaries(entry["id"])]


def _headings(found: Sequence[Row], entry: dict[str, Any]) -> None:
    if not found:
        banner("none", _("No heading like this"), _("Search inside the law instead: that looks at the whole text."))
        return
    st.html(f'<p class="hv-muted" role="status">{escape(n_("{n} provision", "{n} provisions", len(found)))}</p>')
    st.html(f'<div class="hv-toc"><ul>{"".join(_line(row, entry) for row in found[:FOUND])}</ul></div>')


def _tree(rows: Sequence[Row], depth: int, entry: dict[str, Any], opened: bool) -> str:
    """HTML of provisions under the headings that they share, those without a heading at this depth as they come."""
    parts: list[str] = []
    at = 0
    while at < len(rows):
        heading = rows[at][3][depth] if len(rows[at][3]) > depth else None
        end = at
        while end < len(rows) and (rows[end][3][depth] if len(rows[end][3]) > depth else None) == heading:
            end += 1
        if heading is None:
            parts.append(f"<ul>{''.join(_line(row, entry) for row in rows[at:end])}</ul>")
        else:
            count = f'<span class="hv-muted"> · {end - at}</span>'
            state = " open" if opened else ""
            parts.append(
                f'<details{state}><summary dir="auto">{escape(heading)}{count}</summary>{_tree(rows[at:end], depth + 1, entry, opened)}</details>'
            )
        at = end
    return "".join(parts)


def _line(row: Row, entry: dict[str, Any]) -> str:
    id, numbers, heading, _context, status = row
    name = pinpoint(numbers)
    number = f'<span class="hv-toc-number">{escape(name)}</span> ' if name else ""
    state = " " + label(_(STATES[status]), "warn") if status in STATES else ""
    words = "" if heading.casefold() == name.casefold() else heading
    spoken = f'lang="{escape(entry["language"])}" dir="{direction(entry["language"])}"'
    return f'<li><a class="hv-in" href="{escape(paths.provision(id))}">{number}<span {spoken}>{escape(words)}</span></a>{state}</li>'


main()
