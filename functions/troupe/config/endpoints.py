"""The configuration of the server over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.config import schemas
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.settings import Settings

api = Api("config", "Configuration")
# It changes with a deployment.
_CACHED = {"Cache-Control": "public, max-age=300"}


@api.get("/api/config", auth=Auth.PUBLIC, data=schemas.ConfigurationData)
def config(settings: Settings) -> Reply:
    """Returns the prices, the limits, the speech engines and the features of this server. Quotas
    depend on the plan: see `GET /api/user/profile`."""
    data = schemas.ConfigurationData.of(settings)
    return Reply(data, "Configuration fetched successfully", headers=_CACHED)
