"""How much a camera's frame differs from the one before; past the camera's limit, an alarm.

It stands where a model of your own will: it has no weights, so that it fits a ConfigMap. Alarms
go to the broker as JSON, subject ``alarms.CAMERA``. /etc/cameras/CAMERA.json (else default.json)
has a camera's ``limit`` (mean difference of a pixel, 0 to 255) and ``quiet``, the seconds between
two alarms.
"""

import json
import os
import socket
import time
from pathlib import Path

import numpy
import triton_python_backend_utils as triton

CAMERAS = Path(os.environ.get("CAMERAS", "/etc/cameras"))


class TritonPythonModel:
    def initialize(self, args):
        self._settings = {
            path.stem: json.loads(path.read_text()) for path in CAMERAS.glob("*.json")
        }
        self._frames = {}
        self._alarms = {}

    def execute(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        camera = triton.get_input_tensor_by_name(request, "CAMERA").as_numpy().item().decode()
        frame = triton.get_input_tensor_by_name(request, "FRAME").as_numpy().astype("int16")
        last = self._frames.get(camera, frame)
        self._frames[camera] = frame
        motion = float(abs(frame - last).mean()) if frame.shape == last.shape else 0.0
        self._judge(camera, motion)
        output = triton.Tensor("MOTION", numpy.array([motion], dtype="float32"))
        return triton.InferenceResponse([output])

    def _judge(self, camera, motion):
        settings = self._settings.get(camera) or self._settings["default"]
        now = time.monotonic()
        quiet_until = self._alarms.get(camera, now)
        if motion < settings["limit"] or now < quiet_until:
            return
        self._alarms[camera] = now + settings["quiet"]
        try:
            publish(f"alarms.{camera}", {"camera": camera, "motion": round(motion, 1)})
        except OSError as error:
            triton.Logger.log_warn(f"an alarm of {camera} was not taken by the broker: {error}")


def publish(subject, message):
    """Send one message over NATS' text protocol, and wait until the server has it."""
    host, _, port = os.environ["BROKER"].partition(":")
    body = json.dumps(message).encode()
    with socket.create_connection((host, int(port)), timeout=2) as link:
        link.sendall(
            b'CONNECT {"verbose":false,"pedantic":false}\r\n'
            + f"PUB {subject} {len(body)}\r\n".encode()
            + body
            + b"\r\nPING\r\n"
        )
        said = b""
        while b"PONG\r\n" not in said:
            chunk = link.recv(4096)
            said += chunk
            if not chunk or b"-ERR" in said:
                raise OSError(said.decode(errors="replace") or "the link was closed")
