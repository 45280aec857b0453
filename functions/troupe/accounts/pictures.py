"""Which profile pictures are accepted: uploaded ones, and those of Google accounts.

A picture from any other server would tell that server who looks at the profile, and when.
"""

from __future__ import annotations

import re

UPLOADED = r"/api/static/images/[A-Za-z0-9][A-Za-z0-9._-]{0,199}"
# Not all of googleusercontent.com: names under bc.googleusercontent.com are rented machines. No
# query: it could identify the viewer.
GOOGLE = r"https://lh[3-6]\.googleusercontent\.com/[A-Za-z0-9/_=.-]{1,400}"
PICTURE = rf"^(?:{UPLOADED}|{GOOGLE})?$"
_PICTURE = re.compile(PICTURE.removeprefix("^").removesuffix("$"))


def clean_picture(url: str) -> str:
    """The URL if it is accepted, or else an empty string."""
    return url if _PICTURE.fullmatch(url) else ""
