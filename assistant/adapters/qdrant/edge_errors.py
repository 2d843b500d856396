"""The failures of Qdrant Edge as those of our tree."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from assistant.domain.errors import (
    AssistantError,
    ConfigurationError,
    IndexUnavailable,
    StorageError,
)


@contextmanager
def engine_errors(*, code: str = "index_unavailable") -> Generator[None]:
    """Turn the engine's errors, all bare `Exception` or Rust panics, into those of our tree."""
    try:
        yield
    except AssistantError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = str(error)
        if "WouldBlock" in reason:
            raise ConfigurationError("index_in_use") from error
        if "No space left" in reason:
            raise StorageError("index_disk_full") from error
        raise IndexUnavailable(code, transient=code != "index_damaged") from error
