"""Bounds of tenants and people: what is refused costs nothing, what failed is given back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from assistant.adapters.sql.usage import SqlUsageRepository
from assistant.domain.answers import AnswerStatus, Question
from assistant.domain.catalogue import sentence
from assistant.domain.errors import ModelUnavailable, QuotaExceeded
from assistant.domain.ids import TenantId
from assistant.domain.jobs import ItemState
from assistant.domain.tenants import Quotas
from assistant.domain.usage import Held, Unit
from assistant.services.answers import AnswerService
from assistant.services.submission import Submission
from tests.house import House, announced
from tests.unit.assistant.services.scripted_answers import Script, run, service_of

pytestmark = pytest.mark.each_engine


def bound(house: House, quotas: Quotas, *, time_zone: str = "Europe/Paris") -> None:
    with house.open_work() as work:
        tenant = work.tenancy.find_tenant(house.principal.tenant_id)
        assert tenant is not None
        work.tenancy.update_tenant(replace(tenant, quotas=quotas, time_zone=time_zone))
        work.commit()


def used(house: House, unit: Unit, *, day: date | None = None) -> int:
    day = day or house.clock.now().date()
    with house.open_work() as work:
        found = work.usage.totals(house.principal.tenant_id, first=day, last=day)
    return found.get(unit, 0)


async def ask(service: AnswerService, house: House) -> AnswerStatus:
    answer = await service.start(
        Question("Combien ?"), principal=house.principal, scope=house.scope
    )
    return (await service.result(answer.id, scope=house.scope)).status


async def refusal(service: AnswerService, house: House) -> QuotaExceeded:
    with pytest.raises(QuotaExceeded) as refused:
        await ask(service, house)
    return refused.value


@pytest.mark.parametrize(
    ("quotas", "code"),
    [
        (Quotas(questions_per_person=2), "quota_questions_person"),
        (Quotas(questions_per_day=2), "quota_questions_tenant"),
    ],
)
def test_a_question_too_many_is_refused_until_midnight_there(
    house: House, quotas: Quotas, code: str
) -> None:
    house.clock.set(datetime(2026, 11, 26, 21, 30, tzinfo=UTC))
    bound(house, quotas, time_zone="Indian/Reunion")  # four hours ahead: already the 27th

    async def act() -> None:
        service = service_of(house, Script())
        assert [await ask(service, house) for _ in range(2)] == [AnswerStatus.ANSWERED] * 2
        refused = await refusal(service, house)
        kept = used(house, Unit.QUESTIONS, day=date(2026, 11, 27))
        restarted = await refusal(service_of(house, Script()), house)
        house.clock.set(datetime(2026, 11, 27, 20, 0, tzinfo=UTC))
        again = await ask(service, house)
        await service.close()

        assert (refused.code, restarted.code) == (code, code)
        assert refused.retry_after_s == 22.5 * 3600
        assert "28 novembre 2026 à 0 h 00 (Indian/Reunion)" in refused.sentence
        assert ": 2, sur 2 permises" in refused.sentence
        assert kept == 2
        assert again is AnswerStatus.ANSWERED

    run(act)


def test_a_failed_answer_gives_its_question_back(house: House) -> None:
    bound(house, Quotas(questions_per_person=1))

    async def act() -> None:
        failing = service_of(house, Script(error=ModelUnavailable("model_unreachable")))
        assert await ask(failing, house) is AnswerStatus.FAILED
        await failing.close()
        assert used(house, Unit.QUESTIONS) == 0
        service = service_of(house, Script())
        assert await ask(service, house) is AnswerStatus.ANSWERED
        assert (await refusal(service, house)).code == "quota_questions_person"
        await service.close()

    run(act)


def test_an_answer_that_a_dead_process_left_gives_its_question_back_once(house: House) -> None:
    bound(house, Quotas(questions_per_day=1, concurrent_answers=1))

    async def act() -> None:
        dead = service_of(house, Script(gate=asyncio.Event()))
        await dead.start(Question("Combien ?"), principal=house.principal, scope=house.scope)
        restarted = service_of(house, Script())
        assert restarted.recover() == 1
        assert restarted.recover() == 0
        assert used(house, Unit.QUESTIONS) == 0
        assert await ask(restarted, house) is AnswerStatus.ANSWERED
        await restarted.close()

    run(act)


@pytest.mark.parametrize(
    ("quotas", "code", "reset"),
    [
        (Quotas(tokens_per_day=10), "quota_tokens_day", "27 novembre"),
        (Quotas(tokens_per_month=10), "quota_tokens_month", "1er décembre"),
    ],
)
def test_tokens_already_used_refuse_the_next_question(
    house: House, quotas: Quotas, code: str, reset: str
) -> None:
    house.clock.set(datetime(2026, 11, 26, 9, 0, tzinfo=UTC))
    bound(house, quotas)

    async def act() -> None:
        service = service_of(house, Script(texts=("mot " * 20,)))
        assert await ask(service, house) is AnswerStatus.ANSWERED
        await service.close()
        assert used(house, Unit.COMPLETION_TOKENS) == 20
        refused = await refusal(service, house)
        assert refused.code == code
        assert reset in refused.sentence

    run(act)


@pytest.mark.parametrize(
    ("quotas", "code"),
    [
        (Quotas(concurrent_per_person=1), "quota_answers_person"),
        (Quotas(concurrent_answers=1), "quota_answers_tenant"),
    ],
)
def test_answers_at_once_are_bounded_and_a_place_is_free_at_once(
    house: House, quotas: Quotas, code: str
) -> None:
    bound(house, quotas)

    async def act() -> None:
        gate = asyncio.Event()
        service = service_of(house, Script(gate=gate))
        first = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        refused = await refusal(service, house)
        elsewhere = await refusal(service_of(house, Script()), house)
        gate.set()
        await service.result(first.id, scope=house.scope)
        again = await ask(service, house)
        await service.close()

        assert (refused.code, elsewhere.code) == (code, code)
        assert refused.retry_after_s == 5
        assert again is AnswerStatus.ANSWERED
        assert used(house, Unit.QUESTIONS) == 2

    run(act)


def test_what_a_stopped_answer_cost_is_estimated(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script(texts=("mot " * 30,), gate=asyncio.Event()))
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        async for event in service.events(answer.id, after=0, scope=house.scope):
            if event.number == 2:
                break
        await service.cancel(answer.id, scope=house.scope)
        await service.close()

    run(act)
    assert used(house, Unit.COMPLETION_TOKENS) == 30
    assert used(house, Unit.QUESTIONS) == 1


def test_a_submission_beyond_the_documents_is_refused_whole(house: House) -> None:
    house.ingest({"a.txt": "Un.", "b.txt": "Deux."})
    bound(house, Quotas(documents=2))

    with pytest.raises(QuotaExceeded) as refused:
        house.ingest({"c.txt": "Trois."}, is_complete=False)
    house.ingest({"a.txt": "Un, changé."}, is_complete=False)

    assert refused.value.code == "quota_documents"
    assert refused.value.retry_after_s is None
    assert ": 2, sur 2 permis, et cet envoi en ajouterait 1" in refused.value.sentence
    with house.open_work() as work:
        assert work.usage.held(house.principal.tenant_id).documents == 2


def test_what_a_folder_no_longer_holds_makes_room(house: House) -> None:
    house.ingest({"a.txt": "Un.", "b.txt": "Deux."}, is_complete=True)
    bound(house, Quotas(documents=2))

    house.ingest({"b.txt": "Deux.", "c.txt": "Trois."}, is_complete=True)

    with house.open_work() as work:
        assert work.usage.held(house.principal.tenant_id).documents == 2


def test_a_file_that_lied_about_its_size_is_refused_alone(house: House) -> None:
    bound(house, Quotas(storage_mb=1))
    contents = {"petit.txt": "x" * 10, "gros.txt": "y" * 1_000_000}
    files = tuple(replace(announced(*each), size_bytes=5) for each in contents.items())
    request = Submission(source="/dossier", files=files)

    job, wanted = house.ingestion.submit(request, principal=house.principal, scope=house.scope)
    for item in wanted:
        house.send(item, contents[item.name])

    items = house.items(job)
    reason = items["gros.txt"].reason
    assert items["petit.txt"].state is ItemState.PENDING
    assert reason is not None
    assert reason.code == "quota_storage"
    assert sentence(reason.code, **reason.params).startswith("Stockage")
    with house.open_work() as work:
        assert work.usage.held(house.principal.tenant_id).size_bytes == 10


def test_storage_is_refused_in_megabytes(house: House) -> None:
    bound(house, Quotas(storage_mb=1))

    with pytest.raises(QuotaExceeded) as refused:
        house.ingest({"gros.txt": "x" * 1_000_001})

    assert refused.value.code == "quota_storage"
    assert ": 0,0 Mo, sur 1,0 Mo permis, et cet envoi en ajouterait 1,1 Mo" in (
        refused.value.sentence
    )


def test_a_day_later_questions_of_people_are_forgotten(house: House) -> None:
    day = house.clock.now().date()

    async def act() -> None:
        service = service_of(house, Script())
        await ask(service, house)
        house.clock.set(house.clock.now() + timedelta(days=3))
        await ask(service, house)
        await service.close()

    run(act)
    with house.open_work() as work:
        own = house.principal
        assert work.usage.questions_of(own.person_id, tenant_id=own.tenant_id, day=day) == 0
    assert used(house, Unit.QUESTIONS, day=day) == 1


def test_what_is_held_is_summed_only_where_it_is_bounded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums: list[str] = []
    held = SqlUsageRepository.held

    def counted(self: SqlUsageRepository, tenant_id: TenantId) -> Held:
        sums.append(tenant_id)
        return held(self, tenant_id)

    monkeypatch.setattr(SqlUsageRepository, "held", counted)

    house.submit({"a.txt": "Texte A"})
    assert sums == []
    bound(house, Quotas(documents=9))
    house.submit({"b.txt": "Texte B"}, source="/autre")
    assert sums == [house.principal.tenant_id] * 2
