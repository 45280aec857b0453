"""Requests, checked by the package's TypedDicts."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any, ForwardRef, Literal, NotRequired, Union, get_args, get_origin

import stripe.params  # noqa: F401, the annotations are evaluated in its modules
from stripe._request_options import RequestOptions

from tests.fakes.stripe import shapes
from tests.fakes.stripe.errors import Mismatch, StripeFailure, invalid

_OPTIONS = frozenset(RequestOptions.__annotations__)


class Params(dict[str, Any]):
    """Checked parameters of a request, which remember what has been read of them."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)

    def plain(self) -> dict[str, Any]:
        """All of it, for objects that are kept as they were sent."""
        return {name: _plain(self[name]) for name in self}

    def unread(self) -> list[str]:
        """What no code has looked at, so that nothing valid is ignored in silence."""
        left = [name for name in self if name not in self._read]
        for name in self._read & self.keys():
            value = super().__getitem__(name)
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, Params):
                    left += [f"{name}.{inner}" for inner in part.unread()]
        return left


def _plain(value: Any) -> Any:
    if isinstance(value, Params):
        return value.plain()
    return [_plain(part) for part in value] if isinstance(value, list) else value


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][0]=c` as nested dicts."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, *rest = name.split("[")
        keys = [head, *(part.removesuffix("]") for part in rest)]
        at = tree
        for key, following in pairwise(keys):
            at = at.setdefault(key or str(len(at)), {})
            if not isinstance(at, dict):
                raise invalid(f"Invalid parameter: {following}", param=name)
        at[keys[-1] or str(len(at))] = value
    return tree


def checked(tree: dict[str, Any], schema: type) -> Params:
    """The parameters with their types, or Stripe's error. Enumerations are strict."""
    return _object(tree, schema, "")


@cache
def _fields(schema: type) -> tuple[dict[str, Any], frozenset[str]]:
    """The types of a TypedDict's own keys, and which of them are required."""
    fields, required = {}, set()
    for name, annotation in schema.__annotations__.items():
        if name in _OPTIONS and _inherited(schema):
            continue
        kind = annotation
        origin: Any = get_origin(annotation)
        if origin is NotRequired:
            kind = get_args(annotation)[0]
        else:
            required.add(name)
        fields[name] = _resolve(kind, schema.__module__)
    return fields, frozenset(required)


def _inherited(schema: type) -> bool:
    return RequestOptions in getattr(schema, "__orig_bases__", ())


def _resolve(kind: Any, module: str) -> Any:
    """Names in quotes, replaced by what they stand for in the module."""
    if isinstance(kind, ForwardRef):
        kind = kind.__forward_arg__
    if isinstance(kind, str):
        names = vars(sys.modules[module])
        return _resolve(eval(kind, dict(names)), module)  # noqa: S307, annotations of the package
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return Union[tuple(_resolve(arg, module) for arg in args)]  # noqa: UP007
    if origin is list:
        return list[_resolve(args[0], module)]  # type: ignore[misc]
    if origin is dict:
        return dict[str, _resolve(args[1], module)]  # type: ignore[misc]
    return kind


def _object(value: Any, schema: type, path: str) -> Params:
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=path)
    fields, required = _fields(schema)
    for name in value:
        if name not in fields:
            where = _join(path, name)
            raise invalid(
                f"Received unknown parameter: {where}", param=where, code="parameter_unknown"
            )
    for name in sorted(required - value.keys()):
        where = _join(path, name)
        raise invalid(f"Missing required param: {where}.", param=where, code="parameter_missing")
    return Params({name: _value(v, fields[name], _join(path, name)) for name, v in value.items()})


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _value(value: Any, kind: Any, path: str) -> Any:
    options = shapes.options(kind)
    if value == "" and "" not in shapes.choices(options):
        raise invalid(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{path}' cannot be unset.",
            param=path,
            code="parameter_invalid_empty",
        )
    if value == "":
        return ""
    choices = [choice for choice in shapes.choices(options) if choice != ""]
    if value in choices and isinstance(value, str):
        return value
    # Literals come with `str` beside them; Stripe itself refuses what it does not list.
    others = [o for o in options if get_origin(o) is not Literal and not (choices and o is str)]
    failure: StripeFailure | None = None
    for option in others:
        try:
            return _single(value, option, path)
        except StripeFailure as caught:
            failure = failure or caught
            if isinstance(value, dict) and _is_typed_dict(option):
                failure = caught
    if failure is not None:
        raise failure
    last = f"{', '.join(choices[:-1])}, or {choices[-1]}" if len(choices) > 1 else choices[0]
    raise invalid(f"Invalid {path}: must be one of {last}", param=path)


def _single(value: Any, kind: Any, path: str) -> Any:
    origin = get_origin(kind)
    if _is_typed_dict(kind):
        return _object(value, kind, path)
    if origin is list:
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise invalid("Invalid array", param=path)
        inner = get_args(kind)[0]
        ordered = sorted(value.items(), key=lambda item: int(item[0]))
        return [_value(item, inner, f"{path}[{index}]") for index, item in ordered]
    if origin is dict or shapes.is_untyped(kind):
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=path)
        return Params(value)
    if not isinstance(value, str):
        raise invalid("Invalid string", param=path)
    return _scalar(value, kind, path)


def _scalar(value: str, kind: Any, path: str) -> Any:
    if kind is bool:
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", param=path)
        return value == "true"
    if kind is int:
        try:
            return int(value)
        except ValueError:
            raise invalid(
                f"Invalid integer: {value}", param=path, code="parameter_invalid_integer"
            ) from None
    if kind in (float, Decimal):
        try:
            Decimal(value)
        except ArithmeticError:
            raise invalid(f"Invalid decimal: {value}", param=path) from None
        return value if kind is Decimal else float(value)
    if kind is str:
        return value
    raise Mismatch(f"{path}: the fake cannot check {kind}")


def _is_typed_dict(kind: Any) -> bool:
    return hasattr(kind, "__required_keys__")
