"""Requests to the API server: deadlines, bounds, retries, and vendor errors mapped to ours.

Everything goes over ``ApiClient.call_api`` on raw paths. Two of its habits matter here: it adds
no credentials by itself, and a body for a JSON content type must be a value, which it dumps
(bytes only pass for other types, such as apply's).
"""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import urllib3.exceptions
from kubernetes.client import ApiException

import reconciler
from reconciler.adapters.kube import login, refusals
from reconciler.model import errors
from reconciler.model.refs import Kind

JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

CONNECT = 5.0  # seconds
READ = 35.0  # seconds of silence; an admission webhook may take 30
DEADLINE = 60.0  # seconds for an answer as a whole
SILENCE = 130.0  # seconds; a watch gets a bookmark about once a minute
BODY_LIMIT = 64 << 20  # bytes; a page of 500 objects of metadata has about 1 MB
LINE_LIMIT = 8 << 20  # bytes; an object has at most 1.6 MB
CHUNK = 1 << 16

ATTEMPTS = 4
FIRST_PAUSE = 0.25  # seconds, then doubled: 0.25, 0.5, 1
LONGEST_PAUSE = 5.0  # seconds; a server that asks for more is reported as unavailable

LONGEST_DELAY = 300.0  # seconds; what a server asks for beyond that is not waited for
_BUSY = (429, 503)

_AGENT = f"fleet-reconciler/{reconciler.__version__}"

# What urllib3 and http.client raise below call_api. ValueError: a response that was closed or
# interrupted under its reader, or a header that cannot be sent.
_BROKEN = (
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    ApiException,
    OSError,
    ValueError,
)

# A new login closed the pool while we reached into it: nothing was sent.
_UNSENT = urllib3.exceptions.ClosedPoolError
# A cut connection; an idle one that the server closed looks like that.
_REPEATABLE = (_UNSENT, urllib3.exceptions.ProtocolError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; ``kind`` is what it is about, for the error's words.

    ``body`` is bytes for apply and a JSON value otherwise. ``repeatable`` says that sending it
    twice does no more than sending it once.
    """

    method: str
    path: str
    query: Mapping[str, str]
    kind: Kind | None = None
    accept: str = JSON
    content_type: str = ""
    body: Any = None
    repeatable: bool = True


class Stream:
    """A watch's open answer. ``lines`` belongs to one thread, ``interrupt`` to any."""

    def __init__(self, response: Any, server: str) -> None:
        self._response = response
        self._server = server

    def lines(self) -> Iterator[bytes]:
        """Each line as it comes, until the server ends the answer.

        Raises ClusterUnavailable on a cut, on SILENCE seconds of nothing and on a line longer
        than LINE_LIMIT.
        """
        rest = bytearray()
        while chunk := self._read():
            *complete, tail = chunk.split(b"\n")
            for line in complete:
                whole = bytes(rest) + line
                rest.clear()
                if whole:
                    yield whole
            rest += tail
            if len(rest) > LINE_LIMIT:
                raise errors.ClusterUnavailable(
                    f"{self._server} sent a watch event of more than {LINE_LIMIT} bytes"
                )

    def interrupt(self) -> None:
        """Wake the reader: what it waits for counts as cut."""
        try:
            self._response.shutdown()
        except (*_BROKEN, RuntimeError):
            return  # it ended by itself in the meantime

    def close(self) -> None:
        self._response.close()
        self._response.release_conn()

    def _read(self) -> bytes:
        try:
            return bytes(self._response.read1(CHUNK))
        except _BROKEN as error:
            raise _unreachable(self._server, error) from None


class Client:
    """Thread-safe; made for up to 8 threads that apply beside any number of watches."""

    def __init__(self, source: login.Login) -> None:
        self._login = source

    @property
    def server(self) -> str:
        """The API server's address, without any user or password in it."""
        return self._login.server()

    def send(self, request: Request) -> bytes:
        """The answer's body. Raises ClusterRefused and ClusterUnavailable.

        429 and 503 are tried again after what Retry-After asks for, a cut connection at once,
        ATTEMPTS times in all.
        """
        pause = FIRST_PAUSE
        for left in reversed(range(ATTEMPTS)):
            try:
                return self._attempt(request)
            except _Again as again:
                wait = pause if again.after is None else again.after
                if not left or wait > LONGEST_PAUSE:
                    raise _later(again.error, wait) from None
                time.sleep(_jittered(wait))
                pause *= 2
        raise AssertionError("the last attempt returns or raises")

    def json(self, request: Request) -> Any:
        """The answer's body, read as JSON."""
        return decode(self.send(request))

    def stream(self, request: Request) -> Stream:
        """A watch's answer once its head is there. Raises as ``send`` does, tries once."""
        session, headers = self._login.current()
        try:
            response = _call(session, headers, request, SILENCE)
            if response.status == 200:
                return Stream(response, session.server)
            body = _body(response)
        except _BROKEN as error:
            raise _unreachable(session.server, error) from None
        refusal = self._error(request, response.status, body)
        if response.status in _BUSY:
            raise _later(refusal, _retry_after(response.headers) or 0.0)
        raise refusal

    def close(self) -> None:
        self._login.close()

    def _attempt(self, request: Request) -> bytes:
        session, headers = self._login.current()
        try:
            response = _call(session, headers, request, READ)
            body = _body(response)
        except _BROKEN as error:
            unreachable = _unreachable(session.server, error)
            if isinstance(error, _REPEATABLE if request.repeatable else _UNSENT):
                raise _Again(unreachable, 0.0) from None
            raise unreachable from None
        if 200 <= response.status < 300:
            return body
        refusal = self._error(request, response.status, body)
        if response.status in _BUSY:
            raise _Again(refusal, _retry_after(response.headers))
        raise refusal

    def _error(
        self, request: Request, status: int, body: bytes
    ) -> errors.ClusterRefused | errors.ClusterUnavailable:
        if status == 401:
            self._login.refused()
        return refusals.error_of(status, body, request.kind)


class _Again(Exception):
    """Worth another attempt; after so many seconds where that is known."""

    def __init__(self, error: errors.ReconcilerError, after: float | None) -> None:
        super().__init__()
        self.error = error
        self.after = after


def decode(body: bytes) -> Any:
    """Read JSON. Raises ClusterUnavailable, as an API server does not send anything else."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise errors.ClusterUnavailable(f"the API server's answer is not JSON: {error}") from None


def _call(
    session: login.Session, headers: Mapping[str, str], request: Request, silence: float
) -> Any:
    sent = {**headers, "accept": request.accept, "user-agent": _AGENT}
    if request.content_type:
        sent["Content-Type"] = request.content_type  # the package looks for this very spelling
    query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
    return session.api.call_api(
        request.method,
        session.url(request.path) + query,
        sent,
        body=request.body,
        _request_timeout=(CONNECT, silence),
    ).response


def _body(response: Any) -> bytes:
    """The whole body, within BODY_LIMIT and DEADLINE."""
    until = time.monotonic() + DEADLINE
    parts: list[bytes] = []
    size = 0
    while part := response.read1(CHUNK):
        parts.append(part)
        size += len(part)
        if size > BODY_LIMIT or time.monotonic() > until:
            response.close()
            raise OSError(f"an answer of more than {BODY_LIMIT} bytes or {DEADLINE:.0f} s")
    return b"".join(parts)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; the API server does not use its other form, a date."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 6 else None


def _later(error: errors.ReconcilerError, seconds: float) -> errors.ReconcilerError:
    """The same error, saying how long to wait; a refusal stays what it is."""
    if isinstance(error, errors.ClusterUnavailable):
        error.delay = min(max(error.delay, seconds), LONGEST_DELAY)
    return error


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1.0, 1.25)  # noqa: S311 - spreads load, keeps no secret


def _unreachable(server: str, error: Exception) -> errors.ClusterUnavailable:
    said = next((words for kind, words in _WORDS if isinstance(error, kind)), "")
    # The innermost reason comes last: "...: Failed to establish ...: [Errno 111] Connection ..."
    said = said or refusals.tidy(str(error).rpartition(": ")[2] or type(error).__name__, 300)
    return errors.ClusterUnavailable(f"the API server at {server} was not reached: {said}")


_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.NewConnectionError, ""),  # a ConnectTimeoutError too, but says why
    (urllib3.exceptions.ConnectTimeoutError, f"no connection within {CONNECT:.0f} s"),
    (urllib3.exceptions.ReadTimeoutError, "it stopped answering"),
)
