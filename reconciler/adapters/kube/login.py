"""Where the API server is and who we are, kept current.

The kubernetes package reads a token file that a kubeconfig names once, and keeps client
certificates for good. So every file that the login came from is looked at before each
request (a stat, microseconds), and when one changed everything is read again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import incluster_config

from reconciler.adapters.kube import parse
from reconciler.model import errors

POOL = 64  # idle connections kept; watches hold theirs, appliers need at most 8
RELOAD_AFTER = 5.0  # seconds: how often at most a 401 leads to a new login

# The package ships types for some of itself only.
_PodLoader: Any = incluster_config.InClusterConfigLoader
_load_kubeconfig: Any = config.load_kube_config

_FILES = ("tokenFile", "client-certificate", "client-key", "certificate-authority")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One reading of the login. ``files`` are all that it came from."""

    api: Any  # kubernetes.client.ApiClient
    files: tuple[str, ...]
    read_at: float

    @property
    def server(self) -> str:
        """The API server's address, without any user or password in it."""
        url = urlsplit(str(self.api.configuration.host))
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"

    def url(self, path: str) -> str:
        return str(self.api.configuration.host) + path

    def authorization(self) -> str:
        """The header's value, ``""`` where certificates speak for us. May run an exec plugin."""
        found = self.api.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        return (found or "").strip()


class Login:
    """The current session; thread-safe.

    With neither ``kubeconfig`` nor ``context``: the pod's service account where there is one,
    else KUBECONFIG or ~/.kube/config. Raises UsageError where that cannot be read at first.
    """

    def __init__(self, kubeconfig: str, context: str) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._lock = threading.Lock()
        self._refused = False
        try:
            self._stamp, self._session = self._read()
        except errors.ClusterUnavailable as error:
            raise errors.UsageError(str(error)) from None

    def current(self) -> tuple[Session, dict[str, str]]:
        """The session and the headers that authorize a request. Raises ClusterUnavailable."""
        with self._lock:
            if self._is_stale():
                outdated = self._session
                self._stamp, self._session = self._read()
                self._refused = False
                outdated.api.close()  # its idle connections; those in use end by themselves
            try:
                authorization = self._session.authorization()
            except Exception as error:  # exec plugins and token refreshers raise anything
                raise _unreadable("the credentials", error) from None
            headers = {"authorization": authorization} if authorization else {}
            return self._session, headers

    def server(self) -> str:
        with self._lock:
            return self._session.server

    def refused(self) -> None:
        """The server refused these credentials: read them again, though no file changed."""
        with self._lock:
            self._refused = True

    def close(self) -> None:
        with self._lock:
            self._session.api.close()

    def _is_stale(self) -> bool:
        if self._stamp != _stamp(self._session.files):
            return True
        return self._refused and time.monotonic() - self._session.read_at >= RELOAD_AFTER

    def _read(self) -> tuple[object, Session]:
        in_pod = not self._kubeconfig and not self._context and _in_pod()
        paths = [] if in_pod else _kubeconfig_paths(self._kubeconfig)
        source = "the service account" if in_pod else os.pathsep.join(paths)
        # retries: ours, by method. keep_alive: a peer that is gone must not look idle.
        settings = Configuration(retries=False, connection_pool_maxsize=POOL)
        settings.keep_alive = True
        before = _stamp(files := _files(paths))
        if paths and not any(map(os.path.exists, paths)):
            raise errors.ClusterUnavailable(
                f"there is no kubeconfig {' or '.join(paths)}:"
                " name one by --kubeconfig or KUBECONFIG"
            )
        try:
            if in_pod:
                _load_pod(settings)
            else:
                _load_kubeconfig(source, self._context or None, settings, persist_config=False)
            api = ApiClient(settings)
        except Exception as error:  # a malformed file raises anything from KeyError to ssl's
            raise _unreadable(source, error) from None
        return before, Session(api=api, files=files, read_at=time.monotonic())


def _load_pod(settings: Configuration) -> None:
    # No refresh of its own: it would look at the clock, we look at the file.
    _PodLoader(*_pod_files(), try_refresh_token=False).load_and_set(settings)


def _in_pod() -> bool:
    return bool(os.environ.get(incluster_config.SERVICE_HOST_ENV_NAME)) and all(
        Path(path).is_file() for path in _pod_files()
    )


def _pod_files() -> tuple[str, str]:
    return (incluster_config.SERVICE_TOKEN_FILENAME, incluster_config.SERVICE_CERT_FILENAME)


def _kubeconfig_paths(given: str) -> list[str]:
    """What kubectl reads; asked at each reading, as the package asks once, when imported."""
    listed = given or os.environ.get("KUBECONFIG") or "~/.kube/config"
    return [str(Path(path).expanduser()) for path in listed.split(os.pathsep) if path]


def _files(paths: list[str]) -> tuple[str, ...]:
    """The files that a login comes from; no paths stand for the pod's service account."""
    if not paths:
        return _pod_files()
    return tuple(file for path in paths for file in (path, *_named_in(path)))


def _named_in(path: str) -> Iterable[str]:
    try:
        document = parse.mapping(yaml.safe_load(Path(path).read_bytes()))
    except (OSError, yaml.YAMLError):
        return  # reading it in earnest says what is wrong
    for section, item in (("users", "user"), ("clusters", "cluster")):
        for entry in parse.sequence(document.get(section)):
            found: Any = parse.mapping(parse.mapping(entry).get(item))
            for key in _FILES:
                if name := parse.text(found.get(key)):
                    yield str(Path(path).parent / name)


def _stamp(files: Iterable[str]) -> tuple[object, ...]:
    return tuple(_stat(file) for file in files)


def _stat(file: str) -> tuple[int, int, int] | None:
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _unreadable(source: str, error: Exception) -> errors.ClusterUnavailable:
    # A YAML error quotes the line that it stumbles on, and the package's own name a place in
    # the file by the whole entry, token and all: "... Expected key user in PATH/{'name': ...".
    said = "it is not valid YAML" if isinstance(error, yaml.YAMLError) else str(error)
    shown = f"{type(error).__name__}: {said.partition('{')[0][:300]}"
    return errors.ClusterUnavailable(f"cannot log in to the cluster with {source}: {shown}")
