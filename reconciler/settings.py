"""What is set on site: flags over ``RECONCILER_*`` over the configuration file, made one value.

In: the command line's options, the environment, a path. Out: a frozen Settings, which only
``app`` takes apart. These keys never come from the fleet repository. FIELDS is all there is; the
file's keys, the variables' names and docs/configuration.md follow from it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.documents import load
from reconciler.model import durations
from reconciler.model.errors import FileError, UsageError
from reconciler.model.limits import Limits
from reconciler.model.refs import SiteName

DEFAULT_FILE = Path("/etc/fleet-reconciler/config.yaml")
DEFAULT_STATE = Path("/var/lib/fleet-reconciler")
_LARGEST = 1 << 20  # bytes of a configuration file
_PREFIX = "RECONCILER_"
_LIMITS = Limits()
_DIGITS = 9  # of a number
_MEBIBYTES = re.compile(r"([0-9]{1,6})Mi")
# What Kubernetes itself sets for a Service that is called "reconciler".
_SERVICE = re.compile(r"RECONCILER_(SERVICE_(HOST|PORT)|PORT)(_.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Paths of files that are read anew for each call; ``""`` for none."""

    ssh_key_file: str = ""
    known_hosts_file: str = ""
    token_file: str = ""
    ca_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``poll`` and ``status_interval`` are in seconds; ``status_remote`` "" is the fleet's own."""

    site: SiteName
    url: str
    state: Path = DEFAULT_STATE
    branch: str = "main"
    poll: float = 300.0
    credentials: Credentials = Credentials()
    status_remote: str = ""
    status_interval: float = 300.0
    status_credentials: Credentials = Credentials()
    metrics_address: str = ""
    from_repository: bool = False
    render: Limits = _LIMITS
    overrides: str = ""

    @property
    def overrides_folder(self) -> Path:
        """Where files on site may change single fields."""
        return Path(self.overrides) if self.overrides else self.state / "overrides"

    def files(self) -> tuple[Path, ...]:
        """The credential files, whose change matters at once."""
        both = (self.credentials, self.status_credentials)
        names = [
            name
            for one in both
            for name in (one.ssh_key_file, one.known_hosts_file, one.token_file, one.ca_file)
        ]
        return tuple(Path(name) for name in dict.fromkeys(names) if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One setting: ``key`` in the file, ``attribute`` of Settings, its flag and what it means."""

    key: str
    attribute: str
    parse: Callable[[Any], Any]
    flag: str = ""
    default: str = ""
    meaning: str

    @property
    def variable(self) -> str:
        """``source.credentials.sshKeyFile`` is ``RECONCILER_SOURCE_CREDENTIALS_SSH_KEY_FILE``."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.key.replace(".", "_"))
        return _PREFIX + words.upper()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a string, found {value!r}")
    return value


def _duration(value: Any) -> float:
    return durations.parse(_text(value))


def _poll(value: Any) -> float:
    seconds = _duration(value)
    if seconds < 1:
        raise ValueError("expected at least 1s: each poll is a request to the remote")
    return seconds


def _flag(value: Any) -> bool:
    known = {True: True, False: False, "true": True, "false": False}
    if not isinstance(value, bool | str) or value not in known:
        raise ValueError(f"expected true or false, found {value!r}")
    return known[value]


def _count(least: int, most: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        text = str(value)
        if isinstance(value, bool) or not text.isascii() or not text.isdecimal():
            raise ValueError(f"expected a whole number, found {value!r}")
        if len(text) > _DIGITS or not least <= int(text) <= most:
            raise ValueError(f"expected {least} to {most}, found {text[:_DIGITS]}")
        return int(text)

    return parse


def _size(least: int) -> Callable[[Any], int]:
    """Bytes, given as a number of mebibytes with the unit: ``256Mi``."""

    def parse(value: Any) -> int:
        found = _MEBIBYTES.fullmatch(_text(value))
        if found is None or not least <= int(found[1]):
            raise ValueError(f"expected at least {least}Mi, as in 256Mi, found {value!r}")
        return int(found[1]) << 20

    return parse


def _wall(value: Any) -> float:
    seconds = _duration(value)
    if seconds < 1:
        raise ValueError("expected at least 1s")
    return seconds


def _site(value: Any) -> SiteName:
    return SiteName.parse(_text(value))


def _path(value: Any) -> Path:
    return Path(_text(value))


def _only_url(value: Any) -> str:
    urls = [value] if isinstance(value, str) else value
    if not isinstance(urls, list) or len(urls) != 1 or not isinstance(urls[0], str):
        raise ValueError("expected a list with one URL")  # which may hold a password by mistake
    return urls[0]


def _credentials(section: str, attribute: str) -> tuple[Field, ...]:
    rows = (
        ("sshKeyFile", "ssh_key_file", "private key for ssh"),
        ("knownHostsFile", "known_hosts_file", "host keys that ssh accepts, and no others"),
        ("tokenFile", "token_file", "`TOKEN` or `USER:TOKEN` for https"),
        ("caFile", "ca_file", "certificate authorities for https"),
    )
    return tuple(
        Field(
            key=f"{section}.credentials.{key}",
            attribute=f"{attribute}.{name}",
            parse=_text,
            meaning=f"file: {meaning}; read anew for each call",
        )
        for key, name, meaning in rows
    )


def _limits() -> tuple[Field, ...]:
    """What rendering one commit may cost, beyond which it is ended and refused."""
    rows: tuple[tuple[str, Callable[[Any], Any], str, str], ...] = (
        ("cpu", _count(1, 3600), "7", "seconds of CPU time"),
        ("wall", _wall, "10s", "time, without that spent on fetching files"),
        ("memory", _size(64), "256Mi", "address space; what is resident is less"),
        ("output", _size(1), "32Mi", "objects, as JSON"),
        ("reads", _size(1), "512Mi", "files"),
        ("objects", _count(1, 50_000), "10000", "objects of a site"),
        ("depth", _count(10, 1000), "200", "levels that a file may nest"),
        ("aliases", _count(0, 1_000_000), "10000", "YAML aliases in a file"),
    )
    return tuple(
        Field(
            key=f"render.{key}",
            attribute=f"render.{key}",
            parse=parse,
            default=default,
            meaning=f"at most, for one render: {meaning}",
        )
        for key, parse, default, meaning in rows
    )


FIELDS: tuple[Field, ...] = (
    Field(
        key="site", attribute="site", parse=_site, flag="--site", meaning="REGION/SITE, required"
    ),
    Field(
        key="state",
        attribute="state",
        parse=_path,
        flag="--state",
        default="/var/lib/fleet-reconciler",
        meaning="the state folder, on a disk that survives a restart",
    ),
    Field(
        key="source.urls",
        attribute="url",
        parse=_only_url,
        flag="--repo",
        meaning="the fleet repository: a list with one https, ssh or file URL; required",
    ),
    Field(
        key="source.branch",
        attribute="branch",
        parse=_text,
        flag="--branch",
        default="main",
        meaning="the branch to follow",
    ),
    Field(
        key="source.poll",
        attribute="poll",
        parse=_poll,
        flag="--interval",
        default="5m",
        meaning="how often the remote is asked for news; jittered",
    ),
    *_credentials("source", "credentials"),
    Field(
        key="status.remote",
        attribute="status_remote",
        parse=_text,
        flag="--status-remote",
        meaning="where notes are pushed; the fleet repository where empty",
    ),
    Field(
        key="status.interval",
        attribute="status_interval",
        parse=_duration,
        default="5m",
        meaning="least time between two pushes of notes, bad news apart",
    ),
    *_credentials("status", "status_credentials"),
    Field(
        key="metrics.address",
        attribute="metrics_address",
        parse=_text,
        flag="--metrics-address",
        meaning="HOST:PORT for /metrics, /healthz and /readyz; off where empty",
    ),
    Field(
        key="overrides.dir",
        attribute="overrides",
        parse=_text,
        meaning="the folder for local overrides; `overrides` in the state folder where empty",
    ),
    Field(
        key="agent.fromRepository",
        attribute="from_repository",
        parse=_flag,
        default="false",
        meaning="whether the repository may hold objects that belong to the agent itself",
    ),
    *_limits(),
)
_BY_KEY = {field.key: field for field in FIELDS}


def read(path: Path | None, environment: Mapping[str, str], flags: Mapping[str, str]) -> Settings:
    """Join the three. ``flags`` maps keys of FIELDS to values; ``path`` None is DEFAULT_FILE, if
    it is there. Raises UsageError, which names the file and line, the variable or the flag.
    """
    given = _joined(path, environment, flags)
    for attribute, key in (("site", "site"), ("url", "source.urls")):
        if attribute not in given:
            field = _BY_KEY[key]
            ways = f"{field.flag}, {field.variable}, or {key} in {path or DEFAULT_FILE}"
            raise UsageError(f"no {key} is set: give {ways}")
    return _settings(given)


def read_state(environment: Mapping[str, str], folder: str | None) -> Path:
    """The state folder alone, for commands that look into it; raises UsageError like ``read``."""
    flags = {"state": folder} if folder else {}
    return Path(_joined(None, environment, flags).get("state", DEFAULT_STATE))


def read_limits(environment: Mapping[str, str]) -> Limits:
    """What rendering may cost, for commands that render alone; raises UsageError like ``read``."""
    return Limits(**_section(_joined(None, environment, {}), "render"))


def _joined(
    path: Path | None, environment: Mapping[str, str], flags: Mapping[str, str]
) -> dict[str, Any]:
    given: dict[str, Any] = _from_file(path)
    given |= _from_environment(environment)
    for key, value in flags.items():
        given[_BY_KEY[key].attribute] = _parsed(_BY_KEY[key], value, _BY_KEY[key].flag)
    return given


def _settings(given: Mapping[str, Any]) -> Settings:
    plain = {name: value for name, value in given.items() if "." not in name}
    for section in ("credentials", "status_credentials"):
        plain[section] = Credentials(**_section(given, section))
    return Settings(**plain, render=Limits(**_section(given, "render")))


def _section(given: Mapping[str, Any], section: str) -> dict[str, Any]:
    below = section + "."
    return {
        name.removeprefix(below): value for name, value in given.items() if name.startswith(below)
    }


def _parsed(field: Field, value: Any, where: str) -> Any:
    try:
        return field.parse(value)
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    by_variable = {field.variable: field for field in FIELDS}
    given = {}
    for name in sorted(environment):
        if not name.startswith(_PREFIX) or _SERVICE.fullmatch(name):
            continue
        field = by_variable.get(name)
        if field is None:
            raise UsageError(f"{name} is no setting{_nearest(name, by_variable)}")
        given[field.attribute] = _parsed(field, environment[name], name)
    return given


def _from_file(path: Path | None) -> dict[str, Any]:
    file = path or DEFAULT_FILE
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        if path is None:
            return {}
        raise UsageError(f"the configuration {file} is not there") from None
    except OSError as error:
        raise UsageError(f"the configuration {file} cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise UsageError(f"the configuration {file} is larger than {_LARGEST} bytes")
    try:
        documents = load.load_all(data, path=str(file))
    except FileError as error:
        raise UsageError(str(error)) from None
    if not documents:
        return {}
    if len(documents) > 1 or not isinstance(documents[0].value, dict):
        raise UsageError(f"{file}: expected one mapping of settings")
    return dict(_walk(documents[0].value, (), data, file))


def _walk(
    section: Mapping[str, Any], above: tuple[str, ...], data: bytes, file: Path
) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in section.items():
        path = (*above, name)
        key = ".".join(path)
        line, _ = load.locate(data, 0, path)
        field = _BY_KEY.get(key)
        if field is not None:
            found.append((field.attribute, _parsed(field, value, f"{file}:{line}: {key}")))
        elif any(known.startswith(key + ".") for known in _BY_KEY):
            if not isinstance(value, dict):
                raise UsageError(f"{file}:{line}: {key}: expected a mapping")
            found += _walk(value, path, data, file)
        else:
            raise UsageError(f"{file}:{line}: {key} is no setting{_nearest(key, _BY_KEY)}")
    return found


def _nearest(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"; did you mean {', '.join(close)}?" if close else ""
