"""The page at a SOAP address."""

from __future__ import annotations

from pathlib import Path

from lxml import html

from channels._soap.page import Offer, render, site_files


def test_only_files_of_received_operations(tmp_path: Path) -> None:
    folder = tmp_path / "transforms" / "his"
    folder.mkdir(parents=True)
    for name in ("Order.xsd", "Order-sample.xml", "Update.xsd", "Order.xsl", "secrets.xml"):
        (folder / name).write_text(name)
    (folder / "Order-huge.xsd").write_text("x" * 300_000)
    (folder / "Order-link.xsd").symlink_to("/etc/passwd")
    assert site_files(tmp_path, ["Order"]) == {
        "transforms/his/Order-sample.xml": "Order-sample.xml",
        "transforms/his/Order.xsd": "Order.xsd",
    }
    assert site_files(tmp_path, []) == {}
    assert site_files(tmp_path / "none", ["Order"]) == {}


def test_everything_is_escaped_and_there() -> None:
    page = render(Offer("<t>", "urn:<n>", "Call(<x>)", {"M<1>": "Order"}, {"a<b>.xsd": "<script>alert(1)</script>"}))
    tree = html.fromstring(page)
    assert not tree.findall(".//script")
    assert tree.findtext(".//title") == "<t>"
    assert [link.get("href") for link in tree.iter("a")] == ["?wsdl"]
    text = "".join(str(part) for part in tree.itertext())
    assert all(
        word in text for word in ("urn:<n>", "Call(<x>)", "M<1>", "a<b>.xsd", "<script>alert(1)", "WB-1005", "503")
    )
