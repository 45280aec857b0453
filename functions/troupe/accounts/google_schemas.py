"""Requests of the sign-in with Google, and of linking."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AliasChoices, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.accounts.schemas import NewPassword
from troupe.web.schema import Email, Schema, example

# Google's have about 1,200 characters.
GoogleToken = Annotated[str, StringConstraints(min_length=1, max_length=8192)]


class GoogleTokenBody(Schema):
    model_config = example({"idToken": "the-id-token-from-google"})

    id_token: GoogleToken = Field(
        validation_alias=AliasChoices("idToken", "id_token", "credential"),
        description="Google's ID token, without a nonce. The field may also be called "
        "`credential`, as in Google's script.",
    )


class GoogleRedirectQuery(Schema):
    return_path: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        "/",
        description="Where the browser goes afterwards: a path of this site, or a URL whose origin "
        "is named in `CORS_ORIGINS`.",
        examples=["/welcome"],
    )


class GoogleCallbackQuery(Schema):
    state: Annotated[str, StringConstraints(max_length=4096)] = ""
    code: Annotated[str, StringConstraints(max_length=2048)] | None = None
    error: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="Why Google sent no code."
    )


class LinkBody(Schema):
    """Either `idToken`, or `password` and, if the account has no address yet, `email`."""

    model_config = example({"email": "grace@example.com", "password": "secret-123"})

    id_token: GoogleToken | None = Field(None, description="Google's ID token.")
    email: Email | None = None
    password: NewPassword | None = None

    @model_validator(mode="after")
    def _one_method(self) -> Self:
        if (self.id_token is None) == (self.password is None) or (self.id_token and self.email):
            raise PydanticCustomError(
                "one_method", "must have either `idToken`, or `password` with or without `email`"
            )
        return self
