"""The evaluation on the product itself: a small set, documents taken out, a tenant's own questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval import refusal
from eval.__main__ import main
from eval.datasets import QuestionSet, file_name, load_beir
from eval.instance import Row
from eval.measuring import measure_set
from eval.workspace import Workspace

pytestmark = pytest.mark.timeout(600)
TOPICS = {
    "bourse": ("Bourse des lycéens", "La bourse régionale des lycéens est de 300 euros par an."),
    "velo": ("Aide au vélo", "L'aide à l'achat d'un vélo électrique est plafonnée à 400 euros."),
    "cantine": ("Cantine scolaire", "Le repas à la cantine scolaire coûte 3,20 euros."),
    "musee": ("Musée du textile", "Le musée du textile ouvre le mardi et le dimanche."),
}
ASKED = {
    "bourse": "Quel est le montant de la bourse régionale des lycéens ?",
    "velo": "Quel plafond pour l'aide à l'achat d'un vélo électrique ?",
    "cantine": "Combien coûte le repas à la cantine scolaire ?",
    "musee": "Quels jours ouvre le musée du textile ?",
}


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> QuestionSet:
    folder = tmp_path_factory.mktemp("jeux") / "petit"
    folder.mkdir()
    corpus = [{"id": id, "title": title, "text": text} for id, (title, text) in TOPICS.items()]
    queries = [{"id": f"q-{id}", "text": text} for id, text in ASKED.items()]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    judged = [f"q-{id}\t{id}\t1" for id in TOPICS]
    (folder / "qrels.tsv").write_text("\n".join(["query\tcorpus\tscore", *judged]), "utf-8")
    return load_beir(folder)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("work"), {})


def test_every_question_has_its_row_and_the_set_its_figures(
    workspace: Workspace, questions: QuestionSet
) -> None:
    result = measure_set(workspace.instance(questions), questions)

    assert [row["id"] for row in result.rows] == [f"q-{id}" for id in TOPICS]
    assert result.figures["hit_1"].value == 1
    assert result.figures["page_cited"].value == 1
    assert result.figures["failed"].value == 0
    assert result.rows[0]["found"][0]["file"] == file_name("bourse")
    assert "300 euros" in result.rows[0]["answer"]["text"]


@pytest.mark.usefixtures("in_this_process")
def test_documents_taken_out_are_found_no_more_and_stay_in_the_whole_instance(
    workspace: Workspace, questions: QuestionSet
) -> None:
    removed = {file_name("bourse"), file_name("velo")}
    reduced = workspace.without(questions, files=removed)
    asked = [(question.id, question.text) for question in questions.questions]

    def files(row: Row) -> Row:
        return {"files": {result["file"] for result in row["results"]}}

    found = [row["files"] for row in reduced.search(asked, limit=10, keep=files)]
    whole = workspace.instance(questions).search(asked[:1], limit=10)
    assert not removed & set().union(*found)
    assert file_name("cantine") in found[2]
    assert whole[0]["results"][0]["file"] == file_name("bourse")


@pytest.mark.usefixtures("in_this_process")
def test_refusal_is_measured_on_the_index_without_the_documents(
    workspace: Workspace, questions: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The score is planted: sure of an answer that names what only the right document holds."""
    said = dict(zip(ASKED, ("300 euros", "400 euros", "3,20", "mardi"), strict=True))

    def score(row: Row) -> float:
        return float(said[row["id"].removeprefix("q-")] in row["answer"])

    def reported(_: str) -> int:
        return 1

    monkeypatch.setattr(refusal, "hash_half", reported)
    found = refusal.measure(workspace, questions, score=score)

    assert found["fitted"]["right"]["count"] == found["fitted"]["wrong"]["count"] == 2
    assert found["product"]["wrong"]["value"] == 0
    assert found["product"]["right"]["count"] == found["product"]["wrong"]["count"] == 2
    assert all(isinstance(row["is_refused"], bool) for row in found["rows"])
    assert found["curve"][1] == {"threshold": 1.0, "right": 1.0, "wrong": 0.0}


@pytest.mark.usefixtures("in_this_process")
def test_own_questions_are_asked_of_an_instance_as_it_is(
    workspace: Workspace,
    questions: QuestionSet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = workspace.instance(questions).data_dir
    file = tmp_path / "nos-questions.csv"
    file.write_text(
        "Question;Document attendu;Passage attendu\n"
        f"{ASKED['bourse']};Bourse des lycéens;300 euros\n"
        f"{ASKED['musee']};Un autre document;\n"
        "Quelle est la capitale de l'Australie ?;sans réponse;\n",
        "utf-8",
    )
    words = ["--questions", str(file), "--data", str(data), "--work", str(tmp_path)]

    assert main(["run", *words]) == 0
    shown = capsys.readouterr().out
    assert "ligne 3 : aucun document ne s'appelle « Un autre document »" in shown
    assert "| Bon passage au premier rang | 1,000 |" in shown
    assert "| Bon document au premier rang | 0,500 |" in shown
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("Question;Document\nQuel taux ?;\n", "ligne 2 : "),
        ("Titre;Document\nx;y\n", "ligne 1 : "),
    ],
)
def test_a_faulty_file_of_questions_is_refused_by_line(
    workspace: Workspace,
    questions: QuestionSet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    fault: str,
) -> None:
    file = tmp_path / "questions.csv"
    file.write_text(content, "utf-8")
    data = workspace.root / questions.name / "data"

    assert main(["run", "--questions", str(file), "--data", str(data)]) == 2
    assert fault in capsys.readouterr().out


def test_own_questions_need_a_file_and_an_instance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--questions", str(tmp_path / "absent.csv")]

    assert main(words) == 2
    assert "--data" in capsys.readouterr().out
    assert main([*words, "--data", str(tmp_path)]) == 2
    assert "ne contient aucune instance" in capsys.readouterr().out
    (tmp_path / "files").mkdir()
    assert main([*words, "--data", str(tmp_path)]) == 2
    assert "absent.csv » ne peut pas être lu" in capsys.readouterr().out
