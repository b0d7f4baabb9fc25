"""A receipt says what became of each quotation, in this edition and in later ones; a file that is none is refused in a line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ingest.build import build
from kb import receipt as receipts
from kb.answer import ask
from kb.config import ROOT, Settings
from kb.errors import QueryError
from kb.model import Query
from kb.receipt import Saved, quotation
from kb.store import Store, seal
from tests import library
from tests.library import GHOST, HARBOUR, LANTERN

DAY = date(2026, 1, 2)
QUESTION = "May an agency charge a deck hand a fee for finding work? zanzibarquartz"


def folder(store: Store, *ids: str, words: tuple[int, int] | None = None) -> dict[str, Any]:
    """A folder of provisions, whole or some of their words."""
    held = [store.provision(id) for id in ids]
    return receipts.of_folder([Saved(quotation(v, *(words or (0, len(v.provision.text))), store), "a note") for v in held], store, DAY)


def states(data: dict[str, Any], store: Store) -> list[str]:
    return [verdict.state for verdict in receipts.verify(read(data), store)]


def read(data: dict[str, Any]) -> receipts.Receipt:
    return receipts.read(receipts.text_of(data).encode())


def resealed(data: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """A receipt that someone changed and sealed again."""
    made = json.loads(json.dumps(data))
    change(made)
    return {**made, "seal": seal(made)}


@pytest.fixture
def amended(spare: Settings) -> Callable[[str], Store]:
    """amended(words): the library after section 2 of the Harbour Act was given these words."""
    opened: list[Store] = []

    def make(words: str) -> Store:
        library.amend(spare.corpus, words)
        build(spare, library.quiet)
        opened.append(Store.open(spare))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


def test_the_same_edition_finds_every_word(tiny_store) -> None:
    answer = ask(Query(QUESTION), tiny_store, tiny_store.settings)
    data = receipts.of_answer(answer, tiny_store, DAY)
    assert answer.citations and set(states(data, tiny_store)) == {"same"}
    assert data["generation"] == tiny_store.manifest["generation"] and data["made_on"] == "2026-01-02"


def test_the_question_is_in_it_only_where_it_is_wanted(tiny_store) -> None:
    answer = ask(Query(QUESTION), tiny_store, tiny_store.settings)
    assert "zanzibarquartz" not in receipts.text_of(receipts.of_answer(answer, tiny_store, DAY))
    assert read(receipts.of_answer(answer, tiny_store, DAY, with_question=True)).question == QUESTION


def test_a_later_edition_shows_what_changed(tiny_store, amended) -> None:
    data = folder(tiny_store, f"{HARBOUR}~2", f"{HARBOUR}~1")
    later = amended("No person may charge a deck hand a fee for finding work or lodging.")
    changed, same = receipts.verify(read(data), later)
    assert (changed.state, same.state) == ("changed", "same")
    assert [(p.kind, p.text.strip()) for p in changed.changes if p.kind != "same"] == [
        ("removed", "agency"), ("added", "person"), ("added", "or lodging"),
    ]  # fmt: skip
    assert later.provision(f"{HARBOUR}~2").provision.text[changed.start : changed.end].startswith("No person")


def test_words_that_moved_within_a_changed_provision_are_the_same(tiny_store, amended) -> None:
    data = folder(tiny_store, f"{HARBOUR}~2")
    text = tiny_store.provision(f"{HARBOUR}~2").provision.text
    later = amended(f"In this section work is any work. {text} This binds the Crown.")
    (verdict,) = receipts.verify(read(data), later)
    assert verdict.state == "same-words"
    assert later.provision(f"{HARBOUR}~2").provision.text[verdict.start : verdict.end] == text


def test_words_that_are_gone_altogether_are_changed(tiny_store, amended) -> None:
    (verdict,) = receipts.verify(read(folder(tiny_store, f"{HARBOUR}~2")), amended("Repealed."))
    assert verdict.state == "changed" and not verdict.changes and "do not stand in the provision now" in verdict.words


def test_a_dropped_provision_is_no_longer_held(tiny_store) -> None:
    old = tiny_store.versions(f"{HARBOUR}~4")[0]
    data = receipts.of_folder([Saved(quotation(old, 0, 20, tiny_store))], tiny_store, DAY)
    (verdict,) = receipts.verify(read(data), tiny_store)
    assert verdict.state == "gone" and "earlier copy" in verdict.words


def test_a_renumbered_provision_is_found_by_its_words(tiny_store) -> None:
    data = resealed(folder(tiny_store, f"{HARBOUR}~2"), lambda d: (d.update(generation="older"), d["quotes"][0].update(provision_id=f"{HARBOUR}~99")))
    (verdict,) = receipts.verify(read(data), tiny_store)
    assert verdict.state == "gone" and f"{HARBOUR}~2" in verdict.words


def test_a_law_that_is_not_held_is_named_so(tiny_store) -> None:
    data = resealed(
        folder(tiny_store, f"{HARBOUR}~2"),
        lambda d: (d.update(generation="older"), d["quotes"][0].update(instrument="us/usc/t99", provision_id="us/usc/t99~1")),
    )
    assert states(data, tiny_store) == ["gone"]


def _forge(data: dict[str, Any]) -> None:
    quote = data["quotes"][0]
    quote["quote"] = quote["quote"].replace("must not", "should ")
    quote["quote_digest"] = receipts._digest(quote["quote"])
    quote["end"] = quote["start"] + len(quote["quote"])


def test_forged_words_are_found_out_although_the_seal_is_right(tiny_store) -> None:
    assert states(resealed(folder(tiny_store, f"{HARBOUR}~1"), _forge), tiny_store) == ["forged"]
    other = resealed(folder(tiny_store, f"{HARBOUR}~1"), lambda d: (_forge(d), d["quotes"][0].update(digest="0" * 64)))
    assert states(other, tiny_store) == ["forged"]


def test_right_words_are_never_shown_under_a_citation_that_the_file_made_up(tiny_store) -> None:
    def lie(data: dict[str, Any]) -> None:
        data["quotes"][0].update(citation="8 U.S.C. § 1", numbers=["1"], instrument=LANTERN, official_url="https://example.com/", as_at="2030-01-01")

    (verdict,) = receipts.verify(read(resealed(folder(tiny_store, f"{HARBOUR}~2"), lie)), tiny_store)
    shown = verdict.saved.cited
    assert verdict.state == "same" and shown.citation.startswith("Harbour") and shown.citation.endswith("s. 2")
    assert (shown.instrument, shown.numbers, shown.as_at) == (HARBOUR, ("2",), "2024-01-01") and "example.com" not in shown.official_url
    (told,) = receipts.verify(read(folder(tiny_store, f"{HARBOUR}~2")), tiny_store)
    assert told.saved.cited == read(folder(tiny_store, f"{HARBOUR}~2")).quotes[0].cited


def test_a_made_up_citation_of_a_summary_is_not_shown_either(tiny_store) -> None:
    ghost = next(c for c in ask(Query("Where may a ghost live?"), tiny_store, tiny_store.settings).citations if c.instrument == GHOST)
    data = resealed(receipts.of_folder([Saved(ghost)], tiny_store, DAY), lambda d: d["quotes"][0].update(citation="8 U.S.C. § 1"))
    (verdict,) = receipts.verify(read(data), tiny_store)
    assert verdict.state == "same" and verdict.saved.cited.citation == ghost.citation


def test_a_wording_that_is_not_held_is_not_said_to_have_been(tiny_store) -> None:
    def older(data: dict[str, Any]) -> None:
        _forge(data)
        data.update(generation="older")
        data["quotes"][0].update(digest="0" * 64)

    (verdict,) = receipts.verify(read(resealed(folder(tiny_store, f"{HARBOUR}~1"), older)), tiny_store)
    assert verdict.state == "changed" and "cannot tell" in verdict.words


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\xff", b"[]", b"{}", b"null", b'{"haven": "receipt"}', b'{"haven": "receipt", "contract": 1}', b"[" * 100_000, b'"' + b"x" * 6_000_000 + b'"'],
    ids=["empty", "bytes", "list", "object", "null", "bare", "unsealed", "deep", "large"],
)
def test_a_file_that_is_no_receipt_is_refused(raw: bytes) -> None:
    with pytest.raises(QueryError):
        receipts.read(raw)


@pytest.mark.parametrize("old, new", [("deck hand", "deckhands"), ('"start": 0', '"start": 1'), ("a note", "b note"), ("2026-01-02", "2025-01-02")])
def test_any_change_breaks_the_seal(tiny_store, old: str, new: str) -> None:
    text = receipts.text_of(folder(tiny_store, f"{HARBOUR}~1"))
    assert old in text
    with pytest.raises(QueryError, match="altered"):
        receipts.read(text.replace(old, new).encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(quotes="x"), lambda d: d.update(quotes=[1]), lambda d: d["quotes"][0].pop("start"), lambda d: d["quotes"][0].update(start=-1),
        lambda d: d["quotes"][0].update(numbers=[1]), lambda d: d["quotes"][0].update(kind="law"), lambda d: d["quotes"][0].update(quote="\ud800"),
    ],
)  # fmt: skip
def test_a_sealed_file_of_another_shape_is_refused(tiny_store, change) -> None:
    made = resealed(folder(tiny_store, f"{HARBOUR}~1"), change)
    with pytest.raises(QueryError):
        receipts.read(json.dumps(made).encode())


def test_a_folder_comes_back_as_it_was(tiny_store) -> None:
    ghost = next(c for c in ask(Query("Where may a ghost live?"), tiny_store, tiny_store.settings).citations if c.instrument == GHOST)
    held = tiny_store.provision(f"{LANTERN}~1")
    saved = [Saved(ghost, "mine"), Saved(quotation(held, 0, 30, tiny_store))]
    items, refused = receipts.restore(read(receipts.of_folder(saved, tiny_store, DAY)), tiny_store)
    assert items == saved and not refused


def test_loading_takes_everything_but_the_note_from_the_record(tiny_store) -> None:
    lie = resealed(folder(tiny_store, f"{HARBOUR}~1"), lambda d: d["quotes"][0].update(citation="8 U.S.C. § 1", official_url="javascript:x", as_at="2030-01-01"))
    ((item,), refused) = receipts.restore(read(lie), tiny_store)
    assert item.cited.citation.startswith("Harbour") and item.cited.official_url.startswith("https://") and item.cited.as_at == "2024-01-01"
    assert item.note == "a note" and not refused


def test_loading_leaves_out_what_no_longer_stands(tiny_store) -> None:
    items, refused = receipts.restore(read(resealed(folder(tiny_store, f"{HARBOUR}~1"), _forge)), tiny_store)
    assert not items and [verdict.state for verdict in refused] == ["forged"]


def test_a_quotation_is_the_narrowest_portion(tiny_store) -> None:
    held = tiny_store.provision(f"{HARBOUR}~1")
    second = next(p for p in held.provision.portions if p.numbers[-1] == "2")
    cited = quotation(held, second.start + 4, second.end, tiny_store)
    assert cited.numbers == second.numbers and cited.quote == held.provision.text[second.start + 4 : second.end]
    assert quotation(replace(held), 0, 5, tiny_store).quote == held.provision.text[:5]


def test_command_writes_and_verifies(tiny: Settings, tmp_path) -> None:
    environment = {"KB_CORPUS": str(tiny.corpus), "KB_INDEX": str(tiny.index_dir), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}

    def kb(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "kb", *words], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)

    made = kb("export", QUESTION, "--to", "a.md", "--receipt", "a.json")
    assert made.returncode == 0, made.stderr
    found = kb("verify", "a.json", "--json")
    assert found.returncode == 0 and {q["state"] for q in json.loads(found.stdout)["quotes"]} == {"same"}
    (tmp_path / "b.json").write_text("{}")
    refused = kb("verify", "b.json")
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1 and "Traceback" not in refused.stderr
