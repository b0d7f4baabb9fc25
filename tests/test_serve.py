"""The operations for other programs, over a small library: a real MCP client on pipes, real HTTP on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from kb import __main__ as command_line
from kb.answer import ask
from kb.config import ROOT, Settings
from kb.errors import ConfigError, StoreError
from kb.model import Query
from kb.receipt import of_answer
from kb.serve import MAX_BODY_BYTES, Desk, Discreet, http_app, mcp_server, serve_http
from kb.store import Store, published
from tests import library

QUESTION = "May an employer keep the passport of a deck hand?"
PLANTED = "zyxwquestionthatnoonemaysee passport"
HTTP = httpx.Client(timeout=300)  # a busy machine takes its time
OPERATIONS = ("search", "ask", "show", "check", "compare", "verify")
FACTS = {"labour": True, "means": False, "reported": True}
COMMANDS = {
    "search": ["search", QUESTION, "--limit", "4", "--json"],
    "ask": ["ask", QUESTION, "--jurisdiction", "nz", "--json"],
    "show": ["show", f"{library.HARBOUR}~1", "--json"],
    "check": ["check", "facts.yaml", "--relief", "us/t-status", "--on", "2026-01-05", "--json"],
    "compare": ["compare", "fees", "--jurisdiction", "nz", "--json"],
    "verify": ["verify", "receipt.json", "--json"],
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small library with a topic and the forms of relief."""
    from ingest.build import build

    folder = tmp_path_factory.mktemp("shelf")
    library.write_corpus(folder / "corpus")
    fees = {"id": "fees", "name": "Fees", "definition": "Who pays for finding work at sea."}
    library.write_yaml(
        folder / "corpus" / "topics" / "topics.yaml", [{"id": "work", "name": "Work", "definition": "Getting and keeping work.", "topics": [fees]}]
    )
    (folder / "corpus" / "eligibility").symlink_to(ROOT / "corpus" / "eligibility")
    settings = library.settings_for(folder)
    build(settings, library.quiet)
    return settings


@pytest.fixture(scope="module")
def desk(shelf: Settings) -> Desk:
    return Desk(shelf)


@pytest.fixture(scope="module")
def requests(desk: Desk) -> dict[str, dict[str, Any]]:
    """What is asked of each operation; the receipt is of an answer that the library gives."""
    store = Store.open(desk._settings)
    receipt = of_answer(ask(Query(QUESTION), store, desk._settings), store, date(2026, 1, 5))
    store.close()
    return {
        "search": {"question": QUESTION, "limit": 4}, "ask": {"question": QUESTION, "jurisdiction": ["nz"]}, "show": {"citation": f"{library.HARBOUR}~1"},
        "check": {"facts": FACTS, "relief": ["us/t-status"], "on": "2026-01-05"}, "compare": {"topic": "fees", "jurisdiction": ["nz"]},
        "verify": {"receipt": receipt},
    }  # fmt: skip


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """The address of an app that uvicorn serves on a free port of loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    with serving(http_app(desk)) as found:
        yield found


@pytest.fixture
def printed(
    shelf: Settings, requests: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], dict[str, Any]]:
    """What the command of a name prints with --json."""
    monkeypatch.setenv("KB_CORPUS", str(shelf.corpus))
    monkeypatch.setenv("KB_INDEX", str(shelf.index_dir))
    monkeypatch.chdir(tmp_path)
    Path("facts.yaml").write_text(json.dumps(FACTS), "utf-8")
    Path("receipt.json").write_text(json.dumps(requests["verify"]["receipt"]), "utf-8")

    def run(name: str) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", ["kb", *COMMANDS[name]])
        assert command_line.main() == 0
        return json.loads(capsys.readouterr().out)

    return run


# HTTP


@pytest.mark.parametrize("name", OPERATIONS)
def test_http_gives_what_the_command_prints(
    address: str, requests: dict[str, dict[str, Any]], printed: Callable[[str], dict[str, Any]], name: str
) -> None:
    reply = HTTP.post(f"{address}/{name}", json=requests[name])
    assert reply.status_code == 200, reply.text
    assert reply.json() == printed(name)
    assert reply.headers["cache-control"] == "no-store"


def test_every_operation_of_the_desk_is_tested(desk: Desk) -> None:
    assert tuple(desk.operations()) == OPERATIONS


def test_filters_reach_the_search(address: str) -> None:
    hits = HTTP.post(f"{address}/search", json={"question": "passport", "jurisdiction": ["int"], "no_summaries": True}).json()["hits"]
    assert hits and {(hit["instrument"], hit["kind"]) for hit in hits} == {(library.LANTERN, "text")}


@pytest.mark.parametrize(
    ("path", "sent", "status", "words"),
    [
        ("search", {"question": "  "}, 400, "the question is blank"),
        ("search", {"question": "x" * 5000}, 400, "5000 characters"),
        ("search", {"question": "passport", "jurisdiction": ["atlantis"]}, 400, "'atlantis' is not a jurisdiction"),
        ("ask", {"question": "passport", "as_at": "soon"}, 400, "'soon' is not a date"),
        ("search", {"question": "passport", "limit": 1000}, 400, "limit: Input should be less than or equal to 100"),
        ("ask", {}, 400, "question: Field required"),
        ("show", {"citation": f"{library.HARBOUR}~99"}, 404, "is not held"),
        ("show", {"citation": "no such thing"}, 404, "is not an id or a citation"),
        ("check", {"facts": {"shoe_size": 41}}, 400, "there is no fact 'shoe_size'"),
        ("check", {"facts": {"labour": "perhaps"}}, 400, "the fact labour takes yes or no"),
        ("check", {"facts": {}, "on": "soon"}, 400, "'soon' is not a date"),
        ("compare", {"topic": "lanterns at sea"}, 400, "lanterns at sea"),
        ("verify", {"receipt": {"haven": "poem"}}, 400, "receipt"),
    ],
)
def test_a_request_that_cannot_be_served_is_told_in_one_line(address: str, path: str, sent: dict[str, Any], status: int, words: str) -> None:
    reply = HTTP.post(f"{address}/{path}", json=sent)
    assert reply.status_code == status and words in reply.json()["error"]
    assert reply.json().keys() == {"contract", "error"} and "\n" not in reply.json()["error"] and "Traceback" not in reply.text


@pytest.mark.parametrize("sent", [("search", {"question": "\ud800 passport"}), ("ask", {"question": "passport \udfff"}), ("show", {"citation": "99 CFR 1 \ud800"})])
def test_half_a_character_is_no_failure(address: str, sent: tuple[str, dict[str, str]]) -> None:
    answered = HTTP.post(f"{address}/{sent[0]}", content=json.dumps(sent[1]), headers={"Content-Type": "application/json"})
    assert answered.status_code in (200, 404) and answered.json()["contract"] == 1


def test_what_is_not_json_is_refused(address: str) -> None:
    assert HTTP.post(f"{address}/ask", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert HTTP.post(f"{address}/ask", content=json.dumps({"question": QUESTION}), headers={"content-type": "text/plain"}).status_code == 400


def test_a_question_has_no_place_in_an_address(address: str) -> None:
    assert HTTP.get(f"{address}/ask", params={"question": QUESTION}).status_code == 405
    assert HTTP.post(f"{address}/ask", params={"question": QUESTION}).status_code == 400


def test_a_request_that_is_too_long_is_refused(address: str) -> None:
    assert HTTP.post(f"{address}/ask", json={"question": "x" * MAX_BODY_BYTES}).status_code == 413
    pieces = (b"x" * 65536 for _ in range(8))
    assert HTTP.post(f"{address}/ask", content=pieces, headers={"content-type": "application/json"}).status_code == 413


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:8502", "127.0.0.1.attacker.example", "192.0.2.7:8502", ""])
def test_a_foreign_host_name_is_refused(address: str, host: str) -> None:
    assert HTTP.post(f"{address}/search", json={"question": QUESTION}, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:8502", "127.0.0.1:9", "[::1]:8502"])
def test_a_name_of_this_computer_is_served(address: str, host: str) -> None:
    assert HTTP.get(f"{address}/status", headers={"host": host}).status_code == 200


def test_a_page_of_another_site_is_refused(address: str) -> None:
    assert HTTP.post(f"{address}/search", json={"question": QUESTION}, headers={"origin": "https://attacker.example"}).status_code == 403


def test_opened_to_the_network_addresses_are_served_and_names_are_not(desk: Desk) -> None:
    with serving(http_app(desk, open_to_network=True)) as found:
        assert HTTP.get(f"{found}/status", headers={"host": "192.0.2.7:8502"}).status_code == 200
        assert HTTP.get(f"{found}/status", headers={"host": "attacker.example"}).status_code == 421


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "example.org"])
def test_other_addresses_are_not_listened_on_unasked(desk: Desk, host: str) -> None:
    with pytest.raises(ConfigError, match="--open-to-network"):
        serve_http(desk, host, 8502, open_to_network=False)


def test_the_page_lists_every_operation_and_fetches_nothing(address: str) -> None:
    reply = HTTP.get(address)
    for name in OPERATIONS:
        assert f"POST /{name}" in reply.text
    assert "<script" not in reply.text and "src=" not in reply.text and "https://" not in reply.text
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    described = HTTP.get(f"{address}/openapi.json").json()
    assert {f"/{name}" for name in OPERATIONS} < described["paths"].keys()


def test_status_names_the_generation(address: str, shelf: Settings) -> None:
    assert HTTP.get(f"{address}/status").json()["generation"] == published(shelf.index_dir)[0]


def test_a_check_without_a_day_is_of_today(shelf: Settings) -> None:
    assert Desk(shelf, today=lambda: date(2026, 2, 3)).check({}, ["us/t-status"])["on"] == "2026-02-03"


# failures


def test_a_failure_shows_and_logs_nothing_of_the_question(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: Any) -> None:
        raise ValueError(PLANTED)

    monkeypatch.setattr("kb.serve.search", fail)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet())
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "handlers", [handler])  # the root would miss it where Streamlit is imported
    with serving(http_app(desk)) as found:
        reply = HTTP.post(f"{found}/search", json={"question": PLANTED})
    assert reply.status_code == 500 and reply.json()["error"] == "the request could not be served"
    told = capsys.readouterr()
    assert f"ValueError at {__name__}:" in told.err
    assert "zyxw" not in reply.text + told.out + told.err


def test_questions_asked_leave_no_line_in_the_log(address: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="uvicorn"), caplog.at_level(logging.INFO, logger="kb"):
        for name in ("search", "ask"):
            assert HTTP.post(f"{address}/{name}", json={"question": PLANTED}).status_code == 200
    assert "zyxw" not in caplog.text + "".join(capfd.readouterr())


def test_a_damaged_record_is_an_error_and_not_an_empty_result(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: Any) -> None:
        raise StoreError("the stored text is not the one that was sealed")

    monkeypatch.setattr("kb.serve.show", damaged)
    with serving(http_app(desk)) as found:
        reply = HTTP.post(f"{found}/show", json={"citation": f"{library.HARBOUR}~1"})
    assert (reply.status_code, reply.json()["error"]) == (503, "the stored text is not the one that was sealed")


def test_a_newer_generation_is_read_as_soon_as_it_is_published(spare: Settings) -> None:
    from ingest.build import build

    desk = Desk(spare)
    before = desk.status()["generation"]
    library.amend(spare.corpus, "An agency may charge a deck hand ten shillings.")
    build(spare, library.quiet)
    assert desk.status()["generation"] == published(spare.index_dir)[0] != before
    assert "ten shillings" in desk.show(f"{library.HARBOUR}~2")["text"]


def test_an_earlier_generation_is_said_to_be_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "notice" not in desk.search(QUESTION)
    monkeypatch.setattr(desk._store, "notice", "You are reading the one before it.")
    assert desk.search(QUESTION)["notice"] == desk.show(f"{library.HARBOUR}~1")["notice"] == "You are reading the one before it."


# MCP




def test_a_client_in_a_process_of_its_own_gets_what_the_commands_print(
    shelf: Settings, requests: dict[str, dict[str, Any]], printed: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    environment = {"KB_CORPUS": str(shelf.corpus), "KB_INDEX": str(shelf.index_dir), "PATH": os.environ["PATH"]}
    server = StdioServerParameters(command=sys.executable, args=["-m", "kb", "serve"], env=environment, cwd=ROOT)

    async def converse() -> dict[str, Any]:
        with (tmp_path / "stderr").open("w+") as errors:
            async with Client(stdio_client(server, errlog=errors)) as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}
                replies = {name: await client.call_tool(name, sent) for name, sent in requests.items()}
                wrong = await client.call_tool("search", {"question": " "})
                missing = await client.call_tool("ask", {"jurisdiction": ["int"]})
                planted = await client.call_tool("ask", {"question": PLANTED, "as_at": PLANTED})
        return {"tools": tools, "replies": replies, "wrong": wrong, "missing": missing, "planted": planted}

    found = asyncio.run(converse())
    assert tuple(found["tools"]) == OPERATIONS
    assert "question" in found["tools"]["ask"].input_schema["required"]
    assert found["tools"]["ask"].input_schema["properties"]["question"]["description"].startswith("A question")
    for name, reply in found["replies"].items():
        assert not reply.is_error and reply.structured_content == printed(name)
        assert json.loads(reply.content[0].text) == reply.structured_content
    assert found["wrong"].is_error and "the question is blank" in found["wrong"].content[0].text
    assert found["missing"].is_error and found["planted"].is_error
    assert "zyxw" not in (tmp_path / "stderr").read_text("utf-8")


def test_a_failing_tool_tells_nothing_of_its_insides(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ValueError(PLANTED)

    monkeypatch.setattr("kb.serve.search", fail)

    async def converse() -> Any:
        async with Client(mcp_server(desk)) as client:
            return await client.call_tool("search", {"question": PLANTED})

    reply = asyncio.run(converse())
    assert reply.is_error and "zyxw" not in reply.content[0].text
