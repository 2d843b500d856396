"""procrastinate's queue on PostgreSQL: one entry for each time that a job of ours comes free."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from procrastinate import App

QUEUE = "turns"
TURN = "turn"
"""The task of its entries, which carry nothing: whose turn it is, and which job, our own queue knows."""


def add_turn(connection: psycopg.Connection[Any]) -> None:
    """Have a worker woken once the transaction of this connection is committed.

    Raises:
        psycopg.Error: The server refuses it or is away.
    """
    # imported late: 0.2 s, which only who queues jobs pays
    from procrastinate.exceptions import ConnectorException

    try:
        _deferring().configure_task(TURN, queue=QUEUE, connection=connection).defer()
    except ConnectorException as error:
        told = error.__cause__ or error.__context__
        raise told if isinstance(told, psycopg.Error) else psycopg.Error() from error


@cache
def _deferring() -> App:
    """An app that only writes, on connections that are given to it: none is ever opened."""
    from procrastinate import App, SyncPsycopgConnector

    return App(connector=SyncPsycopgConnector())
