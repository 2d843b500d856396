"""A worker process that kills itself: `python -m tests.integration.dying_worker FOLDER N WHEN SECONDS URL`.

It dies by SIGKILL before or after its N-th commit (0: never), with a clock that many seconds ahead.
An empty URL stands for the file of the folder.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from assistant.ports.repositories import UnitOfWorkFactory
from tests.house import open_house


class DyingUnitOfWork:
    """Passes everything on; its commit may be the last thing the process does."""

    commits = 0

    def __init__(self, inner: Any, *, fatal: int, is_before: bool) -> None:
        self._inner = inner
        self._fatal = fatal
        self._is_before = is_before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __enter__(self) -> DyingUnitOfWork:
        self._inner.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inner.__exit__(kind, error, trace)

    def commit(self) -> None:
        DyingUnitOfWork.commits += 1
        is_last = DyingUnitOfWork.commits == self._fatal
        if is_last and self._is_before:
            os.kill(os.getpid(), signal.SIGKILL)
        self._inner.commit()
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    folder, fatal, when, seconds, url = sys.argv[1:]

    def wrap(opened: UnitOfWorkFactory) -> UnitOfWorkFactory:
        return lambda: DyingUnitOfWork(  # pyright: ignore[reportReturnType]
            opened(), fatal=int(fatal), is_before=when == "before"
        )

    house = open_house(Path(folder), wrap=wrap, database_url=url)
    house.clock.advance(float(seconds))
    worker = house.new_worker(owner=f"worker-{os.getpid()}", attempts=99)
    while worker.run_once():
        continue
    house.close()


if __name__ == "__main__":
    main()
