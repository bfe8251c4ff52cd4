"""How the installation stands."""

from __future__ import annotations

from starlette.responses import Response

from console.asked import Asked
from operations.diagnosis.health import health as look


async def health(asked: Asked) -> Response:
    """Show what every check of the installation finds."""
    return asked.show("service/health.html", health=await look(asked.session))
