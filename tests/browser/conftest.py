"""The page in a real browser: the app started cold over the tiny library, headless Chromium, a desktop's and a phone's window."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from kb.config import ROOT
from tests.tiny import build_library

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of the app, started cold over the tiny library, and the folder that holds its library and log."""
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, build_library(folder)) as address:
        yield address, folder


@contextmanager
def serving(folder: Path, variables: Mapping[str, str], before: Sequence[str] = ()) -> Iterator[str]:
    """Address of the app in a process of its own with these environment variables; its log is server.log in the folder.

    `before` stands before its command, such as a tracer.
    """
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("KB_")}, **variables}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*before, sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def _until_healthy(url: str, server: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the page did not start; see server.log")


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; the test is skipped where there is none."""
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        pytest.skip("needs Chromium at /usr/bin/chromium")
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(params=[(1200, 900), (360, 740)], ids=["wide", "narrow"])
def page(browser, served, request):
    """A page of a desktop's and of a phone's size; `page.outside` lists every request that left this machine."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.outside = []
    opened.on("request", lambda made: opened.outside.append(made.url) if not made.url.startswith((served[0], "data:", "blob:")) else None)
    yield opened
    context.close()
