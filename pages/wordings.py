"""Two wordings of a provision that are held, and what changed between them, word by word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from kb.changes import altered, changes
from kb.store import Version
from pages.frame import dated, label
from pages.language import _
from pages.verbatim import changed, escape


def named(version: Version, entry: Mapping[str, Any]) -> str:
    """What tells a wording from the others: its date, whether it is the current one, damage, format."""
    current = f" {_('(current)')}" if version.current else ""
    damaged = f", {_('damaged copy')}" if version.damaged else ""
    return f"{dated(version.as_at, entry)}{current}{damaged}, {version.format}"


def show(versions: Sequence[Version], entry: Mapping[str, Any]) -> None:
    """The two wordings to choose and what changed between them; nothing where one alone is held."""
    if len(versions) < 2:
        return
    oldest_first = sorted(range(len(versions)), key=lambda n: (versions[n].as_at or "", -n))
    names = [named(version, entry) for version in versions]
    id = versions[0].provision.id
    with st.expander(_("What changed between two wordings"), icon=":material/difference:"):
        left, right = st.columns(2)
        latest = oldest_first.index(0) if 0 in oldest_first[1:] else len(oldest_first) - 1
        before = left.selectbox(_("From"), oldest_first, max(latest - 1, 0), format_func=names.__getitem__, key=f"before_{id}")
        after = right.selectbox(_("To"), oldest_first, latest, format_func=names.__getitem__, key=f"after_{id}")
        _difference(versions[before], versions[after])


def _difference(before: Version, after: Version) -> None:
    found = changes(before.provision.text, after.provision.text)
    if not altered(found):
        st.html(f'<p role="status">{escape(_("The words are the same."))}</p>')
        return
    marks = f'<ins>{escape(_("added"))}</ins> <del>{escape(_("removed"))}</del>'
    copies = label(_("Copies in two formats may differ in punctuation alone"), "plain") if before.format != after.format else ""
    st.html(
        f'<p class="hv-muted hv-changes">{escape(_("Marks:"))} {marks}</p><p class="hv-labels">{copies}</p><article class="hv-provision">'
        f"{changed([(change.kind, change.text) for change in found], after.language, _('added:'), _('removed:'), _('end of change'))}</article>"
    )
