"""The command of the measures refuses what it would not do."""

from __future__ import annotations

import pytest

from eval.bench import __main__ as bench


@pytest.mark.parametrize("parts", [[], ["search"]])
def test_a_plot_without_the_part_that_draws_one_is_refused(
    parts: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", *parts, "--plot", "bascules.svg"])

    with pytest.raises(SystemExit) as ended:
        bench.main()

    assert ended.value.code == 2
    assert "partie « generations »" in capsys.readouterr().err
