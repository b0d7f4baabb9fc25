"""Fetching, against a real HTTP server on loopback that serves texts and every way in which a publisher can fail (B63 to B74)."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import re
import socket
import ssl
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import ingest.__main__ as cli
from ingest import catalogue, fetch, raw
from ingest.client import Client, Rules, Validators, is_public
from ingest.examine import stated_date, unpacked
from kb.config import Settings
from kb.errors import ConfigError, FetchError, SourceError, StoreError
from kb.model import Instrument, Source

DATA = Path(__file__).parent / "data"
USLM = (DATA / "uslm" / "titled.xml").read_bytes()
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
Answer = Callable[["Handler"], None]


def act(*sections: str) -> bytes:
    """A page of law with these sections."""
    units = "".join(f"<h3>Section {n}. Matter {n}</h3><p>{text}</p>" for n, text in enumerate(sections, start=1))
    return f"<!DOCTYPE html><html><head><title>Harbour Act</title></head><body><h1>Harbour Act</h1>{units}</body></html>".encode()


SECTIONS = [f"The keeper of pier {n} shall light its lamp at dusk and put it out at dawn, whatever the weather." for n in range(1, 11)]
ACT = act(*SECTIONS)


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says, and writes down what it was asked."""

    protocol_version = "HTTP/1.1"
    server: Publisher

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers), time.monotonic()))
        try:
            self.server.routes.get(self.path, missing)(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def reply(self, status: int, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None: ...


def missing(handler: Handler) -> None:
    handler.reply(404)


class Publisher(ThreadingHTTPServer):
    """A publisher on loopback."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str], float]] = []

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.server_port}{path}"

    def serves(self, path: str, body: bytes, **headers: str) -> str:
        self.routes[path] = lambda handler: handler.reply(200, body, **headers)
        return self.url(path)

    def handle_error(self, *_: object) -> None: ...


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    server = Publisher()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return Settings(corpus=tmp_path / "corpus")


def rules(**changes: object) -> Rules:
    quick = {
        "pause_s": 0.0, "probe_s": 1.0, "connect_s": 1.0, "read_s": 0.5, "total_s": 4.0, "back_off_s": 0.01, "longest_wait_s": 2.0,
        "max_bytes": 2_000_000, "max_unpacked": 3_000_000,
    }  # fmt: skip
    return Rules(frozenset({"127.0.0.1"}), loopback=True, **(quick | changes))


def entry(*sources: Source, id: str = "gb/act/1") -> Instrument:
    return Instrument(
        id, "Harbour Act", "Harbour Act", "gb", "statute", "en", "https://law.example/1", "Harbour Act, s. {pinpoint}", sources=sources
    )


def run(chosen: Settings, *instruments: Instrument, at: datetime = NOW, **changes: object) -> fetch.Report:
    tasks = fetch.plan({instrument.id: instrument for instrument in instruments}, [], core=False)
    return fetch.fetch(chosen, tasks, rules(**changes), lambda *_: None, lambda: at)


def page(url: str, **more: object) -> Instrument:
    return entry(Source(url, "html"), **more)


def failure(report: fetch.Report) -> str:
    assert not report.fetched and not report.current and not report.aside
    assert len(report.failed) == 1
    return report.failed[0]["reason"]


def held(chosen: Settings) -> list[dict]:
    return [row for _, row in raw.read_snapshots(chosen.raw_dir)]


# what goes well


def test_a_text_is_kept_as_it_came(publisher, chosen):
    url = publisher.serves("/act", ACT, ETag='"1"', Last_Modified="Sun, 01 Nov 2026 10:00:00 GMT")
    report = run(chosen, page(url))
    (row,) = held(chosen)
    assert (chosen.raw_dir / row["path"]).read_bytes() == ACT
    assert (row["retrieved_at"], row["as_at"], row["fetch_url"], row["etag"]) == ("2026-11-01T12:00:00+00:00", None, url, '"1"')
    (change,) = report.fetched
    assert (change.since, change.provisions, len(change.new)) == (None, 10, 10)
    path, headers, _ = publisher.asked[0]
    assert path == "/act" and headers["User-Agent"].startswith("Haven")


def test_a_text_that_is_current_is_not_sent_again(publisher, chosen):
    def conditional(handler: Handler) -> None:
        known = handler.headers["If-None-Match"] == '"1"' and handler.headers["If-Modified-Since"]
        handler.reply(304) if known else handler.reply(200, ACT, ETag='"1"', Last_Modified="Sun, 01 Nov 2026 10:00:00 GMT")

    publisher.routes["/act"] = conditional
    instrument = page(publisher.url("/act"))
    run(chosen, instrument)
    manifest = (chosen.raw_dir / raw.MANIFEST).read_bytes()
    assert run(chosen, instrument).current
    assert (chosen.raw_dir / raw.MANIFEST).read_bytes() == manifest
    (chosen.raw_dir / held(chosen)[0]["path"]).write_bytes(b"damaged")  # a copy that is damaged here is asked for without conditions
    assert run(chosen, instrument).fetched
    assert (chosen.raw_dir / held(chosen)[0]["path"]).read_bytes() == ACT


@pytest.mark.parametrize("second", [ACT, ACT.replace(b"<body>", b"<body><!-- session 2 -->")], ids=["same bytes", "same wording"])
def test_the_same_wording_again_changes_nothing(publisher, chosen, second):
    instrument = page(publisher.serves("/act", ACT))
    run(chosen, instrument)
    manifest = (chosen.raw_dir / raw.MANIFEST).read_bytes()
    publisher.serves("/act", second)
    report = run(chosen, instrument, at=NOW + timedelta(days=1))
    assert len(report.current) == 1 and not report.fetched
    assert (chosen.raw_dir / raw.MANIFEST).read_bytes() == manifest


def test_what_changed_is_said_provision_by_provision(publisher, chosen):
    instrument = page(publisher.serves("/act", ACT))
    run(chosen, instrument)
    publisher.serves(
        "/act", act(*SECTIONS[:4], SECTIONS[4].replace("dusk", "sunset"), *SECTIONS[5:9], SECTIONS[9], "A new section on foghorns.")
    )
    (change,) = run(chosen, instrument, at=NOW + timedelta(days=9)).fetched
    assert (change.new, change.amended, change.gone) == (("gb/act/1~11",), ("gb/act/1~5",), ())
    assert change.since == "2026-11-01T12:00:00+00:00"
    publisher.serves("/act", act(*SECTIONS[:9]))
    (change,) = run(chosen, instrument, at=NOW + timedelta(days=19)).fetched
    assert (change.new, change.amended, change.gone) == ((), ("gb/act/1~5",), ("gb/act/1~10", "gb/act/1~11"))


def test_the_other_texts_are_fetched_where_one_fails(publisher, chosen):
    good = page(publisher.serves("/act", ACT))
    report = run(chosen, page(publisher.url("/gone"), id="gb/act/0"), good, page(publisher.serves("/empty", b" "), id="gb/act/2"))
    assert [change.instrument for change in report.fetched] == ["gb/act/1"]
    reasons = {failed["instrument"]: failed["reason"] for failed in report.failed}
    assert "404" in reasons["gb/act/0"] and "empty" in reasons["gb/act/2"]


def test_a_pause_for_each_host(publisher, chosen):
    acts = [page(publisher.serves(f"/act{n}", ACT), id=f"gb/act/{n}") for n in range(3)]
    assert len(run(chosen, *acts, pause_s=0.2).fetched) == 3
    times = [moment for _, _, moment in publisher.asked]
    assert all(later - earlier > 0.15 for earlier, later in itertools.pairwise(times))


def test_two_connections_at_most(publisher, chosen):
    under_way, most, lock = 0, 0, threading.Lock()

    def slow(handler: Handler) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05)
        with lock:
            under_way -= 1
        handler.reply(200, ACT)

    publisher.routes |= {f"/act{n}": slow for n in range(8)}
    assert len(run(chosen, *(page(publisher.url(f"/act{n}"), id=f"gb/act/{n}") for n in range(8))).fetched) == 8
    assert most <= 2


def test_redirects_within_the_list_are_followed(publisher, chosen):
    publisher.serves("/new", ACT)
    publisher.routes["/old"] = lambda handler: handler.reply(301, Location="/new")
    assert run(chosen, page(publisher.url("/old"))).fetched[0].url == publisher.url("/old")


def test_gzip_is_unpacked(publisher, chosen):
    run(chosen, page(publisher.serves("/act", gzip.compress(ACT), Content_Encoding="gzip")))
    assert (chosen.raw_dir / held(chosen)[0]["path"]).read_bytes() == ACT


def test_a_booklet_is_fetched_once_for_all_that_it_holds():
    url = "https://publisher.example/booklet.pdf"
    parts = {f"int/{name}": entry(Source(url, "pdf", name), id=f"int/{name}") for name in ("convention", "protocol")}
    entries = parts | {"int/booklet": entry(Source(url, "pdf"), id="int/booklet")}
    assert [task.instrument.id for task in fetch.plan(entries, ["int/protocol", "int/convention"], core=False)] == ["int/booklet"]


def test_what_is_planned():
    source = Source("https://publisher.example/1", "html")
    entries = {id: entry(source, id=id) for id in ("us/usc/t8", "us/usc/t18", "us/uscx")}
    assert {task.instrument.id for task in fetch.plan(entries, ["us/usc"], core=False)} == {"us/usc/t8", "us/usc/t18"}
    with pytest.raises(ConfigError, match="us/usc/t9 is not in"):
        fetch.plan(entries, ["us/usc/t9"], core=False)
    with pytest.raises(ConfigError, match="names no source"):
        fetch.plan({"int/x": entry(id="int/x")}, ["int/x"], core=False)


# dates


@pytest.mark.parametrize(
    ("format", "url", "head", "date"),
    [
        ("ecfr", "https://www.ecfr.gov/api/versioner/v1/full/2026-07-01/title-8.xml?part=214", "<DIV5/>", "2026-07-01"),
        ("ecfr", "https://www.ecfr.gov/title-8.xml", "<DIV5/>", None),
        ("eurlex-xhtml", "https://eur-lex.europa.eu/?uri=CELEX:01996L0071-20200730", "<html>of 16 December 1996</html>", "2020-07-30"),
        ("eurlex-xhtml", "https://eur-lex.europa.eu/?uri=CELEX:32014L0067", "<p>DIRECTIVE 2014/67/EU<br/>of 15 May 2014</p>", "2014-05-15"),
        ("eurlex-xhtml", "u", "<p>02006L0054 — EN — 19.06.2026 — 001.001</p><p>Directive of 5 July 2006</p>", "2026-06-19"),
        ("eurlex-xhtml", "u", "<p>26.10.2012</p><p>EN</p><p>Official Journal of the European Union</p><p>CHARTER</p>", "2012-10-26"),
        ("ca-lims", "u", '<Statute lims:pit-date="2026-03-26" lims:current-date="2026-03-31">', "2026-03-31"),
        ("uslm", "u", "<docPublicationName>Online@119-102</docPublicationName><dcterms:created>2026-06-05T10:00:00<", "2026-06-05"),
        ("uslm", "u", "<uscDoc><main/></uscDoc>", None),
        ("akn", "u", '<FRBRExpression><FRBRdate date="2024-05-01" name="validFrom"/></FRBRExpression>', "2024-05-01"),
        ("akn", "u", '<FRBRWork><FRBRdate date="2015-03-26" name="enacted"/></FRBRWork>', None),
        ("html", "u", "<p>Text contains those laws in effect on July 16, 2025</p>", "2025-07-16"),
        ("html", "u", "<p>laws in effect on February 30, 2025</p>", None),
        ("pdf", "u", "%PDF-1.4 2020-01-01", None),
    ],
)
def test_a_date_is_taken_only_where_the_publication_states_it(format, url, head, date):
    assert stated_date(format, url, head.encode()) == date


@pytest.mark.snapshots
def test_the_dates_stated_in_official_files_are_those_of_the_manifest(snapshots):
    rows = [row for row in raw.read_manifest(snapshots) if row["format"] in ("ca-lims", "eurlex-xhtml")]
    for row in rows:
        stated = stated_date(row["format"], "", (snapshots / row["path"]).read_bytes())
        assert stated == row["as_at"], row["path"]
    assert len(rows) >= 15


def test_a_wrong_clock_is_noted(publisher, chosen):
    report = run(chosen, page(publisher.serves("/act", ACT)), at=datetime.now(UTC) - timedelta(days=3650))
    assert len(report.fetched) == 1 and "clock" in report.notes[0]


# archives


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_release_point_is_unpacked(publisher, chosen):
    url = publisher.serves("/xml_usc99@119-102.zip", zipped(**{"usc99.xml": USLM, "readme.txt": b"!"}))
    report = run(chosen, entry(Source(url, "uslm"), id="us/usc/t99"))
    assert report.fetched[0].provisions > 1
    assert (chosen.raw_dir / held(chosen)[0]["path"]).read_bytes() == USLM


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"../../usc99.xml": USLM}, "leads out"),
        ({"/etc/usc99.xml": USLM}, "leads out"),
        ({"C:\\usc99.xml": USLM}, "leads out"),
        ({"a.xml": USLM, "b.xml": USLM}, "no single XML"),
        ({"readme.txt": b"!"}, "no single XML"),
        ({"usc99.xml": b"<a>" + b" " * 4_000_000 + b"</a>"}, "more than"),
    ],
)
def test_archives_that_are_refused(publisher, chosen, files, reason):
    url = publisher.serves("/xml_usc99@119-102.zip", zipped(**files))
    assert reason in failure(run(chosen, entry(Source(url, "uslm"), id="us/usc/t99")))
    assert not list(chosen.raw_dir.rglob("*.xml"))


def test_an_archive_that_hides_its_size_is_refused():
    honest = zipped(**{"usc99.xml": b" " * 200_000})
    size = (200_000).to_bytes(4, "little")
    assert honest.count(size) == 2
    with pytest.raises(SourceError):
        unpacked(honest.replace(size, (10).to_bytes(4, "little")), "", 100_000)
    with pytest.raises(SourceError, match="cannot be read"):
        unpacked(honest[:-40], "", 1_000_000)
    link = zipfile.ZipInfo("usc99.xml")
    link.external_attr = 0o120777 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(SourceError, match="leads out"):
        unpacked(packed.getvalue(), "", 1000)


# B63: short and broken bodies


class Broken:
    """Breaks off after `part` bytes until it has been asked `times`; goes on where it is asked to, if `ranges`."""

    def __init__(self, body: bytes, part: int, times: int, ranges: bool = True, other: bytes | None = None) -> None:
        self.body, self.part, self.left, self.ranges, self.other = body, part, times, ranges, other

    def __call__(self, handler: Handler) -> None:
        start = 0
        headers = {"ETag": '"b"', "Accept-Ranges": "bytes"} if self.ranges else {}
        wanted = handler.headers["Range"]
        body = self.other if wanted and self.other else self.body
        if wanted and self.ranges and handler.headers["If-Range"] == '"b"':
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        rest = body[start:]
        self.left -= 1
        short = rest[: self.part] if self.left > 0 else rest
        handler.reply(206 if start else 200, short, length=len(rest), **headers)


LONG = act(*(f"Section {n} says at length what the keeper of pier {n} does with the lamp. " * 40 for n in range(60)))


def test_a_broken_download_is_resumed(publisher, chosen):
    publisher.routes["/act"] = Broken(LONG, 60_000, 3)
    run(chosen, page(publisher.url("/act")))
    assert (chosen.raw_dir / held(chosen)[0]["path"]).read_bytes() == LONG
    assert [headers.get("Range") for _, headers, _ in publisher.asked] == [None, f"bytes={60_000 - 4096}-", f"bytes={120_000 - 2 * 4096}-"]


def test_a_broken_download_starts_again_where_it_cannot_be_resumed(publisher, chosen):
    publisher.routes["/act"] = Broken(LONG, 60_000, 2, ranges=False)
    run(chosen, page(publisher.url("/act")))
    assert (chosen.raw_dir / held(chosen)[0]["path"]).read_bytes() == LONG
    assert all("Range" not in headers for _, headers, _ in publisher.asked)


def test_two_halves_of_different_files_are_never_joined(publisher, chosen):
    """B74: the ETag says that it is the same file, the bytes where the halves meet say that it is not."""
    other = LONG.replace(b"lamp", b"horn")
    publisher.routes["/act"] = Broken(LONG, 60_000, 2, other=other)
    run(chosen, page(publisher.url("/act")))
    assert (chosen.raw_dir / held(chosen)[0]["path"]).read_bytes() == LONG
    assert len(publisher.asked) == 3


def test_a_body_that_stays_short_is_refused(publisher, chosen):
    publisher.routes["/act"] = lambda handler: handler.reply(200, ACT[:500], length=len(ACT))
    assert "broke after 500 of" in failure(run(chosen, page(publisher.url("/act"))))
    assert not held(chosen)


def test_a_gzip_body_that_is_cut_is_refused(publisher, chosen):
    assert "ends in the middle" in failure(run(chosen, page(publisher.serves("/act", gzip.compress(ACT)[:-20], Content_Encoding="gzip"))))


# B64, B65: busy publishers


def test_retry_after_is_honoured(publisher, chosen):
    answers = iter([lambda h: h.reply(429, Retry_After="1"), lambda h: h.reply(503), lambda h: h.reply(200, ACT)])
    publisher.routes["/act"] = lambda handler: next(answers)(handler)
    assert run(chosen, page(publisher.url("/act"))).fetched
    first, second, _ = [moment for _, _, moment in publisher.asked]
    assert second - first >= 1


def test_retry_after_as_a_date(publisher, chosen):
    def later(handler: Handler) -> None:
        if len(publisher.asked) > 1:
            return handler.reply(200, ACT)
        return handler.reply(503, Retry_After=handler.date_time_string(int(time.time()) + 1))

    publisher.routes["/act"] = later
    assert run(chosen, page(publisher.url("/act"))).fetched


def test_a_pause_of_an_hour_is_not_waited_for(publisher, chosen):
    publisher.routes |= {f"/act{n}": lambda handler: handler.reply(429, Retry_After="3600") for n in range(6)}
    acts = [page(publisher.url(f"/act{n}"), id=f"gb/act/{n}") for n in range(6)]
    report = run(chosen, *acts)
    assert any("a pause of 3600 s" in failed["reason"] for failed in report.failed)
    assert len(report.failed) == 6 and len(publisher.asked) <= 2  # nor is the publisher asked again


def test_repeated_500(publisher, chosen):
    publisher.routes["/act"] = lambda handler: handler.reply(500)
    assert "answers 500" in failure(run(chosen, page(publisher.url("/act"))))
    assert len(publisher.asked) == 4


# B66, B67: redirects and addresses


def test_a_redirect_loop_ends(publisher, chosen):
    publisher.routes["/act"] = lambda handler: handler.reply(302, Location="/act")
    assert "redirects more than 5 times" in failure(run(chosen, page(publisher.url("/act"))))


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "http://169.254.169.254/latest/", "https://169.254.169.254/", "https://localhost/", "ftp://127.0.0.1/", "http://[::1]/",
     "//evil.example/", "https://user@evil.example:22/", "http://127.0.0.1.evil.example/", "http://[bad", "javascript:alert(1)"],
)  # fmt: skip
def test_redirects_out_of_the_list_are_refused(publisher, chosen, target):
    publisher.routes["/act"] = lambda handler: handler.reply(302, Location=target)
    reason = failure(run(chosen, page(publisher.url("/act"))))
    assert "refused" in reason or "no address" in reason
    assert len(publisher.asked) == 1


@pytest.mark.parametrize(
    "url", ["http://publisher.example/", "https://127.0.0.1/", "https://publisher.example:8443/", "https://a:b@publisher.example/"]
)
def test_addresses_that_are_never_asked(url):
    with Client(Rules(frozenset({"publisher.example"}), tries=1)) as client, pytest.raises(SourceError, match="refused"):
        client.get(url, Validators())


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.1.2.3", "192.168.0.1", "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1"]
)
def test_a_name_that_leads_inside_is_refused(address, monkeypatch):
    monkeypatch.setattr("urllib.request.getproxies", dict)
    assert not is_public(address)
    lookup = lambda *_: ["93.184.216.34", address]
    with (
        Client(Rules(frozenset({"publisher.example"}), tries=1), lookup) as client,
        pytest.raises(SourceError, match="inside this network"),
    ):
        client.get("https://publisher.example/act", Validators())


def test_behind_a_proxy_only_the_proxy_is_connected_to(monkeypatch):
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": f"http://user:secret@127.0.0.1:{closed_port()}"})
    quick = Rules(frozenset({"publisher.example"}), back_off_s=0.01, pause_s=0.0)
    with Client(quick, lambda *_: pytest.fail("a name was looked up")) as client:
        assert client.reachable(["https://publisher.example/act"])
        with pytest.raises(FetchError, match="cannot connect") as caught:
            client.get("https://publisher.example/act", Validators())
    assert "secret" not in str(caught.value)


def test_the_list_is_made_of_the_catalogue():
    entries = {"a": entry(Source("https://Law.example/1", "html")), "b": entry(Source("https://www.acts.example/2", "html"))}
    assert fetch.rules_for(entries).hosts == {"law.example", "www.acts.example"}
    assert not fetch.rules_for(entries).loopback


# B68 to B70: slow, endless, packed


def test_a_slow_body_ends(publisher, chosen):
    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.05)

    publisher.routes["/act"] = drip
    began = time.monotonic()
    assert "took longer than 1 s" in failure(run(chosen, page(publisher.url("/act")), total_s=1.0))
    assert time.monotonic() - began < 2.5


def test_slow_headers_end(publisher, chosen):
    def drip(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X-A: b\r\n")
            time.sleep(0.05)

    publisher.routes["/act"] = drip
    began = time.monotonic()
    with pytest.raises(FetchError):
        run(chosen, page(publisher.url("/act")), total_s=1.0)
    assert time.monotonic() - began < 2.5


def test_silence_ends(publisher, chosen):
    publisher.routes["/act"] = lambda handler: time.sleep(2)
    publisher.serves("/other", ACT)
    report = run(chosen, page(publisher.serves("/other", ACT), id="gb/act/0"), page(publisher.url("/act")), tries=2, read_s=0.2)
    assert "broke" in report.failed[0]["reason"] and len(report.fetched) == 1


@pytest.mark.parametrize("announced", [False, True])
def test_an_endless_body_ends(publisher, chosen, announced):
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        if announced:
            handler.send_header("Content-Length", str(10**12))
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 65536)

    publisher.routes["/act"] = endless
    assert "2000000" in failure(run(chosen, page(publisher.url("/act"))))


def test_a_gzip_bomb_is_refused(publisher, chosen):
    bomb = gzip.compress(gzip.compress(b"\0" * 4_000_000) + b"\0" * 4_000_000)
    assert len(bomb) < 20_000
    assert "unpacks to more than 3000000" in failure(run(chosen, page(publisher.serves("/act", bomb, Content_Encoding="gzip"))))


def test_another_packing_is_refused(publisher, chosen):
    assert "not asked for" in failure(run(chosen, page(publisher.serves("/act", ACT, Content_Encoding="br"))))


# B71: other things than the text


@pytest.mark.parametrize(
    ("format", "body", "reason"),
    [
        (
            "html",
            b"<html><title>EUR-Lex</title><body><h2>Section 1. Notice</h2><p>The site is under scheduled maintenance.</p></body></html>",
            "a notice",
        ),
        ("html", b"<html><body><h1>Just a moment...</h1><p>Section 1. Verify you are human.</p></body></html>", "a notice"),
        ("html", b"<html><body><p>Welcome to our new website.</p></body></html>", "cannot be read|no provisions"),
        ("html", b'{"error": "no such act"}', "something other than a page"),
        ("uslm", b"<!DOCTYPE html><html><title>Sorry</title><p>Section 1. Not here.</p></html>", "an HTML page .*Sorry"),
        ("akn", b'<?xml version="1.0"?>\n<!-- x --><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', "an HTML page"),
        ("ecfr", b"error: no such date", "something where ecfr XML is expected"),
        ("uslm", USLM[: len(USLM) // 2], "cannot be read"),
        ("pdf", b"<html><title>Moved</title></html>", "other than a PDF.*Moved"),
        ("pdf", b"%PDF-1.4\n1 0 obj", "whose end is missing"),
    ],
)
def test_an_answer_that_is_not_the_text_is_refused(publisher, chosen, format, body, reason):
    assert re.search(reason, failure(run(chosen, entry(Source(publisher.serves("/act", body), format)))))
    assert not held(chosen)


def test_a_page_of_law_may_speak_of_maintenance(publisher, chosen):
    body = act(*SECTIONS[:3], "A parent pays for the maintenance of a child. Access is denied to no one who pays.")
    assert "notice" in failure(run(chosen, page(publisher.serves("/act", body))))  # short, and in such words: a person should look
    assert run(chosen, page(publisher.serves("/act", act(*SECTIONS * 6, "Access is denied to no one who pays.")))).fetched


# B72: a source that shrinks or changes massively waits for a person


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (act(*SECTIONS[:7]), "shrinks from"),
        (act(*SECTIONS[:6], "No lamp. " * 40), "3 of 10 provisions are gone"),
        (act(*(section.replace("keeper", "master") for section in SECTIONS)), "10 of 10 provisions have changed"),
    ],
)
def test_a_source_that_changes_massively_is_kept_aside(publisher, chosen, second, reason):
    instrument = page(publisher.serves("/act", ACT))
    run(chosen, instrument)
    publisher.serves("/act", second)
    report = run(chosen, instrument)
    assert not report.fetched and reason in report.aside[0].reason
    assert [row["bytes"] for row in held(chosen)] == [len(ACT)]
    accepted = fetch.accept(chosen, ["gb/act/1"], {"gb/act/1": instrument})
    assert accepted.fetched[0].since == "2026-11-01T12:00:00+00:00"
    (row,) = held(chosen)
    assert (chosen.raw_dir / row["path"]).read_bytes() == second and "reason" not in row
    assert run(chosen, instrument).current
    with pytest.raises(SourceError, match="no copy of gb/act/1 is kept aside"):
        fetch.accept(chosen, ["gb/act/1"], {"gb/act/1": instrument})


def test_a_source_that_recovers_is_no_longer_kept_aside(publisher, chosen):
    instrument = page(publisher.serves("/act", ACT))
    run(chosen, instrument)
    publisher.serves("/act", act(*SECTIONS[:2]))
    assert run(chosen, instrument).aside and run(chosen, instrument).aside
    publisher.serves("/act", ACT)
    assert run(chosen, instrument).current
    assert not raw.read_snapshots(chosen.raw_dir / fetch.ASIDE)


def test_two_versions_of_one_act_are_no_shrinkage(publisher, chosen):
    """The act as adopted and its consolidation are two sources; each is compared with its own last copy."""
    whole, part = publisher.serves("/whole", ACT), publisher.serves("/part", act(*SECTIONS[:3]))
    report = run(chosen, entry(Source(whole, "html"), Source(part, "html", "§ 1-3")))
    assert len(report.fetched) == 2 and all(change.since is None for change in report.fetched)


# B73: bad TLS


def test_a_certificate_that_does_not_verify_is_refused(publisher, chosen):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / "tls" / "self-signed.pem")
    publisher.socket = context.wrap_socket(publisher.socket, server_side=True)
    publisher.serves("/act", ACT)
    assert "self-signed certificate" in failure(run(chosen, page(publisher.url("/act", "https"))))
    assert not publisher.asked


# B74: a lying ETag


def test_an_etag_that_stays_while_the_text_changes(publisher, chosen):
    text = ACT

    def lying(handler: Handler) -> None:
        handler.reply(304) if handler.headers["If-None-Match"] == '"same"' else handler.reply(200, text, ETag='"same"')

    publisher.routes["/act"] = lying
    instrument = page(publisher.url("/act"))
    run(chosen, instrument)
    text = act(*SECTIONS, "A new section on foghorns.")
    assert run(chosen, instrument).current  # believed for a while,
    report = run(chosen, instrument, at=NOW + timedelta(days=31))  # then the bytes are looked at
    assert report.fetched[0].new == ("gb/act/1~11",) and any("same ETag" in note for note in report.notes)
    text = ACT
    assert run(chosen, instrument, at=NOW + timedelta(days=32)).fetched  # and the ETag is not believed again


# no network, a second run, a full disk


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_no_network_is_noticed_at_once(chosen):
    port, began = closed_port(), time.monotonic()
    acts = [page(f"http://127.0.0.1:{port}/{n}", id=f"gb/act/{n}") for n in range(200)]
    with pytest.raises(FetchError, match="no publisher can be reached"):
        run(chosen, *acts)
    assert time.monotonic() - began < 2
    assert not held(chosen)


def test_a_network_without_names_is_noticed_within_seconds(chosen, monkeypatch):
    monkeypatch.setattr("urllib.request.getproxies", dict)

    def hangs(host: str, port: int) -> list[str]:
        time.sleep(3)
        raise OSError("no name server")

    tasks = fetch.plan({"gb/act/1": page("https://publisher.example/act")}, [], core=False)
    began = time.monotonic()
    with pytest.raises(FetchError, match="no publisher can be reached"):
        fetch.fetch(chosen, tasks, Rules(frozenset({"publisher.example"}), probe_s=0.5), lambda *_: None, lookup=hangs)
    assert time.monotonic() - began < 1.5


def test_a_dead_publisher_is_not_asked_for_each_of_its_texts(publisher, chosen):
    dead = closed_port()
    acts = [page(f"http://127.0.0.1:{dead}/{n}", id=f"gb/act/{n}") for n in range(20)]
    report = run(chosen, *acts, page(publisher.serves("/act", ACT), id="gb/other"))
    assert len(report.failed) == 20 and len(report.fetched) == 1
    assert sum("not tried" in failed["reason"] for failed in report.failed) >= 18


def test_a_second_fetch_is_refused(publisher, chosen):
    instrument = page(publisher.serves("/act", ACT))
    with fetch._alone(chosen.raw_dir), pytest.raises(StoreError, match="another fetch is running"):
        run(chosen, instrument)


def test_a_folder_that_cannot_be_written(publisher, tmp_path):
    (tmp_path / "raw").write_text("a file")
    with pytest.raises(StoreError, match="cannot write"):
        run(Settings(corpus=tmp_path, raw=tmp_path / "raw"), page(publisher.serves("/act", ACT)))


def test_a_disk_that_fills_up(publisher, chosen, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(raw, "write_manifest", full)
    with pytest.raises(StoreError, match="No space left on device"):
        run(chosen, page(publisher.serves("/act", ACT)))


# the command


@pytest.fixture
def command(chosen, monkeypatch, capsys):
    """command(entries, *arguments): exit status, stdout and stderr of `python -m ingest fetch`."""

    def call(entries: dict[str, Instrument], *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("KB_CORPUS", str(chosen.corpus))
        monkeypatch.setattr(catalogue, "instruments", lambda _: entries)
        monkeypatch.setattr(fetch, "rules_for", lambda _: rules())
        monkeypatch.setattr(sys, "argv", ["ingest", "fetch", *arguments])
        status = cli.main()
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_the_command_says_what_changed(publisher, command):
    entries = {"gb/act/1": page(publisher.serves("/act", ACT))}
    status, out, _ = command(entries, "gb/act/1")
    assert status == 0 and "first copy, 10 provisions" in out and "1 texts fetched" in out
    publisher.serves("/act", act(*SECTIONS[:9], SECTIONS[9] + " So be it."))
    status, out, _ = command(entries)
    assert status == 0 and "0 new, 1 amended, 0 gone since" in out and "  amended gb/act/1~10" in out
    status, out, _ = command(entries, "--json")
    assert status == 0
    said = json.loads(out)
    assert (said["contract"], len(said["current"]), said["fetched"]) == (1, 1, [])


def test_the_command_asks_for_approval(publisher, command):
    entries = {"gb/act/1": page(publisher.serves("/act", ACT))}
    command(entries)
    publisher.serves("/act", act(*SECTIONS[:3]))
    status, _, err = command(entries)
    assert status == 0 and "kept aside: gb/act/1" in err and "python -m ingest fetch gb/act/1 --accept" in err
    status, out, _ = command(entries, "gb/act/1", "--accept")
    assert status == 0 and "7 gone since" in out
    assert command(entries, "--accept")[0] == 2
    assert command(entries, "gb/act/1", "--accept")[0] == 1


def test_the_command_where_everything_failed(publisher, command):
    status, _, err = command({"gb/act/1": page(publisher.url("/gone"))})
    assert status == 1 and "failed: gb/act/1" in err and "404" in err


def test_the_command_without_network(command):
    status, out, err = command({"gb/act/1": page(f"http://127.0.0.1:{closed_port()}/act")})
    assert (status, out) == (1, "")
    assert err.count("\n") == 1 and err.startswith("ingest: no publisher can be reached") and "Traceback" not in err


def test_the_command_with_an_unknown_id(command):
    status, _, err = command({"gb/act/1": page("http://127.0.0.1/")}, "gb/act/9")
    assert status == 1 and "gb/act/9 is not in corpus/catalogue" in err
