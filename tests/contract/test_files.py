"""File stores against their contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.adapters.files.folder import FolderFileStore
from assistant.testing.contracts.files import FileStoreContract


class TestFolderFileStore(FileStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderFileStore:
        return FolderFileStore(tmp_path / "files")
