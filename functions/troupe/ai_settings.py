"""Settings of the services that speak, transcribe, translate, write scripts, and check texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

FUNCTIONS = Path(__file__).parents[1]  # what is deployed


def setting(
    variable: str, default: Any, meaning: str | None, *, shown: str | None = None, **rules: Any
) -> Any:
    """A field set by an environment variable. `meaning` and `shown` (the default in words) are for
    the table in the README, which omits those without a meaning: the platform sets them."""
    extra: dict[str, Any] = {} if shown is None else {"shown": shown}
    return Field(default, alias=variable, description=meaning, json_schema_extra=extra, **rules)


EngineName = Literal["kokoro", "espeak", "piper", "openai", "f5tts", "elevenlabs", "google"]


class AiSettings(BaseModel):
    # A rejected setting may be a secret.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    speech_engines: tuple[EngineName, ...] = setting(
        "SPEECH_ENGINES",
        ("kokoro", "espeak"),
        "one or more of `kokoro`, `espeak`, `piper`, `openai`, `f5tts`, `elevenlabs` and `google`, "
        "separated by commas, the preferred one first; the last two need their package from "
        "`functions/requirements-extras.txt`",
        shown="kokoro,espeak",
        min_length=1,
    )
    speech_threads: int = setting(
        "SPEECH_THREADS",
        1,
        "threads with which `kokoro` and `piper` speak; more than there are free cores are slower",
        ge=1,
        le=64,
    )
    models_dir: str = setting(
        "MODELS_DIR",
        "",
        "a directory with model files, which is searched before `functions/models` "
        "([deploying](docs/deploy.md#models))",
    )
    openai_api_key: str = setting(
        "OPENAI_API_KEY", "", "secret: for `openai`, and for writing scripts", repr=False
    )
    openai_base_url: str | None = setting(
        "OPENAI_BASE_URL", None, "any OpenAI-compatible server", shown="OpenAI's own"
    )
    openai_speech_model: str = setting(
        "OPENAI_SPEECH_MODEL",
        "gpt-4o-mini-tts",
        "OpenAI will retire its own speech models on 6 January 2027; compatible "
        "servers use their own names",
    )
    openai_script_model: str = setting(
        "OPENAI_SCRIPT_MODEL",
        "gpt-5.4-mini",
        "the language model that writes scripts; compatible servers use their own names",
    )
    moderation: Literal["off", "blocklist", "openai"] = setting(
        "MODERATION",
        "off",
        "what checks texts before they are spoken or stored: nothing, a list of words, or an "
        "OpenAI-compatible server ([decision 031](docs/decisions/031-moderation.md))",
    )
    moderation_blocklist: str = setting(
        "MODERATION_BLOCKLIST",
        "",
        "for `blocklist`: words and phrases separated by commas, or a `.txt` file in `functions/` "
        "with one per line",
    )
    moderation_model: str = setting(
        "MODERATION_MODEL", "omni-moderation-latest", "the model of `MODERATION=openai`"
    )
    moderation_base_url: str | None = setting(
        "MODERATION_BASE_URL", None, "the server of `MODERATION=openai`", shown="`OPENAI_BASE_URL`"
    )
    f5tts_url: str = setting(
        "F5TTS_URL",
        "http://127.0.0.1:7860",
        "the Gradio app of F5-TTS, for `f5tts`, which speaks only with cloned voices",
    )
    elevenlabs_api_key: str = setting(
        "ELEVENLABS_API_KEY", "", "secret: for `elevenlabs`", repr=False
    )
    elevenlabs_base_url: str | None = setting(
        "ELEVENLABS_BASE_URL", None, "another address of its API", shown="ElevenLabs' own"
    )
    elevenlabs_model: str = setting(
        "ELEVENLABS_MODEL", "eleven_multilingual_v2", "the model of `elevenlabs`"
    )
    elevenlabs_voices: str = setting(
        "ELEVENLABS_VOICES",
        "",
        "the voices used without a recording: `male=ID,female=ID,kids=ID`",
        shown="three stock voices",
    )
    transcriber: Literal["", "off", "whisper", "openai", "google", "elevenlabs"] = setting(
        "TRANSCRIBER",
        "",
        "`off`, `whisper`, `openai`, `google` or `elevenlabs`: what turns sound into text "
        "([transcription](docs/transcription.md)); `whisper` and `elevenlabs` need their package "
        "from `functions/requirements-extras.txt`",
        shown="`off`; `whisper` on the emulators",
    )
    openai_transcription_model: str = setting(
        "OPENAI_TRANSCRIPTION_MODEL",
        "whisper-1",
        "the model of `TRANSCRIBER=openai`, which has to report the times of words; compatible "
        "servers use their own names",
    )
    elevenlabs_transcription_model: str = setting(
        "ELEVENLABS_TRANSCRIPTION_MODEL", "scribe_v1", "the model of `TRANSCRIBER=elevenlabs`"
    )
    google_stt_endpoint: str | None = setting(
        "GOOGLE_STT_ENDPOINT",
        None,
        "a regional endpoint of Cloud Speech-to-Text, for `TRANSCRIBER=google`",
        shown="the global one",
    )
    google_stt_languages: str = setting(
        "GOOGLE_STT_LANGUAGES",
        "en-US",
        "the languages that `TRANSCRIBER=google` listens for when a request names none: up to "
        "three, separated by commas",
    )
    google_tts_endpoint: str | None = setting(
        "GOOGLE_TTS_ENDPOINT",
        None,
        "a regional endpoint of Cloud Text-to-Speech, for `google`",
        shown="the global one",
    )

    translator: Literal["firefox", "openai", "deepl", "google", "libretranslate", "off"] = setting(
        "TRANSLATOR",
        "firefox",
        "what translates texts: Firefox's models in this server, a service, or nothing "
        "([translation](docs/translation.md))",
    )
    openai_translation_model: str = setting(
        "OPENAI_TRANSLATION_MODEL", "gpt-5.4-mini", "the language model of `TRANSLATOR=openai`"
    )
    deepl_api_key: str = setting("DEEPL_API_KEY", "", "secret: for `TRANSLATOR=deepl`", repr=False)
    deepl_base_url: str | None = setting(
        "DEEPL_BASE_URL", None, "another address of its API", shown="DeepL's own, by the key"
    )
    google_translate_endpoint: str | None = setting(
        "GOOGLE_TRANSLATE_ENDPOINT",
        None,
        "another address of Cloud Translation, for `TRANSLATOR=google`",
        shown="the global one",
    )
    libretranslate_url: str = setting(
        "LIBRETRANSLATE_URL",
        "http://127.0.0.1:5000",
        "the server of `TRANSLATOR=libretranslate`",
    )
    libretranslate_api_key: str = setting(
        "LIBRETRANSLATE_API_KEY",
        "",
        "secret: for `TRANSLATOR=libretranslate`; any word if the server wants none",
        repr=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _one_engine(cls, values: Any) -> Any:
        """SPEECH_ENGINE names a single engine, from before there could be several."""
        if "SPEECH_ENGINE" in values:
            return {"SPEECH_ENGINES": values["SPEECH_ENGINE"], **values}
        return values

    @field_validator("speech_engines", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
        return value

    @model_validator(mode="after")
    def _blocklist_exists(self) -> Self:
        if self.moderation == "blocklist":
            if not self.moderation_blocklist:
                raise ValueError("MODERATION=blocklist needs MODERATION_BLOCKLIST")
            if self.moderation_blocklist.endswith(".txt"):
                file = FUNCTIONS / self.moderation_blocklist
                if not file.is_file():
                    raise ValueError(f"MODERATION_BLOCKLIST: there is no file {file}")
        return self
