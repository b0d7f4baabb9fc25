"""The catalogue and its loader: every wrong entry is refused with file and line, and the real catalogue loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest import catalogue, raw
from ingest.parse import PARSERS
from kb.errors import ConfigError
from kb.model import Instrument

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
GOOD = """\
instrument: int/harbour-convention
title: Convention on Harbours
short_title: Harbour Convention
jurisdiction: int
kind: treaty
language: en
official_url: https://www.harbours.example/convention
citation: Harbour Convention, art. {pinpoint}
adopted: 2000-01-02
in_force: 2001-02-03
names: [HC, Convention on Harbours]
pending_amendments:
- {act: Protocol of 2030, provisions: [['1']], effect: Adds lamps., source: https://www.harbours.example/protocol}
sources:
- {fetch_url: https://www.harbours.example/text, format: html, covers: null, url_checked: 2026-01-01}
"""


def load(folder: Path, text: str | bytes) -> Instrument:
    path = folder / "int" / "harbour-convention.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return catalogue.instruments(folder)["int/harbour-convention"]


def line(number: int, text: str) -> str:
    """GOOD with one line replaced."""
    lines = GOOD.splitlines(keepends=True)
    lines[number - 1] = text
    return "".join(lines)


def test_a_good_entry_is_read(tmp_path):
    entry = load(tmp_path, GOOD)
    assert (entry.id, entry.adopted, entry.names, entry.core) == (
        "int/harbour-convention",
        "2000-01-02",
        ("HC", "Convention on Harbours"),
        False,
    )
    assert entry.sources[0].fetch_url == "https://www.harbours.example/text" and entry.sources[0].url_checked == "2026-01-01"
    assert entry.pending_amendments[0]["effect"] == "Adds lamps."


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_missing_field_is_refused(tmp_path, number):
    field = GOOD.splitlines()[number - 1].partition(":")[0]
    with pytest.raises(ConfigError, match=rf"harbour-convention\.yaml:1: {field} is missing"):
        load(tmp_path, line(number, ""))


def source(text: str) -> str:
    return line(15, f"- {text}\n")


@pytest.mark.parametrize(
    ("text", "number", "reason"),
    [
        (line(1, "instrument: int/other\n"), 1, "this file is for int/harbour-convention"),
        (line(2, "title: null\n"), 2, "title must be a text"),
        (line(3, "short_title: 7\n"), 3, "short_title must be a text"),
        (line(4, "jurisdiction: ' '\n"), 4, "jurisdiction must be a text"),
        (line(5, "kind: poem\n"), 5, "kind is 'poem'"),
        (line(8, "citation: art. 1\n"), 8, "where the {pinpoint} goes"),
        (line(9, "adopted: soon\n"), 9, "it must be a date"),
        (line(9, "adopted: 2000-02-31\n"), 9, "2000-02-31 is no date"),
        (line(9, "adopted: 2002-01-02\n"), 10, "before the act was adopted"),  # B61
        (line(11, "names: HC\n"), 11, "names must be a list"),
        (line(11, "names: [1]\n"), 11, "names must be texts"),
        (line(11, "core: perhaps\n"), 11, "core must be true or false"),
        (line(11, "colour: blue\n"), 11, "colour is not a field of the catalogue"),
        (line(11, "title: Another\n"), 11, "title stands here a second time"),
        (line(13, "- {act: Protocol}\n"), 12, "needs act, provisions, effect and source"),
        (line(14, "sources: https://www.harbours.example/text\n").replace(GOOD.splitlines()[14] + "\n", ""), 14, "sources must be a list"),
        (source("https://www.harbours.example/text"), 14, "needs fetch_url and format"),
        (source("{fetch_url: https://www.harbours.example/text}"), 14, "needs fetch_url and format"),
        (source("{fetch_url: https://www.harbours.example/text, format: html, colour: blue}"), 14, "needs fetch_url and format"),
        (source("{fetch_url: http://www.harbours.example/text, format: html}"), 14, "not https"),
        (source("{fetch_url: file:///etc/passwd, format: html}"), 14, "not https"),
        (source("{fetch_url: 7, format: html}"), 14, "not https"),
        (source("{fetch_url: 'https://', format: html}"), 14, "names no publisher's host"),
        (source("{fetch_url: https://localhost/text, format: html}"), 14, "names no publisher's host"),
        (source("{fetch_url: 'https://me@www.harbours.example/', format: html}"), 14, "names no publisher's host"),
        (source("{fetch_url: https://www.harbours.example/text, format: docx}"), 14, "has the format 'docx'"),
        (
            source("{fetch_url: https://a.example/1, fetch_url: https://a.example/2, format: html}"),
            15,
            "fetch_url stands here a second time",
        ),
        (line(2, "title: Harbours: a convention\n"), 2, "mapping values are not allowed"),
        (line(2, "title: *lamp\n"), 2, "undefined alias"),
        (line(2, "title: !!python/object/apply:os.system [id]\n"), 2, "could not determine a constructor"),  # B31
        (line(2, 'title: "a\x00b"\n'), 1, "control characters|special characters"),  # B26
        (GOOD + "---\ninstrument: int/second\n", 16, "another document"),
        (GOOD.encode("utf-16"), 1, "not UTF-8"),
        (GOOD.encode("utf-8").replace(b"Adds", b"Ad\xc3"), 1, "not UTF-8"),
        ("", 1, "a mapping of fields"),
        ("- instrument: int/harbour-convention\n", 1, "a mapping of fields"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_line(tmp_path, text, number, reason):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'int' / 'harbour-convention.yaml'}:{number}: "), message
    assert re.search(reason, message) or reason in message
    assert "\n" not in message


def test_the_same_instrument_under_another_name_is_refused(tmp_path):
    load(tmp_path, GOOD)
    (tmp_path / "int" / "copy.yaml").write_text(GOOD, "utf-8")
    with pytest.raises(ConfigError, match=r"copy\.yaml:1: instrument is 'int/harbour-convention'; this file is for int/copy"):
        catalogue.instruments(tmp_path)


def test_every_format_has_a_parser():
    assert set(catalogue.FORMATS) == set(PARSERS)


@pytest.fixture(scope="module")
def entries() -> dict[str, Instrument]:
    return catalogue.instruments(CORPUS / "catalogue")


def test_the_real_catalogue_loads(entries):
    assert len(entries) > 400
    assert sum(entry.core for entry in entries.values()) >= 20


def test_no_address_is_fetched_for_two_parts_under_one_key(entries):
    """Two sources of one instrument in one format are told apart by the part they cover, or by the date that EUR-Lex gives them."""
    for entry in entries.values():
        keys = [(s.format, s.covers) for s in entry.sources if s.format != "eurlex-xhtml"]
        assert len(keys) == len(set(keys)), entry.id
        assert len({s.fetch_url for s in entry.sources}) == len(entry.sources), entry.id


@pytest.mark.snapshots
def test_every_instrument_of_the_snapshots_has_an_entry(entries, snapshots):
    rows = raw.read_manifest(snapshots)
    assert {row["instrument"] for row in rows} <= set(entries)
    for row in rows:
        assert entries[row["instrument"]].kind == row["kind"], row["instrument"]
