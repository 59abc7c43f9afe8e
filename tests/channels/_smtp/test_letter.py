"""A letter: addresses that every server takes, and nothing that becomes a header of its own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels._smtp.letter import address, letter
from engine.message import Request


@pytest.mark.parametrize(
    ("text", "name", "spec"),
    [
        ("it@example.org", "", "it@example.org"), ("Ward Desk <w@example.org>", "Ward Desk", "w@example.org"),
        ('"值班" <w@example.org>', "值班", "w@example.org"), ("<w@example.org>", "", "w@example.org"),
    ],
)  # fmt: skip
def test_addresses(text: str, name: str, spec: str) -> None:
    found = address(text)
    assert (found.display_name, found.addr_spec) == (name, spec)


@pytest.mark.parametrize("text", ["", "@", "a@", "@b", "a b@c", "名@c", "a@b\nx"])
def test_what_is_none(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        address(text)


def test_long_lines_and_any_language_are_plain_bytes() -> None:
    asked = Request(
        "mail", {"addresses": "it@example.org", "subject": "告警" * 60, "text": "长" * 2000}, "f" * 64,
        datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip
    to, data = letter(asked, "w@example.org", "here.example")
    assert to == ["it@example.org"]
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert all(byte < 128 for byte in data)
