"""The catalogue of the interface."""

from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ui.messages import catalogue, counted, date_label, duration, moment_label, number, text

UI = Path(__file__).parents[2] / "ui"
FAMILIES = {
    "kind", "format", "month", "answer", "document", "documents", "jobs", "session", "links", "source",
    "measure", "outcome", "run", "nav", "role", "standing", "members", "groups", "audience", "collections",
    "logo", "tenants", "organisation_kind", "organisation_state", "organisation_move", "quota", "zone",
    "permission", "account", "feedback", "feedback_reason", "usage", "unit", "comparison", "act",
    "audit_detail", "audit", "generations", "corpus", "corpus_finding", "kept_questions", "sources",
}  # fmt: skip
"""Tables whose keys are built from a value of the API."""


def test_every_text_asked_for_exists() -> None:
    source = "".join(path.read_text("utf-8") for path in UI.glob("*.py"))
    asked = set(re.findall(r'\btext\(\s*"([a-z_]+\.[a-z_]+)"', source))
    forms = set(re.findall(r'\bcounted\(\s*"([a-z_]+\.[a-z_]+)"', source))

    assert asked <= set(catalogue())
    assert {f"{key}_{form}" for key in forms for form in ("one", "many")} <= set(catalogue())


def test_no_text_is_left_over() -> None:
    source = "".join(path.read_text("utf-8") for path in UI.glob("*.py"))

    def is_used(key: str) -> bool:
        table, name = key.split(".")
        stem = name.removesuffix("_none").removesuffix("_one").removesuffix("_many")
        return f'"{table}.{stem}"' in source or f'"{stem}"' in source or table in FAMILIES

    unused = [key for key in catalogue() if not is_used(key)]

    assert unused == []


def test_sentences_are_well_formed() -> None:
    for key, sentence in catalogue().items():
        assert sentence.strip() == sentence, key
        assert "\n" not in sentence, key
        list(string.Formatter().parse(sentence))


@pytest.mark.parametrize("zone", [None, "", "Nulle/Part", "../etc", "Europe/"])
def test_an_unknown_time_zone_is_that_of_the_machine(zone: str | None) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    here = f"{noon.astimezone():%H h %M}".lstrip("0")

    assert moment_label(noon, zone=zone) == f"2 mars 2026 à {here}"
    assert moment_label(noon, zone="Indian/Reunion") == "2 mars 2026 à 16 h 00"


def test_counted_takes_the_right_form() -> None:
    assert counted("source.panel", 1) == "Source citée"
    assert counted("source.panel", 3) == "3 sources citées"


def test_text_refuses_an_unknown_key() -> None:
    with pytest.raises(KeyError):
        text("no.such")


@pytest.mark.parametrize(
    ("value", "shown"), [(0.54, "0,5"), (3, "3"), (12.6, "13"), (12000, "12\u202f000")]
)
def test_number_is_french(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "1 s"), (42, "42 s"), (59.8, "1 min"), (600, "10 min"), (4000, "1 h 07")],
)
def test_duration_is_rounded_for_people(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_date_label_is_french() -> None:
    assert date_label(date(2024, 8, 1)) == "1er août 2024"
    assert date_label(None) == ""
