"""What a question asks of the program instead of the law, and what it asks in order to harm."""

from __future__ import annotations

import re

# instructions to the program; what they ask for is never done, wherever they stand
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules|prompt|guidelines)\b|^\s*(?:system|assistant|developer)\s*:|\byou are now\b|"
    r"\bfrom now on\b.{0,60}\b(?:repl\w+|answers?|respon\w+|say)\b|\brepeat\b.{0,20}\b(?:exactly|after me|word for word)\b|"
    r"\b(?:print|reveal|show|output)\b.{0,30}\bprompt\b|\bsafety rules\b.{0,10}\boff\b",
    re.IGNORECASE | re.DOTALL,
)
# somebody who holds others asks how not to be found out; both halves must stand in the question
_HOLDING = re.compile(
    r"\b(?:i|we)\b.{0,30}\b(?:keep|hold|hide|take|took|lock|control|own|sell)\b.{0,40}\b(?:girls?|women|workers?|maids?|boys?|passports?|them|her|him)\b|"
    r"\b(?:my|our|the) (?:girls|workers|maids|women|boys)\b",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\b(?:stops?|prevents?|avoid|without|so that|hide|conceal|evade|escape)\b.{0,50}\b(?:police|inspectors?|authorities|immigration|ice|law enforcement|anyone)\b"
    r".{0,40}\b(?:notic\w*|find\w*|know\w*|detect\w*|catch\w*|suspect\w*|see\w*)|\b(?:police|inspectors?|authorities)\b.{0,20}\b(?:not|never|don't|won't)\b.{0,20}"
    r"\b(?:notice|find|know|see)\b",
    re.IGNORECASE,
)


def refusal(text: str) -> str | None:
    """Why a question is not answered at all, in one sentence; None where it is a question."""
    if _INSTRUCTION.search(text):
        return "This reads as an instruction to the program, not as a question about the law. Ask what you want to know."
    if _UNSEEN.search(text) and _HOLDING.search(text):
        return "This asks for help in holding or exploiting people unseen. Haven does not help with that."
    return None
