"""The title of a document, chosen among its first lines by what titles of administrative papers look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ingest.cleaning import fold, one_line
from ingest.draft import Draft
from ingest.headings import is_numbered, is_plausible_heading
from ingest.model import Block, BlockKind

_MAX_TITLE_CHARS = 200
_FIRST_BLOCKS = 14
_FIRST_ROWS = 6
_MAX_LINE_CHARS = 170
_MAX_ACT_CHARS = 900
"""Of a paragraph that begins with the number of an act; cut to the length of a title."""
_MAX_JOINED_CHARS = 120
_MAX_JOINED_LINES = 4
_RUNNING_CHARS = 400
_RUNNING_LINE_CHARS = 90
"""A longer line of a paragraph of so many letters is the beginning of a sentence."""
_SUBTITLED_CHARS = 28
_SUBTITLE_CHARS = 80
_LEAST_CONFIDENCE = 0.75
_LEAST_SCORE = -1.0
"""Below, a line of the document tells less than the name of its file."""
_LONE_CHARS = 45
_GENERIC = re.compile(
    r"^(?:republique|liberte|egalite|fraternite|prefet|departement|tete d'analyse|"
    r"(?:region|mairie|commune|ville|communaute|agence|institut|l'institut|centre|conseil national)\b"
    r"(?!.*(?:conseil (?:mun|com|reg|dep)|seance|proces|compte|deliberation)).{0,80}$|"
    r"table des matieres|sommaire|ordre du jour\s*:?$|contents|glossaire|preambule|introduction|contexte$|"
    r"extrait du registre|direction|service|unite|ministere|canton|arrondissement|annexes?$|page\b|"
    r"suivi du document|diapositive \d+$|"
    r"n°|nom\b|objet\s*:?$|convocation du|date\b|nombre de|mots?[ -]cles?|liste des participants|"
    r"participants|presents|"
    r"avertissement|resume$|vu\b|le maire|le prefet|la prefete|l'administratrice|arrete\s*:?$|"
    r"arretent?\s*:$|article|"
    r"visioconference|groupe de travail|version|credit|legende|lot n|rubrique|accusse|reference|ref\b|"
    r"acronymes|annexes? (?:n\W{0,2})?\w{1,3}$|dispositions generales$|rappels?(?: du| des| de la)? \w+$|"
    r"decrets, arretes|nor\s?:|pole\b|bureau\b|messieurs|mesdames|cabinet\b|"
    r"le conseil (?:municipal|regional|communautaire)\b.{0,12}$|\d+eme legislature|textes generaux|"
    r"fiche analytique)",
)
_JUNK = re.compile(
    r"microsoft|powerpoint|\.(?:docx?|odt|pdf|indd|pptx?|xlsx?)\b|untitled|sans titre|^document\d*$|"
    r"^\W*$|^titre$|"
    r"^word$|^scan|https?:|www\.|/[a-z][\w-]*/|@|^\W*[-–—•]",
    re.I,
)
_FILE_LIKE = re.compile(r"\w+[-_]\w+[-_]\w+[-_]\d")
_TELLING = re.compile(
    r"^(?:l[ea]s? )?(?:compte[ s-]*rendu|cr d|proces[ -]verba|pv d|deliberation|decision n|"
    r"arrete(?! ?$)|convention|avenant|reglement|"
    r"schema|guide|manuel|notice|standard|geostandard|plan\b|charte|rapport|repertoire|recueil|"
    r"attestation|certificat|ordre du jour d|reunion (?:pleniere|publique|du |de |d')|"
    r"decret|circulaire|"
    r"note\b|fiche|cadre d'intervention|dispositif|liste des deliberations|conseil (?:mun|com|reg|dep)|"
    r"(?:commune|ville|mairie) .{0,40}conseil municipal d|seance|invitation|appel a|prescriptions|"
    r"question ecrite|commission|demande|dossier)"
)
_UMBRELLA = re.compile(r"^programme")
"""What names the frame of a document as often as the document."""
_NUMBERED_ACT = re.compile(
    r"^(?:arrete|decret|deliberation|decision|circulaire|loi|ordonnance)s?\b.{0,40}?\bn\s?[°ºo]\s?\S*\d"
)
_TAIL = re.compile(r"^(?:du|de|des|d'|et|sur|a|au|aux)\b|^[^\w«\"]")
"""How the second half of something begins, never a title."""
_SECTION = re.compile(r"^\d{1,2}(?:\.\d{1,2})*[.)]\s")
_PAGE_OF = re.compile(r"^(?:page\s)?\d{1,3}\s?/\s?\d{1,3}$", re.I)
_LEAD = re.compile(r"^acte administratif n\s?[°ºo]\s?\S+\s+(?=\S)", re.I)
_PLACE = re.compile(r"\s*[-–—,:]?\s*\{[^{}]*\}")
"""A place to be filled, with what joins it to the words before."""
_TITLE_ROW = re.compile(r"^(?:titre|intitule)\b")
_OBJECT = re.compile(r"^objet\s*:\s*(.{8,})", re.I | re.S)
_CONTINUED = re.compile(
    r"^(?:n\s?[°ºo]|du |de |des |d['’]|relati|portant|sur |pour |conseil|seance|séance|instaurant|"
    r"modifiant|"
    r"fixant|autorisant|réglementant|relatif|\d|(?:lun|mar|mercre|jeu|vendre|same)di\s\d)",
    re.I,
)
_CUT = re.compile(
    r"\s+(?:nombre de conseillers|l['’]an (?:deux|20\d\d)|présents?\s*:|date de (?:la )?convocation|"
    r"étaient présents).*$",
    re.I | re.S,
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    score: float
    block: int = -1
    """Index of its block among the first ones, -1 when it is not a line of the document."""


def find_title(draft: Draft, *, name: str) -> tuple[str, bool]:
    """The title of a document and whether it was found inside.

    Headings, short lines, the "Titre" row of a first table, the object of an act and the metadata
    compete; early lines that name an act or a type of document win. The file name comes last.
    """
    blocks = _first_blocks(draft)
    candidates = [*_line_candidates(blocks), *_declared_candidates(draft.declared_title, name=name)]
    best = max(candidates, key=lambda candidate: candidate.score, default=None)
    if best is None or best.score < _LEAST_SCORE:
        return _shortened(title_of_name(name)), False
    completed = _completed(best, blocks=blocks, candidates=candidates)
    return _shortened(_with_name(completed, name=name)), True


def _with_name(title: str, *, name: str) -> str:
    """One word, such as "Attestation", tells too little: the name of the file follows as a hint."""
    hint = title_of_name(name)
    if " " in title or " " not in hint or fold(title) in fold(hint):
        return title
    return f"{title} — {hint}"


def title_of_name(name: str) -> str:
    """A readable title from a file name: no folder, no extension, no underscores. Never empty."""
    stem = PurePosixPath(name.replace("\\", "/")).name
    suffix = PurePosixPath(stem).suffix
    if suffix and len(suffix) <= 9 and len(suffix) < len(stem):
        stem = stem[: -len(suffix)]
    return one_line(re.sub(r"[_]+", " ", stem)) or "Document sans titre"


def _first_blocks(draft: Draft) -> list[Block]:
    early = (block for block in draft.blocks if block.place.slide < 2)
    return [block for block in early if block.box is None or block.box.page <= 2][:_FIRST_BLOCKS]


def _line_candidates(blocks: list[Block]) -> Iterator[_Candidate]:
    noises = 0
    for index, block in enumerate(blocks):
        is_later = block.box is not None and block.box.page > 1
        penalty = 0.35 * (index - noises) + (2 if is_later else 0)
        if block.table is not None and block.table.sheet_rows:
            return
        if _is_noise(block):
            noises += 1
            continue
        if block.table is not None:
            rows = (block.table.header, *block.table.rows)[:_FIRST_ROWS]
            yield from _row_candidates(rows, block=index, penalty=penalty)
            continue
        found = _OBJECT.match(block.text)
        if found is not None:
            yield _Candidate(one_line(found.group(1).split("\n\n")[0]), 5 - penalty, index)
            continue
        for line in _lines(block):
            yield from _candidate(line, block=index, penalty=penalty, kind=block.kind)


def _lines(block: Block) -> Iterator[str]:
    """What of a block may be a title: all of a short one, each of its first lines, the head of an act."""
    lines = block.text.split("\n")
    joined = _LEAD.sub("", one_line(block.text))
    if 1 < len(lines) <= _MAX_JOINED_LINES and len(joined) <= _MAX_JOINED_CHARS:
        yield joined
    if len(joined) <= _MAX_ACT_CHARS and _NUMBERED_ACT.match(fold(joined)):
        yield _shortened(joined)
    is_running_text = len(joined) > _RUNNING_CHARS and block.kind is not BlockKind.HEADING
    longest = _RUNNING_LINE_CHARS if is_running_text else len(joined)
    yield from (line for line in lines[:4] if len(line) <= longest)


def _is_noise(block: Block) -> bool:
    """True for lines of a sheet, letterheads, and what was badly read from an image."""
    if _is_sheet_text(block):
        return True
    if block.confidence is None or block.table is not None:
        return False
    words = block.text.split()
    odd = sum(len(word) == 1 and not word.isdigit() for word in words)
    return (
        block.confidence < _LEAST_CONFIDENCE
        or 4 * odd > len(words)
        or all(_GENERIC.match(fold(_without_specks(line))) for line in block.text.split("\n"))
    )


def _without_specks(line: str) -> str:
    """A line read from an image, without what a logo beside it left at its start."""
    return re.sub(r"^(?:\W+|(?!L[EA]\b|D[EU]\b|A[UX]\b|UN\b)[A-Z]{1,2}\s)+(?=\w)", "", line)


def _is_sheet_text(block: Block) -> bool:
    """True for lines of a sheet and for its name; only a heading above its first table may be a title."""
    is_title = block.kind is BlockKind.HEADING and block.text != block.place.sheet
    return bool(block.place.sheet) and not is_title


def _row_candidates(
    rows: tuple[tuple[str, ...], ...], *, block: int, penalty: float
) -> Iterator[_Candidate]:
    for row in rows:
        cells = [cell for cell in row if cell]
        if len(cells) == 2 and _TITLE_ROW.match(fold(cells[0])) and len(cells[1]) > 5:
            yield _Candidate(cells[1], 7 - penalty, block)
            continue
        for cell in cells[:2]:
            found = _OBJECT.match(cell)
            if found is not None:
                yield _Candidate(found.group(1), 5 - penalty, block)
            elif _TELLING.match(fold(cell)):
                yield from _candidate(cell, block=block, penalty=penalty, kind=BlockKind.TABLE)


def _candidate(text: str, *, block: int, penalty: float, kind: BlockKind) -> Iterator[_Candidate]:
    line = _LEAD.sub("", _CUT.sub("", one_line(text)))
    folded = fold(line)
    is_telling = bool(_TELLING.match(folded))
    line = line.rstrip(".") if is_telling else line
    is_whole = kind is BlockKind.HEADING or bool(_NUMBERED_ACT.match(folded))
    is_short = 5 <= len(line) <= (400 if is_whole else _MAX_LINE_CHARS)
    if not is_short or kind is BlockKind.LIST_ITEM or _JUNK.search(line) or _GENERIC.match(folded):
        return
    if _TAIL.match(folded) or not (is_plausible_heading(line) or _NUMBERED_ACT.match(folded)):
        return
    if line.endswith("."):
        return
    is_heading = kind is BlockKind.HEADING
    score = (
        (2.5 if is_heading else 0.5)
        + ((4.0 if is_heading else 2.6) if is_telling else 0.0)
        - penalty
    )
    if _UMBRELLA.match(folded):
        score += 1.5
    if " " not in line:
        score -= 2.5
    if is_numbered(line) and not is_telling:
        score -= 2
    yield _Candidate(line, score, block)


def _declared_candidates(title: str, *, name: str) -> Iterator[_Candidate]:
    is_name = _letters(title) == _letters(PurePosixPath(name).stem)
    if (
        len(title) >= 6
        and " " in title
        and not is_name
        and not (_JUNK.search(title) or _FILE_LIKE.search(title))
        and is_plausible_heading(title)
        and not _GENERIC.match(fold(title))
    ):
        yield _Candidate(title, 1.9)


def _completed(best: _Candidate, *, blocks: list[Block], candidates: list[_Candidate]) -> str:
    """A title such as "Arrêté" alone goes on with the lines that follow it, or with the object of the act."""
    text = best.text
    if best.block < 0 or len(text) > _LONE_CHARS:
        return text
    lines = [
        _LEAD.sub("", one_line(line))
        for block in blocks[best.block : best.block + 4]
        for line in block.text.split("\n")
    ]
    following = lines[lines.index(text) + 1 :] if text in lines else []
    for position, line in enumerate(following[:4]):
        is_under = position == 0 and _is_subtitle(line, of=best, blocks=blocks)
        is_apart = _PAGE_OF.match(line) or _SECTION.match(line)
        is_continued = bool(_CONTINUED.match(line)) and not is_apart
        if not is_continued and (
            len(text) + len(line) > _MAX_TITLE_CHARS or _GENERIC.match(fold(line))
        ):
            break
        if not is_continued and not is_under:
            break
        text = f"{text} {line}"
    return text if text != best.text else _with_object(best, blocks=blocks, candidates=candidates)


def _is_subtitle(line: str, *, of: _Candidate, blocks: list[Block]) -> bool:
    """True when a line says what a few words such as "Manuel de l'opérateur" are about."""
    if len(of.text) >= _SUBTITLED_CHARS or line.endswith(".") or is_numbered(line):
        return False
    if line in {block.text for block in blocks if block.kind is BlockKind.HEADING}:
        return True
    is_type = bool(_TELLING.match(fold(of.text))) and len(line) <= _SUBTITLE_CHARS
    is_same = line in map(one_line, blocks[of.block].text.split("\n"))
    is_cover = blocks[of.block].kind is BlockKind.HEADING and len(of.text.split()) <= 2
    return is_type and (is_same or is_cover) and is_plausible_heading(line)


def _with_object(best: _Candidate, *, blocks: list[Block], candidates: list[_Candidate]) -> str:
    for candidate in candidates:
        is_near = 0 <= candidate.block - best.block <= 2
        if (
            is_near
            and candidate != best
            and _is_object(candidate.text, block=blocks[candidate.block])
        ):
            return f"{best.text} — {candidate.text}"
    return best.text


def _is_object(text: str, *, block: Block) -> bool:
    return bool(re.search(r"objet\s*:\s*" + re.escape(text[:40]), one_line(block.text), re.I))


def _letters(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


def _shortened(text: str) -> str:
    text = _PLACE.sub("", one_line(text)).rstrip(" .:–—-")
    if len(text) <= _MAX_TITLE_CHARS:
        return text
    return text[:_MAX_TITLE_CHARS].rsplit(" ", 1)[0] + "…"
