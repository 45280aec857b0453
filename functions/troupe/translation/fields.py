"""Types of the fields that requests for a translation share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from troupe.translation.languages import CODE
from troupe.web.schema import OneLine

# Compiled, a glossary of the largest size takes 160 kB, and Python keeps 512 of them.
MAX_TERMS, MAX_TERM = 100, 60
MAX_STYLE = 80

Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=35, pattern=f"^{CODE.pattern}$"),
]
Target = Annotated[Code, Field(description="A code from `GET /api/translation/languages`.")]
Term = Annotated[OneLine, Field(max_length=MAX_TERM)]
Glossary = Annotated[
    dict[Term, Term],
    Field(
        max_length=MAX_TERMS,
        description="Terms and their translations. Terms are whole words, in any letter case.",
    ),
]
Style = Annotated[
    Annotated[OneLine, Field(max_length=MAX_STYLE)] | None,
    Field(description="The style to write in, such as `formal`. Only some translators support it."),
]
