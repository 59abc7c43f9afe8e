"""Alerts of a running engine: begun and ended once, damped, told through ordinary connections, kept over restarts."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

import pytest

from engine.channel import HealthState
from engine.message import Refused, Request
from engine.ops import alerts as acts
from tests.contracts.smtp_peer import SmtpPeer
from tests.engine.alerts.house import CALLS, RULE, desk, pager
from tests.engine.runtime.house import attention, change, engine, order, rows
from tests.engine.world import reactor


def refuse(request: Request) -> None:
    raise Refused("WB-3003", "no")


DOWN, UP = HealthState.DOWN, HealthState.UP


async def test_one_row_from_begin_to_end_told_once_each(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.health("sink", DOWN, "connection refused")
        for _ in range(5):
            await it.round()
        assert it.said() == [[("began", "connection", "sink", "down: connection refused")]]
        it.health("sink", UP)
        for _ in range(5):
            await it.round()
        assert [[one[:3] for one in told] for told in it.said()] == [
            [("began", "connection", "sink")], [("ended", "connection", "sink")],
        ]  # fmt: skip
        assert [row[:3] for row in it.rows()] == [("ward", "sink", "ended")]
        assert all(at is not None for row in it.rows() for at in row[3:])


async def test_what_flaps_neither_begins_nor_ends(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]", hold="1h") as it:
        for state in (DOWN, UP) * 5:
            it.health("sink", state)
            await it.round()
        assert (it.rows(), it.said()) == ([], [])


async def test_an_open_one_that_flaps_stays_open(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.health("sink", DOWN)
        await it.round()
        it.hold("1h")
        for state in (UP, DOWN) * 5:
            it.health("sink", state)
            await it.round()
        assert ([row[2] for row in it.rows()], len(it.said())) == (["open"], 1)


async def test_nothing_is_told_again_after_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.health("sink", DOWN)
        await it.round()
        assert len(it.said()) == 1
        await it.restart()
        it.health("sink", DOWN)
        await it.round()
        assert ([row[2] for row in it.rows()], len(it.said())) == (["open"], 1)
        it.health("sink", UP)
        await it.round()
        assert [told[0][0] for told in it.said()] == ["began", "ended"]


async def test_what_was_not_told_before_a_crash_is_told_after_it(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.status = 503
        it.health("sink", DOWN)
        await it.round()
        assert it.rows()[0][3] is None
        await it.restart()
        it.health("sink", DOWN)
        it.status = 200
        await it.round()
        assert it.rows()[0][3] is not None
        assert [told[0][0] for told in it.said()] == ["began"]


async def test_a_storm_is_one_message(tmp_path: Path) -> None:
    many = "".join(f"  c{n}: {{type: memory_out, repeat: same}}\n" for n in range(500))
    async with desk(tmp_path, "[{connection: down}]", extra=many) as it:
        for n in range(500):
            it.health(f"c{n}", DOWN)
        await it.round()
        await it.round()
        assert len(it.bodies) == 1
        assert (it.bodies[0]["count"], len(it.bodies[0]["alerts"])) == (500, 100)
        assert len(it.rows()) == 500


async def test_one_message_in_an_interval(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down}]", interval="1h") as it:
        for name in ("sink", "pager"):
            it.health(name, DOWN)
            await it.round()
        assert [told[0][2] for told in it.said()] == ["sink"]
        it.daemon.alerts.teller._last.clear()  # an hour passes
        await it.round()
        assert [told[0][2] for told in it.said()] == ["sink", "pager"]


async def test_telling_is_tried_again_and_its_trouble_is_known(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.status = 503
        it.health("sink", DOWN)
        await it.round()
        (trouble,) = it.daemon.alerts.teller.trouble.values()
        assert (trouble.rule, trouble.target, trouble.attempts) == ("ward", "webhook", 1)
        it.status = 200
        await it.round()  # not yet: a pause
        assert it.rows()[0][3] is None
        it.passes()
        await it.round()
        assert it.rows()[0][3] is not None
        assert not it.daemon.alerts.teller.trouble
        keys = [sent.headers["idempotency-key"] for sent in it.peer.sent]
        assert len(set(keys)) == 1


async def test_one_that_is_put_off_is_told_when_its_time_is_over(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.health("sink", DOWN)
        await it.round()
        await it.act(acts.snooze, 1, 60, "op", "known, a technician comes")
        await it.round()
        assert len(it.said()) == 1
        change(tmp_path, "UPDATE alert SET snoozed_until = told_begin_at + 1")
        await it.round()
        assert [told[0][0] for told in it.said()] == ["began", "began"]
        assert it.rows()[0][2] == "open"


async def test_what_comes_back_while_it_is_put_off_is_quiet(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.health("sink", DOWN)
        await it.round()
        await it.act(acts.snooze, 1, 60, "op", "works on the line")
        for state in (UP, DOWN, UP):
            it.health("sink", state)
            await it.round()
        assert [told[0][0] for told in it.said()] == ["began", "ended"]
        assert [row[2] for row in it.rows()] == ["ended", "ended"]
        assert all(row[4] is not None for row in it.rows())


async def test_an_acknowledged_one_still_tells_its_end(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.health("sink", DOWN)
        await it.round()
        await it.act(acts.acknowledge, 1, "op", "I look")
        await it.round()
        assert it.rows()[0][2] == "acknowledged"
        it.health("sink", UP)
        await it.round()
        assert [told[0][0] for told in it.said()] == ["began", "ended"]


async def test_a_rule_that_a_reload_takes_away_ends_quietly(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.health("sink", DOWN)
        await it.round()
        it.rename("other")
        await it.round()
        states = {row[0]: (row[2], row[4] is not None) for row in it.rows()}
        assert states == {"ward": ("ended", True), "other": ("open", False)}
        assert [body["rule"] for body in it.bodies] == ["ward", "other"]


async def test_a_connection_that_a_person_stopped_is_no_alarm(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: degraded, of: [sink]}]") as it:
        await it.daemon.desk.pause("connection", "sink", "op", "works")
        await it.round()
        assert it.rows() == []


@pytest.mark.limit(60)
async def test_dead_letters_of_a_real_route(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{dead_letter: all}]", steps=CALLS) as it:
        it.channel("sink").answer = refuse
        for n in range(3):
            await it.put(order(n), "order")
        await it.until(lambda: len(it.runs(state="dead")) == 3)
        await it.round()
        assert it.said() == [[("began", "dead_letter", "r.out", it.said()[0][0][3])]]
        assert it.said()[0][0][3].startswith("3 runs, WB-")
        change(tmp_path, "UPDATE attention SET closed_at = 1")
        await it.round()
        assert [told[0][0] for told in it.said()] == ["began", "ended"]


@pytest.mark.limit(60)
async def test_the_store_takes_no_writes_is_told_all_the_same(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{store: refuses}]") as it:
        await it.round()
        assert it.said() == []
        it.refuse(True)
        for _ in range(3):
            await it.round()
        assert [told[0][:3] for told in it.said()] == [("began", "store", "store")]
        assert it.rows() == []
        it.refuse(False)
        for _ in range(3):
            await it.round()
        assert [told[0][0] for told in it.said()] == ["began", "ended"]
        assert [row[2] for row in it.rows()] == ["ended"]


async def test_a_site_without_rules_does_nothing(tmp_path: Path) -> None:
    async with engine(tmp_path, pager(9, "", CALLS)) as world:
        await world.daemon.alerts.look()
        await world.daemon.alerts.tell()
        assert rows(world, "SELECT 1 FROM alert") == []


@pytest.mark.limit(60)
async def test_by_e_mail_and_webhook_each_once_whichever_fails(tmp_path: Path) -> None:
    server = SmtpPeer()
    port = server.listen(reactor)
    mail = f"  mail: {{type: smtp_out, host: 127.0.0.1, port: {port}, security: none, sender: w@example.org}}\n"
    rule = RULE.replace("webhook:", "language: es, email: {through: mail, to: [it@example.org]}, webhook:")
    try:
        async with desk(tmp_path, "[{connection: down, of: [sink]}]", extra=mail, rule=rule) as it:
            server.refuses = True
            it.health("sink", DOWN, "connection refused")
            await it.round()
            assert (len(it.bodies), server.letters, it.rows()[0][3]) == (1, [], None)
            server.refuses = None
            it.passes()
            await it.round()
            await it.round()
            assert (len(it.peer.sent), len(server.letters)) == (1, 1)
            assert it.rows()[0][3] is not None
        letter = email.message_from_bytes(server.letters[0], policy=email.policy.default)
        assert letter["Subject"].endswith("ward: Empezó: Conexión sink")
        assert "A quién llamar: phone 42" in letter.get_content()
    finally:
        await server.close()


OVERDUE = (
    "      - {id: ask, wait: {for: person, question: well?, answers: [good, bad], until: 100ms,"
    " on_timeout: {alert: ward}}}\n"
)


@pytest.mark.limit(60)
async def test_a_wait_that_is_over_its_time_raises_the_alert_that_it_names(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{clock: 30s}]", steps=OVERDUE) as it:
        await it.put(order(1, "<name>植入甲</name>"), "order")
        await it.until(lambda: "overdue" in attention(it))
        await it.round()
        assert it.said() == [[("began", "overdue", "r.ask", "1 run, WB-2014")]]
        assert "植入甲" not in str(it.bodies)


async def test_it_looks_by_itself(tmp_path: Path) -> None:
    async with desk(tmp_path, "[{connection: down, of: [sink]}]") as it:
        it.health("sink", DOWN)
        it.begin()
        await it.until(lambda: len(it.bodies) == 1)
