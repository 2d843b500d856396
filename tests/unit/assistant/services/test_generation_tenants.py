"""Two tenants on two generations at the same time, with two embedders."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.domain.errors import Conflict, EmbedderUnavailable, InvalidInput, NotFound
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import TenantId
from assistant.domain.question_sets import ExpectedAnswer
from assistant.domain.reconciliation import Defect
from assistant.domain.retrieval import Vector
from assistant.domain.tenancy import Scope
from assistant.domain.tenants import Tenant
from assistant.domain.trials import TrialVerdict
from assistant.services.active_generation import ActiveIndex, FollowerIndex
from assistant.services.reconciliation import Reconciler
from assistant.services.reconciling_tally import Tally
from assistant.testing.embedder import HashEmbedder
from tests.house import open_house
from tests.unit.assistant.services.generation_world import GenerationWorld, MemoryShelf

TWO = {"a.txt": "Aide ancienne\nPlafond de dix euros", "b.txt": "Autre texte"}
WHY = "Essai voulu par la commune"
COMMUNE, VILLE = TenantId("commune"), TenantId("ville")


class Counting(HashEmbedder):
    """Counts the questions; embeds no passage while it is away."""

    def __init__(self, dimensions: int) -> None:
        super().__init__(dimensions=dimensions)
        self.questions = 0
        self.is_away = False

    def embed_query(self, text: str) -> Vector:
        self.questions += 1
        return super().embed_query(text)

    def embed_passages(self, texts: object) -> list[Vector]:
        if self.is_away:
            raise EmbedderUnavailable
        return super().embed_passages(texts)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def world(tmp_path: Path) -> Generator[GenerationWorld]:
    house = open_house(tmp_path)
    shelf = MemoryShelf(default=Counting(32), autre=Counting(48))
    with house.open_work() as work:
        for tenant_id in (COMMUNE, VILLE):
            work.tenancy.add_tenant(Tenant(tenant_id, f"Organisme {tenant_id}"))
        work.commit()
    yield GenerationWorld(house, shelf=shelf)
    house.close()


def scope_of(world: GenerationWorld, tenant_id: TenantId) -> Scope:
    """What the region shares, as another tenant reads it."""
    return replace(world.house.scope, tenant_id=tenant_id)


def texts(world: GenerationWorld, tenant_id: TenantId, question: str) -> set[str]:
    hits = world.retriever.retrieve(question, scope=scope_of(world, tenant_id), limit=20).hits
    return {hit.chunk.text for hit in hits}


def number_of(world: GenerationWorld, tenant_id: TenantId) -> int:
    with world.room.borrow(tenant_id) as searched:
        return searched.number


def states(world: GenerationWorld) -> dict[int, GenerationState]:
    found = world.service.list_all(principal=world.principal)
    return {each.number: each.state for each in found}


def choose(world: GenerationWorld, made: Generation, *tenants: TenantId) -> Generation:
    return world.service.switch(made.id, reason=WHY, principal=world.principal, tenants=tenants)


def rollback(world: GenerationWorld, *tenants: TenantId) -> Generation:
    return world.service.rollback(principal=world.principal, tenants=tenants or None)


def ask(world: GenerationWorld, tenant_id: TenantId, *rows: ExpectedAnswer) -> None:
    """Give a tenant a question set."""
    world.keep_questions(*rows, tenant_id=tenant_id)


def test_each_tenant_is_answered_by_its_own_generation_and_embedder(
    world: GenerationWorld,
) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    first, second = (world.shelf.embedders[name] for name in ("default", "autre"))
    assert isinstance(first, Counting)
    assert isinstance(second, Counting)

    switched = choose(world, made, COMMUNE)
    first.questions = second.questions = 0
    found = texts(world, COMMUNE, "plafond de dix euros")
    assert (first.questions, second.questions) == (0, 1)
    others = texts(world, VILLE, "plafond de dix euros")

    assert (first.questions, second.questions) == (1, 1)
    assert found == others
    assert "Plafond de dix euros" in found
    assert switched.state is GenerationState.EVALUATED
    assert [number_of(world, each) for each in (COMMUNE, VILLE)] == [2, 1]
    (told,) = world.service.searching(principal=world.principal)
    assert (told.choice.tenant_id, told.name, told.choice.overruled) == (
        COMMUNE,
        "Organisme commune",
        WHY,
    )


def test_an_index_is_never_asked_beyond_the_scope(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    choose(world, world.evaluated(), COMMUNE)
    nothing = replace(scope_of(world, COMMUNE), grants=frozenset())

    assert not world.retriever.retrieve("plafond", scope=nothing, limit=20).hits
    assert texts(world, COMMUNE, "plafond de dix euros")


def test_a_tenant_goes_back_alone(world: GenerationWorld) -> None:
    made = world.evaluated()
    choose(world, made, COMMUNE, VILLE)

    back = rollback(world, COMMUNE)

    assert back.number == 1
    assert [number_of(world, each) for each in (COMMUNE, VILLE)] == [1, 2]
    with pytest.raises(Conflict) as caught:
        rollback(world, COMMUNE, VILLE)
    assert caught.value.code == "generation_rollback_mixed"
    rollback(world, VILLE)
    assert world.service.searching(principal=world.principal) == []


def test_a_tenant_alone_goes_back_to_the_previous_one_and_returns(world: GenerationWorld) -> None:
    with pytest.raises(NotFound) as caught:
        rollback(world, COMMUNE)
    assert caught.value.code == "generation_no_previous"
    world.switched()

    assert rollback(world, COMMUNE).number == 1
    assert [number_of(world, each) for each in (COMMUNE, VILLE)] == [1, 2]
    assert states(world) == {1: GenerationState.PREVIOUS, 2: GenerationState.ACTIVE}
    assert rollback(world, COMMUNE).number == 2
    assert number_of(world, COMMUNE) == 2


def refused(world: GenerationWorld, *tenants: TenantId, way: tuple[Generation, Generation]) -> str:
    """The code with which a way back is refused."""
    before = [number_of(world, each) for each in (COMMUNE, VILLE)]
    with pytest.raises(Conflict) as caught:
        back(world, *tenants, way=way)
    assert [number_of(world, each) for each in (COMMUNE, VILLE)] == before
    return caught.value.code


def back(
    world: GenerationWorld, *tenants: TenantId, way: tuple[Generation, Generation]
) -> Generation:
    """Go back from the one generation to the other, as it was seen."""
    from_id, to_id = (each.id for each in way)
    return world.service.rollback(
        principal=world.principal, tenants=tenants or None, from_id=from_id, to_id=to_id
    )


@pytest.mark.parametrize("tenants", [(), (COMMUNE,)])
def test_a_way_back_that_was_seen_is_gone_once(
    world: GenerationWorld, tenants: tuple[TenantId, ...]
) -> None:
    second = world.switched()
    (first,) = [
        each
        for each in world.service.list_all(principal=world.principal)
        if each.state is GenerationState.PREVIOUS
    ]

    assert back(world, *tenants, way=(second, first)).number == 1
    assert refused(world, *tenants, way=(second, first)) == "generation_rollback_changed"
    assert number_of(world, COMMUNE) == 1


def test_what_is_given_back_twice_goes_no_further_back(world: GenerationWorld) -> None:
    second = world.switched()
    third = world.evaluated("")
    choose(world, third, COMMUNE)

    assert back(world, COMMUNE, way=(third, second)).number == 2
    with pytest.raises(Conflict):
        world.service.rollback(principal=world.principal, tenants=[COMMUNE], to_id=second.id)
    assert refused(world, COMMUNE, way=(third, second)) == "generation_rollback_changed"
    assert number_of(world, COMMUNE) == 2


def test_a_way_back_from_elsewhere_is_another_decision(world: GenerationWorld) -> None:
    second = world.switched()
    third = world.evaluated("")
    choose(world, third, COMMUNE)
    rollback(world, COMMUNE)
    first = rollback(world, COMMUNE)
    assert first.number == 1

    assert refused(world, COMMUNE, way=(third, second)) == "generation_rollback_changed"
    assert number_of(world, COMMUNE) == 1


def test_a_switch_for_all_ends_the_exceptions(world: GenerationWorld) -> None:
    made = world.evaluated()
    choose(world, made, COMMUNE)

    world.service.switch(made.id, reason=WHY, principal=world.principal)

    assert states(world) == {1: GenerationState.PREVIOUS, 2: GenerationState.ACTIVE}
    assert world.service.searching(principal=world.principal) == []
    assert [number_of(world, each) for each in (COMMUNE, VILLE)] == [2, 2]
    rollback(world)
    assert [number_of(world, each) for each in (COMMUNE, VILLE)] == [1, 1]


def test_what_some_search_is_not_removed(world: GenerationWorld) -> None:
    made = world.evaluated()
    choose(world, made, COMMUNE)

    with pytest.raises(Conflict) as caught:
        world.service.remove(made.id, principal=world.principal)
    assert caught.value.code == "generation_searched"
    rollback(world, COMMUNE)
    world.service.remove(made.id, principal=world.principal)
    world.room.look()

    assert world.now(made).is_erased


def test_another_length_of_passages_is_for_all_or_nobody(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated(chunk_tokens=128)

    with pytest.raises(Conflict) as caught:
        choose(world, made, COMMUNE)
    assert caught.value.code == "generation_other_cut"
    assert number_of(world, COMMUNE) == 1

    world.service.switch(made.id, reason=WHY, principal=world.principal)
    assert number_of(world, COMMUNE) == made.number
    with pytest.raises(Conflict):
        rollback(world, COMMUNE)


@pytest.mark.parametrize("is_former_kept", [True, False])
@pytest.mark.parametrize("name", ["", "autre"])
def test_a_tenant_tries_a_generation_of_the_chosen_length(
    world: GenerationWorld, name: str, *, is_former_kept: bool
) -> None:
    world.house.ingest(TWO)
    former = world.service.list_all(principal=world.principal)[0]
    longer = world.evaluated("", chunk_tokens=128)
    world.service.switch(longer.id, reason=WHY, principal=world.principal)
    world.settle()
    tried = world.evaluated(name)
    choose(world, tried, COMMUNE)
    if not is_former_kept:
        world.service.remove(former.id, principal=world.principal)
        world.settle()

    for contents in (
        {**TWO, "c.txt": "Un\nDeux\nTrois"},
        {"a.txt": "Remplacé\nAutrement\nEncore", "c.txt": "Un\nDeux\nTrois"},
    ):
        world.house.submit(contents)
        world.house.work()
        world.builder = world.new_builder()  # which cuts them for the former one, if it is there
        world.builder.run_once(threading.Event())
        world.house.apply()

        assert set(world.house.live_texts()) == set(contents)
        for made in (longer, tried):
            assert world.held(made) == world.must_hold(made)
        assert "Un\nDeux" in texts(world, COMMUNE, "un deux")
    world.catch_up()
    for made in [each for each in (former, longer, tried) if each != former or is_former_kept]:
        assert world.held(made) == world.must_hold(made)
    recent = world.house.jobs.list_recent(scope=world.house.scope, limit=50)
    assert len(recent) == 3, "none of them was read again"


def test_who_is_unknown_or_has_it_already_changes_nothing(world: GenerationWorld) -> None:
    made = world.evaluated()
    with pytest.raises(NotFound):
        choose(world, made, COMMUNE, TenantId("personne"))
    with pytest.raises(NotFound):
        rollback(world, TenantId("personne"))
    assert world.service.searching(principal=world.principal) == []
    choose(world, made, COMMUNE)

    with pytest.raises(Conflict) as caught:
        choose(world, made, COMMUNE)
    assert caught.value.code == "generation_already_searched"


def test_each_tenant_finds_the_switch_in_its_log_and_nothing_of_others(
    world: GenerationWorld,
) -> None:
    world.house.ingest(TWO)
    ask(world, COMMUNE, ExpectedAnswer(1, "Plafond de dix euros", "a.txt"))
    made = world.evaluated()
    choose(world, made, COMMUNE, VILLE)
    rollback(world, VILLE)

    with world.house.open_work() as work:
        entries = work.audit.walk_on(after=0, limit=999)
    told = [
        (each.act, each.tenant, each.facts)
        for each in entries
        if each.act in {"generation.switched", "generation.rolled_back"}
    ]
    by = {"by_tenant": world.principal.tenant_id}
    assert told == [
        ("generation.switched", COMMUNE, {"number": 2, "verdict": "passed", **by}),
        ("generation.switched", VILLE, {"number": 2, "verdict": "no_questions", **by}),
        ("generation.rolled_back", VILLE, {"number": 1, **by}),
    ]


def test_a_document_waits_for_every_generation_that_is_searched(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    other = world.shelf.embedders["autre"]
    assert isinstance(other, Counting)
    other.is_away = True
    world.house.ingest({"c.txt": "Venu avant"}, is_complete=False)
    assert "c.txt" in world.house.live_texts()
    other.is_away = False
    world.builder = world.new_builder()
    world.settle()
    choose(world, made, COMMUNE)

    other.is_away = True
    world.house.ingest({"d.txt": "Venu pendant la panne"}, is_complete=False)
    assert "d.txt" not in world.house.live_texts()
    assert "Venu pendant la panne" not in texts(world, VILLE, "venu pendant la panne")

    other.is_away = False
    world.house.ingest({"d.txt": "Venu pendant la panne"}, is_complete=False)
    for tenant_id in (COMMUNE, VILLE):
        assert "Venu pendant la panne" in texts(world, tenant_id, "venu pendant la panne")
    assert world.held(made) == world.live_chunks()


def test_the_evaluation_that_counts_is_that_of_the_tenants_concerned(
    world: GenerationWorld,
) -> None:
    world.house.ingest(TWO)
    region = world.principal.tenant_id
    ask(world, region, ExpectedAnswer(1, "Plafond de dix euros", "a.txt"))
    made = world.evaluated()
    assert made.trial is not None
    assert made.trial.verdict_for(None) is TrialVerdict.PASSED
    assert made.trial.verdict_for([COMMUNE]) is TrialVerdict.NO_QUESTIONS

    with pytest.raises(InvalidInput) as caught:
        world.service.switch(made.id, reason="", principal=world.principal, tenants=[COMMUNE])
    assert caught.value.code == "generation_reason_no_questions"
    world.service.switch(made.id, reason="", principal=world.principal, tenants=[region])
    assert number_of(world, region) == 2


def test_a_tenant_is_compared_with_what_it_searches(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    world.switched()
    rollback(world, COMMUNE)
    for tenant_id in (COMMUNE, VILLE):
        ask(world, tenant_id, ExpectedAnswer(1, "Plafond de dix euros", "a.txt"))

    made = world.evaluated("")
    assert made.trial is not None
    bases = {each.tenant_id: each.against for each in made.trial.sets}
    assert (made.trial.against, bases) == (2, {COMMUNE: 1, VILLE: None})

    rollback(world, COMMUNE)
    with pytest.raises(Conflict) as caught:
        choose(world, made, COMMUNE)
    assert caught.value.code == "generation_trial_outdated"
    choose(world, made, VILLE)
    assert [number_of(world, each) for each in (COMMUNE, VILLE)] == [2, 3]


def test_other_processes_and_a_start_follow_the_database(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    other = world.new_room()
    while other.step():
        continue
    choose(world, made, COMMUNE)

    other.look()
    again = world.new_room()

    assert [other.of(each).searched.number for each in (COMMUNE, VILLE)] == [2, 1]
    assert again.of(COMMUNE).searched.number == 1, "nobody has compared its index yet"
    while again.step():
        continue
    again.look()
    assert again.of(COMMUNE).searched.number == 2


def test_a_tenant_misses_nothing_for_an_index_that_was_lost(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    choose(world, made, COMMUNE)
    world.places.indexes.pop(made.place)

    room = world.new_room()
    assert room.of(COMMUNE).searched.number == 1
    while room.step():
        continue
    room.look()

    assert room.of(COMMUNE).searched.number == 2
    assert world.held(made) == world.live_chunks()


def test_nothing_fails_or_mixes_while_tenants_are_switched(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    stop, faults = threading.Event(), list[str]()
    searches = {COMMUNE: 0, VILLE: 0}

    def search(tenant_id: TenantId) -> None:
        while not stop.is_set():
            try:
                with world.room.borrow(tenant_id) as searched:
                    vector = searched.embedder.embed_query("plafond")
                    searched.index.search_dense(vector, scope=scope_of(world, tenant_id), limit=5)
                    if searched.number == 2 and tenant_id == VILLE:
                        faults.append("a tenant that was not named")
                    if len(vector) != searched.index.embedder.dimensions:
                        faults.append("mixed")
            except Exception as error:  # noqa: BLE001 - a failure is what is counted
                faults.append(repr(error))
            searches[tenant_id] += 1

    threads = [threading.Thread(target=search, args=(each,)) for each in (COMMUNE, VILLE)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        choose(world, made, COMMUNE)
        rollback(world, COMMUNE)
    stop.set()
    for thread in threads:
        thread.join()

    assert faults == []
    assert min(searches.values()) > 8


def test_every_index_that_is_searched_is_verified_and_mended(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    choose(world, made, COMMUNE)
    index = world.places.indexes[made.place]
    index.remove_version(next(iter(index.held_versions())))
    reconciler = Reconciler(
        world.house.open_work,
        ActiveIndex(world.room),
        world.house.files,
        world.house.clock,
        others=lambda: [FollowerIndex(world.room, each) for each in world.room.searched[1:]],
    )

    report = reconciler.run(Tally(), is_repair=True)

    assert {(each.defect, each.count == each.mended) for each in report.findings} == {
        (Defect.POINT_MISSING, True)
    }
    assert world.held(made) == world.live_chunks()
    assert not reconciler.run(Tally(), is_repair=False).findings


def test_a_reading_made_before_the_switch_is_completed_before_it_is_shown(
    world: GenerationWorld,
) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    other = world.shelf.embedders["autre"]
    assert isinstance(other, Counting)
    other.is_away = True
    world.house.submit({"c.txt": "Lu par un seul modèle"}, is_complete=False)
    world.house.work()
    other.is_away = False
    choose(world, made, COMMUNE)

    world.house.apply()
    assert "c.txt" not in world.house.live_texts()
    world.house.settle()

    for tenant_id in (COMMUNE, VILLE):
        assert "Lu par un seul modèle" in texts(world, tenant_id, "lu par un seul modèle")
    assert world.held(made) == world.live_chunks()
