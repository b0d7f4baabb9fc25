"""What the pages say to their readers, as gettext sees it; `python -m tests.messages` brings the catalogue up to date.

Babel's own extraction does not look into f-strings before Python 3.12, so the syntax tree is read here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from kb.config import ROOT

SOURCES = [*sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]
CATALOGUE = ROOT / "pages" / "locale" / "es" / "LC_MESSAGES" / "haven.po"
Message = str | tuple[str, str]  # a text, or its singular and plural


def extracted() -> dict[Message, list[tuple[str, int]]]:
    """Every message of the pages, and the files and lines where it stands."""
    found: dict[Message, list[tuple[str, int]]] = {}
    for path in SOURCES:
        for message, line in _calls(ast.parse(path.read_text("utf-8"))):
            found.setdefault(message, []).append((str(path.relative_to(ROOT)), line))
    return found


def _calls(tree: ast.AST) -> Iterator[tuple[Message, int]]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "N_", "n_")):
            continue
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str)]
        if node.func.id == "n_" and len(texts) == 2:
            yield (texts[0], texts[1]), node.lineno
        elif node.func.id != "n_" and texts:
            yield texts[0], node.lineno


def catalogue() -> Catalog:
    """The Spanish catalogue as it stands."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="es")


def update() -> list[Message]:
    """Write the catalogue anew: what the pages say now, with the translations that are there; what is left to translate."""
    old = catalogue()
    new = Catalog("es", project="Haven", version="1", copyright_holder="Haven", charset="utf-8", fuzzy=False)
    missing: list[Message] = []
    for message, places in sorted(extracted().items(), key=lambda item: item[1]):
        known = old.get(message if isinstance(message, str) else message[0])
        string = known.string if known and known.string else ("" if isinstance(message, str) else ("", ""))
        if not string or not all(string):
            missing.append(message)
        new.add(message, string, locations=[(file, None) for file in dict.fromkeys(file for file, _line in places)])
    with CATALOGUE.open("wb") as file:
        write_po(file, new, width=140, sort_output=False, omit_header=False, include_lineno=False)
    return missing


if __name__ == "__main__":
    for message in update():
        print(message)
