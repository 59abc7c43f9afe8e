"""The demonstration's patients, one for each language; all invented. They come as a hospital's do, from the HIS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.demo.client import Browser
    from engine.demo.stand import Stand

KNOWN_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Person:
    """language: of the papers. department: where this patient is expected tomorrow, at this time. paper: what there is
    on a shelf."""

    language: str
    number: str
    name: str
    birth_date: str
    sex: str
    department: str
    time: str
    paper: str = ""

    def printed(self) -> dict[str, str]:
        """What the simulated papers say of the patient."""
        return {name: asdict(self)[name] for name in ("number", "name", "birth_date", "sex")}


PEOPLE = (
    Person("en", "30010019", "Robin Sample", "1961-04-12", "F", "medicine", "08:30"),
    Person("es", "30010027", "María Ejemplo Núñez", "1953-11-30", "F", "cardiology", "09:15"),
    Person("zh", "30010035", "示例佳", "1978-02-06", "M", "surgery", "10:00", "C 12, 3"),
)


def register(stand: Stand, people: Sequence[Person] = PEOPLE) -> None:
    """The HIS tells who they are."""
    for who in people:
        told = ("--field", f"PATDob={who.birth_date}", "--field", f"PATSexCode={who.sex}")
        stand.push("patient", "--patient", who.number, "--name", who.name, *told)


def write(path: Path, people: Sequence[Person] = PEOPLE) -> None:
    """As the simulated scanner reads them: it then prints pages of theirs."""
    path.write_text(json.dumps([who.printed() for who in people], ensure_ascii=False), "utf-8")


def known(stand: Stand, browser: Browser, people: Sequence[Person] = PEOPLE) -> dict[str, str]:
    """Their ids by their numbers, once Waybill has them all."""

    def found() -> dict[str, str] | None:
        ids = {who.number: looked_up(browser, who.number) for who in people}
        return {number: key for number, key in ids.items() if key} if all(ids.values()) else None

    ids: dict[str, str] = stand.until(found, KNOWN_WITHIN, "the patients that the HIS pushed are not in the records")
    return ids


def looked_up(browser: Browser, number: str) -> str | None:
    """The id of the patient of this number."""
    items = browser.post("/api/v1/scan/patients/lookup", {"text": number, "limit": 5})["items"]
    return next((str(one["id"]) for one in items if one["number"] == number), None)
