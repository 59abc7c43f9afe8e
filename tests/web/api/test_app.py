"""Every address of the API: closed without a session, closed without the right, free of patients' data."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from engine.message import InDoubt, Refused, Unavailable
from tests.web.api.world import ALL, Browser, World
from web.api.app import create_app
from web.api.rights import RIGHTS

PUBLIC = {
    ("post", "/api/v1/session/link"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),  # from this machine only: test_health
}
ANYBODY = {
    ("get", "/api/v1/session"),
    ("delete", "/api/v1/session"),
    ("put", "/api/v1/session/language"),
    ("get", "/api/v1/live"),
    ("get", "/api/v1/lists"),
    ("get", "/api/v1/me/sessions"),
    ("delete", "/api/v1/me/sessions/others"),
    ("delete", "/api/v1/me/sessions/{id}"),
    ("put", "/api/v1/me/keys"),
}
"""Open to whoever is signed in."""

CHECKED_LATER = {"ListAsked.items[]{}"}
"""Rows of lists: `records.lists` says what is in them, as it does of the YAML."""

DESCRIBED = create_app(None).openapi()
OPERATIONS = [(method, path) for path, methods in DESCRIBED["paths"].items() for method in methods]
CLOSED = [one for one in OPERATIONS if one not in PUBLIC]
RIGHT_OF = [
    ("/api/v1/today", "today"),
    ("/api/v1/worklist", "worklist"),
    ("/api/v1/patients/{id}/all.pdf", "records"),
    ("/api/v1/patients/{id}/tree", "records"),
    ("/api/v1/patients/{id}/in-work", "records"),
    ("/api/v1/patients", "patients"),
    ("/api/v1/dashboard", "engine"),
    ("post /api/v1/connections", "operate"),
    ("post /api/v1/routes", "operate"),
    ("/api/v1/connections", "engine"),
    ("/api/v1/routes", "engine"),
    ("/api/v1/runs/search", "messages"),
    ("/api/v1/runs", "runs"),
    ("/api/v1/messages/search", "messages"),
    ("/api/v1/messages/filters", "messages"),
    ("/api/v1/messages", "runs"),
    ("/api/v1/bulk", "runs"),
    ("/api/v1/alerts", "alerts"),
    ("/api/v1/attention", "attention"),
    ("/api/v1/unmatched", "unmatched"),
    ("/api/v1/sign", "sign"),
    ("/api/v1/scan/problems", "problems"),
    ("/api/v1/scan/uploads", "capture"),
    ("/api/v1/scan/sheets", "capture"),
    ("/api/v1/scan", "scan"),
    ("/api/v1/lists/", "lists"),
    ("/api/v1/users", "users"),
    ("/api/v1/records/bulk", "edit"),
    ("/api/v1/records/repair", "repair"),
    ("/api/v1/records/duplicates", "duplicates"),
    ("/api/v1/records/tomorrow", "tomorrow"),
    ("/api/v1/records/boxes", "scan"),
    ("/api/v1/records/projects", "scan"),
    ("/api/v1/records", "records"),
    ("patch /api/v1/documents", "edit"),
    *((f"/api/v1/documents/{{id}}/{word}", "edit") for word in ("withdraw", "restore", "undo")),
    ("post /api/v1/documents/{id}/pages", "edit"),
    ("post /api/v1/documents/{id}/flags/{number}/answer", "edit"),
    ("/api/v1/documents", "records"),
    ("/d/", "documents"),
]


def filled(path: str) -> str:
    return path.replace("{name}.png", "ABC.png").replace("{name}", "order").replace(
        "{deed}", "pause").replace("{revision}", "r1").replace(
        "/attention/{id}", "/attention/1"
    ).replace("/alerts/{id}", "/alerts/1").replace("/unmatched/{id}", "/unmatched/1").replace(
        "/patients/{id}", "/patients/P1"
    ).replace(
        "/d/{id}", "/d/ABC"
    ).replace("{file}", "7").replace("{login}", "nobody").replace(
        "{number}", "1").replace("{n}", "1").replace("{version}", "1").replace(
        "{id}", str(uuid.UUID(int=7))
    ).replace("{run_id}", str(uuid.UUID(int=7)))  # fmt: skip


def right_of(method: str, path: str) -> str:
    return next(right for prefix, right in RIGHT_OF if f"{method} {path}".removeprefix(
        "" if " " in prefix else f"{method} ").startswith(prefix))  # fmt: skip


def body_of(method: str, path: str) -> Any:
    """A valid body for an operation."""
    asked = DESCRIBED["paths"][path][method].get("requestBody")
    if asked is None:
        return None
    name = asked["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    examples = {
        "WorklistAsked": {"status": "Pending"},
        "PatientsAsked": {"text": "x"},
        "ChooseAsked": {"run_id": str(uuid.UUID(int=7))},
        "ReasonAsked": {"reason": "x"},
        "DoubtAsked": {"answer": "arrived"},
        "RetryFromAsked": {"step": "order"},
        "EditAsked": {"body": "x"},
        "AnswerAsked": {"answer": "yes"},
        "BulkAsked": {"act": "retry", "ids": [str(uuid.UUID(int=7))]},
        "BulkStart": {"act": "retry", "ids": [str(uuid.UUID(int=7))]},
        "CloseAsked": {"answer": "ignore"},
        "LanguageAsked": {"language": "es"},
    }
    return examples.get(name, {})


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_closed_without_a_session(world: World, method: str, path: str) -> None:
    answer = Browser(world.app).send(method.upper(), filled(path), body_of(method, path))
    if path.startswith("/d/"):
        assert answer.status == 303
        assert answer.headers["location"] == f"/login?next={filled(path)}"
    else:
        assert (answer.status, answer.code) == (401, "WB-7001")
    assert world.audit() == []
    assert world.acts.called == []


def test_closed_without_the_right_and_the_right_is_named(world: World) -> None:
    browsers = {role: world.sign_in(role, login=role.lower()) for role in ALL}
    for method, path in CLOSED:
        if (method, path) in ANYBODY:
            continue
        right = right_of(method, path)
        for role, browser in browsers.items():
            answer = browser.send(method.upper(), filled(path), body_of(method, path))
            lacks = answer.status == 403
            assert lacks == (role not in RIGHTS[right]), (method, path, role)
            if lacks:
                assert (answer.code, answer.json()["right"]) == ("WB-7002", right)


@pytest.mark.parametrize(("method", "path"), [one for one in CLOSED if one[0] != "get"])
def test_no_change_without_the_csrf_token(world: World, method: str, path: str) -> None:
    browser = world.sign_in()
    for token in ("", "0" * 64, "示"):
        browser.headers["x-csrf"] = token.encode().decode("latin-1")
        answer = browser.send(method.upper(), filled(path), body_of(method, path))
        assert (answer.status, answer.code) == (403, "WB-7003")
    assert world.acts.called == []


def test_no_address_takes_patient_data() -> None:
    allowed = {
        "id",
        "run_id",
        "name",
        "after",
        "limit",
        "dashboard",
        "deed",
        "revision",
        "file",
        "r",
        "offset",
        "by",
        "withdrawn",
        "n",
        "number",
        "page",
        "login",  # of somebody who works here
    }
    for path, methods in DESCRIBED["paths"].items():
        for method, operation in methods.items():
            given = {one["name"]: one for one in operation.get("parameters", ())}
            assert set(given) <= allowed, (method, path)
            for name, one in given.items():
                assert not list(unbounded(one["schema"], name, set())), (method, path)
        assert re.fullmatch(r"[a-z0-9/{}_.-]+", path), path


def free(schema: Any, where: str, seen: set[str]) -> Iterator[str]:
    """The same of an object whose keys the sender chooses."""
    fields = [schema.get("propertyNames", {}), *schema.get("patternProperties", {}).values()]
    more = schema.get("additionalProperties", {})
    if more is True and where not in CHECKED_LATER:
        yield where
    for field in (*fields, {} if more is True else more):
        yield from unbounded(field, where, seen)


def unbounded(schema: Any, where: str, seen: set[str]) -> Iterator[str]:
    """Places of a schema where as much may be sent as somebody likes, or what nobody asked for."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in seen:
        return
    if name:
        seen.add(name)
        schema, where = DESCRIBED["components"]["schemas"][name], name
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from unbounded(one, where, seen)
    pattern = schema.get("pattern", "*")
    short = pattern.startswith("^") and pattern.endswith("$") and not re.search(r"[+*]|,\}", pattern)
    end = {"string": "maxLength", "integer": "maximum", "number": "maximum", "array": "maxItems"}.get(
        schema.get("type")
    )
    if end is not None and not short and not {end, "enum", "const"} & set(schema):
        yield where
    if schema.get("type") == "array":
        yield from unbounded(schema["items"], f"{where}[]", seen)
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        if "maxProperties" not in schema:
            yield where
        yield from free(schema, f"{where}{{}}", seen)
    for key, field in schema.get("properties", {}).items():
        yield from unbounded(field, f"{where}.{key}", seen)


def test_all_that_is_sent_is_bounded() -> None:
    bodies = [
        content["schema"]
        for methods in DESCRIBED["paths"].values()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    assert len(bodies) > 40
    seen: set[str] = set()
    assert not [where for schema in bodies for where in unbounded(schema, "", seen)]


def test_what_is_not_bounded_is_found() -> None:
    texts = {"type": "array", "maxItems": 3, "items": {"type": "string", "pattern": "^a+$"}}
    things = {"type": "object", "additionalProperties": {"type": "number"}}
    assert list(unbounded({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "x", set())) == ["x"]
    assert list(unbounded(texts, "x", set())) == ["x[]"]
    assert list(unbounded(things, "x", set())) == ["x", "x{}"]


def test_invalid_requests_are_told_without_what_they_held(world: World) -> None:
    browser = world.sign_in()
    answer = browser.post("/api/v1/worklist/search", {"status": "示例甲", "text": "x" * 200, "more": 1})
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "示例甲" not in answer.body.decode()
    assert "xxx" not in answer.body.decode()
    assert answer.code == "WB-7008"


@pytest.mark.parametrize(("failure", "status"), [(Refused, 409), (InDoubt, 409), (Unavailable, 503)])
def test_failures_of_the_engine_are_problems(world: World, failure: type[Exception], status: int) -> None:
    browser = world.sign_in()
    world.acts.refusal = failure("WB-4001", "not now")  # type: ignore[assignment]
    answer = browser.post("/api/v1/attention/1/acknowledge", {})
    assert (answer.status, answer.code, answer.json()["detail"]) == (status, "WB-4001", "not now")
    assert world.runtime.poked == 0


def test_unknown_addresses_and_methods(world: World) -> None:
    browser = world.sign_in()
    assert browser.get("/api/v1/nothing").code == "WB-7006"
    assert browser.send("DELETE", "/api/v1/today").code == "WB-7011"


def test_the_description_says_what_every_error_looks_like() -> None:
    for methods in DESCRIBED["paths"].values():
        for operation in methods.values():
            assert "Problem" in json.dumps(operation["responses"]["default"])
            assert operation["description"]


def test_a_store_that_does_not_answer_is_said_so(world: World, caplog: pytest.LogCaptureFixture) -> None:
    browser = world.sign_in()
    world.write(lambda conn: conn.exec_driver_sql("DROP TABLE patient"))
    answer = browser.post("/api/v1/patients/search", {"text": "示例甲"})
    assert (answer.status, answer.code) == (503, "WB-7010")
    assert "OperationalError" in caplog.text
    assert "示例甲" not in caplog.text + answer.body.decode()
