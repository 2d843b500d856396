"""From an exception to an exit code and one French sentence."""

from __future__ import annotations

import re
from enum import IntEnum

import typer

from assistant.domain.catalogue import sentence
from assistant.domain.errors import (
    AssistantError,
    ConfigurationError,
    Conflict,
    InvalidInput,
    NotFound,
)


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    UNEXPECTED = 1
    """A defect: `--debug` shows where."""
    USAGE = 2
    """The command line is wrong."""
    SOME_FAILED = 3
    """Done, but some files or queries failed."""
    CONFIGURATION = 4
    """Settings, data folder or port do not allow it."""
    SERVICE = 5
    """The service, the model or the disk failed."""
    REFUSED = 6
    """The service understood and refused: unknown element, wrong state."""
    INTERRUPTED = 130


class Misuse(Exception):
    """The command line is wrong; the message is a French sentence."""


_SERVER_ERRORS = 500


def exit_code_of(error: BaseException) -> ExitCode:
    """The exit code that stands for an error."""
    from assistant.client.errors import ClientError

    match error:
        case Misuse() | typer.TyperException():
            return ExitCode.USAGE
        case ConfigurationError():
            if error.code == "server_absent":
                return ExitCode.SERVICE
            return ExitCode.CONFIGURATION
        case NotFound() | Conflict() | InvalidInput():
            return ExitCode.REFUSED
        case AssistantError():
            return ExitCode.SERVICE
        case ClientError():
            status = error.problem.status
            is_refusal = 0 < status < _SERVER_ERRORS and error.code != "response_invalid"
            return ExitCode.REFUSED if is_refusal else ExitCode.SERVICE
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case _:
            return ExitCode.UNEXPECTED


def code_of(error: BaseException) -> str:
    """The stable code of an error, for programs."""
    from assistant.client.errors import ClientError

    return error.code if isinstance(error, AssistantError | ClientError) else "internal_error"


def sentence_of(error: BaseException) -> str:
    """What happened and what to do, in French, on one line."""
    from assistant.client.errors import ClientError

    match error:
        case Misuse():
            text = str(error)
        case AssistantError():
            text = error.sentence
        case ClientError():
            text = error.problem.detail
        case typer.TyperException():
            text = _usage_sentence(error)
        case KeyboardInterrupt():
            text = "Interrompu."
        case _:
            text = (
                f"{sentence('internal_error')} ({type(error).__name__} ; "
                "« assistant --debug … » montre le détail.)"
            )
    return " ".join(text.split())


_USAGE = (
    (r"No such option: (\S+)", r"L'option {0} n'existe pas"),
    (r"No such command '(.+?)'\.", r"La commande « {0} » n'existe pas"),
    (r"Missing command", "Il manque une commande"),
    (r"Missing argument '(.+?)'", "Il manque {0}"),
    (r"Missing option '(.+?)'", "Il manque l'option {0}"),
    (r"Missing parameter: (\S+)", "Il manque {0}"),
    (r"[Oo]ption '(.+?)' requires an argument", "L'option {0} demande une valeur"),
    (r"[Oo]ption '(.+?)' does not take a value", "L'option {0} ne prend pas de valeur"),
    (r"unexpected extra arguments?(?:\(s\))? \((.+)\)", "Ces mots sont de trop : {0}"),
    (
        r"Invalid value for (.+?): .*less than or equal to (\S+)",
        "La valeur donnée à {0} doit être d'au plus {1}",
    ),
    (
        r"Invalid value for (.+?): .*greater than or equal to (\S+)",
        "La valeur donnée à {0} doit être d'au moins {1}",
    ),
    (r"Invalid value for (.+?): .*valid integer", "La valeur donnée à {0} doit être un entier"),
    (r"Invalid value for (.+?): ", "La valeur donnée à {0} ne convient pas"),
)


def _usage_sentence(error: typer.TyperException) -> str:
    describe = getattr(error, "format_message", None)
    message = str(describe()) if callable(describe) else str(error)
    said = "La commande n'est pas comprise"
    for pattern, words in _USAGE:
        found = re.search(pattern, message)
        if found:
            said = words.format(*(group.strip("'") for group in found.groups()))
            break
    end = "" if said.endswith("…") else "."
    return f"{said}{end} « assistant --help » montre ce qui est possible."
