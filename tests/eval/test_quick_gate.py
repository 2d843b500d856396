"""The quick gate of CI: open for the product as it is, closed for planted regressions."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.testing.mock_model import running_mock_model
from eval.__main__ import main
from eval.datasets import QuestionSet, load_sample
from eval.gate import THRESHOLDS, check, verdict
from eval.instance import Instance, Keep, Row
from eval.run import measure
from eval.workspace import Workspace

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("in_this_process")]
THRESHOLDS_OF = tomllib.loads(THRESHOLDS.read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class ShuffledInstance(Instance):
    """The product with a planted fault: the right passages in a random order."""

    def search(
        self, queries: Sequence[tuple[str, str]], *, limit: int, keep: Keep = dict
    ) -> list[Row]:
        chance = random.Random(1)

        def shuffled(row: Row) -> Row:
            chance.shuffle(row["results"])
            for rank, result in enumerate(row["results"], 1):
                result["rank"] = rank
            return keep(row)

        return Instance.search(self, queries, limit=limit, keep=shuffled)


@dataclass(frozen=True, slots=True)
class ShuffledWorkspace(Workspace):
    def instance(self, questions: QuestionSet) -> Instance:
        right = Workspace.instance(self, questions)
        return ShuffledInstance(right.data_dir, right.variables)


def test_the_quick_gate_is_open(sample_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["gate", "--quick", "--work", str(sample_work)])

    assert code == 0, capsys.readouterr().out


def test_a_shuffled_ranking_closes_it(sample_work: Path) -> None:
    measured = measure(ShuffledWorkspace(sample_work, {}), [load_sample()], with_answers=False)
    outcome = check(measured, THRESHOLDS_OF)

    assert not outcome.is_open
    assert "Corpus d'exemple : nDCG parmi 10 vaut" in verdict(outcome)


def test_a_model_that_cites_the_wrong_passages_closes_it(
    sample_work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    thresholds = sample_work / "sample.toml"
    thresholds.write_text(
        "slices = {}\n[sets.sample.least]\npage_cited = "
        f"{THRESHOLDS_OF['sets']['sample']['least']['page_cited']}\n",
        "utf-8",
    )
    with running_mock_model() as model:
        monkeypatch.setenv("ASSISTANT_MODEL_URL", model.url)
        monkeypatch.setenv("ASSISTANT_MODEL_NAME", "mock-shuffled")
        code = main(
            ["gate", "--quick", "--work", str(sample_work), "--thresholds", str(thresholds)]
        )

    assert code == 1
    assert "Bonne page citée vaut" in capsys.readouterr().out
