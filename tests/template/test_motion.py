"""The template's model, in the place of Triton and of numpy, before a broker that answers."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from reconciler.app import init, shipped

MODEL = shipped.folder(init.TEMPLATE) / "bases/inference/motion/model.py"
DARK, BRIGHT = [0, 0], [200, 200]


class Array:
    """What the model does with numpy's."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self.shape = (len(values),)

    def astype(self, _: str) -> Array:
        return self

    def item(self) -> Any:
        return self.values[0]

    def mean(self) -> float:
        return float(sum(self.values)) / len(self.values)

    def __sub__(self, other: Array) -> Array:
        return Array([mine - its for mine, its in zip(self.values, other.values, strict=True)])

    def __abs__(self) -> Array:
        return Array([abs(value) for value in self.values])


class Broker:
    """A listener that takes one message, and answers with these words."""

    def __init__(self, answer: bytes) -> None:
        self.said = b""
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def end(self) -> None:
        self._thread.join(20)
        self._listener.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        link, _ = self._listener.accept()
        with link:
            link.sendall(b"INFO {}\r\n")
            while not self.said.endswith(b"PING\r\n"):
                self.said += link.recv(4096)
            link.sendall(self._answer)


class Triton:
    """The model as Triton would run it; ``warnings`` are what it logged."""

    def __init__(self, cameras: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.warnings: list[str] = []
        triton, numpy = ModuleType("triton_python_backend_utils"), ModuleType("numpy")
        vars(triton).update(
            get_input_tensor_by_name=lambda request, name: SimpleNamespace(
                as_numpy=lambda: Array(request[name])
            ),
            Tensor=lambda name, values: (name, values),
            InferenceResponse=dict,
            Logger=SimpleNamespace(log_warn=self.warnings.append),
        )
        vars(numpy).update(array=lambda values, dtype: values)
        monkeypatch.setitem(sys.modules, "triton_python_backend_utils", triton)
        monkeypatch.setitem(sys.modules, "numpy", numpy)
        monkeypatch.setenv("CAMERAS", str(cameras))
        spec = importlib.util.spec_from_file_location("motion_model", MODEL)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._model = module.TritonPythonModel()
        self._model.initialize({})

    def motion(self, frame: list[int], camera: str = "gate") -> float:
        (answer,) = self._model.execute([{"CAMERA": [camera.encode()], "FRAME": frame}])
        return float(answer["MOTION"][0])


@pytest.fixture
def triton(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Triton:
    (tmp_path / "default.json").write_text('{"limit": 255, "quiet": 0}')
    (tmp_path / "gate.json").write_text('{"limit": 10, "quiet": 3600}')
    return Triton(tmp_path, monkeypatch)


def test_a_frame_is_compared_with_the_cameras_last_one(
    triton: Triton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER", "127.0.0.1:1")
    assert [triton.motion(frame, "pen") for frame in (DARK, BRIGHT, BRIGHT)] == [0, 200, 0]
    assert triton.motion(DARK, "shed") == 0
    assert triton.motion([0, 0, 0], "pen") == 0, "another resolution"
    assert triton.warnings == [], "no alarm under the limit"


def test_past_the_cameras_limit_the_broker_gets_one_alarm(
    triton: Triton, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(b"PONG\r\n")
    monkeypatch.setenv("BROKER", broker.address)
    for frame in (DARK, BRIGHT, DARK):
        triton.motion(frame)
    broker.end()
    head, message, *_ = broker.said.split(b"\r\n")[1:]
    assert head == f"PUB alarms.gate {len(message)}".encode()
    assert json.loads(message) == {"camera": "gate", "motion": 200.0}
    assert triton.warnings == []


@pytest.mark.parametrize("answer", [b"-ERR 'no'\r\n", b""])
def test_a_broker_that_does_not_take_it_is_a_warning_and_no_failure(
    triton: Triton, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(answer)
    monkeypatch.setenv("BROKER", broker.address)
    assert [triton.motion(DARK), triton.motion(BRIGHT)] == [0, 200]
    broker.end()
    (warning,) = triton.warnings
    assert "an alarm of gate was not taken" in warning
