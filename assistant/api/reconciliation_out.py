"""Comparisons of database, index and files on the wire."""

from __future__ import annotations

from assistant.domain.catalogue import sentence
from assistant.domain.reconciliation import Finding, Reconciliation
from assistant.schemas.reconciliation import FindingOut, VerificationOut, VerificationReportOut
from assistant.services.reconciliation import ReconciliationState


def verification_out(state: ReconciliationState) -> VerificationOut:
    """What is known of comparisons, as the API tells it."""
    return VerificationOut(
        is_running=state.compared is not None,
        compared=state.compared or {},
        failure=sentence(state.failure) if state.failure else "",
        report=None if state.last is None else _report(state.last),
    )


def _report(report: Reconciliation) -> VerificationReportOut:
    return VerificationReportOut(
        started_at=report.started_at,
        finished_at=report.finished_at,
        is_repair=report.is_repair,
        is_clean=report.is_clean,
        is_settled=report.is_settled,
        compared=dict(report.compared),
        findings=list(map(_finding, report.findings)),
    )


def _finding(finding: Finding) -> FindingOut:
    return FindingOut(
        code=finding.defect.value,
        count=finding.count,
        mended=finding.mended,
        examples=list(finding.examples),
        detail=sentence(f"defect_{finding.defect.value}"),
        remedy=sentence(f"remedy_{finding.defect.value}"),
    )
