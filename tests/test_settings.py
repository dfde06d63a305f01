"""Flags over variables over the file; strict, and with a place for each error."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

import pytest

from reconciler import settings
from reconciler.model.errors import UsageError
from reconciler.model.limits import Limits

FILE = """\
site: north/one
source:
  urls: [https://git.example.com/fleet.git]
  poll: 10m
  credentials:
    tokenFile: /etc/token
status:
  interval: 30s
agent:
  fromRepository: true
"""
LEAST = {"site": "north/one", "source.urls": "file:///fleet"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(FILE)
    return path


def test_a_file_alone_is_enough(file: Path) -> None:
    found = settings.read(file, {}, {})
    assert (str(found.site), found.url, found.poll) == (
        "north/one",
        "https://git.example.com/fleet.git",
        600,
    )
    assert found.credentials.token_file == "/etc/token"
    assert (found.status_interval, found.from_repository, found.branch) == (30, True, "main")
    assert found.files() == (Path("/etc/token"),)


def test_flags_win_over_variables_which_win_over_the_file(file: Path) -> None:
    variables = {"RECONCILER_SOURCE_POLL": "20m", "RECONCILER_SOURCE_BRANCH": "next"}
    found = settings.read(file, variables, {"source.poll": "30m"})
    assert (found.poll, found.branch) == (1800, "next")


def test_every_field_has_a_variable_of_its_own() -> None:
    variables = [field.variable for field in settings.FIELDS]
    assert len(set(variables)) == len(variables)
    assert "RECONCILER_SOURCE_CREDENTIALS_SSH_KEY_FILE" in variables
    assert "RECONCILER_AGENT_FROM_REPOSITORY" in variables


def test_defaults_that_are_shown_are_the_ones_that_hold() -> None:
    found = settings.read(None, {}, LEAST)
    for field in settings.FIELDS:
        if field.default:
            assert attrgetter(field.attribute)(found) == field.parse(field.default), field.key


def test_what_a_render_may_cost_is_set_one_by_one() -> None:
    variables = {"RECONCILER_RENDER_MEMORY": "512Mi", "RECONCILER_RENDER_WALL": "2m"}
    limits = settings.read(None, variables, LEAST).render
    assert (limits.memory, limits.wall, limits.cpu) == (512 << 20, 120, Limits().cpu)
    assert settings.read_limits(variables) == limits


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MEMORY", "1Mi", "at least 64Mi"),
        ("MEMORY", "256", "as in 256Mi"),
        ("CPU", "0", "expected 1 to 3600"),
        ("CPU", "x", "expected a whole number"),
        ("OBJECTS", "9" * 5000, "expected 1 to 50000"),
        ("WALL", "0s", "at least 1s"),
    ],
)
def test_a_limit_without_sense_is_refused_by_name(name: str, value: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"RECONCILER_RENDER_{name}: .*{message}"):
        settings.read_limits({f"RECONCILER_RENDER_{name}": value})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sit: north/one\n", r"config\.yaml:1: sit is no setting; did you mean site"),
        ("site: north/one\nsource:\n  pol: 5m\n", r"config\.yaml:3: source\.pol is no setting"),
        ("source: 5\n", r"config\.yaml:1: source: expected a mapping"),
        ("site: north/one\nsource:\n  poll: 5\n", r"config\.yaml:3: source\.poll: expected a str"),
        ("site: barn\n", r"config\.yaml:1: site: 'barn' is not REGION/SITE"),
        ("agent:\n  fromRepository: maybe\n", r"config\.yaml:2: .*expected true or false"),
        ("- a\n", r"config\.yaml: expected one mapping"),
        ("a: [\n", r"config\.yaml:2:1: "),
        ("site: north/one\n", "no source.urls is set: give --repo, RECONCILER_SOURCE_URLS"),
    ],
)
def test_what_is_wrong_in_the_file_has_a_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        settings.read(path, {}, {})


def test_a_password_that_stands_in_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("source:\n  urls: {https://user:hunter2@host/x: ''}\n")
    with pytest.raises(UsageError) as caught:
        settings.read(path, {}, {})
    assert "hunter2" not in str(caught.value)


def test_a_misspelt_variable_is_an_error_and_kubernetes_own_are_not() -> None:
    own = {"RECONCILER_SERVICE_HOST": "10.0.0.1", "RECONCILER_PORT_80_TCP": "tcp://10.0.0.1:80"}
    assert settings.read(None, own, LEAST).branch == "main"
    with pytest.raises(UsageError, match="RECONCILER_SOURCE_PULL is no setting; did you mean"):
        settings.read(None, {"RECONCILER_SOURCE_PULL": "5m"}, LEAST)


def test_a_configuration_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        settings.read(tmp_path / "none.yaml", {}, LEAST)
