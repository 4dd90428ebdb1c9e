"""/health, /health/ready and /metrics: what supervisors ask. Knows nothing of conversations."""

from __future__ import annotations

from fastapi import APIRouter, Response

from ui.api_models import HealthOut, ReadinessOut
from ui.parts import SharedParts

router = APIRouter(tags=["operations"])


@router.get("/health", summary="Whether the process answers")
async def health() -> HealthOut:
    """Asks nothing else: a database that is away must not have the process killed."""
    return HealthOut()


@router.get("/health/ready", responses={503: {"model": ReadinessOut}}, summary="Whether questions can be answered")
def ready(parts: SharedParts, response: Response) -> ReadinessOut:
    readiness = parts.frontdesk.readiness()
    response.status_code = 200 if readiness.ok else 503
    return ReadinessOut(ok=readiness.ok, checks=dict(readiness.checks))


@router.get("/metrics", response_class=Response, summary="Measurements for Prometheus")
def metrics(parts: SharedParts) -> Response:
    return Response(parts.metrics.text(), media_type=parts.metrics.media_type)
