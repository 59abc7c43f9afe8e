"""Lint: each fault with its exact line and what to write."""

import pytest

from engine.site.lint import lint
from engine.site.nodes import Place
from engine.site.problems import invalid
from tests.engine.site.fakes import FILES, SITE, FakeRegistry, write_site

FAULTS = [
    # (text, replaced by, line, code, part of the message)
    ("namespaces: {p: 'urn:p'}", "namspaces: {p: 'urn:p'}", 1, "WB-6003", "did you mean `namespaces`"),
    ("{p: 'urn:p'}", "{p: [x]}", 1, "WB-6005", "write `p: 'urn:...'`"),
    ("type: access", "type: acces", 7, "WB-6007", "did you mean `access`"),
    ("type: access", "type: broken", 7, "WB-6007", "cannot be loaded: no module named pyodbc"),
    ("{type: access, path: var/db}", "{path: var/db}", 7, "WB-6004", "`type` is missing"),
    ("path: var/out", "pth: var/out", 6, "WB-6003", "did you mean `path`"),
    ("path: var/out", "path: var/out, path: var/x", 6, "WB-6002", "keep one of them"),
    ("listen: 127.0.0.1:8081, path: /his}", "listen: 0.0.0.0:8081, path: /his}", 3, "WB-6015", "allow: [ADDRESSES]"),
    ("listen: 127.0.0.1:8081, path: /his}", "listen: 8081, path: /his}", 3, "WB-6005", "127.0.0.1:8081"),
    ("key: {secret: his_key}", "key: hunter2", 5, "WB-6017", "write `{secret: NAME}`"),
    ("http://127.0.0.1:1/", "http://me:hunter2@127.0.0.1:1/", 5, "WB-6017", "a user or password in"),
    ("  folder: {", "  Folder: {", 6, "WB-6005", "lower-case letters"),
    ("{roles: [OP]}", "{role: [OP]}", 9, "WB-6003", "did you mean `roles`"),
    ("  default: {", "  defalt: {", 10, "WB-6009", "there is no policy `default`"),
    ("jitter: 20%", "jitter: 0.2", 11, "WB-6005", "write for example `20%`"),
    ("from: [his_in, his_op]", "from: [his_in, his_po]", 16, "WB-6008", "did you mean `his_op`"),
    ("[//Header/MessageID]", "[//Header/Message ID]", 18, "WB-6006", "this is not XPath 1.0"),
    ("[//Header/MessageID]", "[//q:Header/MessageID]", 18, "WB-6006", "write `namespaces: {q: 'http://...'}`"),
    ("xsd: t/order.xsd", "xsd: t/odrer.xsd", 19, "WB-6016", "did you mean `order.xsd`"),
    ("xsd: t/order.xsd", "xsd: t/order.xsl", 19, "WB-6005", "ends in .xsd"),
    ("when: stored", "when: later", 20, "WB-6005", "known: stored, done"),
    ("phi: true", "phi: yes", 21, "WB-6005", "known: true, false"),
    ("split: {by", "choose: {by", 23, "WB-6013", "this version has no verb `choose`"),
    ("split: {by", "broken: {by", 23, "WB-6013", "cannot be loaded: no module named pyhanko"),
    ("{id: order, ", "{id: each, ", 24, "WB-6012", "already the name in line 23"),
    ("{id: order, ", "{id: body, ", 24, "WB-6012", "cannot name a step"),
    ("{id: order, ", "{", 24, "WB-6004", "write `id: ...`"),
    ("transform: {xslt: t/order.xsl}", "xslt: t/order.xsl", 24, "WB-6013", "no verb `xslt`"),
    ("transform: {xslt: t/order.xsl}", "transform: {xslt: t/order.xsl}, set: {}", 24, "WB-6013", "write two steps"),
    ("transform: {xslt: t/order.xsl}", "staus: x, transform: {xslt: t/order.xsl}", 24, "WB-6003", "`status`"),
    ("transform: {xslt: t/order.xsl}", "status: x", 24, "WB-6013", "the step has no verb"),
    ("to: db", "to: bd", 25, "WB-6008", "there is no connection `bd`"),
    ("insert: Clients", "inser: Clients", 25, "WB-6021", "did you mean `insert`"),
    ("if_exists: same", "if_exists: refuse", 25, "WB-6014", "write `in_doubt: person`"),
    ("$(order/id)}", "$(ordr/id)}", 25, "WB-6011", "the value `ordr` is made by no step; write"),
    ("present: //Id", "presnt: //Id", 26, "WB-6003", "write one of: present, absent"),
    ("'$(order/id|filename)'", "'$(order/id|filenam)'", 26, "WB-6006", "unknown filter `filenam`"),
    ("'$(order/id|filename)'", "'$(order/id'", 26, "WB-6006", "`$(` without `)`"),
    ("in: folder, ", "in: foldr, ", 27, "WB-6008", "did you mean `folder`"),
    ("until: 72h", "until: 72", 27, "WB-6005", "30d"),
    ("alert: ward_desk", "alert: ward_dask", 27, "WB-6019", "did you mean `ward_desk`"),
    ("labels: {name: $(order", "labels: {nam: $(order", 28, "WB-6023", "declares no label `nam`"),
    ("refused: file}", "refused: fil}", 29, "WB-6010", "did you mean `file`"),
    ("policy: remote", "policy: remot", 31, "WB-6009", "did you mean `remote`"),
    ("refused: go:file", "refused: go:fil", 32, "WB-6010", "did you mean `file`"),
    ("refused: go:file", "refused: back", 32, "WB-6005", "`go:STEP`"),
    ("body: t/register.xsl", "body: t/registr.xsl", 36, "WB-6016", "did you mean `register.xsl`"),
    ("          in_doubt: person\n", "", 34, "WB-6014", "whether `Register` arrived at `his_out`"),
    ("in_doubt: person", "in_doubt: wait", 38, "WB-6005", "known: repeat, person"),
]


@pytest.mark.parametrize(("text", "written", "line", "code", "part"), FAULTS)
def test_faults(tmp_path, text, written, line, code, part):
    assert text in SITE
    problems = lint(write_site(tmp_path, SITE.replace(text, written, 1)), FakeRegistry())
    found = [p for p in problems if p.code == code and p.place.line == line]
    assert found, [p.line() for p in problems]
    assert part in found[0].line()
    assert found[0].place.file == "routes.yaml"
    assert found[0].advice
    assert not any("hunter2" in p.line() for p in problems)


def test_a_good_site_has_no_problem(tmp_path):
    assert lint(write_site(tmp_path), FakeRegistry()) == []


def test_a_split_is_not_the_last_step(tmp_path):
    text = SITE + "  other: {receive: {from: his_op, operation: X}, steps: [{id: a, split: {by: //A}}]}\n"
    (problem,) = lint(write_site(tmp_path, text), FakeRegistry())
    assert (problem.code, problem.place.line) == ("WB-6013", 39)
    assert "the steps of a part" in problem.advice


def test_of_several_routes_that_receive_the_same_the_first_answers(tmp_path):
    other = "  other: {receive: {from: his_op, operation: Order%s}, steps: [{id: a, set: {}}]}\n"
    assert lint(write_site(tmp_path, SITE + other % ""), FakeRegistry()) == []
    for key in ("identity: [//Id]", "keep: 1d", "check: {xsd: t/order.xsd}", "reply: {when: stored}"):
        (problem,) = lint(write_site(tmp_path, SITE + other % f", {key}"), FakeRegistry())
        word = key.partition(":")[0]
        assert (problem.code, problem.place.line, problem.place.column) == ("WB-6022", 39, 53), problem.line()
        assert f"and it has the `{word}`" in problem.text
        assert problem.advice == f"write `{word}` in `report` only"


def test_a_signal_to_no_route(tmp_path):
    step = "[{id: a, signal: {route: reprt, labels: {}}}]"
    text = SITE + f"  other: {{receive: {{from: his_op, operation: X}}, steps: {step}}}\n"
    (problem,) = lint(write_site(tmp_path, text), FakeRegistry())
    assert (problem.code, problem.place.line) == ("WB-6020", 39)
    assert "did you mean `report`" in problem.advice


@pytest.mark.parametrize(
    ("name", "content", "line", "part"),
    [
        ("t/order.xsd", "<a/>", 1, "the schema does not compile"),
        ("t/order.xsd", "<a>\n<b></a>", 2, "the schema does not compile"),
        ("t/reply.xsl", FILES["t/reply.xsl"].replace("/>", "><xsl:nope/></xsl:stylesheet>"), 1, "stylesheet"),
        ("t/reply.xsl", "<!DOCTYPE a><a/>", 1, "DOCTYPE"),
        ("t/reply.xsl", "", 1, "the stylesheet does not compile"),
    ],
)
def test_transforms_that_do_not_compile_are_shown_in_their_own_file(tmp_path, name, content, line, part):
    problems = lint(write_site(tmp_path, files={**FILES, name: content}), FakeRegistry())
    assert [(p.code, p.place.file, p.place.line) for p in problems] == [("WB-6018", name, line)]
    assert part in problems[0].text


def test_a_mapping_table_is_read(tmp_path):
    files = {**FILES, "t/row.yaml": "a: 1\na: 2\n"}
    text = SITE.replace("values: {ClientID: $(order/id)}", "values: t/row.yaml")
    (problem,) = lint(write_site(tmp_path, text, files), FakeRegistry())
    assert (problem.code, problem.place.file, problem.place.line) == ("WB-6002", "t/row.yaml", 2)


def test_a_mapping_table_is_judged_by_whoever_reads_it(tmp_path):
    def tables(path, namespaces):
        assert namespaces == {"p": "urn:p"}
        raise invalid(Place(str(path), 1, 4), "WB-6005", "no row", "write one")

    text = SITE.replace("values: {ClientID: $(order/id)}", "values: t/row.yaml")
    (problem,) = lint(write_site(tmp_path, text, {**FILES, "t/row.yaml": "a: 1"}), FakeRegistry(), tables)
    assert problem.line() == "t/row.yaml:1:4: WB-6005 no row; write one"
