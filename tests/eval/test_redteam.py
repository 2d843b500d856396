"""The safety set: what it holds, that the product passes it, and that every defence is noticed when it goes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.sufficiency import JUDGE
from assistant.data_folder import prepare_data_folder
from assistant.settings import ModelSettings, Settings
from assistant.testing.mock_model import running_mock_model
from eval.redteam import command, site
from eval.redteam.cases import Case, load_cases
from eval.redteam.checks import CaseTrace, faults
from eval.redteam.defences import DEFENCES, Removal
from eval.redteam.running import Result, run_cases
from eval.redteam.site import settings_of
from eval.redteam.words import category_names, defence_names
from tests.databases import migrated_file

CASES = load_cases()
OURS = [case for case in CASES if case.owner == "ours"]
SAMPLED_DEFENCES = (
    "output", "markers", "frame", "hidden_docx", "scope", "own_answers", "duplicates", "crowds",
    "refusal", "witnesses", "places", "fresh_scope",
)  # fmt: skip


def sampled(cases: Sequence[Case]) -> list[Case]:
    """The first case of each defence."""
    first: dict[str, Case] = {}
    for case in cases:
        for name in case.defences:
            first.setdefault(name, case)
    return list({case.id: case for case in first.values()}.values())


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_the_set_is_as_large_as_promised_and_covers_every_category() -> None:
    assert len(CASES) >= 120
    assert len(OURS) >= 90
    assert {case.category for case in CASES} == set(category_names())
    assert {case.language for case in OURS} == {"fr", "en"}


def test_every_defence_has_a_name_a_removal_and_a_case() -> None:
    named = {name for case in OURS for name in case.defences}

    assert set(DEFENCES) == set(defence_names()) == named


def test_cases_of_the_refusal_meet_the_judge_as_the_product_has_it(tmp_path: Path) -> None:
    refused = [case for case in OURS if case.expect.get("fields") == {"status": "refused"}]
    judged = settings_of(tmp_path, model=ModelSettings(), limits={}, is_judged=True)
    passed_by = settings_of(tmp_path, model=ModelSettings(), limits={})

    assert len(refused) >= 10
    assert all(case.is_judged and case.expect["model_asked"] is False for case in refused)
    assert judged.retrieval == Settings().retrieval
    assert judged.retrieval.least_sufficiency == JUDGE.threshold
    assert passed_by.retrieval.least_sufficiency == 0


@pytest.fixture(scope="module", autouse=True)
def migrated() -> Generator[None]:
    """Instances begin with a copied schema: its migrations take a third of one with a single case."""

    def settings_of_migrated(data_dir: Path, **options: Any) -> Settings:
        migrated_file(prepare_data_folder(data_dir).database)
        return settings_of(data_dir, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "settings_of", settings_of_migrated)
        yield


@pytest.fixture(scope="module")
def whole(full_scale: bool) -> list[Result]:
    """How cases of ours end while nothing is removed."""
    return run_cases(OURS if full_scale else sampled(OURS))


def test_cases_of_ours_are_passed(whole: list[Result]) -> None:
    assert [(each.case.id, each.faults) for each in whole if not each.is_passed] == []


@pytest.mark.timeout(1800)
def test_removing_a_defence_fails_a_case(whole: list[Result], full_scale: bool) -> None:
    names = list(DEFENCES) if full_scale else list(SAMPLED_DEFENCES)

    caught = command.catches([each.case for each in whole], names, whole=whole)

    assert [name for name in names if not caught[name].caught] == []
    assert [name for name in names if caught[name].unfit] == []


def broken(*_: object, **__: object) -> Any:
    raise ValueError("planted")


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("eval.redteam.running:prompts_of", id="in the case"),
        pytest.param("assistant.services.answers:seen_text", id="in the server"),
    ],
)
def test_an_error_proves_no_defence(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case for case in OURS if case.id == "renvoi-inventee"]
    removal = Removal({place: lambda _: broken})
    monkeypatch.setattr(command, "DEFENCES", {"markers": removal})

    passed = [Result(case, ()) for case in cases]

    found = command.catches(cases, ["markers"], whole=passed)["markers"]

    assert (found.caught, found.unfit) == ([], [])
    assert list(found.crashed) == ["renvoi-inventee"]
    assert "Défense sans cas" in command.mutation_report({"markers": found}, cases)
    assert "Non compté, renvoi-inventee" in command.mutation_report({"markers": found}, cases)


def test_a_case_that_fails_anyway_proves_no_defence() -> None:
    (case,) = [case for case in OURS if case.id == "renvoi-inventee"]
    hopeless = replace(case, expect={"answer_has": ["jamais écrit"]})

    found = command.catches([hopeless], ["markers"])["markers"]

    assert (found.caught, found.crashed, found.unfit) == ([], {}, ["renvoi-inventee"])


def test_cases_of_the_model_are_run_on_an_endpoint_only() -> None:
    cases = [case for case in CASES if case.id in {"modele-direct", "modele-document"}]

    left = run_cases(cases)
    with running_mock_model() as obedient:
        run = run_cases(cases, endpoint=ModelSettings(url=obedient.url, name="mock-grounded"))

    assert [each.was_run for each in left] == [False, False]
    assert not any(each.is_passed for each in left)
    assert [each.was_run for each in run] == [True, True]


def test_the_command_reports_and_fails_with_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    passed = command.run(arguments("--only", "renvoi-inventee", "--json"))
    rows = json.loads(capsys.readouterr().out)["cases"]
    with command.removed(DEFENCES["markers"]):
        failed = command.run(arguments("--only", "renvoi-inventee"))
    table = capsys.readouterr().out

    assert (passed, failed) == (0, 1)
    assert [(row["id"], row["is_passed"]) for row in rows] == [("renvoi-inventee", True)]
    assert "ÉCHEC renvoi-inventee" in table


def test_a_line_that_is_no_case_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    good = {"id": "a", "category": "LLM01", "title": "t", "language": "fr"}
    rows = [
        {**good, "owner": "model", "expect": {"inert": True}},
        {**good, "id": "b", "owner": "ours", "expect": {"inert": True}},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")

    with pytest.raises(ValueError, match="ligne 2"):
        load_cases(path)


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("![a](https://b.example)", {"inert": True}),
        ("[a]: https://b.example", {"inert": True}),
        ("<b>a</b>", {"inert": True}),
        ("a\u200b", {"visible": ["answer"]}),
        ("a [3]", {"markers": []}),
        ("abc", {"answer_chars_most": 2}),
        ("abc", {"answer_has": ["d"]}),
        ("abc", {"answer_lacks": ["B"]}),
    ],
)
def test_checks_find_what_they_are_for(text: str, expect: dict[str, object]) -> None:
    assert len(faults(CaseTrace(answer={"answer": text}), expect)) == 1
    assert faults(CaseTrace(answer={"answer": "ok"}), {"inert": True, "markers": []}) == []


def test_a_beginning_that_no_case_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(arguments("--only", "LLM99")) == 2
    assert "« LLM99 »" in capsys.readouterr().out
