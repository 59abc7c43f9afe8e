"""Routes from text: steps, verbs, receive, labels, revisions."""

import pytest

from engine.site.load import load_site
from engine.site.model import Label, OnError, Then
from engine.site.paths import XPath
from engine.site.problems import Invalid
from engine.site.units import Duration
from tests.engine.site.fakes import SITE, FakeRegistry, write_site


@pytest.fixture
def load(tmp_path):
    def make(text=SITE):
        return load_site(write_site(tmp_path, text), FakeRegistry())

    return make


def test_receive(load, tmp_path):
    receive = load().routes["report"].receive
    assert receive.from_ == ("his_in", "his_op")
    assert receive.operation == "Order"
    assert receive.identity == (XPath("//Header/MessageID"),)
    assert receive.keep == Duration(400 * 86400)
    assert receive.check == tmp_path / "t/order.xsd"
    assert receive.reply_ok == receive.reply_invalid == tmp_path / "t/reply.xsl"


def test_one_connection_needs_no_list(load):
    assert load(SITE.replace("[his_in, his_op]", "his_in")).routes["report"].receive.from_ == ("his_in",)


def test_labels(load):
    assert load().routes["report"].labels == (
        Label("order_id", XPath("//Id")),
        Label("name", XPath("//Name"), phi=True, optional=True),
    )


def test_steps(load):
    route = load().routes["report"]
    assert [(s.id, s.verb, s.into) for s in route.steps][:3] == [
        ("each", "split", "each"),
        ("order", "transform", "order"),
        ("row", "call", "row"),
    ]
    assert route.steps[0].status == "Pending"
    last = route.step("send")
    assert last.policy == "remote"
    assert last.on_error == OnError(Then("go", "file"), Then("hold"))
    assert last.place.line == 30
    assert route.steps[0].policy == "default"
    assert load(SITE.replace("{id: order, ", "{id: made, into: order, ")).routes["report"].step("made").into == "order"


def test_the_revision_follows_meaning_not_form(load):
    first = load().routes["report"].revision
    assert len(first) == 64
    assert load("# a comment\n" + SITE.replace("status: Pending, ", "")).routes["report"].revision != first
    moved = SITE.replace("{id: order, transform: {xslt: t/order.xsl}}", "{transform: {xslt: 't/order.xsl'}, id: order}")
    assert moved != SITE
    assert load("# a comment\n\n" + moved).routes["report"].revision == first
    assert load(SITE.replace("times", "t").replace("give_up: 10m", "give_up: 11m")).routes["report"].revision == first


def test_the_revision_follows_the_content_of_transforms_and_of_what_they_include(load, tmp_path):
    first = load().routes["report"].revision
    sheet = (
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        '<xsl:import href="common.xsl"/></xsl:stylesheet>'
    )
    load()
    (tmp_path / "t/order.xsl").write_text(sheet)
    (tmp_path / "t/common.xsl").write_text("<a/>")
    second = load_site(tmp_path, FakeRegistry()).routes["report"].revision
    (tmp_path / "t/common.xsl").write_text("<b/>")
    third = load_site(tmp_path, FakeRegistry()).routes["report"].revision
    assert len({first, second, third}) == 3


def test_the_revision_is_the_same_wherever_the_site_lies(load, tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    write_site(other)
    assert load_site(other, FakeRegistry()).routes["report"].revision == load().routes["report"].revision


ORDER = "operation: Order\n      order: {key: %s, until: row%s}"


def test_an_order_has_a_key_an_end_and_a_way_to_fail(load):
    order = load(SITE.replace("operation: Order", ORDER % ("//Id", ""))).routes["report"].receive.order
    assert (order.key.text, order.until, order.on_failure) == ("//Id", "row", "hold")
    order = load(SITE.replace("operation: Order", ORDER % ("PID-3.1", ", on_failure: pass"))).routes["report"]
    assert order.receive.order.key.text == "$(body/PID-3.1)"
    assert order.receive.order.on_failure == "pass"
    assert load().routes["report"].receive.order is None


def test_a_reply_waits_until_the_run_is_done_but_not_for_ever(load):
    small = "  small: {receive: {from: his_in, operation: X, reply: {when: done%s}}, steps: [{id: a, set: {}}]}\n"
    receive = load(SITE + small % ", within: 5s").routes["small"].receive
    assert (receive.reply_when, receive.reply_within) == ("done", 5.0)
    assert load(SITE + small % "").routes["small"].receive.reply_within == 30.0
    assert load().routes["report"].receive.reply_when == "stored"
    with pytest.raises(Invalid, match="`within` belongs to `when: done`"):
        load(SITE.replace("when: stored", "when: stored, within: 5s"))
