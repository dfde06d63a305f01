"""What a new site's cluster is to hold: options in, a checked value out.

Files are read here, once. Of keys and tokens nothing is ever repeated in an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.adapters import git, ssh
from reconciler.app.bootstrap import credentials, hosts
from reconciler.model import durations
from reconciler.model.errors import UsageError
from reconciler.model.refs import SiteName

BINDINGS = ("cluster", "scoped")
# Where deploy/ mounts them in the Pod: the Secret, and the ConfigMap with the configuration.
SECRETS = "/var/run/secrets/fleet-reconciler"
SETTINGS = "/etc/fleet-reconciler"

_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|[kMGT]|[KMGT]i)?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_REFERENCE = re.compile(
    r"[a-z0-9][a-z0-9._-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?"
)

Ask = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line's, as given; ``""`` for what was not."""

    site: str
    repo: str
    branch: str = ""
    interval: str = ""
    status_remote: str = ""
    rbac: str = "cluster"
    image: str = ""
    ssh_key_file: str = ""
    known_hosts_file: str = ""
    token_file: str = ""
    ca_file: str = ""
    status_ssh_key_file: str = ""
    status_token_file: str = ""
    cpu: str = ""
    memory: str = ""
    storage: str = ""
    storage_class: str = ""
    on_node: bool = False
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``public`` files go beside the configuration, ``secret`` ones into the Secret, by name."""

    site: SiteName
    repo: str
    options: Options
    public: Mapping[str, bytes]
    secret: Mapping[str, bytes] = field(repr=False)
    secret_sources: Mapping[str, str]  # name to the path that it was read from


# Options that name a file, the name that it has in the Pod, and how it is read.
_PRIVATE: tuple[tuple[str, str, Callable[[str], bytes]], ...] = (
    ("ssh_key_file", "ssh-key", credentials.ssh_key),
    ("token_file", "token", credentials.token),
    ("status_ssh_key_file", "status-ssh-key", credentials.ssh_key),
    ("status_token_file", "status-token", credentials.token),
)


def read(options: Options, ask: Ask | None) -> Wanted:
    """``ask`` shows a text and asks whether to go on; None where nobody can be asked.

    Raises UsageError, and SourceUnavailable where a host does not give its keys.
    """
    site = _site(options.site)
    repo = _remote(options.repo)
    remote = _remote(options.status_remote) if options.status_remote else ""
    git.check_branch(options.branch or "main")
    if options.interval:
        _duration(options.interval)
    _check_names(options)
    if options.outside:
        return Wanted(
            site=site, repo=repo, options=options, public={}, secret={}, secret_sources={}
        )
    _check_access(repo, options.ssh_key_file, options.token_file, "")
    if remote:
        _check_access(remote, options.status_ssh_key_file, options.status_token_file, "status-")
    secret, sources = {}, {}
    for option, name, reader in _PRIVATE:
        if path := getattr(options, option):
            secret[name], sources[name] = reader(path), path
    return Wanted(
        site=site,
        repo=repo,
        options=options,
        public=_public(options, [url for url in (repo, remote) if url], ask),
        secret=secret,
        secret_sources=sources,
    )


def configuration(wanted: Wanted) -> dict[str, object]:
    """The site's configuration, config.yaml, as a value."""
    options = wanted.options
    source: dict[str, object] = {"urls": [wanted.repo]}
    if options.branch:
        source["branch"] = options.branch
    if options.interval:
        source["poll"] = options.interval
    if files := _files(wanted, ""):
        source["credentials"] = files
    whole: dict[str, object] = {"site": str(wanted.site), "source": source}
    if options.status_remote:
        status: dict[str, object] = {"remote": git.normalise(options.status_remote)}
        if files := _files(wanted, "status-"):
            status["credentials"] = files
        whole["status"] = status
    return whole


def _files(wanted: Wanted, prefix: str) -> dict[str, str]:
    rows = (
        ("sshKeyFile", wanted.secret, SECRETS, f"{prefix}ssh-key"),
        ("knownHostsFile", wanted.public, SETTINGS, hosts.NAME),
        ("tokenFile", wanted.secret, SECRETS, f"{prefix}token"),
        ("caFile", wanted.public, SETTINGS, credentials.CA),
    )
    return {key: f"{folder}/{name}" for key, files, folder, name in rows if name in files}


def _public(options: Options, urls: list[str], ask: Ask | None) -> dict[str, bytes]:
    files = {}
    servers = (git.ssh_server(url) for url in urls)
    places = {ssh.Place(host=server[0], port=server[1]) for server in servers if server}
    if places:
        pinned = hosts.pinned(sorted(places, key=str), options.known_hosts_file, ask)
        files[hosts.NAME] = pinned.encode()
    if options.ca_file:
        files[credentials.CA] = credentials.authorities(options.ca_file)
    return files


def _check_access(url: str, key: str, token: str, prefix: str) -> None:
    """A credential of the other kind would never be used, and none is a mistake for ssh."""
    if git.ssh_server(url):
        if token:
            raise UsageError(f"{url} is reached by ssh, which takes --{prefix}ssh-key-file")
        if not key:
            raise UsageError(
                f"{url} is reached by ssh, and the agent has no key of its own: give"
                f" --{prefix}ssh-key-file"
            )
    elif key:
        raise UsageError(f"{url} is not reached by ssh, it takes --{prefix}token-file")


def _check_names(options: Options) -> None:
    if options.image:
        _check_image(options.image)
    for flag, text in (
        ("--cpu", options.cpu),
        ("--memory", options.memory),
        ("--storage", options.storage),
    ):
        if text and not _QUANTITY.fullmatch(text):
            raise UsageError(f"{flag}: {text!r} is no quantity, such as 500m, 768Mi or 2Gi")
    if options.storage_class and not _NAME.fullmatch(options.storage_class):
        raise UsageError(f"--storage-class: {options.storage_class!r} is no name")
    if options.on_node and (options.storage_class or options.storage):
        raise UsageError("--state-on-node needs neither --storage nor --storage-class")


def _check_image(image: str) -> None:
    if len(image) > 512 or not _REFERENCE.fullmatch(image):
        raise UsageError(f"--image: {image[:100]!r} is no image's reference")
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    if "@" not in image and tag in ("", "latest"):
        raise UsageError(
            f"--image: {image} needs a tag other than latest, or a digest: without one it is"
            " pulled anew at each start, which fails while the link is down"
        )


def _site(text: str) -> SiteName:
    try:
        return SiteName.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _duration(text: str) -> None:
    try:
        durations.parse(text)
    except ValueError as error:
        raise UsageError(f"--interval: {error}") from None


def _remote(text: str) -> str:
    """A folder of this machine is its ``file://`` URL."""
    path = Path(text)
    return git.normalise(str(path.resolve()) if path.is_dir() else text)
