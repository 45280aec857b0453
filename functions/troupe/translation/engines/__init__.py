"""Translators, one module each. Only the selected one is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troupe.settings import Settings
    from troupe.translation.translator import Translator


def translator_named(settings: Settings) -> Translator | None:
    """The translator selected by TRANSLATOR; None for `off`. Raises ValueError if one of its
    settings is missing."""
    name = settings.translator
    if name == "firefox":
        from troupe.adapters.models.files import ModelFiles
        from troupe.translation.engines.firefox import FirefoxTranslator

        return FirefoxTranslator(ModelFiles.of(settings))
    if name == "openai":
        from troupe.translation.engines.openai import OpenAITranslator

        return OpenAITranslator(
            settings.openai_api_key, settings.openai_base_url, settings.openai_translation_model
        )
    if name == "deepl":
        from troupe.translation.engines.deepl import DeepLTranslator

        return DeepLTranslator(settings.deepl_api_key, settings.deepl_base_url)
    if name == "google":
        from troupe.translation.engines.google import GoogleTranslator

        return GoogleTranslator(settings.project_id, settings.google_translate_endpoint)
    if name == "libretranslate":
        from troupe.translation.engines.libretranslate import LibreTranslateTranslator

        return LibreTranslateTranslator(
            settings.libretranslate_api_key, settings.libretranslate_url
        )
    return None
