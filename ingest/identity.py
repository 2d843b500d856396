"""Title and administrative kind of a document, from its own words before its file name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ingest.cleaning import fold, one_line
from ingest.model import Block, BlockKind, DocumentKind
from ingest.parsers.draft import Draft
from ingest.parsers.headings import is_plausible_heading

_MAX_TITLE_CHARS = 200
_FIRST_BLOCKS = 14
_LONE_CHARS = 28
_GENERIC = re.compile(
    r"^(?:republique francaise|liberte|prefet|prefecture|departement|"
    r"(?:region|mairie|commune|ville|communaute)\b(?!.*(?:conseil|seance|proces|compte|deliberation)).{0,60}$|"
    r"table des matieres|sommaire|ordre du jour|contents|glossaire|preambule|introduction|extrait du registre|"
    r"direction|service|ministere|canton|arrondissement|annexes?$|page|suivi du document|n°|nom\b|objet\s*:?$|"
    r"convocation du|date de|nombre de|mots?[ -]cles?|liste des participants|participants|presents|avertissement|resume$|"
    r"vu\b|le maire|le prefet|arrete\s*:?$|arretent?\s*:?$|article|visioconference)",
)
_JUNK_TITLE = re.compile(
    r"microsoft|powerpoint|\.(?:docx?|odt|pdf|indd|pptx?|xlsx?)\b|untitled|sans titre|^document\d*$|^\W*$|^titre$|^word$|^scan",
    re.I,
)
_OBJECT = re.compile(r"^objet\s*:\s*(.{8,})", re.I | re.S)
_CONTINUED = re.compile(
    r"^(?:n\s?[°ºo]|du |de |des |relati|portant|sur |pour |conseil|seance|réunion|\d)", re.I
)
_KINDS: tuple[tuple[DocumentKind, re.Pattern[str]], ...] = (
    (
        DocumentKind.COMPTE_RENDU,
        re.compile(
            r"compte[ s]*-?[ ]?rendu|proces[ -]verba|\bpv\b|\bcr\b|releve de (?:conclusions|decisions)|conseil municipal d[ue]\b"
        ),
    ),
    (DocumentKind.DELIBERATION, re.compile(r"deliberation")),
    (DocumentKind.ARRETE, re.compile(r"\barrete[s]?\b|\bart_?\d")),
    (DocumentKind.CONVENTION, re.compile(r"\bconventions?\b|\bavenant\b")),
    (
        DocumentKind.REGLEMENT,
        re.compile(r"\breglement\b(?! d'urbanisme)|cadre d'intervention|\bfiche action\b"),
    ),
    (
        DocumentKind.SCHEMA,
        re.compile(r"\bschema\b|\bsraddet\b|\bplan regional\b|\bsrdeii\b|\bprogramme regional\b"),
    ),
    (
        DocumentKind.GUIDE,
        re.compile(r"\bguide\b|\bmanuel\b|mode d'emploi|\bnotice\b|\bmethodologie\b"),
    ),
    (DocumentKind.NOTE, re.compile(r"\bnote\b|\bcirculaire\b|\binstruction\b")),
)
_HEAD_CHARS = 700


def find_title(draft: Draft, *, name: str) -> tuple[str, bool]:
    """The title of a document and whether it was found inside.

    The first telling heading, else the object of an act, else the metadata, else a first short line,
    else the file name without extension.
    """
    first = _first_blocks(draft)
    candidates = (
        _first_heading(first),
        _declared(draft.declared_title, name=name),
        _first_object(first),
        _first_line(first),
    )
    for candidate in candidates:
        if candidate:
            return _shortened(candidate), True
    return _shortened(title_of_name(name)), False


def title_of_name(name: str) -> str:
    """A readable title from a file name: no folder, no extension, no underscores. Never empty."""
    stem = PurePosixPath(name.replace("\\", "/")).name
    suffix = PurePosixPath(stem).suffix
    if suffix and len(suffix) <= 9 and len(suffix) < len(stem):
        stem = stem[: -len(suffix)]
    return one_line(re.sub(r"[_]+", " ", stem)) or "Document sans titre"


def find_kind(*, title: str, text: str, name: str) -> DocumentKind:
    """The administrative kind: the first telling word of the title, else of the first lines, else of the name."""
    for source in (title, text[:_HEAD_CHARS], re.sub(r"[_\W]+", " ", PurePosixPath(name).stem)):
        folded = fold(one_line(source))
        found = [
            (match.start(), order, kind)
            for order, (kind, pattern) in enumerate(_KINDS)
            if (match := pattern.search(folded)) is not None
        ]
        if found:
            return min(found)[2]
    return DocumentKind.OTHER


def _first_blocks(draft: Draft) -> list[Block]:
    blocks = [block for block in draft.blocks if block.box is None or block.box.page <= 2]
    return [block for block in blocks if block.kind is not BlockKind.TABLE][:_FIRST_BLOCKS]


def _first_heading(blocks: list[Block]) -> str:
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.HEADING and _is_telling(block.text):
            return _completed(blocks, index=index)
    return ""


def _completed(blocks: list[Block], *, index: int) -> str:
    """A heading such as "Arrêté" or "Standard" alone goes on with the line that follows it."""
    text = blocks[index].text
    if len(text) > _LONE_CHARS or index + 1 >= len(blocks):
        return text
    following = blocks[index + 1]
    is_short = len(following.text) <= 150 and following.kind is not BlockKind.LIST_ITEM
    if is_short and (following.kind is BlockKind.HEADING or _CONTINUED.match(following.text)):
        if not _GENERIC.match(fold(following.text)):
            return f"{text} {one_line(following.text)}"
    return text


def _declared(title: str, *, name: str) -> str:
    if (
        len(title) < 6
        or _JUNK_TITLE.search(title)
        or _letters(title) == _letters(PurePosixPath(name).stem)
    ):
        return ""
    return title if is_plausible_heading(title) and " " in title else ""


def _first_object(blocks: list[Block]) -> str:
    for block in blocks:
        found = _OBJECT.match(block.text)
        if found is not None:
            return one_line(found.group(1).split("\n\n")[0])
    return ""


def _first_line(blocks: list[Block]) -> str:
    for block in blocks[:6]:
        line = one_line(block.text.split("\n", maxsplit=1)[0])
        if 8 <= len(line) <= 150 and _is_telling(line) and not line.endswith("."):
            return line
    return ""


def _is_telling(text: str) -> bool:
    return len(text) >= 5 and is_plausible_heading(text) and not _GENERIC.match(fold(text))


def _letters(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


def _shortened(text: str) -> str:
    text = one_line(text)
    if len(text) <= _MAX_TITLE_CHARS:
        return text
    return text[:_MAX_TITLE_CHARS].rsplit(" ", 1)[0] + "…"
