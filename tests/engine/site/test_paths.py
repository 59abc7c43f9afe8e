"""Paths and templates: what they find, what they refuse, what faults say."""

import contextlib
import pickle
import sys
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.message import Blob, Refused, Value, Xml
from engine.site.nodes import Place, Text
from engine.site.path_text import PathError
from engine.site.paths import Template, XPath, evaluate, evaluate_one
from engine.site.problems import Invalid
from engine.site.settings import Context, build

BODY = Xml(
    "<Request><Header><ID n='7'>42</ID></Header><Body><P><Name>示例 &amp; <!--x-->co</Name><Empty/></P>"
    "<List><Order><Id>1</Id></Order><Order><Id>2</Id></Order></List></Body></Request>".encode()
)
ROWS = {"rows": [{"id": 1, "tags": ["a", "b"]}, {"id": 2}], "name": "x", "n": 5.0, "none": None, "@kind": "k"}
PDF = Blob("0" * 64, 10)
VALUES: dict[str, Value] = {
    "body": BODY,
    "answer": ROWS,
    "list": [{"id": 9}, {"id": 8}],
    "pdf": PDF,
    "text": "t",
    "raw": b"\xff",
}


def value(text):
    return evaluate(Template(text), VALUES, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$(body/Header/ID)", "42"),
        ("$(body/Header/ID/@n)", "7"),
        ("$(body//ID)", "42"),
        ("$(body//Request/Header/ID)", "42"),
        ("$(body/Body//Name)", "示例 & co"),
        ("$(body//Order[2]/Id)", "2"),
        ("$(body/Body/P/Empty)", ""),
        ("//Order[1]/Id", "1"),
        ("count(x) is plain text", "count(x) is plain text"),
        ("a-$(body//ID)-$(text)", "a-42-t"),
        ("$$(body//ID)", "$(body//ID)"),
        ("$(answer/name)", "x"),
        ("$(answer/n)", 5.0),
        ("$(answer/@kind)", "k"),
        ("n=$(answer/n)", "n=5"),
        ("$(answer/rows[2]/id)", 2),
        ("$(answer/rows)", ROWS["rows"]),
        ("$(answer//tags)", ["a", "b"]),
        ("$(answer/none)", None),
        ("$(list[2]/id)", 8),
        ("$(pdf)", PDF),
        ("$(raw)", b"\xff"),
        ("$(raw|base64)", "/w=="),
        ("$(body)", BODY),
        ("$(body/Header)", Xml(b'<Header><ID n="7">42</ID></Header>')),
        ("$(missing|default:none)", "none"),
        ("$(body//Nope|default:)", ""),
        ("$(body//Empty|default:-)", "-"),
        ("$(body//Nope|trim|default:d)", "d"),
        ("$(body//ID|default:9|sha256)", "73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049"),
    ],
)
def test_what_a_template_gives(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("$(body//Nope)", "WB-2001", "$(body//Nope)"),
        ("//Nope", "WB-2001", "//Nope"),
        ("$(missing/x)", "WB-2001", "missing/x"),
        ("$(pdf/x)", "WB-2001", "pdf/x"),
        ("$(text/x)", "WB-2001", "text/x"),
        ("$(answer/rows[9]/id)", "WB-2001", "rows[9]"),
        ("$(body//Order/Id)", "WB-2002", "finds 2"),
        ("//Order", "WB-2002", "finds 2"),
        ("$(answer/rows/id)", "WB-2002", "finds 2"),
        ("a$(pdf)", "WB-2009", "a document"),
        ("a$(answer)", "WB-2009", "no single text"),
        ("$(body/y:b)", "WB-2001", "cannot be evaluated"),
    ],
)
def test_what_a_template_refuses(text, code, part):
    with pytest.raises(Refused) as caught:
        value(text)
    assert caught.value.code == code
    assert part in caught.value.reason
    assert "示例" not in caught.value.reason


@pytest.mark.parametrize(
    ("text", "position", "part"),
    [
        ("ab$(x", 3, "without"),
        ("$()", 3, "name of a value"),
        ("$(x/)", 4, "cannot follow"),
        ("$(x/@a/b)", 7, "cannot follow"),
        ("$(x/a[0])", 6, "counts from 1"),
        ("$(x/a b)", 6, "cannot follow"),
        ("$(x|nope)", 5, "unknown filter"),
        ("$(x|trim|date)", 10, "date:%Y"),
        ("//a[", 1, "XPath"),
    ],
)
def test_faults_of_a_template_name_the_character(text, position, part):
    with pytest.raises(PathError, match=part) as caught:
        Template(text)
    assert caught.value.position == position


@given(st.text(alphabet="$()/|ab[1]:@ ", max_size=30))
def test_any_text_is_read_or_refused_cleanly(text):
    with contextlib.suppress(PathError):
        Template(text)


@given(st.text().filter(lambda t: "$(" not in t and not t.startswith("//")))
def test_text_without_parts_is_itself(text):
    assert evaluate(Template(text), {}, {}) == text


def test_identities_and_labels_are_one_trimmed_text():
    assert evaluate_one(XPath("//ID"), BODY, {}) == "42"
    assert evaluate_one(XPath("//ID/@n"), BODY, {}) == "7"
    assert evaluate_one(XPath("count(//Order)"), BODY, {}) == "2"
    assert evaluate_one(XPath("//a"), Xml(b"<a>\n x\n</a>"), {}) == "x"
    for path, code in (("//Empty", "WB-2001"), ("//Nope", "WB-2001"), ("//Id", "WB-2002")):
        with pytest.raises(Refused) as caught:
            evaluate_one(XPath(path), BODY, {})
        assert caught.value.code == code


def test_namespaces():
    xml = Xml(b'<r xmlns:p="urn:p"><p:a k="1">x</p:a></r>')
    assert evaluate(Template("$(body/q:a)"), {"body": xml}, {"q": "urn:p"}) == "x"
    assert evaluate_one(XPath("//q:a/@k"), xml, {"q": "urn:p"}) == "1"


@pytest.mark.parametrize("data", [b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", b"<a", b""])
def test_a_value_that_is_no_plain_xml_is_refused(data):
    with pytest.raises(Refused):
        evaluate(Template("$(body/x)"), {"body": Xml(data)}, {})


def test_paths_travel_by_pickle():
    for made in (Template("a$(body//ID|default:x)"), Template("//ID"), XPath("//ID")):
        again = pickle.loads(pickle.dumps(made))
        assert again == made
        assert hash(again) == hash(made)
    assert evaluate(pickle.loads(pickle.dumps(Template("$(body//ID)"))), VALUES, {}) == "42"


@pytest.mark.parametrize(
    ("kind", "text", "part"),
    [
        (XPath, "//q:a", "prefix `q`"),
        (XPath, "//a[nope()]", "function"),
        (XPath, "//a[q:b = 'w:x(']", "prefix `q`"),
        (XPath, "//a[", "XPath 1.0"),
        (Template, "$(body/q:a)", "prefix `q`"),
        (Template, "//q:a", "prefix `q`"),
        (Template, "$(a", "without"),
    ],
)
def test_faults_in_a_site_have_a_place(tmp_path, kind, text, part):
    with pytest.raises(Invalid, match=r"r\.yaml:3:7") as caught:
        build(kind, Text(text, Place("r.yaml", 3, 7)), Context(tmp_path))
    assert part in str(caught.value)


def test_lxml_is_imported_only_when_a_path_needs_it():
    code = "import sys, engine.site.paths as p; p.Template('$(a/b)'); assert 'lxml.etree' not in sys.modules"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_template_knows_the_values_that_it_reads():
    assert Template("$(a/b)-$(c)").names == ("a", "c")
    assert Template("//x").names == ("body",)
    assert Template("$(a)").single is not None
    assert Template("x$(a)").single is None
