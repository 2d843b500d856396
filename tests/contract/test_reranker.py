"""Every reranker against the one contract."""

from __future__ import annotations

from typing import Literal

import pytest

from assistant.adapters.reranker.endpoint import EndpointReranker
from assistant.ports.models import Reranker
from assistant.testing.contracts.reranker import RerankerContract
from assistant.testing.reranker import RerankServer, WordReranker

FORMS: list[Literal["cohere", "jina", "tei"]] = ["cohere", "jina", "tei"]


class TestWordReranker(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return WordReranker()

    @pytest.fixture
    def broken(self) -> Reranker:
        return WordReranker(is_up=False)


class TestEndpointReranker(RerankerContract):
    @pytest.fixture(params=FORMS)
    def reranker(self, request: pytest.FixtureRequest) -> Reranker:
        form: Literal["cohere", "jina", "tei"] = request.param
        return EndpointReranker(
            url="http://reranker.test/v1",
            protocol="texts" if form == "tei" else "documents",
            batch_size=7,
            timeout_s=5,
            http=RerankServer(form).client(),
        )

    @pytest.fixture
    def broken(self) -> Reranker:
        return EndpointReranker(
            url="http://reranker.test/v1",
            protocol="documents",
            batch_size=7,
            timeout_s=5,
            http=RerankServer("unreachable").client(),
        )
