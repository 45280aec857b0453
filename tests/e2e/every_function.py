"""All HTTP functions behind one, routed by the rewrites of firebase.json like Hosting.

One process instead of one per function, so that a thousand requests are fast.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

from flask import Request, Response

from tests.support.wiring import app_for
from troupe.accounts import passwords

# Tested elsewhere; here the delays would add up.
passwords.FORGOT_SECONDS = passwords.REGISTER_SECONDS = 0.0

_HOSTING = json.loads((Path(__file__).parents[2] / "firebase.json").read_text())["hosting"]
_REWRITES = [
    (rewrite["source"].replace("/**", "/*"), rewrite["function"]["functionId"])
    for rewrite in _HOSTING["rewrites"]
    if "function" in rewrite  # the others are pages of the studio
]


def every(request: Request) -> Response:
    for source, function in _REWRITES:
        if fnmatchcase(request.path, source):
            return cast(Response, Response.from_app(app_for(function), request.environ))
    return Response("No function serves this path.", 404)
