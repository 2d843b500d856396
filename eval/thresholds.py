"""The file of thresholds: read, and refused where a name in it means nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from eval.catalogue import measure_codes, sentence
from eval.verification import FALSE_ALARMS
from eval.verification_pairs import CHANGED, KEPT

Thresholds = Mapping[str, Any]
"""`sets.<set>.least` and `.most` by measure, `loss` by measure, `slices.<set>` of the quick gate,
`verification.least` and `.most` by kind of pair."""
_SECTIONS = ("sets", "loss", "slices", "verification")
_KINDS = (*KEPT, *CHANGED, FALSE_ALARMS)
_SIDES = ("least", "most")
_CUT = ("questions", "documents", "seed")


class ThresholdsRefused(Exception):
    """A file of thresholds cannot be used; the message is a French sentence."""


def read_thresholds(path: Path) -> Thresholds:
    """The thresholds of a file.

    Raises:
        ThresholdsRefused: It is absent or no TOML, a name in it is unknown, or a limit is no number.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = sentence("thresholds_unreadable", path=str(path), reason=str(error))
        raise ThresholdsRefused(reason) from error
    _Reader(path).check(raw)
    return {"sets": {}, "slices": {}, **raw}


class _Reader:
    """Walks through a file of thresholds and stops at the first fault."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, raw: Mapping[str, Any]) -> None:
        """Raise `ThresholdsRefused` for whatever would be ignored or misread."""
        self._check_names(raw, known=_SECTIONS, place="")
        for name, limits in self._table(raw.get("sets", {}), place="sets").items():
            self._check_sides(limits, known=measure_codes(), place=f"sets.{name}")
        self._check_sides(raw.get("verification", {}), known=_KINDS, place="verification")
        self._check_limits(raw.get("loss", {}), known=measure_codes(), place="loss")
        for name, cut in self._table(raw.get("slices", {}), place="slices").items():
            self._check_cut(cut, place=f"slices.{name}")

    def _check_sides(self, limits: object, *, known: Collection[str], place: str) -> None:
        table = self._table(limits, place=place)
        self._check_names(table, known=_SIDES, place=place)
        for side, values in table.items():
            self._check_limits(values, known=known, place=f"{place}.{side}")

    def _check_cut(self, cut: object, *, place: str) -> None:
        table = self._table(cut, place=place)
        self._check_names(table, known=_CUT, place=place)
        for name in _CUT:
            if type(table.get(name)) is not int:
                self._refuse(f"{place}.{name}", "thresholds_count")

    def _check_limits(self, values: object, *, known: Collection[str], place: str) -> None:
        table = self._table(values, place=place)
        self._check_names(table, known=known, place=place)
        for name, value in table.items():
            if type(value) not in {int, float}:
                self._refuse(f"{place}.{name}", "thresholds_number")

    def _check_names(self, table: Mapping[str, Any], *, known: Collection[str], place: str) -> None:
        for name in table:
            if name in known:
                continue
            near = get_close_matches(name, known, n=3)
            told = (
                sentence("thresholds_near", names=", ".join(near))
                if near
                else sentence("thresholds_known", names=", ".join(known))
            )
            full = f"{place}.{name}" if place else name
            raise ThresholdsRefused(
                sentence("thresholds_unknown", path=str(self._path), place=full, near=told)
            )

    def _table(self, value: object, *, place: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self._refuse(place, "thresholds_table")
        return cast("Mapping[str, Any]", value)

    def _refuse(self, place: str, kind: str) -> None:
        raise ThresholdsRefused(
            sentence("thresholds_wrong", path=str(self._path), place=place, kind=sentence(kind))
        )
