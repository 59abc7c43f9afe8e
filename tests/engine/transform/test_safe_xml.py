"""Encodings as real senders write them; DTDs, bombs and rubbish are refused with a code and no value."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.message import Refused, Xml
from engine.transform import safe_xml

TEXT = '<?xml version="1.0" encoding="%s"?><a>示例甲</a>'


@pytest.mark.parametrize(
    ("declared", "codec", "content_type"),
    [
        ("UTF-8", "utf-8", ""),
        ("utf-8", "utf-8-sig", "text/xml"),
        ("GBK", "gbk", ""),
        ("GB2312", "gb2312", "text/xml"),
        ("gb18030", "gb18030", "application/xml"),
        ("UTF-16", "utf-16", ""),
        ("GBK", "gbk", "text/xml; charset=utf-8"),
        ("GBK", "utf-8", 'text/xml; charset="utf-8"'),
        ("UTF-8", "utf-8", "text/xml; charset=GBK"),
        ("UTF-8", "gbk", "text/xml; charset=GBK"),
        ("Big5", "big5", ""),
    ],
)
def test_encodings(declared: str, codec: str, content_type: str) -> None:
    text = "<?xml version='1.0' encoding='Big5'?><a>中文</a>" if declared == "Big5" else TEXT % declared
    root = safe_xml.parse(text.encode(codec), content_type)
    assert root.text == ("中文" if declared == "Big5" else "示例甲")
    assert safe_xml.to_bytes(root) == f"<a>{root.text}</a>".encode()


def test_gbk_named_only_in_the_content_type() -> None:
    assert safe_xml.parse("<a>示例甲</a>".encode("gbk"), "text/xml;charset=GBK").text == "示例甲"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "WB-1010"),
        (b" \n", "WB-1010"),
        (b"hello", "WB-1001"),
        (b"<a>", "WB-1001"),
        (b"<a/><b/>", "WB-1001"),
        (b"<a>" * 300 + b"</a>" * 300, "WB-1001"),
        (b"<!DOCTYPE a><a/>", "WB-1002"),
        (b'<?xml version="1.0"?><!-- c --><?p?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "WB-1002"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "WB-1002"),
        (b"<a>&x;</a>", "WB-1002"),
        ((TEXT % "UTF-8").encode("gbk"), "WB-1006"),
        ((TEXT % "KOI-99").encode(), "WB-1006"),
        (b"<a>\xff</a>", "WB-1006"),
        (b"<a>\x01</a>", "WB-1006"),
        (b"<a>&#1;</a>", "WB-1006"),
    ],
)
def test_refused(body: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        safe_xml.parse(body)
    assert caught.value.code == code
    assert "示例" not in str(caught.value)


def test_larger_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_xml, "LIMIT", 10)
    with pytest.raises(Refused, match="WB-1005"):
        safe_xml.parse(b"<a>1234567</a>")


def test_bombs_are_refused_quickly() -> None:
    began = time.monotonic()
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 20))
    bombs = [b"<!DOCTYPE a [" + entities + b"]><a>&e19;</a>", b"<!--" * 1_000_000, b"<?x" * 1_000_000]
    for bomb in bombs:
        with pytest.raises(Refused):
            safe_xml.parse(bomb)
    assert time.monotonic() - began < 2


def test_comments_and_instructions_vanish_and_lose_no_text() -> None:
    root = safe_xml.parse(b"\n<?xml version='1.0'?><a>x<!--c-->y<?p z?>w<![CDATA[<]]></a>")
    assert safe_xml.to_bytes(root) == b"<a>xyw&lt;</a>"


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")))
def test_any_text_travels_unchanged(text: str) -> None:
    from xml.sax.saxutils import escape

    root = safe_xml.from_value(Xml(f"<a>{escape(text)}</a>".encode()))
    assert (root.text or "") == text


@given(st.binary(max_size=200), st.sampled_from(["", "text/xml; charset=gbk", "text/xml; charset=utf-16"]))
def test_any_bytes_are_read_or_refused(body: bytes, content_type: str) -> None:
    with contextlib.suppress(Refused):
        safe_xml.parse(body, content_type)
