"""What anybody obtains through the API is what the rules say, before and after anything is taken away."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assistant.domain.ids import CollectionId, PersonId
from assistant.services.access import AccessService
from eval.redteam.without import remembered
from tests.api.site import Site, open_site
from tests.api.staging import REVOCATIONS, Stage, close, obtained, staged
from tests.conftest import FULL_SCALE
from tests.towns import PEOPLE, Town, towns

SAMPLED, FULL = 6, 150
ENGINES = ["sqlite", "postgresql"] if FULL_SCALE else ["sqlite"]
Sets = dict[PersonId, dict[str, set[CollectionId]]]


@pytest.fixture(params=ENGINES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Site]:
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    opened = open_site(tmp_path / "data", has_model=False, database_url=url)
    yield opened
    opened.close()


async def check(stage: Stage) -> Sets:
    """Everybody obtains what the rules say, by every way."""
    found: Sets = {}
    for person in PEOPLE:
        found[person] = await obtained(stage, person)
        for way, collections in found[person].items():
            expected = stage.expected(person)
            assert collections == expected, f"{person} by {way}: {collections}, not {expected}"
    return found


async def rules_hold(site: Site, town: Town, taken: list[tuple[int, int]]) -> None:
    async with AsyncExitStack() as stack:
        stage = await staged(site, town, stack)
        try:
            before = await check(stage)
            for kind, pick in taken:
                await REVOCATIONS[kind](stage, pick)
            after = await check(stage)
        finally:
            close(stage)
    for person, ways in after.items():
        for way, collections in ways.items():
            assert collections <= before[person][way]


def run_examples(site: Site, *, examples: int, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    """The rules hold for so many random towns, one after the other on one site."""
    revocation = st.tuples(st.integers(0, len(REVOCATIONS) - 1), st.integers(0, 11))
    with asyncio.Runner() as runner:

        @settings(
            max_examples=examples,
            phases=phases,
            report_multiple_bugs=False,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(town=towns(), taken=st.lists(revocation, min_size=1, max_size=3))
        def hold(town: Town, taken: list[tuple[int, int]]) -> None:
            runner.run(rules_hold(site, town, taken))

        hold()


@pytest.mark.timeout(3600 if FULL_SCALE else 600)
def test_what_anybody_obtains_is_what_the_rules_say(site: Site, full_scale: bool) -> None:
    run_examples(site, examples=FULL if full_scale else SAMPLED)


@pytest.mark.timeout(600)
def test_a_right_that_outlives_its_revocation_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person may read is asked once and remembered."""
    site = open_site(tmp_path / "data", has_model=False)
    monkeypatch.setattr(AccessService, "scope_of", remembered(AccessService.scope_of))
    try:
        with pytest.raises(AssertionError, match=r"sees| by "):
            run_examples(site, examples=60, phases=(Phase.generate,))
    finally:
        site.close()
