"""Words of the record, and our summaries of it, as citations: everything about them read from the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kb.citation import cite, format_id
from kb.model import Cited
from kb.store import Store, Version


def of_words(version: Version, numbers: tuple[str, ...], start: int, end: int, store: Store) -> Cited:
    """The characters start:end of a wording, cited by a number path."""
    held, entry = version.provision, store.instruments[version.provision.instrument]
    return Cited(
        held.instrument, numbers, cite(entry["citation"], numbers, held.heading), "text", held.text[start:end], start, end, version.digest,
        version.official_url or entry["official_url"], version.as_at, held.id, version.language, version.damaged,
    )  # fmt: skip


def of_summary(summary: Mapping[str, Any], store: Store) -> Cited:
    """One of our summaries, whole."""
    instrument, numbers, words = summary["instrument"], tuple(summary["numbers"]), summary["summary"]
    entry = store.instruments[instrument]
    return Cited(
        instrument, numbers, cite(entry["citation"], numbers, summary["heading"]), "summary", words, 0, len(words), None,
        summary["official_url"] or entry["official_url"], summary["as_at"], format_id(instrument, numbers), "en", False, summary["checked"],
    )  # fmt: skip
