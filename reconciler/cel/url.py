"""URLs as Go's ``net/url`` reads them, which is stricter than Python's and keeps other parts.

Where Go's versions differ (the brackets of a host), the strictest holds. Raises
ValueError with the server's words.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.cel import addresses
from reconciler.cel.gotext import quoted

_ALNUM = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_PLAIN = _ALNUM | frozenset(b"-._~")
_HOST = _PLAIN | frozenset(b"!\"$&'()*+,:;<=>[]")
_PATH = _PLAIN | frozenset(b"$&+,/:;=@")
_USER = _PLAIN | frozenset(b"$&+,;=")
_FRAGMENT = _PLAIN | frozenset(b"!$&()*+,/:;=?@")
_WRITTEN = _PATH | frozenset(b"!'()*[]%")  # of an escaped path that is left as it is
_USERINFO = _ALNUM | frozenset(b"-._:~!$&'()*+,;=%@")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_QUERY_PAIRS = 10_000  # parameters that Go reads of a query


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """``raw`` is what it was read from. ``host`` has the port; ``path`` is escaped."""

    raw: str
    scheme: str
    host: str
    path: str
    query: str
    text: str  # as Go writes it again, which is what makes two equal

    @property
    def hostname(self) -> str:
        host, _ = _host_port(self.host)
        return host

    @property
    def port(self) -> str:
        return _host_port(self.host)[1]

    def parameters(self) -> Mapping[str, list[str]]:
        """The query's parameters; those that cannot be read are left out."""
        pairs = self.query.split("&")
        if len(pairs) > _QUERY_PAIRS:
            return {}
        found: dict[str, list[str]] = {}
        for pair in pairs:
            if not pair or ";" in pair:
                continue
            key, _, value = pair.partition("=")
            try:
                name, content = _unescaped_query(key), _unescaped_query(value)
            except ValueError:
                continue
            found.setdefault(name, []).append(content)
        return found


@functools.lru_cache(1024)
def parse(text: str) -> Url:
    """An absolute URL or path, with a fragment or without one. Raises ValueError."""
    try:
        _read(text, request=True)  # the fragment is a part of the rest here, as in Go
    except ValueError as error:
        raise ValueError(f"parse {quoted(text)}: {error}") from None
    bare, _, fragment = text.partition("#")
    try:
        found = _read(bare, request=False)
        tail = _fragment(fragment) if fragment else ""
    except ValueError as error:
        raise ValueError(f"parse {quoted(bare)}: {error}") from None
    return Url(
        raw=text,
        scheme=found.scheme,
        host=found.host,
        path=found.path,
        query=found.query,
        text=found.text + tail,
    )


def is_url(text: str) -> bool:
    """Whether it is one for a request."""
    try:
        _read(text, request=True)
    except ValueError:
        return False
    return True


def why_not(text: str) -> str:
    """The server's words on what is none, ``""`` for one."""
    try:
        _read(text, request=True)
    except ValueError as error:
        return f"parse {quoted(text)}: {error}"
    return ""


def _read(text: str, *, request: bool) -> Url:
    if any(character < " " or character == "\x7f" for character in text):
        raise ValueError("net/url: invalid control character in URL")
    if not text and request:
        raise ValueError("empty url")
    if text == "*":
        return Url(raw=text, scheme="", host="", path="*", query="", text="*")
    scheme, rest = _scheme(text)
    asked = rest.endswith("?") and rest.count("?") == 1
    rest, _, query = rest.partition("?")
    shown_query = f"?{query}" if query or asked else ""
    if not rest.startswith("/"):
        if scheme:
            shown = f"{scheme}:{rest}{shown_query}"
            return Url(raw=text, scheme=scheme, host="", path="", query=query, text=shown)
        if request:
            raise ValueError("invalid URI for request")
        if ":" in rest.partition("/")[0]:
            raise ValueError("first path segment in URL cannot contain colon")
    user = host = ""
    authority = False
    if (scheme or (not request and not rest.startswith("///"))) and rest.startswith("//"):
        name, slash, path = rest[2:].partition("/")
        user, host = _authority(name)
        authority, rest = True, slash + path
    path = _escaped_path(rest)
    shown = _shown(scheme, user, host, path, authority) + shown_query
    return Url(raw=text, scheme=scheme, host=host, path=path, query=query, text=shown)


def _shown(scheme: str, user: str, host: str, path: str, authority: bool) -> str:
    head = f"{scheme}:" if scheme else ""
    if (scheme and authority) or host or user:
        head += "//" if host or path or user else ""
        head += f"{user}@" if user else ""
        head += _escaped(host.encode("utf-8", "surrogateescape"), _HOST)
    return head + path


def _scheme(text: str) -> tuple[str, str]:
    for at, character in enumerate(text):
        if character.isascii() and character.isalpha():
            continue
        if character in "0123456789+-.":
            if at == 0:
                return "", text
        elif character == ":":
            if at == 0:
                raise ValueError("missing protocol scheme")
            return text[:at].lower(), text[at + 1 :]
        else:
            return "", text
    return "", text


def _authority(text: str) -> tuple[str, str]:
    info, at, host = text.rpartition("@")
    found = _host(host)
    if not at:
        return "", found
    if set(info.encode()) - _USERINFO:
        raise ValueError("net/url: invalid userinfo")
    name, colon, password = info.partition(":")
    shown = _escaped(_unescaped(name), _USER)
    if colon:
        shown += ":" + _escaped(_unescaped(password), _USER)
    return shown or "\0", found  # a user without a name is one, too


def _host(text: str) -> str:
    bracket = text.rfind("[")
    if bracket > 0:
        raise ValueError("invalid IP-literal")
    if bracket == 0:
        return _literal(text)
    last = text.rfind(":")
    if last >= 0 and not _is_port(text[last:]):
        raise ValueError(f"invalid port {quoted(text[last:])} after host")
    return _text(_unescaped(text, host=True))


def _literal(text: str) -> str:
    end = text.rfind("]")
    if end < 0:
        raise ValueError("missing ']' in host")
    port = text[end + 1 :]
    if not _is_port(port):
        raise ValueError(f"invalid port {quoted(port)} after host")
    name, mark, zone = text[1:end].partition("%25")
    bare = _text(_unescaped(name, host=True))
    ending = _text(_unescaped(mark + zone, zone=True)) if mark else ""
    if not _is_v6(bare, ending):
        raise ValueError(f"invalid host: ParseAddr({quoted(bare + ending)}): unable to parse IP")
    return f"[{bare}{ending}]{port}"


def _is_v6(bare: str, zone: str) -> bool:
    if ":" not in bare or zone == "%":
        return False
    try:
        addresses.address(bare)
    except ValueError as error:
        return "mapped" in str(error)  # which Go allows here
    return True


def _is_port(text: str) -> bool:
    return not text or (text[0] == ":" and all(each in "0123456789" for each in text[1:]))


def _host_port(text: str) -> tuple[str, str]:
    host, colon, port = text.rpartition(":")
    if not colon or not _is_port(f":{port}"):
        host, port = text, ""
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return host, port


def _escaped_path(text: str) -> str:
    path = _unescaped(text)
    usual = _escaped(path, _PATH)
    return text if text != usual and not set(text.encode()) - _WRITTEN else usual


def _fragment(text: str) -> str:
    _unescaped(text)
    usual = _escaped(_unescaped(text), _FRAGMENT)
    kept = not set(text.encode()) - (_FRAGMENT | frozenset(b"'[]%"))
    return f"#{text if kept else usual}"


def _unescaped(text: str, *, host: bool = False, zone: bool = False) -> bytes:
    data, out, at = text.encode(), bytearray(), 0
    while at < len(data):
        byte = data[at]
        if byte == 0x25:
            pair = data[at + 1 : at + 3]
            if len(pair) < 2 or set(pair) - _HEX:
                raise _bad_escape(data[at : at + 3])
            value = int(pair, 16)
            if host and value < 0x80 and pair != b"25":
                raise _bad_escape(data[at : at + 3])
            if zone and pair != b"25" and value != 0x20 and value not in _HOST:
                raise _bad_escape(data[at : at + 3])
            out.append(value)
            at += 3
            continue
        if (host or zone) and byte < 0x80 and byte not in _HOST:
            raise ValueError(f"invalid character {quoted(chr(byte))} in host name")
        out.append(byte)
        at += 1
    return bytes(out)


def _bad_escape(data: bytes) -> ValueError:
    return ValueError(f"invalid URL escape {quoted(data.decode('utf-8', 'replace'))}")


def _unescaped_query(text: str) -> str:
    return _text(_unescaped(text.replace("+", "%20")))


def _escaped(data: bytes, plain: frozenset[int]) -> str:
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in data)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
