"""`waybill scan-upload`, from a scanner's folder to a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from engine.cli.main import FINDINGS, GOOD, USAGE, main
from engine.ops import tokens
from tests.channels._folder.pictures import jpeg, pdf, tiff
from tests.web.api.world import World
from web.api.server import WebServer


@pytest.fixture(name="world")
def fixture_world(tmp_path: Path, reactor: Any) -> World:
    (tmp_path / "server").mkdir()
    world = World(tmp_path / "server", reactor)
    world.store.open()
    return world


def command(folder: Path, port: int, *more: str) -> list[str]:
    token = ["--token-file", str(folder.parent / "token"), "--station", "admission"]
    return ["scan-upload", str(folder), "--to", f"http://127.0.0.1:{port}", *token, "--once", "--settle", "0.1", *more]


def scans(tmp_path: Path, token: str) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir(exist_ok=True)
    (tmp_path / "token").write_text(token + "\n")
    (tmp_path / "token").chmod(0o600)
    return folder


async def test_what_is_whole_is_sent_and_the_rest_stays(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = world.write(lambda conn: tokens.add(conn, "pc", "scan-upload", "admission"))
    folder = scans(tmp_path, made["token"])
    (folder / "a.jpg").write_bytes(jpeg())
    (folder / "b.pdf").write_bytes(pdf())
    (folder / "c.tif").write_bytes(tiff(2)[:-20])
    (folder / "notes.txt").write_bytes(b"not a picture at all")
    server = WebServer(world.bridge, "127.0.0.1:0")
    await server.start()
    try:
        assert await deferToThread(main, command(folder, server.port, "--json")) == FINDINGS
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        states = {line["name"]: line["state"] for line in lines if "name" in line}
        assert (states["a.jpg"], states["b.pdf"]) == ("sent", "sent")
        assert "WB-8600" in states["notes.txt"]
        assert lines[-1] == {"sent": 2, "refused": 1, "waiting": 1, "left": "1 files are not whole yet"}
        assert sorted(file.name for file in folder.iterdir()) == [".error", ".sent", "c.tif"]
        (folder / "c.tif").write_bytes(tiff(2))
        (folder / "a.jpg").write_bytes(jpeg())  # as if the answer had been lost
        assert await deferToThread(main, command(folder, server.port)) == GOOD
    finally:
        await server.stop()
    assert {"c.tif: sent", "a.jpg: known"} <= set(capsys.readouterr().out.splitlines())
    rows = world.rows("SELECT name, station, state FROM scan_file ORDER BY name")
    assert [row["name"] for row in rows] == ["a.jpg", "b.pdf", "c.tif"]
    assert {row["station"] for row in rows} == {"admission"}
    assert len(list((folder / ".sent").iterdir())) == 4
    world.store.close()


async def test_the_server_is_away_or_takes_no_token(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scans(tmp_path, "wbt_wrong")
    (folder / "a.jpg").write_bytes(jpeg())
    server = WebServer(world.bridge, "127.0.0.1:0")
    await server.start()
    try:
        assert await deferToThread(main, command(folder, server.port)) == FINDINGS
        assert "WB-8610" in capsys.readouterr().err
    finally:
        await server.stop()
    assert await deferToThread(main, command(folder, server.port)) == FINDINGS
    assert "does not answer" in capsys.readouterr().err
    assert [file.name for file in folder.iterdir()] == ["a.jpg"]
    world.store.close()


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scans(tmp_path, "wbt_x")
    token = tmp_path / "token"
    words = ["scan-upload", str(folder), "--token-file", str(token), "--station", "s", "--once", "--to"]
    assert main([*words, "http://waybill.example"]) == USAGE
    assert "https" in capsys.readouterr().err
    token.chmod(0o644)
    assert main([*words, "https://waybill.example"]) == USAGE
    assert "chmod 600" in capsys.readouterr().err
    token.chmod(0o600)
    token.write_text("")
    assert main([*words, "https://waybill.example"]) == USAGE
    assert main([*words, "https://waybill.example", "--ca", str(token)]) == USAGE
    assert main(["scan-upload", str(tmp_path / "none"), *words[2:], "https://waybill.example"]) == USAGE
