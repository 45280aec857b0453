"""What needs no account: health, and the documentation of the API."""

from __future__ import annotations

from flask import Response, request, send_file

from troupe import wiring
from troupe.errors import Unavailable
from troupe.support import service
from troupe.support.schemas import AssetPath, HealthData
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

api = Api("support", "Health and documentation")

# Every address is relative, so that the page works under Hosting (/api/docs) and under the
# function's own URL; `..` where the address of the page ends with a slash.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Troupe API</title>
<link rel="icon" href="{base}docs/assets/swagger.svg">
<link rel="stylesheet" href="{base}docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{base}docs/assets/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({{
  url: new URL("{base}openapi.json", location.href).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null
}});
</script>
</body>
</html>
"""


@api.get("/api/health", auth=Auth.PUBLIC, data=HealthData, errors=(Unavailable,))
def health() -> Reply:
    """Whether the services below answer, and how fast."""
    return Reply(service.health(wiring.health_checks()), "All services answer.")


@api.get("/api/openapi.json", auth=Auth.PUBLIC, bytes_type="application/json")
def openapi() -> Response:
    """This document: OpenAPI 3.1 for every function."""
    return send_file(service.OPENAPI, mimetype="application/json", max_age=300)


@api.get("/api/docs", auth=Auth.PUBLIC, bytes_type="text/html")
def docs() -> Response:
    """The document as pages to browse and try (Swagger UI)."""
    base = "../" if request.path.endswith("/") else ""
    return Response(_PAGE.format(base=base), mimetype="text/html")


@api.get("/api/docs/assets/<name>", auth=Auth.PUBLIC, bytes_type="application/octet-stream")
def docs_asset(path: AssetPath) -> Response:
    """A file of Swagger UI."""
    return send_file(service.asset(path.name), max_age=86400)
