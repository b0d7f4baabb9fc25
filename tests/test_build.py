"""From snapshots to a published generation: what is built again, which wording is current, and what is refused or reported."""

import json
import re
import time
from dataclasses import replace

import pytest
import yaml

from ingest import build as building
from ingest.build import Wording, build, choose, covers, parse_snapshot
from kb.config import Settings
from kb.errors import ConfigError, KBError, SourceError, StoreError
from kb.model import Instrument, Provision, Snapshot
from kb.store import SCHEMA, Store, published, read_generation, seal
from tests import library

ACT = Instrument("nz/x", "An act", "An act", "nz", "statute", "en", None, "s. {pinpoint}")


def opened(settings: Settings) -> Store:
    store = Store.open(settings)
    assert store.notice == ""
    return store


# building again


def test_what_was_built(tiny_store):
    counts = tiny_store.manifest["counts"]
    assert counts["provisions"] == 4 + 10 + 2 and counts["versions"] == 5 + 4 + 10 + 2
    assert counts["passages"] == sum(s.kind == "passage" for s in tiny_store.surfaces)
    assert tiny_store.manifest["cuts"]["split"] == 1 and set(tiny_store.manifest["failed"]) == {"texts/wreck.xml"}
    assert [s.passage_id for s in tiny_store.surfaces if s.kind != "passage"] == [
        f"{library.GHOST}~7#summary", f"{library.GHOST}~7#summary.1", f"{library.GHOST}~7#summary.2", f"{library.HARBOUR}~1#summary",
        f"{library.HARBOUR}~1#summary.1",
    ]  # fmt: skip


def test_building_again_with_nothing_changed_embeds_nothing_and_is_quick(spare):
    before = (spare.index_dir / "CURRENT").read_bytes()
    began = time.monotonic()
    report = build(spare, library.quiet)
    assert time.monotonic() - began < 5
    assert report.unchanged and report.embedded == 0 and (spare.index_dir / "CURRENT").read_bytes() == before
    assert report.provisions == 16 and set(report.failed) == {"texts/wreck.xml"}


def test_building_twice_equals_building_once(spare):
    first = read_generation(spare.index_dir / "generations" / published(spare.index_dir)[0])
    report = build(spare, library.quiet, force=True)
    second = read_generation(spare.index_dir / "generations" / report.generation)
    assert report.embedded == 0 and not report.unchanged
    same = ("inputs", "counts", "ids", "cuts", "failed", "model", "tokenizer", "settings")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    stable = [name for name in first["files"] if not name.startswith("chroma/")]
    assert {name: first["files"][name] for name in stable} == {name: second["files"][name] for name in stable}


def test_one_changed_provision_embeds_only_its_own_passages(spare):
    library.amend(spare.corpus, "No agency may charge a fee, and no employer may ask for one.")
    assert build(spare, library.quiet).embedded == 1
    store = opened(spare)
    wordings = store.versions(f"{library.HARBOUR}~2")
    assert [w.provision.text.partition(",")[0] for w in wordings] == ["No agency may charge a fee", "Fees are allowed."]
    store.close()


def test_a_text_that_was_missing_is_taken_once_it_is_there(spare):
    lantern = spare.corpus / "raw" / "texts" / "lantern.md"
    kept = lantern.read_bytes()
    lantern.unlink()
    report = build(spare, library.quiet)
    assert "is missing; import or fetch it again" in report.failed["texts/lantern.md"] and report.provisions == 6
    lantern.write_bytes(kept.replace(b"lanterns", b"lamps"))
    assert "does not have the digest" in build(spare, library.quiet, force=True).failed["texts/lantern.md"]
    lantern.write_bytes(kept)
    report = build(spare, library.quiet)
    assert "texts/lantern.md" not in report.failed and report.provisions == 16


def test_what_was_parsed_before_is_checked(spare):
    for path in (spare.index_dir / "parsed").iterdir():
        path.write_bytes(path.read_bytes().replace(b"must not keep", b"must always keep"))
    build(spare, library.quiet, force=True)
    store = opened(spare)
    assert "must not keep" in store.provision(f"{library.HARBOUR}~1").provision.text
    store.close()


def test_a_generation_of_an_older_schema_is_made_again_from_the_record(spare):
    folder = spare.index_dir / "generations" / published(spare.index_dir)[0]
    manifest = {**read_generation(folder), "schema": SCHEMA - 1}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "seal": seal(manifest)}), "utf-8")
    with pytest.raises(StoreError, match=f"is of schema {SCHEMA - 1}, this program reads {SCHEMA}; run: python -m ingest build"):
        Store.open(spare)
    told: list[str] = []
    report = build(spare, lambda name, *_: told.append(name))
    assert report.embedded == 0 and not report.unchanged and f"of schema {SCHEMA - 1}" in report.notice and report.notice in told
    opened(spare).close()


def test_another_chunk_size_cuts_and_embeds_again(spare):
    report = build(replace(spare, passage_tokens=120), library.quiet)
    assert not report.unchanged and 0 < report.embedded < report.surfaces
    assert read_generation(spare.index_dir / "generations" / report.generation)["settings"]["passage_tokens"] == 120


def test_nothing_to_build_from(tmp_path):
    (tmp_path / "corpus").mkdir()
    with pytest.raises(StoreError, match="nothing to build from"):
        build(library.settings_for(tmp_path), library.quiet)
    assert not published(tmp_path / "index")


# versions


def wording(number: str, text: str = "x", context: tuple[str, ...] = (), **held: object) -> Wording:
    values = {"instrument": "nz/x", "format": "md", "path": "p", "bytes": 1, "official_url": None, "as_at": None, "retrieved_at": None, **held}
    values.setdefault("sha256", str(hash((text, *map(str, held.values())))))
    return Wording(Provision(f"nz/x~{number}", "nz/x", (number,), "", context, text), Snapshot(**values), ACT, 0)


@pytest.mark.parametrize("worse, better", [
    ({"as_at": "2020-01-01"}, {"as_at": "2020-01-02"}),
    ({"as_at": None, "format": "uslm"}, {"as_at": "1999-01-01", "format": "pdf", "damaged": True}),
    ({"as_at": "2020-01-01", "damaged": True, "format": "uslm"}, {"as_at": "2020-01-01", "format": "pdf"}),
    ({"as_at": "2020-01-01", "format": "md"}, {"as_at": "2020-01-01", "format": "formex"}),
    ({"as_at": "2020-01-01", "format": "pdf"}, {"as_at": "2020-01-01", "format": "md"}),
    ({"format": "md"}, {"format": "ecfr"}),
])  # fmt: skip
def test_the_better_copy_of_a_provision_is_current(worse, better):
    old, new = wording("1", "old", **worse), wording("1", "new", **better)
    assert choose([old, new])["nz/x~1"] is new and choose([new, old])["nz/x~1"] is new


def test_versions_belong_to_provisions_and_not_to_instruments():
    whole = [wording(n, as_at="2020-01-01", sha256="whole") for n in ("1", "2", "3")]
    part = wording("2", as_at="2024-01-01", sha256="part", covers="§ 2")
    assert {id: w.snapshot.sha256 for id, w in choose([*whole, part]).items()} == {"nz/x~1": "whole", "nz/x~2": "part", "nz/x~3": "whole"}


def test_a_provision_that_the_newest_whole_copy_leaves_out_is_not_current(tiny_store):
    old = [wording(n, as_at="2020-01-01", sha256="old") for n in ("1", "2")]
    assert set(choose([*old, wording("1", as_at="2024-01-01", sha256="new")])) == {"nz/x~1"}
    assert set(choose([*old, wording("1", as_at="2024-01-01", sha256="new", covers="excerpt")])) == {"nz/x~1", "nz/x~2"}
    assert tiny_store.provision(f"{library.HARBOUR}~4") is None
    assert tiny_store.provision(f"{library.HARBOUR}~4", as_at="2021-06-01").provision.heading == "Lamps"
    assert tiny_store.provision(f"{library.HARBOUR}~2", as_at="2019-01-01") is None


def test_recitals_outlive_a_consolidation_that_does_not_print_them():
    found = choose([wording("preamble", as_at="2020-01-01", sha256="old"), wording("1", as_at="2024-01-01", sha256="new")])
    assert set(found) == {"nz/x~preamble", "nz/x~1"}


def test_what_a_damaged_copy_leaves_out_is_not_repealed_by_it():
    old = [wording(n, as_at="2020-01-01", sha256="old") for n in ("1", "2")]
    found = choose([*old, wording("1", as_at="2024-01-01", sha256="new", damaged=True)])
    assert {id: w.snapshot.sha256 for id, w in found.items()} == {"nz/x~1": "new", "nz/x~2": "old"}


@pytest.mark.parametrize("part, number, context, included", [
    (None, "9", (), True), ("excerpt", "9", (), False), ("ch. 12", "9", ("CHAPTER 12. Fees",), True), ("ch. 12", "9", ("CHAPTER 120. Fees",), False),
    ("ch. 1", "9", ("CHAPTER 12",), False), ("§ 214.202", "214.202", (), True), ("§ 214.202", "214.2", (), False), ("§§ 7101-7115", "7102", (), True),
    ("§§ 7101-7115", "7116", (), False), ("part 214", "214.11", (), True), ("part 214", "2140.1", (), False),
])  # fmt: skip
def test_the_part_that_a_copy_covers(part, number, context, included):
    assert covers(part, wording(number, context=context).provision) is included


# what is refused or reported


def test_an_error_in_the_catalogue_names_file_and_line(spare):
    path = spare.corpus / "catalogue" / f"{library.GHOST}.yaml"
    good = path.read_text("utf-8")
    before = (spare.index_dir / "CURRENT").read_bytes()
    for bad, line in (
        (good.replace("kind: treaty", "kind: poem"), 5), (good.replace("{pinpoint}", ""), 8), (good + "colour: green\n", 10), (good + "x: [\n", 11),
        (good + "notes: !!python/object/apply:os.system ['true']\n", 10), (good.replace("instrument: int/ghost", "instrument: int/host"), 1),
    ):  # fmt: skip
        path.write_text(bad, "utf-8")
        with pytest.raises(ConfigError, match=rf"{re.escape(str(path))}:{line}: "):
            build(spare, library.quiet)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        build(spare, library.quiet)
    path.write_text(good, "utf-8")
    library.write_yaml(spare.corpus / "catalogue" / "int" / "second.yaml", yaml.safe_load(good))
    with pytest.raises(ConfigError, match="second.yaml:1: "):
        build(spare, library.quiet)
    assert (spare.index_dir / "CURRENT").read_bytes() == before


def test_an_error_in_the_summaries_names_the_summary(spare):
    path = spare.corpus / "summaries" / f"{library.GHOST}.yaml"
    good = yaml.safe_load(path.read_text("utf-8"))
    for change, words in (
        ({"summary": "word " * 400}, r"ghost-protocol~7#summary: .* tokens where the model reads 256; shorten it"),
        ({"questions": ["why " * 400]}, r"ghost-protocol~7#summary: .* tokens where the model reads 256; shorten it"),
    ):
        library.write_yaml(path, [{**good[0], **change}])
        with pytest.raises(KBError, match=words):
            build(spare, library.quiet)
    library.write_yaml(path, [good[0], good[0]])
    with pytest.raises(ConfigError, match="yaml:14: 7 is summarised twice|yaml:.*: 7 is summarised twice"):
        build(spare, library.quiet)
    (spare.corpus / "catalogue" / f"{library.GHOST}.yaml").unlink()
    library.write_yaml(path, good)
    with pytest.raises(KBError, match="int/ghost-protocol is not in corpus/catalogue"):
        build(spare, library.quiet)


@pytest.mark.parametrize("content", ["not json\n", "{}\n", "[1]\n", '{"instrument": "x"}\n', "\x00\n"])
def test_a_manifest_line_that_is_no_row_is_refused_with_its_number(spare, content):
    path = spare.corpus / "raw" / "manifest.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:2], content, *lines[2:]]), "utf-8")
    with pytest.raises(SourceError, match=r"manifest\.jsonl:3: "):
        build(spare, library.quiet)


BAD = {
    "empty.md": b"", "zeros.akn": b"\0" * 100, "page.pdf": b"%PDF-1.7\n%cut", "half.akn": library.FERRY_TEXT.encode()[:500],
    "latin.md": "## Section 1. Fees\n\nNi\xf1o.".encode("latin-1"), "random.uslm": bytes(range(256)) * 40, "deep.html": b"<div>" * 5000 + b"x",
    "poem.poem": b"A poem.", "laughs.formex": b'<!DOCTYPE a [<!ENTITY b "ha">]><a>&b;</a>', "yaml.md": b"---\nx: !!python/object/apply:os.system ['true']\n---\n## 1. A\n\nB",
    "none.ecfr": b"<html><body>Site under maintenance</body></html>",
}  # fmt: skip


def test_texts_that_cannot_be_read_are_reported_and_the_rest_goes_on(spare):
    files = [(library.row(library.WRECK, name, content, f"19{n:02}-01-01", format=name.partition(".")[2]), content) for n, (name, content) in enumerate(BAD.items())]
    library.add_texts(spare.corpus, [*files, *library.texts()])
    report = build(spare, library.quiet)
    assert set(report.failed) == {f"texts/{name}" for name in BAD} | {"texts/wreck.xml"}
    assert all(reason and "\n" not in reason and "Traceback" not in reason for reason in report.failed.values())
    assert report.provisions == 16
    opened(spare).close()


def test_a_parser_that_breaks_takes_only_its_text_with_it(monkeypatch, tmp_path):
    held, content = library.texts()[2]
    library.add_texts(tmp_path, [(held, content)])
    snapshot = building.raw.snapshot(held)

    def broken(*_: object):
        raise IndexError("list index out of range")

    monkeypatch.setitem(building.PARSERS, "md", broken)
    assert parse_snapshot(tmp_path / "raw", snapshot, ACT) == ([], "the parser for md failed on it (IndexError: list index out of range); please report it")


def test_an_id_that_leads_out_of_the_folder_is_refused(spare):
    content = b"## Section 1. Fees\n\nNone."
    outside = {**library.row(library.WRECK, "x.md", content, None), "path": "../../outside.md"}
    (spare.corpus.parent / "outside.md").write_bytes(content)
    path = spare.corpus / "raw" / "manifest.jsonl"
    path.write_text(path.read_text("utf-8") + json.dumps(outside) + "\n", "utf-8")
    assert "leads out of" in build(spare, library.quiet).failed["../../outside.md"]


# ingest status


def test_status_as_json(driver, tiny):
    environment = {"KB_CORPUS": str(tiny.corpus), "KB_INDEX": str(tiny.index_dir)}
    code, out, err = driver.task("command", module="ingest", arguments=["status", "--json"], environment=environment)
    assert code == 0, err
    found = json.loads(out)
    assert found["contract"] == 1 and found["counts"] | {"instruments": 5, "summaries": 2, "snapshots": 5} == found["counts"]
    assert found["generation"]["counts"]["provisions"] == 16 and found["generation"]["generation"] == published(tiny.index_dir)[0]
    assert found["failed"] == ["texts/wreck.xml: " + read_generation(tiny.index_dir / "generations" / published(tiny.index_dir)[0])["failed"]["texts/wreck.xml"]]
    assert found["text_not_held"] == [library.GHOST] and found["damaged"] == []
    code, out, _ = driver.task("command", module="ingest", arguments=["status"], environment=environment)
    assert code == 0 and "texts/wreck.xml" in out and len(out.splitlines()) < 20


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_status_of_a_damaged_index_is_one_line(driver, spare, damage):
    path = spare.index_dir / "generations" / published(spare.index_dir)[0] / "manifest.json"
    path.unlink() if damage == "missing" else path.write_text("{", "utf-8")
    environment = {"KB_CORPUS": str(spare.corpus), "KB_INDEX": str(spare.index_dir)}
    code, out, err = driver.task("command", module="ingest", arguments=["status", "--json"], environment=environment)
    assert code == 0 and not err and "has no readable manifest; run: python -m ingest build" in json.loads(out)["problem"]


def test_an_unknown_setting_is_refused(driver, tiny):
    code, _, err = driver.task("command", module="ingest", arguments=["status"], environment={"KB_COLOUR": "green"})
    assert code == 1 and err.startswith("ingest: unknown setting KB_COLOUR") and len(err.strip().splitlines()) == 1
    code, _, err = driver.task("command", module="ingest", arguments=["dance"])
    assert code == 2 and err == "ingest: No such command 'dance'; see: python -m ingest --help\n"


# all snapshots


@pytest.mark.snapshots
def test_all_snapshots(full):
    began = time.monotonic()
    store = opened(full)
    try:
        counts = store.manifest["counts"]
        assert counts["provisions"] > 12_000 and counts["passages"] > 25_000
        assert not store.manifest["failed"], store.manifest["failed"]
        gone = store._rows("select id, as_at from versions where id not in (select id from versions where current = 1)")
        assert len(gone) < counts["versions"] / 20, f"{len(gone)} provisions only in older copies: {gone[:5]}"
    finally:
        store.close()
    assert time.monotonic() - began < 120
