"""What programs and the command may remove of a source by announcing all of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict
from assistant.domain.sources import Source, SourceKind
from assistant.services.source_drafts import SourceDraft
from assistant.services.submission import Submission
from tests.house import House, announced
from tests.sources import Desk

pytestmark = pytest.mark.each_engine
FOUR_TENS = {f"{number}.txt": f"Texte {number}" for number in range(40)}
FOLDER = "/dossier"


def kept_of(count: int) -> dict[str, str]:
    return dict(list(FOUR_TENS.items())[:count])


def whole(contents: dict[str, str], *, source: str) -> Submission:
    """Says that these are all the files of a source."""
    files = tuple(announced(name, text) for name, text in contents.items())
    return Submission(source, files, is_complete=True)


def submit(house: House, request: Submission) -> None:
    house.ingestion.submit(request, principal=house.principal, scope=house.scope)


def push_source(house: House, root: Path, *, percent: int) -> Source:
    return (
        Desk(house, root)
        .sources.add(
            SourceDraft("Logiciel des actes", "", removal_percent=percent),
            kind=SourceKind.PUSH,
            collection_id=None,
            principal=house.principal,
            scope=house.scope,
        )
        .source
    )


def refused(house: House, request: Submission) -> tuple[str, dict[str, str | int | float]]:
    before = set(house.all_documents())
    with pytest.raises(Conflict) as error:
        submit(house, request)
    assert error.value.sentence
    assert set(house.all_documents()) == before
    return error.value.code, error.value.params


def test_a_program_cannot_empty_its_source_by_announcing_one_file(
    house: House, tmp_path: Path
) -> None:
    source = push_source(house, tmp_path / "partage", percent=20)
    house.plant_live(FOUR_TENS, source=source.label)
    request = whole(kept_of(1), source=source.label)

    told = refused(house, request)
    submit(house, replace(request, may_remove=True))

    assert told == ("removals_unconfirmed", {"removed": 39, "documents": 40, "percent": 20})
    assert set(house.all_documents()) == {"0.txt"}
    with house.open_work() as work:
        entries = work.audit.walk_on(after=0, limit=500)
    details = json.loads([each.details for each in entries if each.act == Act.JOB_CREATED][-1])
    assert (details["removed"], details["confirmed"]) == (39, 1)


def test_the_share_is_that_of_the_source(house: House, tmp_path: Path) -> None:
    source = push_source(house, tmp_path / "partage", percent=50)
    house.plant_live(FOUR_TENS, source=source.label)

    submit(house, whole(kept_of(20), source=source.label))
    assert len(house.all_documents()) == 20
    code, _ = refused(house, whole(kept_of(9), source=source.label))
    assert code == "removals_unconfirmed"


def test_a_folder_of_the_command_has_the_usual_share(house: House) -> None:
    house.plant_live(FOUR_TENS, source=FOLDER)

    assert refused(house, whole(kept_of(31), source=FOLDER))[1]["percent"] == 20
    submit(house, whole(kept_of(32), source=FOLDER))
    assert len(house.all_documents()) == 32


def test_files_that_moved_are_not_lost(house: House) -> None:
    house.ingest(kept_of(5))

    submit(house, whole({f"sous/{name}": kept_of(5)[name] for name in kept_of(5)}, source=FOLDER))

    assert set(house.all_documents()) == {f"sous/{name}" for name in kept_of(5)}


def test_contents_that_are_only_promised_are_not_moved_ones(house: House) -> None:
    house.plant_live(FOUR_TENS, source=FOLDER)
    promised = {f"sous/{name}": text for name, text in FOUR_TENS.items()}

    assert refused(house, whole(promised, source=FOLDER))[1]["removed"] == 40


def test_an_unreadable_folder_alone_does_not_pass_for_a_source_without_files(house: House) -> None:
    house.plant_live(FOUR_TENS, source=FOLDER)
    request = Submission(
        FOLDER, (), unreadable=((".", "folder_unreadable"),), is_complete=True, may_empty=True
    )
    assert refused(house, request)[0] == "removals_unconfirmed"


def test_nobody_announces_files_of_a_source_that_is_looked_at(house: House, tmp_path: Path) -> None:
    desk = Desk(house, tmp_path / "partage")
    desk.write(kept_of(5))
    source = desk.add()
    desk.run(source)

    for is_complete in (True, False):
        request = whole(kept_of(1), source=source.label)
        code, _ = refused(house, replace(request, is_complete=is_complete, may_remove=True))
        assert code == "source_not_sent"
    assert len(house.all_documents()) == 5
