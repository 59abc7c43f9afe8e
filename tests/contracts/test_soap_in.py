"""`soap_in` keeps the contract of a source."""

from __future__ import annotations

from typing import Any

import treq
from twisted.internet.error import ConnectionLost
from twisted.web.client import ResponseNeverReceived
from twisted.web.http_headers import Headers

from engine.site.settings import Listen
from tests.contracts.base import Answer, SourceContract
from tests.contracts.fakes import NAME, World

ENVELOPE = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<HIPMessageServer xmlns="http://www.dhcc.com.cn"><input1>MES0138</input1><input2><![CDATA[%s]]></input2>
</HIPMessageServer></s:Body></s:Envelope>"""
ORDER = f"<Request><Header/><Body><AddRisAppBillRt><PATName>{NAME}</PATName></AddRisAppBillRt></Body></Request>"


class TestSoapIn(SourceContract):
    TYPE = "soap_in"

    def settings(self, world: World) -> Any:
        return self.module.Settings(listen=Listen("127.0.0.1", 0), operations={"MES0138": "AddRisAppBillRt"})

    async def deliver(self, channel: Any, world: World) -> Answer:
        return await self.post(channel, ENVELOPE % ORDER)

    async def deliver_bad(self, channel: Any, world: World) -> Answer:
        return await self.post(channel, f"<not-soap>{NAME}</not-soap>")

    async def post(self, channel: Any, body: str) -> Answer:
        """Post the body over a connection of its own."""
        headers = Headers({"Content-Type": ["text/xml; charset=utf-8"]})
        url = f"http://127.0.0.1:{channel.port}/his"
        try:
            response = await treq.post(url, body.encode(), headers=headers, persistent=False)
            answer = await response.text()
        except (ResponseNeverReceived, ConnectionLost):
            return Answer.LOST
        if response.code == 503:
            return Answer.BUSY
        if response.code == 200:
            return Answer.ACCEPTED
        assert NAME not in answer
        return Answer.REFUSED if ":Client<" in answer else Answer.FAILED
