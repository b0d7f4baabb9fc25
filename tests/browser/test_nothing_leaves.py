"""Nothing leaves and nothing stays: every connection of server and browser during a visit of all pages, and every file the server could have written."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import serving
from tests.browser.driving import ask
from tests.browser.test_access import ADDRESS, NAVIGATION, settled
from tests.tiny import build_library

PLANTED = "My boss took my passport and hid it in a saffronnarwhal box. Is that allowed?"
OWN = "The agency has kept your passport in its safe beside the saffronnarwhal since May.\n"
# What Python itself is asked to do, in the server and in every process that it starts
WITNESS = """
import json, os, sys
_file = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
os.write(_file, b'["started", null]\\n')
def _note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        place = arguments[0] if event.startswith("socket.geth") or event == "socket.getaddrinfo" else arguments[1]
        os.write(_file, (json.dumps([event, place if isinstance(place, (list, tuple)) else str(place)], default=str) + "\\n").encode())
    elif event in ("tempfile.mkstemp", "tempfile.mkdtemp"):
        os.write(_file, (json.dumps([event, str(arguments[0])]) + "\\n").encode())
sys.addaudithook(_note)
"""


@pytest.fixture(scope="module")
def witnessed(tmp_path_factory: pytest.TempPathFactory):
    """Address of an app with default settings whose connections are written down, and its folder: home and temporary files lie there too."""
    folder: Path = tmp_path_factory.mktemp("witnessed")
    for name in ("home", "tmp", "site"):
        (folder / name).mkdir()
    (folder / "site" / "sitecustomize.py").write_text(WITNESS, "utf-8")
    places = {"HOME": folder / "home", "TMPDIR": folder / "tmp", "PYTHONPATH": folder / "site", "WITNESS": folder / "witness.jsonl"}
    with serving(folder, {**build_library(folder), **{name: str(path) for name, path in places.items()}}, traced(folder)) as address:
        yield address, folder


def traced(folder: Path) -> list[str]:
    """What to put before the server's command so that the kernel's view is written down as well; nothing where strace cannot run."""
    strace = shutil.which("strace")
    if not strace or subprocess.run([strace, "-f", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        return []
    return [strace, "-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto", "-o", str(folder / "strace.log")]


def visit(browser, address: str) -> list[str]:
    """Every address that the browser asked for during a visit of all pages, in both languages, with a file and a question."""
    page = browser.new_page()
    page.set_default_timeout(120_000)
    asked: list[str] = []
    page.on("request", lambda made: asked.append(made.url))
    page.on("websocket", lambda opened: asked.append(opened.url))
    for name in NAVIGATION:
        page.goto(f"{address}/{ADDRESS.get(name, name)}")
        settled(page)
    page.goto(f"{address}/documents")
    large = (OWN * 16_000).encode()  # more than a web framework keeps in memory of its own accord
    page.locator("input[type=file]").set_input_files(
        [{"name": "letter.txt", "mimeType": "text/plain", "buffer": OWN.encode()}, {"name": "large.docx", "mimeType": "text/plain", "buffer": large}]
    )
    page.get_by_text("large.docx was not read").wait_for()
    ask(page, address, PLANTED)
    page.locator("blockquote.hv-law").first.wait_for()
    page.get_by_role("button", name="Español").click()
    page.get_by_role("button", name="English").wait_for()
    settled(page)
    page.close()
    return asked


def local(host: str) -> bool:
    if host in ("localhost", "", "None"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def test_a_whole_visit_reaches_nothing_outside_and_leaves_nothing_behind(browser, witnessed: tuple[str, Path]) -> None:
    address, folder = witnessed
    asked = visit(browser, address)
    assert len(asked) > 30
    assert not [url for url in asked if urlsplit(url).scheme not in ("data", "blob") and not local(urlsplit(url).hostname or "")]

    noted = [json.loads(line) for line in (folder / "witness.jsonl").read_text("utf-8").splitlines()]
    assert ["started", None] in noted, "the witness was not there"
    reached = [place for event, place in noted if event.startswith("socket.")]
    assert not [place for place in reached if isinstance(place, list) and not local(str(place[0]))]
    assert not [place for place in reached if isinstance(place, str) and not (local(place) or place.startswith("/"))]
    if (folder / "strace.log").is_file():
        kernel = (folder / "strace.log").read_text("utf-8", "replace")
        hosts = re.findall(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', kernel)
        assert not [host for pair in hosts for host in pair if host and not local(host)]

    left = [path for path in folder.rglob("*") if path.is_file() and b"saffronnarwhal" in path.read_bytes()]
    assert left == []
    assert not [place for event, place in noted if event == "tempfile.mkstemp" and "upload" in place]


def test_the_witness_would_have_seen_it(tmp_path: Path) -> None:
    """The test above can fail: the hook does note a connection."""
    import os
    import sys

    (tmp_path / "sitecustomize.py").write_text(WITNESS, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "WITNESS": str(tmp_path / "seen")}
    code = "import socket; s = socket.socket(); s.settimeout(0.2); s.connect_ex(('192.0.2.1', 9))"
    subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=20)
    assert json.loads((tmp_path / "seen").read_text("utf-8").splitlines()[1]) == ["socket.connect", ["192.0.2.1", 9]]
    assert not local("192.0.2.1")
