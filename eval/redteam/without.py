"""What stands in the place of a defence that was taken away. For mutations only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, cast

from assistant.answering.citations import Parsed
from assistant.domain.tenancy import Grant, Principal, Scope
from ingest.model import Quality


class Unclean:
    """In the place of the sanitizer of answers: everything passes."""

    def __init__(self, *, placeholder: str) -> None:
        del placeholder

    def feed(self, piece: str) -> str:
        """The piece as it is."""
        return piece

    def finish(self) -> str:
        """Nothing is held back."""
        return ""


class Believing:
    """In the place of the reader of markers: all numbers stay, and none is told to be unknown."""

    def __init__(self, *, count: int) -> None:
        del count
        self.text = ""

    def feed(self, piece: str) -> Parsed:
        """The piece as it is."""
        self.text += piece
        return Parsed(text=piece, markers=(), removed=())

    def finish(self) -> Parsed:
        """Nothing is held back."""
        return Parsed(text="", markers=(), removed=())


def as_it_is(text: str, *, placeholder: str) -> str:
    """A quote with its links and markup."""
    del placeholder
    return text


def each_apart(normalised: Callable[[str], str]) -> Callable[[str], str]:
    """Words that equal no others, were they the same."""
    numbers = count()
    return lambda text: f"{normalised(text)} {next(numbers)}"


class _Unruly:
    def __init__(self, template: Any) -> None:
        self._template = template

    def render(self, **values: Any) -> str:
        return str(self._template.render(**values)).replace("jamais", "parfois")


def unruly(template: Callable[[str], Any]) -> Callable[[str], Any]:
    """Prompts that allow what they forbade."""
    return lambda name: _Unruly(template(name))


def whole_docx(path: Path) -> tuple[bytes, bool]:
    """A DOCX file with everything it hides."""
    return path.read_bytes(), False


def trusting(find: Callable[..., Quality]) -> Callable[..., Quality]:
    """A quality that suspects nothing."""

    def found(*args: Any, **options: Any) -> Quality:
        return replace(find(*args, **options), suspicions=())

    return found


def all_grants(scope_of: Callable[[Any, Principal], Scope]) -> Callable[[Any, Principal], Scope]:
    """Scopes that hold the collections of every tenant."""

    def widened(self: Any, principal: Principal) -> Scope:
        own = scope_of(self, principal)
        with self._open_work() as work:
            grants = {
                Grant(tenant.id, collection.id)
                for tenant in work.tenancy.list_tenants()
                for collection in work.tenancy.list_collections(tenant_id=tenant.id)
            }
        return replace(own, grants=own.grants | grants)

    return widened


def remembered(scope_of: Callable[[Any, Principal], Scope]) -> Callable[[Any, Principal], Scope]:
    """Scopes that keep all that their person could ever read."""
    known: dict[str, Scope] = {}

    def widest(self: Any, principal: Principal) -> Scope:
        now = scope_of(self, principal)
        before = known.get(principal.person_id, now)
        known[principal.person_id] = replace(now, grants=now.grants | before.grants)
        return known[principal.person_id]

    return widest


def of_all_tenants(work: Any, tenant_id: Any, *, principal: Principal) -> Any:
    """A tenant, whoever asks for it."""
    del principal
    return work.tenancy.find_tenant(tenant_id)


def any_person(work: Any, person_id: Any, *, principal: Principal) -> Any:
    """A person, whoever asks for it."""
    del principal
    return work.people.standing(person_id).person


def unconditional(live_chunks: Callable[..., Any]) -> Callable[..., Any]:
    """A query for chunks that asks neither whether they live nor who may read them."""

    def query(scope: Scope, *, managed: Scope | None = None) -> Any:
        made = live_chunks(scope, managed=managed)
        vars(made)["_where_criteria"] = ()
        return made

    return query


def anyone(scope: Scope, table: Any) -> Any:
    """A condition that every row fulfils."""
    del scope, table
    return cast("Any", import_module("sqlalchemy")).true()


def any_live(self: Any, answer_id: str, *, scope: Scope) -> Any:
    """A running answer, whoever asks for it."""
    del scope
    return self._keeper.lives.get(answer_id)


def wide(frontier: Any) -> Callable[..., Any]:
    """A frontier that lets bodies of any size through."""

    def built(app: Any, *, hosts: frozenset[str], body_limit: Any) -> Any:
        del body_limit
        return frontier(app, hosts=hosts, body_limit=_any_size)

    return built


def _any_size(method: str, path: str) -> int:
    del method, path
    return 10**12


def trusting_xml(data: bytes) -> Any:
    """XML with the entities it names, those of files included."""
    etree = cast("Any", import_module("lxml.etree"))
    return etree.fromstring(data, etree.XMLParser(resolve_entities=True, load_dtd=True))


def unescaped_page(template: str, **values: Any) -> Any:
    """A page whose texts are taken for HTML."""
    from jinja2 import Environment, PackageLoader
    from starlette.responses import HTMLResponse

    environment = Environment(loader=PackageLoader("assistant.api"), autoescape=False)  # noqa: S701
    return HTMLResponse(environment.get_template(template).render(**values))


def inline(response: Any) -> Callable[..., Any]:
    """Originals that a browser shows instead of saving them."""

    def built(path: Any, **options: Any) -> Any:
        return response(path, content_disposition_type="inline", **options)

    return built
