"""The operations of the command line for other programs: MCP over stdin and stdout, or HTTP with an OpenAPI page, on this computer only.

What a program gets is the JSON that the command of the same name prints with --json. No question is logged, kept or put into an address.
"""

from __future__ import annotations

import datetime
import functools
import html
import ipaddress
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import uvicorn
from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from kb import compare as comparing
from kb import eligibility
from kb import receipt as receipts
from kb.answer import ask
from kb.config import Settings
from kb.errors import ConfigError, KBError, QueryError
from kb.findings import check_json
from kb.model import Query
from kb.report import CONTRACT, answer_json, narrowed, search_json
from kb.rules import read_rules
from kb.search import search
from kb.show import show
from kb.store import Store, published

MAX_BODY_BYTES = 256 * 1024
_MAX_WAITING = 32
_PURPOSE = (
    "Haven quotes the law on human trafficking and migrant work, each quotation with its pinpoint, its date and the official address. "
    "It is not legal advice. Where it does not hold a law, it says so: report that too."
)

Question = Annotated[str, Body(description="A question in the reader's own words, or a citation. English or Spanish.")]
Jurisdictions = Annotated[list[str] | None, Body(description="Only these jurisdictions: int for treaties, eu, us, us-ca, gb ...")]
Kinds = Annotated[list[str] | None, Body(description="Only treaty, statute, regulation, directive or guidance.")]
Instruments = Annotated[list[str] | None, Body(description="Only these instruments, by id, such as int/palermo-protocol.")]
Languages = Annotated[list[str] | None, Body(description="Only texts in these languages: en, es, fr ...")]
AsAt = Annotated[str | None, Body(description="The wording in force on this date, YYYY-MM-DD.")]
Limit = Annotated[int, Body(description="How many hits.", ge=1, le=100)]
NoSummaries = Annotated[bool, Body(description="Official texts only, without Haven's own summaries.")]
Citation = Annotated[str, Body(embed=True, description="An id, such as int/palermo-protocol~6/3, or a citation as printed: 8 CFR 214.204(b).")]
Facts = Annotated[dict[str, Any], Body(description="Facts about one person by key, as corpus/eligibility/facts.yaml lists them; no name, no contact.")]
Relief = Annotated[list[str] | None, Body(description="Only these forms of relief, such as us/t-status.")]
On = Annotated[str | None, Body(description="The day of the check, YYYY-MM-DD; today unless given.")]
Topic = Annotated[str, Body(description="A topic by id or name, or a treaty article: int/palermo-protocol~6/6.")]
Receipt = Annotated[dict[str, Any], Body(embed=True, description="A receipt or a folder of saved passages, as Haven wrote it.")]


class Desk:
    """The operations over the published generation; the newest one is opened as soon as it is published.

    One at a time: the model already uses every core.
    """

    def __init__(self, settings: Settings, today: Callable[[], datetime.date] = datetime.date.today):
        self._settings = settings
        self._today = today
        self._turn = threading.Lock()
        self._open()

    def _open(self) -> None:
        names = published(self._settings.index_dir)
        self._store = Store.open(self._settings)
        self._published = names

    def _library(self) -> Store:
        if published(self._settings.index_dir) != self._published:
            earlier = self._store
            self._open()
            earlier.close()
        return self._store

    def operations(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """What can be asked for, by name."""
        return {made.__name__: made for made in (self.search, self.ask, self.show, self.check, self.compare, self.verify)}

    def search(
        self, question: Question, jurisdiction: Jurisdictions = None, kind: Kinds = None, instrument: Instruments = None, language: Languages = None,
        as_at: AsAt = None, limit: Limit = 10, no_summaries: NoSummaries = False,
    ) -> dict[str, Any]:  # fmt: skip
        """The passages of law that come nearest to a question or citation, best first."""
        query = Query(question, narrowed(jurisdiction, kind, instrument, language, as_at, no_summaries))
        with self._turn:
            store = self._library()
            return _noticed(search_json(query, search(query, store, replace(self._settings, top=limit))), store)

    def ask(
        self, question: Question, jurisdiction: Jurisdictions = None, kind: Kinds = None, instrument: Instruments = None, language: Languages = None,
        as_at: AsAt = None, no_summaries: NoSummaries = False,
    ) -> dict[str, Any]:  # fmt: skip
        """An answer made of Haven's summaries and of quotations of the law, every statement cited; `status` says how far it goes. No language model takes part."""
        query = Query(question, narrowed(jurisdiction, kind, instrument, language, as_at, no_summaries))
        with self._turn:
            store = self._library()
            return _noticed(answer_json(ask(query, store, self._settings)), store)

    def show(self, citation: Citation) -> dict[str, Any]:
        """One provision whole, with its context, its versions and the official address."""
        with self._turn:
            store = self._library()
            return _noticed({"contract": CONTRACT, **show(citation, store)}, store)

    def check(self, facts: Facts, relief: Relief = None, on: On = None) -> dict[str, Any]:
        """What the law's tests for each form of relief say to a set of facts, and what to ask next. A missing fact is never a no."""
        day = eligibility.day(on) if on else self._today()
        rules = read_rules(self._settings.corpus / "eligibility")
        told, reliefs = eligibility.told(facts, rules), eligibility.chosen(relief or (), rules)
        with self._turn:
            store = self._library()
            return _noticed(check_json(eligibility.check(reliefs, told, rules, day, eligibility.law_of(store)), rules, day), store)

    def compare(self, topic: Topic, jurisdiction: Jurisdictions = None, limit: Limit = 10) -> dict[str, Any]:
        """A topic across jurisdictions, or where national law speaks of what a treaty article speaks of: pointers, no findings."""
        with self._turn:
            store = self._library()
            return _noticed({"contract": CONTRACT, **comparing.compared(topic, jurisdiction or [], limit, store)[1]}, store)

    def verify(self, receipt: Receipt) -> dict[str, Any]:
        """What became of each quotation of a receipt: the same, changed since, no longer held, or never in the record."""
        read = receipts.read(json.dumps(receipt, ensure_ascii=False).encode("utf-8", "replace"))
        with self._turn:
            store = self._library()
            return _noticed(receipts.verified_json(read, receipts.verify(read, store), store), store)

    def status(self) -> dict[str, Any]:
        """What the knowledge base holds and when it was built."""
        with self._turn:
            store = self._library()
            shown = {name: store.manifest[name] for name in ("generation", "created_at", "schema", "model", "counts")}
            return _noticed({"contract": CONTRACT, **shown}, store)


def _noticed(made: dict[str, Any], store: Store) -> dict[str, Any]:
    """The object, with `notice` where the newest generation is damaged and an earlier one was read: the commands say so on stderr."""
    return {**made, "notice": store.notice} if store.notice else made


class Discreet(logging.Formatter):
    """A line that says where and what kind of thing went wrong: an exception's words, or another library's, may repeat a question."""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info and record.exc_info[0]:
            return f"{record.levelname} {record.name} {record.exc_info[0].__name__} at {_place(record.exc_info[2])}"
        words = record.getMessage() if record.name.startswith("kb.") else f"{record.module}:{record.lineno}"
        return f"{record.levelname} {record.name} {words}"


def _place(trace: Any) -> str:
    while trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def _discreet_logs() -> None:
    for handler in logging.getLogger().handlers:
        handler.setFormatter(Discreet())


# MCP


def mcp_server(desk: Desk) -> MCPServer:
    """The operations as MCP tools. An error of ours is the tool's error, in one line."""
    server = MCPServer("haven", title="Haven", instructions=_PURPOSE, log_level="WARNING")
    for name, operation in desk.operations().items():
        server.add_tool(_tool(operation), name=name, description=operation.__doc__)
    return server


def _tool(operation: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(operation)
    def tool(*values: Any, **named: Any) -> dict[str, Any]:
        try:
            return operation(*values, **named)
        except KBError as exc:
            raise ToolError(str(exc)) from exc

    return tool


def serve_mcp(desk: Desk) -> None:
    """Answer on stdout what a program asks on stdin, until it closes."""
    _discreet_logs()
    mcp_server(desk).run("stdio")


# HTTP


def serve_http(desk: Desk, host: str, port: int, open_to_network: bool) -> None:
    """Answer over HTTP until interrupted.

    Raises: ConfigError for an address that other computers reach, unless that was asked for.
    """
    if not (_loopback(host) or open_to_network):
        raise ConfigError(f"{host} can be reached from other computers, without password or encryption; add --open-to-network if that is meant")
    _discreet_logs()
    uvicorn.run(
        http_app(desk, open_to_network), host=host, port=port, log_config=None, log_level="warning", access_log=False, ws="none", server_header=False,
        limit_concurrency=_MAX_WAITING, timeout_keep_alive=5,
    )  # fmt: skip


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def http_app(desk: Desk, open_to_network: bool = False) -> FastAPI:
    """The operations as POST requests with a JSON body, a page that lists them, and /openapi.json."""
    app = FastAPI(title="Haven", version=str(CONTRACT), description=_PURPOSE, docs_url=None, redoc_url=None)
    refused = {400: {"description": "Not a request that can be served; `error` says why."}, 404: {"description": "Not held."}}
    for name, operation in desk.operations().items():
        app.post(f"/{name}", summary=name.capitalize(), description=operation.__doc__, responses=refused)(operation)
    app.get("/status", summary="Status", description=desk.status.__doc__)(desk.status)
    app.get("/", include_in_schema=False)(lambda: HTMLResponse(page(app.openapi()), headers={"Content-Security-Policy": _PAGE_POLICY}))
    app.exception_handler(KBError)(_told)
    app.exception_handler(RequestValidationError)(_mistaken)
    app.exception_handler(Exception)(lambda request, exc: _error(500, "the request could not be served"))
    app.add_middleware(Guard, open_to_network=open_to_network)
    return app


def _error(status: int, words: str) -> JSONResponse:
    return JSONResponse({"contract": CONTRACT, "error": words}, status)


def _told(request: Request, exc: Exception) -> JSONResponse:
    """Our own error in its one line: 404 where a provision was asked for that is not there, 400 for another request that cannot be served."""
    asked = isinstance(exc, QueryError)
    return _error((404 if request.url.path == "/show" else 400) if asked else 503, str(exc))


def _mistaken(request: Request, exc: Exception) -> JSONResponse:
    """What is wrong with a request, field by field, without what was sent."""
    wrong = [f"{'.'.join(str(part) for part in error['loc'][1:]) or 'the request'}: {error['msg']}" for error in exc.errors()]
    return _error(400, "; ".join(wrong))


class Guard:
    """Lets through requests that a program on this computer makes: of bounded size, and not sent by a page from elsewhere in a browser.

    A Host header with a name other than localhost is how a foreign page reaches a local server (DNS rebinding).
    """

    def __init__(self, app: Callable[..., Any], open_to_network: bool):
        self._app = app
        self._open = open_to_network

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if not self._known(host):
            return await _error(421, "the Host header must be localhost or an address of this computer")(scope, receive, send)
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return await _error(403, "requests from pages of other sites are refused")(scope, receive, send)
        body = await _whole(receive)
        if body is None:
            return await _error(413, f"the request exceeds {MAX_BODY_BYTES} bytes")(scope, receive, send)
        await self._app(scope, _again(body, receive), _unkept(send))

    def _known(self, host: str) -> bool:
        name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name == "localhost"
        return self._open or address.is_loopback


async def _whole(receive: Any) -> bytes | None:
    """The body of a request, or None where it is too long."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            return None
    return body


def _again(body: bytes, receive: Any) -> Any:
    """A `receive` that gives the body, which was read already, once more."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return messages.pop() if messages else await receive()

    return replay


def _unkept(send: Any) -> Any:
    """A `send` whose answers are not to be kept by anyone."""

    async def marked(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
        await send(message)

    return marked


# the page that lists the operations: no script, nothing fetched

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE_STYLE = """body{max-width:52rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 Georgia,serif;color:#1d2931;background:#fff}h1,h2{color:#17635d}
code,pre{font:14px/1.45 monospace}pre{background:#f2f5f4;padding:.75rem;overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #d5dcda}"""
_EXAMPLES = {
    "/search": {"question": "who pays the recruitment fee", "jurisdiction": ["us"], "limit": 5},
    "/ask": {"question": "Can a victim stay while deciding whether to talk to the police?"},
    "/show": {"citation": "8 CFR 214.204(b)"},
    "/check": {"facts": {}, "relief": ["us/t-status"]},
    "/compare": {"topic": "int/palermo-protocol~6/6", "jurisdiction": ["us", "gb"]},
    "/verify": {"receipt": {"haven": "receipt"}},
}


def page(described: dict[str, Any]) -> str:
    """HTML that lists the operations of an OpenAPI description, each with its fields and an example."""
    parts = [_operation(path, method, entry, described) for path, methods in described["paths"].items() for method, entry in methods.items()]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Haven for other programs</title>'
        f"<style>{_PAGE_STYLE}</style></head><body><main><h1>Haven for other programs</h1><p>{html.escape(_PURPOSE)}</p>"
        f"<p>Send JSON, get the JSON that <code>python -m kb</code> prints with <code>--json</code>; an error is <code>{{&quot;error&quot;: …}}</code>. "
        f'Machine-readable: <a href="openapi.json">openapi.json</a>.</p>{"".join(parts)}</main></body></html>'
    )


def _operation(path: str, method: str, entry: dict[str, Any], described: dict[str, Any]) -> str:
    shown = f"<h2><code>{method.upper()} {html.escape(path)}</code></h2><p>{html.escape(entry['description'])}</p>"
    if "requestBody" not in entry:
        return shown
    name = entry["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema = described["components"]["schemas"][name]
    rows = "".join(_field(field, about, field in schema.get("required", ())) for field, about in schema["properties"].items())
    sent = json.dumps(_EXAMPLES[path], ensure_ascii=False)
    example = f"curl -H 'Content-Type: application/json' -d '{sent}' http://127.0.0.1:8502{path}"
    return f"{shown}<table><thead><tr><th>Field</th><th>What</th></tr></thead><tbody>{rows}</tbody></table><pre>{html.escape(example)}</pre>"


def _field(name: str, about: dict[str, Any], needed: bool) -> str:
    words = about["description"] + (" Needed." if needed else "")
    return f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(words)}</td></tr>"
