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
    return {"id": line.id, "text": line.text, "after": line.after}


def rows_of(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[Row]]:
    path = tmp_path / "q.jsonl"
    path.write_text(text, "utf-8")
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
        {"id": "7", "text": "é", "after": ""},
    ]


@pytest.mark.parametrize(
    ("line", "id", "code"),
    [
        ("pas du JSON", "2", "invalid_input"),
        ("[1]", "2", "invalid_input"),
        ('{"id": "x"}', "x", "invalid_input"),
        ('{"id": "x", "text": 3}', "x", "invalid_input"),
        ('{"id": "x", "text": "a", "after": 3}', "x", "invalid_input"),
        ('{"id": "x", "text": "  "}', "x", "question_empty"),
        ('{"id": "x", "text": "panne"}', "x", "server_timeout"),
    ],
)
def test_a_failed_line_is_one_line_and_the_others_go_on(
    line: str, id: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'{{"text": "a"}}\n{line}\n{{"text": "b"}}\n'

    exit_code, rows = rows_of(text, tmp_path, capsys)

    assert exit_code == ExitCode.SOME_FAILED
    assert [row["id"] for row in rows] == ["1", id, "3"]
    assert rows[1]["error"]["code"] == code
    assert rows[1]["error"]["detail"].endswith(".")


def test_standard_input_is_read_for_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"id": "a", "text": "b"}'))

    run_queries(Path("-"), act=echo)

    assert json.loads(capsys.readouterr().out)["id"] == "a"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="ne peut pas être lu"):
        run_queries(tmp_path / "absent", act=echo)
