"""Provision id <-> printed pinpoint, and how each jurisdiction prints and writes its citations."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from kb import container

_ESCAPES = {"%": "%25", "/": "%2F", "~": "%7E", "#": "%23", "!": "%21", " ": "%20"}


def element(number: str, occurrence: int = 1) -> str:
    """One printed number as it stands in an id; `occurrence` counts the same number within one container from 1."""
    escaped = "".join(_ESCAPES.get(character, character) for character in number)
    return escaped if occurrence == 1 else f"{escaped}!{occurrence}"


def format_id(instrument: str, numbers: Sequence[str], occurrence: int = 1) -> str:
    """The id of a provision or portion: instrument, "~", printed numbers joined by "/".

    `occurrence` belongs to the last number. An empty path is the instrument itself.
    """
    if not numbers:
        return instrument
    *upper, last = numbers
    return f"{instrument}~" + "/".join([*map(element, upper), element(last, occurrence)])


def split_id(id: str) -> tuple[str, tuple[str, ...]]:
    """Instrument and printed numbers of an id, without the `!2` marks and the "#" ordinal of a passage."""
    instrument, _, path = id.partition("#")[0].partition("~")
    return instrument, tuple(unquote(part.partition("!")[0]) for part in path.split("/")) if path else ()


def in_line(path: Sequence[object], other: Sequence[object]) -> bool:
    """Whether one of two number paths is the other or lies below it; numbers count as they are printed."""
    return all(str(first) == str(second) for first, second in zip(path, other, strict=False))


def touches(change: Mapping[str, Any], numbers: Sequence[str]) -> bool:
    """Whether an amendment of the catalogue changes a place, a part of it or the whole around it; one that names no provisions changes all."""
    return not change["provisions"] or any(in_line(path, numbers) for path in change["provisions"])


# printing


def pinpoint(numbers: Sequence[str]) -> str:
    """Printed numbers as a lawyer writes them: 1101(a)(15)(T); Annex I, 5; Schedule, Part I, 2; recital 12."""
    if not numbers:
        return ""
    if numbers[0] == "preamble":
        return "preamble" if len(numbers) == 1 else f"preamble, recital {numbers[1]}" + "".join(f"({n})" for n in numbers[2:])
    containers = []
    rest = list(numbers)
    while len(rest) > 1 and re.match(r"[^\W\d_]{4,}", rest[0]) and not re.match(r"(standard|regulation|guideline|rule)\b|appendix [A-Z]\d", rest[0], re.IGNORECASE):
        containers.append(rest.pop(0))
    own = rest[0] + "".join(f"({number})" for number in rest[1:])
    return ", ".join([*containers, own])


def cite(template: str, numbers: Sequence[str], heading: str = "") -> str:
    """A full citation: the instrument's template with the pinpoint in its place, a heading where there are no numbers.

    Annexes and preambles lose the word for an article: "ILO C189, preamble".
    """
    point = pinpoint(numbers)
    before, _, after = template.partition("{pinpoint}")
    if not numbers:
        return f"{before.rstrip(' ,§')}{', “' + heading + '”' if heading else ''}{after}"
    if not re.match(r"[A-Z]{0,2}\d|L\d|R\d|D\d|[A-Z]\d|[IVX]+(?:\(|$)", point):
        before = re.sub(r"(,? )?(arts?\.|art\.|s\.|ss\.|§+|para\.|Art\.|reg\.)\s*$", ", ", before)
    return f"{before}{point}{after}"


# jurisdictions: code -> name, then other words that name it (English and Spanish, lower case)

JURISDICTIONS: dict[str, tuple[str, str]] = {
    "int": ("International", ""),
    "eu": ("European Union", "eu|e.u.|european union|unión europea|union europea"),
    "us": ("United States", "united states|u.s.|usa|us federal|american|america|estados unidos|ee.uu.|eeuu|federal law"),
    "us-ca": ("California", "california|californian|cal|calif|los angeles|san francisco|fresno|san diego|sacramento|oakland"),
    "us-ny": ("New York", "new york state|new york|nueva york"),
    "us-fl": ("Florida", "florida|miami"),
    "us-tx": ("Texas", "texas|texan|houston|dallas|tejas"),
    "gb": ("United Kingdom", "united kingdom|uk|u.k.|britain|british|england|english law|wales|reino unido|inglaterra|home office|london"),
    "gb-sct": ("Scotland", "scotland|scottish|escocia"),
    "gb-nir": ("Northern Ireland", "northern ireland|irlanda del norte"),
    "ie": ("Ireland", "ireland|irish|irlanda|dublin"),
    "ca": ("Canada", "canada|canadian|canadá|alberta|ontario|quebec|british columbia|toronto|vancouver"),
    "au": ("Australia", "australia|australian"),
    "nz": ("New Zealand", "new zealand|nueva zelanda"),
    "de": ("Germany", "germany|german|alemania|deutschland"),
    "fr": ("France", "france|french|francia"),
    "es": ("Spain", "spain|spanish law|españa|espana|madrid"),
    "it": ("Italy", "italy|italian|italia"),
    "nl": ("Netherlands", "netherlands|dutch|holland|países bajos"),
    "be": ("Belgium", "belgium|belgian|bélgica"),
    "lu": ("Luxembourg", "luxembourg|luxemburgo"),
    "ch": ("Switzerland", "switzerland|swiss|suiza|schweiz"),
    "at": ("Austria", "austria|austrian"),
    "pt": ("Portugal", "portugal|portuguese"),
    "pl": ("Poland", "poland|polish|polonia"),
    "se": ("Sweden", "sweden|swedish|suecia"),
    "no": ("Norway", "norway|norwegian|noruega"),
    "ro": ("Romania", "romania|romanian"),
    "gr": ("Greece", "greece|greek|grecia"),
    "tr": ("Türkiye", "turkey|türkiye|turkish|turquía"),
    "in": ("India", "india|indian"),
    "pk": ("Pakistan", "pakistan|pakistani|pakistán|karachi|lahore|islamabad"),
    "bd": ("Bangladesh", "bangladesh|bangladeshi"),
    "np": ("Nepal", "nepal|nepali|nepalese"),
    "lk": ("Sri Lanka", "sri lanka|sri lankan"),
    "ph": ("Philippines", "philippines|philippine|filipino|filipina|filipinas"),
    "id": ("Indonesia", "indonesia|indonesian"),
    "my": ("Malaysia", "malaysia|malaysian|malasia"),
    "sg": ("Singapore", "singapore|singaporean|singapur"),
    "th": ("Thailand", "thailand|thai|tailandia"),
    "vn": ("Viet Nam", "vietnam|viet nam|vietnamese"),
    "kh": ("Cambodia", "cambodia|cambodian|camboya"),
    "mm": ("Myanmar", "myanmar|burma|burmese"),
    "hk": ("Hong Kong", "hong kong"),
    "tw": ("Taiwan", "taiwan|taiwanese|臺灣|台灣|taiwán"),
    "kr": ("Korea", "south korea|korea|korean|corea"),
    "jp": ("Japan", "japan|japanese|japón"),
    "cn": ("China", "china|chinese law"),
    "ae": ("United Arab Emirates", "united arab emirates|uae|u.a.e.|emirates|emirati|dubai|abu dhabi|emiratos|الإمارات"),
    "qa": ("Qatar", "qatar|qatari|doha|catar|قطر"),
    "sa": ("Saudi Arabia", "saudi arabia|saudi|arabia saudí|arabia saudita|riyadh|السعودية"),
    "kw": ("Kuwait", "kuwait|kuwaiti"),
    "bh": ("Bahrain", "bahrain|bahraini"),
    "om": ("Oman", "oman|omani"),
    "lb": ("Lebanon", "lebanon|lebanese|líbano|beirut"),
    "jo": ("Jordan", "jordan|jordanian|jordania"),
    "il": ("Israel", "israel|israeli"),
    "eg": ("Egypt", "egypt|egyptian|egipto"),
    "ma": ("Morocco", "morocco|moroccan|marruecos"),
    "ke": ("Kenya", "kenya|kenyan|kenia|nairobi"),
    "ug": ("Uganda", "uganda|ugandan|kampala"),
    "tz": ("Tanzania", "tanzania|tanzanian|dar es salaam|zanzibar"),
    "et": ("Ethiopia", "ethiopia|ethiopian|etiopía"),
    "ng": ("Nigeria", "nigeria|nigerian|lagos"),
    "gh": ("Ghana", "ghana|ghanaian"),
    "za": ("South Africa", "south africa|south african|sudáfrica"),
    "zm": ("Zambia", "zambia|zambian|lusaka"),
    "zw": ("Zimbabwe", "zimbabwe|zimbabwean|zimbabue|harare"),
    "mw": ("Malawi", "malawi|malawian|malaui"),
    "na": ("Namibia", "namibia|namibian|windhoek"),
    "bw": ("Botswana", "botswana"),
    "mz": ("Mozambique", "mozambique"),
    "rw": ("Rwanda", "rwanda|rwandan"),
    "sn": ("Senegal", "senegal|senegalese"),
    "mx": ("Mexico", "mexico|mexican|méxico"),
    "gt": ("Guatemala", "guatemala|guatemalan|guatemalteca"),
    "hn": ("Honduras", "honduras|honduran"),
    "sv": ("El Salvador", "el salvador|salvadoran"),
    "cr": ("Costa Rica", "costa rica|costa rican"),
    "do": ("Dominican Republic", "dominican republic|república dominicana"),
    "jm": ("Jamaica", "jamaica|jamaican"),
    "tt": ("Trinidad and Tobago", "trinidad and tobago|trinidad"),
    "ar": ("Argentina", "argentina|argentine|argentinian"),
    "br": ("Brazil", "brazil|brazilian|brasil"),
    "co": ("Colombia", "colombia|colombian"),
    "pe": ("Peru", "peru|peruvian|perú"),
    "cl": ("Chile", "chile|chilean"),
    "ec": ("Ecuador", "ecuador|ecuadorian"),
    "uy": ("Uruguay", "uruguay|uruguayan|uruguayo"),
    "py": ("Paraguay", "paraguay|paraguayan"),
    # catalogued only: not looked for in questions
    "au-nsw": ("New South Wales", ""), "ca-on": ("Ontario", ""), "bg": ("Bulgaria", ""), "bo": ("Bolivia", ""), "ci": ("Côte d’Ivoire", ""),
    "gm": ("Gambia", ""), "md": ("Moldova", ""), "mu": ("Mauritius", ""), "mv": ("Maldives", ""), "pa": ("Panama", ""), "sl": ("Sierra Leone", ""),
    "tn": ("Tunisia", ""), "ua": ("Ukraine", ""),
}


def jurisdiction_name(code: str) -> str:
    """What a jurisdiction is called; its code where we have no name for it."""
    return JURISDICTIONS.get(code, (code, ""))[0]


def within(code: str, wanted: str) -> bool:
    """Whether a jurisdiction is the wanted one or a part of it: us-ca is within us."""
    return code == wanted or code.startswith(f"{wanted}-")


# reading

# Immigration and Nationality Act sections and the sections of Title 8 of the United States Code that hold them
INA_TO_USC = dict(
    pair.split(":")
    for pair in ["101:1101", "102:1102", "103:1103", "104:1104", "105:1105", "106:1105a", "201:1151", "202:1152", "203:1153", "204:1154", "205:1155", "206:1156", "207:1157", "208:1158", "209:1159", "210:1160", "211:1181", "212:1182", "213:1183", "213A:1183a", "214:1184", "215:1185", "216:1186a", "216A:1186b", "217:1187", "218:1188", "219:1189", "221:1201", "222:1202", "223:1203", "224:1204", "231:1221", "232:1222", "233:1223", "234:1224", "235:1225", "235A:1225a", "236:1226", "236A:1226a", "237:1227", "238:1228", "239:1229", "240:1229a", "240A:1229b", "240B:1229c", "240C:1230", "241:1231", "242:1252", "243:1253", "244:1254a", "245:1255", "245A:1255a", "246:1256", "247:1257", "248:1258", "249:1259", "250:1260", "251:1281", "252:1282", "253:1283", "254:1284", "255:1285", "256:1286", "257:1287", "258:1288", "261:1301", "262:1302", "263:1303", "264:1304", "265:1305", "266:1306", "271:1321", "272:1322", "273:1323", "274:1324", "274A:1324a", "274B:1324b", "274C:1324c", "274D:1324d", "275:1325", "276:1326", "277:1327", "278:1328", "279:1329", "280:1330", "281:1351", "282:1352", "283:1353", "284:1354", "286:1356", "287:1357", "288:1358", "289:1359", "290:1360", "291:1361", "292:1362", "293:1363", "301:1401", "302:1402", "303:1403", "304:1404", "305:1405", "306:1406", "307:1407", "308:1408", "309:1409", "310:1421", "311:1422", "312:1423", "313:1424", "316:1427", "317:1428", "318:1429", "319:1430", "320:1431", "322:1433"]
)
INA_TITLE = "us/usc/t8"

_NUMBER = r"(?:[LRD]\. |[A-Z]{0,2}\.?)\d+(?:[a-z]?[.\-–]\d+)*[A-Za-z]{0,3}(?: (?:bis|ter|quater|quinquies|sexies|septies|quáter))?"
_ROMAN = r"(?<=\s)[IVX]{1,6}(?=[\s(,;.?]|$)"  # of an article, never of a part
_POINT = r"(?!(?:UK|US|USA|EU|UAE|NZ)\))(?:\d{1,4}[a-z]{0,3}|[a-z]{1,3}\d{0,2}|[ivxlc]{1,7})"
_BELOW = r"(?:Abs(?:\.|atz)?|apdo\.?|apartado|párrafo|sub-?sections?|para(?:graph)?s?\.?|sub-?paras?(?:graph)?\.?|points?|clauses?|lit(?:\.|era)?|letra|Nr\.?|alin[ée]as?)"
_POINTS = rf"(?:\s?\({_POINT}\)|,?\s{_BELOW}\s\(?{_POINT}\b\)?)*"
_UNIT = (
    r"(?:articles?|artículos?|articulos?|articolo|artikel|arts?\.?|sections?|sect?s?\.?|secs?\.?|ss?\.|s|§§?|paras?\.?|paragraphs?|párrafo|rules?|regs?\.?|"
    r"regulations?|standards?|guidelines?|第|المادة)"
)
_INNER = rf"(?P<inner>(?:{_BELOW}\s\(?{_POINT}\b\)?,?\s(?:of|de|del|de la|von)\s)+)"  # "paragraph 3 of" before the article
_CITED = re.compile(
    r"第\s?(?P<chinese>\d+(?:-\d+)?)\s?[條条](?:之(?P<branch>\d+))?|"
    rf"(?<![\w.]){_INNER}?(?P<unit>{_UNIT}\s*)?(?P<number>(?:A|B)?{_NUMBER}|(?-i:{_ROMAN}))(?P<points>{_POINTS})(?![\w])",
    re.IGNORECASE,
)
_BARE = re.compile(rf"{_UNIT}\s*{_NUMBER}", re.IGNORECASE)  # "art. 149" calls a law to mind, and names none
_USC = re.compile(
    rf"(?<!\w)(?P<title>\d{{1,2}})\s*(?P<code>U\.?\s?S\.?\s?C\.?(?:\s?A\.?)?|C\.?\s?F\.?\s?R\.?)\s*(?:§+|sections?|secs?\.?|parts?)?\s*"
    rf"(?P<number>{_NUMBER})(?P<points>{_POINTS})",
    re.IGNORECASE,
)
_INA = re.compile(rf"(?<!\w)I\.?N\.?A\.?\s*(?:§+|sections?|secs?\.?|s\.?)?\s*(?P<number>\d{{3}}[A-D]?)(?P<points>{_POINTS})(?!\w)", re.IGNORECASE)
_FILLER = re.compile(r"(?:\s\([^()\d]{2,30}\))?[\s,;:.\-–]*(?:(?:of|in|under|the|to|from|de|del|la|el|los|las|en|der|des|le|du|'s|’s|\(|\)|no\.?|convention)[\s,;:.]*){0,4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """A citation found in a text: the instrument it names, the printed numbers, and where it stands (start:end)."""

    instrument: str
    numbers: tuple[str, ...]
    start: int
    end: int


class Names:
    """What instruments are called, for finding them in a text."""

    def __init__(self, instruments: Mapping[str, Mapping[str, Any]]):
        self._ids: dict[str, list[str]] = {}
        self._local: dict[str, list[str]] = {}  # names that say which law only together with the place: "Penal Code", and California
        self._acronyms: set[str] = set()  # short names that are ordinary words when written small
        self._places = {id: entry.get("jurisdiction") or "" for id, entry in instruments.items()}
        ranked = sorted(instruments.items(), key=lambda item: (not item[1].get("held"), item[0]))
        called = [(id, place, name) for id, entry in ranked for place, name in enumerate(_called(id, entry))]
        for id, _, name in sorted(called, key=lambda item: item[1] > 0):  # a law's own short title before what else others are called
            self._ids.setdefault(name, []).append(id)
            if len(name) <= 5 and name.isalpha():
                self._acronyms.add(name)
            if bare := _without_place(name, self._places[id]):
                self._local.setdefault(bare, []).append(id)
        self._pattern = _any_name([*self._ids, *self._local])

    def mentions(self, text: str) -> list[tuple[str, int, int]]:
        """(instrument, start, end) of every instrument named, in order, the longest name at each place; acronyms in capitals only."""
        found = (item for item in self._found(text) if item[1] in self._ids)
        return [(id, start, end) for id, name, start, end in found if name not in self._acronyms or text[start:end].isupper()]

    def _found(self, text: str) -> list[tuple[str, str, int, int]]:
        if self._pattern is None:
            return []
        places = jurisdictions_named(text)
        found = ((m, " ".join(m.group().casefold().split())) for m in self._pattern.finditer(text))
        meant = ((self._meant(name, places), name, m.start(), m.end()) for m, name in found)
        return [(id, name, start, end) for id, name, start, end in meant if id]

    def _meant(self, name: str, places: Sequence[str]) -> str | None:
        """The instrument that a name means where these places are named; None where the name needs a place and none fits."""
        ids = self._ids.get(name, [])
        there = [id for place in places for id in [*ids, *self._local.get(name, [])] if self._places[id] == place]
        return next(iter([*there, *ids]), None)

    def named_at(self, text: str, start: int, citing: str) -> tuple[str, int] | None:
        """(instrument, end) of the longest name that begins exactly here in the text of the instrument `citing`.

        A name that several bear means the one of the same jurisdiction; None where none is named, or it cannot be told which.
        """
        match = self._pattern.match(text, start) if self._pattern else None
        name = " ".join(match.group().casefold().split()) if match else ""
        if not name or (name in self._acronyms and not match.group().isupper()):
            return None
        ids, place = self._ids.get(name, []), self._places.get(citing)
        there = [id for id in [*ids, *self._local.get(name, [])] if self._places[id] == place] or ids
        return (there[0], match.end()) if len(set(there)) == 1 else None

    def references(self, text: str) -> list[Reference]:
        """Every citation in a text that names its instrument, in order."""
        found = [*code_references(text)]
        taken = bytearray(len(text))
        for reference in found:
            taken[reference.start : reference.end] = b"\1" * (reference.end - reference.start)
        places = places_named(text)
        mentions = [self._with_place(id, start, end, places, text) for id, name, start, end in self._found(text) if not _BARE.fullmatch(name)]
        unnamed = masked(text, mentions)
        for numbers, start, end in container.cited(unnamed):
            if mention := _beside(text, start, end, mentions):
                found.append(Reference(mention[0], numbers, min(start, mention[1]), max(end, mention[2])))
                taken[start:end] = b"\1" * (end - start)
        for cited in _CITED.finditer(unnamed):
            if not any(taken[cited.start() : cited.end()]) and (mention := _named_by(text, cited, mentions)):
                numbers = _numbers(cited, mention[0])
                found.append(Reference(mention[0], numbers, min(cited.start(), mention[1]), max(cited.end(), mention[2])))
        return sorted(found, key=lambda reference: reference.start)

    def _with_place(self, id: str, start: int, end: int, places: Sequence[tuple[str, int, int]], text: str) -> tuple[str, int, int]:
        """(instrument, start, end) of a name together with that of its place beside it: "Kenya's Employment Act", "Employment Act of Kenya"."""
        for code, first, last in _around(places, start, end):
            if within(self._places[id], code):
                start = first if last <= start and _BEFORE_NAME.fullmatch(text[last:start]) else start
                end = last if end <= first and _AFTER_NAME.fullmatch(text[end:first]) else end
        return id, start, end


_BEFORE_NAME, _AFTER_NAME = re.compile(r"(?:['’]s)?\s+"), re.compile(r"\s*(?:,\s|\(|(?:of|in|de)\s(?:the\s|la\s|el\s)?)?")

# a guidance document is named by a title of its own; the subject that it is about ("H-2A") names no document
_DOCUMENT = re.compile(r"sheet|manual|guid|principle|compact|recommendation|declaration|convention|\br\d+|\bfam\b|[a-z]+-fs-")


def _called(id: str, entry: Mapping[str, Any]) -> Iterator[str]:
    names = [entry.get("short_title") or "", entry.get("title") or "", *(entry.get("names") or ())]
    template = str(entry.get("citation") or "").partition("{pinpoint}")[0]
    names.append(re.sub(r"(,? )?(arts?\.|s\.|ss\.|§+|para\.|Art\.|reg\.|第)\s*$", "", template).strip(" ,"))
    convention = re.fullmatch(r"int/ilo-([cpr])(\d+)", id)
    if convention:
        letter, number = convention[1], int(convention[2])
        names += [f"{letter}{number}", f"{letter}{number:03}", f"{letter} {number}", f"ILO {letter}{number}", f"ILO {letter}{number:03}"]
        if letter == "c":
            names += [f"Convention {number}", f"Convention No. {number}", f"ILO Convention {number}", f"ILO Convention No. {number}", f"Convenio {number}"]
    directive = re.fullmatch(r"eu/(dir|reg)/(\d{4})/(\d+)", id)
    if directive:
        word = "Directive" if directive[1] == "dir" else "Regulation"
        number = f"{directive[2]}/{directive[3]}"
        names += [number, f"{word} {number}", f"{word} {number}/EU", f"{word} {number}/EC", f"{word} (EU) {number}", f"Directiva {number}"]
    title = re.fullmatch(r"us/(usc|cfr)/t(\d+)", id)
    if title:
        names += [f"Title {title[2]} {title[1]}", *([f"Title {title[2]}"] if title[1] == "usc" else [])]
    for name in dict.fromkeys(names):
        folded = " ".join(name.casefold().split())
        document = entry.get("kind") != "guidance" or _DOCUMENT.search(folded) or (id.startswith("int/") and name.isupper())
        if len(folded) > 2 and not folded.isdigit() and document:
            yield folded


def code_references(text: str) -> Iterator[Reference]:
    """Citations of the federal codes and of the Immigration and Nationality Act, which name their instrument by themselves."""
    for match in _USC.finditer(text):
        code = "usc" if "u" in match["code"].casefold() else "cfr"
        yield Reference(f"us/{code}/t{int(match['title'])}", (_printed(match["number"]), *_points(match["points"])), match.start(), match.end())
    for match in _INA.finditer(text):
        section = INA_TO_USC.get(match["number"].upper())
        if section:
            yield Reference(INA_TITLE, (section, *_points(match["points"])), match.start(), match.end())


def masked(text: str, named: Iterable[tuple[str, int, int]], by: str = "\0") -> str:
    """The text with what is named in it blotted out, so that a number in a name is not taken for a section; same length."""
    left = list(text)
    for _, start, end in named:
        left[start:end] = by * (end - start)
    return "".join(left)


def _named_by(text: str, cited: re.Match[str], mentions: Sequence[tuple[str, int, int]]) -> tuple[str, int, int] | None:
    """The instrument that a cited number belongs to; a bare number must follow the name at once."""
    if cited["unit"] or cited["chinese"]:
        return _beside(text, cited.start(), cited.end(), mentions)
    if not any(c.isdigit() for c in cited["number"]):
        return None  # a roman number alone may be the word I
    if re.fullmatch(r"(?:19|20)\d\d", cited["number"]):
        return None  # the year of an act is no section of it
    adjacent = [m for m in _around(mentions, cited.start(), cited.end()) if m[2] <= cited.start() and not text[m[2] : cited.start()].strip()]
    return adjacent[-1] if adjacent else None


def _beside(text: str, start: int, end: int, mentions: Sequence[tuple[str, int, int]]) -> tuple[str, int, int] | None:
    """The instrument named directly before start:end, or else directly after it; one named in the sentence before, only where there is no other."""
    near = _around(mentions, start, end)
    before = [m for m in near if m[2] <= start and _FILLER.fullmatch(text[m[2] : start])]
    after = [m for m in near if m[1] >= end and _FILLER.fullmatch(text[end : m[1]])]
    same = [m for m in before if not re.search(r"\.\s", text[m[2] : start])]
    return next(iter([*same[-1:], *after[:1], *before[-1:]]), None)


_NEIGHBOURS = 3  # looked at on either side: more than one, since names may overlap


def _around(named: Sequence[tuple[str, int, int]], start: int, end: int) -> Sequence[tuple[str, int, int]]:
    """Of what is named in a text, in order, that which stands next to start:end: a long draft names thousands."""
    first = bisect_left(named, start, key=lambda item: item[1])
    return named[max(first - _NEIGHBOURS, 0) : bisect_left(named, end, key=lambda item: item[1]) + _NEIGHBOURS]


def _any_name(names: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern for any of the names, the longest first, as whole words; Chinese is written without spaces between words."""
    chinese = {name for name in names if re.match(r"[\u3400-\u9fff]", name)}
    spaced = [name for name in set(names) - chinese if name]
    written = ([rf"(?<![\w-]){_branches(spaced)}(?!\w|-\d)"] if spaced else []) + ([_branches(sorted(chinese))] if chinese else [])
    return re.compile("|".join(written), re.IGNORECASE) if written else None


def _branches(names: Sequence[str]) -> str:
    """A pattern for any of the names, the longest first. Names that begin alike share their beginning: a text is compared once with it, not thousands of times."""
    heads: dict[str, list[str]] = {}
    for name in names:
        if name:
            heads.setdefault(name[0], []).append(name[1:])
    written = [(r"\s+" if head == " " else re.escape(head)) + (_branches(rest) if any(rest) else "") for head, rest in sorted(heads.items())]
    if "" in names:
        return f"(?:{'|'.join(written)})?"
    return written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"


def _without_place(name: str, jurisdiction: str) -> str | None:
    """A law's name without the jurisdiction that it says; None where it says none, or too little is left to name a law."""
    pattern = _jurisdiction_patterns().get(jurisdiction)
    bare = re.sub(r"^(?:the|of)\s|\s?\(\)|^\W+|[\s,]+$", "", " ".join(pattern.sub("", name).split())) if pattern else name
    return bare if bare != name and len(bare) > 8 and " " in bare else None


def _numbers(cited: re.Match[str], instrument: str) -> tuple[str, ...]:
    """The number path that a citation prints; sections of the Immigration and Nationality Act become those of Title 8."""
    if cited["chinese"]:
        return (cited["chinese"] + (f"-{cited['branch']}" if cited["branch"] else ""),)
    number = _printed(cited["number"])
    if instrument == INA_TITLE:
        number = INA_TO_USC.get(number.upper(), number)
    return (number, *_points(cited["points"]), *reversed(_points(cited["inner"])))


def _printed(number: str) -> str:
    return re.sub(r"^([LRD])\. ?(?=\d)", r"\1", number.strip().replace("–", "-"))


def _points(printed: str | None) -> tuple[str, ...]:
    return tuple(first or second for first, second in re.findall(rf"\(({_POINT})\)|{_BELOW}\s({_POINT})\b", printed or "", re.IGNORECASE))


def jurisdictions_named(text: str) -> list[str]:
    """Codes of the jurisdictions that a text names, in the order in which they stand."""
    return list(dict.fromkeys(code for code, _, _ in places_named(text)))


def places_named(text: str) -> list[tuple[str, int, int]]:
    """(code, start, end) of every name of a jurisdiction in a text, in order."""
    said = set(re.findall(r"\w+", text.lower()))
    patterns = ((code, pattern) for code, pattern in _jurisdiction_patterns().items() if not said.isdisjoint(_first_words()[code]))
    return sorted(((code, *match.span()) for code, pattern in patterns for match in pattern.finditer(text)), key=lambda place: place[1])


@lru_cache(maxsize=1)
def _first_words() -> dict[str, frozenset[str]]:
    """The words with which the names of each jurisdiction begin: a text that has none of them does not name it."""
    return {code: frozenset(re.search(r"\w+", name.lower()).group() for name in words.split("|")) for code, (_, words) in JURISDICTIONS.items() if words}


@lru_cache(maxsize=1)
def _jurisdiction_patterns() -> dict[str, re.Pattern[str]]:
    return {
        code: re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words.split("|")), re.IGNORECASE)
        for code, (_, words) in JURISDICTIONS.items()
        if words
    }
