"""A small library of invented law, for tests of the build, the store and the faults: versions, mark-up, a copy that is cut, a summary alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from kb.config import ROOT, Settings

CACHE = ROOT / ".ci" / "cache"
HARBOUR, LANTERN, FERRY, WRECK, GHOST = (
    "nz/harbour-act-2001", "int/lantern-convention", "gb/ferry-act-1999", "gb/wreck-act-1888", "int/ghost-protocol",
)  # fmt: skip
WORDS = (
    "an employer", "a deck hand", "the harbour master", "a licensed agency", "the inspector", "a witness", "the tribunal", "a guarantor",
    "shall keep", "must repay", "may examine", "shall return", "must not withhold", "may lodge", "shall publish", "must record",
    "the passport", "the wages earned", "a written contract", "the deposit", "the lodging", "an appeal", "the register", "a certificate",
    "within thirty days", "without delay", "before departure", "at no cost", "in a language understood", "on reasonable notice",
)  # fmt: skip


def prose(seed: int, sentences: int) -> str:
    """The same invented sentences for the same seed."""
    made = []
    for n in range(sentences):
        who, does, what, when = (part[(seed * 7 + n * (3 + k) + k) % len(part)] for k, part in enumerate((WORDS[:8], WORDS[8:16], WORDS[16:24], WORDS[24:])))
        made.append(f"{who[0].upper()}{who[1:]} {does} {what} {when}, as rule {seed}.{n} says.")
    return " ".join(made)


def _points(seed: int, count: int, sentences: int) -> str:
    return "\n\n".join(f"({chr(97 + n)}) {prose(seed + n, sentences)}" for n in range(count))


def harbour(section_2: str = "No agency may charge a deck hand a fee for finding work.", dropped: bool = False) -> str:
    """The Harbour Act; `dropped`: as it stood while it still had a section 4."""
    fourth = "## Section 4. Lamps\n\nEvery berth must be lit by an oil lamp from dusk until dawn.\n\n" if dropped else ""
    return f"""---
title: Harbour Workers Act 2001
instrument: {HARBOUR}
language: en
as_at: {"2020-01-01" if dropped else "2024-01-01"}
official_url: https://www.example.org/harbour
---
# PART 1. Deck hands

## Section 1. Passports

(1) An employer must not keep the passport of a deck hand.

(2) An employer who keeps one commits an offence under section 214.204(b).

## Section 2. Fees

{section_2}

## Section 3. Duties of employers

The following hold for every voyage:

{_points(3, 8, 5)}

{fourth}# PART 2. Records

## Section 5. Long record

(1) {prose(50, 60)}

(2) The record is kept for seven years.
"""


def lantern() -> str:
    """The Lantern Convention."""
    articles = "\n\n".join(f"## Article {n}. Duty number {n}\n\n1. {prose(100 + n, 2)}\n\n2. {prose(200 + n, 2)}" for n in range(1, 9))
    return f"""---
title: Lantern Convention
instrument: {LANTERN}
language: en
as_at: 2019-05-10
official_url: https://www.example.org/lantern
---
The States Parties, aware that lanterns guide, have agreed:

{articles}

# ANNEX I

## Article 1. Form of a lantern

A lantern has a wick, and a café may sell it to a traﬁcker of light.
"""


FERRY_TEXT = """<?xml version="1.0" encoding="utf-8"?>
<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><act contains="singleVersion" name="act"><body>
<section eId="s1"><num>1.</num><heading>Interpretation</heading><content><p>In this Act a ferry is a boat that carries people &amp; their goods.</p></content></section>
<section eId="s2"><num>2.</num><heading>Crew</heading><subsection eId="s2-1"><num>(1)</num><content><p>A ferry owner shall pay the crew each month.</p></content></subsection>
<subsection eId="s2-2"><num>(2)</num><content><p>A crew member may leave the ferry at any port.</p></content></subsection></section>
</body></act></akomaNtoso>
"""


def entry(instrument: str, title: str, kind: str, citation: str) -> dict[str, Any]:
    """A catalogue entry with the fields that it must have."""
    return {
        "instrument": instrument, "title": title, "short_title": title, "jurisdiction": instrument.partition("/")[0], "kind": kind, "language": "en",
        "official_url": f"https://www.example.org/{instrument}", "citation": citation, "sources": [],
    }  # fmt: skip


def summary(instrument: str, numbers: list[str], heading: str, words: str, *questions: str) -> dict[str, Any]:
    """A summary with the fields that it must have."""
    return {
        "instrument": instrument, "numbers": numbers, "heading": heading, "summary": words, "questions": list(questions), "topics": ["fees"],
        "official_url": f"https://www.example.org/{instrument}", "as_at": None, "checked_against": None,
    }  # fmt: skip


def write_yaml(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf-8")


def row(instrument: str, name: str, content: bytes, as_at: str | None, **more: Any) -> dict[str, Any]:
    """A manifest row for one file."""
    return {
        "instrument": instrument, "format": name.rpartition(".")[2] if "." in name else "md", "path": f"texts/{name}",
        "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "language": "en", "as_at": as_at, "retrieved_at": "2025-04-01",
        "official_url": f"https://www.example.org/{instrument}", "covers": None, "damaged": False, "notes": None, **more,
    }  # fmt: skip


def add_texts(corpus: Path, files: Iterable[tuple[dict[str, Any], bytes]]) -> None:
    """Write snapshots and a manifest that lists them alone."""
    rows = []
    for line, content in files:
        path = corpus / "raw" / line["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        rows.append(json.dumps(line, ensure_ascii=False) + "\n")
    (corpus / "raw" / "manifest.jsonl").write_text("".join(rows), "utf-8")


def texts(section_2: str | None = None) -> list[tuple[dict[str, Any], bytes]]:
    """The snapshots: the Harbour Act of two dates, the Convention, the Ferry Act in mark-up, and an act whose mark-up is cut."""
    now = (harbour() if section_2 is None else harbour(section_2)).encode()
    before, convention, ferry = harbour("Fees are allowed.", dropped=True).encode(), lantern().encode(), FERRY_TEXT.encode()
    return [
        (row(HARBOUR, "harbour.2020.md", before, "2020-01-01"), before),
        (row(HARBOUR, "harbour.2024.md", now, "2024-01-01"), now),
        (row(LANTERN, "lantern.md", convention, "2019-05-10"), convention),
        (row(FERRY, "ferry.xml", ferry, "2021-01-01", format="akn"), ferry),
        (row(WRECK, "wreck.xml", ferry[:400], "2021-01-01", format="akn"), ferry[:400]),
    ]


def write_corpus(corpus: Path) -> None:
    """The whole library below a folder."""
    for item in (
        entry(HARBOUR, "Harbour Workers Act 2001", "statute", "Harbour Workers Act 2001, s. {pinpoint}"),
        entry(LANTERN, "Lantern Convention", "treaty", "Lantern Convention, art. {pinpoint}"),
        entry(FERRY, "Ferry Act 1999", "statute", "Ferry Act 1999, s. {pinpoint}"),
        entry(WRECK, "Wreck Act 1888", "statute", "Wreck Act 1888, s. {pinpoint}"),
        entry(GHOST, "Ghost Protocol", "treaty", "Ghost Protocol, art. {pinpoint}"),
    ):
        write_yaml(corpus / "catalogue" / f"{item['instrument']}.yaml", item)
    write_yaml(
        corpus / "summaries" / f"{HARBOUR}.yaml",
        [summary(HARBOUR, ["1"], "Passports", "Nobody may hold on to the identity papers of a sailor.", "My captain has my papers. Is that legal?")],
    )
    write_yaml(
        corpus / "summaries" / f"{GHOST}.yaml",
        [summary(GHOST, ["7"], "Haunted housing", "States give ghosts a house to haunt, rent free.", "Where may a ghost live?", "¿Dónde vive un fantasma?")],
    )
    add_texts(corpus, texts())


def amend(corpus: Path, words: str) -> None:
    """Replace the wording of section 2 of the Harbour Act, and nothing else."""
    add_texts(corpus, texts(words))


def settings_for(folder: Path, **more: Any) -> Settings:
    """Settings for a library below a folder, with the converted model shared between all of them."""
    chosen = Settings(**{"corpus": folder / "corpus", "index": folder / "index", **more})
    models = chosen.index_dir / "models"
    if not models.exists():
        (CACHE / "models").mkdir(parents=True, exist_ok=True)
        models.parent.mkdir(parents=True, exist_ok=True)
        models.symlink_to(CACHE / "models")
    return chosen


def copied(settings: Settings, folder: Path) -> Settings:
    """A copy of a library and its index that a test may change."""
    shutil.copytree(settings.corpus, folder / "corpus")
    shutil.copytree(settings.index_dir, folder / "index", symlinks=True)
    return replace(settings, corpus=folder / "corpus", index=folder / "index")


def quiet(*_: object) -> None:
    """Progress that nobody watches."""
