"""Appointments of tomorrow, sent as a booking system sends them: XML over HTTP to the route `appointments`."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from engine.demo.people import PEOPLE, Person
from engine.demo.places import DemoFailed

if TYPE_CHECKING:
    from engine.demo.stand import Stand

TAKEN_WITHIN = 30.0
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def send(stand: Stand, people: Sequence[Person] = PEOPLE) -> None:
    """Each of them comes tomorrow."""
    body = message(people, (datetime.now().astimezone() + timedelta(days=1)).date()).encode()
    stand.until(lambda: _taken(stand.places.appointments, body), TAKEN_WITHIN, "the appointments were not taken")


def message(people: Sequence[Person], day: date) -> str:
    """The XML; the same day is the same message."""
    lines = [_appointment(who, day) for who in people]
    return f'<Appointments id="demo-{day:%Y%m%d}">{"".join(lines)}</Appointments>'


def _appointment(who: Person, day: date) -> str:
    values = {
        "Number": f"AP{day:%Y%m%d}{who.number}", "Patient": who.number, "Name": who.name,
        "Department": who.department, "Day": day.isoformat(), "Time": who.time, "Reason": "Control",
        "Paper": who.paper,
    }  # fmt: skip
    fields = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in values.items())
    return f"<Appointment>{fields}</Appointment>"


def _taken(address: str, body: bytes) -> bool:
    """False while nobody listens there yet, or the engine is full."""
    request = urllib.request.Request(address, body, {"Content-Type": "application/xml"})  # noqa: S310 - http://
    try:
        with OPENER.open(request, timeout=20) as answer:
            return bool(200 <= answer.status < 300)
    except urllib.error.HTTPError as error:
        if error.code == 503:
            return False
        raise DemoFailed(f"the appointments were refused: HTTP {error.code}") from None
    except OSError:
        return False
