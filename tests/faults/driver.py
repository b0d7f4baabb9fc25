"""A process that has loaded the program and forks a child for each task, so that a test can kill children by the dozen.

`python -m tests.faults.driver` reads a task a line as JSON and answers with the child's exit code (minus the signal that ended it) and output.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kb.config import ROOT, Settings

REMOTE = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind")


class Driver:
    """The test's end: `task(...)` runs one child to its end and gives (code, stdout, stderr)."""

    def __init__(self) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.driver"], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def task(self, do: str, **values: Any) -> tuple[int, str, str]:
        """`kill_at` names a failpoint, `kill_after_s` a time, at which the child is killed; `fsize` caps the size of the files that it writes."""
        self._process.stdin.write(json.dumps({"do": do, **values}, default=str) + "\n")
        self._process.stdin.flush()
        return tuple(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)


def plain(settings: Settings) -> dict[str, Any]:
    """Settings for a line of JSON."""
    return {"corpus": str(settings.corpus), "index": str(settings.index_dir), "exact_below": settings.exact_below}


def _settings(values: dict[str, Any]) -> Settings:
    return Settings(corpus=Path(values["corpus"]), index=Path(values["index"]), exact_below=values["exact_below"])


def _build(task: dict[str, Any]) -> int:
    from ingest import build as building

    def failpoint(name: str) -> None:
        if name == task.get("kill_at"):
            os.kill(os.getpid(), signal.SIGKILL)

    if task.get("no_space_check"):
        building._SPACE_NEEDED = 0
    if task.get("always_pool"):
        building._POOL_BYTES = -1
    report = building.build(_settings(task["settings"]), lambda *_: None, force=task.get("force", False), failpoint=failpoint)
    print(json.dumps({"generation": report.generation, "unchanged": report.unchanged, "embedded": report.embedded}))
    return 0


def _read(task: dict[str, Any]) -> int:
    from kb.model import Query
    from kb.search import search
    from kb.store import Store

    store = Store.open(_settings(task["settings"]))
    for _ in range(task.get("times", 1)):
        hits = search(Query("Who must return a passport?"), store, store.settings)
    print(json.dumps({"hits": len(hits), "notice": store.notice, "backend": store.embedder.backend}))
    store.close()
    return 0


def _watched(task: dict[str, Any]) -> int:
    """The same, with every attempt at the network told by Python's audit hooks."""
    tried: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in REMOTE and not (event == "socket.bind" and str(arguments[1:]).startswith("((0, 0)")):
            tried.append(f"{event} {arguments[1:]}")

    sys.addaudithook(hook)
    code = _read(task)
    print(json.dumps({"tried": tried}))
    return code


def _command(task: dict[str, Any]) -> int:
    import importlib

    os.environ.update(task.get("environment", {}))
    sys.argv = [task["module"], *task["arguments"]]
    return importlib.import_module(f"{task['module']}.__main__").main()


def _child(task: dict[str, Any], out: int, err: int) -> None:
    code = 70
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        if task.get("fsize") is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (task["fsize"], task["fsize"]))
        work: dict[str, Callable[[dict[str, Any]], int]] = {"build": _build, "read": _read, "watched": _watched, "command": _command}
        with _told_errors():
            code = work[task["do"]](task)
    except SystemExit as exc:
        code = exc.code or 0
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happened
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextlib.contextmanager
def _told_errors() -> Iterator[None]:
    from kb.errors import KBError

    try:
        yield
    except KBError as exc:
        print(f"{type(exc).__name__}: {exc}", file=sys.stderr)
        raise SystemExit(1) from exc


def serve() -> None:
    """Answer tasks until stdin ends."""
    import chromadb  # noqa: F401 - loaded once, before the forks
    import chromadb.errors  # noqa: F401

    import ingest.__main__  # noqa: F401
    import ingest.build  # noqa: F401
    import kb.__main__  # noqa: F401
    import kb.answer  # noqa: F401
    import kb.search  # noqa: F401

    with contextlib.suppress(ImportError):
        import openvino  # noqa: F401
    for line in sys.stdin:
        task = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                _child(task, out.fileno(), err.fileno())
            if "kill_after_s" in task:
                time.sleep(task["kill_after_s"])
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "replace"))
        print(json.dumps([os.waitstatus_to_exitcode(status), *texts]), flush=True)


if __name__ == "__main__":
    serve()
