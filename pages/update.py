"""Brings the knowledge base up to date from the page: `python -m ingest` in processes of its own, one after another, watched from here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from kb.config import ROOT

FETCH = (sys.executable, "-m", "ingest", "fetch", "--core")
BUILD = (sys.executable, "-m", "ingest", "build")
Step = tuple[str, Sequence[str]]  # what is being done, in words; the command


@dataclass(slots=True)
class Progress:
    """What an update is doing: the step, and how far it is from 0 to 1 where that is known."""

    words: str
    share: float | None = None


@dataclass(slots=True)
class Update:
    """One update at a time for the whole server. `problem` is one line that says why the last one ended early."""

    running: bool = False
    done: bool = False
    problem: str = ""
    words: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, steps: Sequence[Step]) -> None:
        """Begin, unless one is running already."""
        with self._lock:
            if self.running:
                return
            self.running, self.done, self.problem, self.words = True, False, "", steps[0][0]
        threading.Thread(target=self._run, args=(steps,), daemon=True).start()

    def _run(self, steps: Sequence[Step]) -> None:
        try:
            for words, command in steps:
                self.words = words
                ended = subprocess.run(
                    command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
                )
                if ended.returncode:
                    self.problem = last_line(ended.stderr) or f"{words}: ended with code {ended.returncode}"
                    return
            self.done = True
        except OSError as exc:
            self.problem = f"could not start: {exc.strerror}"
        finally:
            self.running = False


@st.cache_resource(show_spinner=False)
def update() -> Update:
    """The server's one update."""
    return Update()


def last_line(printed: str, limit: int = 300) -> str:
    """What a command said last, without the marks of progress bars and boxes; at most `limit` characters."""
    lines = [re.sub(r"^[\s│╭╰─╮╯]+|[\s│╭╰─╮╯]+$", "", line) for line in re.split(r"[\r\n]+", printed)]
    told = [line for line in lines if line and not re.search(r"\d+%\|", line)]
    own = [line.removeprefix("ingest: ") for line in told if line.startswith("ingest: ")]
    return (own or told or [""])[-1][:limit]


def progress(work: Update, index: Path) -> Progress:
    """How far the running update is, from the file that the ingest command keeps while it works."""
    try:
        told = json.loads((index / "progress.json").read_text("utf-8"))
        done, total = int(told["done"]), int(told["total"])
        counted = f"{told['step']}: {done:,} of {total:,}" if total > 1 else str(told["step"])
        return Progress(f"{work.words} – {counted}", min(done / total, 1.0) if total else None)
    except (OSError, ValueError, KeyError, TypeError):
        return Progress(work.words)
