"""An address -> its bytes: one polite HTTP client that keeps to the catalogue's hosts and to limits of time and size.

In ingest, the only file that opens a socket.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import httpcore
import httpx

from kb.errors import FetchError, SourceError

Lookup = Callable[[str, int], list[str]]
_BUSY = {202, 408, 425, 429, 500, 502, 503, 504}  # answers that ask for another try; EUR-Lex says 202 while it prepares a text
_OVERLAP = 4096  # bytes asked for again when a download is resumed, to see that it is still the same file


@dataclass(frozen=True, slots=True)
class Rules:
    """How we behave towards publishers, and how much of their time and bytes we take. Units: seconds and bytes.

    `hosts` is the allow-list. `loopback` lets tests use http and 127.0.0.1. `total_s` counts for one source, all tries together.
    """

    hosts: frozenset[str]
    loopback: bool = False
    agent: str = "Haven-ingest/1 (keeps copies of published law for an offline knowledge base; a few requests a month)"
    connections: int = 2
    pause_s: float = 1.0
    probe_s: float = 3.0
    connect_s: float = 8.0
    read_s: float = 30.0
    total_s: float = 300.0
    tries: int = 4
    back_off_s: float = 2.0
    longest_wait_s: float = 60.0
    redirects: int = 5
    max_bytes: int = 64_000_000
    max_unpacked: int = 200_000_000


@dataclass(frozen=True, slots=True)
class Validators:
    """What a publisher said of the copy we hold, for a conditional request."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The bytes at an address, still packed as `encoding` says; `content` is None where the copy we hold is current."""

    content: bytes | None
    encoding: str = ""
    etag: str | None = None
    last_modified: str | None = None
    date: datetime | None = None


class Busy(FetchError):
    """Worth another try, after `after_s` seconds where the publisher says so."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class Unreachable(Busy):
    """No connection to the host at all."""


@dataclass(slots=True)
class _Partial:
    """What has come of a download so far, and what its rest must agree with."""

    body: bytearray = field(default_factory=bytearray)
    total: int | None = None
    encoding: str = ""
    validator: str | None = None  # a strong ETag, or Last-Modified; without one a broken download starts again

    def clear(self) -> None:
        self.body.clear()
        self.total = self.validator = None


# sockets


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of a host, IPv4 first. Raises: OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(entry[4][0] for entry in sorted(found, key=lambda entry: entry[0] != socket.AF_INET)))


def is_public(address: str) -> bool:
    """Whether an address is on the open internet: not private, loopback, link-local or otherwise set aside."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = (getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)) if ip.version == 6 else None
    return ip.is_global and not ip.is_multicast and (inner is None or inner.is_global)


class _Backend(httpcore.NetworkBackend):
    """Connects to public addresses only, and lets nothing outlast the deadline of its thread, not even headers that drip."""

    def __init__(self, rules: Rules, lookup: Lookup, proxied: bool) -> None:
        self._rules, self._lookup, self._proxied = rules, lookup, proxied
        self._inner = httpcore.SyncBackend()
        self._own = threading.local()

    @contextlib.contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        self._own.until = time.monotonic() + seconds
        try:
            yield
        finally:
            del self._own.until

    def left(self, timeout: float | None = None) -> float:
        """Seconds that may be spent now, at most `timeout`."""
        until = getattr(self._own, "until", None)
        left = float("inf") if until is None else until - time.monotonic()
        return left if timeout is None else min(left, timeout)

    def spend(self, timeout: float | None) -> float:
        left = self.left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("out of time")
        return left

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        try:
            addresses = [host] if self._proxied else self._lookup(host, port)
        except OSError as exc:
            raise httpcore.ConnectError(f"{host} has no address: {exc}") from exc
        if not self._proxied and not self._rules.loopback and not all(map(is_public, addresses)):
            raise SourceError(f"{host} leads to {', '.join(addresses)}, an address inside this network; refused")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return _Stream(self._inner.connect_tcp(address, port, self.spend(timeout), local_address, socket_options), self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure

    def connect_unix_socket(self, path, timeout=None, socket_options=None):
        raise httpcore.ConnectError("no publisher lives in a file")

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends with the deadline of its thread."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner, self._backend = inner, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.spend(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._backend.spend(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._backend.spend(timeout)), self._backend)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


@functools.cache
def _verified() -> ssl.SSLContext:
    """Certificates are checked, against SSL_CERT_FILE where an office sets it; loading them takes a while, so once."""
    return httpx.create_ssl_context()


def _pool(backend: _Backend, rules: Rules, proxy: str | None) -> httpcore.ConnectionPool:
    """Connections through our backend, and through the office's proxy where the environment names one."""
    verified = _verified()
    if proxy is None:
        return httpcore.ConnectionPool(ssl_context=verified, max_connections=rules.connections, network_backend=backend)
    way = httpx.Proxy(proxy)
    return httpcore.HTTPProxy(
        str(way.url), proxy_auth=way.raw_auth, ssl_context=verified, max_connections=rules.connections, network_backend=backend
    )


# the client


class Client:
    """Fetches addresses within its rules; used by several threads, a context manager. `close` ends what is still under way."""

    def __init__(self, rules: Rules, lookup: Lookup = addresses_of) -> None:
        self.rules = rules
        self.answered = False  # whether any publisher has answered anything
        proxy = None if rules.loopback else urllib.request.getproxies().get("https")
        self._proxied = proxy is not None
        self._backend = _Backend(rules, lookup, self._proxied)
        transport = httpx.HTTPTransport(verify=_verified())
        transport._pool = _pool(self._backend, rules, proxy)  # httpx itself has no way to name a network backend
        timeout = httpx.Timeout(rules.read_s, connect=rules.connect_s, pool=rules.total_s)
        headers = {"User-Agent": rules.agent, "Accept": "*/*", "Accept-Encoding": "gzip"}
        self._http = httpx.Client(transport=transport, timeout=timeout, headers=headers, follow_redirects=False, trust_env=False)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stop()
        self._http.close()

    def stop(self) -> None:
        """End what is under way in other threads."""
        self._stop.set()

    def reachable(self, urls: Iterable[str]) -> bool:
        """Whether one of the publishers can be connected to; known after `probe_s` at the latest."""
        if self._proxied:
            return True  # only a request can tell; the first hosts that fail end the run
        origins = list(dict.fromkeys((url.host, url.port or (443 if url.scheme == "https" else 80)) for url in map(httpx.URL, urls)))[:6]
        answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        for host, port in origins:
            threading.Thread(target=lambda host=host, port=port: answers.put(self._connects(host, port)), daemon=True).start()
        until = time.monotonic() + self.rules.probe_s
        for _ in origins:
            try:
                if answers.get(timeout=max(0.0, until - time.monotonic())):
                    return True
            except queue.Empty:
                return False
        return False

    def _connects(self, host: str, port: int) -> bool:
        try:
            self._backend.connect_tcp(host, port, self.rules.probe_s).close()
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            return False
        except SourceError:
            return True  # it leads somewhere; the request itself will say what is wrong
        return True

    def get(self, url: str, held: Validators) -> Reply:
        """The bytes at an address, or that the copy we hold is current.

        Raises: FetchError where the network or the publisher failed after all tries; SourceError where trying again is no use.
        """
        host = _origin(url)
        if self._failures.get(host, 0) >= 3 or self.nothing():
            raise FetchError("not tried, since the publisher did not answer before")
        partial = _Partial()
        with self._backend.deadline(self.rules.total_s):
            for attempt in range(1, self.rules.tries + 1):
                try:
                    reply = self._once(url, held, partial)
                except Busy as exc:
                    wait_s = exc.after_s if exc.after_s is not None else self.rules.back_off_s * 2 ** (attempt - 1)
                    patient = self.answered and not isinstance(exc, Unreachable)
                    last = attempt >= (self.rules.tries if patient else min(2, self.rules.tries))
                    too_long = wait_s > min(self.rules.longest_wait_s, self._backend.left())
                    if last or too_long or self._stop.wait(wait_s):
                        self._count(host, 3 if isinstance(exc, Unreachable) or exc.after_s is not None else 1)
                        asked = f", and asks for a pause of {exc.after_s:.0f} s" if exc.after_s is not None and too_long else ""
                        raise FetchError(f"{exc}{asked} (after {attempt} {'try' if attempt == 1 else 'tries'})") from exc
                except FetchError:  # no time is left
                    self._count(host, 3)
                    raise
                else:
                    self._failures.pop(host, None)
                    return reply
        raise FetchError("was never tried")  # tries is 0

    def _count(self, host: str, failures: int) -> None:
        self._failures[host] = self._failures.get(host, 0) + failures

    def nothing(self) -> bool:
        """Whether six publishers failed and none has answered anything: there is no network."""
        return not self.answered and len(self._failures) >= 6

    def _once(self, url: str, held: Validators, partial: _Partial) -> Reply:
        """One try: redirects followed, and what has come of the text kept in `partial`."""
        headers = _conditions(held, partial)
        for _ in range(self.rules.redirects + 1):
            self._permit(url)
            self._pause(_host(url))
            with self._errors(url, partial), self._stream(url, headers) as response:
                self.answered = True
                if response.is_redirect and "location" in response.headers:
                    url = str(response.url.join(response.headers["location"]))
                    continue
                return self._read(response, partial, bool({"if-none-match", "if-modified-since"} & {name.lower() for name in headers}))
        raise SourceError(f"redirects more than {self.rules.redirects} times, at last to {url[:200]}")

    @contextlib.contextmanager
    def _stream(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        response = self._http.send(self._http.build_request("GET", url, headers=headers), stream=True)
        try:
            yield response
        finally:
            response.close()

    @contextlib.contextmanager
    def _errors(self, url: str, partial: _Partial) -> Iterator[None]:
        """Turns what httpx raises into errors of ours."""
        try:
            yield
        except httpx.TransportError as exc:
            if self._backend.left() <= 0:
                raise FetchError(f"took longer than {self.rules.total_s:g} s; given up") from exc
            if problem := _certificate(exc):
                self.answered = True
                raise SourceError(
                    f"{_host(url)} shows a certificate that does not verify ({problem}); is the clock of this machine right?"
                ) from exc
            if "location header" in str(exc):
                self.answered = True
                raise SourceError(f"redirects to something that is no address; refused ({exc})") from exc
            if isinstance(exc, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)):
                raise Unreachable(f"cannot connect to {_host(url)}: {exc}") from exc
            so_far = f" after {len(partial.body)} of {partial.total or 'unknown'} bytes" if partial.body else ""
            raise Busy(f"the connection to {_host(url)} broke{so_far}: {exc or type(exc).__name__}") from exc
        except httpx.InvalidURL as exc:
            self.answered = True
            raise SourceError(f"redirects to something that is no address; refused ({exc})") from exc

    def _permit(self, url: str) -> None:
        """Raises: SourceError for an address that is not https, not of a host in the catalogue, or names a user or port."""
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL as exc:
            raise SourceError(f"{url[:200]!r} is no address") from exc
        if self.rules.loopback and parts.scheme in ("http", "https") and parts.host == "127.0.0.1":
            return
        if parts.scheme != "https":
            raise SourceError(f"leads to {url[:200]!r}, which is not https; refused")
        if parts.host.removeprefix("www.") not in {host.removeprefix("www.") for host in self.rules.hosts}:
            raise SourceError(f"leads to {parts.host!r}, which is no host of the catalogue; refused")
        if parts.userinfo or parts.port not in (None, 443):
            raise SourceError(f"leads to {url[:200]!r}, with a user or a port; refused")

    def _pause(self, host: str) -> None:
        """Wait until this host may be asked again."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + self.rules.pause_s
        if self._stop.wait(turn - now):
            raise FetchError("stopped")

    def _read(self, response: httpx.Response, partial: _Partial, conditional: bool) -> Reply:
        headers, status = response.headers, response.status_code
        if status == 304 and conditional:
            return Reply(None, date=_date(headers))
        if status in _BUSY:
            raise Busy(f"{response.url.host} answers {status} {response.reason_phrase}", _retry_after(headers))
        if status == 416 and partial.body:
            partial.clear()
            raise Busy("the rest of a broken download cannot be had")
        if status not in (200, 206) or (status == 206 and not partial.body):
            raise SourceError(f"{response.url.host} answers {status} {response.reason_phrase}; look up the address of this source again")
        at, seam = self._begin(response, partial)
        for chunk in response.iter_raw():
            partial.body += chunk
            if len(partial.body) > self.rules.max_bytes:
                raise SourceError(f"sends more than {self.rules.max_bytes} bytes; refused")
            if not seam.startswith(partial.body[at : at + len(seam)]):
                partial.clear()
                raise Busy("has become another file while a broken download was resumed")
            if self._stop.is_set():
                raise FetchError("stopped")
            if self._backend.left() <= 0:
                raise FetchError(f"took longer than {self.rules.total_s:g} s; given up")
        if partial.total is not None and len(partial.body) != partial.total:
            raise Busy(f"sends {len(partial.body)} bytes and announced {partial.total}")
        return Reply(bytes(partial.body), partial.encoding, headers.get("etag"), headers.get("last-modified"), _date(headers))

    def _begin(self, response: httpx.Response, partial: _Partial) -> tuple[int, bytes]:
        """Make `partial` ready for the body of a response: where it goes on, and the bytes there that must come again."""
        headers = response.headers
        encoding = headers.get("content-encoding", "").strip().lower()
        if response.status_code == 206:
            part = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("content-range", "").strip())
            at = _resumes_at(partial)
            if not part or int(part[1]) != at or part[2] not in ("*", str(partial.total)) or encoding != partial.encoding:
                partial.clear()
                raise Busy("sends another part than the one asked for")
            seam = bytes(partial.body[at:])
            del partial.body[at:]
            return at, seam
        partial.clear()
        length, etag = headers.get("content-length", ""), headers.get("etag", "")
        partial.total, partial.encoding = (int(length) if length.isdecimal() else None), encoding
        if (partial.total or 0) > self.rules.max_bytes:
            raise SourceError(f"announces {partial.total} bytes, more than {self.rules.max_bytes}; refused")
        if headers.get("accept-ranges", "").lower() != "none":
            partial.validator = etag if etag and not etag.startswith("W/") else headers.get("last-modified")
        return 0, b""


def _conditions(held: Validators, partial: _Partial) -> dict[str, str]:
    """The headers that ask for the rest of a broken download, or for the text only where it is not the one we hold."""
    if partial.body and partial.validator:
        return {"Range": f"bytes={_resumes_at(partial)}-", "If-Range": partial.validator}
    partial.clear()
    conditions = {"If-None-Match": held.etag, "If-Modified-Since": held.last_modified}
    return {name: value for name, value in conditions.items() if value}


def _resumes_at(partial: _Partial) -> int:
    return max(0, len(partial.body) - _OVERLAP)


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that the publisher asks us to wait, given as a number or a date."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    moment = _moment(value)
    return max(0.0, (moment - (_date(headers) or datetime.now(UTC))).total_seconds()) if moment else None


def _date(headers: httpx.Headers) -> datetime | None:
    return _moment(headers.get("date", ""))


def _moment(value: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _certificate(exc: BaseException) -> str:
    """Why a certificate did not verify; empty where something else is wrong."""
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return ""


def _host(url: str) -> str:
    return httpx.URL(url).host


def _origin(url: str) -> str:
    """Whose failures count together: a host and its port."""
    try:
        return httpx.URL(url).netloc.decode()
    except httpx.InvalidURL as exc:
        raise SourceError(f"{url[:200]!r} is no address") from exc
