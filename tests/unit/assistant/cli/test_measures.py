from __future__ import annotations

from pathlib import Path

from assistant.cli.measures import fill_table, open_table


def test_a_table_keeps_what_it_held_until_there_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "mesure.csv"
    path.write_bytes(b"une mesure plus longue que la suivante")

    with open_table(path) as table:
        assert path.read_bytes() == b"une mesure plus longue que la suivante"
        fill_table(table, b"suivante")

    assert path.read_bytes() == b"suivante"
