"""Secrets written as text are found wherever they stand, and never shown."""

import pytest

from engine.site import plain_secrets
from engine.site.load import read_site
from tests.engine.site.fakes import SITE, FakeRegistry, write_site

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIifQ.c2ln"
FOUND = [
    ("ask the HIS desk", "see http://desk:hunter2@his/", "a user or password in the address"),
    ("ask the HIS desk", "see https://hunter2@his/", "a user or password in the address"),
    ("ask the HIS desk", "https://his/x?token=hunter2", "a token in the address"),
    ("ask the HIS desk", "log in with password=hunter2", "a password"),
    ("ask the HIS desk", f"use {TOKEN}", "a token"),
    ("ask the HIS desk", "'Authorization: Bearer hunter2hunter2hunter2'", "a password or token"),
    ("ask the HIS desk", '"-----BEGIN RSA PRIVATE KEY-----"', "a private key"),
    ("{roles: [OP]}", "{roles: [OP], password: hunter2}", "`password` is a secret written as text"),
    ("{present: //Id}", "{path: //Id, is: 'pwd=hunter2'}", "a password"),
    ("set: {labels", "set: {values: {his_password: hunter2}, labels", "`his_password` is a secret"),
]


@pytest.mark.parametrize(("text", "written", "what"), FOUND)
def test_found(tmp_path, text, written, what):
    assert text in SITE
    site, _ = read_site(write_site(tmp_path, SITE.replace(text, written, 1)), FakeRegistry())
    (problem,) = plain_secrets.check(site)
    assert problem.code == "WB-6017"
    assert problem.text.startswith(what)
    assert "{secret: NAME}" in problem.advice
    assert "hunter2" not in problem.line()
    assert TOKEN not in problem.line()
    line = SITE[: SITE.index(text)].count("\n") + 1
    assert problem.place.line == line


@pytest.mark.parametrize(
    "fine",
    [
        "key: {secret: his_key}",
        "key: t/peer.key",
        "url2: 'http://his/a@b'",
        "note: the password is with the desk",
        "path2: //Token[@kind='bearer']",
        "token: $(order/token)",
    ],
)
def test_what_is_no_secret(tmp_path, fine):
    text = SITE.replace("{type: folder, path: var/out}", f"{{type: folder, path: var/out, {fine}}}")
    site, _ = read_site(write_site(tmp_path, text), FakeRegistry())
    assert list(plain_secrets.check(site)) == []


def test_columns_and_order_keys_are_no_secrets(tmp_path):
    text = SITE.replace("operation: Order", "operation: Order\n      order: {key: //Id, until: row}")
    site, problems = read_site(write_site(tmp_path, text.replace("key: [ClientID]", "key: [Password]")), FakeRegistry())
    assert problems == []
    assert list(plain_secrets.check(site)) == []
