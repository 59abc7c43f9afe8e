"""spyne's part, wrapped in this one file: the WSDL, and every answer (results and faults) in SOAP 1.1 and 1.2.

spyne 2.14 is unmaintained, so nothing else imports it. Requests are read in `envelope`: reading them with spyne costs
150 us more each and silently empties child elements and entities. Its loggers write malformed bodies and are silenced.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable
from typing import Any

from lxml import etree
from spyne import Application, Fault, MethodContext, ServiceBase, Unicode, rpc
from spyne.interface.wsdl import Wsdl11
from spyne.protocol.soap import Soap11, Soap12
from spyne.server import ServerBase

from channels._soap.envelope import Version

logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_HTTP = "http://schemas.xmlsoap.org/soap/http"
CONTENT_TYPES: dict[Version, str] = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}


class _Server(ServerBase):
    transport = _HTTP


class Interface:
    """The SOAP operations of one connection: their WSDL, and their answers.

    operations: local name of each operation's element to the names of its text parameters.
    """

    def __init__(self, name: str, namespace: str, operations: dict[str, tuple[str, ...]]) -> None:
        self.namespace = namespace
        self.operations = operations
        methods = {word: _method(word, parameters) for word, parameters in operations.items()}
        service = type(ServiceBase)(name, (ServiceBase,), methods)
        self._servers: dict[Version, ServerBase] = {
            "1.1": _Server(Application([service], namespace, name=name, in_protocol=Soap11(), out_protocol=Soap11())),
            "1.2": _Server(Application([service], namespace, name=name, in_protocol=Soap12(), out_protocol=Soap12())),
        }

    def result(self, version: Version, operation: str, result: str) -> bytes:
        """The answer `<operation>Response/<operation>Result` with the result as escaped text."""
        context = self._context(version)
        context.method_request_string = f"{{{self.namespace}}}{operation}"
        (context,) = self._servers[version].app.in_protocol.generate_method_contexts(context)
        context.out_object = [result]
        return self._string(version, context)

    def fault(self, version: Version, sender: bool, code: str, reason: str, message_id: str = "") -> bytes:
        """A fault: Client or Server (1.1), Sender or Receiver (1.2), with our code and one line for a person."""
        context = self._context(version)
        detail = {"waybill": {"code": code, "message": message_id}} if message_id else {"waybill": {"code": code}}
        word = "Client" if sender else "Server"
        context.out_error = Fault(word, f"{code} {reason}", detail=detail)
        return self._string(version, context)

    def wsdl(self, url: str) -> bytes:
        """One WSDL 1.1 document with a port for SOAP 1.1 and one for SOAP 1.2 at this address."""
        root, other = self._document("1.1", url), self._document("1.2", url)
        for binding in other.findall(f"{_WSDL}binding"):
            binding = copy.deepcopy(binding)
            binding.set("name", binding.get("name") + "Soap12")
            root.insert(root.index(root.find(f"{_WSDL}service")), binding)
        for port in other.findall(f"{_WSDL}service/{_WSDL}port"):
            port = copy.deepcopy(port)
            port.set("name", port.get("name") + "Soap12")
            port.set("binding", port.get("binding") + "Soap12")
            root.find(f"{_WSDL}service").append(port)
        return etree.tostring(root, xml_declaration=True, encoding="utf-8")

    def _document(self, version: Version, url: str) -> Any:
        document = Wsdl11(self._servers[version].app.interface)
        document.build_interface_document(url)
        root = etree.fromstring(document.get_interface_document())
        for operation in root.iterfind(f"{_WSDL}binding/{_WSDL}operation/*[@soapAction]"):
            operation.set("soapAction", f"{self.namespace}/{operation.get('soapAction')}")
        return root

    def _context(self, version: Version) -> Any:
        return MethodContext(self._servers[version], MethodContext.SERVER)

    def _string(self, version: Version, context: Any) -> bytes:
        self._servers[version].get_out_string(context)
        return b"".join(context.out_string)


def _method(name: str, parameters: Iterable[str]) -> Any:
    """A spyne method: it is described and its answers are written, but the engine itself does the call."""
    names = list(parameters)

    def method(_context: Any, *_parameters: str) -> None:
        """The engine does the call."""

    method.__name__ = name  # spyne tells methods apart by it
    method.__doc__ = None  # and would publish the text in the WSDL
    return rpc(*[Unicode] * len(names), _returns=Unicode, _args=names, _operation_name=name)(method)
