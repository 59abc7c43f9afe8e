"""Encodings of requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._soap.text import media_type, plain_utf8, without_declaration
from engine.message import Refused

TEXT = "<a>示例甲</a>"


@pytest.mark.parametrize(
    ("body", "charset", "encoding"),
    [
        (TEXT.encode(), "", "utf-8"),
        (TEXT.encode(), "utf8", "utf-8"),
        (TEXT.encode("utf-8-sig"), "gbk", "utf-8"),
        (f'<?xml version="1.0" encoding="gb2312"?>{TEXT}'.encode("gbk"), "", "gb18030"),
        (f"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>{TEXT}".encode(), "", "utf-8"),
        (TEXT.encode("gbk"), "GBK", "gb18030"),
        (TEXT.encode("utf-16"), "", "utf-16"),
        (TEXT.encode("utf-16-be"), "utf-16be", "utf-16-be"),
        (TEXT.encode("big5", "ignore"), "big5", "big5"),
    ],
)
def test_the_text_whatever_the_encoding(body: bytes, charset: str, encoding: str) -> None:
    data, name = plain_utf8(body, charset)
    assert name == encoding
    assert data.decode() == (TEXT if encoding != "big5" else TEXT.encode("big5", "ignore").decode("big5"))


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (TEXT.encode("gbk"), ""),
        (b"\xff\xfe\x00", ""),
        ("<a>\ud800</a>".encode("utf-16-le", "surrogatepass"), "utf-16le"),
        (TEXT.encode(), "rot13"),
        (TEXT.encode(), "no such thing"),
        (TEXT.encode(), "\0"),
    ],
)
def test_what_is_not_text_is_refused(body: bytes, charset: str) -> None:
    with pytest.raises(Refused, match="WB-1006") as refusal:
        plain_utf8(body, charset)
    assert "示" not in refusal.value.reason


@given(st.binary(max_size=60), st.sampled_from(["", "gbk", "utf-8", "utf-16", "big5", "latin-1"]))
def test_any_bytes_are_text_or_refused(body: bytes, charset: str) -> None:
    try:
        data, _ = plain_utf8(body, charset)
    except Refused:
        return
    data.decode()


@given(st.text(alphabet=st.characters(codec="gb18030", exclude_categories=["Cs", "Cc"]), min_size=1))
def test_gbk_text_is_never_garbled(text: str) -> None:
    """Also where the sender declares UTF-8 by mistake: the right text, or a refusal."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><a>{text}</a>'.encode("gb18030")
    try:
        data, _ = plain_utf8(body, "gbk")
    except Refused:
        return
    assert data.decode() == f"<a>{text}</a>"


def test_parts_of_a_content_type() -> None:
    assert media_type('Text/XML; Charset="gbk"; action=a') == ("text/xml", {"charset": "gbk", "action": "a"})
    assert media_type("") == ("", {})


def test_declarations_are_taken_off_once() -> None:
    assert without_declaration('\ufeff <?xml version="1.0"?>\n<a/> ') == "<a/>"
    assert without_declaration("<a><?xml-like?></a>") == "<a><?xml-like?></a>"
