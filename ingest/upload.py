"""A file of the user's own -> passages in memory, read in a sandbox: a process without network, files, or more than its share of memory and time."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

from ingest.chunk import Count, Cuts, passages
from ingest.papers import Paper
from kb.config import ROOT, Settings
from kb.errors import ParseError
from kb.model import Provision
from kb.own import OwnPassage

MAX_BYTES = 20_000_000
WALL_S = 60  # the sandbox has 20 s of processor time; a busy machine may take longer to give it
KINDS = {".pdf": "pdf", ".docx": "docx", ".txt": "txt", ".text": "txt", ".md": "txt"}

# Why a file was refused. A page may translate these lines.
EMPTY = "The file is empty."
TOO_BIG = "The file is larger than 20 MB."
UNKNOWN = "We read PDF, Word (.docx) and plain text only."
MISNAMED = "What is in the file is not what its name says."
LOCKED = "The file is locked with a password. Remove the password and try again."
OLD_WORD = "The file is an old Word file, or is locked with a password. Save it as .docx without a password and try again."
NO_TEXT = "There is no text in the file: only pictures, or a scan. Make the text readable first (OCR)."
DAMAGED = "The file is damaged or cut short. Nothing of it was kept."
TOO_LONG = "The file has more pages or text than we read. Nothing of it was kept."
TOO_HEAVY = "Reading the file took more time or memory than we allow. Nothing of it was kept; try it in smaller parts."
REASONS = (EMPTY, TOO_BIG, UNKNOWN, MISNAMED, LOCKED, OLD_WORD, NO_TEXT, DAMAGED, TOO_LONG, TOO_HEAVY)

_AT_ONCE = threading.BoundedSemaphore(2)  # sandboxes; further files wait
_SAID = (
    (r"password", LOCKED), (r"no text", NO_TEXT), (r"no pages", DAMAGED), (r"more than|longer than|too many", TOO_LONG), (r"memory", TOO_HEAVY),
    (r"is empty", EMPTY), (r"not a (?:PDF|Word)|not plain text", MISNAMED),
)  # fmt: skip


def display_name(name: str) -> str:
    """The last part of a file's name, fit to be shown: no folders, no control characters, at most 80 characters."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(c for c in last if c.isprintable()).strip(" .")
    return shown if len(shown) <= 80 else f"{shown[:60]}…{shown[-16:]}"


def read(name: str, raw: bytes) -> Paper:
    """The text of a file.

    Raises: ParseError, its message one of REASONS, where it cannot be read whole within the limits.
    """
    if len(raw) > MAX_BYTES:
        raise ParseError(TOO_BIG)
    if not raw.strip(b"\0 \r\n\t"):
        raise ParseError(EMPTY)
    kind = KINDS.get(os.path.splitext(display_name(name).casefold())[1])
    if raw[:4] == b"\xd0\xcf\x11\xe0":
        raise ParseError(OLD_WORD)
    if kind is None:
        raise ParseError(UNKNOWN)
    if kind == "docx" and raw[:2] != b"PK" or kind == "pdf" and b"%PDF-" not in raw[:1024] or kind == "txt" and raw[:5] in (b"%PDF-", b"PK\3\4"):
        raise ParseError(MISNAMED)
    return _confined(raw, kind)


def _confined(raw: bytes, kind: str) -> Paper:
    """What the sandbox reads of these bytes."""
    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}  # none of ours: a key may stand in it
    command = [sys.executable, "-E", "-s", "-m", "ingest.sandbox", kind]
    with _AT_ONCE:
        try:
            ended = subprocess.run(command, cwd=ROOT, env=environment, input=raw, capture_output=True, timeout=WALL_S, check=False)
        except subprocess.TimeoutExpired as exc:
            raise ParseError(TOO_HEAVY) from exc
    if ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise ParseError(TOO_HEAVY)
    try:
        found = json.loads(ended.stdout)
    except ValueError as exc:
        raise ParseError(DAMAGED) from exc
    if "refused" in found:
        raise ParseError(_reason(found["refused"]))
    return Paper(found["kind"], tuple(found["parts"]), tuple(found["notes"]))


def _reason(said: str) -> str:
    """The line that goes with what the sandbox said."""
    return next((line for pattern, line in _SAID if re.search(pattern, said)), DAMAGED)


def cut(paper: Paper, count: Count, settings: Settings) -> list[OwnPassage]:
    """The passages of a paper, each with its page, or with its paragraph where there are no pages."""
    return [passage for page, part in enumerate(paper.parts, start=1) for passage in _cut_part(part, page if paper.kind == "pdf" else None, count, settings)]


def _cut_part(text: str, page: int | None, count: Count, settings: Settings) -> Iterator[OwnPassage]:
    whole = Provision("own", "own", (), "", (), text)
    for passage, _ in passages(whole, "", count, settings, Cuts()):
        yield OwnPassage(passage.text, page, None if page else text.count("\n", 0, passage.start) + 1)
