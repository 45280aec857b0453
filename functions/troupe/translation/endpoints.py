"""Languages over HTTP: translation and detection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.adapters.models.files import ModelMissing
from troupe.errors import UnknownChoice
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.translation import schemas
from troupe.translation.errors import TRANSLATOR_ERRORS, StyleNotOffered
from troupe.translation.languages import english_name
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Notice

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.translation.service import TranslationService

api = Api("translation", "Languages")


@api.post(
    "/api/translation/translate",
    data=schemas.TranslatedText,
    errors=(
        UnknownChoice,
        StyleNotOffered,
        ModelMissing,
        *TRANSLATOR_ERRORS,
        *MODERATION_ERRORS,
    ),
    limit="translation",
    guest_limit="guest_translation",
)
def translate(
    body: schemas.Translate, caller: Caller, translation_service: TranslationService
) -> Reply:
    """Translates a text of at most 10,000 characters. Line breaks, links, e-mail addresses, names
    with @, emoji, code, amounts of money and the terms of the glossary survive. Costs nothing,
    within the rate limit."""
    made = translation_service.translate(
        caller.uid,
        [body.text],
        body.target_language,
        body.source_language,
        glossary=body.glossary,
        style=body.style or "",
    )
    data = schemas.TranslatedText(
        text=made.texts[0], source_language=made.source, engine=made.engine
    )
    message = "Some of the text could not be translated, and is as it was."
    kept = [Notice(field="text", code="partly_translated", message=message)]
    return Reply(data, "Text translated successfully", warnings=kept if made.kept else [])


@api.post(
    "/api/translation/detect",
    data=schemas.DetectedLanguage,
    errors=(ModelMissing,),
    limit="detection",
)
def detect_language(body: schemas.Detect, translation_service: TranslationService) -> Reply:
    """Tells the language of a text, the more surely the longer it is and the fewer candidates there
    are."""
    detected = translation_service.detect(body.text, body.candidates)
    data = schemas.DetectedLanguage(
        language=detected.language if detected else "",
        confidence=detected.confidence if detected else 0.0,
    )
    return Reply(data, "Language detected successfully")


@api.get(
    "/api/translation/languages",
    auth=Auth.PUBLIC,
    data=schemas.TranslationLanguages,
    headers=("Cache-Control",),
    errors=TRANSLATOR_ERRORS,
)
def translation_languages(translation_service: TranslationService) -> Reply:
    """Lists the languages of the translator, none if there is no translator. Every source can be
    translated into every target."""
    offered = translation_service.languages()
    codes = sorted({*offered.sources, *offered.targets}, key=english_name)
    views = [
        schemas.OfferedLanguage(
            code=code,
            name=english_name(code),
            source=code in offered.sources,
            target=code in offered.targets,
        )
        for code in codes
    ]
    return Reply(
        schemas.TranslationLanguages(languages=views),
        "Languages fetched successfully",
        headers={"Cache-Control": "public, max-age=3600"},
    )
