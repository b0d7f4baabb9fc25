"""What is held of a law, as the pages say it."""

from __future__ import annotations

from typing import Any

from pages.frame import dated, label
from pages.language import N_, _, n_

HELD = {"text": (N_("official text"), "good"), "summary": (N_("summary only"), "summary"), "catalogue": (N_("catalogue only"), "plain")}


def state_of(entry: dict[str, Any]) -> str:
    """Whether a law is held as "text", as "summary" or in the "catalogue" only."""
    return "text" if entry["held"] else "summary" if entry["summaries"] else "catalogue"


def dates(held: dict[str, Any], entry: dict[str, Any]) -> str:
    """From when the wordings held of a law are."""
    first, last = held["first_as_at"], held["last_as_at"]
    if first and last and first != last:
        return (_("copies {first} to {last}") if entry["kind"] == "treaty" else _("as at {first} to {last}")).format(first=first, last=last)
    return dated(last, entry)


def labels(entry: dict[str, Any], held: dict[str, Any] | None) -> str:
    """HTML of the labels of a law: what is held, how much, from when, and what to beware of."""
    words, tone = HELD[state_of(entry)]
    found = label(_(words), tone)
    if held:
        found += label(n_("{n} article or section", "{n} articles or sections", held["provisions"])) + label(dates(held, entry))
        found += label(_("damaged copy"), "warn") if held["damaged"] else ""
    found += label(_("replaced"), "warn") if entry["replaced_by"] else ""
    found += label(_("change to come"), "warn") if entry["pending_amendments"] else ""
    return found
