"""What the fake remembers: its objects, its clock, its events, and what is due when."""

from __future__ import annotations

import copy
import heapq
import itertools
import json
import re
import secrets
import string
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stripe._api_version import _ApiVersion

from tests.fakes.stripe import shapes
from tests.fakes.stripe.errors import Mismatch, StripeFailure, invalid, missing
from tests.fakes.stripe.params import Params, checked, decode

API_VERSION = _ApiVersion.CURRENT
HOUR, DAY = 3600, 86400

Object = dict[str, Any]
_LETTERS = string.ascii_letters + string.digits
_NAMES = {"checkout.session": "checkout session", "payment_method": "PaymentMethod"}
_NAMES |= {"billing_portal.configuration": "configuration", "payment_intent": "payment_intent"}


@dataclass
class Settings:
    """What one sets in Stripe's dashboard."""

    draft_seconds: int = HOUR  # how long the invoice of a renewal stays a draft
    retries: tuple[int, ...] = (3 * DAY, 5 * DAY, 7 * DAY)  # after a failed payment
    saved_portal: bool = False  # whether the portal's settings were ever saved in the dashboard
    after_retries: str = "cancel"  # or "unpaid", or "past_due"
    tax_percent: int = 0  # where automatic tax is on
    payments_per_invoice: int = 1  # how many payment intents share what is due
    forgets_deleted: bool = False  # whether lists refuse the id of a deleted customer
    refuses_unknown: bool = True  # whether lists refuse a customer whom the account never had
    live: bool = False  # whether all of it is of live mode
    api_version: str = API_VERSION  # of events, for endpoints that name none


@dataclass
class Request:
    """The one that is being answered."""

    id: str | None = None
    idempotency_key: str | None = None


@dataclass
class World:
    base_url: str = ""
    settings: Settings = field(default_factory=Settings)
    running: bool = False  # whether the clock runs by itself
    lock: threading.RLock = field(default_factory=threading.RLock)
    objects: dict[str, Object] = field(default_factory=dict)
    events: list[Object] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    request: Request = field(default_factory=Request)
    salt: str = field(default_factory=lambda: secrets.token_hex(8))
    on_event: Callable[[Object], None] = lambda event: None
    _ids: dict[str, list[str]] = field(default_factory=dict)  # by the kind of object
    _offset: float = 0
    _frozen: float = field(default_factory=time.time)
    _due: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    # ------------------------------------------------------------------------------- clock

    @property
    def now(self) -> int:
        return int((time.time() if self.running else self._frozen) + self._offset)

    @property
    def moved(self) -> int:
        """Seconds that somebody has moved a running clock. They do not count for what does not last
        a day, as with Stripe's test clocks: a client asks for it by its own clock."""
        return int(self._offset) if self.running else 0

    def at(self, when: int, do: Callable[[], None]) -> None:
        """`do` runs when the clock gets there; it must check whether it still applies."""
        heapq.heappush(self._due, (when, next(self._order), do))

    def advance(self, to: int) -> None:
        """Moves the clock to `to`, stopping at everything that is due before."""
        with self.lock:
            if to < self.now and not self.running:
                raise ValueError("the clock goes forward only")
            while self._due and self._due[0][0] <= to:
                when, _, do = heapq.heappop(self._due)
                self._offset += max(0, when - self.now)
                do()
            self._offset += max(0, to - self.now)

    # ------------------------------------------------------------------------------- objects

    def id(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_" + "".join(secrets.choice(_LETTERS) for _ in range(length))

    def add(self, name: str, prefix: str, /, **values: Any) -> Object:
        made = self.make(name, prefix, **values)
        self.keep(made["id"], made)
        return made

    def keep(self, key: str, made: Object) -> None:
        self.objects[key] = made
        self._ids.setdefault(made["object"], []).append(key)

    def make(self, name: str, prefix: str, /, **values: Any) -> Object:
        """A new object; a key that begins with `_` is the fake's own and never shown."""
        own = {key: values.pop(key) for key in list(values) if key[0] == "_"}
        fields = shapes.fields_of(shapes.class_of(name))
        given = {"created": self.now, "id": self.id(prefix), "livemode": self.settings.live}
        for key, value in given.items():
            if key in fields:
                values.setdefault(key, value)
        return shapes.new(name, **values) | own

    def all(self, name: str) -> list[Object]:
        """Newest first."""
        return [self.objects[key] for key in reversed(self._ids.get(name, []))]

    @contextmanager
    def scratch(self) -> Iterator[None]:
        """What the block adds is gone afterwards; it must change copies only."""
        objects, ids = dict(self.objects), {name: list(keys) for name, keys in self._ids.items()}
        try:
            yield
        finally:
            self.objects.clear()
            self.objects.update(objects)
            self._ids = ids

    def find(self, name: str, key: str, param: str = "id") -> Object:
        found = self.objects.get(key)
        if found is None or found["object"] != name or found.get("deleted"):
            raise missing(_NAMES.get(name, name), key, param)
        return found

    # ------------------------------------------------------------------------------- answers

    def render(self, thing: Object, expand: Iterable[str] = ()) -> Object:
        """What a client gets: checked against the package's class."""
        shown = self._show(thing, _tree(expand))
        shapes.check(shown)
        return shown

    def _show(self, thing: Object, tree: dict[str, Any]) -> Object:
        shown = {k: copy.deepcopy(v) for k, v in thing.items() if k[0] != "_"}
        if "_lines" in thing:
            shown["lines"] = self.embedded(thing["_lines"], f"/v1/invoices/{thing['id']}/lines")
        if shown["object"] == "billing_portal.configuration":
            update = shown["features"]["subscription_update"]
            asked = tree.get("features", {}).get("subscription_update", {})
            for name in shapes.INCLUDABLE_INSIDE["Configuration.Features.SubscriptionUpdate"]:
                if name not in asked:
                    del update[name]
        self._expand(shown, tree, None, "")
        return shown

    def embedded(self, things: list[Object], url: str, limit: int = 10) -> Object:
        """The list inside an object: its first ten."""
        data = [self._show(thing, {}) for thing in things[:limit]]
        return {"object": "list", "data": data, "has_more": len(things) > limit, "url": url}

    def _expand(self, shown: Object, tree: dict[str, Any], kind: Any, path: str) -> None:
        name = shown.get("object")
        if name == "list":
            for key, inner in tree.items():
                _cannot_expand(key != "data", path + key)
                for item in shown["data"]:
                    self._expand(item, inner, None, f"{path}data.")
            return
        kind = shapes.class_of(name) if name else kind
        for key, inner in tree.items():
            where = path + key
            if key in shapes.INCLUDABLE_INSIDE.get(kind.__qualname__, ()):
                continue
            if key in shapes.INCLUDABLE.get(name or "", ()):
                shown[key] = self._include(shown, key)
            _cannot_expand(key not in shown, where)
            value, nested = shown[key], kind._inner_class_types.get(key)
            if isinstance(value, str):
                _cannot_expand(not shapes.expandable(kind, key), where)
                shown[key] = self._show(self.objects[value], inner)
            elif isinstance(value, list) and shapes.lists_ids(kind, key):
                shown[key] = [self._show(self.objects[one], inner) for one in value]
            elif isinstance(value, dict):
                self._expand(value, inner, nested, f"{where}.")
            else:
                expands = nested or shapes.expandable(kind, key)
                _cannot_expand(value is not None or not expands, where)

    def _include(self, shown: Object, key: str) -> Object | None:
        """A field that Stripe gives only to those who ask."""
        own = self.objects.get(shown["id"], shown)
        match shown["object"], key:
            case "checkout.session", "line_items":
                url = f"/v1/checkout/sessions/{shown['id']}/line_items"
                return self.embedded(own["_line_items"], url)
            case "invoice", "payments":
                found = [self.objects[key] for key in own.get("_payments", [])]
                return self.embedded(found, "/v1/invoice_payments")
            case "charge", "refunds":
                found = [r for r in self.all("refund") if r["charge"] == shown["id"]]
                return self.embedded(found, f"/v1/charges/{shown['id']}/refunds")
            case "customer", "subscriptions":
                found = [
                    s
                    for s in self.all("subscription")
                    if s["customer"] == shown["id"] and s["status"] != "canceled"
                ]
                return self.embedded(found, f"/v1/customers/{shown['id']}/subscriptions")
        raise Mismatch(f"the fake cannot expand {key} of {shown['object']}")

    def page(self, things: list[Object], params: Params, url: str) -> Object:
        """A list as Stripe pages it, by cursor; `things`: newest first."""
        if isinstance(created := params.get("created"), Params):
            created.plain()  # it counts as read although there was nothing to compare it with
        customer = params.get("customer")
        if customer is not None:
            self._require_customer(customer)
        limit = params.get("limit", 10)
        if not 1 <= limit <= 100:
            text = "This value must be between 1 and 100 (inclusive)."
            raise invalid(text, param="limit", code="parameter_invalid_integer")
        ids = [thing["id"] for thing in things]
        after, before = params.get("starting_after"), params.get("ending_before")
        for name, cursor in (("starting_after", after), ("ending_before", before)):
            if cursor is not None and cursor not in ids:
                raise missing("object", cursor, name)
        if before is not None:
            end = ids.index(before)
            chosen, more = things[max(0, end - limit) : end], end > limit
        else:
            begin = ids.index(after) + 1 if after is not None else 0
            chosen, more = things[begin : begin + limit], len(things) > begin + limit
        return {"object": "list", "url": url, "has_more": more, "data": chosen}

    def _require_customer(self, key: str) -> None:
        """What Stripe does for lists of a customer that was deleted, or that the account never had,
        is not documented."""
        found = self.objects.get(key)
        refuses = self.settings.forgets_deleted if found else self.settings.refuses_unknown
        if refuses:
            self.find("customer", key, "customer")

    # ------------------------------------------------------------------------------- events

    def emit(self, kind: str, thing: Object, previous: Object | None = None) -> None:
        data: Object = {"object": self.render(thing)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = shapes.new(
            "event",
            id=self.id("evt"),
            type=kind,
            created=self.now,
            api_version=self.settings.api_version,
            data=data,
            pending_webhooks=0,
            request={"id": self.request.id, "idempotency_key": self.request.idempotency_key},
        )
        shapes.check(event)
        self.events.append(event)
        self.objects[event["id"]] = event
        self.on_event(event)

    @contextmanager
    def changing(self, thing: Object, kind: str) -> Iterator[None]:
        """Emits `kind`, with the previous values of what the block has changed, if anything. An
        error leaves the thing as it was."""
        before = {k: copy.deepcopy(v) for k, v in thing.items() if k[0] != "_"}
        try:
            yield
        except StripeFailure:
            thing |= before
            raise
        previous = {k: v for k, v in before.items() if thing.get(k) != v}
        if previous:
            self.emit(kind, thing, previous)


def _cannot_expand(is_wrong: object, path: str) -> None:
    if is_wrong:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")


def _tree(paths: Iterable[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in paths:
        keys = path.split(".")
        if len(keys) > 4:
            text = f"You cannot expand more than 4 levels of a property. Property: {path}"
            raise invalid(text, param="expand")
        at = tree
        for key in keys:
            at = at.setdefault(key, {})
    return tree


def created_matches(thing: Object, wanted: Any) -> bool:
    """The filter `created` of lists: a moment, or bounds."""
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return bool(thing["created"] == wanted)
    tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    return all(tests[name](thing["created"], wanted[name]) for name in tests if name in wanted)


def merge_metadata(thing: Object, params: Params) -> None:
    """Keys are merged; an empty value removes one, an empty `metadata` all."""
    if "metadata" not in params:
        return
    sent = params["metadata"]
    merged = {} if sent == "" else thing["metadata"] | sent.plain()
    thing["metadata"] = {key: value for key, value in merged.items() if value != ""}


# --------------------------------------------------------------------------------------- routes

Handler = Callable[..., Object]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    schema: type
    handler: Handler


ROUTES: list[Route] = []


def route(method: str, path: str, schema: type) -> Callable[[Handler], Handler]:
    """Registers `handler(world, params, *ids in the path)`; it returns what is to be rendered."""
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, pattern, schema, handler))
        return handler

    return register


def answer(world: World, method: str, path: str, pairs: list[tuple[str, str]]) -> Object:
    """Does what the request says. Raises `StripeFailure`, or `Mismatch` for what the fake lacks."""
    for candidate in sorted(ROUTES, key=lambda r: r.pattern.groups):  # create_preview is no id
        found = candidate.pattern.fullmatch(path)
        if found and candidate.method == method:
            break
    else:
        text = f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs"
        world.problems.append(f"no such operation in the fake: {method} {path}")
        raise invalid(text, status=404)
    try:
        params = checked(decode(pairs), candidate.schema)
        expand = params.get("expand", [])
    except StripeFailure as failure:
        failure.replayable = False
        raise
    made = candidate.handler(world, params, *found.groups())
    if left := params.unread():
        raise Mismatch(f"the fake ignores {left} of {method} {path}")
    if made["object"] == "list":
        data = [world._show(thing, {}) for thing in made["data"]]
        shown = made | {"data": data}
        world._expand(shown, _tree(expand), None, "")
        shapes.check(shown)
        return shown
    return world.render(made, expand)


def as_json(value: Object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
