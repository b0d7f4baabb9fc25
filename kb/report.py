"""What other programs write and read: filters as they name them, and hits and answers as JSON with the contract's fields."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from kb.errors import QueryError
from kb.model import Answer, Filters, Hit, Query

CONTRACT = 1


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


def search_json(query: Query, hits: Sequence[Hit]) -> dict[str, Any]:
    """The object that `search --json` prints."""
    return {"contract": CONTRACT, "query": query.text, "hits": [hit_json(hit) for hit in hits]}


def answer_json(answer: Answer) -> dict[str, Any]:
    """The object that `ask --json` prints."""
    names = ("instrument", "numbers", "citation", "kind", "quote", "start", "end", "digest", "official_url", "as_at")
    return {
        "contract": CONTRACT,
        "query": answer.query,
        "status": answer.status,
        "answer": [{"text": s.text, "citations": list(s.citations), "role": s.role} for s in answer.answer],
        "citations": [{name: getattr(cited, name) for name in names} for cited in answer.citations],
        "searched": answer.searched,
        "notes": list(answer.notes),
        "nearest": [hit_json(hit) for hit in answer.nearest],
    }
