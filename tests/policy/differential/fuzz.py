"""Inputs near those of the table, by chance that is the same each time it is asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tests.policy.differential import table

_SIGNS = (
    "0123456789abcdefxABCDEFXZ.-+:/[]%@#?&=~^$*()|\\ \t_,;!'\"äß√\U0001d4b3\u0660\u200bMKGTPEinum"
)
_NUMBERS = (0, 1, -1, 2**31, -(2**31), 2**53, 2**63 - 1, -(2**63), 10**9)


def specs(seed: int, each: int) -> Iterator[tuple[str, Any]]:
    """Rows' names, each so many times, with an input that is like one of the row's own."""
    chance = random.Random(seed)
    for number, (_, _, inputs) in enumerate(table.ROWS):
        listed = list(inputs)
        for _ in range(each):
            yield f"row-{number}", _changed(chance, chance.choice(listed))


_Q = ("1", "1500m", "1.5Gi", "10M", "0.1", "-3Ki", "1e3", "1E6", ".5", "12345678901234567890", "5n")
_U = (
    "https://u:p@h.example:80/a%20b/c?x=1&y=2&x=3#f",
    "/only/a/path",
    "http://[::1%25en0]:9/?a",
    "//h",
)
_I = (
    "127.0.0.1",
    "::1",
    "fe80::1",
    "2001:db8::ff",
    "::ffff:1.2.3.4",
    "0.0.0.0",
    "224.0.0.1",
    "10.0.0.1",
)
_C = ("10.0.0.0/8", "::/0", "2001:db8::/32", "192.168.1.77/24", "::ffff:1.2.3.4/120", "1.2.3.4/32")
_V = (
    "1.2.3",
    "v1.2",
    "1.2.3-rc.1+b.7",
    "01.2.3",
    "1",
    "0.0.0-0",
    "1.2.3-a.b",
    "18446744073709551615.0.0",
)
_N = (
    "my-name",
    "a.b.c",
    "A",
    "1abc",
    "2024-01-02T03:04:05Z",
    "2024-01-02",
    "aGVsbG8=",
    "x/y",
    "a" * 64,
)
_R = ("a", "a+b", "(a)(b)?", "[a-z]+", "\\d", "^x$", "a{2}", "(?i)A", ".", "a*?", "\\bq")
_T = ("a,b,,c", "häß", "  spaced\t", "", "aaa", "Ünï", 'a"b\\c\n', "%d", "12")
_D = (
    "1",
    "-5",
    "0x1F",
    "1.5",
    "1e400",
    "NaN",
    "inf",
    "true",
    "t",
    "1h30m",
    "1.5s",
    "2024-02-29T00:00:00.5+01:00",
)

# Expressions that are texts: of x and y, and the inputs that they are tried near.
VALUES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("string(isQuantity(X))", _Q),
    ("string(quantity(X).isInteger())", _Q),
    ("string(quantity(X).asInteger())", _Q),
    ("string(quantity(X).asApproximateFloat())", _Q),
    ("string(quantity(X).compareTo(quantity(Y)))", _Q),
    ("string(quantity(X).add(quantity(Y)).compareTo(quantity('3')))", _Q),
    ("string(quantity(X).sub(5).isGreaterThan(quantity(Y)))", _Q),
    ("string(isURL(X))", _U),
    ("url(X).getScheme()", _U),
    ("url(X).getHost()", _U),
    ("url(X).getHostname()", _U),
    ("url(X).getPort()", _U),
    ("url(X).getEscapedPath()", _U),
    ("'%s'.format([url(X).getQuery()])", _U),
    ("string(isIP(X))", _I),
    ("string(ip(X))", _I),
    ("string(ip(X).family())", _I),
    ("string(ip.isCanonical(X))", _I),
    (
        "string([ip(X).isLoopback(), ip(X).isUnspecified(), ip(X).isGlobalUnicast()].exists(b, b))",
        _I,
    ),
    ("string(ip(X).isLinkLocalUnicast() || ip(X).isLinkLocalMulticast())", _I),
    ("string(isCIDR(X))", _C),
    ("string(cidr(X))", _C),
    ("string(cidr(X).masked())", _C),
    ("string(cidr(X).ip())", _C),
    ("string(cidr(X).prefixLength())", _C),
    ("string(cidr(X).containsCIDR(Y))", _C),
    ("string(cidr('10.0.0.0/8').containsIP(X))", _I),
    ("string(isSemver(X))", _V),
    ("string(isSemver(X, true))", _V),
    ("string(semver(X).major())", _V),
    ("string(semver(X, true).patch())", _V),
    ("string(semver(X).compareTo(semver(Y)))", _V),
    ("'%s'.format([format.dns1123Label().validate(X).orValue([])])", _N),
    ("'%s'.format([format.dns1123Subdomain().validate(X).orValue([])])", _N),
    ("'%s'.format([format.dns1035Label().validate(X).orValue([])])", _N),
    ("'%s'.format([format.qualifiedName().validate(X).orValue([])])", _N),
    ("'%s'.format([format.labelValue().validate(X).orValue([])])", _N),
    ("'%s'.format([format.date().validate(X).orValue([])])", _N),
    ("'%s'.format([format.datetime().validate(X).orValue([])])", _N),
    ("'%s'.format([format.byte().validate(X).orValue([])])", _N),
    ("'%s'.format([format.uri().validate(X).orValue([])])", _U),
    ("'%s'.format([format.uuid().validate(X).orValue([])])", _N),
    ("string('aab ab AB 12'.matches(X))", _R),
    ("'aab ab AB 12'.find(X)", _R),
    ("'%s'.format(['aab ab AB 12'.findAll(X)])", _R),
    ("X.lowerAscii() + X.upperAscii() + X.trim()", _T),
    ("X.replace('a', Y, 2)", _T),
    ("X.split(',').join(Y)", _T),
    ("X.substring(1, 2) + X.charAt(0)", _T),
    ("string(X.indexOf(Y)) + string(X.lastIndexOf(Y))", _T),
    ("strings.quote(X)", _T),
    ("'%s|%.2f|%x|%o|%b'.format([X, 1.5, X, 8, 5])", _T),
    ("string(int(X))", _D),
    ("string(uint(X))", _D),
    ("string(double(X))", _D),
    ("string(bool(X))", _D),
    ("string(duration(X))", _D),
    ("string(timestamp(X))", _D),
)


def values(seed: int, each: int) -> Iterator[tuple[str, Any]]:
    """The same for VALUES."""
    chance = random.Random(seed)
    for number, (_, near) in enumerate(VALUES):
        for turn in range(each):
            x, y = chance.choice(near), chance.choice(near)
            spec = {"x": x if turn % 4 == 0 else _text(chance, x), "y": y}
            yield f"value-{number}", spec


def _changed(chance: random.Random, value: Any) -> Any:
    """Of a collection one entry or all are changed, or it is left as it is."""
    if isinstance(value, dict):
        which = chance.choice([*value, None]) if value else None
        return {
            key: _changed(chance, inner) if which in (None, key) else inner
            for key, inner in value.items()
        }
    if isinstance(value, list):
        changed = [_changed(chance, inner) if chance.random() < 0.5 else inner for inner in value]
        if changed and chance.random() < 0.2:
            changed.append(chance.choice(changed))
        return changed
    if isinstance(value, str):
        return _text(chance, value)
    if isinstance(value, bool):
        return chance.random() < 0.5
    if isinstance(value, int):
        return chance.choice((value + 1, value - 1, -value, chance.choice(_NUMBERS)))
    return value


def _text(chance: random.Random, text: str) -> str:
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(text))
        move = chance.randrange(6)
        if move == 0:
            text = text[:at] + chance.choice(_SIGNS) + text[at:]
        elif move == 1:
            text = text[:at] + text[at + 1 :]
        elif move == 2:
            text = text[:at] + chance.choice(_SIGNS) + text[at + 1 :]
        elif move == 3:
            end = chance.randint(at, len(text))
            text = text[:end] + text[at:end] + text[end:]
        elif move == 4:
            text = text.upper() if chance.random() < 0.5 else text.lower()
        else:
            text = text[at:] + text[:at]
    return text
