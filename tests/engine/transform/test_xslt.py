"""The input tree, the values in it, and stylesheets that misbehave."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from lxml import etree

from engine.message import Blob, Refused, Value, Xml, document_id
from engine.transform import files
from engine.transform.xslt import RunHeader, element_name, put, xslt

HEADER = RunHeader("u1", 7, "2026-11-20T11:30:00+08:00", 2, "ab" * 32)
COPY = '<xsl:template match="/"><xsl:copy-of select="."/></xsl:template>'


def sheet(folder: Path, content: str, name: str = "t.xsl") -> Path:
    path = folder / name
    namespaces = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
    path.write_text(f'<xsl:stylesheet version="1.0" {namespaces}>{content}</xsl:stylesheet>', encoding="utf-8")
    return path


BLOB = f'<v sha256="ab" size="5" content_type="application/pdf" document="{document_id("u1", "ab")}"/>'


def written(value: Value) -> str:
    root = etree.Element("r")
    put(root, "v", value, "u1")
    return etree.tostring(root[0], encoding="unicode")


@pytest.mark.parametrize(
    ("value", "xml"),
    [
        ("a & <b>", "<v>a &amp; &lt;b&gt;</v>"),
        (None, "<v/>"),
        (True, "<v>true</v>"),
        (3, "<v>3</v>"),
        (1.5, "<v>1.5</v>"),
        ("a\x00b", "<v>a\N{REPLACEMENT CHARACTER}b</v>"),
        ({"name": "甲", "ids": [1, 2]}, "<v><name>甲</name><ids><item>1</item><item>2</item></ids></v>"),
        ({"1st name": "x"}, '<v><_1st_name key="1st name">x</_1st_name></v>'),
        (Xml(b"<order><id>1</id></order>"), "<v><order><id>1</id></order></v>"),
        (Blob("ab", 5, "application/pdf", "甲.pdf"), BLOB),
        (b"12345", '<v size="5"/>'),
    ],
)
def test_values_in_xml(value: Value, xml: str) -> None:
    assert written(value) == xml


@pytest.mark.parametrize(
    ("name", "element"), [("a", "a"), ("", "_"), ("-a", "_-a"), ("a b:c", "a_b_c"), ("姓名", "姓名")]
)
def test_any_key_makes_an_element_name(name: str, element: str) -> None:
    assert element_name(name) == element


def test_the_input_tree(tmp_path: Path) -> None:
    values: dict[str, Value] = {"order": {"id": "1"}, "body": "not twice"}
    out = xslt(sheet(tmp_path, COPY), HEADER, Xml(b"<Request/>"), values)
    assert out.data == (
        b'<run id="u1" seq="7" at="2026-11-20T11:30:00+08:00" attempt="2" key="' + b"ab" * 32 + b'">'
        b"<body><Request/></body><values><order><id>1</id></order></values></run>"
    )


def test_an_imported_sheet_is_used_and_its_change_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FRESH", 0.0)
    sheet(tmp_path, '<xsl:variable name="x">1</xsl:variable>', "i.xsl")
    main = sheet(
        tmp_path,
        '<xsl:import href="i.xsl"/><xsl:template match="/"><a><xsl:value-of select="$x"/></a></xsl:template>',
    )
    assert xslt(main, HEADER, None, {}).data == b"<a>1</a>"
    sheet(tmp_path, '<xsl:variable name="x">222</xsl:variable>', "i.xsl")
    assert xslt(main, HEADER, None, {}).data == b"<a>222</a>"


def refusal(path: Path, body: Value = None) -> str:
    with pytest.raises(Refused) as caught:
        xslt(path, HEADER, body, {})
    assert caught.value.code == "WB-2003"
    return caught.value.reason


def test_files_and_network_are_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text("<s>planted</s>")
    for call in (f"document('{secret.as_uri()}')", "document('http://127.0.0.1:9/x')", "document('')"):
        path = sheet(tmp_path, f'<xsl:template match="/"><a><xsl:copy-of select="{call}"/></a></xsl:template>')
        with contextlib.suppress(Refused):
            assert b"planted" not in xslt(path, HEADER, None, {}).data


def test_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "w.xsl"
    path.write_text(
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
        'xmlns:e="http://exslt.org/common" extension-element-prefixes="e"><xsl:template match="/"><a>'
        f'<e:document href="{tmp_path}/out.xml"><b/></e:document></a></xsl:template></xsl:stylesheet>'
    )
    refusal(path)
    assert not (tmp_path / "out.xml").exists()


def test_a_message_of_the_author_is_told_and_a_value_is_not(tmp_path: Path) -> None:
    stop = '<xsl:template match="/"><xsl:message terminate="yes">{}</xsl:message><a/></xsl:template>'
    assert "the visit is missing" in refusal(sheet(tmp_path, stop.format("the visit is missing"), "1.xsl"))
    told = sheet(tmp_path, stop.format('the name <xsl:value-of select="//name"/>'), "2.xsl")
    assert "示例甲" not in refusal(told, Xml("<name>示例甲</name>".encode()))


def test_an_endless_recursion_is_told(tmp_path: Path) -> None:
    loop = '<xsl:template match="/" name="t"><xsl:call-template name="t"/></xsl:template>'
    assert "recursion" in refusal(sheet(tmp_path, loop))


def test_no_root_in_the_output(tmp_path: Path) -> None:
    assert "no root element" in refusal(sheet(tmp_path, '<xsl:template match="/">text</xsl:template>'))


@pytest.mark.parametrize(
    "content", ["<xsl:template/>", "<xsl:template match='['/>", "<a", "<xsl:import href='no.xsl'/>"]
)
def test_a_broken_stylesheet_is_named(tmp_path: Path, content: str) -> None:
    assert ".xsl: " in refusal(sheet(tmp_path, content))
