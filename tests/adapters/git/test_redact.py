"""What is repeated of git's words."""

from __future__ import annotations

from reconciler.adapters.git.redact import clean


def test_credentials_headers_and_secrets_are_taken_out() -> None:
    text = b"fatal: https://me:pw@host/r: said t0ken\nAuthorization: Basic abc=\nremote: x://tok@h"
    assert clean(text, ("t0ken",)) == (
        "fatal: https://host/r: said ***; Authorization: ***; remote: x://h"
    )


def test_the_reason_comes_first_and_all_of_it_is_bounded_and_printable() -> None:
    shown = clean(b"remote: hello\x1b[31m\n" + b"fatal: " + b"z" * 9_000 + b"\xff\nhint: try\n")
    assert shown.startswith("fatal: zzz") and len(shown) == 400 and shown.isprintable()


def test_hints_are_left_out() -> None:
    assert clean("hint: do this\nfatal: no\n") == "fatal: no"
