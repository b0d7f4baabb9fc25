"""A tiny library of invented law, for tests of the page: an act full of characters that mark-up would eat, a damaged one, an Arabic one, a treaty."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import yaml

from ingest.build import build
from kb.config import Settings

ACT, TREATY, ARABIC, DAMAGED = "gb/act/2099/1", "int/lantern-treaty", "ae/fdl-1-2099", "ie/act/2098/4"
UNREAD = "fr/loi-2097-3"  # in the catalogue alone
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

## Section 4. Meaning of words

(1) In this Act, “lantern” means a lamp that burns oil.

(2) A lantern to which section 3 applies may be red.
"""
BEFORE = "2019-06-01"  # date of the act's earlier wording, which let agencies take fees
EARLIER_TEXT = ACT_TEXT.replace(f"as_at: {AS_AT}", f"as_at: {BEFORE}").replace(
    "No person may charge a worker a fee", "An agency may charge a worker one fee"
)
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

FACTS = """
- group: Papers and fees
  facts:
    - {key: papers_kept, type: yes_no, question: Does the employer keep the passport?, why: The act forbids it., help: A copy does not count., applies_to: [gb]}
    - {key: born_on, type: date, question: When was the worker born?, why: Young workers are exempt., applies_to: [gb]}
    - {key: hired_on, type: date, question: When did the work begin?, why: The time for a claim runs from that day., applies_to: [gb]}
    - {key: minor, type: yes_no, question: Was the worker under 18 when the work began?, why: Young workers are exempt., applies_to: [gb],
       worked_out: {age: born_on, at: hired_on, under: 18}}
    - {key: fee_paid, type: yes_no, question: Did the worker pay a fee?, why: No fee may be asked for., applies_to: [gb]}
    - {key: bars, type: choices, question: Does one of these apply?, why: Some bars can be waived., applies_to: [gb], options: {arson: Arson, debt: Debt, none_of_these: None of these}}
    - {key: relation, type: choice, question: Who is the relative?, why: Only some are included., applies_to: [gb], options: {spouse: Spouse, cousin: Cousin}}
    - {key: nights, type: number, question: How many nights in the dark?, why: More than ten count., applies_to: [gb]}
"""
LEAVE = """
id: gb/lantern-leave
title: Lantern leave
jurisdiction: gb
who: principal
about: Leave to stay for workers whose passport was kept.
order: 1
reviewed_on: 2026-01-01
review_due: 2126-01-01
criteria:
  - {id: papers, wording: The passport is kept., provision: [gb/act/2099/1, ["1", "1"]], when: papers_kept, evidence: [A statement of the worker], weighed: The tribunal judges this.}
  - id: fee
    wording: No fee was paid.
    provision: [gb/act/2099/1, ["2", "1"]]
    when: {not: fee_paid}
    exceptions: [{id: young, wording: The worker was under 18., provision: [gb/act/2099/1, ["2", "2"]], when: minor}]
  - id: no-bar
    wording: Nothing bars the leave.
    bar: true
    provision: [gb/act/2099/1, ["3"]]
    when: {fact: bars, only: [none_of_these]}
    waivers: [{id: debt, wording: A debt can be overlooked., provision: [gb/act/2099/1, ["2", "2", "a"]], when: {fact: bars, only: [debt]}}]
  - {id: shelter, wording: A bed was asked for., provision: [int/lantern-treaty, ["4"]], when: papers_kept}
  - {id: dark, wording: More than ten nights were dark., provision: [gb/act/2099/1, ["3"]], when: {fact: nights, at_least: 11}}
deadlines: [{id: claim, wording: The claim must be made by then., provision: [gb/act/2099/1, ["2"]], since: hired_on, period: {years: 90}, when: papers_kept}]
steps: [{wording: Light a lantern first., provision: [gb/act/2099/1, ["3"]]}]
notes: [{wording: Lanterns are lent free of charge.}]
"""
FAMILY_LEAVE = """
id: gb/family-leave
title: Family lantern leave
jurisdiction: gb
who: derivative
about: Leave for the spouse of a worker.
order: 2
reviewed_on: 2020-01-01
review_due: 2020-07-01
criteria: [{id: relation, wording: The relative is the spouse., provision: [gb/act/2099/1, ["1"]], when: {fact: relation, is: spouse}}]
"""

TOPIC_TABLES = {
    "topics": [
        {"id": "assistance", "name": "Assistance", "definition": "What a victim may receive.", "topics": [
            {"id": "support-services", "name": "Support services", "definition": "Shelter, food and medical care."},
        ]},
        {"id": "work", "name": "Work", "definition": "Rules on work.", "topics": [
            {"id": "passports-and-documents", "name": "Passports", "definition": "Keeping of passports, and offences of employers."},
        ]},
    ],
    "alignment": [
        {"topic": "support-services", "provisions": [f"{TREATY}~4"]},
        {"topic": "passports-and-documents", "provisions": [f"{TREATY}~4"]},
    ],
    "ratifications": [{
        "treaty": TREATY, "as_of": "2024-12-31", "source_url": "https://www.example.org/parties", "table_checked": None,
        "parties": {"gb": "party", "ie": "not party"}, "omitted": 2, "note": None,
    }],
}  # fmt: skip


def _entry(instrument: str, title: str, kind: str, citation: str, language: str = "en", names: tuple[str, ...] = ()) -> dict:
    return {
        "instrument": instrument, "title": title, "short_title": title, "jurisdiction": instrument.partition("/")[0], "kind": kind,
        "language": language, "official_url": f"https://www.example.org/{instrument}", "citation": citation, "names": list(names), "sources": [],
    }  # fmt: skip


def _summary(instrument: str, numbers: list[str], heading: str, summary: str, question: str, checked: str | None = None) -> dict:
    return {
        "instrument": instrument, "numbers": numbers, "heading": heading, "summary": summary, "questions": [question], "topics": ["passports-and-documents" if instrument == ACT else "support-services"],
        "official_url": f"https://www.example.org/{instrument}", "as_at": AS_AT, "checked_against": checked,
    }  # fmt: skip


def write_corpus(corpus: Path, texts: bool = True) -> None:
    """The catalogue, summaries, hotlines and, unless `texts` is False, the snapshots of the tiny library below a folder."""
    entries = [
        _entry(ACT, "Domestic Lanterns Act 2099", "statute", "Domestic Lanterns Act 2099 s. {pinpoint}"),
        _entry(TREATY, "Lantern Treaty", "treaty", "Lantern Treaty art. {pinpoint}"),
        _entry(ARABIC, "Domestic Workers Law (UAE, invented)", "statute", "Federal Decree-Law 1/2099 art. {pinpoint}", "ar"),
        _entry(DAMAGED, "Harbour Workers Act 2098", "statute", "Harbour Workers Act 2098 s. {pinpoint}"),
        _entry(UNREAD, "Loi sur les phares", "statute", "Loi 2097-3, art. {pinpoint}", "fr"),
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
    for name, table in TOPIC_TABLES.items():
        _write(corpus / "topics" / f"{name}.yaml", yaml.safe_dump(table, allow_unicode=True, sort_keys=False))
    _write_rules(corpus / "eligibility")
    if texts:
        add_texts(corpus)


def _write_rules(folder: Path) -> None:
    """Two invented forms of relief over the act, one test of them over the treaty, of which there is a summary only."""
    for name, text in (("facts.yaml", FACTS), ("gb/lantern-leave.yaml", LEAVE), ("gb/family-leave.yaml", FAMILY_LEAVE)):
        _write(folder / name, text)


def add_texts(corpus: Path) -> None:
    """The official texts of the tiny library, as snapshots in corpus/raw."""
    rows = []
    for instrument, text, language, as_at, damaged in (
        (ACT, ACT_TEXT, "en", AS_AT, False), (ACT, EARLIER_TEXT, "en", BEFORE, False), (ARABIC, ARABIC_TEXT, "ar", "2024-01-01", False), (DAMAGED, DAMAGED_TEXT, "en", None, True),
    ):  # fmt: skip
        raw = text.encode("utf-8")
        path = f"texts/{instrument}.{as_at}.md"
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
