"""All domains, and what is derived from their declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, cast

from troupe.accounts.domain import DOMAIN as ACCOUNTS
from troupe.activities.domain import DOMAIN as ACTIVITIES
from troupe.admin.domain import DOMAIN as ADMIN
from troupe.allowances import RateLimit
from troupe.analytics.domain import DOMAIN as ANALYTICS
from troupe.api_keys.domain import DOMAIN as API_KEYS
from troupe.bulk.domain import DOMAIN as BULK
from troupe.call_recordings.domain import DOMAIN as CALL_RECORDINGS
from troupe.calls.domain import DOMAIN as CALLS
from troupe.characters.domain import DOMAIN as CHARACTERS
from troupe.comments.domain import DOMAIN as COMMENTS
from troupe.companies.domain import DOMAIN as COMPANIES
from troupe.company_exports.domain import DOMAIN as COMPANY_EXPORTS
from troupe.config.domain import DOMAIN as CONFIG
from troupe.dashboards.domain import DOMAIN as DASHBOARDS
from troupe.debugging.domain import DOMAIN as DEBUGGING
from troupe.dictionaries.domain import DOMAIN as DICTIONARIES
from troupe.domain import Domain
from troupe.dubbing.domain import DOMAIN as DUBBING
from troupe.elevenlabs_api.domain import DOMAIN as ELEVENLABS_API
from troupe.exports.domain import DOMAIN as EXPORTS
from troupe.files.domain import DOMAIN as FILES
from troupe.generations.domain import DOMAIN as GENERATIONS
from troupe.jobs.domain import DOMAIN as JOBS
from troupe.messengers.domain import DOMAIN as MESSENGERS
from troupe.metrics.domain import DOMAIN as METRICS
from troupe.notifications.domain import DOMAIN as NOTIFICATIONS
from troupe.openai_api.domain import DOMAIN as OPENAI_API
from troupe.payments.domain import DOMAIN as PAYMENTS
from troupe.plans.domain import DOMAIN as PLANS
from troupe.reports.domain import DOMAIN as REPORTS
from troupe.reviews.domain import DOMAIN as REVIEWS
from troupe.rooms.domain import DOMAIN as ROOMS
from troupe.scripts.domain import DOMAIN as SCRIPTS
from troupe.search.domain import DOMAIN as SEARCH
from troupe.support.domain import DOMAIN as SUPPORT
from troupe.tabs.domain import DOMAIN as TABS
from troupe.transcriptions.domain import DOMAIN as TRANSCRIPTIONS
from troupe.translation.domain import DOMAIN as TRANSLATION
from troupe.voices.domain import DOMAIN as VOICES
from troupe.wallet.domain import DOMAIN as WALLET
from troupe.webhooks.domain import DOMAIN as WEBHOOKS

if TYPE_CHECKING:
    from troupe.jobs.specs import JobSpec, JobSpecs
    from troupe.settings import Settings
    from troupe.web.routes import Api

# In the order in which a deleted user's data is erased. Payments stop Stripe from charging before
# the subscription and the wallet go. Generations, scripts, transcriptions, dubbings and jobs stop
# running work; the wallet can be closed only when no job holds part of it; activities and
# notifications come after them, because the other erasers write some.
DOMAINS: tuple[Domain, ...] = (
    GENERATIONS,
    VOICES,
    SCRIPTS,
    TRANSCRIPTIONS,
    DUBBING,
    JOBS,
    API_KEYS,
    TABS,
    WEBHOOKS,
    EXPORTS,
    CHARACTERS,
    DICTIONARIES,
    FILES,
    CALLS,
    CALL_RECORDINGS,
    REVIEWS,
    COMMENTS,
    ROOMS,
    COMPANIES,
    PAYMENTS,
    PLANS,
    WALLET,
    ACTIVITIES,
    NOTIFICATIONS,
    ACCOUNTS,
    REPORTS,
    SUPPORT,
    CONFIG,
    TRANSLATION,
    ADMIN,
    BULK,
    COMPANY_EXPORTS,
    DASHBOARDS,
    ANALYTICS,
    SEARCH,
    MESSENGERS,
    METRICS,
    DEBUGGING,
    OPENAI_API,
    ELEVENLABS_API,
)
COMPAT = "compat"  # calls the apps of other functions, and has no endpoints of its own
# The functions that Cloud Tasks calls.
TASK_FUNCTIONS = ("generate", "listen", "dub", "relay", "deliver")


@cache
def functions() -> dict[str, tuple[str, ...]]:
    """The HTTP functions, each with its modules of endpoints."""
    served: dict[str, tuple[str, ...]] = {}
    for domain in DOMAINS:
        for function, modules in domain.endpoints.items():
            served[function] = (*served.get(function, ()), *modules)
    return served


def apis(function: str) -> list[Api]:
    """The routes of one function. Imports only its own endpoints."""
    return [cast("Api", import_module(module).api) for module in functions()[function]]


class _Declared(Mapping[str, "JobSpec[Any, Any]"]):
    """Kinds of job. Each is imported when somebody asks for it, because most requests concern
    none: a spec loads the records and writes of its domain."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, kind: str) -> JobSpec[Any, Any]:
        return cast("JobSpec[Any, Any]", resolve_name(self._places[kind]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def job_specs() -> JobSpecs:
    """All kinds of job, by name."""
    return _Declared({kind: at for domain in DOMAINS for kind, at in domain.job_specs.items()})


def rate_limits(settings: Settings) -> dict[str, RateLimit]:
    """All rate limits by name: from the settings, or the default of the domain."""
    return {
        name: settings.limits.get(name) or RateLimit.parse(limit.default)
        for domain in DOMAINS
        for name, limit in domain.limits.items()
    }
