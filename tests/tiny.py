"""A tiny library of invented law, for tests of the page: an act full of characters that mark-up would eat, a damaged one, an Arabic one, a treaty."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import yaml

from ingest.build import build
from kb.config import Settings

ACT, TREATY, ARABIC, DAMAGED = "gb/act/2099/1", "int/lantern-treaty", "ae/fdl-1-2099", "ie/act/2098/4"
AS_AT = "2025-03-01"

# what the record holds of section 1: the characters that the page must show
PASSPORTS = (
    "(1) An employer must not keep the passport of a domestic worker, whether or not the worker has agreed.\n"
    "(2) An employer who keeps a passport commits an offence and is liable to a fine of $500 and not more than $1,000 * 2 for each worker.\n"
    "(3) A form marked <b>No. 7</b> & filled in under rule #4 of snake_case_rules is evidence that a passport was kept, as is a note of $x^2$."
)
ACT_TEXT = """---
title: Domestic Lanterns (Protection of Workers) Act 2099
instrument: gb/act/2099/1
language: en
as_at: 2025-03-01
official_url: https://www.example.org/act/2099/1
---
# PART 1. Workers

## Section 1. Keeping of passports

(1) An employer must not keep the passport of a domestic worker, whether or not the worker has agreed.

(2) An employer who keeps a passport commits an offence and is liable to a fine of $500 and not more than $1,000 \\* 2 for each worker.

(3) A form marked <b>No. 7</b> & filled in under rule #4 of snake_case_rules is evidence that a passport was kept, as is a note of $x^2$.

## Section 2. Fees for finding work

(1) No person may charge a worker a fee for finding work.

(2) Subsection (1) applies to—

(a) an agency,

(b) a person acting for an agency.

# PART 2. Lanterns

## Section 3. Lanterns

A lantern must be lit at dusk in every workplace.
"""
ARABIC_TEXT = """---
title: قانون العمالة المنزلية
instrument: ae/fdl-1-2099
language: ar
as_at: 2024-01-01
official_url: https://www.example.org/ae/1
---
## المادة 1. جوازات السفر

1. لا يجوز لصاحب العمل أن يحتفظ بجواز سفر العامل المنزلي.

2. يعاقب من يخالف ذلك بغرامة قدرها 500 درهم.
"""
DAMAGED_TEXT = """---
title: Harbour Workers Act 2098
instrument: ie/act/2098/4
language: en
as_at: null
official_url: https://www.example.org/ie/4
---
## Section 1. Harbour lodgings

The owner of a harbour must give every seasonal harbour worker a dry bed and clean water without charge.
"""


def _entry(instrument: str, title: str, kind: str, citation: str, language: str = "en", names: tuple[str, ...] = ()) -> dict:
    return {
        "instrument": instrument, "title": title, "short_title": title, "jurisdiction": instrument.partition("/")[0], "kind": kind,
        "language": language, "official_url": f"https://www.example.org/{instrument}", "citation": citation, "names": list(names), "sources": [],
    }  # fmt: skip


def _summary(instrument: str, numbers: list[str], heading: str, summary: str, question: str, checked: str | None = None) -> dict:
    return {
        "instrument": instrument, "numbers": numbers, "heading": heading, "summary": summary, "questions": [question], "topics": [],
        "official_url": f"https://www.example.org/{instrument}", "as_at": AS_AT, "checked_against": checked,
    }  # fmt: skip


def write_corpus(corpus: Path, texts: bool = True) -> None:
    """The catalogue, summaries, hotlines and, unless `texts` is False, the snapshots of the tiny library below a folder."""
    entries = [
        _entry(ACT, "Domestic Lanterns Act 2099", "statute", "Domestic Lanterns Act 2099 s. {pinpoint}"),
        _entry(TREATY, "Lantern Treaty", "treaty", "Lantern Treaty art. {pinpoint}"),
        _entry(ARABIC, "Domestic Workers Law (UAE, invented)", "statute", "Federal Decree-Law 1/2099 art. {pinpoint}", "ar"),
        _entry(DAMAGED, "Harbour Workers Act 2098", "statute", "Harbour Workers Act 2098 s. {pinpoint}"),
    ]
    passports = "An employer may never hold on to a domestic worker's passport; agreement makes no difference. Doing so is a crime, punished by a fine."
    summaries = {
        ACT: [_summary(ACT, ["1"], "Keeping of passports", passports, "My boss took my passport. Is that allowed?", _digest(PASSPORTS))],
        TREATY: [
            _summary(
                TREATY,
                ["4"],
                "Shelter",
                "States that joined give victims a safe place to sleep, food and a doctor.",
                "Must a state give victims shelter?",
            )
        ],
    }
    for entry in entries:
        _write(corpus / "catalogue" / f"{entry['instrument']}.yaml", yaml.safe_dump(entry, allow_unicode=True, sort_keys=False))
    for instrument, listed in summaries.items():
        _write(corpus / "summaries" / f"{instrument}.yaml", yaml.safe_dump(listed, allow_unicode=True, sort_keys=False))
    hotline = {"jurisdiction": "gb", "name": "Lantern Helpline", "type": "hotline", "phone": "000 111", "url": "https://www.example.org/help",
               "languages": ["en"], "for_whom": "workers", "source": None, "date_checked": None}  # fmt: skip
    _write(corpus / "topics" / "help.yaml", yaml.safe_dump([hotline]))
    if texts:
        add_texts(corpus)


def add_texts(corpus: Path) -> None:
    """The official texts of the tiny library, as snapshots in corpus/raw."""
    rows = []
    for instrument, text, language, as_at, damaged in (
        (ACT, ACT_TEXT, "en", AS_AT, False), (ARABIC, ARABIC_TEXT, "ar", "2024-01-01", False), (DAMAGED, DAMAGED_TEXT, "en", None, True),
    ):  # fmt: skip
        raw = text.encode("utf-8")
        path = f"texts/{instrument}.md"
        _write(corpus / "raw" / path, text)
        rows.append({"instrument": instrument, "format": "md", "path": path, "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw), "language": language,
                     "as_at": as_at, "retrieved_at": "2025-04-01", "official_url": f"https://www.example.org/{instrument}", "covers": None, "damaged": damaged,
                     "notes": "The last section is cut." if damaged else None})  # fmt: skip
    _write(corpus / "raw" / "manifest.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def build_library(folder: Path, texts: bool = True) -> dict[str, str]:
    """KB_* variables of a tiny library that was built below a folder."""
    corpus, index = folder / "corpus", folder / "index"
    write_corpus(corpus, texts)
    build(Settings(corpus=corpus, index=index, backend="sentence-transformers"), lambda *_: None)
    return {"KB_CORPUS": str(corpus), "KB_INDEX": str(index), "KB_BACKEND": "sentence-transformers"}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
