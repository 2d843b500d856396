"""Sources by their names, and jobs that name them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from assistant.cli.failures import Misuse
from assistant.cli.listing import show_jobs, source_names
from assistant.cli.source_looks import found_source
from assistant.client import AssistantClient, ClientError
from assistant.schemas.documents import JobOut
from assistant.schemas.sources import SourceOut
from tests.ui.scripted import job, problem
from tests.ui.scripted_sources import source


@dataclass
class Named:
    """Sources, for who may know them."""

    sources: list[SourceOut] = field(default_factory=list[SourceOut])
    status: int = 200

    def list_sources(self) -> list[SourceOut]:
        if self.status >= 400:
            raise ClientError(problem("forbidden", status=self.status))
        return self.sources

    def get_source(self, source_id: str) -> SourceOut:
        raise ClientError(problem("not_found", status=404))


def found(sources: list[SourceOut], text: str) -> SourceOut:
    return found_source(cast("AssistantClient", Named(sources)), text)


def names(jobs: list[JobOut], named: Named) -> dict[str, str]:
    return source_names(cast("AssistantClient", named), jobs)


def test_a_source_is_found_by_its_id_or_its_whole_name() -> None:
    one = source("Délibérations", id="s1")
    two = source("autre", id="s2").model_copy(update={"name": "s1"})

    assert found([one, two], "s1") is one
    assert found([one, two], "Délibérations") is one
    with pytest.raises(ClientError):
        found([one, two], "Délib")


def test_a_name_that_several_have_is_refused_with_their_ids() -> None:
    with pytest.raises(Misuse, match="s1, s2"):
        found([source("Actes", id="s1"), source("Actes", id="s2")], "Actes")


def test_a_job_names_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    kept = source("Délibérations", label="source:s1")
    jobs = [job(source="source:s1"), job(source="/srv/partage")]

    show_jobs(jobs, names=names(jobs, Named([kept])))

    one, other = capsys.readouterr().out.splitlines()
    assert one.endswith("  Délibérations")
    assert other.endswith("  /srv/partage")


def test_who_may_not_know_the_sources_sees_their_labels() -> None:
    jobs = [job(source="source:s1")]

    assert names(jobs, Named(status=403)) == {}
    with pytest.raises(ClientError):
        names(jobs, Named(status=500))
    assert names([job(source="upload")], Named(status=500)) == {}
