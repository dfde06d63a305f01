"""Kubernetes' own CEL functions, a row each: what is declared to the checker, and what runs.

Opaque values (quantities, versions, URLs, addresses, networks, formats) run as a map with one
key, their type's name, as the engine runs no opaque values of its callers'. The checker knows
them as types of their own, so that none can be taken for a map.

A function raises ValueError for what the server makes an error, with the server's words.

One table, and what its rows run: its length is the number of functions.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from reconciler.cel import addresses, durations, gotext, quantity, regex, semver, url
from reconciler.cel.formats import FORMATS

NO_OVERLOAD = "no such overload"

# What the checker calls each opaque type.
OPAQUE: Mapping[str, str] = {
    "quantity": "kubernetes.Quantity",
    "semver": "kubernetes.Semver",
    "url": "kubernetes.URL",
    "ip": "net.IP",
    "cidr": "net.CIDR",
    "format": "kubernetes.NamedFormat",
}
_COMPARABLE = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_SUMMABLE = ("int", "uint", "double", "duration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One overload. Types are names, or ``list(NAME)``; a member's first is its receiver's.

    ``optional``: what it returns is an optional, none where it is empty.
    """

    name: str
    id: str
    params: tuple[str, ...]
    result: str
    run: Callable[..., Any]
    member: bool = True
    optional: bool = False


def _boxed(kind: str, words: str) -> dict[str, str]:
    return {OPAQUE[kind]: words}


def _opened(kind: str, value: object) -> str:
    """Raises ValueError for a map that is no such value."""
    if isinstance(value, dict):
        words = value.get(OPAQUE[kind])
        if isinstance(words, str) and len(value) == 1:
            return words
    raise ValueError(NO_OVERLOAD)


# Quantities


def _quantity(value: object) -> quantity.Quantity:
    return quantity.read(_opened("quantity", value))


def _new_quantity(found: quantity.Quantity) -> dict[str, str]:
    return _boxed("quantity", found.words)


def _order(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _compare_quantities(left: object, right: object) -> int:
    return _order(_quantity(left).value, _quantity(right).value)


def _as_integer(value: object) -> int:
    whole = _quantity(value).whole
    if whole is None:
        raise ValueError("cannot convert value to integer")
    return whole


def _float(value: object) -> float:
    found = _quantity(value)
    try:
        return float(found.value)
    except OverflowError:
        return float("inf") if found.value > 0 else float("-inf")


def _int(value: int) -> quantity.Quantity:
    return quantity.Quantity(Fraction(value), 0)


def _is(read: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return check


_QUANTITIES = (
    Function(
        name="quantity",
        id="string_to_quantity",
        params=("string",),
        result="quantity",
        run=lambda text: _new_quantity(quantity.parse(text)),
        member=False,
    ),
    Function(
        name="isQuantity",
        id="is_quantity_string",
        params=("string",),
        result="bool",
        run=_is(quantity.parse),
        member=False,
    ),
    Function(
        name="sign",
        id="quantity_sign",
        params=("quantity",),
        result="int",
        run=lambda value: _order(_quantity(value).value, 0),
        member=False,
    ),
    Function(
        name="isGreaterThan",
        id="quantity_is_greater_than",
        params=("quantity", "quantity"),
        result="bool",
        run=lambda left, right: _compare_quantities(left, right) > 0,
    ),
    Function(
        name="isLessThan",
        id="quantity_is_less_than",
        params=("quantity", "quantity"),
        result="bool",
        run=lambda left, right: _compare_quantities(left, right) < 0,
    ),
    Function(
        name="compareTo",
        id="quantity_compare_to",
        params=("quantity", "quantity"),
        result="int",
        run=_compare_quantities,
    ),
    Function(
        name="asApproximateFloat",
        id="quantity_get_float",
        params=("quantity",),
        result="double",
        run=_float,
    ),
    Function(
        name="asInteger",
        id="quantity_get_int",
        params=("quantity",),
        result="int",
        run=_as_integer,
    ),
    Function(
        name="isInteger",
        id="quantity_is_integer",
        params=("quantity",),
        result="bool",
        run=lambda value: _quantity(value).whole is not None,
    ),
    Function(
        name="add",
        id="quantity_add",
        params=("quantity", "quantity"),
        result="quantity",
        run=lambda a, b: _new_quantity(quantity.add(_quantity(a), _quantity(b))),
    ),
    Function(
        name="add",
        id="quantity_add_int",
        params=("quantity", "int"),
        result="quantity",
        run=lambda a, b: _new_quantity(quantity.add(_quantity(a), _int(b))),
    ),
    Function(
        name="sub",
        id="quantity_sub",
        params=("quantity", "quantity"),
        result="quantity",
        run=lambda a, b: _new_quantity(quantity.subtract(_quantity(a), _quantity(b))),
    ),
    Function(
        name="sub",
        id="quantity_sub_int",
        params=("quantity", "int"),
        result="quantity",
        run=lambda a, b: _new_quantity(quantity.subtract(_quantity(a), _int(b))),
    ),
)

# Versions


def _semver(value: object) -> semver.Semver:
    return semver.parse(_opened("semver", value))


def _new_semver(text: str, normalise: bool = False) -> dict[str, str]:
    found = semver.normalised(text) if normalise else semver.parse(text)
    return _boxed("semver", semver.words(found))


def _is_semver(text: str, normalise: bool = False) -> bool:
    return _is(semver.normalised if normalise else semver.parse)(text)


def _compare_versions(left: object, right: object) -> int:
    return _order(_semver(left), _semver(right))


def _part(name: str) -> Function:
    return Function(
        name=name,
        id=f"semver_{name}",
        params=("semver",),
        result="int",
        run=lambda value: _signed(getattr(_semver(value), name)),
    )


def _signed(number: int) -> int:
    """As Go makes an int64 of an uint64."""
    return number - (1 << 64) if number >= 1 << 63 else number


_VERSIONS = (
    Function(
        name="semver",
        id="string_to_semver",
        params=("string",),
        result="semver",
        run=_new_semver,
        member=False,
    ),
    Function(
        name="semver",
        id="string_bool_to_semver",
        params=("string", "bool"),
        result="semver",
        run=_new_semver,
        member=False,
    ),
    Function(
        name="isSemver",
        id="is_semver_string",
        params=("string",),
        result="bool",
        run=_is_semver,
        member=False,
    ),
    Function(
        name="isSemver",
        id="is_semver_string_bool",
        params=("string", "bool"),
        result="bool",
        run=_is_semver,
        member=False,
    ),
    Function(
        name="isGreaterThan",
        id="semver_is_greater_than",
        params=("semver", "semver"),
        result="bool",
        run=lambda left, right: _compare_versions(left, right) > 0,
    ),
    Function(
        name="isLessThan",
        id="semver_is_less_than",
        params=("semver", "semver"),
        result="bool",
        run=lambda left, right: _compare_versions(left, right) < 0,
    ),
    Function(
        name="compareTo",
        id="semver_compare_to",
        params=("semver", "semver"),
        result="int",
        run=_compare_versions,
    ),
    _part("major"),
    _part("minor"),
    _part("patch"),
)

# URLs


def _url(value: object) -> url.Url:
    """By its own text, that being what makes two URLs equal."""
    return url.parse(_opened("url", value) or "//")  # what is written as nothing


def _new_url(text: str) -> dict[str, str]:
    try:
        found = url.parse(text)
    except ValueError as error:
        raise ValueError(f"URL parse error during conversion from string: {error}") from None
    return _boxed("url", found.text)


def _of_url(name: str, id_: str, get: Callable[[url.Url], Any], result: str = "string") -> Function:
    return Function(
        name=name, id=id_, params=("url",), result=result, run=lambda value: get(_url(value))
    )


_URLS = (
    Function(
        name="url",
        id="string_to_url",
        params=("string",),
        result="url",
        run=_new_url,
        member=False,
    ),
    Function(
        name="isURL",
        id="is_url_string",
        params=("string",),
        result="bool",
        run=url.is_url,
        member=False,
    ),
    _of_url("getScheme", "url_get_scheme", lambda found: found.scheme),
    _of_url("getHost", "url_get_host", lambda found: found.host),
    _of_url("getHostname", "url_get_hostname", lambda found: found.hostname),
    _of_url("getPort", "url_get_port", lambda found: found.port),
    _of_url("getEscapedPath", "url_get_escaped_path", lambda found: found.path),
    _of_url(
        "getQuery",
        "url_get_query",
        lambda found: dict(found.parameters()),
        "map(string, list(string))",
    ),
)

# Addresses and networks


def _ip(value: object) -> addresses.Address:
    return addresses.address(_opened("ip", value))


def _new_ip(found: addresses.Address) -> dict[str, str]:
    return _boxed("ip", addresses.shown(found))


def _cidr(value: object) -> tuple[addresses.Address, int]:
    return addresses.network(_opened("cidr", value))


def _new_cidr(found: addresses.Address, bits: int) -> dict[str, str]:
    return _boxed("cidr", f"{addresses.shown(found)}/{bits}")


def _contains_cidr(outer: object, text: str) -> bool:
    host, bits = _cidr(outer)
    other, length = addresses.network(text)
    return addresses.contains(host, bits, other) and bits <= length


def _of_ip(name: str, id_: str, get: Callable[[addresses.Address], Any]) -> Function:
    result = "int" if name == "family" else "bool"
    return Function(
        name=name, id=id_, params=("ip",), result=result, run=lambda value: get(_ip(value))
    )


def _masked(value: object) -> dict[str, str]:
    host, bits = _cidr(value)
    return _new_cidr(addresses.masked(host, bits), bits)


_ADDRESSES = (
    Function(
        name="ip",
        id="string_to_ip",
        params=("string",),
        result="ip",
        run=lambda text: _new_ip(addresses.address(text)),
        member=False,
    ),
    Function(
        name="isIP",
        id="is_ip",
        params=("string",),
        result="bool",
        run=_is(addresses.address),
        member=False,
    ),
    Function(
        name="ip.isCanonical",
        id="ip_is_canonical",
        params=("string",),
        result="bool",
        run=lambda text: addresses.shown(addresses.address(text)) == text,
        member=False,
    ),
    Function(
        name="string",
        id="ip_to_string",
        params=("ip",),
        result="string",
        run=lambda value: addresses.shown(_ip(value)),
        member=False,
    ),
    _of_ip("family", "ip_family", lambda found: found.version),
    _of_ip("isUnspecified", "ip_is_unspecified", lambda found: found.is_unspecified),
    _of_ip("isLoopback", "ip_is_loopback", addresses.is_loopback),
    _of_ip("isLinkLocalMulticast", "ip_is_link_local_multicast", addresses.is_local_multicast),
    _of_ip("isLinkLocalUnicast", "ip_is_link_local_unicast", addresses.is_local_unicast),
    _of_ip("isGlobalUnicast", "ip_is_global_unicast", addresses.is_global),
    Function(
        name="cidr",
        id="string_to_cidr",
        params=("string",),
        result="cidr",
        run=lambda text: _new_cidr(*addresses.network(text)),
        member=False,
    ),
    Function(
        name="isCIDR",
        id="is_cidr",
        params=("string",),
        result="bool",
        run=_is(addresses.network),
        member=False,
    ),
    Function(
        name="string",
        id="cidr_to_string",
        params=("cidr",),
        result="string",
        run=lambda value: _opened("cidr", value),
        member=False,
    ),
    Function(
        name="containsIP",
        id="cidr_contains_ip_string",
        params=("cidr", "string"),
        result="bool",
        run=lambda outer, text: addresses.contains(*_cidr(outer), addresses.address(text)),
    ),
    Function(
        name="containsIP",
        id="cidr_contains_ip_ip",
        params=("cidr", "ip"),
        result="bool",
        run=lambda outer, value: addresses.contains(*_cidr(outer), _ip(value)),
    ),
    Function(
        name="containsCIDR",
        id="cidr_contains_cidr_string",
        params=("cidr", "string"),
        result="bool",
        run=_contains_cidr,
    ),
    Function(
        name="containsCIDR",
        id="cidr_contains_cidr",
        params=("cidr", "cidr"),
        result="bool",
        run=lambda outer, value: _contains_cidr(outer, _opened("cidr", value)),
    ),
    Function(
        name="ip",
        id="cidr_ip",
        params=("cidr",),
        result="ip",
        run=lambda value: _new_ip(_cidr(value)[0]),
    ),
    Function(
        name="prefixLength",
        id="cidr_prefix_length",
        params=("cidr",),
        result="int",
        run=lambda value: _cidr(value)[1],
    ),
    Function(name="masked", id="cidr_masked", params=("cidr",), result="cidr", run=_masked),
)

# Formats


def _named(name: str) -> Function:
    return Function(
        name=f"format.{name}",
        id=f"format.{name}",
        params=(),
        result="format",
        run=lambda: _boxed("format", name),
        member=False,
    )


_FORMATS = (
    *(_named(name) for name in FORMATS),
    Function(
        name="format.named",
        id="format-named",
        params=("string",),
        result="format",
        run=lambda name: _boxed("format", name) if name in FORMATS else {},
        member=False,
        optional=True,
    ),
    Function(
        name="validate",
        id="format-validate",
        params=("format", "string"),
        result="list(string)",
        run=lambda value, text: FORMATS[_opened("format", value)](text),
        optional=True,
    ),
)

_REGEX = (
    Function(
        name="find",
        id="string_find_string",
        params=("string", "string"),
        result="string",
        run=regex.find,
    ),
    Function(
        name="findAll",
        id="string_find_all_string",
        params=("string", "string"),
        result="list(string)",
        run=regex.find_all,
    ),
    Function(
        name="findAll",
        id="string_find_all_string_int",
        params=("string", "string", "int"),
        result="list(string)",
        run=regex.find_all,
    ),
)

# Lists


def _kind(value: object) -> str:
    """What it can be compared with: numbers with numbers, else its own kind."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, bytes | bytearray):
        return "bytes"
    return type(value).__name__


def _compared(left: Any, right: Any) -> int | None:
    """None where the two have no order."""
    kind = _kind(left)
    if kind != _kind(right) or kind in ("list", "dict", "NoneType"):
        return None
    return _order(left, right)


def _comparable(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if _kind(value) in ("list", "dict", "NoneType"):
            raise ValueError(NO_OVERLOAD)
        yield value


def _is_sorted(values: list[Any]) -> bool:
    listed = list(_comparable(values))
    return all(_compared(a, b) != 1 for a, b in itertools.pairwise(listed))


def _best(name: str, prefer: int) -> Callable[[list[Any]], Any]:
    def run(values: list[Any]) -> Any:
        best: list[Any] = []
        for value in _comparable(values):
            if not best or _compared(best[0], value) == prefer:
                best = [value]
        if not best:
            raise ValueError(f"{name} called on empty list")
        return best[0]

    return run


def _summed(values: list[Any]) -> Any:
    total: Any = None
    for value in values:
        if _kind(value) not in ("number", "timedelta"):
            raise ValueError(NO_OVERLOAD)
        if total is not None and type(total) is not type(value):
            raise ValueError(NO_OVERLOAD)
        total = value if total is None else total + value
        if isinstance(total, int) and not -(1 << 63) <= total < 1 << 63:
            raise ValueError("integer overflow")
    return 0 if total is None else total


def _summed_durations(values: list[Any]) -> Any:
    return _summed(values) or datetime.timedelta()


def _summed_doubles(values: list[Any]) -> Any:
    return float(_summed(values))


_SUMS = {"double": _summed_doubles, "duration": _summed_durations}


def _index(order: Callable[[int], Iterable[int]]) -> Callable[[list[Any], Any], int]:
    def run(values: list[Any], wanted: Any) -> int:
        for at in order(len(values)):
            if _same(values[at], wanted):
                return at
        return -1

    return run


def _same(left: Any, right: Any) -> bool:
    """CEL's equality: 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return _kind(left) == _kind(right) and bool(left == right)


def _for_each(types: Iterable[str], make: Callable[[str], Function]) -> tuple[Function, ...]:
    return tuple(make(name) for name in types)


_LISTS = (
    *_for_each(
        _COMPARABLE,
        lambda of: Function(
            name="isSorted",
            id=f"list_{of}_is_sorted_bool",
            params=(f"list({of})",),
            result="bool",
            run=_is_sorted,
        ),
    ),
    *_for_each(
        _SUMMABLE,
        lambda of: Function(
            name="sum",
            id=f"list_{of}_sum_{of}",
            params=(f"list({of})",),
            result=of,
            run=_SUMS.get(of, _summed),
        ),
    ),
    *_for_each(
        _COMPARABLE,
        lambda of: Function(
            name="max",
            id=f"list_{of}_max_{of}",
            params=(f"list({of})",),
            result=of,
            run=_best("max", -1),
        ),
    ),
    *_for_each(
        _COMPARABLE,
        lambda of: Function(
            name="min",
            id=f"list_{of}_min_{of}",
            params=(f"list({of})",),
            result=of,
            run=_best("min", 1),
        ),
    ),
    Function(
        name="indexOf",
        id="list_a_index_of_int",
        params=("list(A)", "A"),
        result="int",
        run=_index(range),
    ),
    Function(
        name="lastIndexOf",
        id="list_a_last_index_of_int",
        params=("list(A)", "A"),
        result="int",
        run=_index(lambda size: reversed(range(size))),
    ),
)

# What the runtime calls in the place of the engine's own, and no expression can name.

TEXT_OF, MATCHES, FORMAT, INSERT, SAME = "_text_%s", "_matches", "_format", "_insert", "_same"
SUBSTRING, INDEX, LAST_INDEX = "_substring", "_index", "_last_index"
NUMBER, SECONDS, ZONED, BOUNDED = "_number", "_seconds", "_zoned", "_bounded"


def _inserted(values: dict[Any, Any], key: Any, value: Any) -> dict[Any, Any]:
    if key in values:
        raise ValueError(f"insert failed: key {key} already exists")
    return {**values, key: value}


def _merged(values: dict[Any, Any], more: dict[Any, Any]) -> dict[Any, Any]:
    for key, value in more.items():
        values = _inserted(values, key, value)
    return values


def _same_quantity(left: object, right: object) -> bool:
    return _compare_quantities(left, right) == 0


def _internal(name: str, params: str, run: Callable[..., Any], *, member: bool = False) -> Function:
    shapes = tuple(params.split(" "))
    return Function(
        name=name,
        id=f"{name}_{'_'.join(shapes)}",
        params=shapes,
        result="A",
        run=run,
        member=member,
    )


INTERNAL: tuple[Function, ...] = (
    _internal(NUMBER, "string", gotext.named),
    _internal(SECONDS, "string", gotext.seconds),
    _internal(BOUNDED, "A", durations.bounded),
    _internal(ZONED, "string string", gotext.zoned),
    _internal(ZONED, "int string", lambda value, text: text),
    *(
        _internal(TEXT_OF % kind, of, gotext.checked(kind))
        for kind in gotext.TEXTS
        for of in ("string", "int", "uint", "double")
    ),
    _internal(MATCHES, "string string", regex.matches),
    _internal(MATCHES, "string string", regex.matches, member=True),
    _internal(FORMAT, "string list", gotext.formatted, member=True),
    _internal(INSERT, "map A A", _inserted),
    _internal(INSERT, "map map", _merged),
    _internal(SAME, "quantity quantity", _same_quantity),
    _internal(SUBSTRING, "string int int", gotext.substring, member=True),
    _internal(INDEX, "string string int", gotext.index, member=True),
    _internal(LAST_INDEX, "string string int", gotext.last_index, member=True),
)

FUNCTIONS: tuple[Function, ...] = (
    *_QUANTITIES,
    *_VERSIONS,
    *_URLS,
    *_ADDRESSES,
    *_FORMATS,
    *_REGEX,
    *_LISTS,
)
