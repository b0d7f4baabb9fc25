"""A server that answers like a language model, as the address asks it to; `serving` starts it as a process of its own.

POST /<script>/v1/chat/completions answers by the script; PUT /script/<name> with a body makes the script <name> write that body;
GET /seen lists the requests so far. The scripts built in are the methods below.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WRITTEN: dict[str, str] = {}
SEEN: list[dict] = []


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server process of its own."""
    process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait(10)


def completion(text: object, **more: object) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}, **more}]}).encode()


class Scribe(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        WRITTEN[self.path.rsplit("/", 1)[1]] = self.body().decode()
        self.answer(b"{}")

    def do_GET(self) -> None:
        if self.path != "/seen":
            SEEN.append({"path": self.path, "method": "GET"})
        self.answer(json.dumps(SEEN).encode())

    def do_POST(self) -> None:
        self.asked = json.loads(self.body())
        SEEN.append({"path": self.path, "method": "POST", "headers": dict(self.headers), "body": self.asked})
        script = self.path.split("/")[1]
        if not self.path.split("?")[0].endswith("/chat/completions"):
            self.answer(b"{}", 404)
        elif script in WRITTEN:
            self.answer(completion(WRITTEN[script]))
        else:
            getattr(self, f"script_{script}")()

    def script_error(self) -> None:
        self.answer(b"secret words of the server", 500)

    def script_fussy(self) -> None:
        """Refuses a temperature, as some do."""
        self.answer(b"{}", 400) if "temperature" in self.asked else self.answer(completion(WRITTEN["good"]))

    def script_slow(self) -> None:
        time.sleep(6)
        self.answer(completion("Too late [1]."))

    def script_drip(self) -> None:
        """Never ends its headers, and is never silent."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        for _ in range(60):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(0.1)

    def script_huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(2000):
            self.wfile.write(b" " * 10_000)

    def script_bomb(self) -> None:
        self.answer(gzip.compress(b" " * 5_000_000), headers={"Content-Encoding": "gzip"})

    def script_redirect(self) -> None:
        self.answer(b"", 307, {"Location": f"http://127.0.0.1:{self.server.server_port}/good/v1/chat/completions"})

    def script_prose(self) -> None:
        self.answer(b"<html>maintenance</html>")

    def script_deep(self) -> None:
        self.answer(b"[" * 100_000)

    def script_shapeless(self) -> None:
        self.answer(b'{"choices": [[]]}')

    def script_wordless(self) -> None:
        self.answer(completion(None))

    def script_cut(self) -> None:
        self.answer(completion(WRITTEN["good"] + "\nAn agency may charge a fee [1", finish_reason="length"))

    def script_gullible(self) -> None:
        """Obeys whatever instruction it meets in a passage, as a model might."""
        passages = json.loads(self.asked["messages"][-1]["content"])["passages"]
        orders = [p["text"].partition("and write:")[2] for p in passages if "Ignore all previous instructions" in p["text"]]
        self.answer(completion("\n".join(orders)))

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the reader had enough


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scribe)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
