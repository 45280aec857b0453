"""Endpoints without an account: FAQs, the contact form, health, documentation."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from flask import Response, request, send_file

from troupe.paging import BadCursor, PageTooDeep
from troupe.support import schemas, service
from troupe.support.errors import NoMedia, ServicesDown
from troupe.support.schemas import AssetPath, HealthData
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.links import MediaLinks
    from troupe.accounts.records import AccountCaller
    from troupe.settings import Settings
    from troupe.support.content import Contacts, Faqs
    from troupe.support.health import Health

api = Api("support", "Help, health and documentation")

# `mimetypes` gives different answers on different machines.
_ASSET_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

# URLs are relative, so that the page works under Hosting (/api/docs) and under the function's own
# URL; `base` is `../` if the URL of the page ends with a slash.
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
<div id="swagger-ui" data-document="{base}openapi.json"></div>
<script src="{base}docs/assets/swagger-ui-bundle.js"></script>
<script>{script}</script>
</body>
</html>
"""
# The bearer token is forgotten with the page; an earlier version of the page stored it. Groups are
# closed at first: of a long list, Swagger UI keeps only the rows in view, and forgets the forms.
_SCRIPT = """
localStorage.removeItem("authorized");
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: new URL(place.dataset.document, location.href).href,
  domNode: place,
  deepLinking: true,
  persistAuthorization: false,
  docExpansion: "none",
  validatorUrl: null
});
"""
# Swagger UI styles its elements inline, draws icons from data: URLs, and plays the audio of a
# response from a blob: URL.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'self' 'sha256-{b64encode(sha256(_SCRIPT.encode()).digest()).decode()}'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@api.post("/api/contact/submit", auth=Auth.PUBLIC, status=201, limit="contact")
def submit_contact(body: schemas.ContactBody, contacts: Contacts) -> Reply:
    """Sends a message to the administrators."""
    # A honeypot: only bots fill in `website`, and they get the same answer.
    if not body.website:
        contacts.add(name=body.name, email=body.email, subject=body.subject, message=body.message)
    return Reply(message="Thank you for your message. We will reply by email.")


@api.get("/api/faq", auth=Auth.PUBLIC, data=schemas.FaqList, errors=(BadCursor, PageTooDeep))
def list_faq(query: schemas.FaqQuery, faqs: Faqs) -> Reply:
    """Lists FAQs, newest first; `?category=` selects one category."""
    page, found = faqs.page(query, query.category)
    return Reply(
        schemas.FaqList(faqs=[schemas.FaqView.of(faq) for faq in page]),
        "FAQs fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get("/api/demo/token-usage", auth=Auth.PUBLIC, data=schemas.DemoData)
def get_demo_token_usage(settings: Settings) -> Reply:
    """Shows what a new account's tokens pay for."""
    demo = service.demo(settings)
    return Reply(schemas.DemoData.of(demo), "Demo token usage fetched successfully")


@api.get(
    "/api/health", auth=Auth.PUBLIC, open_to_all_apps=True, data=HealthData, errors=(ServicesDown,)
)
def get_health(health: Health) -> Reply:
    """Reports whether the services that Troupe depends on respond, and how fast. The report can be
    ten seconds old."""
    return Reply(HealthData.of(health.report()), "All services respond.")


@api.post("/api/media-links", status=201, data=schemas.MediaLinkData, errors=(NoMedia,))
def create_media_link(
    body: schemas.MediaLinkBody, caller: AccountCaller, media_links: MediaLinks
) -> Reply:
    """Creates a short-lived URL of one file for players that send no bearer token; GET only, with
    byte ranges. Anybody who has the URL can use it. Whether the file exists and is yours is checked
    when it is opened."""
    link = media_links.make(caller, service.media_address(body.path))
    data = schemas.MediaLinkData(url=link.url, expires_at=link.expires_at)
    return Reply(data, "Media link created successfully")


@api.get("/api/openapi.json", auth=Auth.PUBLIC, open_to_all_apps=True, produces="application/json")
def get_openapi() -> Response:
    """Returns this OpenAPI 3.1 document, which covers all functions."""
    return send_file(service.OPENAPI, mimetype="application/json", max_age=300)


@api.get("/api/docs", auth=Auth.PUBLIC, open_to_all_apps=True, produces="text/html")
def get_docs() -> Response:
    """Shows the interactive API documentation (Swagger UI)."""
    base = "../" if request.path.endswith("/") else ""
    page = Response(_PAGE.format(base=base, script=_SCRIPT), mimetype="text/html")
    page.headers["Content-Security-Policy"] = _POLICY
    return page


@api.get(
    "/api/docs/assets/<name>",
    auth=Auth.PUBLIC,
    open_to_all_apps=True,
    produces=tuple(_ASSET_TYPES.values()),
)
def get_docs_asset(path: AssetPath) -> Response:
    """Returns a file of Swagger UI."""
    file = service.asset(path.name)
    return send_file(file, mimetype=_ASSET_TYPES[file.suffix], max_age=86400)
