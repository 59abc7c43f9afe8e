"""Roles and rights."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute

from engine.ops.users import ROLES
from tests.web.api.world import Answer, Browser, World
from web.api.app import ROUTERS
from web.api.problems import FOREIGN
from web.api.rights import RIGHTS, SCREENS, nav_of, rights_of


def test_every_right_is_some_roles_and_every_role_has_some() -> None:
    for right, roles in RIGHTS.items():
        assert roles
        assert roles <= set(ROLES), right
    for role in ROLES:
        assert "today" in rights_of([role])
    assert set(SCREENS) <= set(RIGHTS)


def test_roles_add_up() -> None:
    assert rights_of([]) == frozenset()
    assert rights_of(["PH", "AN"]) == rights_of(["PH"]) | rights_of(["AN"])
    assert "names" not in rights_of(["AN", "AU"])
    assert "sign" not in rights_of(set(ROLES) - {"PH"})


def test_navigation_keeps_its_order() -> None:
    assert nav_of({"sign", "today", "names"}) == ["today", "sign"]


RUN = "0198c0de-0000-7000-8000-000000000000"
SAMPLE = {
    "login": "nobody",
    "id": RUN, "run_id": RUN, "name": "his_out", "deed": "pause", "revision": "r1", "file": "7", "n": "1",
    "version": "1", "number": "1", "page": "1",
}  # fmt: skip
NUMBERED = ("attention", "alerts", "unmatched", "duplicates", "boxes", "tomorrow", "models")
BODIES: dict[str, dict[str, Any]] = {
    "/scan/batches": {"station": "desk-1"}, "/take-over": {"note": "x"}, "/reopen": {"reason": "x"},
    "/resolve": {"note": "x"}, "/batches/{id}/cancel": {"reason": "x"}, "/dismiss": {"reason": "x"},
    "/acts": {"act": "keep"}, "/scan/problems/retry": {"ids": ["x"]}, "/lookup": {"text": "zz"},
    "/candidates": {"page": "x"}, "/assign": {"pages": [], "patient": None, "how": "typed"},
    "/assign/confirm": {"act": 1}, "/assign/refuse": {"act": 1}, "/records/tomorrow": {"day": "2026-11-22"},
    "/first": {"on": True},
    "/repair/preview": {"documents": ["x"], "to": "x"}, "/repair/apply": {"documents": ["x"], "to": "x", "note": "x"},
    "/records/boxes": {"code": "B-1"}, "/scan/sheets": {"kind": "separators", "count": 1},
    "/lists/import": {"yaml": ""}, "/lists/{name}": {"version": "x", "items": []},
    "/api/v1/users": {"login": "x", "name": "X", "roles": ["OP"]}, "/me/keys": {"keys": {}},
    "/decide": {"decision": "both"}, "/withdraw": {"reason": "x"},
    "/restore": {"reason": "x"}, "/documents/{id}/pages": {"reason": "x", "pages": ["x"]},
    "/records/bulk/preview": {"documents": ["x"], "set": {"title": "x"}},
    "/records/bulk/apply": {"documents": ["x"], "set": {"title": "x"}}, "/records/bulk/undo": {"bulk": "x"},
    "/records/export": {"form": "pdf", "documents": ["x"]}, "/tree/documents": {"by": ["kind"], "keys": ["x"]},
    "/flags": {"reason": "kind"}, "/flags/{number}/answer": {"answer": "fine", "note": "x"},
    "/find": {"text": "zz"}, "/pin": {"on": True},
    "/scan/uploads": {"name": "x.tif", "size": 1, "sha256": "0" * 64, "station": "desk-1"},
    "/worklist/search": {"status": "Pending"}, "/patients/search": {"text": "zz"},
    "/bulk": {"act": "retry", "ids": [RUN]}, "/bulk/preview": {"act": "retry", "ids": [RUN]},
    "/retry_from": {"step": "x"}, "/edit": {"body": "<a/>"},
    "/answer": {"answer": "x"}, "/doubt": {"answer": "ask"}, "/close": {"answer": "x"}, "/choose": {"run_id": RUN},
    "/discard": {"reason": "x"}, "/refuse": {"reason": "x"}, "/snooze": {"minutes": 5}, "/language": {"language": "en"},
}  # fmt: skip
OPEN = {"/api/v1/session/link", "/health/live", "/health/ready", "/metrics", "/api/v1/openapi.json", "/api/docs",
        "/{path:path}", "/d/{id}", "/d/{name}.png"}  # fmt: skip
"""Without a session: signing in, health, numbers, the screens' files; `/d/` asks for the session itself."""
ANYBODY = {"/api/v1/session", "/api/v1/session/language", "/api/v1/live", "/api/v1/lists",
            "/api/v1/me/sessions", "/api/v1/me/sessions/others", "/api/v1/me/sessions/{id}",
            "/api/v1/me/keys"}  # fmt: skip
"""Everybody who is signed in."""
NEEDS = {
    "today": "today", "worklist": "worklist", "patients": "patients", "dashboard": "engine", "connections": "engine",
    "routes": "engine", "bulk": "runs", "runs": "runs", "messages": "runs", "attention": "attention",
    "alerts": "alerts", "unmatched": "unmatched", "sign": "sign", "scan": "scan", "lists": "lists", "users": "users",
    "records": "records", "documents": "records",
}  # fmt: skip
"""The right that each address needs, by its first word."""
NEEDS_MORE = {
    "/api/v1/connections/{name}/probe": "operate", "/api/v1/connections/{name}/{deed}": "operate",
    "/api/v1/routes/reload": "operate", "/api/v1/routes/{name}/{deed}": "operate",
    "/api/v1/runs/search": "messages", "/api/v1/messages/search": "messages",
    "/api/v1/messages/filters/words": "messages",
    "/api/v1/scan/sheets": "capture", "/api/v1/records/duplicates/search": "duplicates",
    "/api/v1/records/duplicates/{id}/decide": "duplicates",
    "/api/v1/scan/problems/search": "problems",
    "/api/v1/scan/problems/retry": "problems",
    "/api/v1/scan/uploads": "capture", "/api/v1/scan/uploads/{id}": "capture",
    "/api/v1/records/repair/preview": "repair", "/api/v1/records/repair/apply": "repair",
    "/api/v1/records/tomorrow": "tomorrow", "/api/v1/records/tomorrow/{id}/first": "tomorrow",
    "/api/v1/records/boxes": "scan", "/api/v1/records/boxes/search": "scan", "/api/v1/records/boxes/{id}": "scan",
    "/api/v1/records/projects": "scan",
    **{f"/api/v1/records/bulk/{word}": "edit" for word in ("preview", "apply", "undo")},
    **{f"/api/v1/documents/{{id}}/{word}": "edit" for word in ("withdraw", "restore", "undo", "pages")},
    "/api/v1/patients/{id}/tree": "records", "/api/v1/patients/{id}/tree/documents": "records",
    **{f"/api/v1/patients/{{id}}/in-work{more}": "records" for more in ("", "/{page}/view", "/{page}/thumb")},
    "/api/v1/patients/{id}/all.pdf": "records", "PATCH /api/v1/documents/{id}": "edit",
    "/api/v1/documents/{id}/flags/{number}/answer": "edit",
}  # fmt: skip


def addresses() -> list[tuple[str, str]]:
    found = [route for module in ROUTERS for route in module.router.routes if isinstance(route, APIRoute)]
    return [(method, route.path) for route in found for method in sorted(route.methods or ())]


GUARDED = [one for one in addresses() if one[1] not in OPEN | ANYBODY]


def ask(browser: Browser, method: str, path: str, **headers: str) -> Answer:
    words = path.split("/")
    sample = {
        **SAMPLE,
        **({"id": "7"} if any(word in NUMBERED for word in words) else {}),
        **({"id": "P1"} if words[3] == "patients" else {}),
        **({"id": "B1"} if words[3] == "scan" else {}),
    }
    if words[3] in ("routes", "lists"):
        sample["name"] = "exam_report" if words[3] == "routes" else "kinds"
    body = next((body for end, body in BODIES.items() if path.endswith(end)), {}) if method != "GET" else None
    query = "?offset=0" if method == "PUT" and words[3:5] == ["scan", "uploads"] else ""
    return browser.send(method, path.format(**sample) + query, body, headers)


@pytest.mark.parametrize("role", ROLES)
def test_each_address_for_each_role(world: World, role: str) -> None:
    browser = world.sign_in(role)
    for method, path in GUARDED:
        right = NEEDS_MORE.get(f"{method} {path}") or NEEDS_MORE.get(path) or NEEDS[path.split("/")[3]]
        answer = ask(browser, method, path)
        if role in RIGHTS[right]:
            assert answer.status not in (401, 403, 422), (method, path, answer.body)
        else:
            assert (answer.status, answer.json()["right"]) == (403, right), (method, path)
    assert "messages.search" in world.acts_audited() or role not in RIGHTS["messages"]


def test_nothing_without_a_session_and_no_change_without_its_token(world: World) -> None:
    stranger, person = Browser(world.app), world.sign_in()
    for method, path in addresses():
        if path in OPEN:
            continue
        assert ask(stranger, method, path).status == 401, path
        if method != "GET":
            for token in ("", "0" * 64):
                answer = ask(person, method, path, x_csrf=token)
                assert (answer.status, answer.code) == (403, FOREIGN), path
    assert world.acts.called == []
    assert world.desk.called == []
