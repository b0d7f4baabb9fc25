"""What other programs write and read: files of JSON Lines, filters as they name them, hits and answers as JSON with the contract's fields."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from kb.errors import QueryError
from kb.model import Answer, Filters, Hit, Query

CONTRACT = 1
Made = TypeVar("Made")


def read_lines(path: Path, what: str, make: Callable[[Any], Made]) -> list[Made]:
    """What `make` makes of each line of a file of JSON Lines.

    Raises: QueryError where the file cannot be read and, with its number, for a line that is not `what`.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise QueryError(f"{path} cannot be read as text in UTF-8") from exc
    made = []
    for number, line in enumerate(lines, start=1):
        try:
            made += [make(json.loads(line))] if line.strip() else []
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
            raise QueryError(f"{path}:{number}: not {what}") from exc
    return made


def narrowed(
    jurisdiction: Iterable[str] | None = None, kind: Iterable[str] | None = None, instrument: Iterable[str] | None = None,
    language: Iterable[str] | None = None, as_at: str | None = None, no_summaries: bool = False,
) -> Filters:  # fmt: skip
    """The filters of a request; what is None or empty leaves everything.

    Raises: QueryError where `as_at` is not a date.
    """
    return Filters(tuple(jurisdiction or ()), tuple(kind or ()), tuple(instrument or ()), tuple(language or ()), _date(as_at), not no_summaries)


def _date(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError as exc:
        raise QueryError(f"{value!r} is not a date; write it as 2025-01-31") from exc


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit with the contract's fields."""
    names = (
        "rank", "score", "passage_id", "instrument", "numbers", "citation", "kind", "text", "start", "end", "official_url", "as_at", "language",
        "damaged",
    )  # fmt: skip
    return {name: getattr(hit, name) for name in names}


def _writable(text: str) -> str:
    """The text without halves of characters: they can be typed as an escape in JSON, and written nowhere."""
    return text.encode("utf-8", "replace").decode("utf-8")


def search_json(query: Query, hits: Sequence[Hit]) -> dict[str, Any]:
    """The object that `search --json` prints."""
    return {"contract": CONTRACT, "query": _writable(query.text), "hits": [hit_json(hit) for hit in hits]}


def answer_json(answer: Answer) -> dict[str, Any]:
    """The object that `ask --json` prints; `survey` is there where the question asks of several places or laws."""
    names = ("instrument", "numbers", "citation", "kind", "quote", "start", "end", "digest", "official_url", "as_at")
    told = {
        "contract": CONTRACT,
        "query": _writable(answer.query),
        "status": answer.status,
        "answer": [{"text": s.text, "citations": list(s.citations), "role": s.role} for s in answer.answer],
        "citations": [{name: getattr(cited, name) for name in names} for cited in answer.citations],
        "searched": answer.searched,
        "notes": list(answer.notes),
        "nearest": [hit_json(hit) for hit in answer.nearest],
    }
    return {**told, "survey": [asdict(row) for row in answer.survey]} if answer.survey else told
