"""One provision: its whole text with the cited words highlighted, its place in the law, versions, neighbours, and our summary beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from kb.citation import cite
from kb.errors import KBError
from kb.show import show
from kb.store import Store, Version
from pages import frame, language, paths, related, session, topics, wordings
from pages.frame import banner, dated, label, link
from pages.language import N_, _, jurisdiction_name
from pages.verbatim import direction, escape, provision, quote

STATES = {"repealed": (N_("repealed"), "warn"), "reserved": (N_("reserved: no text"), "warn"), "in-force": ("", "")}
SUMMARIES = 4  # shown beside a provision


def main() -> None:
    """The page, from top to bottom."""
    frame.enter()
    opened = session.opened()
    if (
        opened
        and opened.from_answer
        and session.asked()
        and st.button(_("Back to your answer"), icon=":material/arrow_back:", type="tertiary")
    ):
        st.switch_page("pages/ask.py")
    store = frame.library()
    paths.follow()
    if opened is None:
        banner("info", _("No provision is open"), _("Ask a question, then choose “Read it in context” below a quote; or browse the laws."))
        st.page_link("pages/ask.py", label=_("Ask a question"), icon=":material/arrow_back:")
        frame.foot()
        return
    try:
        found = show(opened.id, store)
    except KBError as exc:
        frame.problem(_("This provision cannot be shown"), exc)
        st.page_link("pages/ask.py", label=_("Ask a question"), icon=":material/arrow_back:")
        frame.foot()
        return
    _provision(found, opened, store)
    frame.foot(store.instruments[found["instrument"]]["jurisdiction"])


def _provision(found: dict[str, Any], opened: session.Opened, store: Store) -> None:
    version, marked = _wording(found, opened, store)
    _head(found, version, store)
    _warnings(found, version)
    text, beside = st.columns([5, 3], gap="medium")
    with text:
        _text(found, version, marked, store)
    with beside:
        if version:
            _summaries(found)
        topics.show(found["summaries"], store)
        if version:
            related.show(version, found["numbers"], store)
        _publication(found, version, store)


def _wording(found: dict[str, Any], opened: session.Opened, store: Store) -> tuple[Version | None, tuple[int, int] | None]:
    """The version to show and the span to highlight in it: the one that was quoted, one that the reader chose, or the current one."""
    if found["kind"] == "summary":
        return None, None
    id = found["id"] if store.provision(found["id"]) else store.resolve(found["instrument"], found["numbers"])[0]
    versions = store.versions(id)
    place = next((n for n, v in enumerate(versions) if v.digest == opened.digest), 0)
    if len(versions) > 1:
        entry = store.instruments[found["instrument"]]
        names = [wordings.named(version, entry) for version in versions]
        place = st.selectbox(_("Wording"), range(len(versions)), place, format_func=names.__getitem__, key=f"wording_{found['id']}")
    version = versions[place]
    if opened.start is not None and version.digest == opened.digest:
        return version, (opened.start, opened.end)
    portion = next((p for p in version.provision.portions if p.id == found["id"]), None)
    return version, (portion.start, portion.end) if portion else None


def _head(found: dict[str, Any], version: Version | None, store: Store) -> None:
    entry = store.instruments[found["instrument"]]
    code = entry["jurisdiction"]
    path = [(jurisdiction_name(code), paths.laws(code)), (entry["short_title"], paths.law(entry["id"]))]
    path += [(heading, "") for heading in (version.provision.context if version else ())]
    numbers = version.provision.numbers if version else found["numbers"]
    heading = version.provision.heading if version else found["heading"]
    language = version.language if version else "en"
    st.html(
        f'{paths.crumbs(path, _("Place in the law"))}<header class="hv-prov-head">'
        f'<h1>{escape(cite(entry["citation"], numbers, heading))}</h1><p class="hv-heading" lang="{escape(language)}" dir="{direction(language)}">{escape(heading)}</p>'
        f'<p class="hv-labels">{_labels(version, entry)}</p></header>'
    )


def _labels(version: Version | None, entry: dict[str, Any]) -> str:
    if version is None:
        return label(_("official text not held"), "warn") + label(_("Haven’s summary only"), "summary")
    labels = label(_("official text"), "good") + label(dated(version.as_at, entry))
    if version.provision.status in STATES and STATES[version.provision.status][0]:
        state, tone = STATES[version.provision.status]
        labels += label(_(state), tone)
    if not version.current:
        labels += label(_("not the current wording"), "warn")
    if version.damaged:
        labels += label(_("damaged copy"), "warn")
    if version.language != language.chosen():
        labels += label(frame.language_name(version.language))
    return labels


def _warnings(found: dict[str, Any], version: Version | None) -> None:
    if version and version.damaged:
        banner(
            "stop", _("This copy is known to be incomplete or disturbed"), f"{version.damage or ''} {_('Compare it with the official text.')}".strip()
        )
    for change in found["pending_amendments"]:
        banner("info", _("A change to this provision is on its way"), f"{change['effect']} ({change['act']})")


def _text(found: dict[str, Any], version: Version | None, marked: tuple[int, int] | None, store: Store) -> None:
    if version is None:
        banner("part", _("We do not hold the official text"), _("This is our summary of it. Read the official text before you rely on it."))
        _summaries(found)
        return
    held = version.provision
    portions = [{"numbers": p.numbers, "start": p.start, "end": p.end} for p in held.portions]
    if marked:
        st.html(f'<p class="hv-muted"><mark class="hv-swatch">{escape(_("Highlighted"))}</mark>: {escape(_("the words cited"))}</p>')
    st.html(f'<article class="hv-provision">{provision(held.text, version.language, portions, len(held.numbers), marked, related.asides(version, store))}</article>')
    if marked:
        frame.scroll_to("mark.hv-cited", f"{held.id} {marked}")
    _neighbours(found)
    wordings.show(store.versions(held.id), store.instruments[found["instrument"]])


def _neighbours(found: dict[str, Any]) -> None:
    """The way to the provisions before and after."""
    with st.container(horizontal=True, horizontal_alignment="distribute", key="neighbours"):
        for side, words, icon in (("previous", _("Previous"), ":material/chevron_left:"), ("next", _("Next"), ":material/chevron_right:")):
            near = found[side]
            st.button(
                words, key=side, icon=icon, disabled=near is None, on_click=session.open_provision, args=(_opened(near, found),),
                icon_position="left" if side == "previous" else "right",
            )  # fmt: skip


def _opened(id: str | None, found: dict[str, Any]) -> session.Opened:
    before = session.opened()
    return session.Opened(id or found["id"], from_answer=bool(before and before.from_answer))


def _summaries(found: dict[str, Any]) -> None:
    near: Sequence[dict[str, Any]] = found["summaries"]
    exact = [s for s in near if list(s["numbers"])[: len(found["numbers"])] == list(found["numbers"])] or near
    if not exact:
        return
    st.html(f'<h2 class="hv-side">{escape(_("In plain words"))}</h2>')
    for summary in exact[:SUMMARIES]:
        checked = label(_("checked against the official text"), "good") if summary["checked"] else label(_("not yet checked"), "warn")
        st.html(
            f'<section class="hv-aside"><p class="hv-cite">{escape(summary["heading"])}</p>{quote(summary["summary"], "en", "summary")}'
            f'<p class="hv-labels">{label(_("Haven’s summary, not the law’s wording"), "summary")}{checked}</p></section>'
        )
    if len(exact) > SUMMARIES:
        st.html(f'<p class="hv-muted">{escape(_("And {n} more on parts of this provision.").format(n=len(exact) - SUMMARIES))}</p>')


def _publication(found: dict[str, Any], version: Version | None, store: Store) -> None:
    entry = store.instruments[found["instrument"]]
    url = (version.official_url if version else found["official_url"]) or entry["official_url"]
    rows = [(_("Law"), entry["title"]), (_("Wording"), dated(version.as_at if version else found["as_at"], entry))]
    if version:
        rows += [(_("Copy taken"), (version.retrieved_at or "")[:10]), (_("Fingerprint"), version.digest[:16])]
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in rows if value)
    listed += f"<dt>{escape(_('Address'))}</dt><dd>{paths.inside(paths.provision(found['id']), '/' + paths.provision(found['id']))}</dd>"
    st.html(f'<h2 class="hv-side">{escape(_("Where it comes from"))}</h2><dl class="hv-facts">{listed}</dl><p>{link(url, _("Official publication"))}</p>')
    if len(found["versions"]) > 1:
        body = "".join(
            f"<tr><td>{escape(v['as_at'] or _('not known'))}</td><td>{escape(v['format'])}</td><td>{_('current') if v['current'] else ''}{' ' + _('damaged') if v['damaged'] else ''}</td></tr>"
            for v in found["versions"]
        )
        st.html(
            f'<table class="hv-table"><caption>{escape(_("Versions held"))}</caption><thead><tr><th scope="col">{escape(_("Date"))}</th><th scope="col">{escape(_("Format"))}</th><th scope="col">{escape(_("State"))}</th></tr></thead><tbody>{body}</tbody></table>'
        )


main()
