"""Label selectors, as in list and watch requests. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from reconciler.adapters.memory import refusals

Labels = Mapping[str, str]
Selector = Callable[[Labels], bool]

_TERM = re.compile(
    r"\s*(?P<negated>!)?\s*(?P<key>[A-Za-z0-9./_-]+)\s*"
    r"(?:(?P<operator>==|=|!=)\s*(?P<value>[A-Za-z0-9._-]*)"
    r"|(?P<set>in|notin)\s*\((?P<values>[A-Za-z0-9._,\s-]*)\))?\s*(?:,|$)"
)


def parse(text: str) -> Selector:
    """``a=b``, ``a!=b``, ``a in (b,c)``, ``a notin (b)``, ``a`` and ``!a``, joined by commas.

    Raises ClusterRefused (BadRequest).
    """
    terms: list[Selector] = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or (match["negated"] and (match["operator"] or match["set"])):
            raise refusals.bad_request(f"unable to parse the label selector {text!r}")
        terms.append(_term(match))
        at = match.end()
    return lambda labels: all(term(labels) for term in terms)


def _term(match: re.Match[str]) -> Selector:
    key = match["key"]
    if match["operator"]:
        wanted = {match["value"]}
    elif match["set"]:
        wanted = {value.strip() for value in match["values"].split(",")}
    elif match["negated"]:
        return lambda labels: key not in labels
    else:
        return lambda labels: key in labels
    if match["operator"] == "!=" or match["set"] == "notin":
        return lambda labels: labels.get(key) not in wanted
    return lambda labels: labels.get(key) in wanted
