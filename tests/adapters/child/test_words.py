"""What comes from the child is checked: it may have been taken over by what it read."""

from __future__ import annotations

import io
from typing import Any

import pytest

from reconciler.adapters.child import Limits, codec, frames
from reconciler.adapters.child.conversation import Conversation
from reconciler.adapters.child.ending import Ended, Wall
from reconciler.adapters.child.process import Child
from reconciler.adapters.child.worker import told
from reconciler.model.errors import FileError, RenderError, SettingsError
from reconciler.model.origins import Origin
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Finding, SiteSettings
from reconciler.model.rules import AdoptRule, DriftMode, DriftRule
from tests.adapters.child.fleet import FILES, SITE
from tests.manifests import config_map, manifest
from tests.trees import DictTree

_SECONDS = 60.0
ROW = codec.encode_manifest(manifest(config_map("a")))
ENDING = {
    "settings": codec.encode_settings(SiteSettings(fleet="f", labels={})),
    "findings": [],
    "idle": [],
}


class Liar(Child):
    """Says what it was told to say, and notes what it is told."""

    def __init__(self, *words: dict[str, Any]) -> None:
        super().__init__(Limits())
        self._words = iter(words)
        self.heard: list[bytes] = []

    def send(self, packed: bytes) -> None:
        self.heard.append(packed)

    def receive(self) -> dict[str, Any]:
        return next(self._words)


def talk(*words: dict[str, Any], most: int = 10) -> Liar:
    """Have the words answered, up to an honest ending."""
    liar = Liar(*words, ENDING)
    request = {"site": str(SITE), "commit": "c"}
    try:
        talk = Conversation(
            liar, DictTree(FILES), lambda _: None, tuple, ask=None, wall=Wall(_SECONDS)
        )
        talk.hold(request, most)
    finally:
        liar.end()
    return liar


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a/../../x", "./a", "a//b", "a\0b", "a" * 5_000]
)
@pytest.mark.parametrize("call", ["read", "kind", "names", "digest", "link"])
def test_nothing_outside_the_tree_is_read(call: str, path: str) -> None:
    assert talk({"call": call, "path": path}).heard[1:] == [frames.pack({"absent": True})]


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"call": "write", "path": ""},
        {"call": ["read"], "path": ""},
        {"call": "read"},
        {"call": "read", "path": 5},
        {"object": None},
        {"object": ROW[:-1]},
        {"object": [*ROW[:2], 5, *ROW[3:]]},
        {"object": [["", "a"], *ROW[1:]]},
        {"error": {}},
        {"error": {**codec.encode_error(FileError("x")), "type": "SystemExit"}},
        {"error": {**codec.encode_error(FileError("x")), "line": "x"}},
        {**ENDING, "settings": {}},
        {**ENDING, "settings": {**ENDING["settings"], "labels": []}},
        {**ENDING, "findings": [["rule"]]},
    ],
)
def test_words_without_sense_end_the_child(words: dict[str, Any]) -> None:
    with pytest.raises(Ended, match="an answer without sense"):
        talk(words)


def test_objects_without_end_end_the_child() -> None:
    with pytest.raises(Ended, match="without sense"):
        talk(*[{"object": ROW}] * 11)


def test_a_manifest_reads_back() -> None:
    given = manifest(
        config_map(
            "a",
            annotations={
                "fleet-reconciler.dev/depends-on": "Namespace/app",
                "fleet-reconciler.dev/wait": "true",
            },
        )
    )
    assert given.wait
    assert codec.decode_manifest(codec.encode_manifest(given)) == given


def test_a_finding_reads_back_though_its_name_is_odd() -> None:
    given = Finding(
        rule="name", message="bad", ref=ObjectRef("a", "", "n/s", ""), origin=Origin("x", 1, "g")
    )
    assert codec.decode_finding(codec.encode_finding(given)) == given
    bare = Finding(rule="object-count", message="many")
    assert codec.decode_finding(codec.encode_finding(bare)) == bare


def test_settings_read_back() -> None:
    given = SiteSettings(
        fleet="f",
        labels={"a": "b"},
        ring="r",
        forbid=("Secret",),
        drift=(DriftRule(mode=DriftMode.WARN, labels={"a": "b"}, fields=("/spec/replicas",)),),
        adopt=(AdoptRule(managers=("helm-controller",), kind="ConfigMap"),),
    )
    words = frames.unpack(frames.pack(codec.encode_settings(given))[frames.HEAD :])
    assert codec.decode_settings(words) == given


@pytest.mark.parametrize("kind", [FileError, RenderError, SettingsError])
def test_an_error_reads_back(kind: type[FileError]) -> None:
    given = kind("message", path="a", line=1, column=2)
    found = codec.decode_error(codec.encode_error(given))
    assert (type(found), str(found)) == (kind, "a:1:2: message")


@pytest.mark.parametrize(
    "data", [b"", b"\0\0", b"\0\0\0\5abc", b"\xff\xff\xff\xff", b"\0\0\0\1{", b"\0\0\0\2[]"]
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(frames.BrokenFrame):
        frames.unpack(frames.read(io.BytesIO(data)))


def test_words_are_bounded_on_both_sides() -> None:
    large = "x" * frames.MAX_WORDS
    with pytest.raises(frames.BrokenFrame, match="at most"):
        frames.pack({"a": large})
    with pytest.raises(frames.BrokenFrame, match="at most"):
        frames.unpack(b'{"a":"' + large.encode() + b'"}')
    with pytest.raises(frames.BrokenFrame, match="at most"):
        frames.frame(b"x" * (frames.MAX_FRAME + 1))


def test_a_defect_is_told_without_the_words_of_a_file() -> None:
    def broken() -> None:
        raise ValueError("hunter2")

    with pytest.raises(ValueError, match="hunter2") as caught:
        broken()
    message = str(told(caught.value, SITE))
    assert "a defect (ValueError in broken:" in message
    assert "hunter2" not in message


def test_endless_nesting_is_the_users() -> None:
    assert "nested too deeply" in str(told(RecursionError("deep"), SITE))
