"""python -m ingest.sandbox KIND: reads one file of the user's from stdin in a process that may do nothing else; JSON on stdout.

No network, no file, no program may be opened; 1 GB of memory, 20 s of processor time. Started by ingest/upload.py.
"""

from __future__ import annotations

import ctypes
import encodings
import heapq  # noqa: F401 - Counter imports it when first used, which is too late here
import importlib
import json
import pkgutil
import resource
import sys
from collections.abc import Iterable
from dataclasses import asdict

sys.modules["fontTools"] = None  # pypdf takes it where it happens to be installed; what a file says must not depend on that

from ingest import papers  # noqa: E402
from kb.errors import ParseError  # noqa: E402

MEMORY_BYTES = 1 << 30
CPU_S = 20
_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.remove", "os.rename", "os.mkdir", "shutil.", "ctypes.dlopen")
_NEW_USER, _NEW_NETWORK, _NO_NEW_PRIVILEGES = 0x10000000, 0x40000000, 38  # linux/sched.h, linux/prctl.h


def confine() -> None:
    """Give up, for the rest of this process, whatever reading a file does not need."""
    _load("encodings", encodings.__path__)
    _load("pypdf", sys.modules["pypdf"].__path__)
    libc = ctypes.CDLL(None)
    libc.unshare(_NEW_USER | _NEW_NETWORK)  # an empty network where the kernel allows it; the limits below hold either way
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # nothing more is opened: no file, no socket
    sys.addaudithook(_refuse)


def _load(package: str, folders: Iterable[str]) -> None:
    """Import every module of a package now: later no file can be opened."""
    for module in pkgutil.walk_packages(folders, f"{package}."):
        try:
            importlib.import_module(module.name)
        except ImportError:
            pass  # of another operating system, or beside something that is not installed


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_REFUSED) or event == "open":
        raise PermissionError(f"{event} is not allowed while a file is read")


def main() -> None:
    """Print {"kind", "parts", "notes"}, or {"refused": reason} where the file cannot be read whole."""
    raw = sys.stdin.buffer.read()
    confine()
    try:
        found = asdict(papers.read(raw, sys.argv[1]))
    except ParseError as exc:
        found = {"refused": str(exc)}
    except MemoryError:
        found = {"refused": "memory"}
    except RecursionError:
        found = {"refused": "nested too deep"}
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
