"""What a schema, a stylesheet, a table and samples tell, and when they tell nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.shapes import of_samples, of_schema, of_stylesheet, of_table

HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
SHEET = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
END = "</xsl:template></xsl:stylesheet>"


def schema(folder: Path, text: str) -> Path:
    path = folder / "s.xsd"
    path.write_text(HEAD + text + "</xs:schema>")
    return path


def test_children_through_types_groups_and_bases(tmp_path: Path) -> None:
    shape = of_schema(schema(tmp_path, """
      <xs:element name="r" type="B"/>
      <xs:complexType name="A"><xs:sequence><xs:element name="a" type="xs:string"/></xs:sequence>
        <xs:attribute name="no"/></xs:complexType>
      <xs:complexType name="B"><xs:sequence><xs:group ref="G"/><xs:element name="in"><xs:complexType><xs:choice>
        <xs:element ref="r"/></xs:choice><xs:attributeGroup ref="T"/></xs:complexType></xs:element></xs:sequence>
      </xs:complexType>
      <xs:group name="G"><xs:sequence><xs:element name="g"/></xs:sequence></xs:group>
      <xs:attributeGroup name="T"><xs:attribute name="t"/></xs:attributeGroup>"""))  # fmt: skip
    assert shape is not None
    root = shape.content(shape.roots["r"])
    assert (set(root.children), root.is_open) == ({"g", "in"}, False)
    inner = shape.content(root.children["in"])
    assert (set(inner.children), inner.attributes) == ({"r"}, frozenset({"t"}))
    assert shape.content(root.children["g"]).is_open  # no type is any type
    assert shape.names == {"r", "g", "in"}


@pytest.mark.parametrize(
    "text",
    [
        '<xs:element name="a" substitutionGroup="b"/><xs:element name="b"/>',
        '<xs:import namespace="u" schemaLocation="http://x/y.xsd"/><xs:element name="a"/>',
        '<xs:include schemaLocation="none.xsd"/><xs:element name="a"/>',
        '<xs:element name="a"/><xs:element name="a"/>',
        '<xs:redefine schemaLocation="x.xsd"/><xs:element name="a"/>',
        "",
    ],
)
def test_what_is_not_certain_has_no_shape(tmp_path: Path, text: str) -> None:
    assert of_schema(schema(tmp_path, text)) is None


def test_a_type_that_others_extend_lets_more_in(tmp_path: Path) -> None:
    shape = of_schema(
        schema(
            tmp_path,
            """<xs:element name="r" type="A"/>
      <xs:complexType name="A"><xs:sequence><xs:element name="a"/></xs:sequence></xs:complexType>
      <xs:complexType name="B"><xs:complexContent><xs:extension base="A"/></xs:complexContent></xs:complexType>""",
        )
    )
    assert shape is not None
    assert shape.content(shape.roots["r"]).is_open


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('<o id="1"><a/><xsl:element name="b"/></o>', {"o", "id", "a", "b"}),
        ('<o><xsl:copy-of select="x"/></o>', None),
        ('<o><xsl:element name="{x}"/></o>', None),
        (('<o><xsl:element name="{$n}"/><xsl:call-template name="t"><xsl:with-param name="n">c</xsl:with-param>'
         "</xsl:call-template></o>"), {"o", "c"}),
        (('<o><xsl:element name="{$n}"/><xsl:call-template name="t"><xsl:with-param name="n" select="x"/>'
         "</xsl:call-template></o>"), None),
    ],
)  # fmt: skip
def test_stylesheets(tmp_path: Path, body: str, names: set[str] | None) -> None:
    path = tmp_path / "s.xsl"
    path.write_text(SHEET + body + END)
    assert of_stylesheet(path) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a: {value: b}\nc: {value: d}", {"a", "c"}),
        ("target: {as: xml, root: r}\nfields: {a/p:b/@c: {value: d}}\nrepeat: [{for_each: $(v), at: l/m, fields: {}}]",
         {"r", "a", "b", "c", "l", "m", ""}),
        ("target: {as: json, base: $(body)}\nfields: {a: {value: b}}", None),
        ("target: {as: hl7}\nfields: {PID-1: {value: b}}", None),
        ("[", None),
    ],
)  # fmt: skip
def test_tables(tmp_path: Path, text: str, names: set[str] | None) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    found = of_table(path)
    assert (found if found is None else found | {""} if names and "" in names else found) == names


def test_samples(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text('<r b="1"><c/></r>')
    (tmp_path / "b.json").write_text('{"d": [{"e": 1}]}')
    (tmp_path / "bad.xml").write_text("<")
    assert of_samples([tmp_path / "a.xml", tmp_path / "bad.xml"]).names == {"r", "b", "c"}
    assert of_samples([tmp_path / "b.json"]).names == {"d", "e"}
    assert of_samples([tmp_path / "a.xml", tmp_path / "b.json"]).names == frozenset()
