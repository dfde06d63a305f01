"""The pages for Prometheus and the kubelet, and what strangers on the port can do: little."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import pytest

from reconciler.adapters.telemetry import Server, Telemetry, serve, server
from reconciler.model.errors import UsageError

_PATIENCE = 30.0  # seconds before an answer counts as missing


class Probes:
    """Two answers that a test may change."""

    def __init__(self) -> None:
        self.health: Callable[[], bool] = lambda: True
        self.ready: Callable[[], bool] = lambda: False

    def ask_health(self) -> bool:
        return self.health()

    def ask_ready(self) -> bool:
        return self.ready()


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@pytest.fixture
def probes() -> Probes:
    return Probes()


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry(stream=io.StringIO())


@pytest.fixture
def running(telemetry: Telemetry, probes: Probes) -> Iterator[Server]:
    made = serve("127.0.0.1:0", telemetry, probes.ask_health, probes.ask_ready)
    yield made
    made.close()


def connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(address: str, path: str, method: str = "GET") -> Reply:
    host, _, port = address.rpartition(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=_PATIENCE)) as connection:
        connection.request(method, path)
        found = connection.getresponse()
        return Reply(status=found.status, headers=dict(found.headers), body=found.read())


def send(address: str, *parts: bytes) -> bytes:
    """What is answered until the server closes."""
    with connect(address) as connection:
        for part in parts:
            connection.sendall(part)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    answer = b""
    try:
        while chunk := connection.recv(65_536):
            answer += chunk
    except ConnectionResetError:
        pass
    return answer


def test_metrics_are_served_as_prometheus_reads_them(running: Server, telemetry: Telemetry) -> None:
    telemetry.event("cluster.unavailable", error="refused", delay=1.0)
    response = ask(running.address, "/metrics?name=x")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"\nfleet_reconciler_cluster_unavailable 1.0\n" in response.body


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_says_what_it_is_told(running: Server, probes: Probes, path: str) -> None:
    probes.health = probes.ready = lambda: True
    assert ask(running.address, path).status == 200
    probes.health = probes.ready = lambda: False
    assert ask(running.address, path).status == 503


def test_health_and_readiness_are_not_mixed_up(running: Server) -> None:
    assert [ask(running.address, path).status for path in ("/healthz", "/readyz")] == [200, 503]


def test_a_probe_that_fails_is_answered_without_its_words(running: Server, probes: Probes) -> None:
    def fail() -> bool:
        raise RuntimeError("a secret")

    probes.ready = fail
    response = ask(running.address, "/readyz")
    assert (response.status, response.body) == (500, b"RuntimeError\n")


@pytest.mark.parametrize("path", ["/", "/metric", "/metrics/", "/healthz/..", "*"])
def test_there_is_no_other_page(running: Server, path: str) -> None:
    assert ask(running.address, path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "X"])
def test_other_methods_are_refused(running: Server, method: str) -> None:
    response = ask(running.address, "/metrics", method)
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


def test_a_head_has_the_head_alone(running: Server) -> None:
    head, get = ask(running.address, "/healthz", "HEAD"), ask(running.address, "/healthz")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == "3"


def test_the_server_does_not_say_what_it_runs_on(running: Server) -> None:
    assert ask(running.address, "/healthz").headers["Server"] == "fleet-reconciler"


@pytest.mark.parametrize(
    "request_line",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"\r\n",
    ],
)
def test_nonsense_is_refused_and_the_next_request_answered(
    running: Server, request_line: bytes
) -> None:
    answer = send(running.address, request_line)
    assert b"200" not in answer[:20]
    assert b"<" not in answer
    assert ask(running.address, "/healthz").status == 200


@pytest.mark.parametrize(
    "parts",
    [
        [b"GET /" + b"x" * 100_000],
        [
            b"GET /healthz HTTP/1.1\r\n",
            *[b"X-%d: %s\r\n" % (n, b"y" * 900) for n in range(90)],
            b"\r\n",
        ],
    ],
)
def test_a_request_that_never_ends_is_cut_at_its_size(running: Server, parts: list[bytes]) -> None:
    with connect(running.address) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert b"200" not in read_all(connection)  # which ends, as the server closes
    assert ask(running.address, "/healthz").status == 200


def test_a_request_that_does_not_arrive_is_cut(
    running: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "DEADLINE", 0.05)
    assert send(running.address) == b""
    assert send(running.address, b"GET /healthz HTTP/1.1\r\nX-Slow: ") == b""


def test_whoever_holds_connections_loses_the_oldest_first(running: Server) -> None:
    held = [connect(running.address) for _ in range(server.CONNECTIONS)]
    assert ask(running.address, "/healthz").status == 200
    assert read_all(held[0]) == b""
    for connection in held[1:]:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
    answers = [read_all(connection) for connection in held[1:]]
    assert sum(b" 200 " in answer for answer in answers) >= server.CONNECTIONS - 2
    for connection in held:
        connection.close()


def test_it_closes_with_connections_open_and_its_port_is_free_again(telemetry: Telemetry) -> None:
    first = serve("127.0.0.1:0", telemetry, lambda: True, lambda: True)
    with connect(first.address) as idle, connect(first.address) as half:
        half.sendall(b"GET /met")
        assert ask(first.address, "/healthz").status == 200  # both were accepted before it
        first.close()
        assert not [t for t in threading.enumerate() if t.name.startswith("metrics-")]
        assert read_all(idle) == read_all(half) == b""
    second = serve(first.address, telemetry, lambda: True, lambda: True)
    assert second.address == first.address
    second.close()


def test_an_address_that_is_taken_says_what_to_do(running: Server, telemetry: Telemetry) -> None:
    with pytest.raises(UsageError, match=r"in use; name another HOST:PORT with --metrics-address"):
        serve(running.address, telemetry, lambda: True, lambda: True)


@pytest.mark.parametrize(
    "address",
    [
        *("", "9090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "::1:9090", "[::1]"),
        *("h:65536", "h:-1", "h:٣", "h:" + "9" * 5_000, "192.0.2.1:0", "host.invalid:0"),
    ],
)
def test_an_address_that_is_none_is_the_user_s_error(telemetry: Telemetry, address: str) -> None:
    with pytest.raises(UsageError) as refused:
        serve(address, telemetry, lambda: True, lambda: True)
    assert len(str(refused.value)) < 300


def test_an_empty_host_means_every_interface(telemetry: Telemetry) -> None:
    made = serve(":0", telemetry, lambda: True, lambda: True)
    port = made.address.rpartition(":")[2]
    assert ask(f"127.0.0.1:{port}", "/healthz").status == 200
    made.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_an_ipv6_address_stands_in_brackets(telemetry: Telemetry) -> None:
    made = serve("[::1]:0", telemetry, lambda: True, lambda: True)
    assert made.address.startswith("[::1]:")
    answer = send(made.address, b"GET /readyz HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 ")
    made.close()
