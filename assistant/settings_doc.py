"""The page `docs/settings.md`, made from the tree of settings: `python -m assistant.settings_doc`."""

from __future__ import annotations

import sys
from itertools import groupby

from assistant.settings import Group, Settings
from assistant.settings_sources import Setting, all_settings, expected, shown_value, value_of

_HEAD = """# Réglages

<!-- Page produite par « python -m assistant.settings_doc » ; ne pas la modifier à la main. -->

Chaque réglage se donne par une variable `ASSISTANT_…` ou dans un fichier TOML.
La variable l'emporte sur le fichier, et le fichier sur la valeur par défaut.

- Le fichier est celui de l'option `--config`, sinon de la variable `ASSISTANT_CONFIG`,
  sinon `assistant.toml` dans le dossier courant.
- Dans le fichier, chaque groupe est une table : `[ingest]` puis `max_file_mb = 100`.
  Un `data_dir` relatif y part du dossier du fichier.
- Un nom inconnu ou une valeur impossible empêche de démarrer, avec une phrase qui le nomme.
- `assistant settings` montre les valeurs retenues et leur origine ; un secret s'affiche `***`,
  de même que les identifiants et les paramètres d'une adresse.
"""


def settings_markdown() -> str:
    """The whole page."""
    groups = groupby(all_settings(), key=lambda each: each.key.rpartition(".")[0])
    return "\n".join([_HEAD, *(_section(name, list(members)) for name, members in groups)])


def _section(name: str, members: list[Setting]) -> str:
    head = f"## `[{name}]`" if name else "## Général"
    rows = "\n".join(_row(each) for each in members)
    tables = "".join(_table(each.key, each.table) for each in members if each.table)
    return (
        f"{head}\n\n| clé | variable | défaut | valeurs | effet |\n|---|---|---|---|---|\n{rows}\n"
        f"{tables}"
    )


def _table(key: str, group: type[Group]) -> str:
    """The fields of each table of a list."""
    rows = "\n".join(
        _field(Setting(name, field), default=field.get_default())
        for name, field in group.model_fields.items()
    )
    head = "| clé | défaut | valeurs | effet |\n|---|---|---|---|"
    return f"\n### `[[{key}]]`\n\n{head}\n{rows}\n"


def _field(setting: Setting, *, default: object) -> str:
    shown = "obligatoire" if setting.field.is_required() else _shown(shown_value(default))
    help_text = " ".join(setting.help.split()).replace("|", "\\|")
    return f"| `{setting.key}` | {shown} | {expected(setting)} | {help_text} |"


def _row(setting: Setting) -> str:
    shown = _shown(shown_value(value_of(Settings(), setting.key)))
    help_text = " ".join(setting.help.split()).replace("|", "\\|")
    return (
        f"| `{setting.key}` | `{setting.variable}` | {shown} | {expected(setting)} | {help_text} |"
    )


def _shown(default: str | int | float) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default != "" else "vide"


if __name__ == "__main__":
    sys.stdout.write(settings_markdown())
