from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from assistant.cli.failures import ExitCode, Misuse
from assistant.cli.queries import QueryLine, Row, run_queries
from assistant.client.errors import client_error


def echo(line: QueryLine) -> Row:
    if line.text == "panne":
        raise client_error("server_timeout", instance="/")
    if line.text.startswith("défaut"):
        raise ValueError(line.text)
    return {"id": "du service", "text": line.text, "after": line.after}


def rows_of(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[Row]]:
    path = tmp_path / "q.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    code = run_queries(path, act=echo)
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_line_gives_one_result_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '{"id": "b", "text": "un"}\n\n{"text": "deux", "after": "un"}\r\n{"id": 7, "text": "é"}'

    code, rows = rows_of(text, tmp_path, capsys)

    assert code == ExitCode.OK
    assert rows == [
        {"id": "b", "text": "un", "after": ""},
        {"id": "3", "text": "deux", "after": "un"},
        {"id": 7, "text": "é", "after": ""},
    ]


@pytest.mark.parametrize(
    ("line", "id", "code"),
    [
        ("pas du JSON", "2", "invalid_input"),
        ("[1]", "2", "invalid_input"),
        ('{"id": "x"}', "x", "invalid_input"),
        ('{"id": "x", "text": 3}', "x", "invalid_input"),
        ('{"id": "x", "text": "a", "after": 3}', "x", "invalid_input"),
        ('{"id": "x", "text": "a", "after": 0}', "x", "invalid_input"),
        ('{"id": "x", "text": "a\\ud800b"}', "x", "invalid_input"),
        ('{"id": "x", "text": "a", "after": "\\udfff"}', "x", "invalid_input"),
        ('{"id": [1], "text": "a"}', "2", "invalid_input"),
        ('{"id": true, "text": "a"}', "2", "invalid_input"),
        ('{"id": 1e999, "text": "a"}', "2", "invalid_input"),
        ('{"id": NaN, "text": "a"}', "2", "invalid_input"),
        ("[" * 100_000, "2", "invalid_input"),
        ('{"text": "\udce9"}', "2", "invalid_input"),
        ('{"id": "x", "text": "  "}', "x", "question_empty"),
        ('{"id": 4, "text": "  "}', 4, "question_empty"),
        ('{"id": null, "text": "  "}', "2", "question_empty"),
        ('{"id": "x", "text": "panne"}', "x", "server_timeout"),
        ('{"id": "x", "text": "défaut"}', "x", "internal_error"),
    ],
)
def test_a_failed_line_is_one_line_and_the_others_go_on(
    line: str, id: str | int, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'{{"text": "a"}}\n{line}\n{{"text": "b"}}\n'

    exit_code, rows = rows_of(text, tmp_path, capsys)

    assert exit_code == ExitCode.SOME_FAILED
    assert [row["id"] for row in rows] == ["1", id, "3"]
    assert rows[1]["error"]["code"] == code
    assert rows[1]["error"]["detail"].rstrip(")").endswith(".")


def test_standard_input_is_read_for_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = io.BytesIO('{"id": "a", "text": "é"}'.encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(given, "ascii"))

    run_queries(Path("-"), act=echo)

    assert json.loads(capsys.readouterr().out)["id"] == "a"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="ne peut pas être lu"):
        run_queries(tmp_path / "absent", act=echo)


def test_a_line_that_is_not_utf_8_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, rows = rows_of('{"text": "a"}\n{"text": "\udce9"}', tmp_path, capsys)

    assert "La ligne 2 n'est pas en UTF-8" in rows[1]["error"]["detail"]


def test_an_id_comes_back_as_it_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, rows = rows_of('\ufeff{"id": "\\ud800", "text": "a"}', tmp_path, capsys)

    assert (code, rows[0]["id"]) == (ExitCode.OK, "\ud800")


def test_a_failed_line_shows_the_start_of_its_query(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "défaut " * 30_000

    _, rows = rows_of(json.dumps({"text": long}), tmp_path, capsys)

    assert len(rows[0]["query"]) == 200
    assert rows[0]["query"].rstrip("…") == long[:199]


def test_an_answer_cut_short_counts_as_failed(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"text": "a"}', "utf-8")

    assert run_queries(path, act=lambda _: {"is_complete": False}) == ExitCode.SOME_FAILED
