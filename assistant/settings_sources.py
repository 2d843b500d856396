"""Where settings come from: `ASSISTANT_…` variables, then a TOML file, then the defaults.

Unknown names and wrong values are refused together, in one French sentence that never shows a secret.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from assistant.domain.errors import ConfigurationError
from assistant.settings import Group, Settings

_CREDENTIALS = re.compile(r"//.*@", re.S)
_QUERY = re.compile(r"(?<=[?#]).+", re.S)
_CLOSE = 0.75
"""Likeness of two names, from 0 to 1, from which one is taken for a slip of the other."""

PREFIX = "ASSISTANT_"
CONFIG_VARIABLE = "ASSISTANT_CONFIG"
"""Names the TOML file; not a setting itself."""
EVALUATION_PREFIX = "ASSISTANT_EVAL_"
"""Variables of the evaluations, which may stand beside the product's own."""
DEFAULT_CONFIG = Path("assistant.toml")
"""Read from the current folder when no file is named."""
DEFAULT_ORIGIN = "défaut"
HIDDEN = "***"
"""Printed for a secret that has a value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf of the tree."""

    key: str
    """Dotted key, such as "ingest.max_file_mb"."""
    field: FieldInfo

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.key.replace(".", "_").upper()

    @property
    def is_secret(self) -> bool:
        """True when its value is never printed."""
        return self.field.annotation is SecretStr

    @property
    def help(self) -> str:
        """What it does, in French."""
        return self.field.description or ""

    @property
    def table(self) -> type[Group] | None:
        """What each element is when it is a list of tables; None when it is no such list."""
        element: object = next(iter(get_args(self.field.annotation)), None)
        return element if isinstance(element, type) and issubclass(element, Group) else None


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The effective settings, and where each value came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Dotted key → "variable ASSISTANT_X", "fichier …" or "défaut"."""

    def shown(self) -> dict[str, str | int | float]:
        """Effective values by key, fit to be printed: secrets hidden, paths as text."""
        return {each.key: shown_value(value_of(self.settings, each.key)) for each in all_settings()}


@dataclass(frozen=True, slots=True)
class _Given:
    """A raw value and the words that say where it was found."""

    key: str
    value: Any
    origin: str


def all_settings() -> list[Setting]:
    """Every leaf of the tree, in its order."""
    return list(_leaves(Settings, prefix=""))


def value_of(settings: Settings, key: str) -> object:
    """The value at a dotted key."""
    value: object = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value


def shown_value(value: object) -> str | int | float:
    """A value fit to be printed: secrets hidden, those inside an address too; else as it is."""
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, tuple):
        return ", ".join(map(_shown_element, cast("tuple[object, ...]", value)))
    text = _CREDENTIALS.sub(f"//{HIDDEN}@", str(value))
    return _QUERY.sub(HIDDEN, text) if "://" in text else text


def _shown_element(element: object) -> str:
    return str(getattr(element, "id", element))


def load_settings(*, config: Path | None, environ: Mapping[str, str]) -> LoadedSettings:
    """Read, check and merge all sources.

    Args:
        config: TOML file; None takes the one named by `ASSISTANT_CONFIG`, else `assistant.toml`
            in the current folder when there is one.
        environ: Environment variables; those without the prefix are ignored.

    Raises:
        ConfigurationError: Unknown names or wrong values ("settings_refused"), a file that cannot
            be read ("settings_file_unreadable").
    """
    problems: list[str] = []
    given = {each.key: each for each in _from_file(_config_file(config, environ), problems)}
    given |= {each.key: each for each in _from_variables(environ, problems)}
    settings = _validated(given, problems)
    if settings is None or problems:
        raise ConfigurationError("settings_refused", problems=" ; ".join(problems))
    origins = {
        each.key: given[each.key].origin if each.key in given else DEFAULT_ORIGIN
        for each in all_settings()
    }
    absolute = settings.model_copy(update={"data_dir": settings.data_dir.expanduser().absolute()})
    return LoadedSettings(absolute, origins)


def expected(setting: Setting) -> str:
    """What values a setting takes, in French."""
    annotation = setting.field.annotation
    if get_origin(annotation) is Literal:
        return " ou ".join(f"« {choice} »" for choice in get_args(annotation))
    if setting.table is not None:
        return "liste de tables"
    if get_origin(annotation) is tuple:
        return "liste de textes"
    kind = _KINDS.get(_plain_type(annotation), "texte")
    bounds = " et ".join(_bounds(setting.field))
    return f"{kind} {bounds}".strip()


_KINDS: Mapping[Any, str] = {
    bool: "« true » ou « false »",
    int: "nombre entier",
    float: "nombre",
    Decimal: "nombre",
    Path: "chemin d'un dossier",
    SecretStr: "texte (secret)",
}
_BOUNDS = {
    "ge": "d'au moins {}",
    "gt": "supérieur à {}",
    "le": "d'au plus {}",
    "lt": "inférieur à {}",
}


def _plain_type(annotation: Any) -> Any:
    if get_origin(annotation) in {Union, UnionType}:
        return next(each for each in get_args(annotation) if each is not type(None))
    return annotation


def _bounds(field: FieldInfo) -> Iterator[str]:
    for constraint in field.metadata:
        for name, words in _BOUNDS.items():
            bound = getattr(constraint, name, None)
            if bound is not None:
                yield words.format(bound)


def _leaves(group: type[Group], *, prefix: str) -> Iterator[Setting]:
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Group):
            yield from _leaves(kind, prefix=f"{prefix}{name}.")
        else:
            yield Setting(prefix + name, field)


def _config_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    if config is not None:
        return config
    named = environ.get(CONFIG_VARIABLE, "")
    if named:
        return Path(named)
    return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None


def _from_variables(environ: Mapping[str, str], problems: list[str]) -> Iterator[_Given]:
    by_variable = {each.variable: each for each in all_settings()}
    for name in sorted(environ):
        is_ours = name.startswith(PREFIX) and not name.startswith(EVALUATION_PREFIX)
        if not is_ours or name == CONFIG_VARIABLE:
            continue
        if name in by_variable:
            yield _Given(by_variable[name].key, environ[name], f"variable {name}")
        else:
            problems.append(f"la variable {name} est inconnue{_nearest(name, by_variable)}")


def _from_file(path: Path | None, problems: list[str]) -> Iterator[_Given]:
    if path is None:
        return
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("settings_file_unreadable", path=str(path)) from error
    known = {each.key: each for each in all_settings()}
    origin = f"fichier {path}"
    for key, value in _flattened(tree, prefix="", known=known):
        if key not in known:
            problems.append(f"la clé « {key} » ({origin}) est inconnue{_nearest(key, known)}")
        elif key == "data_dir" and isinstance(value, str) and value.strip():
            yield _Given(key, str(path.absolute().parent / Path(value).expanduser()), origin)
        else:
            yield _Given(key, value, origin)


def _flattened(
    tree: Mapping[str, Any], *, prefix: str, known: Mapping[str, Setting]
) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        key = prefix + name
        is_group = any(each.startswith(f"{key}.") for each in known)
        if isinstance(value, dict) and is_group:
            table = cast("dict[str, Any]", value)
            yield from _flattened(table, prefix=f"{key}.", known=known)
        else:
            yield key, value


def _nearest(name: str, known: Mapping[str, Setting]) -> str:
    """The known name meant, if any; what all variables begin with makes none like another."""
    by_rest = {each.removeprefix(PREFIX): each for each in known}
    close = difflib.get_close_matches(name.removeprefix(PREFIX), by_rest, n=1, cutoff=_CLOSE)
    return f" (vouliez-vous dire {by_rest[close[0]]} ?)" if close else ""


def _validated(given: Mapping[str, _Given], problems: list[str]) -> Settings | None:
    tree: dict[str, Any] = {}
    for each in given.values():
        group = tree
        *parents, leaf = each.key.split(".")
        for parent in parents:
            group = group.setdefault(parent, {})
        group[leaf] = each.value
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        known = {each.key: each for each in all_settings()}
        problems.extend(
            dict.fromkeys(_fault(each["loc"], known=known, given=given) for each in error.errors())
        )
        return None


def _fault(
    place: tuple[int | str, ...],
    *,
    known: Mapping[str, Setting],
    given: Mapping[str, _Given],
) -> str:
    """What is wrong at a place of the tree, inside a table of a list too."""
    length = next(n for n in range(len(place), 0, -1) if ".".join(map(str, place[:n])) in known)
    key = ".".join(map(str, place[:length]))
    setting, *inner = known[key], *place[length:]
    if setting.table is None:
        return _wrong(setting, given[key])
    number = next((each for each in inner if isinstance(each, int)), 0)
    field = next((each for each in inner if isinstance(each, str)), "")
    where = f"{key}[{number}].{field}" if field else key
    row = setting.table.model_fields.get(field)
    wanted = expected(Setting(where, row)) if row else expected(setting)
    return f"{where} ({given[key].origin}) est refusé, attendu : {wanted}"


def _wrong(setting: Setting, given: _Given) -> str:
    value = HIDDEN if setting.is_secret else shown_value(given.value)
    return f"{setting.key} ({given.origin}) vaut « {value} », attendu : {expected(setting)}"
