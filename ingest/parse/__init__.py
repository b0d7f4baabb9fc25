"""One parser a format; a format's module is loaded when it is first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from kb.model import Instrument, Provision

Parse = Callable[[bytes, Instrument], list[Provision]]

MODULES = {
    "uslm": "uslm",
    "ecfr": "ecfr",
    "ca-lims": "ca_lims",
    "eurlex-xhtml": "eurlex",
    "formex": "formex",
    "akn": "akn",
    "html": "html",
    "md": "markdown",
    "txt": "text_plain",
    "pdf": "pdf",
}


def _lazily(module: str) -> Parse:
    def parse(raw: bytes, instrument: Instrument) -> list[Provision]:
        return importlib.import_module(f"ingest.parse.{module}").parse(raw, instrument)

    return parse


PARSERS: dict[str, Parse] = {format: _lazily(module) for format, module in MODULES.items()}


def source_text(raw: bytes, format: str) -> tuple[bytes, bool]:
    """The UTF-8 bytes that a provision's offsets refer to, and whether entities in them are decoded."""
    if format == "pdf":
        return importlib.import_module("ingest.parse.pdf").extract(raw), False
    return importlib.import_module("ingest.parse.tree").utf8(raw), format not in ("md", "txt")
