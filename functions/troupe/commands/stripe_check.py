"""Whether Stripe is set up as the code needs it: prices and products, the webhook endpoint, the
portal, and the mode of the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from troupe.adapters.stripe import API_VERSION, portal_features
from troupe.app.container import Container
from troupe.payments.events import TYPES
from troupe.payments.records import PORTAL

WEBHOOK = "/payments/webhook"  # the end of its path, by Hosting and by the function's own address


def stripe_problems(services: Container, url: str | None) -> list[str]:
    """What is wrong, and what would be right. `url`: that of our webhook endpoint, if known."""
    prices = services.stripe.prices()
    table = services.price_table
    found = table.differences(prices, services.stripe.products())
    found += _mode(services)
    found += [f"webhook: {each}" for each in _webhook(services, url)]
    found += [f"portal: {each}" for each in _portal(services, table.portal_products(prices))]
    return found


def _mode(services: Container) -> Iterator[str]:
    app_url = services.settings.app_url
    if services.stripe.live and urlsplit(app_url).scheme != "https":
        yield f"the key is live, and APP_URL is {app_url}: it should begin with https://"


def _webhook(services: Container, url: str | None) -> Iterator[str]:
    known = services.stripe.endpoints()
    if url is not None:
        ours = [each for each in known if each.url == url]
    else:
        ours = [each for each in known if urlsplit(each.url).path.endswith(WEBHOOK)]
    if not ours:
        wanted = url or f"https://YOUR-SITE/api{WEBHOOK}"
        yield f"there is no endpoint {wanted}: run `stripe setup --webhook {wanted}`"
    if url is None and len(ours) > 1:
        urls = ", ".join(sorted(each.url for each in ours))
        yield f"there are several endpoints, one is enough: {urls}"
    for endpoint in ours:
        if not endpoint.enabled:
            yield f"{endpoint.url} is disabled, it should be enabled"
        missing = sorted(TYPES - endpoint.types) if "*" not in endpoint.types else []
        if missing:
            yield f"{endpoint.url} should also get {', '.join(missing)}"
        if endpoint.api_version != API_VERSION:
            yield (
                f"{endpoint.url} has the API version {endpoint.api_version or 'of the account'}, "
                f"it should have {API_VERSION}: delete it, and run `stripe setup --webhook` again"
            )
        if endpoint.livemode is not services.stripe.live:
            yield f"{endpoint.url} is in another mode than the key"


def _portal(services: Container, products: Mapping[str, Sequence[str]]) -> Iterator[str]:
    configuration = services.database.get(PORTAL).data.get("configurationId")
    if configuration is None:
        yield "it is not configured: run `stripe setup`"
        return
    features = services.stripe.portal_features(configuration)
    if features is None:
        yield f"{configuration} does not exist, or is not active: run `stripe setup`"
        return
    for each in _features(features, portal_features(products)):
        yield f"{each}: run `stripe setup`"


def _features(has: Mapping[str, Any], wanted: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Where a configuration differs from what the code needs."""
    for name, value in wanted.items():
        found = has.get(name)
        if name == "products":
            yield from _products(found or [], value)
        elif isinstance(value, dict):
            yield from _features(found or {}, value, f"{path}{name}.")
        elif isinstance(value, list):
            if missing := sorted(set(value) - set(found or [])):
                yield f"{path}{name} should also have {', '.join(missing)}"
        elif found != value:
            yield f"{path}{name} is {_shown(found)}, it should be {_shown(value)}"


def _products(
    has: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    offered = {price for each in has for price in each["prices"]}
    should = {price for each in wanted for price in each["prices"]}
    if missing := sorted(should - offered):
        yield f"it should offer {', '.join(missing)}"
    if extra := sorted(offered - should):
        yield f"it should not offer {', '.join(extra)}"


def _shown(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
