"""Languages over HTTP: translation and detection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.adapters.models.errors import ModelMissing
from troupe.errors import UnknownChoice
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.translation import schemas
from troupe.translation.errors import TRANSLATOR_ERRORS, StyleNotOffered
from troupe.translation.languages import english_name
from troupe.translation.service import PARTLY_MESSAGE, PARTLY_TRANSLATED, Fields
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Notice

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.translation.service import Translated, TranslationService

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
    limit_weight=lambda given: len(given["body"].targets),
)
def translate(
    body: schemas.Translate, caller: Caller, translation_service: TranslationService
) -> Reply:
    """Translates a text of at most 10,000 characters into one language, or a shorter one into
    several. Line breaks, links, e-mail addresses, names with @, emoji, code, amounts of money and
    the terms of the glossary survive. Costs nothing, within the rate limit. If one of the languages
    is not offered, nothing is translated."""
    several = body.target_languages is not None
    made = translation_service.translate_into(
        caller.uid,
        [body.text],
        body.targets,
        body.source_language,
        glossary=body.glossary,
        style=body.style or "",
        fields=Fields(target="targetLanguages" if several else "targetLanguage"),
    )
    texts = [each.texts[0] for each in made]
    data = schemas.TranslatedText(
        text="" if several else texts[0],
        translations=[
            schemas.Translation(target_language=code, text=text)
            for code, text in zip(body.targets if several else (), texts, strict=False)
        ],
        source_language=made[0].source,
        engine=next((each.engine for each in made if each.engine), ""),
    )
    return Reply(data, "Text translated successfully", warnings=_partly(body.targets, made))


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


def _partly(targets: list[str], made: list[Translated]) -> list[Notice]:
    """A warning if something was not translated, which names the languages if there are several."""
    where = [code for code, each in zip(targets, made, strict=True) if each.kept]
    if not where:
        return []
    names = f" In: {', '.join(where)}." if len(targets) > 1 else ""
    return [Notice(field="text", code=PARTLY_TRANSLATED, message=PARTLY_MESSAGE + names)]
