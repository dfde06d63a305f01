"""Kubernetes' named formats: a name and a text in, what is wrong with the text out."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping

from reconciler.cel import url

Check = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LETTERED = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_QUALIFIED})?"
_USED = "regex used for validation is"
_UUID = re.compile("[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.I | re.A)
_BASE64 = re.compile(
    "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"
)
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}", re.A)
_TIME = re.compile("([0-9]{2}):([0-9]{2}):([0-9]{2})(?:.[0-9]+)?(?:z|[+-][0-9]{2}:[0-9]{2})", re.A)

_LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and"
    " must start and end with an alphanumeric character"
    f" (e.g. 'my-name',  or '123-abc', {_USED} '{_LABEL}')"
)
_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
    " '.', and must start and end with an alphanumeric character"
    f" (e.g. 'example.com', {_USED} '{_SUBDOMAIN}')"
)
_LETTERED_WORDS = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an"
    " alphabetic character, and end with an alphanumeric character"
    f" (e.g. 'my-name',  or 'abc-123', {_USED} '{_LETTERED}')"
)
_QUALIFIED_WORDS = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
    f" alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', {_USED}"
    f" '{_QUALIFIED}')"
)
_VALUE_WORDS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or"
    " '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',"
    f"  or '12345', {_USED} '{_VALUE}')"
)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _checked(text: str, most: int, pattern: str, words: str) -> list[str]:
    wrong = [_too_long(most)] if len(text.encode()) > most else []
    return wrong if _matches(pattern, text) else [*wrong, words]


def _too_long(most: int) -> str:
    return f"must be no more than {most} characters"


def _label(text: str) -> list[str]:
    wrong = _checked(text, 63, _LABEL, _LABEL_WORDS)
    if wrong and wrong[-1] == _LABEL_WORDS and _matches(_SUBDOMAIN, text):
        wrong[-1] = "must not contain dots"
    return wrong


def _subdomain(text: str) -> list[str]:
    return _checked(text, 253, _SUBDOMAIN, _SUBDOMAIN_WORDS)


def _lettered(text: str) -> list[str]:
    return _checked(text, 63, _LETTERED, _LETTERED_WORDS)


def _value(text: str) -> list[str]:
    return _checked(text, 63, _VALUE, _VALUE_WORDS)


def _qualified(text: str) -> list[str]:
    parts = text.split("/")
    if len(parts) > 2:
        end = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a qualified name {_QUALIFIED_WORDS}{end}"]
    wrong: list[str] = []
    if len(parts) == 2:
        prefix = _subdomain(parts[0]) if parts[0] else ["must be non-empty"]
        wrong += [f"prefix part {words}" for words in prefix]
    name = parts[-1]
    if not name:
        wrong.append("name part must be non-empty")
    elif len(name.encode()) > 63:
        wrong.append(f"name part {_too_long(63)}")
    if not _matches(_QUALIFIED, name):
        wrong.append(f"name part {_QUALIFIED_WORDS}")
    return wrong


def _prefix(check: Check) -> Check:
    """Of a name to which more will be added, so that it may end in a dash."""

    def checked(text: str) -> list[str]:
        return check(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") else text)

    return checked


def _uri(text: str) -> list[str]:
    wrong = url.why_not(text)
    return [wrong] if wrong else []


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    year, month, day = (int(part) for part in text.split("-"))
    try:
        datetime.date(year or 4, month, day)  # Go has a year 0, a leap year like 4
    except ValueError:
        return False
    return True


def _is_datetime(text: str) -> bool:
    parts = text.lower().split("t")
    if len(text) < 4 or len(parts) < 2 or not _is_date(parts[0]):
        return False
    found = _TIME.fullmatch(parts[1])
    return found is not None and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


def _either(good: Callable[[str], object], words: str) -> Check:
    return lambda text: [] if good(text) else [words]


FORMATS: Mapping[str, Check] = {
    "dns1123Label": _label,
    "dns1123Subdomain": _subdomain,
    "dns1035Label": _lettered,
    "qualifiedName": _qualified,
    "dns1123LabelPrefix": _prefix(_label),
    "dns1123SubdomainPrefix": _prefix(_subdomain),
    "dns1035LabelPrefix": _prefix(_lettered),
    "labelValue": _value,
    "uri": _uri,
    "uuid": _either(_UUID.fullmatch, "does not match the UUID format"),
    "byte": _either(_BASE64.fullmatch, "invalid base64"),
    "date": _either(_is_date, "invalid date"),
    "datetime": _either(_is_datetime, "invalid datetime"),
}
