"""The bare mirror, its trees and the notes, over GitPython.

``Mirror`` is the port Source, ``NotesPusher`` the port Notes; ``read_notes`` reads every site's
newest note, ``open_tree`` the files of a local repository's commit, ``verified`` its history;
``first_commit`` and ``Desk`` make commits in a work tree. ``normalise``,
``check_branch`` and ``ssh_server`` look at names alone.
"""

from reconciler.adapters.git.credentials import Credentials
from reconciler.adapters.git.first import Desk, FirstCommit, first_commit
from reconciler.adapters.git.history import verified
from reconciler.adapters.git.mirror import Mirror
from reconciler.adapters.git.notes import NotesPusher
from reconciler.adapters.git.process import allow_calls, end_calls
from reconciler.adapters.git.reader import SiteNote, read_notes
from reconciler.adapters.git.remotes import check_branch, normalise, ssh_server
from reconciler.adapters.git.tree import open_tree

__all__ = [
    "Credentials",
    "Desk",
    "FirstCommit",
    "Mirror",
    "NotesPusher",
    "SiteNote",
    "allow_calls",
    "check_branch",
    "end_calls",
    "first_commit",
    "normalise",
    "open_tree",
    "read_notes",
    "ssh_server",
    "verified",
]
