"""The jobs in real workers: values and specs travel, a stylesheet that never ends is killed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.message import Refused
from engine.site.paths import Template, XPath
from engine.transform import jobs
from engine.transform.pool import Pool
from tests.engine.transform.test_accept import SPEC, sample
from tests.engine.transform.test_split import ORDERS

JOBS = "engine.transform.jobs:"
HEADER = jobs.RunHeader("u", 1, "2026-11-20T11:30:00+08:00", 1, "ab" * 32)
DOUBLING = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><a><xsl:call-template name="t"><xsl:with-param name="n" select="60"/></xsl:call-template></a>
</xsl:template><xsl:template name="t"><xsl:param name="n"/><xsl:if test="$n &gt; 0">
<xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template>
<xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template>
</xsl:if></xsl:template></xsl:stylesheet>"""


@pytest.fixture
def pool(reactor: Any, drive: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Pool]:
    made = Pool(reactor, size=1, deadline=30.0, memory=400 << 20)
    made.start()
    yield made
    drive(made.stop())


async def test_an_order_through_the_workers(pool: Pool) -> None:
    accepted = await pool.run(JOBS + "accept", SPEC, sample("b"), "text/xml")
    assert accepted.findings == ()
    parts = await pool.run(JOBS + "split", ORDERS, {"body": accepted.value})
    assert [part.labels["patient_id"] for part in parts] == ["0009000001", "0009000002"]
    answers = await pool.run(JOBS + "evaluate", {"id": XPath("//PATPatientID")}, {"body": parts[1].value}, {})
    assert answers == {"id": "0009000002"}
    assert await pool.run(JOBS + "check", SPEC.xsd, parts[0].value) == []


async def test_a_refusal_travels(pool: Pool) -> None:
    with pytest.raises(Refused, match=r"WB-2001 the path \$\(none\) finds nothing"):
        await pool.run(JOBS + "evaluate", {"a": Template("$(none)")}, {}, {})


async def test_a_stylesheet_that_never_ends_is_killed_at_its_deadline(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "doubling.xsl"
    path.write_text(DOUBLING)
    runaway = pool.run(JOBS + "xslt", str(path), HEADER, None, {}, deadline=1.0)
    other = pool.run(JOBS + "evaluate", {"a": Template("x")}, {}, {})
    with pytest.raises(Refused, match="WB-2004"):
        await runaway
    assert await other == {"a": "x"}


async def test_an_xml_that_eats_memory_is_found_too_large(pool: Pool) -> None:
    bomb = await pool.run(JOBS + "accept", SPEC, b"<a>" + b"<b/>" * 4_000_000 + b"</a>", "")
    assert [finding.code for finding in bomb.findings] == ["WB-1005"]
    assert (await pool.run(JOBS + "accept", SPEC, sample(), "text/xml")).findings == ()


def test_every_job_has_its_name() -> None:
    assert {"accept", "reply", "split", "xslt", "mapping", "check", "evaluate"} <= set(jobs.__all__)
    assert all(hasattr(jobs, name) for name in jobs.__all__)
