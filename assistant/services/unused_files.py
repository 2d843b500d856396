"""Contents that nothing refers to any more, or that nothing came to refer to, leave the disk."""

from __future__ import annotations

from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWorkFactory

_AT_ONCE = 100


def forget_unused_files(open_work: UnitOfWorkFactory, files: FileStore) -> int:
    """Remove some contents nobody refers to; the write lock keeps others from starting to.

    What is claimed stays: a submission is about to refer to it.

    Returns:
        How many were removed; 0 when none is left.
    """
    let_go = files.let_go_of()
    with open_work() as work:
        if let_go:
            work.ledger.note_files(let_go)
        unused = work.ledger.unused_files(limit=_AT_ONCE + len(files.claimed()))
        removed = 0
        for sha256 in unused:
            if sha256 in files.claimed():  # asked each time: it may be claimed at any moment
                continue
            files.remove(sha256)
            work.ledger.forget_file(sha256)
            removed += 1
        work.commit()
    files.forget_claims(let_go)
    return removed
