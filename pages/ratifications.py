"""Who is bound by a treaty, as far as our own table says."""

from __future__ import annotations

from typing import Any

import streamlit as st

from kb.store import Store
from pages import paths
from pages.frame import label, link
from pages.language import N_, _, jurisdiction_name, n_
from pages.paths import inside
from pages.verbatim import escape

STATES = {"party": N_("party"), "not party": N_("not a party"), "signed": N_("signed only")}


def show(treaty: str, store: Store) -> None:
    """The table of a treaty; nothing where we have none."""
    row = next((row for row in store.topics.get("ratifications") or () if row["treaty"] == treaty), None)
    if row:
        st.html(_table(row, store))


def _table(row: dict[str, Any], store: Store) -> str:
    parties = sorted(row["parties"].items(), key=lambda item: jurisdiction_name(item[0]))
    bound = sum(1 for _code, state in parties if state.startswith("party"))
    body = "".join(_line(code, state, store) for code, state in parties)
    checked = label(_("checked against the depositary {date}").format(date=row["table_checked"]), "good") if row["table_checked"] else label(
        _("not yet checked against the depositary"), "warn"
    )
    heads = f'<th scope="col">{escape(_("State"))}</th><th scope="col">{escape(_("Status"))}</th>'
    count = n_("{n} party among the states in our catalogue", "{n} parties among the states in our catalogue", bound)
    return (
        f'<section class="hv-ratified"><h2 class="hv-side">{escape(_("Who is bound"))}</h2>'
        f'<p class="hv-muted">{escape(count)}. {escape(_left_out(row))}</p><p class="hv-labels">{label(_("as of {date}").format(date=row["as_of"]))}{checked}</p>'
        f'<details><summary>{escape(_("Show the table"))}</summary><table class="hv-table"><caption>{escape(_("Status by state"))}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></details><p>{link(row['source_url'], _('The depositary’s own table'))}</p></section>"
    )


def _left_out(row: dict[str, Any]) -> str:
    """What the table does not say."""
    left = n_("{n} state is left out because we are not certain", "{n} states are left out because we are not certain", row["omitted"]) + ". " if row["omitted"] else ""
    return f"{left}{_('Reservations and declarations are not shown.')} {row['note'] or ''}".strip()


def _line(code: str, state: str, store: Store) -> str:
    held = any(entry["jurisdiction"] == code for entry in store.instruments.values())
    name = inside(paths.laws(code), jurisdiction_name(code)) if held else escape(jurisdiction_name(code))
    return f'<tr><th scope="row">{name}</th><td>{escape(_(STATES.get(state, state)))}</td></tr>'
