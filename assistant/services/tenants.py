"""Tenants: made, changed, suspended, closed and archived by administrators."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, InvalidInput, NotFound
from assistant.domain.ids import CollectionId, TenantId, new_id
from assistant.domain.tenancy import Collection, Principal
from assistant.domain.tenants import (
    LEAST_CONTRAST,
    MOVES,
    OPEN_STATES,
    Charter,
    Quotas,
    Tenant,
    TenantKind,
    TenantState,
    contrast_with_white,
    is_siren,
    is_siret,
)
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.access import DEFAULT_COLLECTION_NAME, owner_tenant
from assistant.services.finishing import JobFinisher
from assistant.services.logos import checked_logo
from assistant.services.names import is_printable
from assistant.services.roles import (
    changeable_tenant,
    found_tenant,
    require_platform_admin,
)
from assistant.services.transactions import retried

NAME_CHARS: Final = 200
TEXT_CHARS: Final = 20_000
_PUT_AWAY = frozenset({TenantState.ARCHIVED, TenantState.DELETED})
_MOST_DAYS = 36_500
_MOST_MODELS = 50
_OWN_FIELDS = frozenset({"colour", "time_zone", "welcome", "charter_text", "retention_days"})


@dataclass(frozen=True, slots=True)
class TenantChange:
    """What to change of a tenant; fields left at None stay as they are.

    Its own administrators may change how it looks, its texts and its retention; the platform's
    administrators all of it.
    """

    name: str | None = None
    kind: TenantKind | None = None
    siren: str | None = None
    """Empty to remove it."""
    sirets: frozenset[str] | None = None
    parent_id: TenantId | None = None
    """Empty to put it at the top."""
    colour: str | None = None
    time_zone: str | None = None
    welcome: str | None = None
    charter_text: str | None = None
    """Empty when nothing has to be accepted any more; another text gets another version."""
    retention_days: int | None = None
    """0 to keep conversations."""
    quotas: Quotas | None = None
    allowed_models: tuple[str, ...] | None = None

    @property
    def given(self) -> frozenset[str]:
        """Names of the fields that are to change."""
        return frozenset(each.name for each in fields(self) if getattr(self, each.name) is not None)


class TenantService:
    """Tenants of the instance. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit
        self._finisher = JobFinisher(clock)

    def create(self, change: TenantChange, *, principal: Principal) -> Tenant:
        """A new tenant with one empty collection that its people read.

        Raises:
            Forbidden: The principal does not administer the platform.
            InvalidInput: A field is refused; the code names it.
            NotFound: There is no such parent.
            Conflict: Another tenant has its SIREN or one of its SIRETs ("tenant_number_taken").
        """
        require_platform_admin(principal)
        tenant = Tenant(TenantId(new_id()), "")
        changed = applied(tenant, replace(change, name=change.name or ""))
        collection = Collection(CollectionId(new_id()), tenant.id, DEFAULT_COLLECTION_NAME)
        with self._open_work() as work:
            work.lock()
            _check_parent(work, changed)
            _numbers_free(lambda: work.tenancy.add_tenant(changed))
            work.tenancy.add_collection(collection)
            self._tell(work, Act.TENANT_CREATED, changed, principal)
            work.commit()
        return changed

    def list_all(self, *, principal: Principal, with_archived: bool = False) -> list[Tenant]:
        """All tenants for the platform's administrators, oldest first; its own for everybody else."""
        with self._open_work() as work:
            if not principal.is_platform_admin:
                return [found_tenant(work, principal.tenant_id, principal=principal)]
            hidden = frozenset[TenantState]() if with_archived else _PUT_AWAY
            return [each for each in work.tenancy.list_tenants() if each.state not in hidden]

    def get(self, tenant_id: TenantId, *, principal: Principal) -> Tenant:
        """A tenant.

        Raises:
            NotFound: Unknown or foreign.
        """
        with self._open_work() as work:
            return found_tenant(work, tenant_id, principal=principal)

    def change(self, tenant_id: TenantId, change: TenantChange, *, principal: Principal) -> Tenant:
        """Change a tenant.

        Raises:
            NotFound: Unknown or foreign, or there is no such parent.
            Forbidden: No administrator of it, or a field that only the platform's may change
                ("platform_forbidden"), or it is suspended ("tenant_suspended").
            InvalidInput: A field is refused; the code names it.
            Conflict: Another tenant has its SIREN or one of its SIRETs ("tenant_number_taken").
        """
        with self._open_work() as work:
            work.lock()
            tenant = changeable_tenant(work, tenant_id, principal=principal)
            if not change.given <= _OWN_FIELDS:
                require_platform_admin(principal)
            changed = applied(tenant, change)
            _check_parent(work, changed)
            _numbers_free(lambda: work.tenancy.update_tenant(changed))
            self._tell(
                work, Act.TENANT_CHANGED, changed, principal, fields=" ".join(sorted(change.given))
            )
            work.commit()
        return changed

    def move(self, tenant_id: TenantId, state: TenantState, *, principal: Principal) -> Tenant:
        """Change the state of a tenant by one step; its deletion is for `TenantEraser`.

        Closing it cancels its jobs, ends the sessions of its people and stops their answers.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: The principal does not administer the platform.
            Conflict: Not a legal step ("tenant_move_illegal"), or the tenant of the machine's owner
                ("tenant_of_owner").
        """
        return retried(lambda: self._move(tenant_id, state, principal=principal))

    def logo(self, tenant_id: TenantId, *, principal: Principal) -> bytes:
        """The logo of a tenant, as PNG.

        Raises:
            NotFound: Unknown or foreign, or it has none.
        """
        with self._open_work() as work:
            found_tenant(work, tenant_id, principal=principal)
            image = work.tenancy.logo_of(tenant_id)
        if image is None:
            raise NotFound
        return image

    def set_logo(self, tenant_id: TenantId, image: bytes | None, *, principal: Principal) -> None:
        """Replace the logo of a tenant; None removes it.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: No administrator of it, or it is suspended ("tenant_suspended").
            InvalidInput: No PNG or JPEG image, or too large ("logo_refused").
        """
        with self._open_work() as work:
            tenant = changeable_tenant(work, tenant_id, principal=principal)
        checked = None if image is None else checked_logo(image)
        with self._open_work() as work:
            work.tenancy.set_logo(tenant_id, image=checked)
            self._tell(work, Act.TENANT_CHANGED, tenant, principal, fields="logo")
            work.commit()

    def _move(self, tenant_id: TenantId, state: TenantState, *, principal: Principal) -> Tenant:
        with self._open_work() as work:
            work.lock()
            tenant = found_tenant(work, tenant_id, principal=principal)
            require_platform_admin(principal)
            if state is TenantState.DELETED or state not in MOVES[tenant.state]:
                raise Conflict("tenant_move_illegal")
            if tenant_id == owner_tenant(work):
                raise Conflict("tenant_of_owner")
            moved = replace(tenant, state=state, state_since=self._clock.now())
            work.tenancy.update_tenant(moved)
            if state not in OPEN_STATES:
                work.estates.shut(tenant_id)
                for job in work.estates.open_jobs(tenant_id):
                    self._finisher.cancel(work, job)
            self._tell(
                work,
                Act.TENANT_MOVED,
                moved,
                principal,
                state=state.value,
                before=tenant.state.value,
            )
            work.commit()
        return moved

    def _tell(
        self, work: UnitOfWork, act: Act, tenant: Tenant, by: Principal, **details: str
    ) -> None:
        self._audit.record_in(
            work, act, by=by, tenant_id=tenant.id, subject=tenant.id, details=details
        )


def applied(tenant: Tenant, change: TenantChange) -> Tenant:
    """A tenant with a change, each field checked.

    Raises:
        InvalidInput: A field is refused; the code names it.
    """
    values: dict[str, Any] = {
        name: _CHECKS[name](getattr(change, name)) for name in change.given & _CHECKS.keys()
    }
    if change.charter_text is not None:
        values["charter"] = _next_charter(tenant.charter, _long_text(change.charter_text))
    return replace(tenant, **values)


def _next_charter(charter: Charter, text: str) -> Charter:
    return charter if text == charter.text else Charter(charter.version + 1, text)


def checked_name(text: str) -> str:
    """A name without surrounding space, of at most 200 signs, all of which show.

    Raises:
        InvalidInput: Empty, too long, or with signs that do not show ("name_refused").
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 0 < len(name) <= NAME_CHARS or not is_printable(name):
        raise InvalidInput("name_refused", limit=NAME_CHARS)
    return name


def _siren(text: str) -> str:
    number = "".join(text.split())
    if number and not is_siren(number):
        raise InvalidInput("siren_refused")
    return number


def _sirets(numbers: frozenset[str]) -> frozenset[str]:
    found = frozenset("".join(number.split()) for number in numbers)
    for number in sorted(found):
        if not is_siret(number):
            raise InvalidInput("siret_refused", siret=number[:20])
    return found


def _colour(text: str) -> str:
    contrast = contrast_with_white(text)
    if contrast is None:
        raise InvalidInput("colour_refused")
    if contrast < LEAST_CONTRAST:
        raise InvalidInput("colour_too_pale", contrast=f"{contrast:.1f}".replace(".", ","))
    return text.lower()


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("time_zone_refused") from None
    return name


def _long_text(text: str) -> str:
    kept = unicodedata.normalize("NFC", text).strip()
    if len(kept) > TEXT_CHARS:
        raise InvalidInput("text_too_long", limit=TEXT_CHARS)
    return kept


def _retention(days: int) -> int | None:
    if not 0 <= days <= _MOST_DAYS:
        raise InvalidInput("retention_refused", limit=_MOST_DAYS)
    return days or None


def _models(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > _MOST_MODELS:
        raise InvalidInput("models_refused", limit=_MOST_MODELS)
    return tuple(dict.fromkeys(checked_name(name) for name in names))


def _same(value: Any) -> Any:
    return value


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": checked_name,
    "kind": _same,
    "siren": _siren,
    "sirets": _sirets,
    "parent_id": lambda parent_id: parent_id or None,
    "colour": _colour,
    "time_zone": _time_zone,
    "welcome": _long_text,
    "retention_days": _retention,
    "quotas": _same,
    "allowed_models": _models,
}


def _check_parent(work: UnitOfWork, tenant: Tenant) -> None:
    """Refuse a parent that does not exist, or that stands below the tenant itself."""
    if tenant.parent_id is None:
        return
    if work.tenancy.find_tenant(tenant.parent_id) is None:
        raise NotFound
    above = work.tenancy.lineage_of(tenant.parent_id) | {tenant.parent_id}
    if tenant.id in above:
        raise Conflict("tenant_parent_below")


def _numbers_free(write: Callable[[], None]) -> None:
    try:
        write()
    except Conflict as error:
        raise Conflict("tenant_number_taken") from error
