"""Text of a DOCX file that its reader does not see: hidden, white on the page, without size.

White text is only taken for hidden where nothing may lie under it: no shading, text box or picture.
"""

from __future__ import annotations

import re
from typing import Any

from ingest.parsers.office.look import PLAIN, Look

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ANCHOR = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}anchor"
_WHITE = re.compile(r"(?:f[0-9a-f]){3}", re.I)
_LEAST_HALF_POINTS = 4
_MAX_PARENTS = 20
_OFF = frozenset({"0", "false", "off", "none"})
_NO_FILLS = frozenset({"", "auto"})
_HOLDERS = ("p", "tc", "tbl")


def drop_hidden(root: Any, *, styles: Any) -> tuple[bool, bool]:
    """Remove hidden runs from a part of a document.

    Args:
        root: The part, changed in place.
        styles: Root of the styles, None where there are none.

    Returns:
        Whether a run was removed, and whether any of them held text.
    """
    known = _looks(styles)
    has_ground = _is_coloured(root)
    hidden = [
        run
        for run in root.iter(f"{_WORD}r")
        if _look_of(run, known=known, has_ground=has_ground).is_hidden
        and run.find(f".//{_WORD}txbxContent") is None
    ]
    words = "".join(text.text or "" for run in hidden for text in run.iter(f"{_WORD}t"))
    for run in hidden:
        run.getparent().remove(run)
    return bool(hidden), bool(words.strip())


def _look_of(run: Any, *, known: dict[str, Look], has_ground: bool) -> Look:
    own = _own_look(run.find(f"{_WORD}rPr"))
    paragraph = next(run.iterancestors(f"{_WORD}p"), None)
    style = _value(run, f"{_WORD}rPr/{_WORD}rStyle")
    below = _value(paragraph, f"{_WORD}pPr/{_WORD}pStyle") if paragraph is not None else ""
    look = own.over(known.get(style, PLAIN)).over(known.get(below, PLAIN))
    if not look.is_white or look.has_ground:
        return look
    return Look(has_ground=has_ground or _is_over(run, known=known)).over(look)


def _is_over(run: Any, *, known: dict[str, Look]) -> bool:
    """True where what holds a run gives it a ground of its own, or may do so."""
    if next(run.iterancestors(f"{_WORD}txbxContent"), None) is not None:
        return True
    holders = (holder for kind in _HOLDERS for holder in run.iterancestors(f"{_WORD}{kind}"))
    for holder in holders:
        style = _value(holder, f"{_WORD}tblPr/{_WORD}tblStyle")
        shadings = (holder.find(f"{_WORD}{name}/{_WORD}shd") for name in ("pPr", "tcPr", "tblPr"))
        if any(map(_is_filled, shadings)) or known.get(style, PLAIN).has_ground:
            return True
    return False


def _is_coloured(root: Any) -> bool:
    is_page = root.find(f"{_WORD}background") is not None
    return is_page or any(
        anchor.get("behindDoc") not in {None, *_OFF} for anchor in root.iter(_ANCHOR)
    )


def _looks(styles: Any) -> dict[str, Look]:
    if styles is None:
        return {}
    found = {style.get(f"{_WORD}styleId", ""): style for style in styles.iter(f"{_WORD}style")}
    return {name: _inherited(style, found=found) for name, style in found.items()}


def _inherited(style: Any, *, found: dict[str, Any]) -> Look:
    look, current = PLAIN, style
    for _ in range(_MAX_PARENTS):
        ground = any(map(_is_filled, current.iter(f"{_WORD}shd")))
        look = look.over(_own_look(current.find(f"{_WORD}rPr"))).over(Look(has_ground=ground))
        current = found.get(_value(current, f"{_WORD}basedOn"))
        if current is None:
            break
    return look


def _own_look(properties: Any) -> Look:
    if properties is None:
        return PLAIN
    hiding, colour = properties.find(f"{_WORD}vanish"), properties.find(f"{_WORD}color")
    size = _value(properties, f"{_WORD}sz")
    highlight = _value(properties, f"{_WORD}highlight")
    is_filled = _is_filled(properties.find(f"{_WORD}shd"))
    return Look(
        is_off=None if hiding is None else hiding.get(f"{_WORD}val", "1") not in _OFF,
        is_white=None if colour is None else bool(_WHITE.fullmatch(colour.get(f"{_WORD}val", ""))),
        is_tiny=int(size) < _LEAST_HALF_POINTS if size.isdigit() else None,
        has_ground=is_filled or highlight not in {"", "none", "white"},
    )


def _is_filled(shading: Any) -> bool:
    if shading is None:
        return False
    fill = str(shading.get(f"{_WORD}fill", "")).lower()
    is_patterned = shading.get(f"{_WORD}val", "clear") not in {"clear", "nil"}
    return is_patterned or (fill not in _NO_FILLS and _WHITE.fullmatch(fill) is None)


def _value(element: Any, path: str) -> str:
    found = element.find(path)
    return str(found.get(f"{_WORD}val", "")) if found is not None else ""
