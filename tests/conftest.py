"""What every test shares: no network beyond loopback, golden files, the snapshots."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from kb.model import Provision

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing with them")


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
