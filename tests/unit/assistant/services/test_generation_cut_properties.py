"""Whatever happens, each whole generation holds exactly the chunks of its cut of the live versions."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.domain.errors import AssistantError
from assistant.domain.weighing import WordChoice
from tests.house import open_house
from tests.unit.assistant.services.generation_world import GenerationWorld

NAMES = "abc"
ACTS = st.one_of(
    st.tuples(st.just("ingest"), st.sampled_from(NAMES), st.integers(1, 6)),
    st.tuples(st.just("delete"), st.sampled_from(NAMES)),
    st.tuples(st.just("lose"), st.sampled_from(NAMES)),
    st.tuples(
        st.just("plan"),
        st.sampled_from(["", "autre"]),
        st.sampled_from([None, 64, 128, 192]),
        st.sampled_from([None, 0.5]),
    ),
    st.tuples(st.sampled_from(["build", "cancel", "switch", "rollback", "remove", "settle"])),
)


class Story(GenerationWorld):
    """A world in which one act follows the other; those that are refused change nothing."""

    def __init__(self, root: Path) -> None:
        super().__init__(open_house(root))
        self.contents: dict[str, str] = {}

    def ingest(self, name: str, lines: int) -> None:
        size = len(self.contents.get(name, ""))
        self.contents[name] = "\n".join(f"Ligne {n} de {name} {size}" for n in range(lines))
        self.house.ingest(self.contents)

    def delete(self, name: str) -> None:
        if set(self.contents) > {name}:
            self.contents.pop(name, None)
            self.house.ingest(self.contents)

    def lose(self, name: str) -> None:
        document = self.house.all_documents().get(name)
        if document is not None:
            self.house.files.remove(document.sha256)

    def plan(self, embedder: str, tokens: int | None, k1: float | None) -> None:
        self.service.plan(
            embedder, principal=self.principal, chunk_tokens=tokens, words=WordChoice(k1=k1)
        )

    def build(self) -> None:
        self.service.build(self._latest(), principal=self.principal)
        self.settle()

    def cancel(self) -> None:
        self.service.cancel(self._latest(), principal=self.principal)

    def switch(self) -> None:
        self.service.evaluate(self._latest(), principal=self.principal)
        self.trials.run_once(threading.Event())
        self.service.switch(
            self._latest(), reason="Aucun jeu de questions", principal=self.principal
        )

    def rollback(self) -> None:
        self.service.rollback(principal=self.principal)

    def remove(self) -> None:
        for made in self.service.list_all(principal=self.principal):
            try:
                self.service.remove(made.id, principal=self.principal)
            except AssistantError:
                continue
            return

    def check(self) -> None:
        """What every index holds against what the database says it must."""
        self.catch_up()
        kept = [each for each in self.service.list_all(principal=self.principal) if each.is_whole]
        for made in kept:
            with self.house.open_work() as work:
                expected = work.reconciliation.expected_points(
                    embedder_id=made.composition.embedder.id,
                    cut=made.composition.cut,
                    after=0,
                    limit=999,
                )
                lacking = work.cuts.count_uncut(made.composition.cut)
            assert lacking == 0
            assert all(each.has_vector for each in expected)
            assert self.held(made) == {str(each.point.chunk_id) for each in expected}
        shown = {name for name, texts in self.house.live_texts().items() if texts}
        assert shown == set(self.contents)

    def _latest(self):  # noqa: ANN202 - an id
        return self.service.list_all(principal=self.principal)[0].id


@pytest.mark.timeout(900)
@settings(max_examples=settings().max_examples // 20)
@given(acts=st.lists(ACTS, min_size=3, max_size=9))
def test_every_whole_generation_holds_its_cut_of_what_is_live(
    acts: list[tuple[str | int, ...]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder))
        try:
            story.ingest("a", 4)
            for name, *args in acts:
                try:
                    getattr(story, str(name))(*args)
                except AssistantError:
                    continue
                story.check()
        finally:
            story.house.close()
