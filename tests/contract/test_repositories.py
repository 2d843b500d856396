"""The relational store against its contract, on each engine."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from assistant.adapters.sql.database import open_database
from assistant.adapters.sql.dialect import SqlDialect
from assistant.adapters.sql.postgresql import Postgresql
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts import repositories

pytestmark = pytest.mark.each_engine


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "assistant.sqlite3"
    open_database(path, migrate=True).close()
    return path


@pytest.fixture
def place(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Path | SqlDialect:
    if database_url:
        return Postgresql(database_url)
    path = tmp_path / "assistant.sqlite3"
    shutil.copy(request.getfixturevalue("empty_database"), path)
    return path


class OnEach:
    @pytest.fixture
    def open_work(self, place: Path | SqlDialect) -> Generator[UnitOfWorkFactory]:
        database = open_database(place, migrate=False)
        yield database.unit_of_work
        database.check()
        database.close()


class TestTenancy(OnEach, repositories.TenancyContract):
    pass


class TestEstates(OnEach, repositories.EstateContract):
    pass


class TestCuration(OnEach, repositories.CurationContract):
    pass


class TestPeople(OnEach, repositories.PeopleContract):
    pass


class TestPasswords(OnEach, repositories.PasswordContract):
    pass


class TestGenerations(OnEach, repositories.GenerationContract):
    pass


class TestCuts(OnEach, repositories.CutContract):
    pass


class TestGroups(OnEach, repositories.GroupContract):
    pass


class TestInvitations(OnEach, repositories.InvitationContract):
    pass


class TestIdentities(OnEach, repositories.IdentityContract):
    pass


class TestKeys(OnEach, repositories.KeyContract):
    pass


class TestAudit(OnEach, repositories.AuditContract):
    pass


class TestDocuments(OnEach, repositories.DocumentContract):
    pass


class TestChunks(OnEach, repositories.ChunkContract):
    pass


class TestLinks(OnEach, repositories.LinkContract):
    pass


class TestVectors(OnEach, repositories.VectorContract):
    pass


class TestLedger(OnEach, repositories.LedgerContract):
    pass


class TestJobs(OnEach, repositories.JobContract):
    pass


class TestSuccession(OnEach, repositories.SuccessionContract):
    pass


class TestQueue(OnEach, repositories.QueueContract):
    pass


class TestForgetting(OnEach, repositories.ForgettingContract):
    pass


class TestTurns(OnEach, repositories.TurnContract):
    pass


class TestSessions(OnEach, repositories.SessionContract):
    pass


class TestFederation(OnEach, repositories.FederationContract):
    pass


class TestConversations(OnEach, repositories.ConversationContract):
    pass


class TestAnswers(OnEach, repositories.AnswerContract):
    pass


class TestQuestionSets(OnEach, repositories.QuestionSetContract):
    pass


class TestEvaluations(OnEach, repositories.EvaluationContract):
    pass


class TestUsage(OnEach, repositories.UsageContract):
    pass


class TestFeedback(OnEach, repositories.FeedbackContract):
    pass


class TestInspections(OnEach, repositories.InspectionContract):
    pass


class TestDeletions(OnEach, repositories.DeletionContract):
    pass


class TestSources(OnEach, repositories.SourceContract):
    pass


class TestSourceQueue(OnEach, repositories.SourceQueueContract):
    pass


class TestUnitOfWork(OnEach, repositories.UnitOfWorkContract):
    pass


class TestIsolation(OnEach, repositories.IsolationContract):
    pass
