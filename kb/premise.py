"""What a question takes for granted about the law, thing by thing, and whether the law held denies it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.lexical import fold, terms
from kb.quantities import OWN_STORY, quantities

_ASKS = r"(?:how|which|what|when|where|who|whom|can|could|do|does|is|are|may|must|will|should)"
_MUST = r"(?:must|ha(?:s|ve) to|needs? to|(?:is|are) (?:required|obliged|bound) to|only (?:if|when|after|once)|not until|cannot .{3,60} (?:unless|until|before))"
_BARRED = r"(?:can't|cannot|can not|may not|must not|(?:is|are) not (?:allowed|permitted|entitled) to|(?:is|are) barred from|(?:is|are) excluded from)"
_PREMISE = re.compile(
    rf"^\W*(?:since|because|as|given that|seeing that)\s+(?P<said>.{{10,160}}?),\s*{_ASKS}\b|"
    rf"^\W*(?P<flat>.{{3,160}}?\b(?:{_BARRED}|{_MUST})\b.{{5,120}}?),\s*(?:so|then)\s+{_ASKS}\b|"
    rf"^\W*why (?P<why>(?:must|can't|cannot|may)\b.{{10,160}})|^\W*why (?:do|does) (?P<whydo>.{{5,80}}?\b(?:have|need) to\b.{{5,120}})|"
    rf"\b(?:which|what) (?:section|article|provision|rule|paragraph|law)\b.{{0,80}}?\b(?:says? that|makes?|requires?|provides? that|means that) (?P<rule>.{{10,160}})|"
    rf"\b(?:which|what) (?:section|article|provision|rule|paragraph|law)\b[^?]{{0,60}}?\b(?P<under>(?:must|have to|has to)\b.{{10,120}})",
    re.IGNORECASE | re.DOTALL,
)
_OPENS = re.compile(
    rf"^\W*(?:and |but |so |then |or )?(?:{_ASKS}|why|whose|if|whether|(?:does|do|is|are|can|wo)n't|explain|tell|list|describe|show|compare|find|summari[sz]e|give|please|suppose)\b",
    re.IGNORECASE,
)
_SPLIT = re.compile(rf"(?<=[.?!;])\s+|\s+[-–—]\s+|(?:,|;|:)\s+(?=(?:so |then |and |but )?(?:{_ASKS}|why)\b(?! that\b))", re.IGNORECASE)
_TAG = re.compile(r",?\s*(?:right|correct|true|yes|isn't it|doesn't (?:it|he|she)|don't (?:I|they|we))\s*\?\s*$", re.IGNORECASE)
_DOUBTS = re.compile(
    r"\b(?:is|are|was) (?:it|that|this|they|he|she) (?:really |even |still )?(?:true|right|legal|illegal|allowed|correct|lawful|so|ok(?:ay)?|permitted|possible|a crime|normal)\b|\breally\?|\bis there (?:a|any)\b|"
    r"\b(?:can|may) (?:he|she|they|it|the \w+|my \w+) (?:really )?(?:do (?:that|this|it)|ask|make|force|require|demand|refuse)\b|(?:^|[.?!,;]\s+)(?:and |so |but )?(?:(?:do|does) (?:I|we|she|he|they) (?:really )?(?:have|need) to|must (?:I|we|she|he|they))\b",
    re.IGNORECASE,
)
_HEARSAY = re.compile(
    r"\b(?:says?|said|saying|tells?|told|claim(?:s|ed)? (?:that|I|we|she|he|they)|thinks?|thought|heard|read|believes?|insist\w*|threat(?:en\w*|s)|warn\w*|according to|worr\w+|afraid|scared|wants?|asks?|asked|demand\w*|makes? (?:me|her|him|them|us)|making|forc(?:es|ing) (?:me|her|him|them|us))\b",
    re.IGNORECASE,
)
_LAW_SAYS = re.compile(
    r"\b(?:which|what) (?:section|article|provision|rule|paragraph|law|treaty|act|directive|convention)\b|\bwhere\b.{0,30}\b(?:says?|stands?|written)\b|"
    r"\b(?:under|by|for) (?:the |an? )?[^.?]{0,40}\b(?:law|act|convention|directive|protocol|regulations?|statute|code|treaty|§|u\.s\.c|c\.f\.r|cfr|ley)\b|"
    r"\b(?:law|act|convention|directive|protocol|regulation|statute|code|c\d{3}|p\d{2,3})\b.{0,25}\b(?:says?|lets?|allows?|permits?|requires?|makes?|sets?)\b",
    re.IGNORECASE,
)
_LAW_SPEAKS = re.compile(r"\b(?:laws?|acts?|convention|directive|protocol|regulation|statute|code|treaty|article|section|c\d{3}) (?:[\w.-]+ ){0,3}(?:says?|lets?|allows?|permits?|requires?|makes?)\b", re.IGNORECASE)
_PROVED = re.compile(r"^.{0,30}\b(?:prove|show|demonstrate|establish|evidence)\b", re.IGNORECASE)
_FOR_SOMETHING = re.compile(
    r"\b(?:before|only|unless|until|without|in order|otherwise|or else|depends? on|so that|to (?:get|apply|receive|qualify|stay|have|be|obtain|claim|keep|sue|count|start|remain|win|file))\b", re.IGNORECASE
)

# what a duty may be laid on somebody to do, show or have: how it is named, and how a law otherwise says that it is not needed
_NOT_CHARGED = (
    r"\b(?:may|shall|must|can)(?:not| not|n't) (?:directly |indirectly |[^.;]{0,40}\b)?(?:charge|collect|receive|demand|accept|request|impose)\b|\bno (?:fees?|charges?|costs?)\b|\bfree of charge\b|\bcost-free\b|"
    r"\bfee-free\b|\bwithout (?:any )?(?:fees?|charges?|costs?|payment)\b|\bexempt\w*\b[^.;]{0,40}\bfees?\b|\bat no (?:cost|charge)\b"
)
_THINGS = {
    "conviction": (r"\bconvict\w*|\bfound guilty\b|\bfinal judge?ment\b", None),
    "prosecution": (r"\bprosecut(?:e|ed|es|ing|ions?)\b|\bcharged with\b|\bindict\w*|\bcriminal (?:proceedings?|case|charges?|trial)\b|\bon trial\b|\btried\b|\bpunished\b", None),
    "offender found": (r"\b(?:offender|trafficker|perpetrator|exploiter|author)s?\b[^.;]{0,30}\b(?:identif\w+|arrest\w*|caught|known|found|apprehended)\b|\bidentif\w+ (?:of )?(?:the |an? )?(?:offender|trafficker|perpetrator)s?\b", None),
    "cooperation": (
        r"\bco-?operat\w*|\btestif\w*|\btestimony\b|\bstatements?\b|\bevidence against\b|\bbe(?:ing)? a witness\b|\bact as (?:a )?witness\w*|\bhelp(?:s|ed|ing)? (?:the )?(?:police|prosecut\w+|investigat\w+)\b|"
        r"\bassist(?:s|ed|ing|ance)? (?:to |with |in )?(?:the )?(?:police|law enforcement|authorities|investigat\w+|prosecut\w+)\b|\brequests? for assistance\b|\bparticipat\w+ in (?:the |any )?(?:criminal|investigation|prosecution|proceedings)\b",
        None,
    ),
    "report": (r"\b(?:files?|makes?|filed|made|lodge\w*|submit\w*|a|the|no|any|by|of) (?:a |an |the |any |police |criminal |formal )*(?:report|complaint)s?\b|\breport (?:the|it|to|him|her|them|by)\b|\bcomplain\w*|\bdenounc\w+|\breported\b", None),
    "certification": (r"\bcertif(?:y|ied|ication|icate)\b|\bdeclarations?\b", None),
    "legal entry": (r"\benter\w*\b[^.;]{0,40}\b(?:legal|lawful|regular)\w*|\b(?:legal|lawful|regular)(?:ly)? (?:entry|entered|enter|admi\w+)\b|\b(?:manner|way|mode) of entry\b|\bhow (?:she|he|they|the \w+) entered\b|\bentry without inspection\b", None),
    "status": (r"\b(?:immigration|legal|migration|migratory|residen\w+|administrative|lawful) (?:status|situation|residence|stay|presence)\b|\bpapers\b|\bundocumented\b|\bdocumented\b|\birregular\w*|\bresidence permit\b|\bstatus or residence\b|\blawfully (?:present|resident|staying)\b|\bstatus\b", None),
    "visa": (r"\bvisas?\b", None),
    "fee": (r"\bfees?\b|\bcosts?\b|\bpay\w*|\bcharge[ds]?\b|\bcharging\b", _NOT_CHARGED),
    "contract": (r"\bcontracts?\b|\bwritten agreement\b", None),
    "writing": (r"\bin writing\b|\bwritten\b|\bdocumentary\b", None),
    "debt": (r"\bdebts?\b|\brepay\w*|\bloans?\b|\badvances?\b", r"\b(?:debts?|obligation|liability)\b[^.;]{0,80}\b(?:extinguish\w*|discharged|void|cancel\w*|wiped|ends?|ended|lapse\w*|no longer)\b|\b(?:free[ds]?|discharged?|released?) (?:from|of)\b[^.;]{0,60}\b(?:debts?|obligation)"),
    "employer's consent": (r"\b(?:employer|boss|sponsor|agency|kafeel)(?:'s|’s|s'|s’|s)? (?:\w+ )?(?:consent|permission|approval|agreement|release|no[- ]objection)\b|\b(?:consent|permission|approval|agreement) (?:of|from) (?:the |her |his |their |an |a )?(?:\w+ )?(?:employer|boss|sponsor|recruiter)\b|\bno[- ]objection\b", None),
    "border": (r"\bborders?\b|\btransnational\w*|\bfrontiers?\b|\bfrom (?:one|another) (?:state|country)\b|\bcross-border\b", r"\bwithin (?:the |a |one )?(?:country|state|national|borders?|territory)\b|\binside the country\b|\bnational or transnational\b|\binternally\b"),
    "movement": (r"\b(?:be|been|was|were) (?:moved|transported|taken)\b|\bmovement\b|\btransportation\b|\bmoved\b", None),
    "force": (r"\bforced?\b|\bcoerc\w*|\bviolen\w*|\bthreat\w*|\bfraud\b|\bdecei\w*|\bdeception\b|\bmeans\b|\bimproper means\b", None),
    "organised crime": (r"\borgani[sz]ed (?:crim\w+|gangs?|groups?)\b|\bgangs?\b|\bcriminal groups?\b|\borgani[sz]ed[_ ]crime\w*", None),
    "nationality": (r"\bnational(?:s|ity)\b|\bcitizens?(?:hip)?\b|\bforeign(?:er|ers|)\b", None),
    "marriage": (r"\bmarr(?:y|ied|iage)\b|\bspouses?\b", None),
    "money": (r"\bmoney\b|\bcash\b", None),
    "exploitation done": (r"\bexploit\w*\b[^.;]{0,30}\b(?:already|taken? place|took place|actual\w*|occur\w*|happen\w*|begun|started)\b|\bactual\w* exploit\w*", None),
    "harm": (r"\binjur\w+|\bharm\w*|\bdamage\b", None),
    "profit": (r"\bprofit\w*|\bfinancial gain\b|\bmaterial benefit\b", None),
    "residence": (r"\bresid(?:e|es|ed|ence|ent|ents|ency|ing)\b", None),
    "lawyer": (r"\blawyers?\b|\battorneys?\b|\blegal representat\w+", None),
}  # fmt: skip
_NAMED = {name: re.compile(pattern, re.IGNORECASE) for name, (pattern, _) in _THINGS.items()}
_OWN_DENIAL = {name: re.compile(denial, re.IGNORECASE) for name, (_, denial) in _THINGS.items() if denial}
# somebody who need not be caught need not be tried, and who need not be tried need not be convicted
_COVERS = {"conviction": ("conviction", "prosecution", "offender found"), "prosecution": ("prosecution", "offender found")}
# of these an asker tells as often what happens to her as what she thinks the law is
_LIVED = frozenset({"fee", "debt", "contract", "employer's consent", "writing", "money", "marriage", "force", "movement", "border", "residence", "lawyer", "status", "visa", "harm"})

_DUTY_BEFORE_IT = re.compile(
    r"\b(?:must(?! not|n't)|ha(?:s|ve) (?:still )?to|needs? to|needs?(?! (?:not|no|to)\b)|(?:is|are) (?:only )?(?:required|obliged|bound) to|only (?:if|when|after|once|with|where)|owes?|requires?|"
    r"(?:not|no|cannot|never|nobody|\w+n't)\b[^.;?]{0,80}?\b(?:unless|until|without)|(?:may|can|will|does) (?:be )?(?:depend|conditional|made conditional) (?:up)?on|depends? (?:up)?on|(?:is|are) conditional (?:up)?on|on condition)\b",
    re.IGNORECASE,
)
_DUTY_AFTER_IT = re.compile(r"\b(?:is|are) (?:always |first )?(?:required|necessary|needed|mandatory|compulsory|a (?:condition|requirement))\b|\b(?:must|has to) come first\b", re.IGNORECASE)
_FREED = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|has|have|had|need|may|shall|must)(?:n't| not| never)|never|need not|no longer|nobody|no one|nothing|no \w+) (?:\w+ ){0,3}?(?:have to|has to|had to|need to|needs? to|needs?|required?|necessary|needed|obliged|bound|conditional|depend\w*|owes?|must)\b|"
    r"\b(?:need not|needs no|owes? (?:\w+ ){0,6}no|without having to|regardless|irrespective|whether or not|whatever|even (?:if|though|where|without)|exempt\w*|free of|entitled|no (?:fees?|visa|conviction|contract|need))\b",
    re.IGNORECASE,
)
_AGENT = r"\b(?:employers?|boss|agency|agencies|recruiters?|sponsors?|kafeel|households?|owners?|landlords?)\b"
_BOUND = re.compile(rf"{_AGENT}|\b(?:traffickers?|offenders?|police|officers?|officials?|states?|governments?|authorit(?:y|ies)|courts?|ministers?|members?|part(?:y|ies))\b", re.IGNORECASE)  # whom a bar binds for others' good
_MAY = r"\b(?:may|can|must|ha(?:s|ve) to|(?:is|are) (?:allowed|permitted|entitled|free) to|lets?|allows?|permits?|entitles?)\b(?! not)"
_PAPERS = r"\b(?:passports?|travel documents?|travel (?:and|or) identity documents?|identity documents?|identity papers)\b"
# an effect that a question gives something, and how a law refuses it
_EFFECTS = {
    "consent": (
        r"\b(?:consent\w*|agreed|agreement|willing\w*)\b.{0,120}\b(?:is|are|was|as|be|counts as) (?:an? )?(?:(?!no|not)\w+ )?(?:defen[cs]e|excuse)\b|\bgoes? free\b.{0,60}\bconsent\w*|\bconsent\w*\b.{0,60}\b(?:goes? free|cannot be (?:punished|prosecuted|convicted|charged))\b",
        r"\bconsent\w*\b.{0,160}\b(?:irrelevant|immaterial|(?:no|not) (?:be )?(?:an? )?(?:defen[cs]e|excuse)|never)\b|\b(?:not be an?|no|not an?|cannot rely on|regardless of|whether or not|even (?:if|with))\b.{0,120}\bconsent\w*",
    ),
    "waiver": (
        r"\b(?:waive\w*|signed away|g[ai]ve(?:s|n)? up)\b.{0,80}\b(?:binding|valid|enforceable|final)\b",
        r"\b(?:waive\w*|give up|modify)\b.{0,120}\b(?:void|unenforceable|no effect|invalid|not valid)\b|\b(?:void|no effect|invalid)\b.{0,80}\bwaive\w*",
    ),
    "papers kept": (
        rf"{_AGENT}.{{0,40}}{_MAY}.{{0,30}}\b(?:hold|keep|retain|withhold|take)\b.{{0,60}}{_PAPERS}|{_MAY}.{{0,20}}{_AGENT}.{{0,40}}\b(?:hold|keep|retain|withhold|take)\b.{{0,60}}{_PAPERS}",
        rf"\b(?:entitled|right|free) to (?:keep|retain|have|hold)\b.{{0,80}}{_PAPERS}|\b(?:may not|shall not|must not|prohibited|offence|no (?:person|employer))\b.{{0,120}}{_PAPERS}",
    ),
    "fee": (rf"{_AGENT}.{{0,40}}{_MAY}.{{0,20}}\bcharge\b|{_MAY}.{{0,20}}{_AGENT}.{{0,20}}\bcharge\b", _NOT_CHARGED),
}  # fmt: skip
_CLAIMED = {name: re.compile(claimed, re.IGNORECASE | re.DOTALL) for name, (claimed, _) in _EFFECTS.items()}
_REFUSED = {name: re.compile(refused, re.IGNORECASE | re.DOTALL) for name, (_, refused) in _EFFECTS.items()}
_UNPAPERED = re.compile(
    r"\b(?:irregular\w*|undocumented|without papers|unlawfully|illegally)\b.{0,80}\b(?:loses|forfeits?|(?:is|are) not entitled|ha(?:s|ve) no right|(?:cannot|can't|may not) (?:claim|recover|sue|get|receive|complain|join))\b",
    re.IGNORECASE,
)
_LOST = re.compile(r"\b(?:automatically|loses|forfeits?|lapses)\b", re.IGNORECASE)

_UNNEEDED_BEFORE_IT = re.compile(
    r"\b(?:regardless|irrespective|independent(?:ly)?) of\b|\bwithout regard to\b|\bwhether or not\b|\bwhatever\b|\bneed(?:s)? not\b|\bneeds? no\b|\bno need (?:for|to|of)\b|\bno (?=\w+(?: \w+)? (?:is|are) (?:needed|required|necessary))|"
    r"\b(?:shall|may|must|is|are|be|does|do|should|can)?\s?(?:not|never)(?: be)?(?: made)? (?:conditional|dependent|contingent|depend|subject|hinge|rest) ?(?:up)?(?:on|to)?\b|\b(?:cannot|may not|not) (?:be )?(?:made )?(?:conditional|dependent) (?:up)?on\b|"
    r"\bmay not depend\b|\bnot(?: be)? (?:required|obliged|necessary)(?: to| for)?\b|\b(?:do|does) not (?:have to|need(?: to)?|require|ask)\b|\bexempt(?:ed)? from\b|"
    r"\b(?:even (?:if|though|where|when)|although|though)\b[^.;]{0,50}?\b(?:no|not|cannot|never|without|irregular)\b|\beven without\b|\bwithout (?:having|being required|requiring|the need|need|any|an?|the|proof|first)\b|"
    r"\b(?:not|never|no)\b[^.;]{0,30}\b(?:refused|denied|deprived|excluded|withheld)\b[^.;]{0,80}\b(?:by reason of|because of|on (?:the )?(?:grounds?|account) of|for lack of|owing to|due to)\b",
    re.IGNORECASE,
)
_UNNEEDED_AFTER_IT = re.compile(
    r"\b(?:(?:is|are|was|be|being|shall be) )?(?:not|never|no longer)(?: be)? (?:required|necessary|needed|a (?:condition|requirement)|relevant)\b|\bneed not\b|\bneed never\b|\birrelevant\b|\bimmaterial\b|\b(?:is|are|may be|be) waived\b|\bwaiver\b",
    re.IGNORECASE,
)
_STRICT = re.compile(r"\b(?:may not|shall not|must not|cannot|no (?:person|one|employer|agency|recruiter)|nobody|prohibited|unlawful|offence|crime|refused|punish\w*|guilty|liable)\b", re.IGNORECASE)
_NEEDED = re.compile(
    r"\b(?:must|shall|has to|have to|required|requires?|only|unless|until|if|once|after|provided|conditions?|subject to|agree[ds]?|willing\w*|complied|necessary|needs?)\b", re.IGNORECASE
)
_DUTY = re.compile(rf"\b(?:{_MUST}|must|required|obliged|before (?:she|he|they|I|a|the)\b)", re.IGNORECASE)
_BAR = re.compile(rf"\b{_BARRED}", re.IGNORECASE)
_NO_DUTY = re.compile(
    r"\bnot (?:be )?(?:required|necessary|obliged|conditional|made conditional|dependent|a condition)|\bneed not\b|\bno (?:requirement|obligation|duty)|"
    r"\bwithout (?:having|being required|requiring|any|the need)|\bregardless|\birrespective|\bwhether or not|\bexempt\w*|\bshall not be (?:subject|liable|required|made)|"
    r"\b(?:does|do|shall|may) not (?:need|have to|require|depend)",
    re.IGNORECASE,
)
_PROTECTS = re.compile(r"\b(?:regardless|irrespective|whether or not|all|any|every|entitled|(?:have|has) the right)\b", re.IGNORECASE)
_KEPT = re.compile(r"\b(?:even if|even though|whether or not|regardless|irrespective|shall not (?:lose|forfeit)|keeps?|remains?)\b", re.IGNORECASE)
# a rule for some people only: it says nothing against a premise about others
_GROUPS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bchild(?:ren)?\b|\bminors?\b|\bunder[- ](?:the age of )?(?:\d{1,2}|eighteen|sixteen|fifteen)\b|\bgirls?\b|\bboys?\b|\b(?:is|aged?) (?:\d|1[0-7])\b|\b(?:\d|1[0-7])[- ]years?[- ]old\b|\bguardian\b|\bnewborn\b|\bunderage\b",
        r"\btrauma\w*|\bmental\w*|\bincapa\w*|\bdisab\w*|\bunable\b|\bimpair\w*",
        r"\bhardship\b|\bviolence\b|\babus\w*|\bbatter\w*|\bbeat\w*|\bcruel\w*|\bextraordinary\b",
        r"\bdiplomat\w*|\bseafarers?\b|\brefugees?\b|\basylum\b",
    )
)
_CLAUSE = re.compile(r";|, (?:but|and|or) |\.\s")
_DUTY_TERMS = frozenset(terms("must have has had need needs required only if once after before until unless without cannot even say says section article law act still get gets"))
_SHARED = 3
_OPPOSITE = re.compile(r"^(?:ir|un|in|im|il|non)")
_AFTER, _BEFORE = 130, 90  # characters of a clause that a word of duty or relief governs
_STOPS_DUTY = re.compile(r"\b(?:before|so that|in order to|because|under (?:the|ilo|an?|article|section)|to (?:get|apply|be|count|qualify))\b|[;.?!]", re.IGNORECASE)
_STOPS_RELIEF = re.compile(r"[;.]|\bbut\b|\bexcept\b|\bunless\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that a question states as law: `said` as it says it, and the things it makes a condition, the effects it gives, the periods it lets a right hang on."""

    said: str
    needed: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    periods: frozenset[tuple[float, str]] = frozenset()


def premise(question: str) -> str | None:
    """What a question states as given before it asks, or says that a law says; None where it only asks."""
    match = _PREMISE.search(question)
    return next((said.strip() for said in match.groupdict().values() if said), None) if match else None


def claims(question: str) -> list[Claim]:
    """What a question states about the law, clause by clause; nothing of what it asks, doubts or reports as said by others."""
    if _DOUBTS.search(question):
        return []
    by_law = bool(_LAW_SAYS.search(question))
    stated = [claim for clause in _stated(question) for claim in [_claim(clause, by_law)]]
    return [claim for claim in stated if claim.needed or claim.effects or claim.periods]


def _stated(question: str) -> list[str]:
    """The clauses that a question states rather than asks; all but the last sentence must lead to one that asks."""
    parts = [part.strip() for part in _SPLIT.split(question) if part and part.strip()]
    told = [_TAG.sub("", part) for part in parts if not _OPENS.search(part) and (not part.endswith("?") or _TAG.search(part) or part != parts[-1])]
    given = premise(question)
    asked = "?" in question or any(_OPENS.search(part) for part in parts)
    return [clause for clause in dict.fromkeys([*told, *([given] if given and not any(given in part for part in told) else [])]) if asked and (not _HEARSAY.search(clause) or _LAW_SPEAKS.search(clause))]


def _claim(clause: str, by_law: bool) -> Claim:
    needed: set[str] = set()
    if not _FREED.search(clause):
        for match in _DUTY_BEFORE_IT.finditer(clause):
            scope = _cut(clause[match.end() : match.end() + _AFTER], _STOPS_DUTY)
            needed |= {thing for thing in _named(scope) if by_law or _of_law(thing, clause, match.start())}
        for match in _DUTY_AFTER_IT.finditer(clause):
            needed |= {thing for thing in _named(clause[max(0, match.start() - _BEFORE) : match.start()]) if by_law or thing not in _LIVED}
    effects = set() if _FREED.search(clause) else {name for name, pattern in _CLAIMED.items() if pattern.search(clause)}
    needed |= {"status"} if _UNPAPERED.search(clause) and not _FREED.search(clause) and by_law else set()
    periods = quantities(clause) if _LOST.search(clause) else set()
    return Claim(clause, frozenset(needed), frozenset(effects), frozenset(periods))


def _of_law(thing: str, clause: str, at: int) -> bool:
    """Whether a duty in a clause is meant as a rule, not told as what happens to somebody: it is the way to something, or has to be proved."""
    told = thing in _LIVED and bool(OWN_STORY.search(clause[:at]) or re.search(r"\b(?:the|this|that)\b", clause[:at], re.IGNORECASE))
    return bool(_PROVED.search(clause[at:]) or (not told and _FOR_SOMETHING.search(clause[at:])))


def _named(text: str) -> set[str]:
    return {name for name, pattern in _NAMED.items() if pattern.search(text)}


def _cut(text: str, stop: re.Pattern[str]) -> str:
    match = stop.search(text)
    return text[: match.start()] if match else text


def standing(claim: Claim, sentences: Sequence[str], question: str) -> bool | None:
    """Whether a provision and its summaries leave standing what a question states: False where they deny it, True where they say it too, None where neither.

    A relief for some people only, such as children, is none for a question that does not speak of them.
    """
    clauses = [clause for sentence in sentences for clause in _CLAUSE.split(sentence) if not _for_others(clause, question)]
    if len(_content(claim.said) & set(terms(" ".join(sentences)))) < _SHARED - 1:
        return None
    if any(_denies(claim, clause) for clause in clauses):
        return False
    return True if any(_affirms(claim, clause) for clause in clauses) else None


def _content(said: str) -> set[str]:
    """The index terms of a statement that tell its subject, without the words of duty."""
    return set(terms(said)) - _DUTY_TERMS


def _for_others(clause: str, question: str) -> bool:
    return any(group.search(clause) and not group.search(question) for group in _GROUPS)


def _denies(claim: Claim, clause: str) -> bool:
    unneeded = _unneeded(clause)
    covered = {thing for needed in claim.needed for thing in _COVERS.get(needed, (needed,))}
    if any(_NAMED[thing].search(scope) for thing in covered for scope in unneeded) or claim.periods & set().union(*map(quantities, unneeded)):
        return True
    if any(thing in _OWN_DENIAL and _OWN_DENIAL[thing].search(clause) for thing in covered):
        return len(_content(claim.said) & set(terms(clause))) >= _SHARED - 1
    shared = len(_content(claim.said) & set(terms(clause)))
    return any(_REFUSED[name].search(clause) and (name not in _OWN_DENIAL or shared >= _SHARED - 1) for name in claim.effects)


def _unneeded(clause: str) -> list[str]:
    """What a clause of law says is not needed: the words that each mark of relief governs."""
    after = [_cut(clause[m.end() : m.end() + _AFTER], _STOPS_RELIEF) for m in _UNNEEDED_BEFORE_IT.finditer(clause) if not (m.group().lower().startswith("without") and _STRICT.search(clause))]
    before = [clause[max(0, m.start() - _BEFORE) : m.start()] for m in _UNNEEDED_AFTER_IT.finditer(clause)]
    return after + before


def _affirms(claim: Claim, clause: str) -> bool:
    return not _unneeded(clause) and any(_NAMED[thing].search(clause[m.end() : m.end() + _AFTER]) for m in _NEEDED.finditer(clause) for thing in claim.needed)


def contradicts(said: str, sentence: str) -> bool:
    """Whether a sentence of law speaks of the same thing with the opposite sign: a duty that it lifts, a denial that it lifts, a word that it negates.

    At least three content words must be shared.
    """
    mine, theirs = set(terms(said)), set(terms(sentence))
    if opposite := _opposite_words(said, sentence):
        return len((mine & theirs) - opposite) >= _SHARED - 1
    if len(mine & theirs) < _SHARED or _for_others(sentence, said):
        return False
    if bar := _BAR.search(said):
        return not _BOUND.search(said[: bar.start()]) and bool(_PROTECTS.search(sentence)) and not _same_bar(sentence)
    if _FREED.search(said):
        return False
    return bool((_DUTY.search(said) and _NO_DUTY.search(sentence)) or (_LOST.search(said) and _KEPT.search(sentence)))


def _same_bar(sentence: str) -> bool:
    """Whether the law says the same no: "shall not employ any child"."""
    return bool(re.search(r"\b(?:shall|may|must|is|are) not\b|\bno (?:person|employer|agency)\b", sentence)) and not re.search(
        r"\b(?:regardless|irrespective|whether or not|entitled|right)\b", sentence, re.IGNORECASE
    )


def _opposite_words(said: str, sentence: str) -> set[str]:
    """Words of the premise that the law has only with a prefix that turns them round, and the other way about: relevant, irrelevant."""
    mine, theirs = set(re.findall(r"\w+", fold(said))), set(re.findall(r"\w+", fold(sentence)))
    turned = {_OPPOSITE.sub("", word): word for word in theirs if len(word) > 7 and _OPPOSITE.match(word)}
    return {word for word in mine if len(word) > 5 and word in turned and word not in theirs and turned[word] not in mine}
