"""Fills in what a tool knows of each summary: instrument, official address, date, and the digest of the wording it was checked against."""

from __future__ import annotations

from typing import Any

import yaml

from ingest import catalogue, raw
from ingest.build import Wording, choose, parsed, parsers_digest, sha256
from kb.citation import format_id
from kb.config import Settings
from kb.model import Instrument

_ORDER = (
    "instrument", "numbers", "heading", "summary", "facts", "questions", "questions_es", "questions_fr", "questions_de", "topics", "official_url",
    "as_at", "checked_against",
)  # fmt: skip


class _Dumper(yaml.SafeDumper):
    """YAML as the summaries are written: number paths on one line, long texts folded."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, indentless)


class _Flow(list):
    pass


class _Folded(str):
    pass


_Dumper.add_representer(_Flow, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True))
_Dumper.add_representer(_Folded, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:str", data, style=">"))


def stamp_all(settings: Settings) -> tuple[int, list[str]]:
    """Stamp every summary file; how many files changed, and the summaries whose numbers a held text does not have."""
    entries = catalogue.instruments(settings.corpus / "catalogue")
    changed, unresolved = 0, []
    folder = settings.corpus / "summaries"
    wanted = {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.yaml"))}
    held = held_wordings(settings, entries, set(wanted))
    for instrument, path in wanted.items():
        rows, _ = catalogue.read_yaml(path)
        stamped = [_stamped(row, entries.get(instrument), instrument, held.get(instrument, {}), unresolved) for row in rows or []]
        text = yaml.dump(stamped, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=150)
        if text != path.read_text("utf-8"):
            path.write_text(text, "utf-8")
            changed += 1
    return changed, unresolved


def held_wordings(settings: Settings, entries: dict[str, Instrument], wanted: set[str]) -> dict[str, dict[str, Wording]]:
    """The current wordings of the instruments wanted, by instrument and provision id."""
    wordings, code = [], parsers_digest()
    for snapshot, row in raw.read_snapshots(settings.raw_dir):
        if snapshot.instrument in wanted:
            instrument = raw.described(snapshot.instrument, row, entries)
            provisions, _ = parsed(settings, code, (snapshot, instrument))
            wordings.extend(Wording(provision, snapshot, instrument, position) for position, provision in enumerate(provisions))
    table: dict[str, dict[str, Wording]] = {}
    for id, wording in choose(wordings).items():
        table.setdefault(wording.provision.instrument, {})[id] = wording
    return table


def _stamped(
    row: dict[str, Any], entry: Instrument | None, instrument: str, held: dict[str, Wording], unresolved: list[str]
) -> dict[str, Any]:
    numbers = [str(number) for number in row["numbers"]]
    wording = wording_of(instrument, numbers, held)
    if wording is None and lacks(entry, instrument, numbers, held):
        unresolved.append(format_id(instrument, numbers))
    values = {
        **row,
        "instrument": instrument,
        "numbers": _Flow(numbers),
        "summary": _Folded(" ".join(str(row["summary"]).split()) + "\n"),
        "topics": _Flow(row["topics"]),
        "official_url": row.get("official_url") or (wording.snapshot.official_url if wording else None) or (entry.official_url if entry else None),
        "as_at": wording.snapshot.as_at if wording else None,
        "checked_against": sha256(wording.provision.text) if wording else None,
    }
    return {name: values[name] for name in _ORDER if name in values}


def lacks(entry: Instrument | None, instrument: str, numbers: list[str], held: dict[str, Wording]) -> bool:
    """Whether the text held should have this number path; of an instrument that is held in part, other provisions may be summarised too."""
    part = entry is not None and entry.complete is not True
    return bool(held and numbers) and (not part or format_id(instrument, numbers[:1]) in held)


def wording_of(instrument: str, numbers: list[str], held: dict[str, Wording]) -> Wording | None:
    """The wording that holds a number path; for a whole sheet, its first."""
    if not numbers:
        return next(iter(held.values()), None)
    for length in range(len(numbers), 0, -1):
        wording = held.get(format_id(instrument, numbers[:length]))
        if wording and (length == len(numbers) or any(list(p.numbers) == numbers for p in wording.provision.portions)):
            return wording
    return None
