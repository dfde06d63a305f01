"""kustomize's words around an error: what it was about when something went wrong below."""

from __future__ import annotations

from reconciler.model.errors import RenderError
from reconciler.render.folder import Folder, Problem, rooted

_MALFORMED = "MalformedYAMLError: "
_RECURSED = "recursed accumulation of path"


def told(error: RenderError, doing: str) -> RenderError:
    """The error with what was being done; its place stays."""
    message = error.message if doing in error.message else f"{doing}: {error.message}"
    return RenderError(message, path=error.path, line=error.line, column=error.column)


def below(error: RenderError, path: str, accumulating: str) -> RenderError:
    """An error in a base or component, which has its place; only the innermost is named."""
    if _RECURSED in error.message:
        return error
    return told(error, f"{accumulating}: {_RECURSED} '{rooted(path)}'")


def malformed(error: RenderError, doing: str) -> RenderError:
    """An error in a text that is no YAML as kustomize tells it where the text is no object's."""
    message = error.message
    if not message.startswith(_MALFORMED):
        return told(error, doing)
    text = f"{doing}: yaml: {message.removeprefix(_MALFORMED)}"
    return RenderError(text, path=error.path, line=error.line, column=error.column)


def in_file(error: RenderError, path: str) -> RenderError:
    """An error in a file of objects or patches that is no YAML, in kustomize's words."""
    if not error.message.startswith(_MALFORMED):
        return error
    why, semicolon, more = error.message.removeprefix(_MALFORMED).partition("; ")
    text = f"{_MALFORMED}yaml: {why} in File: {path}{semicolon}{more}"
    return RenderError(text, path=error.path, line=error.line, column=error.column)


def unreadable(error: RenderError, path: str, folder: Folder) -> RenderError:
    """A file of resources that cannot be used, in kustomize's words and with our place."""
    doing = f"accumulating resources from '{path}'"
    message = error.message
    if message.startswith(_MALFORMED):
        message = f"accumulating resources: {doing}: {in_file(error, path).message}"
    else:
        message = f"accumulating resources: {as_file(f'{doing}: {message}', path, folder)}"
    return RenderError(message, path=error.path, line=error.line, column=error.column)


def as_file(problem: str, path: str, folder: Folder) -> str:
    """kustomize tries a path as a file and as a folder, and tells of both."""
    try:
        folder.folder_at(path)
    except Problem as other:
        if str(other) in problem:
            return problem
        second = str(other)
        what, _, why = second.rpartition(": evalsymlink failure")
        if why and why in problem:  # which is told once, though kustomize tells it twice
            second = what
        if folder.is_file(path):  # as the entry has it: the whole path is told before
            second = f"must build at directory: '{path}': file is not directory"
        return f"accumulation err='{problem}': {second}"
    return problem


def as_folder(path: str, where: str) -> str:
    """The same, before what is wrong with the folder."""
    return (
        f"accumulating resources: accumulation err='accumulating resources from '{path}':"
        f" '{rooted(where)}' must resolve to a file'"
    )
