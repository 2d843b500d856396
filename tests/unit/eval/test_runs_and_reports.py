from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from assistant.domain.intervals import Share
from eval import gate, run
from eval.__main__ import COMMANDS, main
from eval.catalogue import command_help, measure_name
from eval.compare import changes, differences
from eval.datasets import QuestionSet, is_present
from eval.gate import THRESHOLDS as THRESHOLDS_FILE
from eval.gate import check, verdict
from eval.instance import Instance
from eval.measuring import DEPTH
from eval.refusal import MadeQuestion, summary
from eval.report import markdown, page
from eval.runs import SetResult, UnknownRun, load, save
from eval.thresholds import read_thresholds
from eval.workspace import Workspace
from tests.made_runs import QUESTIONS, made_result, made_run

GOOD = made_result([1] * 30 + [2] * 10)
SHUFFLED = made_result([1 + (number * 7) % 10 for number in range(QUESTIONS)])
THRESHOLDS = {
    "sets": {"sample": {"least": {"ndcg_10": 0.85}, "most": {}}},
    "loss": {"ndcg_10": 0.02},
}
REFUSAL = summary(
    [
        MadeQuestion(f"m{n}", n / 100, is_answerable=n % 3 == 0, is_refused=n % 7 == 0)
        for n in range(100)
    ]
)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    kept = made_run("20260101-a", {"sample": GOOD, "piaf_dev": made_result([1], refusal=REFUSAL)})
    save(kept, folder=tmp_path)

    assert load("", folder=tmp_path) == kept
    assert load("20260101", folder=tmp_path).settings_hash == kept.settings_hash


def test_a_run_that_is_unknown_ambiguous_or_of_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownRun, match="Aucune mesure"):
        load("", folder=tmp_path)
    for id in ("2026-a", "2026-b"):
        save(made_run(id, {}), folder=tmp_path)
    with pytest.raises(UnknownRun, match="2 mesures"):
        load("2026", folder=tmp_path)
    path = tmp_path / "2026-b.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"format": 0}), "utf-8")
    with pytest.raises(UnknownRun, match="version"):
        load("2026-b", folder=tmp_path)


def test_the_page_refers_to_nothing_outside_it() -> None:
    measured = made_run("2026-a", {"sample": GOOD, "piaf_dev": made_result([3], refusal=REFUSAL)})
    text = page(measured, history=[measured, made_run("2026-b", {"sample": SHUFFLED})])
    nodes = LexborHTMLParser(text).css("*")
    values = [
        (name, value or "")
        for node in nodes
        for name, value in node.attributes.items()
        if not name.startswith("xmlns")
    ]
    links = [value for name, value in values if name.endswith(("href", "src"))]

    assert [node.tag for node in nodes].count("svg") == 3
    assert [each for each in values if "//" in each[1]] == []
    assert [value for value in links if not value.startswith("#")] == []
    assert not {"script", "link", "img", "iframe"} & {node.tag for node in nodes}
    assert "@import" not in text
    assert "url(http" not in text
    assert "<la>" not in text


def test_the_report_names_what_made_the_run_and_every_figure() -> None:
    measured = made_run("2026-a", {"sample": made_result([1], refusal=REFUSAL)})
    text = markdown(measured)

    assert f"- Réglages : {measured.settings_hash}" in text
    assert "- Jeux : sample r1" in text
    assert "| nDCG parmi 10 | 1,000 | — | 1 |" in text
    assert "| Bon document au premier rang | 1,000 | 0,207 – 1,000 | 1 |" in text
    product = text.index("| Refus à tort des questions qui gardent les leurs |")
    assert product < text.index("| Refus à tort, au seuil choisi pour ce jeu |")
    assert "version plus ancienne" not in text


def test_the_gate_holds_what_the_product_refuses() -> None:
    measured = made_run("2026-a", {"sample": made_result([1], refusal=REFUSAL)})
    wrong = REFUSAL["product"]["wrong"]["value"]

    def is_open(most: float) -> bool:
        limits = {"sample": {"most": {"made_refused_wrong": most}}}
        return check(measured, {"sets": limits}).is_open

    assert 0 < wrong != REFUSAL["fitted"]["wrong"]["value"]
    assert is_open(wrong)
    assert not is_open(wrong - 0.01)


def test_a_run_from_before_the_refusals_of_the_product_is_read_and_says_so(tmp_path: Path) -> None:
    older = {key: value for key, value in REFUSAL.items() if key not in {"product", "fitted"}}
    older |= REFUSAL["fitted"]
    save(made_run("2026-a", {"sample": made_result([1], refusal=older)}), folder=tmp_path)
    found = load("", folder=tmp_path)
    text = markdown(found)

    assert "| Refus à tort, au seuil choisi pour ce jeu |" in text
    assert "| Refus à tort des questions qui gardent les leurs |" not in text
    assert "version plus ancienne : refaites-la" in text
    assert "version plus ancienne : refaites-la" in page(found, history=[found])
    limits = {"sets": {"sample": {"most": {"made_refused_wrong": 0.5}}}}
    assert "n'a pas été mesuré" in verdict(check(found, limits))


def test_changes_are_paired_and_questions_listed_by_their_change() -> None:
    better, worse = [2] * 20 + [1] * 20, [1] * 19 + [9] + [1] * 20
    found = {each.measure: each for each in changes(made_result(better), made_result(worse))}
    listed = differences(made_result(better), made_result(worse), measure="mrr")

    assert found["hit_1"].gain == pytest.approx(19 / 40 - 1 / 40 + 1 / 40)
    assert found["hit_1"].low > 0
    assert listed[0][1]["id"] == "q0"
    assert len(listed) == 20


def test_the_comparison_shows_passages_and_refuses_other_revisions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    save(made_run("2026-a", {"sample": GOOD, "piaf_dev": GOOD}), folder=runs)
    other = made_result([2] * 40, revision="r2")
    save(made_run("2026-b", {"sample": SHUFFLED, "piaf_dev": other}), folder=runs)

    assert main(["compare", "2026-a", "2026-b", "--work", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "✓ Titre d" in shown
    assert "✗ Titre x0.md, p. 1 — texte x0.md" in shown
    assert "PIAF : les deux mesures ne portent pas sur la même révision" in shown


def test_the_gate_opens_for_a_good_run_and_closes_for_a_shuffled_one() -> None:
    good, bad = made_run("2026-a", {"sample": GOOD}), made_run("2026-b", {"sample": SHUFFLED})

    assert check(good, THRESHOLDS).is_open
    closed = check(bad, THRESHOLDS, baseline=good)
    assert not closed.is_open
    assert "il en faut au moins 0,850" in verdict(closed)
    assert "par rapport à la mesure 2026-a" in verdict(closed)


def test_a_loss_within_chance_or_within_what_is_allowed_does_not_close_the_gate() -> None:
    before = made_run("2026-a", {"sample": made_result([1] * 40)})
    after = made_run("2026-b", {"sample": made_result([1] * 39 + [10])})

    assert check(after, THRESHOLDS, baseline=before).is_open


def test_the_gate_stays_closed_when_nothing_could_be_checked() -> None:
    outcome = check(made_run("2026-a", {"piaf_dev": GOOD}), THRESHOLDS, is_quick=True)

    assert not outcome.is_open
    assert "Corpus d'exemple n'est pas dans cette mesure" in verdict(outcome)
    assert "Aucun seuil" in verdict(outcome)


def test_a_set_that_is_wanted_present_and_not_measured_closes_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"least": {"ndcg_10": 0.5}}
    wanted = {"sample": limits, "piaf_dev": limits, "piaf_dev-50": limits}
    thresholds = {"slices": {"piaf_dev": {"questions": 50}}, "sets": wanted}
    found = made_run("2026-a", {"sample": GOOD})
    folder = tmp_path / "piaf_dev"
    monkeypatch.setattr(gate, "is_present", partial(is_present, shared=tmp_path))

    absent = check(found, thresholds)
    folder.mkdir()
    (folder / "corpus.jsonl").touch()
    missed, quick = check(found, thresholds), check(found, thresholds, is_quick=True)

    assert absent.is_open
    assert quick.is_open
    assert [len(each.notes) for each in (absent, missed, quick)] == [2, 1, 2]
    assert missed.reasons == ["PIAF n'est pas dans cette mesure : ses seuils ne sont pas vérifiés."]
    assert not missed.is_open


@pytest.mark.parametrize(
    ("baseline", "note"),
    [
        ({"sample": made_result([1] * 40, revision="r0")}, "autre révision du jeu"),
        ({"piaf_dev": GOOD}, "n'est pas dans la mesure de référence 2026-a"),
    ],
)
def test_a_baseline_that_checks_no_loss_closes_the_gate_and_says_why(
    baseline: dict[str, SetResult], note: str
) -> None:
    before, after = made_run("2026-a", baseline), made_run("2026-b", {"sample": GOOD})
    outcome = check(after, THRESHOLDS, baseline=before)

    assert check(after, THRESHOLDS).is_open
    assert not outcome.is_open
    assert note in outcome.notes[0]
    assert outcome.reasons == [
        "Aucune perte n'a pu être vérifiée face à la mesure de référence 2026-a."
    ]


def test_a_loss_on_too_few_questions_is_told_and_decides_nothing() -> None:
    before = made_run("2026-a", {"sample": made_result([1] * 6)})
    after = made_run("2026-b", {"sample": made_result([2] * 6)})
    outcome = check(after, {"sets": {}, "loss": {"ndcg_10": 0.02}}, baseline=before)

    assert "nDCG parmi 10 perd 0,369" in outcome.notes[0]
    assert "Non vérifié" in outcome.notes[0]
    assert [reason.partition(" ")[0] for reason in outcome.reasons] == ["Aucune"]


@pytest.mark.parametrize(("after", "closes"), [([2] * 40, True), ([2] + [1] * 5, False)])
def test_a_yes_or_no_measure_lost_at_once_closes_the_gate_and_one_question_does_not(
    after: list[int], closes: bool
) -> None:
    before = made_result([1] * len(after))
    change = {each.measure: each for each in changes(before, made_result(after))}["hit_1"]
    runs = [
        made_run("2026-a", {"sample": before}),
        made_run("2026-b", {"sample": made_result(after)}),
    ]
    outcome = check(runs[1], {"sets": {}, "loss": {"hit_1": 0.02}}, baseline=runs[0])

    assert -1 <= change.low <= change.gain < change.high <= 1
    assert change.is_firm
    assert bool(outcome.reasons) is closes


def test_a_set_beside_those_compared_with_the_baseline_is_told() -> None:
    before = made_run("2026-a", {"sample": GOOD, "aides": GOOD})
    after = made_run("2026-b", {"sample": GOOD, "piaf_dev": GOOD})
    outcome = check(after, THRESHOLDS, baseline=before)

    assert outcome.is_open
    assert [note.partition(" ")[0] for note in outcome.notes] == ["PIAF", "Aides"]


def test_a_measure_that_is_wanted_and_missing_closes_the_gate() -> None:
    thresholds = {"sets": {"sample": {"most": {"refused_wrong": 0.1}}}}
    outcome = check(made_run("2026-a", {"sample": GOOD}), thresholds)

    assert "Refus à tort n'a pas été mesuré" in verdict(outcome)
    assert not outcome.is_open


@pytest.mark.parametrize("side", ["least", "most"])
def test_a_limit_itself_is_kept(side: str) -> None:
    thresholds = {"sets": {"sample": {side: {"hit_1": 0.75}}}}

    assert check(made_run("2026-a", {"sample": GOOD}), thresholds).is_open


def test_a_kind_of_change_that_is_no_longer_found_closes_the_gate_whatever_the_others() -> None:
    thresholds = read_thresholds(THRESHOLDS_FILE)
    kinds = [*thresholds["verification"]["least"], "false_alarms"]
    good = dict.fromkeys(kinds, Share(40, 40)) | {"false_alarms": Share(0, 80)}
    lost, none = good | {"name": Share(20, 40)}, good | {"date": Share(0, 0)}
    alarmed = good | {"false_alarms": Share(9, 80)}
    limits: dict[str, object] = {"sets": {}, "verification": thresholds["verification"]}
    measured = made_run("2026-a", {"sample": GOOD})

    found = [check(measured, limits, verified=each) for each in (good, lost, none, alarmed)]

    assert (found[0].is_open, found[0].kept) == (True, 8)
    assert [each.reasons for each in found[1:]] == [
        ["Vérification des réponses : nom changé vaut 0,500, il en faut au moins 0,750."],
        ["Vérification des réponses : date changée n'a pas été mesuré."],
        [
            "Vérification des réponses : fausses alertes (les deux) vaut 0,113, il en faut au plus 0,050."
        ],
    ]


def test_the_name_of_the_recall_among_twenty_tells_how_many_passages_are_looked_at() -> None:
    assert f"au plus (documents de {DEPTH} passages)" in measure_name("recall_20")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])

    assert ended.value.code == 0
    assert command_help(name).split()[0] in capsys.readouterr().out


def test_the_history_and_the_page_are_written_for_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(made_run("2026-a", {"sample": GOOD}), folder=tmp_path / "runs")

    assert main(["report", "--list", "--work", str(tmp_path)]) == 0
    assert "| 2026-a |" in capsys.readouterr().out
    assert main(["report", "--work", str(tmp_path)]) == 0
    assert (tmp_path / "runs" / "2026-a.html").read_text("utf-8").startswith("<!doctype html>")
    assert main(["report", "2027", "--work", str(tmp_path)]) == 1


class SettingsOnly(Instance):
    """An instance that is asked for its settings and nothing else."""

    def settings(self) -> dict[str, str | int | float]:
        return {}


class EmptyWorkspace(Workspace):
    def instance(self, questions: QuestionSet) -> Instance:
        return SettingsOnly(self.root / questions.name, {})


def test_an_interruption_loses_no_set_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(_: Instance, questions: QuestionSet, **options: object) -> SetResult:
        assert options["with_answers"]
        if questions.name == "third":
            raise KeyboardInterrupt
        return GOOD

    monkeypatch.setattr(run, "measure_set", measured)
    sets = [QuestionSet(name, (), {}) for name in ("first", "second", "third")]
    with pytest.raises(KeyboardInterrupt):
        run.measure(EmptyWorkspace(tmp_path, {}), sets)

    assert list(load("", folder=tmp_path / "runs").sets) == ["first", "second"]
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_a_run_that_is_cut_while_it_is_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(made_run("2026-a", {"sample": GOOD}), folder=tmp_path)

    def cut(path: Path, text: str, encoding: str) -> int:
        with path.open("w", encoding=encoding) as file:
            file.write(text[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", cut)
    with pytest.raises(KeyboardInterrupt):
        save(made_run("2026-a", {"sample": GOOD, "piaf_dev": GOOD}), folder=tmp_path)

    assert list(load("", folder=tmp_path).sets) == ["sample"]


def test_an_unknown_set_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "pia"]) == 2
    assert "« pia » inconnu" in capsys.readouterr().out


BROKEN = {
    "empty": "",
    "truncated": '{"format": 1, "id": "2026-b", "sets": {"sam',
    "a list": "[]",
    "no object": "1",
    "foreign": '{"name": "x"}',
    "no run": '{"format": 1}',
    "no figures": '{"format": 1, "id": "b", "date": "", "commit": "", "machine": "",'
    ' "settings": {}, "sets": {"sample": {"revision": "r"}}}',
    "sets of text": '{"format": 1, "sets": "x"}',
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("command", ["gate", "report", "compare"])
def test_a_file_that_is_no_run_is_named(
    command: str, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mesure.json"
    file.write_text(content, "utf-8")
    words = [command, str(file), "--work", str(tmp_path)]

    assert main([*words, str(file)] if command == "compare" else words) == 1
    assert f"Le fichier {file} " in capsys.readouterr().out


def test_bytes_that_are_no_text_are_no_run(tmp_path: Path) -> None:
    file = tmp_path / "mesure.json"
    file.write_bytes(b"\x89PNG\xff\xfe")

    with pytest.raises(UnknownRun, match="est vide, coupé"):
        load(str(file), folder=tmp_path)


def test_a_row_without_its_measures_is_refused(tmp_path: Path) -> None:
    path = save(made_run("2026-a", {"sample": GOOD}), folder=tmp_path)
    raw = json.loads(path.read_text("utf-8"))
    del raw["sets"]["sample"]["rows"][3]["measures"]
    path.write_text(json.dumps(raw), "utf-8")

    with pytest.raises(UnknownRun, match="n'est pas une mesure"):
        load("", folder=tmp_path)


def test_a_broken_run_beside_the_one_wanted_is_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    save(made_run("2026-b", {"sample": GOOD}), folder=runs)
    (runs / "2026-a.json").write_text("{", "utf-8")

    assert main(["report", "2026-b", "--work", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "2026-a.json est vide, coupé" in shown
    assert "# 2026-b" in shown
    assert main(["report", "--list", "--work", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "[sets.sample.least]\nndgc_10 = 1",
            "« sets.sample.least.ndgc_10 » ne veut rien dire ici. Vouliez-vous dire : ndcg_10",
        ),
        (
            "[sets.sample.leats]\nmrr = 1",
            "« sets.sample.leats » ne veut rien dire ici. Vouliez-vous dire : least",
        ),
        ("[loss]\nhit1 = 1", "Vouliez-vous dire : hit_1"),
        ("[losses]\nhit_1 = 1", "Vouliez-vous dire : loss"),
        ("[xyz]\nhit_1 = 1", "Noms possibles : sets, loss, slices, verification"),
        ("[verification.least]\nnumbr = 1", "Vouliez-vous dire : number"),
        ("[verification]\nlow = 1", "« verification.low » ne veut rien dire"),
        ("[slices.piaf_dev]\nquestion = 1", "Vouliez-vous dire : questions"),
        (
            "[slices.piaf_dev]\nquestions = 1",
            "« slices.piaf_dev.documents » doit être un nombre entier",
        ),
        ("[sets.sample.least]\nmrr = 'x'", "« sets.sample.least.mrr » doit être un nombre"),
        ("[sets.sample.least]\nmrr = true", "doit être un nombre"),
        ("sets = 1", "« sets » doit être une section"),
        ("[sets]\nsample = 1", "« sets.sample » doit être une section"),
        ("[sets", "ne peut pas être lu"),
        (None, "ne peut pas être lu"),
    ],
)
def test_a_threshold_that_would_be_ignored_is_refused_by_name(
    content: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(made_run("2026-a", {"sample": GOOD}), folder=tmp_path / "runs")
    file = tmp_path / "seuils.toml"
    if content is not None:
        file.write_text(content, "utf-8")

    assert main(["gate", "--work", str(tmp_path), "--thresholds", str(file)]) == 2
    shown = capsys.readouterr().out
    assert str(file) in shown
    assert told in shown


def test_the_thresholds_of_the_release_are_read() -> None:
    assert read_thresholds(THRESHOLDS_FILE)["sets"]["sample"]["least"]["ndcg_10"] > 0


def test_a_folder_without_instance_is_refused_and_stays_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "questions.csv"
    file.write_text("Question;Document\nQui ?;sans réponse\n", "utf-8")
    mistyped = tmp_path / "dataa"
    words = ["run", "--questions", str(file), "--data", str(mistyped), "--work", str(tmp_path)]

    assert main(words) == 2
    assert f"Le dossier « {mistyped} » ne contient aucune instance" in capsys.readouterr().out
    assert not mistyped.exists()
