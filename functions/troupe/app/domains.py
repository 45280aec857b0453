"""Every domain, and what follows from their declarations."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import resolve_name
from typing import cast

from troupe.accounts.domain import DOMAIN as ACCOUNTS
from troupe.activities.domain import DOMAIN as ACTIVITIES
from troupe.admin.domain import DOMAIN as ADMIN
from troupe.characters.domain import DOMAIN as CHARACTERS
from troupe.domain import Domain
from troupe.files.domain import DOMAIN as FILES
from troupe.generations.domain import DOMAIN as GENERATIONS
from troupe.jobs.domain import DOMAIN as JOBS
from troupe.jobs.specs import JobSpecs, registry
from troupe.plans.domain import DOMAIN as PLANS
from troupe.scripts.domain import DOMAIN as SCRIPTS
from troupe.settings import RateLimit, Settings
from troupe.support.domain import DOMAIN as SUPPORT
from troupe.wallet.domain import DOMAIN as WALLET
from troupe.web.routes import Api

# In the order in which a user who leaves is erased. Generations, scripts and jobs end what runs;
# the wallet can close only once no job holds any of it; activities go last, because the others
# write some while they erase.
DOMAINS: tuple[Domain, ...] = (
    GENERATIONS,
    SCRIPTS,
    JOBS,
    CHARACTERS,
    FILES,
    PLANS,
    WALLET,
    ACTIVITIES,
    ACCOUNTS,
    SUPPORT,
    ADMIN,
)


@cache
def functions() -> dict[str, tuple[str, ...]]:
    """The HTTP functions, each with the modules of endpoints that it serves."""
    served: dict[str, tuple[str, ...]] = {}
    for domain in DOMAINS:
        for function, modules in domain.endpoints.items():
            served[function] = (*served.get(function, ()), *modules)
    return served


def apis(function: str) -> list[Api]:
    """The routes of one function. Loads its endpoints, and nobody else's."""
    return [cast(Api, import_module(module).api) for module in functions()[function]]


def job_specs() -> JobSpecs:
    """Every kind of job, by its name."""
    return registry(*(resolve_name(name) for domain in DOMAINS for name in domain.job_specs))


def rate_limits(settings: Settings) -> dict[str, RateLimit]:
    """Every rate limit by name: the default of its domain, or what the settings say."""
    return {
        name: settings.limits.get(name) or RateLimit.parse(limit.default)
        for domain in DOMAINS
        for name, limit in domain.limits.items()
    }
