"""Locators as compact JSON.

`{"p":[page…],"o":[offset where each page begins…],"b":[[page,left,top,right,bottom]…],"s":[heading…],
"f":first block,"l":last block,"sheet":…,"slide":…,"part":…,"cells":…,"c":confidence}`
"""

from __future__ import annotations

import json
from typing import Any

from assistant.adapters.sql.columns import to_json
from ingest.model import Box, Locator, Place


def locator_fields(locator: Locator) -> dict[str, Any]:
    """A locator as a JSON value; empty parts are left out."""
    fields: dict[str, Any] = {"f": locator.first_block, "l": locator.last_block}
    if locator.pages:
        fields["p"] = locator.pages
    if locator.page_starts:
        fields["o"] = locator.page_starts
    if locator.boxes:
        fields["b"] = [
            (box.page, box.left, box.top, box.right, box.bottom) for box in locator.boxes
        ]
    if locator.section:
        fields["s"] = locator.section
    place = locator.place
    optional = {
        "sheet": place.sheet,
        "slide": place.slide,
        "part": place.part,
        "cells": locator.cells,
        "c": locator.confidence,
    }
    return fields | {key: value for key, value in optional.items() if value not in ("", 0, None)}


def locator_of(fields: dict[str, Any]) -> Locator:
    """The locator of a JSON value."""
    return Locator(
        pages=tuple(fields.get("p", ())),
        boxes=tuple(Box(*box) for box in fields.get("b", ())),
        section=tuple(fields.get("s", ())),
        first_block=fields["f"],
        last_block=fields["l"],
        place=Place(fields.get("sheet", ""), fields.get("slide", 0), fields.get("part", "")),
        cells=fields.get("cells", ""),
        confidence=fields.get("c"),
        page_starts=tuple(fields.get("o", ())),
    )


def dump_locator(locator: Locator) -> str:
    """A locator as text."""
    return to_json(locator_fields(locator))


def load_locator(text: str) -> Locator:
    """The locator of a text made by `dump_locator`."""
    return locator_of(json.loads(text))
