"""A blob of 1.5 GB in a remote, for real: a megabyte of it compressed once, and named by its hash.

``git hash-object`` of as many zeros takes a quarter of a minute.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

from tests.adapters.git.build import Remote, git

PIECE = bytes(1 << 20)
PIECES = 1_431
SIZE = PIECES * len(PIECE)


def commit(remote: Remote, path: str, files: Mapping[str, str | bytes]) -> None:
    """Commit the files, and on top of them the huge one."""
    remote.commit(files)
    blob = _written(remote)
    git(remote.folder, "config", "core.compression", "1")  # it is packed in a fifth of the time
    git(remote.folder, "read-tree", "main")
    git(remote.folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    tree = git(remote.folder, "write-tree")
    who = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")
    made = git(remote.folder, *who, "commit-tree", "-p", "main", "-m", "a huge file", tree)
    git(remote.folder, "update-ref", "refs/heads/main", made)


def _written(remote: Remote) -> str:
    """The blob's name, once it lies in the remote as a loose object."""
    head = b"blob %d\0" % SIZE
    name, check = hashlib.sha1(head), zlib.adler32(head)
    for _ in range(PIECES):
        name.update(PIECE)
        check = zlib.adler32(PIECE, check)
    place = remote.folder / "objects" / name.hexdigest()[:2] / name.hexdigest()[2:]
    place.parent.mkdir(exist_ok=True)
    with place.open("wb") as file:
        file.write(b"\x78\x01" + _deflated(head))  # zlib's own head
        file.write(_deflated(PIECE) * PIECES)
        file.write(b"\x03\x00" + check.to_bytes(4, "big"))  # an empty last block, and the sum
    return name.hexdigest()


def _deflated(data: bytes) -> bytes:
    """What may stand before and after anything else that is made so."""
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
