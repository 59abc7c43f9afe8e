"""What a body becomes by its content type."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.message import Hl7, Refused, Xml
from engine.transform import reading


@pytest.mark.parametrize(
    ("content_type", "body", "value"),
    [
        ("application/json", b'{"a": [1, 2]}', {"a": [1, 2]}),
        ("application/vnd.x+json; charset=utf-8", b"[]", []),
        ("text/plain; charset=gb18030", "示例".encode("gb18030"), "示例"),
        ("application/octet-stream", b"\x00\x01", b"\x00\x01"),
        ("application/xml", b"<?xml version='1.0'?><a/>", Xml(b"<a/>")),
        ("application/hl7-v2", b"MSH|^~\\&|A", Hl7(b"MSH|^~\\&|A\r")),
        ("application/json; root=Request", b'{"a": {"@id": 1, "b": ["x", null, true]}}',
         Xml(b'<Request><a id="1"><b>x</b><b/><b>true</b></a></Request>')),
        ("application/json; root=R", b'{"a": [1.10, -0, 12345678901234567890.5, 1e999]}',
         Xml(b"<R><a>1.10</a><a>0</a><a>12345678901234567890.5</a><a>1e999</a></R>")),
        ("application/json", b'"\\ud83d\\ude00"', "\U0001f600"),
        ("text/plain; charset=latin1", b"\xe9", "\xe9"),
    ],
)  # fmt: skip
def test_a_body_by_its_content_type(content_type: str, body: bytes, value: object) -> None:
    assert reading.read(body, content_type) == value


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"\xff"),
        ("application/json", b"[NaN]"),
        ("application/json", b'{"a": 1, "a": 2}'),
        ("application/json", b"[" * 300 + b"]" * 300),
        ("application/json", b"[" * 100_000),
        ("application/json", b"1" * 5000),
        ("application/json; root=R", b'{"no name": 1}'),
        ("application/json; root=R", b'{"a": "\\u0001"}'),
        ("application/json; root=R", b'{"a": "\\ud800"}'),
        ("application/json; root=1", b"{}"),
        ("text/plain", b"\xff"),
        ("text/plain; charset=none-such", b"a"),
        ("text/plain; charset=undefined", b"a"),
        ("text/plain; charset=unicode_escape", b"\\ud800"),
        ("text/plain; charset=punycode", b"no name-a"),
        ("text/plain; charset=a\0b", b"a"),
        ("application/hl7-v2; charset=undefined", b"MSH|^~\\&|A"),
        ("application/hl7-v2", b"MSH|^~\\&|A\rNTE|\x1c\r\x0bMSH|^~\\&|B\r"),
        ("application/hl7-v2", "MSH\u2013^~\\&\u2013A".encode()),
        ("application/json", b'{"a": "\\ud800"}'),
        ("application/json", b'{"a\\uDfff": 1}'),
        ("application/json", b"[1e999]"),
        ("application/xml; root=R", b'{"a": 1}'),
    ],
)
def test_what_cannot_be_read_is_refused_without_quoting_it(content_type: str, body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        reading.read(body, content_type)
    assert "no name" not in caught.value.reason


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_read_as_it_was_written(value: object) -> None:
    try:
        assert reading.read(json.dumps(value).encode(), "application/json") == value
    except Refused:
        raise AssertionError(value) from None
