"""What does not work is told in time: an embedder that hangs, an index that takes nothing."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assistant.api import readiness
from assistant.api.readiness import Readiness
from assistant.containers import Container
from assistant.domain.catalogue import sentence
from assistant.domain.documents import Reason
from assistant.domain.errors import EmbedderUnavailable

pytestmark = pytest.mark.anyio


async def test_an_embedder_that_hangs_is_asked_once_and_all_trouble_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, calls = threading.Event(), 0

    def hang(text: str) -> Any:
        nonlocal calls
        calls += 1
        assert go_on.wait(20)
        raise EmbedderUnavailable

    monkeypatch.setattr(readiness, "_ANSWER_S", 0.05)
    monkeypatch.setattr(readiness, "_KEPT_S", 0.0)
    opened = SimpleNamespace(
        index=SimpleNamespace(count_all=lambda: 0),
        searched=SimpleNamespace(embedder=SimpleNamespace(embed_query=hang)),
    )
    services = SimpleNamespace(
        access=SimpleNamespace(ensure_default=lambda: None),
        generations=SimpleNamespace(room=SimpleNamespace(searched=(opened,))),
        applier=SimpleNamespace(trouble=Reason("disk_full", {})),
        model=None,
    )
    looks = Readiness(cast("Container", services), worker_alive=lambda: True)

    found = [await looks.report() for _ in range(3)]
    go_on.set()

    assert [each.embedder for each in found] == [False] * 3
    assert calls == 1
    assert {each.indexing_trouble for each in found} == {sentence("disk_full")}
    assert sentence("disk_full") in found[0].detail
