"""What a publisher sent: unpacked within limits, checked to be the text, dated as it says itself, compared with the copy before."""

from __future__ import annotations

import datetime
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from kb.errors import SourceError
from kb.model import Provision

_XML = {"uslm", "ecfr", "ca-lims", "akn", "formex"}
_PAGES = {"html", "eurlex-xhtml"}
_HEAD = 50_000  # bytes looked at for dates and titles
_BRIEF = 4000  # characters; a page that says no more than this and speaks of maintenance is no law
_SHRINK = 0.8
_GONE = 0.2
_CHANGED = 0.5
_FEW = 5
_NOTICE = re.compile(
    r"(?:scheduled|under|undergoing|down for|planned) maintenance|maintenance (?:mode|page|window|in progress)|temporarily unavailable"
    r"|service unavailable|access (?:is )?denied|request (?:was |has been )?(?:rejected|blocked)|attention required|just a moment"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human|captcha|not a robot|en mantenimiento|fuera de servicio|en maintenance|wartungsarbeiten",
    re.IGNORECASE,
)
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_MONTH = "|".join(_MONTHS)


# unpacking


def decoded(content: bytes, encoding: str, limit: int) -> bytes:
    """The bytes behind a Content-Encoding, at most `limit` of them.

    Raises: SourceError for another encoding than gzip, damaged data, or more than the limit.
    """
    if encoding in ("", "identity"):
        return content
    if encoding not in ("gzip", "x-gzip"):
        raise SourceError(f"is packed as {encoding!r}, which was not asked for")
    out, rest = bytearray(), content
    while rest:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            out += unpacker.decompress(rest, limit + 1 - len(out))
        except zlib.error as exc:
            raise SourceError(f"is damaged inside its gzip packing: {exc}") from exc
        if len(out) > limit:
            raise SourceError(f"unpacks to more than {limit} bytes; refused")
        if not unpacker.eof:
            raise SourceError("ends in the middle of its gzip packing")
        rest = unpacker.unused_data
    return bytes(out)


def unpacked(content: bytes, url: str, limit: int) -> bytes:
    """The one XML file of a zip archive, read in memory and never written under its own name; any other bytes as they are.

    Raises: SourceError for an archive that is damaged, hides its size, names paths outside itself, or holds no XML file or several.
    """
    if not content.startswith(b"PK\x03\x04"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            member = _member(archive.infolist(), url)
            if member.file_size > limit:
                raise SourceError(f"holds {member.filename}, which unpacks to {member.file_size} bytes, more than {limit}; refused")
            with archive.open(member) as file:
                text = file.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
        raise SourceError(f"is a zip archive that cannot be read: {exc}") from exc
    if len(text) > limit:
        raise SourceError(f"holds {member.filename}, which unpacks to more than {limit} bytes; refused")
    return text


def _member(members: Sequence[zipfile.ZipInfo], url: str) -> zipfile.ZipInfo:
    """The text in an archive: its only XML file, or the one that the address names (xml_usc08@119-102.zip: usc08.xml)."""
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", member.filename) or stat.S_ISLNK(member.external_attr >> 16):
            raise SourceError(f"is a zip archive with {member.filename!r}, which leads out of it; refused")
    texts = [member for member in members if member.filename.lower().endswith(".xml") and not member.is_dir()]
    if len(texts) > 1:
        texts = [member for member in texts if PurePosixPath(member.filename).stem in re.split(r"[/_@.]", url)]
    if len(texts) != 1:
        raise SourceError("is a zip archive in which no single XML file is the text")
    return texts[0]


# is it the text?


def check_kind(content: bytes, format: str) -> None:
    """Nothing, where the bytes can be the format that the catalogue names.

    Raises: SourceError for an empty answer, HTML where XML is expected, a PDF that is cut, or a notice instead of a page of law.
    """
    if not content.strip():
        raise SourceError("answers with an empty page")
    if format == "pdf":
        return _check_pdf(content)
    head = _text(content[:_HEAD]).lstrip("\ufeff \r\n\t")
    page = re.match(r"(?:<\?xml.*?\?>|<!--.*?-->|\s)*<(?:!doctype\s+html|html)\b", head, re.IGNORECASE | re.DOTALL) is not None
    if format in _XML and (page or not head.startswith("<")):
        raise SourceError(f"answers with {'an HTML page' if page else 'something'} where {format} XML is expected{_titled(head)}")
    if format in _PAGES and "<" not in head:
        raise SourceError("answers with something other than a page")
    if format in _PAGES and (notice := _notice(content)):
        raise SourceError(f"answers with a notice instead of the text: {notice!r}")


def _check_pdf(content: bytes) -> None:
    if b"%PDF-" not in content[:1024]:
        raise SourceError(f"answers with something other than a PDF{_titled(_text(content[:_HEAD]))}")
    if b"%%EOF" not in content[-2048:]:
        raise SourceError("answers with a PDF whose end is missing")


def _notice(content: bytes) -> str:
    """The words by which a short page says that it is no text but a notice; empty for a page of law."""
    if len(content) > 10 * _HEAD:
        return ""
    words = visible(content[:_HEAD])
    found = _NOTICE.search(words)
    return words[max(0, found.start() - 40) : found.end() + 40].strip() if found and len(words) < _BRIEF else ""


def _titled(head: str) -> str:
    title = re.search(r"<title[^>]*>([^<]{1,200})", head, re.IGNORECASE)
    return f": {' '.join(title[1].split())!r}" if title else ""


def visible(content: bytes) -> str:
    """The words of a page without its marks, roughly; for looking, never for the record."""
    text = re.sub(r"<(script|style)\b.*?</\1\s*>", " ", _text(content), flags=re.IGNORECASE | re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", text).replace("&nbsp;", " ").split())


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8", "replace")


# when is its wording from?


def stated_date(format: str, url: str, content: bytes) -> str | None:
    """The day whose wording this is, where the publication or its address says so; None where neither does."""
    say = _DATES.get(format)
    found = say(url, _text(content[:_HEAD])) if say else None
    try:
        return datetime.date.fromisoformat(found).isoformat() if found else None
    except ValueError:
        return None


def _ecfr_date(url: str, head: str) -> str | None:
    """Of the eCFR interface: the day in the address, which it serves or refuses."""
    found = re.search(r"/full/(\d{4}-\d\d-\d\d)/", url)
    return found[1] if found else None


def _lims_date(url: str, head: str) -> str | None:
    """Of Justice Canada: the day to which the consolidation is current."""
    found = re.search(r'<(?:Statute|Regulation)\b[^>]*\blims:current-date="([\d-]+)"', head)
    return found[1] if found else None


def _eurlex_date(url: str, head: str) -> str | None:
    """Of EUR-Lex: the day of a consolidation in its CELEX number; else the day of the act in its title; else of its Official Journal."""
    celex = re.search(r"(?:CELEX:|CELEX%3A)0\d{4}[A-Z]{1,2}\d{4}-(\d{4})(\d\d)(\d\d)", url)
    if celex:
        return "-".join(celex.groups())
    words = visible(head.encode("utf-8"))[:6000]
    consolidated = re.search(r"0\d{4}[A-Z]{1,2}\d{4} — [A-Z]{2} — (\d\d)\.(\d\d)\.(\d{4})", words)
    if consolidated:
        return "-".join(reversed(consolidated.groups()))
    title = re.search(rf"\b(?:directive|regulation|decision)\b.{{0,200}}?\bof (\d{{1,2}}) ({_MONTH}) (\d{{4}})\b", words, re.IGNORECASE)
    if title:
        return _day(title[1], title[2], title[3])
    journal = re.search(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\s+EN\s+Official Journal|Official Journal [LC] ?\d+ ?, (\d\d)/(\d\d)/(\d{4})", words)
    if journal:
        day, month, year = [part for part in journal.groups() if part]
        return f"{year}-{month:0>2}-{day:0>2}"
    return None


def _uslm_date(url: str, head: str) -> str | None:
    """Of the United States Code: the day on which the release point named in the file was made; of a public law: its approval."""
    if "<docPublicationName>Online@" in head or "/releasepoints/" in url:
        found = re.search(r"<(?:dcterms:created|processedDate)>(\d{4}-\d\d-\d\d)", head)
        return found[1] if found else None
    law = re.search(r"PUBLIC LAW [\d–-]+—([A-Z]{3})[A-Z]*\.? (\d{1,2}), (\d{4})", head)
    return _day(law[2], law[1], law[3]) if law else None


def _akn_date(url: str, head: str) -> str | None:
    """Of legislation.gov.uk: the day from which the version is valid."""
    expression = re.search(r"<FRBRExpression>.*?</FRBRExpression>", head, re.DOTALL)
    found = re.search(r'<FRBRdate\b[^>]*\bdate="(\d{4}-\d\d-\d\d)"[^>]*\bname="validFrom"', expression[0]) if expression else None
    return found[1] if found else None


def _html_date(url: str, head: str) -> str | None:
    """Of the pages of the United States Code: the day on which the laws shown were in effect."""
    found = re.search(rf"laws in effect on ({_MONTH}) (\d{{1,2}}), (\d{{4}})", visible(head.encode("utf-8")))
    return _day(found[2], found[1], found[3]) if found else None


def _day(day: str, month: str, year: str) -> str:
    names = [name[: len(month)].lower() for name in _MONTHS]
    return f"{year}-{names.index(month.lower()) + 1:02}-{int(day):02}" if month.lower() in names else ""


_DATES: dict[str, Callable[[str, str], str | None]] = {
    "ecfr": _ecfr_date,
    "ca-lims": _lims_date,
    "eurlex-xhtml": _eurlex_date,
    "uslm": _uslm_date,
    "akn": _akn_date,
    "html": _html_date,
}


# what has changed?


@dataclass(frozen=True, slots=True)
class Difference:
    """Ids of the provisions that a copy has and the one before had not, has in other words, and has no longer."""

    new: tuple[str, ...] = ()
    amended: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def compare(before: Sequence[Provision], after: Sequence[Provision]) -> Difference:
    """What changed from one copy to the next, in the order of the text."""
    old, new = {p.id: p for p in before}, {p.id: p for p in after}
    return Difference(
        tuple(id for id in new if id not in old),
        tuple(id for id, provision in new.items() if id in old and provision.text != old[id].text),
        tuple(id for id in old if id not in new),
    )


def same(before: Sequence[Provision], after: Sequence[Provision]) -> bool:
    """Whether two copies say and number the same, whatever the mark-up around it."""
    return [replace(p, offsets=()) for p in before] == [replace(p, offsets=()) for p in after]


def suspicion(before: Sequence[Provision], after: Sequence[Provision], difference: Difference) -> str:
    """Why a person should look at a copy before it is taken; empty where it changed as laws do."""
    size, was = sum(map(_size, after)), sum(map(_size, before))
    if size < _SHRINK * was:
        return f"it shrinks from {was} to {size} characters"
    if len(difference.gone) > _GONE * len(before):
        return f"{len(difference.gone)} of {len(before)} provisions are gone"
    touched = len(difference.gone) + len(difference.amended)
    if touched >= _FEW and touched > _CHANGED * len(before):
        return f"{touched} of {len(before)} provisions have changed"
    return ""


def _size(provision: Provision) -> int:
    """Characters, without preambles: a consolidation of EUR-Lex leaves the recitals out."""
    return 0 if provision.numbers[:1] == ("preamble",) else len(provision.text)
