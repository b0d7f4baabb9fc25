"""What every test shares: no network beyond loopback, golden files, the snapshots."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from kb.config import ROOT, Settings
from kb.model import Provision
from kb.store import Store
from tests import library
from tests.faults.driver import Driver

pytest_plugins = ["tests.page"]

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing with them")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the official texts is marked so, also where its author forgot: .ci/run tells by the mark what must not be skipped."""
    for item in items:
        if {"snapshots", "formats"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("snapshots")


class NetworkBlocked(RuntimeError):
    """A test tried to leave this machine."""


def _refuse_remote(address: Any) -> None:
    """Let Unix sockets and loopback through."""
    if not isinstance(address, tuple):
        return
    host = str(address[0]).partition("%")[0]
    try:
        local = host in ("", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NetworkBlocked(f"a test reached for {address!r}; tests use loopback only")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Sockets and name look-ups beyond loopback raise NetworkBlocked for the whole session."""
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    real_lookup = socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        _refuse_remote(address)
        return real["connect"](self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_remote(address)
        return real["connect_ex"](self, address)

    def sendto(self: socket.socket, data: bytes, *rest: Any) -> int:
        _refuse_remote(rest[-1])
        return real["sendto"](self, data, *rest)

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None:
            _refuse_remote((name,))
        return real_lookup(host, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket.socket, "sendto", sendto)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.fixture(scope="session")
def snapshots() -> Path:
    """The folder of real texts; the test is skipped where it is not there."""
    folder = SHARED / "snapshots"
    if not (folder / "manifest.jsonl").is_file():
        pytest.skip("needs ../shared/snapshots")
    return folder


@pytest.fixture(scope="session")
def formats() -> Path:
    """The folder of official samples of each format; the test is skipped where it is not there."""
    folder = SHARED / "formats"
    if not folder.is_dir():
        pytest.skip("needs ../shared/formats")
    return folder


def _line(provision: Provision) -> str:
    return json.dumps(asdict(provision), ensure_ascii=False)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, Sequence[Provision]], None]:
    """golden(path, provisions): they equal the .jsonl beside `path`, which only --update-golden writes."""

    def compare(path: Path, provisions: Sequence[Provision]) -> None:
        record = path.with_suffix(".jsonl")
        lines = [_line(provision) for provision in provisions]
        if request.config.getoption("--update-golden"):
            record.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        assert record.is_file(), f"{record} is missing: write it with pytest --update-golden and review it"
        expected = record.read_text(encoding="utf-8").splitlines()
        for number, (found, wanted) in enumerate(zip(lines, expected), start=1):
            assert json.loads(found) == json.loads(wanted), f"{record.name}, line {number}"
        assert len(lines) == len(expected), f"{record.name}: {len(lines)} provisions, {len(expected)} expected"

    return compare


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a built library of invented law (tests/library.py). Tests read it; those that change it take a copy."""
    from ingest.build import build

    folder = tmp_path_factory.mktemp("tiny")
    library.write_corpus(folder / "corpus")
    settings = library.settings_for(folder)
    build(settings, library.quiet)
    return settings


@pytest.fixture
def spare(tiny: Settings, tmp_path: Path) -> Settings:
    """A copy of the built library, for a test to change."""
    return library.copied(tiny, tmp_path)


@pytest.fixture(scope="session")
def tiny_store(tiny: Settings) -> Iterator[Store]:
    """The built library, opened."""
    store = Store.open(tiny)
    yield store
    store.close()


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    """The process that forks a child for each task of the fault tests."""
    started = Driver()
    yield started
    started.close()


@pytest.fixture(scope="session")
def full(snapshots: Path) -> Settings:
    """The settings of a knowledge base of all snapshots, built once and kept in .ci/cache: unchanged, it is only checked again.

    HAVEN_FULL_INDEX names a folder of generations that were built from the same texts with this program; nothing is built then.
    """
    from ingest import raw
    from ingest.build import build

    corpus = library.CACHE / "full"
    corpus.mkdir(parents=True, exist_ok=True)
    for name in ("catalogue", "summaries", "questions", "vocabulary", "topics", "eligibility"):
        link = corpus / name
        if not link.exists() and (ROOT / "corpus" / name).is_dir():
            link.symlink_to(ROOT / "corpus" / name)
    raw.import_folder(snapshots, corpus / "raw", lambda _: None)
    named = os.environ.get("HAVEN_FULL_INDEX")
    if named:
        return Settings(corpus=corpus, index=Path(named).resolve())
    settings = library.settings_for(corpus, corpus=corpus, index=corpus / "index")
    build(settings, library.quiet)
    return settings


@pytest.fixture(scope="session")
def summaries_only() -> Settings:
    """The settings of a knowledge base of the committed corpus without any official text, built once and kept in .ci/cache."""
    from ingest.build import build

    folder = library.CACHE / "summaries"
    settings = library.settings_for(folder, corpus=ROOT / "corpus", raw=folder / "raw", index=folder / "index")
    build(settings, library.quiet)
    return settings
