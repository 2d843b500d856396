"""A tenant is suspended between the check of who asks and the change: nothing of it is changed any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.sql.transaction import Transaction
from assistant.domain.corrections import CorrectedFields
from assistant.domain.errors import Forbidden
from assistant.domain.ids import DocumentId
from assistant.domain.jobs import ItemState, Job, JobItem
from assistant.domain.sources import RunKind, Source
from assistant.domain.tenants import TenantState
from tests.house import House
from tests.sources import Desk


class Stage:
    """What an administrator has before it."""

    def __init__(self, house: House, root: Path) -> None:
        self.house, self.desk = house, Desk(house, root)
        self.source: Source = self.desk.add()
        self.failed: Job = house.ingest({"a.txt": "Texte A", "b.txt": "damaged"})
        self.document: DocumentId = house.all_documents()["a.txt"].id
        self.waiting, (self.wanted,) = house.announce({"c.txt": "Texte C"}, source="/autre")
        self.who: dict[str, Any] = {"principal": house.principal, "scope": house.scope}

    def move(self, state: TenantState) -> None:
        with self.house.open_work() as work:
            tenant = work.tenancy.find_tenant(self.house.principal.tenant_id)
            assert tenant is not None
            work.tenancy.update_tenant(replace(tenant, state=state))
            work.commit()


def item(stage: Stage) -> JobItem:
    return stage.house.items(stage.waiting)["c.txt"]


CHANGES: dict[str, Callable[[Stage], object]] = {
    "retry": lambda at: at.house.jobs.retry(at.failed.id, **at.who),
    "re-index": lambda at: at.house.ingestion.reindex(None, force=True, **at.who),
    "receive": lambda at: at.house.send(at.wanted, "Texte C"),
    "correct": lambda at: at.house.curation.correct(
        at.document, CorrectedFields(title="Autre"), based_on=0, **at.who
    ),
    "exclude": lambda at: at.house.curation.exclude([at.document], **at.who),
    "include": lambda at: at.house.curation.include([at.document], **at.who),
    "delete": lambda at: at.house.documents.delete(at.document, **at.who),
    "look": lambda at: at.desk.requests.ask(at.source.id, RunKind.SYNC, **at.who),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_no_change_is_begun(house: House, tmp_path: Path, change: str) -> None:
    stage = Stage(house, tmp_path / "partage")
    before = house.all_documents(), house.items(stage.failed), item(stage)
    stage.move(TenantState.SUSPENDED)

    with pytest.raises(Forbidden) as refused:
        CHANGES[change](stage)

    assert refused.value.code == "tenant_suspended"
    assert (house.all_documents(), house.items(stage.failed), item(stage)) == before
    assert stage.desk.requests.runs(stage.source.id, limit=9, **stage.who) == []
    assert item(stage).state is ItemState.AWAITING_FILE
    stage.move(TenantState.ACTIVE)
    CHANGES[change](stage)


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_nor_is_one_whose_turn_to_write_comes_after(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    stage = Stage(house, tmp_path / "partage")
    before = house.all_documents(), house.items(stage.failed), item(stage)
    lock = Transaction.lock

    def overtaken(own: Transaction) -> None:
        monkeypatch.setattr(Transaction, "lock", lock)
        stage.move(TenantState.SUSPENDED)
        lock(own)

    monkeypatch.setattr(Transaction, "lock", overtaken)

    with pytest.raises(Forbidden) as refused:
        CHANGES[change](stage)

    assert refused.value.code == "tenant_suspended"
    assert (house.all_documents(), house.items(stage.failed), item(stage)) == before
    assert stage.desk.requests.runs(stage.source.id, limit=9, **stage.who) == []
