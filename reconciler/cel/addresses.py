"""IP addresses and networks, with the strictness of Go's netip, which Python's own has not.

No leading zeros, no zones, no IPv4 within IPv6, no netmask for a prefix. Addresses are
``ipaddress`` values once they are read. Raises ValueError with the server's words.
"""

from __future__ import annotations

import functools
import ipaddress
import re

from reconciler.cel.gotext import quoted

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_V4 = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})", re.ASCII)
_BITS = re.compile(r"[0-9]|[1-9][0-9]{0,3}", re.ASCII)


@functools.lru_cache(4096)
def address(text: str) -> Address:
    """Raises ValueError."""
    found = _parsed(text)
    if found is None:
        raise ValueError(
            f'IP Address "{text}" parse error during conversion from string:'
            f" ParseAddr({quoted(text)}): {_why_not(text)}"
        )
    if isinstance(found, str):
        raise ValueError(f'IP address "{text}" with zone value is not allowed')
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        raise ValueError(f'IPv4-mapped IPv6 address "{text}" is not allowed')
    return found


@functools.lru_cache(4096)
def network(text: str) -> tuple[Address, int]:
    """The address, host bits and all, and the length of its prefix. Raises ValueError."""
    host, slash, bits = text.rpartition("/")
    found = _parsed(host) if slash else None
    if found is None or isinstance(found, str) or not _BITS.fullmatch(bits):
        raise _no_network(text)
    if int(bits) > found.max_prefixlen:
        raise _no_network(text)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        raise ValueError(
            "network address parse error during conversion from string:"
            f' IPv4-mapped IPv6 address "{text}" is not allowed'
        )
    return found, int(bits)


def masked(host: Address, bits: int) -> Address:
    """The network's own address."""
    shift = host.max_prefixlen - bits
    return type(host)(int(host) >> shift << shift)


def contains(host: Address, bits: int, other: Address) -> bool:
    return host.version == other.version and masked(host, bits) == masked(other, bits)


def shown(found: Address) -> str:
    """As Go writes it, which is Python's form too: lower case, the longest zeros as ``::``."""
    return str(found)


def is_global(found: Address) -> bool:
    """Unicast that is none of the special ones; private networks are global, as in Go."""
    special = found.is_unspecified or found.is_loopback or found.is_multicast
    broadcast = found == ipaddress.IPv4Address("255.255.255.255")
    return not (special or broadcast or is_local_unicast(found))


def is_local_unicast(found: Address) -> bool:
    return found.is_link_local


def is_local_multicast(found: Address) -> bool:
    if isinstance(found, ipaddress.IPv4Address):
        return int(found) >> 8 == 0xE00000
    return int(found) >> 112 & 0xFF0F == 0xFF02


def is_loopback(found: Address) -> bool:
    return found.is_loopback


def _parsed(text: str) -> Address | str | None:
    """The address; its zone where it has one, as that is refused in other words; or None."""
    if ":" not in text.partition(".")[0].partition("%")[0]:
        return _v4(text)
    bare, percent, zone = text.partition("%")
    if percent and not zone:
        return None
    found = _v6(bare)
    return zone if found is not None and percent else found


def _v4(text: str) -> ipaddress.IPv4Address | None:
    if not _V4.fullmatch(text):
        return None
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None


_V6 = re.compile(r"[0-9a-fA-F:]+(?:[0-9]+(?:\.[0-9]+){3})?", re.ASCII)


def _v6(text: str) -> ipaddress.IPv6Address | None:
    if not _V6.fullmatch(text):
        return None
    tail = text.rpartition(":")[2]
    if "." in tail and _v4(tail) is None:
        return None
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        return None


def _no_network(text: str) -> ValueError:
    return ValueError(
        "network address parse error during conversion from string:"
        f" network address parse error during conversion from string: netip.ParsePrefix"
        f"({quoted(text)}): {_why_no_prefix(text)}"
    )


def _why_not(text: str) -> str:
    return "unable to parse IP" if not set(text) & {".", ":", "%"} else "invalid address"


def _why_no_prefix(text: str) -> str:
    return "no '/'" if "/" not in text else "invalid network"
