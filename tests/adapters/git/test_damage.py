"""What a power cut leaves of the mirror is found, and the mirror is cloned again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.errors import SourceUnavailable
from tests.adapters.git import build
from tests.adapters.git.build import Remote

REF = "refs/remotes/origin/main"


def _empty(path: Path) -> None:
    assert path.stat().st_size
    path.chmod(0o600)
    os.truncate(path, 0)


def _empty_packs(folder: Path) -> None:
    for path in (folder / "objects/pack").glob("*.pack"):
        _empty(path)


def _halve_packs(folder: Path) -> None:
    for path in (folder / "objects/pack").glob("*.pack"):
        path.chmod(0o600)
        os.truncate(path, path.stat().st_size // 2)


def _spoil_packs(folder: Path) -> None:
    for path in (folder / "objects/pack").glob("*.pack"):
        path.chmod(0o600)
        path.write_bytes(b"\0" * path.stat().st_size)


def _lose_packs(folder: Path) -> None:
    for path in (folder / "objects/pack").glob("*.pack"):
        path.unlink()


def _empty_indexes(folder: Path) -> None:
    for path in (folder / "objects/pack").glob("*.idx"):
        _empty(path)


def _empty_ref(folder: Path) -> None:
    _empty(folder / REF)


def _spoil_ref(folder: Path) -> None:
    (folder / REF).write_bytes(b"\0" * 41)


def _dangle_ref(folder: Path) -> None:
    (folder / REF).write_text("1" * 40 + "\n")


def _empty_shallow(folder: Path) -> None:
    _empty(folder / "shallow")


def _locks(folder: Path) -> None:
    for name in (REF + ".lock", "shallow.lock", "packed-refs.lock", "config.lock", "HEAD.lock"):
        (folder / name).write_text("")


def _empty_config(folder: Path) -> None:
    _empty(folder / "config")


def _empty_head(folder: Path) -> None:
    _empty(folder / "HEAD")


def _half_pack(folder: Path) -> None:
    (folder / "objects/pack/tmp_pack_abcdef").write_bytes(b"PACK")


FAULTS: tuple[Callable[[Path], None], ...] = (
    _empty_packs,
    _halve_packs,
    _spoil_packs,
    _lose_packs,
    _empty_indexes,
    _empty_ref,
    _spoil_ref,
    _dangle_ref,
    _empty_shallow,
    _locks,
    _empty_config,
    _empty_head,
    _half_pack,
)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
@pytest.mark.parametrize("restart", [True, False], ids=["after a restart", "while it runs"])
def test_damage_is_healed_by_a_fetch(
    tmp_path: Path, remote: Remote, fault: Callable[[Path], None], restart: bool
) -> None:
    folder = tmp_path / "state" / "mirror.git"
    remote.commit({"a": "0"})
    accepted = remote.commit({"a": "1", "b/c": "2"})
    mirror = build.mirror(folder, remote.url)
    mirror.fetch()
    mirror.close()
    before = _files(folder)
    fault(folder)
    assert _files(folder) != before  # the fault fired
    if restart:
        mirror = build.mirror(folder, remote.url)
    tip = remote.commit({"a": "1", "b/c": "3"})
    assert mirror.fetch().commit == tip
    assert [v.changed for v in mirror.verify(tip, accepted)] == [("b/c",)]
    assert mirror.tree(tip).names("b") == ("c",)
    mirror.close()


def test_a_damaged_mirror_without_a_link_raises_nothing_but_unavailable(
    tmp_path: Path, remote: Remote
) -> None:
    folder = tmp_path / "state" / "mirror.git"
    tip = remote.commit({"a": "1"})
    mirror = build.mirror(folder, remote.url)
    mirror.fetch()
    mirror.close()
    _empty_packs(folder)
    remote.folder.rename(tmp_path / "away")
    mirror = build.mirror(folder, remote.url)
    assert not mirror.has(tip)
    with pytest.raises(SourceUnavailable):
        mirror.fetch()
    with pytest.raises(SourceUnavailable):
        mirror.tree(tip)
    (tmp_path / "away").rename(remote.folder)
    assert mirror.fetch().commit == tip and mirror.has(tip)
    mirror.close()


def test_a_power_cut_amid_the_swap_of_folders_loses_nothing(tmp_path: Path, remote: Remote) -> None:
    folder = tmp_path / "state" / "mirror.git"
    tip = remote.commit({"a": "1"})
    mirror = build.mirror(folder, remote.url)
    mirror.fetch()
    mirror.close()
    folder.rename(folder.with_name("mirror.git.new"))
    folder.with_name("mirror.git.old").mkdir()
    mirror = build.mirror(folder, remote.url)
    assert mirror.has(tip)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["mirror.git"]
    mirror.close()


def test_a_power_cut_amid_a_clone_begins_it_again(tmp_path: Path, remote: Remote) -> None:
    folder = tmp_path / "state" / "mirror.git"
    tip = remote.commit({"a": "1"})
    (folder.with_name("mirror.git.new") / "objects").mkdir(parents=True)
    mirror = build.mirror(folder, remote.url)
    assert not folder.with_name("mirror.git.new").exists()
    assert mirror.fetch().commit == tip
    mirror.close()
