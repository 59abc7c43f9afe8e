"""Users: add, list, disable, and one-time links to sign in.

There is no default user and no password. A link is used once, within 15 minutes:
  waybill user add lin --name "Lin Example" --role PH,OP --staff-number 1001 --certificate-id SF1001
  waybill user link lin
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD
from engine.message import Failure
from engine.ops import users


def arguments(parser: argparse.ArgumentParser) -> None:
    """`add`, `list`, `disable`, `link`."""
    _office.state_argument(parser)
    parser.add_argument(
        "--url", metavar="URL", help="where the screens are (default: http:// and WAYBILL_WEB or 127.0.0.1:8080)"
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    add = acts.add_parser("add", help="add a user")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="as it is shown")
    roles = ", ".join(f"{word} {what}" for word, what in users.ROLES.items())
    add.add_argument("--role", required=True, metavar="PH,OP", help=roles)
    add.add_argument("--staff-number", help="under which the signing provider knows a physician")
    add.add_argument("--certificate-id", help="the physician's identifier in the provider's certificates")
    add.add_argument("--department", default="")
    acts.add_parser("list", help="all users")
    for act, text in (("disable", "sign out and keep out"), ("link", "print a one-time link to sign in")):
        acts.add_parser(act, help=text).add_argument("login")


def run(options: argparse.Namespace) -> int:
    """0 when it was done, 1 when it was refused."""
    try:
        result = _do(options)
    except Failure as error:
        if options.json:
            sys.stdout.write(json.dumps({"code": error.code, "reason": error.reason}) + "\n")
        else:
            sys.stderr.write(f"waybill user: {error.code} {error.reason}\n")
        return FINDINGS
    if options.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_text(options.act, result))
    return GOOD


def _do(options: argparse.Namespace) -> Any:
    state, by = _office.state_of(options), _office.by_whom()
    match options.act:
        case "add":
            number = _office.write(
                state,
                "users.add",
                login=options.login,
                name=options.name,
                roles=[role.strip().upper() for role in options.role.split(",")],
                staff_number=options.staff_number,
                certificate_id=options.certificate_id,
                department=options.department,
                by=by,
            )
            return {"login": options.login, "number": number}
        case "list":
            return _office.read(state, users.everyone)
        case "disable":
            _office.write(state, "users.disable", login=options.login, by=by)
            return {"login": options.login}
        case _:
            token = _office.write(state, "users.link", login=options.login, by=by)
            return {"login": options.login, "link": address(options.url, token)}


def address(url: str | None, token: str) -> str:
    """The link: its token stands in the fragment, which browsers send to nobody."""
    base = url or f"http://{os.environ.get('WAYBILL_WEB') or '127.0.0.1:8080'}"
    return f"{base.rstrip('/')}/login#{token}"


def _text(act: str, result: Any) -> str:
    if act == "list":
        return "".join(_line(user) for user in result) or "there is no user: waybill user add\n"
    if act == "link":
        return f"{result['link']}\nUsed once, within 15 minutes.\n"
    return f"{result['login']}: {'added' if act == 'add' else 'disabled'}\n"


def _line(user: dict[str, Any]) -> str:
    gone = "  disabled" if user["disabled_at"] is not None else ""
    staff = f"  staff {user['staff_number']}" if user["staff_number"] else ""
    return f"{user['login']:<20}{','.join(user['roles']):<22}{user['name']}{staff}{gone}\n"
