"""A receipt: what was quoted, from which wording of which provision, in a form that any later edition of the library can be asked about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

from kb.citation import cite
from kb.cited import of_summary, of_words
from kb.errors import QueryError, StoreError
from kb.model import Answer, Cited
from kb.report import CONTRACT
from kb.store import Store, Version, seal
from kb.wording import Piece, differences, nearest

MAX_BYTES = 5_000_000
RECOGNISABLE = 0.5  # the share of its words by which a changed quotation is still recognised
State = Literal["same", "same-words", "changed", "gone", "forged", "withheld"]
# by whether the earlier wording that a quotation names is held as well
_CHANGED = {
    True: "The wording has changed since.",
    False: "The wording now is another. The earlier one that is named here is not held, so we cannot tell whether it ever read like this.",
}
_REWORDED = {
    True: "The provision has been worded anew, and these words no longer stand in it.",
    False: "These words do not stand in the provision now. The earlier wording that is named here is not held, so we cannot tell whether they ever did.",
}
NO_RECEIPT = "this file is not a receipt or a folder that Haven wrote"
_FIELDS = {
    "instrument": str, "numbers": list, "citation": str, "kind": str, "quote": str, "start": int, "end": int, "digest": str | None,
    "official_url": str | None, "as_at": str | None, "provision_id": str, "language": str, "damaged": bool, "checked": bool | None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saved:
    """A quotation that was set aside, and what the reader noted on it."""

    cited: Cited
    note: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt or a folder says: the edition and day it was made, what was asked if that was kept, and the quotations."""

    kind: Literal["receipt", "folder"]
    generation: str
    made_on: str
    question: str | None
    status: str | None
    filters: dict[str, Any]
    quotes: tuple[Saved, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one quotation. `start`, `end` and `as_at` are those of the wording now; `changes` lead from the quotation to it.

    What `saved` says of the place of its words, such as its citation, is the record's wherever the record has that place; a file may say anything.
    """

    saved: Saved
    state: State
    words: str
    as_at: str | None = None
    start: int | None = None
    end: int | None = None
    changes: tuple[Piece, ...] = ()


# writing


def of_answer(answer: Answer, store: Store, made_on: date, with_question: bool = False) -> dict[str, Any]:
    """The receipt of an answer, as JSON; the question is in it only where that is wanted."""
    told = {"question": answer.query if with_question else None, "status": answer.status, "filters": answer.searched["filters"]}
    return _sealed("receipt", map(Saved, answer.citations), store, made_on, told)


def of_folder(saved: Iterable[Saved], store: Store, made_on: date) -> dict[str, Any]:
    """A folder of saved quotations with their notes, as JSON."""
    return _sealed("folder", saved, store, made_on, {"question": None, "status": None, "filters": {}})


def text_of(receipt: dict[str, Any]) -> str:
    """A receipt as the characters of its file."""
    return json.dumps(receipt, ensure_ascii=False, indent=1) + "\n"


def _sealed(kind: str, saved: Iterable[Saved], store: Store, made_on: date, told: dict[str, Any]) -> dict[str, Any]:
    quotes = [{**asdict(item.cited), "numbers": list(item.cited.numbers), "quote_digest": _digest(item.cited.quote), "note": item.note} for item in saved]
    head = {"haven": kind, "contract": CONTRACT, "generation": store.manifest["generation"], "made_on": made_on.isoformat()}
    plain = json.loads(json.dumps({**head, **told, "quotes": quotes}))  # tuples become lists, as they are when it is read
    return {**plain, "seal": seal(plain)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


# reading


def read(raw: bytes) -> Receipt:
    """What a receipt or folder says.

    Raises: QueryError where the file is neither, or is not as Haven wrote it.
    """
    if len(raw) > MAX_BYTES:
        raise QueryError(f"{NO_RECEIPT}: it is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise QueryError(NO_RECEIPT) from exc
    if not isinstance(data, dict) or data.get("haven") not in ("receipt", "folder"):
        raise QueryError(NO_RECEIPT)
    if data.get("contract") != CONTRACT:
        raise QueryError(f"this {data['haven']} is of contract {data.get('contract')!r}; this program reads {CONTRACT}")
    if data.get("seal") != seal(data):
        raise QueryError(f"this {data['haven']} was altered or damaged after Haven wrote it; ask again for a new one")
    try:
        return _receipt(data)
    except (ValueError, KeyError, TypeError) as exc:
        raise QueryError(f"this {data['haven']} is not one that Haven writes: {exc}") from exc


def _receipt(data: dict[str, Any]) -> Receipt:
    for name, kind in (("generation", str), ("made_on", str), ("question", str | None), ("status", str | None), ("filters", dict), ("quotes", list)):
        if not isinstance(data[name], kind):
            raise ValueError(f"{name} has another type")
    quotes = tuple(_saved(number, entry) for number, entry in enumerate(data["quotes"], start=1))
    return Receipt(data["haven"], data["generation"], data["made_on"], data["question"], data["status"], data["filters"], quotes)


def _saved(number: int, entry: dict[str, Any]) -> Saved:
    for name, kind in {**_FIELDS, "note": str}.items():
        if not isinstance(entry[name], kind):
            raise ValueError(f"quote {number}: {name} has another type")
    if not all(isinstance(printed, str) for printed in entry["numbers"]) or entry["kind"] not in ("text", "summary"):
        raise ValueError(f"quote {number}: its numbers or kind are not ours")
    if entry["start"] < 0 or entry["end"] - entry["start"] != len(entry["quote"]) or entry["quote_digest"] != _digest(entry["quote"]):
        raise ValueError(f"quote {number}: its words do not fit their place or digest")
    values = {name: entry[name] for name in _FIELDS}
    return Saved(Cited(**{**values, "numbers": tuple(entry["numbers"])}), entry["note"])


# verifying


def verify(receipt: Receipt, store: Store) -> list[Verdict]:
    """A verdict for each quotation of a receipt, in its order, by the record of this edition."""
    return [_verdict(saved, receipt.generation, store) for saved in receipt.quotes]


def _verdict(saved: Saved, generation: str, store: Store) -> Verdict:
    cited = saved.cited
    if cited.kind == "summary":
        return _of_summary(saved, store)
    try:
        versions = store.versions(cited.provision_id)
    except StoreError as exc:
        return Verdict(saved, "withheld", str(exc))
    named = next((version for version in versions if version.digest == cited.digest), None)
    saved = replace(saved, cited=_placed(cited, named or versions[0], store)) if versions else saved
    if named and named.provision.text[cited.start : cited.end] != cited.quote:
        return Verdict(saved, "forged", "The wording that is named here has other words at this place. These words were never quoted from it.")
    if named is None and generation == store.manifest["generation"]:
        return Verdict(saved, "forged", "This very edition of the library does not hold the wording that is named here.")
    current = next((version for version in versions if version.current), None)
    return _against(saved, current, named is not None) if current else _gone(saved, versions, store)


def _placed(cited: Cited, held: Version, store: Store) -> Cited:
    """The words with their place as the record names it; of the file only the portion stays, if it is one that holds them there."""
    provision, entry = held.provision, store.instruments[held.provision.instrument]
    around = held.digest == cited.digest and any(p.numbers == cited.numbers and p.start <= cited.start and cited.end <= p.end for p in provision.portions)
    numbers = cited.numbers if around else provision.numbers
    as_at = held.as_at if held.digest == cited.digest else cited.as_at
    return replace(
        cited, instrument=provision.instrument, numbers=numbers, citation=cite(entry["citation"], numbers, provision.heading),
        official_url=held.official_url or entry["official_url"], as_at=as_at, language=held.language,
    )  # fmt: skip


def _against(saved: Saved, current: Version, named: bool) -> Verdict:
    """The quotation held against the current wording of its provision; `named` says whether the wording that it names is held too."""
    cited, text = saved.cited, current.provision.text
    if current.digest == cited.digest:
        return Verdict(saved, "same", "Word for word as it stands in the record.", current.as_at, cited.start, cited.end)
    at = _occurrence(cited.quote, text, cited.start)
    if at is not None:
        words = "These words are the same; something else in the provision has changed since."
        return Verdict(saved, "same-words", words, current.as_at, at, at + len(cited.quote))
    place = nearest(cited.quote, text)
    if place is None or place.share < RECOGNISABLE:
        return Verdict(saved, "changed", _REWORDED[named], current.as_at)
    now = text[place.start : place.end]
    return Verdict(saved, "changed", _CHANGED[named], current.as_at, place.start, place.end, differences(cited.quote, now))


def _occurrence(words: str, text: str, near: int) -> int | None:
    """Where the words stand in the text, the place nearest to where they stood; None where they do not."""
    before, after = text.rfind(words, 0, near + len(words)), text.find(words, near)
    found = [at for at in (before, after) if at >= 0]
    return min(found, key=lambda at: abs(at - near)) if found else None


def _gone(saved: Saved, versions: Sequence[Version], store: Store) -> Verdict:
    cited = saved.cited
    if versions:
        return Verdict(saved, "gone", "The newest copy no longer has this provision; an earlier copy does.", versions[0].as_at)
    entry = store.instruments.get(cited.instrument)
    if not entry or not entry["held"]:
        return Verdict(saved, "gone", "The text of this law is not held in this edition of the library.")
    for id, *_ in store.contents(cited.instrument):
        current = store.provision(id)
        at = current.provision.text.find(cited.quote)
        if at >= 0:
            return Verdict(saved, "gone", f"No such provision any more; the same words now stand in {id}.", current.as_at, at, at + len(cited.quote))
    return Verdict(saved, "gone", "The law is held, and this provision is no longer in it.")


def _of_summary(saved: Saved, store: Store) -> Verdict:
    """What became of one of our summaries: the one of the same place whose words come nearest."""
    cited = saved.cited
    here = [s for s in store.summaries(cited.instrument, cited.numbers) if tuple(s["numbers"]) == cited.numbers]
    if not here:
        return Verdict(saved, "gone", "Haven no longer has a summary of this place.")
    saved = replace(saved, cited=replace(cited, citation=cite(store.instruments[cited.instrument]["citation"], cited.numbers, here[0]["heading"])))
    if any(s["summary"] == cited.quote for s in here):
        return Verdict(saved, "same", "Haven's summary, unchanged. It is not the law's wording.", here[0]["as_at"])
    way = differences(cited.quote, here[0]["summary"])
    return Verdict(saved, "changed", "Haven has rewritten this summary. It is not the law's wording.", here[0]["as_at"], changes=way)


# taking up again


def restore(receipt: Receipt, store: Store) -> tuple[list[Saved], list[Verdict]]:
    """The quotations that still stand, everything about them read anew from the record, and the verdicts on those that do not."""
    verdicts = verify(receipt, store)
    standing = [verdict for verdict in verdicts if verdict.state in ("same", "same-words")]
    return [Saved(_renewed(verdict, store), verdict.saved.note) for verdict in standing], [v for v in verdicts if v not in standing]


def _renewed(verdict: Verdict, store: Store) -> Cited:
    cited = verdict.saved.cited
    if cited.kind == "text":
        held = next(v for v in store.versions(cited.provision_id) if v.current)
        return quotation(held, verdict.start, verdict.end, store)
    here = (s for s in store.summaries(cited.instrument, cited.numbers) if tuple(s["numbers"]) == cited.numbers)
    return of_summary(next(s for s in here if s["summary"] == cited.quote), store)


def quotation(version: Version, start: int, end: int, store: Store) -> Cited:
    """The characters start:end of a wording as a citation, by the narrowest portion around them."""
    held = version.provision
    around = [portion for portion in held.portions if portion.start <= start and end <= portion.end]
    return of_words(version, max((portion.numbers for portion in around), key=len, default=held.numbers), start, end, store)


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict for other programs."""
    cited = verdict.saved.cited
    return {
        "provision_id": cited.provision_id, "citation": cited.citation, "kind": cited.kind, "state": verdict.state, "words": verdict.words,
        "quoted_as_at": cited.as_at, "as_at": verdict.as_at, "start": verdict.start, "end": verdict.end,
        "changes": [asdict(piece) for piece in verdict.changes],
    }  # fmt: skip


def verified_json(receipt: Receipt, verdicts: Sequence[Verdict], store: Store) -> dict[str, Any]:
    """The object that `verify --json` prints."""
    return {
        "contract": CONTRACT, "generation": store.manifest["generation"], "kind": receipt.kind, "made_with": receipt.generation,
        "made_on": receipt.made_on, "quotes": [verdict_json(verdict) for verdict in verdicts],
    }  # fmt: skip
