from __future__ import annotations

import pytest

from assistant.cli.searching import show_results
from assistant.schemas.search import LocatorOut, SearchOut, SearchResult


@pytest.mark.parametrize(
    ("page", "pages", "place"),
    [(4, [3, 4], "Budget — p. 4"), (3, [3], "Budget — p. 3"), (None, [], "Budget")],
)
def test_a_result_names_the_page_to_open(
    capsys: pytest.CaptureFixture[str], page: int | None, pages: list[int], place: str
) -> None:
    locator = LocatorOut(pages=pages, boxes=[], section=["Budget"], first_block=0, last_block=1)
    result = SearchResult(
        rank=1,
        chunk_id="k",
        document_id="d",
        file="pv.pdf",
        title="Procès-verbal",
        kind="autre",
        date=None,
        page=page,
        pages=pages,
        locator=locator,
        breadcrumb=["Procès-verbal", "Budget"],
        text="La commune paie le quart.",
        view_url="/api/v1/passages/k/view",
    )
    labelled = result.model_copy(update={"label": "Diffusion restreinte"})

    show_results(SearchOut(id="s", query="Qui paie ?", results=[result, labelled]))

    written = capsys.readouterr().out
    first, _, second, _ = written.splitlines()
    assert first == f"1. Procès-verbal — {place} (pv.pdf)"
    assert second == f"{first} — mention « Diffusion restreinte »"
