"""What a call may raise: one error that carries a problem, the service's or the client's own."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from assistant.schemas.wire import Problem

_TITLES = {
    "server_unreachable": "Service injoignable",
    "server_timeout": "Service trop lent",
    "stream_cut": "Réponse interrompue",
    "response_invalid": "Réponse inattendue",
    "file_unreadable": "Fichier illisible",
    "token_missing": "Jeton absent",
}


class ClientError(Exception):
    """A call that failed.

    Attributes:
        problem: What happened and what to do. Its `status` is 0 when no service answered.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem

    @property
    def code(self) -> str:
        """Stable code of the problem."""
        return self.problem.code


@cache
def messages() -> dict[str, str]:
    """The client's own sentences, by code."""
    return tomllib.loads((files("assistant.client") / "messages.fr.toml").read_text("utf-8"))


def client_error(code: str, *, instance: str, status: int = 0, **params: str | int) -> ClientError:
    """An error of the client's own.

    Args:
        code: One of the client's catalogue.
        instance: Path of the request.
        status: HTTP status received, 0 for none.
        params: Values that complete the sentence.
    """
    return ClientError(
        Problem(
            type=f"urn:assistant:error:{code}",
            title=_TITLES[code],
            status=status,
            detail=messages()[code].format(status=status, **params),
            instance=instance,
            code=code,
            request_id="",
        )
    )
