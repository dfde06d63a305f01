"""Every call of git is bounded, alone in its session, and sees little of our environment."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from reconciler.adapters.git import process
from reconciler.model.errors import SourceUnavailable

BOUNDS = process.Bounds()


def _shell(
    folder: Path, script: str, bounds: process.Bounds = BOUNDS, stdin: bytes = b""
) -> process.Result:
    """Let git run a script, so that the script tells how git itself is run."""
    return process.run(folder, ("-c", f"alias.x=!{script}", "x"), bounds=bounds, stdin=stdin)


def _gone(pid: int) -> bool:
    """Whether the process ends within some seconds; one that is dead but not yet buried counts."""
    for _ in range(200):
        try:
            if Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        threading.Event().wait(0.02)
    return False


def test_a_call_has_a_memory_limit_and_a_session_of_its_own(tmp_path: Path) -> None:
    lines = _shell(tmp_path, "ulimit -v; ulimit -c; cut -d' ' -f6 /proc/$$/stat").text().split()
    assert lines[:2] == [str(process.MEMORY // 1024), "0"]
    assert int(lines[2]) != os.getsid(0)


def test_a_file_past_its_limit_ends_the_writer(tmp_path: Path) -> None:
    bounds = process.Bounds(file=4096)
    result = _shell(tmp_path, f"head -c 1000000 /dev/zero > {tmp_path / 'out'}", bounds)
    assert result.code != 0
    assert (tmp_path / "out").stat().st_size == 4096


def test_past_the_deadline_the_whole_group_is_ended(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path / 'pid'}; sleep 300"
    with pytest.raises(SourceUnavailable, match=r"did not end within 0\.5 s"):
        _shell(tmp_path, script, process.Bounds(deadline=0.5))
    assert _gone(int((tmp_path / "pid").read_text()))


def test_a_helper_that_keeps_the_pipes_open_costs_the_deadline_alone(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path / 'pid'}"
    with pytest.raises(SourceUnavailable, match="did not end"):
        _shell(tmp_path, script, process.Bounds(deadline=0.5))
    assert _gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("stream", ["1", "2"])
def test_endless_output_is_ended(tmp_path: Path, stream: str) -> None:
    with pytest.raises(SourceUnavailable, match="more than is accepted"):
        _shell(tmp_path, f"yes >&{stream}", process.Bounds(output=100_000))


def test_much_input_is_written_while_output_is_read(tmp_path: Path) -> None:
    data = bytes(range(256)) * 8_000
    assert _shell(tmp_path, "cat", stdin=data).out == data


def test_input_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    assert _shell(tmp_path, "true", stdin=b"x" * 1_000_000).code == 0


def test_git_sees_little_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "1")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare=false'")
    monkeypatch.setenv("GIT_TRACE", "1")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:1")
    result = _shell(tmp_path, "env")
    seen = dict(line.split("=", 1) for line in result.text().splitlines())
    assert "SECRET_OF_OURS" not in seen and "GIT_TRACE" not in seen
    assert "core.bare" not in seen["GIT_CONFIG_PARAMETERS"]  # the alias alone, from ourselves
    assert seen["HTTPS_PROXY"] == "http://proxy.invalid:1"
    assert seen["GIT_NO_LAZY_FETCH"] == seen["GIT_NO_REPLACE_OBJECTS"] == "1"
    assert seen["GIT_ALLOW_PROTOCOL"] == "https:ssh:file"
    assert result.error == ""


def test_a_call_that_the_agents_end_cuts_short_is_no_result(tmp_path: Path) -> None:
    """What git did not finish says nothing about the repository, such as that it is damaged."""
    caught: list[Exception] = []

    def call() -> None:
        try:
            _shell(tmp_path, f"touch {tmp_path}/begun; exec sleep 60")
        except Exception as error:  # looked at below
            caught.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    try:
        for _ in range(1000):
            if (tmp_path / "begun").exists():
                break
            threading.Event().wait(0.02)
        assert (tmp_path / "begun").exists()
        process.end_calls()
        thread.join(20)
        assert not thread.is_alive()
        assert [type(error) for error in caught] == [SourceUnavailable]
        assert "the agent is ending" in str(caught[0])
        with pytest.raises(SourceUnavailable, match="the agent is ending"):
            _shell(tmp_path, "true")
    finally:
        process.allow_calls()
