"""A plain letter as RFC 5322 wants it: headers in any language, text in UTF-8, lines that every server takes."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from engine.message import Refused, Request

BAD_LETTER = "WB-7804"
"""An address, the subject or the text of a letter is none."""
PLAIN = SMTP.clone(cte_type="7bit")
"""A server need not take eight bits."""
MOST = 100
"""Recipients of one letter."""


def letter(request: Request, sender: str, host: str) -> tuple[list[str], bytes]:
    """Recipients and the letter. Its Message-ID is made from the effect, equal on every attempt. `Refused` WB-7804."""
    arguments = request.arguments
    listed = arguments.get("addresses") or ()
    to = [str(one) for one in ([listed] if isinstance(listed, str) else listed)]
    if not 1 <= len(to) <= MOST:
        raise Refused(BAD_LETTER, f"a letter goes to 1 to {MOST} addresses")
    made = EmailMessage(policy=PLAIN)
    try:
        made["From"] = address(sender)
        made["To"] = [address(one) for one in to]
        made["Subject"] = " ".join(str(arguments.get("subject") or "").split())
        made["Date"] = format_datetime(request.at)
        made["Message-ID"] = f"<{request.key[:40]}@{host}>"
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(str(arguments.get("text") or ""), charset="utf-8")
    except (ValueError, IndexError, AttributeError):  # what the library says of a bad one quotes it
        raise Refused(BAD_LETTER, "an address or the subject is none") from None
    return [address(one).addr_spec for one in to], made.as_bytes()


def address(text: str) -> Address:
    """`name@host` or `Name <name@host>`; ValueError for any other, and for letters that not every server takes."""
    name, _, rest = text.rpartition("<")
    spec = rest.removesuffix(">") if name or text.startswith("<") else text
    spec = spec.strip()
    if not spec.isascii() or not spec.isprintable() or " " in spec or "@" not in spec.strip("@"):
        raise ValueError("no address")
    return Address(name.strip().strip('"'), addr_spec=spec)
