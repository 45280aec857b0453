"""Headers that tell browsers what a response may do.

No response of the API is a page, except the documentation, which sets a policy of its own. So
scripts, frames and forms are forbidden everywhere, also in a file that somebody uploaded and that
is opened in a tab.
"""

from __future__ import annotations

from flask import Response

# Of every response, the static pages of Hosting included.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a URL may contain the token of a media link
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
}
# A response can set another value of these.
_DEFAULTS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # For requests with CORS, which browsers send from scripts, CORS_ORIGINS decides instead.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# `sandbox` gives an opened file an origin of its own, without scripts. The sources and the style
# are for the page that a browser makes around a picture or a video.
_FILE = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; "
    "style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
    # Web clients on other origins show pictures and play media without CORS.
    "Cross-Origin-Resource-Policy": "cross-origin",
}
# Without `includeSubDomains`: other servers of the operator's domain are not ours.
_HTTPS = "max-age=31536000"


def secure(response: Response, *, https: bool) -> None:
    """Adds the headers that the response lacks. `https`: clients connect by TLS."""
    response.headers.update(ALWAYS)
    for name, value in _DEFAULTS.items():
        response.headers.setdefault(name, value)
    if https:
        response.headers["Strict-Transport-Security"] = _HTTPS


def secure_file(response: Response) -> None:
    """Sets the policy of a file, in answers of 304 too, whose headers replace the stored ones."""
    response.headers.update(_FILE)
