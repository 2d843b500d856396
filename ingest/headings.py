"""What looks like a heading in French administrative writing, and what only pretends to."""

from __future__ import annotations

import re

_ROMAN = r"(?:[IVX]{1,6}|[IVX]{0,5}er)"
_ARTICLE = re.compile(
    r"^(?:article|art\.)\s+(?:[LRDA]\.?\s?)?(?:\d{1,4}(?:[.-]\d{1,3})*(?:\s?(?:er|ère|°|bis|ter|"
    r"quater))?|unique|premier|[IVX]{1,6})"
    r"(?![\w’'])",
    re.I,
)
_DIVISION = re.compile(
    rf"^(?:titre|chapitre|section|sous-section|partie|livre|annexe)\s+(?:{_ROMAN}|\d{{1,3}}|[A-Z]|préliminaire|unique)\b",
    re.I,
)
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})[.)]?\s*[-–—]?\s+(?=[^\W\d_])")
_ROMAN_NUMBERED = re.compile(r"^(?:[IVX]{1,5})\s?[.)\-–—/]\s*\S")
_ACT = re.compile(
    r"^(?:délibération|décision|arrêté|rapport|question|dossier|point)\s+n\s?[°ºo]\s*\w|"
    r"^(?:D|DM|DEL|DCM|DEC)?\s?(?:19|20)\d{2}[-/ _.]\d{1,4}\b.{0,12}(?:objet|:|[-–—])",
    re.I,
)
_OBJECT = re.compile(r"^(?:\d{1,2}\s?[-–—.)]\s?)?objet\s*:\s*\S", re.I)
_LEVELS = {
    "livre": 1,
    "partie": 1,
    "titre": 1,
    "annexe": 1,
    "chapitre": 2,
    "section": 3,
    "sous-section": 4,
}
ARTICLE_LEVEL = 5
PART_LEVEL = 4
ENACTING_PART = "Dispositif"
ACT_LEVEL = 3
_MAX_CHARS = 200
_MIN_LETTER_SHARE = 0.4
_NOT_HEADINGS = re.compile(
    r"^(?:vu|considérant|attendu|sur proposition|après en avoir|le quorum|pour extrait|fait à|monsieur|madame|"
    r"mme|mmes|mr|présents?|absents?|excusés?|étaient (?:présents|absents)|secrétaire|pouvoirs?|"
    r"procurations?|votants?|arrivée d\w+|départ d\w+|(?:la )?séance (?:est )?levée|"
    r"abstentions?|nombre de|date de|"
    r"affiché|certifié|"
    r"transmis|reçu|envoyé|publié|accusé de réception|tél|fax|courriel|e-?mail|siret|page\s+\d+|"
    r"crédit)\b|^(?:votes?|pour|contre|id)\s*:|^(?:m|mm|www)\.|^http",
    re.I,
)
_DECIDES = re.compile(
    r"^(?:décide|autorise|approuve|dit que|fixe|charge|donne|adopte|précise|prend acte|demande|"
    r"accepte|rappelle)\b",
    re.I,
)
_DECIDING = re.compile(
    r"(?:DÉCIDE|AUTORISE|APPROUVE|S['’]ENGAGE|ADOPTE|PREND ACTE)\b|après en avoir délibéré"
)
_SENTENCE_INSIDE = re.compile(r"[a-zà-ÿ»)]{3}[.;] +[A-ZÀ-Þ«]")
_MAX_DECIDING_CHARS = 24


_PARTS = (
    (
        "Visas",
        re.compile(r"^[-–•*]?\s*V[Uu]\s*:?\s+(?:[Ll](?:es?\b|a\b|['’])|[Ll]['’]|ensemble\b|que\b)"),
    ),
    ("Considérants", re.compile(r"^[-–•*]?\s*(?:C(?:ONSID[ÉE]RANT|onsidérant))\b(?!e)")),
    (
        ENACTING_PART,
        re.compile(
            r"^(?:(?:ARR[ÊE]TE(?:NT)?|D[ÉE]CIDE(?:NT)?|D[ÉE]LIB[ÈE]RE(?:NT)?)\s*:?\s*$|"
            r"(?:L[ea] (?:conseil|comité|bureau|commission|assemblée)\b.{0,120}?,?\s+)?"
            r"[Aa]près en avoir délibéré)",
            re.S,
        ),
    ),
)


def part_label(text: str) -> str:
    """The part of an act that a text opens: Visas, Considérants or Dispositif; empty for others."""
    return next((label for label, pattern in _PARTS if pattern.match(text)), "")


def article_label(text: str) -> str:
    """The words that name an article at the start of a text ("Article 3"), empty when there are none."""
    found = _ARTICLE.match(text)
    if found is None:
        return ""
    following = text[found.end() :].lstrip()
    starts_clause = (
        not following
        or following[0] in ":.-–—•)"
        or following[0].isupper()
        or "\n" in text[found.end() : found.end() + 2]
    )
    return found.group().strip() if starts_clause else ""


def is_structural_heading(text: str) -> bool:
    """True when the words alone make a heading: an article, a division, the number or object of an act."""
    if len(text) > _MAX_CHARS or text.rstrip().endswith((";", ",")):
        return False
    if _DIVISION.match(text) or _ACT.match(text) or _OBJECT.match(text):
        return not _SENTENCE_INSIDE.search(text)
    label = article_label(text)
    if not label:
        return False
    rest = text[len(label) :].strip(" :.-–—")
    return (
        len(rest) <= 100 and not text.rstrip().endswith(".") and not _SENTENCE_INSIDE.search(text)
    )


def is_plausible_heading(text: str) -> bool:
    """False for what a layout engine takes for a heading and is none: names, visas, votes, sentences."""
    letters = sum(char.isalpha() for char in text)
    compact = len(text.replace(" ", "")) or 1
    if len(text) > _MAX_CHARS or letters < 3 or letters / compact < _MIN_LETTER_SHARE:
        return False
    if is_structural_heading(text):
        return True
    if _NOT_HEADINGS.match(text) or text.rstrip().endswith((",", ";")):
        return False
    if _DECIDES.match(text) and len(text) > _MAX_DECIDING_CHARS:
        return False
    first = next((char for char in text if char.isalnum()), "")
    if first.islower() and not re.match(r"^[a-z]\s?[.)]", text):
        return False
    if (
        (text.endswith(".") and len(text) > 60)
        or text.endswith(" :")
        or _DECIDING.search(text)
        or "€" in text
    ):
        return False
    return not _SENTENCE_INSIDE.search(text)


def names_an_act(text: str) -> bool:
    """True when the heading opens an act among others: its number, or its object."""
    return bool(_ACT.match(text) or _OBJECT.match(text))


def is_numbered(text: str) -> bool:
    """True when the heading carries a number that sets its depth."""
    return bool(_NUMBERED.match(text) or _ROMAN_NUMBERED.match(text) or _DIVISION.match(text))


def heading_level(text: str, *, default: int) -> int:
    """Depth of a heading from its own words: "1.2.3" is 3, an article is deepest, else the default."""
    if article_label(text):
        return ARTICLE_LEVEL
    division = _DIVISION.match(text)
    if division is not None:
        return _LEVELS.get(text.split(maxsplit=1)[0].lower(), default)
    if names_an_act(text):
        return ACT_LEVEL
    numbered = _NUMBERED.match(text)
    if numbered is not None:
        return numbered.group(1).count(".") + 1
    if _ROMAN_NUMBERED.match(text):
        return 1
    return default
