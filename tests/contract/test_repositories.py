"""The relational store on SQLite against its contract."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from assistant.adapters.sql.database import open_database
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts import repositories


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "assistant.sqlite3"
    open_database(path, migrate=True).close()
    return path


class OnSqlite:
    @pytest.fixture
    def open_work(self, empty_database: Path, tmp_path: Path) -> Generator[UnitOfWorkFactory]:
        path = tmp_path / "assistant.sqlite3"
        shutil.copy(empty_database, path)
        database = open_database(path, migrate=False)
        yield database.unit_of_work
        database.check()
        database.close()


class TestTenancy(OnSqlite, repositories.TenancyContract):
    pass


class TestDocuments(OnSqlite, repositories.DocumentContract):
    pass


class TestChunks(OnSqlite, repositories.ChunkContract):
    pass


class TestLinks(OnSqlite, repositories.LinkContract):
    pass


class TestVectors(OnSqlite, repositories.VectorContract):
    pass


class TestLedger(OnSqlite, repositories.LedgerContract):
    pass


class TestJobs(OnSqlite, repositories.JobContract):
    pass


class TestQueue(OnSqlite, repositories.QueueContract):
    pass


class TestSessions(OnSqlite, repositories.SessionContract):
    pass


class TestFederation(OnSqlite, repositories.FederationContract):
    pass


class TestConversations(OnSqlite, repositories.ConversationContract):
    pass


class TestAnswers(OnSqlite, repositories.AnswerContract):
    pass


class TestQuestionSets(OnSqlite, repositories.QuestionSetContract):
    pass


class TestEvaluations(OnSqlite, repositories.EvaluationContract):
    pass


class TestUnitOfWork(OnSqlite, repositories.UnitOfWorkContract):
    pass


class TestIsolation(OnSqlite, repositories.IsolationContract):
    pass
