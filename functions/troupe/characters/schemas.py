"""Requests of characters. `view_schemas` has the responses."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.characters.consent_schemas import ConsentField, given_consent
from troupe.characters.edits import CharacterDraft, CharacterUpdate
from troupe.characters.intake import MAX_IMAGES
from troupe.characters.records import Config, Visibility
from troupe.characters.writes import Sort
from troupe.idempotency import file_hash
from troupe.speech.engine import VoiceType
from troupe.web.schema import Id, Line, Page, Schema, Text, VoiceId, WarnsOfUnknown
from troupe.web.upload import Form, Upload

_KEY = re.compile(r"0|[1-9][0-9]{0,8}")
_CONFIG = set(Config.model_fields)
_NONE = "none"  # a blank field of a form counts as absent
_REMOVABLE = ("dictionary_id", "voice_id")


def _image_keys(text: str) -> str:
    keys = [key.strip() for key in text.split(",")]
    if not all(_KEY.fullmatch(key) for key in keys):
        raise ValueError("must be image keys separated by commas, such as 0,2")
    return ",".join(dict.fromkeys(keys))


DisplayName = Annotated[Line, Field(max_length=80, examples=["My New Character"])]
Speed = Annotated[float, Field(ge=0.5, le=2.0, description="1 is the voice's natural pace.")]
NfeSteps = Annotated[int, Field(ge=4, le=64, description="F5-TTS: denoising steps.")]
CrossFade = Annotated[float, Field(ge=0, le=1, description="F5-TTS: seconds of cross-fade.")]
Language = Annotated[
    str, Field(max_length=40, description="A code from `GET /api/voice/languages`.")
]
SampleText = Annotated[
    Text, Field(max_length=2000, description="The transcript of the sample; it improves cloning.")
]
DictionaryId = Annotated[
    Id | None,
    Field(
        description="One of your pronunciation dictionaries, for the character's language. It also "
        "applies when others cast the character."
    ),
]
CharacterVoice = Annotated[
    VoiceId | None,
    Field(
        description="An id from `GET /api/voice/voices`: this voice speaks instead of the "
        "recording, in the languages it has."
    ),
]
VisibilityField = Annotated[
    Visibility | None,
    Field(
        description="`public`: in lists; `unlisted`: for everybody who has the id; `private`: for "
        "you. Guests' characters are private."
    ),
]
AllowUse = Annotated[
    bool | None,
    Field(
        description="Whether others who can see the character may cast it; requires a consent for "
        "`use_by_others`."
    ),
]
ImageFiles = Annotated[
    list[Upload],
    Field(
        description="PNG, JPEG, WebP, GIF, AVIF or HEIC, at most 5 MB each; at most 10 per "
        "character.",
        # The service counts them, together with those that the character has.
        json_schema_extra={"maxItems": MAX_IMAGES},
    ),
]
AudioFile = Annotated[
    Upload,
    Field(
        description="WAV, MP3, M4A, AAC, Ogg, FLAC, WebM, AIFF, CAF or AMR; 1 to 60 seconds of one "
        "voice; at most 20 MB."
    ),
]


def _needs_consent(schema: dict[str, Any]) -> None:
    """Documents `consent` as required; not in the model, since its absence has its own error."""
    schema["required"].append("consent")


class CreateCharacter(WarnsOfUnknown, Form):
    model_config = ConfigDict(json_schema_extra=_needs_consent)

    display_name: DisplayName
    audio_file: AudioFile
    consent: ConsentField = None
    sample_text: SampleText | None = None
    image_files: ImageFiles = Field(default_factory=list)
    speed: Speed = 1.0
    nfe_steps: NfeSteps = 32
    cross_fade_duration: CrossFade = 0.15
    remove_silences: bool = True
    dictionary_id: DictionaryId = None
    voice_id: CharacterVoice = None
    language: Language = "en-us"
    voice_type: VoiceType = VoiceType.FEMALE
    visibility: VisibilityField = None
    allow_use: AllowUse = None

    def hashed(self) -> dict[str, Any]:
        """What identifies the request."""
        files = {
            "audio_file": file_hash(self.audio_file.stream),
            "image_files": [file_hash(image.stream) for image in self.image_files],
        }
        return self.model_dump(mode="json", exclude=set(files)) | files

    def command(self, address: str | None = None) -> CharacterDraft:
        """`address`: the client's network address, None if unknown."""
        return CharacterDraft(
            display_name=self.display_name,
            audio=self.audio_file,
            consent=given_consent(self.consent, address),
            sample_text=self.sample_text or "",
            images=self.image_files,
            config=Config(**self.model_dump(include=_CONFIG)),
            language=self.language,
            voice_type=self.voice_type,
            visibility=self.visibility,
            allow_use=self.allow_use,
        )


class UpdateCharacter(WarnsOfUnknown, Form):
    """Absent fields stay unchanged."""

    display_name: DisplayName | None = None
    audio_file: AudioFile | None = None
    consent: ConsentField = None
    sample_text: SampleText | None = None
    new_image_files: ImageFiles = Field(default_factory=list)
    remove_image_keys: (
        Annotated[str, StringConstraints(max_length=500), AfterValidator(_image_keys)] | None
    ) = Field(None, description="Keys of `images`, separated by commas.", examples=["0,2"])
    speed: Speed | None = None
    nfe_steps: NfeSteps | None = None
    cross_fade_duration: CrossFade | None = None
    remove_silences: bool | None = None
    dictionary_id: DictionaryId = Field(
        None, description="One of the owner's pronunciation dictionaries; `none` for none."
    )
    voice_id: CharacterVoice = Field(
        None, description="An id from `GET /api/voice/voices`; `none` for the recording."
    )
    language: Language | None = None
    voice_type: VoiceType | None = None
    visibility: VisibilityField = None
    allow_use: AllowUse = None

    def command(self, address: str | None = None) -> CharacterUpdate:
        """`address`: the client's network address, None if unknown."""
        return CharacterUpdate(
            display_name=self.display_name,
            audio=self.audio_file,
            consent=given_consent(self.consent, address),
            sample_text=self.sample_text,
            new_images=self.new_image_files,
            removed_image_keys=self.remove_image_keys.split(",") if self.remove_image_keys else (),
            config=self._config(),
            language=self.language,
            voice_type=self.voice_type,
            visibility=self.visibility,
            allow_use=self.allow_use,
        )

    def _config(self) -> dict[str, Any]:
        config = self.model_dump(include=_CONFIG, exclude_none=True)
        removed = {key: None for key in _REMOVABLE if config.get(key) == _NONE}
        return config | removed


class CharacterPath(Schema):
    character_id: Id


class CharactersQuery(Page):
    search: Annotated[str, StringConstraints(max_length=80)] = Field(
        "", description="Names that start with this, ignoring case."
    )
    sort: Sort = "newest"
    starred: bool = Field(
        False,
        description="Only characters you have starred, most recently starred first; cannot be "
        "combined with `search` or `sort=starred`.",
    )

    @model_validator(mode="after")
    def _starred_excludes_search(self) -> Self:
        if self.starred and (self.search.strip() or self.sort != "newest"):
            raise PydanticCustomError(
                "not_combined",
                "search and sort cannot be combined with starred=true",
            )
        return self


class MediaPath(Schema):
    kind: Literal["audio_files", "images"]
    name: Annotated[
        str,
        StringConstraints(
            max_length=142,
            pattern=r"^[A-Za-z0-9_-]{1,128}-[0-9a-f]{8}\.(?:wav|png|jpg|webp)$",
        ),
    ]


class Side(IntEnum):
    SMALL = 96
    LARGE = 320


class PictureQuery(Schema):
    w: Side | None = Field(default=None, description="The shorter side of a picture, in pixels.")
