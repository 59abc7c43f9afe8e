"""How long it takes to find a patient: `python -m bench.lookup [PATIENTS]` (200,000), invented, in three languages.

Each kind of question is asked with many different texts, in turn, as a person types them; the page cache is warm, as it
is beside a running server.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, create_engine

from engine.store.schema import metadata, patient
from records import names, patients
from records.lookup import lookup

FAMILIES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢单"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国文志海春梅玉龙飞雪红云鹏宇浩欣怡佳琪晨曦子轩梓涵重乐"
_SURNAMES = """
García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz
Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Núñez Smith Jones
Taylor Brown O'Brien Wilson Evans Murphy Walsh Byrne
"""
SURNAMES = _SURNAMES.split()
_FIRST = "María Antonio José Carmen Ana Manuel Laura David Lucía Marta Jorge Pilar Rosa Luis Sean Mary John Emma"
FIRST = _FIRST.split()
ROUNDS = 200


def invented(dice: random.Random, number: int) -> tuple[str, str, str]:
    """Number, name and birth date: half Chinese, half of two surnames."""
    born = f"{dice.randint(1925, 2024)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    if dice.random() < 0.5:
        name = dice.choice(FAMILIES) + "".join(dice.choice(GIVEN) for _ in range(dice.choice((1, 2, 2))))
    else:
        name = f"{dice.choice(SURNAMES)} {dice.choice(SURNAMES)}, {dice.choice(FIRST)} {dice.choice(FIRST)}"
    return f"{number:010}", name, born


def fill(conn: Connection, count: int) -> None:
    """The table and its keys, as the index room makes them."""
    dice = random.Random(4)
    rows = [
        {
            "public_id": f"P{n:015}", "number": number, "name": name, "birth_date": born, "sex": "F", "details": {},
            "created_at": 0, "updated_at": 0,
        }
        for n in range(1, count + 1) for number, name, born in (invented(dice, n),)
    ]  # fmt: skip
    conn.execute(patient.insert(), rows)
    after: int | None = 0
    while after is not None:
        after = patients.index(conn, after, 200)


def questions(count: int) -> Iterator[tuple[str, Callable[[random.Random], str]]]:
    """The kinds of question and how one is made, as somebody would type for a patient who is there."""

    def of(make: Callable[[str, str, str], str], *, chinese: bool) -> Callable[[random.Random], str]:
        def one(dice: random.Random) -> str:
            while True:
                made = invented(dice, dice.randint(1, count))
                if bool(names.CJK.match(made[1])) == chinese:
                    return make(*made)

        return one

    yield "number", of(lambda number, _name, _born: number, chinese=True)
    yield "start of a number", of(lambda number, _name, _born: number[:6], chinese=True)
    yield "birth date", of(lambda _number, _name, born: born, chinese=True)
    yield "one character", of(lambda _number, name, _born: name[0], chinese=True)
    yield "Chinese name", of(lambda _number, name, _born: name, chinese=True)
    yield "initials", of(lambda _number, name, _born: _key(name, "i:"), chinese=True)
    yield "pinyin", of(lambda _number, name, _born: _key(name, "p:"), chinese=True)
    yield "surname", of(lambda _number, name, _born: name.split()[0], chinese=False)
    yield "two surnames", of(lambda _number, name, _born: " ".join(name.split()[:2]), chinese=False)
    yield (
        "first name and surname",
        of(lambda _number, name, _born: f"{name.split()[2]} {name.split()[0]}", chinese=False),
    )
    yield "two words of nobody", of(lambda _number, name, _born: f"{name.split()[2]} zzz", chinese=False)
    yield "surname and birth date", of(lambda _number, name, born: f"{name.split()[0]} {born}", chinese=False)
    yield "one letter", of(lambda _number, name, _born: name[0], chinese=False)


def _key(name: str, kind: str) -> str:
    return max((key for key in names.name_keys(name) if key.startswith(kind)), key=len)[2:]


def measure(conn: Connection, ask: Callable[[random.Random], str], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """p50, p95 and the longest, in ms."""
    dice = random.Random(7)
    took: list[float] = []
    for _ in range(rounds):
        text = ask(dice)
        began = time.perf_counter()
        lookup(conn, text)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return took[rounds // 2], took[rounds * 95 // 100], took[-1]


def main(words: list[str]) -> int:
    """Prints a row for each kind of question; 1 when a p95 is over 50 ms."""
    count = int(words[0]) if words else 200_000
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'lookup.sqlite'}")
        metadata.create_all(engine)
        with engine.begin() as conn:
            began = time.perf_counter()
            fill(conn, count)
            print(f"{count} patients and their keys: {time.perf_counter() - began:.1f} s")
        slow = 0
        with engine.connect() as conn:
            for kind, ask in questions(count):
                middle, high, most = measure(conn, ask)
                slow += high > 50
                print(f"{kind:24} p50 {middle:6.1f} ms   p95 {high:6.1f} ms   longest {most:6.1f} ms")
        engine.dispose()
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
