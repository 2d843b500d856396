"""Database, index and files compared; only for the platform's administrators."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.api.deps import Manager, UseCases
from assistant.api.reconciliation_out import verification_out
from assistant.schemas.reconciliation import VerificationIn, VerificationOut

router = APIRouter(prefix="/index/verification", tags=["index"])


@router.get("")
def get_verification(principal: Manager, services: UseCases) -> VerificationOut:
    """How far the comparison under way is, and what the last one found."""
    return verification_out(services.reconciliation.state(principal=principal))


@router.post("", status_code=202)
def begin_verification(
    asked: VerificationIn, principal: Manager, services: UseCases
) -> VerificationOut:
    """Begin to compare; it goes on by itself, as long as the files take to read."""
    services.reconciliation.begin(is_repair=asked.repair, principal=principal)
    return verification_out(services.reconciliation.state(principal=principal))
