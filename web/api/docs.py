"""The API described: `/api/v1/openapi.json`, and `/api/docs` as a plain page (nothing is loaded from elsewhere)."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

router = APIRouter(include_in_schema=False)

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Waybill API</title><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2430}
h2{margin-top:2rem;text-transform:capitalize}code{background:#f2f4f8;padding:.1rem .3rem}
.m{display:inline-block;min-width:4.5rem;font-weight:600}li{margin:.3rem 0}ul{padding-left:1rem;list-style:none}
</style></head><body><h1>Waybill API</h1>
<p>JSON; times are ISO 8601 UTC. Sign in with a one-time link, keep the cookie, and send <code>X-CSRF</code> (from
<code>GET /api/v1/session</code>) with every change. Errors are <code>application/problem+json</code> with a stable
<code>code</code>. Machine-readable: <a href="/api/v1/openapi.json">openapi.json</a>.</p>"""


@router.get("/api/v1/openapi.json")
def get_openapi(request: Request) -> Response:
    """The whole description."""
    return JSONResponse(request.app.openapi())


@router.get("/api/docs")
def get_docs(request: Request) -> Response:
    """The description for people."""
    return HTMLResponse(page(request.app.openapi()))


def page(described: dict[str, Any]) -> str:
    """Every address with what it does, what it takes and what it answers."""
    groups: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            groups.setdefault((one.get("tags") or ["other"])[0], []).append(_line(method, path, one))
    parts = [f"<h2>{escape(name)}</h2><ul>{''.join(lines)}</ul>" for name, lines in groups.items()]
    shapes = [_shape(name, schema) for name, schema in described["components"]["schemas"].items()]
    return f"{HEAD}{''.join(parts)}<h2>Shapes</h2><ul>{''.join(shapes)}</ul></body></html>"


def _line(method: str, path: str, one: dict[str, Any]) -> str:
    takes = _link(one.get("requestBody", {}))
    answers = _link(next(iter(one["responses"].values())))
    text = escape(one.get("description", one.get("summary", "")))
    facts = "".join(f" {word} {link}" for word, link in (("takes", takes), ("answers", answers)) if link)
    return f'<li><span class="m">{method.upper()}</span><code>{escape(path)}</code>{facts}<br>{text}</li>'


def _link(body: dict[str, Any]) -> str:
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f'<a href="#{escape(name)}">{escape(name)}</a>' if name else ""


def _shape(name: str, schema: dict[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    fields = [
        f"{key}{'' if key in needed else '?'}: {_type(value)}" for key, value in schema.get("properties", {}).items()
    ]
    text = escape(schema.get("description", ""))
    return f'<li id="{escape(name)}"><b>{escape(name)}</b> {text}<br><code>{"</code> <code>".join(fields)}</code></li>'


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return escape(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    return escape(str(schema.get("format") or schema.get("type", "any")))
