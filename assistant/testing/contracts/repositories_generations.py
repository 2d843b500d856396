# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repository of index generations promises."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.generations import (
    CHOSEN,
    Composition,
    Forecast,
    Generation,
    GenerationState,
    Progress,
    TenantChoice,
)
from assistant.domain.ids import GenerationId, PersonId, QuestionSetId, TenantId, new_id
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.trials import Found, SetTrial, Trial, changes_of
from assistant.domain.weighing import WordWeighing
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    EMBEDDER,
    NOON,
    RepositoryContract,
    World,
    store_live,
)

_OTHER = EmbedderIdentity("other-2", 8)
_S = GenerationState


def make_generation(
    number: int, *, state: GenerationState = _S.PLANNED, embedder: EmbedderIdentity = EMBEDDER
) -> Generation:
    """A generation of this number."""
    return Generation(
        id=GenerationId(new_id()),
        number=number,
        embedder_name="",
        composition=Composition(
            embedder, chunker="lines-1", words=WordWeighing(k1=0.9, b=0.4), layout=2
        ),
        place=f"g{number}",
        state=state,
        created_by=PersonId("somebody"),
        created_at=NOON,
    )


class GenerationContract(RepositoryContract):
    """Promises of `GenerationRepository`."""

    def test_keeps_all_of_a_generation(self, open_work: UnitOfWorkFactory) -> None:
        bare = make_generation(1)
        pairs = [(Found(1), Found(2)), (Found(None), Found(1))]
        trial = SetTrial(QuestionSetId("s"), TenantId("t"), "r", 2, changes_of(pairs), against=7)
        full = replace(
            make_generation(2),
            forecast=Forecast(10, 5, 1000, 2000, None, 4.5),
            progress=Progress(3, 7, NOON, is_embedded=True),
            built_at=NOON,
            switched_at=NOON,
            is_trial_wanted=True,
            trial=Trial(1, NOON, 4, 4, NOON, (trial,)),
            overruled="Essai voulu",
            reason=Reason("embedder_unavailable", {"model": "x"}),
        )
        _write(open_work, lambda work: [work.generations.add(each) for each in (bare, full)])

        with open_work() as work:
            assert work.generations.find(bare.id) == bare
            assert work.generations.find(full.id) == full
            assert work.generations.find(GenerationId("none")) is None
            assert work.generations.list_all() == [full, bare]

    def test_numbers_follow_each_other(self, open_work: UnitOfWorkFactory) -> None:
        with open_work() as work:
            assert work.generations.next_number() == 1
            work.generations.add(make_generation(1))
            assert work.generations.next_number() == 2

    def test_only_one_is_active(self, open_work: UnitOfWorkFactory) -> None:
        first, second = (make_generation(n, state=_S.ACTIVE) for n in (1, 2))
        _write(open_work, lambda work: work.generations.add(first))

        with pytest.raises(Conflict):
            _write(open_work, lambda work: work.generations.add(second))
        with open_work() as work:
            assert work.generations.active() == first

    def test_an_illegal_move_changes_nothing(self, open_work: UnitOfWorkFactory) -> None:
        planned = make_generation(1)
        _write(open_work, lambda work: work.generations.add(planned))

        with pytest.raises(Conflict) as caught:
            _write(
                open_work, lambda work: work.generations.update(replace(planned, state=_S.ACTIVE))
            )
        assert caught.value.code == "generation_move_illegal"
        with pytest.raises(NotFound):
            _write(open_work, lambda work: work.generations.update(make_generation(2)))
        with open_work() as work:
            assert work.generations.find(planned.id) == planned

    def test_a_switch_moves_all_of_them_at_once(self, open_work: UnitOfWorkFactory) -> None:
        states = (_S.PREVIOUS, _S.ACTIVE, _S.EVALUATED)
        older, active, ready = (
            make_generation(n, state=state) for n, state in enumerate(states, start=1)
        )
        _write(
            open_work,
            lambda work: [work.generations.add(each) for each in (older, active, ready)],
        )

        _write(open_work, lambda work: work.generations.switch(ready, now=NOON))

        with open_work() as work:
            found = {each.number: each.state for each in work.generations.list_all()}
            assert found == {1: _S.REMOVED, 2: _S.PREVIOUS, 3: _S.ACTIVE}
            now_active = work.generations.active()
        assert now_active is not None
        assert now_active.switched_at == NOON

    def test_the_previous_one_becomes_active_again(self, open_work: UnitOfWorkFactory) -> None:
        previous = make_generation(1, state=_S.PREVIOUS)
        active = make_generation(2, state=_S.ACTIVE)
        _write(open_work, lambda work: [work.generations.add(each) for each in (previous, active)])

        _write(open_work, lambda work: work.generations.switch(previous, now=NOON))

        with open_work() as work:
            found = {each.number: each.state for each in work.generations.list_all()}
        assert found == {1: _S.ACTIVE, 2: _S.PREVIOUS}

    def test_a_refused_switch_changes_nothing(self, open_work: UnitOfWorkFactory) -> None:
        active, planned = make_generation(1, state=_S.ACTIVE), make_generation(2)
        _write(open_work, lambda work: [work.generations.add(each) for each in (active, planned)])

        with pytest.raises(Conflict):
            _write(open_work, lambda work: work.generations.switch(planned, now=NOON))
        with open_work() as work:
            assert work.generations.active() == active

    def test_a_tenant_searches_one_at_a_time(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here, there = world.here.scope.tenant_id, world.there.scope.tenant_id
        previous, active = (
            make_generation(1, state=_S.PREVIOUS),
            make_generation(2, state=_S.ACTIVE),
        )
        ready = make_generation(3, state=_S.EVALUATED)
        _write(
            open_work,
            lambda work: [work.generations.add(each) for each in (previous, active, ready)],
        )
        asked = [
            TenantChoice(there, ready.id, NOON),
            TenantChoice(here, previous.id, NOON),
            TenantChoice(here, ready.id, NOON, "Essai voulu"),
        ]

        _write(open_work, lambda work: [work.generations.choose(each) for each in asked])

        with open_work() as work:
            kept = {each.tenant_id: each for each in work.generations.choices()}
        assert kept == {there: asked[0], here: asked[2]}
        _write(open_work, lambda work: work.generations.give_back([here, TenantId("none")]))
        with open_work() as work:
            assert work.generations.choices() == [asked[0]]

    def test_only_some_generations_may_be_chosen(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        tenant_id = world.here.scope.tenant_id
        made = {state: make_generation(n, state=state) for n, state in enumerate(_S, start=1)}
        _write(open_work, lambda work: [work.generations.add(each) for each in made.values()])

        for state, generation in made.items():
            choice = TenantChoice(tenant_id, generation.id, NOON)
            with open_work() as work:
                if state in CHOSEN:
                    work.generations.choose(choice)
                    assert work.generations.choices() == [choice]
                    continue
                with pytest.raises(Conflict):
                    work.generations.choose(choice)
        ready = made[_S.EVALUATED].id
        for wrong in (
            TenantChoice(TenantId("none"), ready, NOON),
            TenantChoice(tenant_id, GenerationId("none"), NOON),
        ):
            with open_work() as work, pytest.raises(NotFound):
                work.generations.choose(wrong)

    def test_what_a_tenant_searches_is_not_removed_and_a_switch_ends_it(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        tenant_id = world.here.scope.tenant_id
        active, ready = make_generation(1, state=_S.ACTIVE), make_generation(2, state=_S.EVALUATED)
        _write(open_work, lambda work: [work.generations.add(each) for each in (active, ready)])
        chosen = TenantChoice(tenant_id, ready.id, NOON)
        _write(open_work, lambda work: work.generations.choose(chosen))

        with pytest.raises(Conflict) as caught:
            _write(
                open_work, lambda work: work.generations.update(replace(ready, state=_S.REMOVED))
            )
        assert caught.value.code == "generation_searched"
        _write(open_work, lambda work: work.generations.update(replace(ready, overruled="Essai")))
        with open_work() as work:
            assert work.generations.choices() == [chosen]
        _write(open_work, lambda work: work.generations.switch(ready, now=NOON))
        with open_work() as work:
            assert work.generations.choices() == []

    def test_erased_ones_are_no_longer_kept(self, open_work: UnitOfWorkFactory) -> None:
        first = replace(make_generation(1, state=_S.REMOVED), is_erased=True)
        second = make_generation(2)
        _write(open_work, lambda work: [work.generations.add(each) for each in (first, second)])

        with open_work() as work:
            assert work.generations.list_kept() == [second]

    def test_one_owner_at_a_time(self, open_work: UnitOfWorkFactory) -> None:
        made = make_generation(1)
        _write(open_work, lambda work: work.generations.add(made))

        def take(owner: str, *, at_s: int = 0) -> bool:
            now = NOON + timedelta(seconds=at_s)
            with open_work() as work:
                taken = work.generations.lease(
                    made.id, owner=owner, now=now, until=now + timedelta(seconds=30)
                )
                work.commit()
            return taken

        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(take, ["a", "b", "c", "d"]))
        assert sum(taken) == 1
        owner = "abcd"[taken.index(True)]
        assert take(owner, at_s=20)
        assert not take("other", at_s=40)
        assert take("other", at_s=60)
        assert take("third", at_s=-3600)  # by a clock that was put back

    def test_tells_what_an_embedder_lacks(self, open_work: UnitOfWorkFactory, world: World) -> None:
        here = store_live(open_work, world.here, texts=("Un texte.", "Deux."))
        there = store_live(open_work, world.there, texts=("Un texte.", "Trois."))
        both = {here.version.id, there.version.id}

        with open_work() as work:
            assert work.generations.missing(EMBEDDER.id).versions == ()
            lacking = work.generations.missing(_OTHER.id)
            texts = work.ledger.texts_of(here.version.id, ORDINARY)
            assert set(lacking.versions) == both
            assert lacking.texts == len({*texts, *work.ledger.texts_of(there.version.id, ORDINARY)})
            work.vectors.add(dict.fromkeys(texts, [0.5] * 8), embedder=_OTHER)
            after = work.generations.missing(_OTHER.id)
            work.commit()
        assert after.versions == (there.version.id,)
        assert after.texts < lacking.texts

    def test_what_is_retired_lacks_nothing(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here, texts=("Un texte.",))
        with open_work() as work:
            assert work.generations.count_chunks() == 1
            work.documents.delete(stored.document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work:
            assert work.generations.missing(_OTHER.id).texts == 0
            assert work.generations.count_chunks() == 0

    def test_vectors_of_one_embedder_are_forgotten(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here, texts=("Un texte.",))
        with open_work() as work:
            texts = work.ledger.texts_of(stored.version.id, ORDINARY)
            work.vectors.add(dict.fromkeys(texts, [0.5] * 8), embedder=_OTHER)
            assert work.generations.forget_vectors(_OTHER.id, after="", limit=9) == ""
            assert work.generations.missing(_OTHER.id).texts == 1
            assert work.generations.missing(EMBEDDER.id).texts == 0
            work.commit()


def _write(open_work: UnitOfWorkFactory, act: Callable[[UnitOfWork], object]) -> None:
    with open_work() as work:
        act(work)
        work.commit()
