from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from eval.datasets import file_name, load_beir, load_sample, load_set, sliced
from eval.workspace import write_files


def beir(folder: Path, *, queries: bool = True) -> Path:
    folder.mkdir()
    documents = [
        {"id": "a", "title": "Bourse\nrégionale", "text": "Elle est de 300 €."},
        {"id": "b", "title": "", "text": "Transport."},
        {"id": "c", "title": "Autre", "text": "Rien."},
    ]
    write_rows(folder / "corpus.jsonl", documents)
    if queries:
        asked = [
            {"id": "q1", "text": "Montant de la bourse ?", "intents": ["i1"], "kind": "court"},
            {"id": "q2", "text": "La capitale ?", "expected_keywords": ["x"]},
        ]
        write_rows(folder / "queries.jsonl", asked)
        judged = "query-id\tcorpus-id\tscore\nq1\ta\t3\nq1\tb\t1\nq1\tc\t0\n"
        (folder / "qrels.tsv").write_text(judged, "utf-8")
        write_rows(folder / "answers.jsonl", [{"id": "q1", "answers": ["300 €", "trois cents"]}])
    return folder


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


def test_a_set_becomes_files_and_judged_questions(tmp_path: Path) -> None:
    found = load_beir(beir(tmp_path / "jeu"))

    assert found.files[file_name("a")].decode() == "# Bourse régionale\n\nElle est de 300 €.\n"
    assert found.files[file_name("b")].decode() == "Transport.\n"
    first, second = found.questions
    assert first.judged == {file_name("a"): 3, file_name("b"): 1}
    assert (first.quotes, first.groups) == (("300 €", "trois cents"), ("i1",))
    assert (second.is_answerable, second.keywords) == (False, ("x",))


def test_a_set_without_queries_is_asked_for_its_titles(tmp_path: Path) -> None:
    found = load_beir(beir(tmp_path / "jeu", queries=False))

    assert {question.text for question in found.questions} == {"Bourse régionale", "Autre"}


def test_the_revision_changes_with_questions_judgements_and_documents(tmp_path: Path) -> None:
    folder = beir(tmp_path / "jeu")
    revisions = [load_beir(folder).revision, load_beir(folder).revision]
    for name, old, new in (
        ("queries.jsonl", "Montant", "Somme"),
        ("qrels.tsv", "\t3", "\t2"),
        ("corpus.jsonl", "Rien", "Presque rien"),
        ("answers.jsonl", "trois", "3"),
    ):
        path = folder / name
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        revisions.append(load_beir(folder).revision)

    assert len(set(revisions)) == len(revisions) - 1


@pytest.mark.parametrize(
    ("name", "line"), [("queries.jsonl", '{"text": 1}'), ("corpus.jsonl", "[]"), ("qrels.tsv", "q")]
)
def test_a_damaged_line_is_named(tmp_path: Path, name: str, line: str) -> None:
    path = beir(tmp_path / "jeu") / name
    path.write_text(path.read_text("utf-8") + line, "utf-8")
    number = path.read_text("utf-8").count("\n") + 1

    with pytest.raises(ValueError, match=f"{name}, ligne {number} "):
        load_beir(path.parent)


def test_a_slice_keeps_the_documents_of_its_questions_and_is_seeded(tmp_path: Path) -> None:
    whole = load_beir(beir(tmp_path / "jeu"))
    once = sliced(whole, questions=1, documents=1, seed=3)

    assert once == sliced(whole, questions=1, documents=1, seed=3)
    assert set(once.questions[0].judged) <= set(once.files)
    assert len(sliced(whole, questions=2, documents=9, seed=3).files) == len(whole.files)


def test_the_folder_of_a_set_holds_its_files_only(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.md": b"1", "b.md": b"2"})
    kept = (tmp_path / "a.md").stat().st_mtime_ns
    write_files(tmp_path, {"a.md": b"1", "c.md": b"3"})

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a.md": b"1",
        "c.md": b"3",
    }
    assert (tmp_path / "a.md").stat().st_mtime_ns == kept


def test_the_sample_has_forty_answers_and_twenty_absences() -> None:
    answerable = [question for question in load_sample().questions if question.is_answerable]

    assert len(answerable) == 40
    assert all(question.quotes for question in answerable)


@pytest.mark.shared_data
def test_the_real_sets_are_whole(shared_data: Path) -> None:
    counts = {
        name: (len(found.questions), len(found.files))
        for name in ("faq_collectivite", "piaf_dev", "cdtn_dev", "service_public_dev", "aides")
        for found in [load_set(name, shared=shared_data)]
    }

    assert counts == {
        "faq_collectivite": (30, 67),
        "piaf_dev": (2089, 1518),
        "cdtn_dev": (189, 1500),
        "service_public_dev": (570, 1200),
        "aides": (150, 816),
    }
