"""Base64 and JSON in a worker: streaming gives what a plain JSON library gives, and what is wrong is said."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.message import Refused
from engine.transform.codec import (
    CHUNK,
    Decoded,
    Sign,
    base64_to_file,
    decoded_in,
    read_json,
    signature,
    signed_text,
    write_json,
)

SIGN = Sign(b"key")


def test_the_signed_text_in_its_three_ways() -> None:
    fields: dict[str, Any] = {"b": {"y": 1, "x": [True, None]}, "a": "值", "signature": "old", "no": None}
    assert signed_text(fields) == 'a=值&b={"y":1,"x":[true,null]}'
    assert signed_text(fields, "sorted") == 'a=值&b={"x":[true,null],"y":1}'
    assert signed_text(fields, "java") == "a=值&b={y=1, x=[true, null]}"


def test_the_key_is_in_no_repr() -> None:
    assert "key'" not in repr(SIGN)


@given(st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=8)))
def test_streamed_json_is_the_same_object_with_the_same_signature(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    fields.pop("signature", None)
    target = tmp_path_factory.getbasetemp() / "streamed.json"
    size = write_json(str(target), fields, {}, SIGN)
    assert size == target.stat().st_size
    kept = {name: value for name, value in fields.items() if value is not None}
    assert json.loads(target.read_bytes()) == kept | {"signature": signature(fields, SIGN)}


def test_a_file_larger_than_a_chunk_is_coded_and_signed_as_one_string(tmp_path: Path) -> None:
    data = bytes(range(256)) * (CHUNK // 256 + 7) + b"x"
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(data)
    write_json(str(target), {"z": 1, "a": {"q": "w"}}, {"file": str(source)}, SIGN)
    text = base64.b64encode(data).decode()
    answer = json.loads(target.read_bytes())
    assert answer["file"] == text
    expected = hmac.new(b"key", f'a={{"q":"w"}}&file={text}&z=1'.encode(), hashlib.sha256).digest()
    assert answer["signature"] == base64.b64encode(expected).decode()
    assert base64_to_file(text, str(tmp_path / "back")).size == len(data)
    assert (tmp_path / "back").read_bytes() == data


def test_without_a_signature(tmp_path: Path) -> None:
    write_json(str(tmp_path / "a"), {}, {})
    assert (tmp_path / "a").read_bytes() == b"{}"


def test_an_answer_s_base64_with_line_breaks_becomes_a_file(tmp_path: Path) -> None:
    body = {"status": "200", "data": {"composePdf": "aGVs\r\nbG8=\n", "cert": "x", "list": [{"composePdf": ""}]}}
    answer = read_json(json.dumps(body).encode(), str(tmp_path), ("composePdf",))
    decoded = answer["data"]["composePdf"]
    assert isinstance(decoded, Decoded)
    assert Path(decoded.path).read_bytes() == b"hello"
    assert answer["data"]["list"] == [{"composePdf": ""}]
    (tmp_path / "answer").write_text(json.dumps(body))
    assert read_json(str(tmp_path / "answer"), str(tmp_path))["data"]["cert"] == "x"


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b'{"composePdf": "a*"}', b"[" * 100_000, b'{"a":' * 200 + b"1" + b"}" * 200, b"\xff"],
)
def test_what_is_wrong_is_said_without_a_value(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(Refused, match=r"WB-2015 (the answer|composePdf) is n"):
        read_json(body, str(tmp_path), ("composePdf",))


@pytest.mark.parametrize(
    "data", [{"composePdf": ["aGk="] * 9}, {"list": [{"composePdf": "aGk="}] * 9}, {"composePdf": ["aGk=", "a*"]}]
)
def test_an_answer_that_is_refused_leaves_no_files(tmp_path: Path, data: object) -> None:
    with pytest.raises(Refused, match="WB-2015"):
        read_json(json.dumps({"data": data}).encode(), str(tmp_path), ("composePdf",))
    assert list(tmp_path.iterdir()) == []


def test_all_files_of_an_answer_are_found(tmp_path: Path) -> None:
    body = json.dumps({"composePdf": "aGk=", "data": {"list": [{"composePdf": "aGk="}, 1]}, "more": "x"})
    answer = read_json(body.encode(), str(tmp_path), ("composePdf",))
    assert sorted(file.path for file in decoded_in(answer)) == sorted(str(path) for path in tmp_path.iterdir())
    assert len(list(decoded_in(answer))) == 2
