"""Events: their list, the endpoints that get them, and how they are signed and sent."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from stripe import params as p

from tests.fakes.stripe import older
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import Object, World, created_matches, merge_metadata, route


@dataclass
class Attempt:
    event: Object
    url: str
    status: int | None  # none: no answer


@dataclass
class Waiting:
    event: Object
    endpoint: Object
    due: float = 0  # by time.monotonic
    tries: int = 0


def signature(body: bytes, secrets: Iterable[str], at: int | None = None) -> str:
    """The header `Stripe-Signature`; two secrets while one is being replaced."""
    at = int(time.time()) if at is None else at
    signed = str(at).encode() + b"." + body
    sums = [hmac.new(s.encode(), signed, hashlib.sha256).hexdigest() for s in secrets]
    return ",".join([f"t={at}", *(f"v1={value}" for value in sums)])


class Sender:
    """Sends events to their endpoints, in a thread of its own, again after a failure."""

    delays: tuple[float, ...] = (
        0.05,
        0.1,
        0.2,
        0.5,
        1,
        5,
        30,
    )  # seconds; Stripe goes on for three days

    def __init__(self, world: World) -> None:
        self.world = world
        self.held = False
        self.attempts: list[Attempt] = []
        self.waiting: list[Waiting] = []
        self._changed = threading.Condition(world.lock)
        self._sending = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        world.on_event = self._queue

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def _queue(self, event: Object) -> None:
        for endpoint in self.endpoints(event):
            event["pending_webhooks"] += 1
            self.waiting.append(Waiting(event, endpoint))
        self._changed.notify_all()

    def endpoints(self, event: Object) -> list[Object]:
        return [
            e
            for e in reversed(self.world.all("webhook_endpoint"))
            if not e.get("deleted")
            and e["status"] == "enabled"
            and ({"*", event["type"]} & set(e["enabled_events"]))
        ]

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                ready = [] if self.held else [w for w in self.waiting if w.due <= time.monotonic()]
                if not ready:
                    dues = [] if self.held else [w.due for w in self.waiting]
                    wait = max(0.001, min(dues) - time.monotonic()) if dues else None
                    self._changed.wait(wait)
                    continue
                first = ready[0]
                self.waiting.remove(first)
                self._sending += 1
            status = self._send(first.event, first.endpoint)
            with self._changed:
                self._sending -= 1
                self._settle(first, status)
                self._changed.notify_all()

    def _settle(self, sent: Waiting, status: int | None) -> None:
        if status is not None and 200 <= status < 300:
            sent.event["pending_webhooks"] = max(0, sent.event["pending_webhooks"] - 1)
        elif sent.tries < len(self.delays):
            sent.due = time.monotonic() + self.delays[sent.tries]
            sent.tries += 1
            self.waiting.append(sent)

    def _send(self, event: Object, endpoint: Object) -> int | None:
        body, headers = self.signed(event, endpoint)
        status = post(endpoint["url"], body, headers)
        self.attempts.append(Attempt(event, endpoint["url"], status))
        return status

    def signed(self, event: Object, endpoint: Object) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a delivery, in the shape of the endpoint's version."""
        version = endpoint["api_version"] or self.world.settings.api_version
        shown = older.event(event, version)
        body = json.dumps(shown, indent=2).encode()  # as Stripe prints it
        headers = {"content-type": "application/json; charset=utf-8"}
        headers |= {"user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)"}
        return body, headers | {"stripe-signature": signature(body, [endpoint["_secret"]])}

    # ------------------------------------------------------------------------- what tests do

    def hold(self) -> None:
        self.held = True

    def release(self) -> None:
        with self._changed:
            self.held = False
            self._changed.notify_all()

    def drop(self, events: Iterable[Object]) -> None:
        """These are never sent."""
        ids = {event["id"] for event in events}
        with self._changed:
            self.waiting = [w for w in self.waiting if w.event["id"] not in ids]
            self._changed.notify_all()

    def deliver(self, events: Iterable[Object]) -> list[int | None]:
        """Sends these now, in this order, whether or not they were sent before."""
        statuses = []
        for event in events:
            for endpoint in self.endpoints(event):
                with self._changed:
                    same = [w for w in self.waiting if w.event is event and w.endpoint is endpoint]
                    for waiting in same:
                        self.waiting.remove(waiting)
                status = self._send(event, endpoint)
                statuses.append(status)
                with self._changed:
                    self._settle(same[0] if same else Waiting(event, endpoint), status)
        return statuses

    def settle(self, timeout: float) -> bool:
        """Waits until every event has been taken; False if that took too long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._sending and (self.held or not self.waiting), timeout
            )


def post(url: str, body: bytes, headers: dict[str, str]) -> int | None:
    """The status of the answer; redirects are not followed."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=20)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


# ------------------------------------------------------------------------------------ operations


@route("GET", "/v1/events/{id}", p.EventRetrieveParams)
def get_event(world: World, sent: Params, key: str) -> Object:
    return world.find("event", key)


@route("GET", "/v1/events", p.EventListParams)
def list_events(world: World, sent: Params) -> Object:
    kind, kinds, created = sent.get("type"), sent.get("types"), sent.get("created")
    found = [
        e
        for e in reversed(world.events)
        if kind in (None, e["type"])
        and (kinds is None or e["type"] in kinds)
        and created_matches(e, created)
    ]
    return world.page(found, sent, "/v1/events")


def add_endpoint(
    world: World,
    url: str,
    events: list[str],
    *,
    secret: str | None = None,
    api_version: str | None = None,
    description: str | None = None,
) -> Object:
    return world.add(
        "webhook_endpoint",
        "we",
        api_version=api_version,
        description=description,
        enabled_events=events,
        status="enabled",
        url=url,
        _secret=secret or world.id("whsec", 32),
    )


@route("POST", "/v1/webhook_endpoints", p.WebhookEndpointCreateParams)
def create_endpoint(world: World, sent: Params) -> Object:
    if not sent["url"].startswith(("http://", "https://")):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.",
            param="url",
            code="url_invalid",
        )
    made = add_endpoint(
        world,
        sent["url"],
        sent["enabled_events"],
        api_version=sent.get("api_version"),
        description=sent.get("description"),
    )
    merge_metadata(made, sent)
    return made | {"secret": made["_secret"]}  # shown this once


@route("POST", "/v1/webhook_endpoints/{id}", p.WebhookEndpointUpdateParams)
def update_endpoint(world: World, sent: Params, key: str) -> Object:
    found = world.find("webhook_endpoint", key)
    for name in ("url", "enabled_events", "description"):
        if name in sent:
            found[name] = sent[name]
    if "disabled" in sent:
        found["status"] = "disabled" if sent["disabled"] else "enabled"
    merge_metadata(found, sent)
    return found


@route("GET", "/v1/webhook_endpoints/{id}", p.WebhookEndpointRetrieveParams)
def get_endpoint(world: World, sent: Params, key: str) -> Object:
    return world.find("webhook_endpoint", key)


@route("GET", "/v1/webhook_endpoints", p.WebhookEndpointListParams)
def list_endpoints(world: World, sent: Params) -> Object:
    found = [e for e in world.all("webhook_endpoint") if not e.get("deleted")]
    return world.page(found, sent, "/v1/webhook_endpoints")


@route("DELETE", "/v1/webhook_endpoints/{id}", p.WebhookEndpointDeleteParams)
def delete_endpoint(world: World, sent: Params, key: str) -> Object:
    world.find("webhook_endpoint", key)
    world.objects[key] = {"id": key, "object": "webhook_endpoint", "deleted": True}
    return world.objects[key]
