"""The one filter builder: from a scope or a version to a condition, then to each engine's types.

A condition is always "this key has one of these values"; without values it matches nothing.
(An empty `should` of Qdrant matches everything, so it is never rendered.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.adapters.qdrant.schema import GRANT, HEAD_GRANT, VERSION, grant_key
from assistant.domain.ids import VersionId
from assistant.domain.tenancy import Scope

if TYPE_CHECKING:
    import qdrant_edge
    from qdrant_client import models

_NOTHING = "\x00"
"""A value that no payload holds."""


@dataclass(frozen=True, slots=True)
class PointFilter:
    """Points whose payload holds one of the values under the key."""

    key: str
    values: tuple[str, ...]
    """Sorted, without duplicates; empty matches nothing."""

    def accepts(self, payload: dict[str, str]) -> bool:
        """What both renderings mean."""
        return payload.get(self.key) in self.values


def build_filter(scope: Scope, *, heads: bool = False) -> PointFilter:
    """The points that a scope may read: exactly its (tenant, collection) pairs.

    Args:
        scope: What may be read.
        heads: Only the points that stand for their document.
    """
    keys = {
        grant_key(tenant_id=grant.tenant_id, collection_id=grant.collection_id)
        for grant in scope.grants
    }
    return PointFilter(HEAD_GRANT if heads else GRANT, tuple(sorted(keys)))


def build_version_filter(version_id: VersionId) -> PointFilter:
    """The points of one version; for maintenance only."""
    return PointFilter(VERSION, (version_id,))


def to_edge(point_filter: PointFilter) -> qdrant_edge.Filter:
    """The filter in the types of `qdrant_edge`.

    One condition per value: 8 ms where `MatchAny` takes 13 ms over 50 values at 100,000 points.
    """
    import qdrant_edge

    conditions: list[qdrant_edge.ConditionType] = [
        qdrant_edge.FieldCondition(point_filter.key, match=qdrant_edge.MatchValue(value))
        for value in point_filter.values or (_NOTHING,)
    ]
    return qdrant_edge.Filter(should=conditions)


def to_client(point_filter: PointFilter) -> models.Filter:
    """The filter in the types of `qdrant_client`."""
    from qdrant_client import models

    values = list(point_filter.values or (_NOTHING,))
    condition = models.FieldCondition(key=point_filter.key, match=models.MatchAny(any=values))
    return models.Filter(must=[condition])
