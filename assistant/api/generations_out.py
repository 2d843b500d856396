"""Generations as the API tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.api.errors import spoken
from assistant.domain.generations import Forecast, Generation, GenerationState
from assistant.domain.trials import MeasureChange, SetTrial, Trial
from assistant.schemas.generations import (
    EmbedderOut,
    ForecastOut,
    GenerationOut,
    MeasureChangeOut,
    SearchingTenantOut,
    SetTrialOut,
    TrialOut,
    WordsOut,
)
from assistant.services.generation_switching import SearchingTenant
from assistant.services.generations import ConfiguredEmbedder


def embedder_out(embedder: ConfiguredEmbedder) -> EmbedderOut:
    """An embedder of the settings."""
    return EmbedderOut(
        name=embedder.name,
        id=embedder.identity.id,
        dimensions=embedder.identity.dimensions,
        is_active=embedder.is_active,
    )


def generation_out(
    generation: Generation,
    *,
    is_behind: bool,
    searching: Sequence[SearchingTenant],
    now: datetime,
) -> GenerationOut:
    """A generation as it stands now, with those of the tenants that search it."""
    embedder, words = generation.composition.embedder, generation.composition.words
    reason = generation.reason
    return GenerationOut(
        id=generation.id,
        number=generation.number,
        embedder=EmbedderOut(
            name=generation.embedder_name,
            id=embedder.id,
            dimensions=embedder.dimensions,
            is_active=generation.state is GenerationState.ACTIVE,
        ),
        words=WordsOut(k1=words.k1, b=words.b, length=words.length),
        state=generation.state.value,
        created_at=generation.created_at,
        built_at=generation.built_at,
        switched_at=generation.switched_at,
        forecast=None if generation.forecast is None else _forecast_out(generation.forecast),
        chunk_tokens=generation.composition.cut.tokens,
        cut_done=generation.progress.cut_done,
        kept_as_cut=generation.progress.kept_as_cut,
        texts_done=generation.progress.texts_done,
        chunks_done=generation.progress.chunks_done,
        left_s=_left_s(generation, now=now),
        is_behind=is_behind,
        is_trial_wanted=generation.awaits_trial,
        trial=None if generation.trial is None else _trial_out(generation.trial),
        overruled=generation.overruled,
        tenants=[
            _tenant_out(each) for each in searching if each.choice.generation_id == generation.id
        ],
        detail=None if reason is None else spoken(reason.code, params=reason.params),
    )


def _tenant_out(searching: SearchingTenant) -> SearchingTenantOut:
    choice = searching.choice
    return SearchingTenantOut(
        id=choice.tenant_id,
        name=searching.name,
        since=choice.since,
        overruled=choice.overruled,
    )


def _left_s(generation: Generation, *, now: datetime) -> float | None:
    """By the rate there has been, once some texts are done; before, as foreseen."""
    forecast, progress = generation.forecast, generation.progress
    if forecast is None or generation.state is not GenerationState.BUILDING:
        return None
    if progress.is_embedded:
        return 0.0
    if not progress.texts_done or progress.begun_at is None:
        return forecast.embedding_s or None
    left = max(0, forecast.texts - progress.texts_done)
    return left * (now - progress.begun_at).total_seconds() / progress.texts_done


def _forecast_out(forecast: Forecast) -> ForecastOut:
    return ForecastOut(
        chunks=forecast.chunks,
        texts=forecast.texts,
        index_bytes=forecast.index_bytes,
        vector_bytes=forecast.vector_bytes,
        free_bytes=forecast.free_bytes,
        embedding_s=forecast.embedding_s,
        fits=forecast.fits,
        to_cut=forecast.to_cut,
    )


def _trial_out(trial: Trial) -> TrialOut:
    is_ended = trial.ended_at is not None
    return TrialOut(
        against=trial.against,
        asked=trial.asked,
        total=trial.total,
        is_ended=is_ended,
        verdict=trial.verdict.value if is_ended else None,
        allows_switch=is_ended and trial.allows_switch,
        sets=[_set_out(each) for each in trial.sets],
    )


def _set_out(trial: SetTrial) -> SetTrialOut:
    return SetTrialOut(
        set_id=trial.set_id,
        tenant_id=trial.tenant_id,
        questions=trial.questions,
        verdict=trial.verdict.value,
        changes=[_change_out(each) for each in trial.changes],
    )


def _change_out(change: MeasureChange) -> MeasureChangeOut:
    return MeasureChangeOut(
        measure=change.measure,
        before=change.before,
        after=change.after,
        low=change.low,
        high=change.high,
        is_lost=change.is_lost,
        is_unsure=change.is_unsure,
    )
