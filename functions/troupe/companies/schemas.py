"""What the operations on companies take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from troupe.accounts.fields import check_org_number, lower, upper
from troupe.accounts.schemas import Country, Language, OrgNumber, Phone, Timezone
from troupe.caller import CompanyRole
from troupe.companies import records
from troupe.companies.founding import MOST_SLUG, CompanyRequest
from troupe.companies.records import (
    Channel,
    Company,
    CompanyStatus,
    Industry,
    LicenseType,
    RecordingPolicy,
    Seats,
    Size,
)
from troupe.companies.service import Listed, Sort
from troupe.records import Record
from troupe.wallet.schemas import CompanyHeader
from troupe.web.schema import (
    Email,
    Id,
    KeyHeader,
    Line,
    Page,
    PlainText,
    Schema,
    example,
    without_links,
)
from troupe.web.upload import Form, Upload

Slug = Annotated[
    str,
    BeforeValidator(lower),
    StringConstraints(
        min_length=3,
        max_length=MOST_SLUG,
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
    ),
    Field(description="The company's name in URLs: lowercase letters, digits and hyphens."),
]
Website = Annotated[
    str, StringConstraints(max_length=300, pattern=r"^(?:https?://[^\s/?#@]+\.[^\s?#@]+)?$")
]
Color = Annotated[
    str,
    StringConstraints(max_length=7, pattern=r"^(?:#[0-9A-Fa-f]{6})?$"),
    Field(examples=["#004488"]),
]
Currency = Annotated[
    str, BeforeValidator(upper), StringConstraints(max_length=3, pattern=r"^[A-Z]{3}$")
]
Clock = Annotated[
    str,
    StringConstraints(max_length=5, pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$"),
    Field(examples=["08:00"]),
]
MailDomain = Annotated[
    str,
    BeforeValidator(lower),
    StringConstraints(
        max_length=253,
        pattern=r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
    ),
]
SearchText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]
_EMPTY = "An empty string removes it."
_Blank = BeforeValidator(lambda value: "" if value is None else value)
ShownType = Annotated[
    LicenseType | Literal[""], _Blank, Field(description="Empty without an active license.")
]


class CompanyPath(Schema):
    company_id: Id


class CompanyKeyHeader(KeyHeader, CompanyHeader):
    pass


class CompanyQuery(Page):
    company_id: Id | None = None


class AddressBody(Schema):
    street: Annotated[Line, Field(max_length=200)] | Literal[""] = ""
    city: Annotated[Line, Field(max_length=100)] | Literal[""] = ""
    postal_code: Annotated[Line, Field(max_length=20)] | Literal[""] = ""
    country: Country | Literal[""] = ""


class BrandColorsBody(Schema):
    primary: Color = ""
    secondary: Color = ""


class CompanyFields(Schema):
    """What can be set when a company is created, and later."""

    language: Language | Literal[""] | None = Field(None, description="A BCP 47 tag.")
    email: Email | Literal[""] | None = None
    phone: Phone | None = None
    website: Website | None = None
    address: AddressBody | None = None
    industry: Industry | None = None
    size: Size | None = None
    timezone: Timezone | None = None
    brand_colors: BrandColorsBody | None = None

    def fields(self) -> dict[str, Any]:
        """The given fields of a `Company`."""
        given = {name: getattr(self, name) for name in CompanyFields.model_fields}
        if self.address is not None:
            given["address"] = records.Address(**self.address.model_dump())
        if self.brand_colors is not None:
            given["brand_colors"] = records.BrandColors(**self.brand_colors.model_dump())
        return {name: value for name, value in given.items() if value is not None}


class CreateCompany(CompanyFields):
    model_config = example(
        {
            "name": "Fjord Telecom",
            "orgNumber": "923609016",
            "country": "NO",
            "industry": "telecom",
            "size": "small",
            "timezone": "Europe/Oslo",
        }
    )

    name: Line
    slug: Slug | None = Field(None, description="Made from the name if omitted.")
    org_number: OrgNumber | None = Field(
        None, description="Each number can be used by one company only."
    )
    country: Country | None = None

    @model_validator(mode="after")
    def _number(self) -> Self:
        check_org_number(self.org_number, self.country)
        return self

    def request(self) -> CompanyRequest:
        return CompanyRequest(
            self.name, self.slug, self.org_number or None, self.country, self.fields()
        )


class UpdateCompany(CompanyFields):
    """Omitted and null fields stay unchanged."""

    model_config = example({"name": "Fjord Telecom AS", "website": "https://fjord.example"})

    name: Line | None = None
    slug: Slug | None = None
    org_number: OrgNumber | None = Field(None, description=f"With `country`. {_EMPTY}")
    country: Country | None = None

    @model_validator(mode="after")
    def _number(self) -> Self:
        check_org_number(self.org_number, self.country)
        return self

    def changes(self) -> dict[str, Any]:
        given = {"name": self.name, "slug": self.slug, "country": self.country}
        changes: dict[str, Any] = {name: each for name, each in given.items() if each is not None}
        if self.org_number is not None:
            changes["org_number"] = self.org_number or None
        return changes | self.fields()


class WorkingHoursBody(Schema):
    start: Clock
    end: Clock
    days: Annotated[
        list[Annotated[int, Field(ge=1, le=7)]],
        Field(min_length=1, max_length=7, description="1 is Monday."),
        AfterValidator(lambda days: sorted(set(days))),
    ]


class AfterCallBody(Schema):
    enabled: bool = False
    channel: Channel = "email"
    text: Annotated[PlainText, Field(max_length=300), AfterValidator(without_links)] = Field(
        "",
        description="Without links: `{reviewLink}` is replaced by the URL where the guest reviews"
        " the call.",
    )


class CallLimitsBody(Schema):
    per_day: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    per_month: Annotated[int, Field(ge=0, le=10_000_000)] | None = None


class SettingsBody(Schema):
    """Omitted settings stay as they are; null restores the default."""

    language: Language | Literal[""] | None = None
    timezone: Timezone | None = None
    currency: Currency | None = None
    working_hours: WorkingHoursBody | None = None
    after_call: AfterCallBody | None = None
    call_limits: CallLimitsBody | None = None
    cost_per_solved_call: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    guests_allowed: bool | None = None
    lobby: bool | None = None
    recording_policy: RecordingPolicy | None = None
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    domains: Annotated[list[MailDomain], Field(max_length=50)] | None = Field(
        None, description="Only addresses of these domains can be invited. Empty: all domains."
    )
    invitation_days: Annotated[int, Field(ge=1, le=30)] | None = None
    default_license_type: LicenseType | None = None
    brand_colors: BrandColorsBody | None = None
    onboarding: (
        Annotated[
            dict[
                Annotated[str, Field(max_length=50)],
                bool | int | Annotated[str, Field(max_length=200)],
            ],
            Field(max_length=50),
        ]
        | None
    ) = Field(
        None, description="For the client's own use, such as how far a company has been set up."
    )

    def given(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The given fields of `CompanySettings`, and of `Company`."""
        sent = self.model_dump(include=self.model_fields_set, exclude_none=True)
        made: list[dict[str, Any]] = []
        kinds: tuple[type[Record], ...] = (records.CompanySettings, Company)
        for record in kinds:
            names = self.model_fields_set & record.model_fields.keys()
            # Validated one by one, because not every field of the record is given.
            made.append({name: _value(record, name, sent.get(name)) for name in names})
        return made[0], made[1]


def _value(record: type[Record], name: str, sent: Any) -> Any:
    """The value of a field of a record; its default for None."""
    field = record.model_fields[name]
    if sent is None:
        return field.get_default(call_default_factory=True)
    return TypeAdapter(cast(Any, field.annotation)).validate_python(sent)


class CompanySettingsBody(Schema):
    model_config = example(
        {
            "settings": {
                "currency": "NOK",
                "workingHours": {"start": "08:00", "end": "16:00", "days": [1, 2, 3, 4, 5]},
                "costPerSolvedCall": 2000,
                "invitationDays": 7,
            }
        }
    )

    settings: SettingsBody


class LogoForm(Form):
    logo: Annotated[Upload, Field(description="PNG, JPEG, WebP, GIF, AVIF or HEIC, at most 5 MB.")]


class DeleteCompany(Schema):
    model_config = example({"confirm": "Fjord Telecom"})

    confirm: Annotated[str, Field(max_length=200)] | None = Field(
        None,
        description="The name of the company, required if it has other members, licenses or a "
        "plan.",
    )


class CompaniesQuery(Page):
    search: SearchText = Field(
        "",
        description="The beginning of a word of the name, or of the slug or number. Results are "
        "sorted by name.",
    )
    status: CompanyStatus | None = None
    sort: Sort = "newest"


class AddressView(Schema):
    street: str
    city: str
    postal_code: str
    country: str


class BrandColorsView(Schema):
    primary: str
    secondary: str


class WorkingHoursView(Schema):
    start: str
    end: str
    days: list[int]


class AfterCallView(Schema):
    enabled: bool
    channel: Channel
    text: str


class CallLimitsView(Schema):
    per_day: int | None
    per_month: int | None


class SettingsView(Schema):
    language: str
    timezone: str
    currency: str
    working_hours: WorkingHoursView | None
    after_call: AfterCallView
    call_limits: CallLimitsView
    cost_per_solved_call: int = Field(description="In units of `currency`.")
    guests_allowed: bool
    lobby: bool
    recording_policy: RecordingPolicy
    retention_days: int
    domains: list[str]
    invitation_days: int
    default_license_type: LicenseType
    brand_colors: BrandColorsView
    onboarding: dict[str, Any]


class SeatsView(Schema):
    total: int = Field(description="Active licenses.")
    assigned: int
    held: int = Field(description="Held by pending invitations.")
    free: int

    @classmethod
    def of(cls, seats: Seats) -> Self:
        return cls(**seats.model_dump(), free=seats.free)


class CallTotalsView(Schema):
    calls: int
    seconds: int
    solved: int
    rating_sum: int
    rating_count: int


class CompanyView(Schema):
    id: str
    name: str
    slug: str
    org_number: Annotated[str, _Blank]
    country: Annotated[str, _Blank]
    language: str
    timezone: str
    email: str
    phone: str
    website: str
    address: AddressView
    industry: Annotated[Industry | Literal[""], _Blank]
    size: Annotated[Size | Literal[""], _Blank]
    brand_colors: BrandColorsView
    logo_url: str
    status: CompanyStatus
    trial_ends_at: datetime | None
    owner_id: str
    member_count: int
    seats: SeatsView
    plan: str | None
    features: list[str]
    settings: SettingsView
    totals: CallTotalsView
    tokens: int = Field(description="The company's tokens, including held ones.")
    voice_seconds: int = Field(description="The company's available voice minutes, in seconds.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, company: Company, features: Sequence[str] = ()) -> Self:
        given = company.model_dump(exclude={"settings", "seats", "owner_uid"})
        settings = company.settings.model_dump() | {
            name: given[name] for name in ("language", "timezone", "brand_colors")
        }
        return cls.model_validate(
            given
            | {
                "owner_id": company.owner_uid,
                "features": list(features),
                "seats": SeatsView.of(company.seats),
                "settings": settings,
                "voice_seconds": company.voice_seconds.available,
            }
        )


class ListedCompany(Schema):
    id: str
    name: str
    slug: str
    logo_url: str
    status: CompanyStatus
    country: Annotated[str, _Blank]
    role: Annotated[CompanyRole | Literal[""], _Blank] = Field(
        description="Your role; empty if you are not a member."
    )
    license_type: ShownType
    member_count: int | None = Field(description="Null if you do not manage the company.")
    seats: SeatsView | None = Field(description="Null if you do not manage the company.")
    created_at: datetime

    @classmethod
    def of(cls, listed: Listed) -> Self:
        company, manages = listed.company, listed.role != "member"
        return cls(
            id=company.id,
            name=company.name,
            slug=company.slug,
            logo_url=company.logo_url,
            status=company.status,
            country=company.country,
            role=listed.role,
            license_type=listed.license_type,
            member_count=company.member_count if manages else None,
            seats=SeatsView.of(company.seats) if manages else None,
            created_at=company.created_at,
        )


class CompanyData(Schema):
    company: CompanyView

    @classmethod
    def of(cls, company: Company, features: Sequence[str] = ()) -> Self:
        return cls(company=CompanyView.of(company, features))


class CompaniesData(Schema):
    companies: list[ListedCompany]
