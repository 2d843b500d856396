"""`assistant settings` and `assistant doctor`."""

from __future__ import annotations

from dataclasses import asdict

from assistant.cli.console import say, say_json
from assistant.cli.failures import ExitCode
from assistant.doctor import CheckState, examine
from assistant.settings import Settings
from assistant.settings_sources import LoadedSettings

_SIGNS = {CheckState.OK: "✓", CheckState.LIMITED: "!", CheckState.BROKEN: "✗"}


def show_settings(loaded: LoadedSettings, *, as_json: bool) -> None:
    """Every effective value and where it came from; secrets hidden."""
    shown = loaded.shown()
    if as_json:
        rows = [
            {"key": key, "value": value, "origin": loaded.origins[key]}
            for key, value in shown.items()
        ]
        say_json({"settings": rows})
        return
    width = max(map(len, shown))
    for key, value in shown.items():
        text = "vide" if value == "" else str(value)
        say(f"{key:<{width}}  {text}  ({loaded.origins[key]})")


def show_checks(settings: Settings, *, as_json: bool) -> ExitCode:
    """Every check; 4 when something needed does not work."""
    checks = examine(settings)
    if as_json:
        say_json({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            say(f"{_SIGNS[check.state]} {check.subject} : {check.detail}")
    is_broken = any(check.state is CheckState.BROKEN for check in checks)
    return ExitCode.CONFIGURATION if is_broken else ExitCode.OK
