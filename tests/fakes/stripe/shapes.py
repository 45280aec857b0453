"""The official `stripe` package as the schema: its TypedDicts check requests, its classes answers.

So the fake follows the pinned version of the API. What Troupe sends or reads that this version does
not know fails in tests, not in production.
"""

from __future__ import annotations

import types
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

import stripe
import stripe.params
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import UntypedStripeObject

from tests.fakes.stripe.errors import Mismatch

_MISSING = object()
Kind = Any  # `type[StripeObject]`, which mypy does not take for hashable

# Stripe leaves these out unless they are expanded.
INCLUDABLE = {
    "charge": {"refunds"},
    "checkout.session": {"line_items"},
    "coupon": {"currency_options"},
    "customer": {
        "cash_balance",
        "invoice_credit_balance",
        "sources",
        "subscriptions",
        "tax",
        "tax_ids",
    },
    "invoice": {"confirmation_secret", "payments"},
    "price": {"currency_options", "tiers"},
}
# The same of objects in objects, by the name of their class.
INCLUDABLE_INSIDE = {"Configuration.Features.SubscriptionUpdate": {"products"}}
# Only in some answers: `secret` when the endpoint is created, `deleted` once it is.
_OPTIONAL = {"deleted", "secret", "previous_attributes"}


def options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def choices(options: tuple[Any, ...]) -> list[Any]:
    return [arg for o in options if get_origin(o) is Literal for arg in get_args(o)]


def is_untyped(kind: Any) -> bool:
    return kind is UntypedStripeObject or get_origin(kind) is UntypedStripeObject


def class_of(name: str) -> Kind:
    """The package's class for a value of `object`."""
    if name not in OBJECT_CLASSES:
        raise Mismatch(f"no class in the package for {name!r}")
    module, kind = OBJECT_CLASSES[name]
    return getattr(import_module(module), kind)


@cache
def fields_of(kind: Kind) -> dict[str, Any]:
    """The types of a class's fields."""
    return {n: t for n, t in kind.__annotations__.items() if n != "OBJECT_NAME" and n[0] != "_"}


def new(name: str, /, **values: Any) -> dict[str, Any]:
    """An object with every field of the package's class; what is not given is null or empty."""
    return _fill(class_of(name), {"object": name, **values}, name)


def part(name: str, field: str, values: dict[str, Any]) -> dict[str, Any]:
    """The object that stands in a field of another, with every field that it has."""
    return _fill(class_of(name)._inner_class_types[field], values, f"{name}.{field}")


def _fill(kind: Kind, values: dict[str, Any], path: str) -> dict[str, Any]:
    fields = fields_of(kind)
    unknown = values.keys() - fields.keys()
    if unknown:
        raise Mismatch(f"{path} has no field {sorted(unknown)} in stripe {stripe.VERSION}")
    filled: dict[str, Any] = {}
    skipped = _left_out(kind, values)
    for name, annotation in fields.items():
        value = values.get(name, _MISSING)
        if value is _MISSING:
            if name in skipped:
                continue
            value = _default(annotation, f"{path}.{name}")
        inner = kind._inner_class_types.get(name)
        if inner is not None and isinstance(value, dict) and name not in kind._inner_class_dicts:
            value = _fill(inner, value, f"{path}.{name}")
        elif inner is not None and isinstance(value, list):
            value = [
                _fill(inner, item, f"{path}.{name}") if isinstance(item, dict) else item
                for item in value
            ]
        filled[name] = value
    return filled


def _left_out(kind: Kind, value: dict[str, Any]) -> set[str]:
    name = value.get("object")  # of an event's data, `object` is an object
    asked = INCLUDABLE.get(name, set()) if isinstance(name, str) else set()
    asked = asked | INCLUDABLE_INSIDE.get(kind.__qualname__, set())
    # A map such as `currency_options` is never null: the package could not read it.
    return _OPTIONAL | asked | set(kind._inner_class_dicts)


def _default(annotation: Any, path: str) -> Any:
    if type(None) in options(annotation):
        return None
    if get_origin(annotation) is list:
        return []
    if is_untyped(annotation):
        return {}
    if path.endswith(".livemode"):
        return False
    raise Mismatch(f"{path} is required, and the fake gives no value")


def check(value: dict[str, Any], path: str = "") -> None:
    """Raises `Mismatch` unless the answer is what the package's class of that name says."""
    name = value.get("object")
    if value.get("deleted") is True:
        return
    if name == "list":
        for index, item in enumerate(value["data"]):
            check(item, f"{path}[{index}]")
        return
    _check_object(class_of(str(name)), value, path or str(name))


def _check_object(kind: Kind, value: dict[str, Any], path: str) -> None:
    fields = fields_of(kind)
    skipped = _left_out(kind, value)
    for name in value.keys() - fields.keys():
        raise Mismatch(f"{path}.{name} is unknown to stripe {stripe.VERSION}")
    for name in fields.keys() - value.keys() - skipped:
        raise Mismatch(f"{path}.{name} is missing")
    inner = kind._inner_class_types
    for name, part in value.items():
        if part.__class__ in (dict, list):
            _check_nested(fields[name], inner.get(name), part, f"{path}.{name}")
        elif not _fits(part, _plan(fields[name])):
            raise Mismatch(f"{path}.{name} is {part!r}, which is not {fields[name]}")


def _check_nested(annotation: Any, inner: Any, part: Any, path: str) -> None:
    if isinstance(part, list):
        for index, item in enumerate(part):
            where = f"{path}[{index}]"
            if isinstance(item, dict):
                _check_nested(annotation, inner, item, where)
            elif not _fits(item, _plan(_element(annotation))):
                raise Mismatch(f"{where} is {item!r}, which is not {annotation}")
    elif inner is not None:
        _check_object(inner, part, path)
    elif "object" in part and not is_untyped(annotation):
        check(part, path)
    elif not any(is_untyped(option) for option in options(annotation)):
        raise Mismatch(f"{path} is an object, which is not {annotation}")


@cache
def _element(annotation: Any) -> Any:
    return next((get_args(o)[0] for o in options(annotation) if get_origin(o) is list), object)


@cache
def _plan(annotation: Any) -> tuple[frozenset[Any], frozenset[type]]:
    """The literals that a scalar may be, or the types."""
    kinds = {o for o in options(annotation) if isinstance(o, type) and get_origin(o) is None}
    literals = frozenset(choices(options(annotation)))
    if literals:
        kinds.discard(str)
    if Decimal in kinds:
        kinds.add(str)  # a decimal is a string in JSON
    if float in kinds:
        kinds.add(int)
    return literals, frozenset(kinds)


def _fits(value: Any, plan: tuple[frozenset[Any], frozenset[type]]) -> bool:
    literals, kinds = plan
    return value.__class__ in kinds or (isinstance(value, (str, bool)) and value in literals)


@cache
def lists_ids(kind: Kind, name: str) -> bool:
    element = _element(fields_of(kind).get(name, object))
    return str in options(element) and ForwardRef in map(type, options(element))


@cache
def expandable(kind: Kind, name: str) -> bool:
    """Whether the field holds an id in place of which the whole object can be had."""
    found = options(fields_of(kind).get(name, object))
    return str in found and any(
        isinstance(o, (ForwardRef, type)) and o is not str and o is not type(None) for o in found
    )
