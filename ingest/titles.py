"""The title of a document, chosen among its first lines by what titles of administrative papers look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ingest.cleaning import fold, one_line
from ingest.model import Block, BlockKind
from ingest.parsers.draft import Draft
from ingest.parsers.headings import is_numbered, is_plausible_heading

_MAX_TITLE_CHARS = 200
_FIRST_BLOCKS = 14
_FIRST_ROWS = 6
_MAX_LINE_CHARS = 170
_LONE_CHARS = 45
_GENERIC = re.compile(
    r"^(?:republique francaise|liberte|prefet|departement|tete d'analyse|"
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
    r"acronymes|"
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
    r"schema|guide|manuel|notice|standard|geostandard|plan\b|programme|charte|rapport|repertoire|"
    r"decret|circulaire|"
    r"note\b|fiche|cadre d'intervention|dispositif|liste des deliberations|conseil (?:mun|com|reg|dep)|"
    r"(?:commune|ville|mairie) .{0,40}conseil municipal d|seance|invitation|appel a|prescriptions|"
    r"question ecrite|commission|demande|dossier)"
)
_TITLE_ROW = re.compile(r"^(?:titre|intitule)\b")
_OBJECT = re.compile(r"^objet\s*:\s*(.{8,})", re.I | re.S)
_CONTINUED = re.compile(
    r"^(?:n\s?[°ºo]|du |de |des |d['’]|relati|portant|sur |pour |conseil|seance|séance|instaurant|"
    r"modifiant|"
    r"fixant|autorisant|réglementant|relatif|\d)",
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
    if best is None:
        return _shortened(title_of_name(name)), False
    return _shortened(_completed(best, blocks=blocks, candidates=candidates)), True


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
    for index, block in enumerate(blocks):
        penalty = 0.35 * index + (2 if block.box is not None and block.box.page > 1 else 0)
        if block.table is not None and block.table.sheet_rows:
            return
        if _is_sheet_text(block):
            continue
        if block.table is not None:
            rows = (block.table.header, *block.table.rows)[:_FIRST_ROWS]
            yield from _row_candidates(rows, block=index, penalty=penalty)
            continue
        found = _OBJECT.match(block.text)
        if found is not None:
            yield _Candidate(one_line(found.group(1).split("\n\n")[0]), 5 - penalty, index)
            continue
        for line in block.text.split("\n")[:4]:
            yield from _candidate(line, block=index, penalty=penalty, kind=block.kind)


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
    line = _CUT.sub("", one_line(text))
    folded = fold(line)
    is_short = 5 <= len(line) <= (_MAX_LINE_CHARS if kind is not BlockKind.HEADING else 400)
    if not is_short or kind is BlockKind.LIST_ITEM or _JUNK.search(line) or _GENERIC.match(folded):
        return
    if not is_plausible_heading(line) or line.endswith("."):
        return
    is_telling = bool(_TELLING.match(folded))
    is_heading = kind is BlockKind.HEADING
    score = (
        (2.5 if is_heading else 0.5)
        + ((4.0 if is_heading else 2.6) if is_telling else 0.0)
        - penalty
    )
    if " " not in line:
        score -= 1.5
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
        one_line(line)
        for block in blocks[best.block : best.block + 4]
        for line in block.text.split("\n")
    ]
    following = lines[lines.index(text) + 1 :] if text in lines else []
    for position, line in enumerate(following[:4]):
        is_heading = position == 0 and line in {
            block.text for block in blocks if block.kind is BlockKind.HEADING
        }
        if len(text) + len(line) > _MAX_TITLE_CHARS or (
            _GENERIC.match(fold(line)) and not _CONTINUED.match(line)
        ):
            break
        if not _CONTINUED.match(line) and not (is_heading and len(best.text) < 28):
            break
        text = f"{text} {line}"
    return text if text != best.text else _with_object(best, blocks=blocks, candidates=candidates)


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
    text = one_line(text).rstrip(" .:")
    if len(text) <= _MAX_TITLE_CHARS:
        return text
    return text[:_MAX_TITLE_CHARS].rsplit(" ", 1)[0] + "…"
