"""Invented persons for real ones: the same text becomes the same text within a fixture, in the same form and length.

What it becomes hangs on a secret that is made anew for each fixture and forgotten, so nobody can go back.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from datetime import date, timedelta

from engine.rehearsal.identity import Kind

SURNAMES = "赵钱孙周吴郑冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"
GIVEN = "安宁平乐和清朗晴云岚溪川禾苗松柏竹青蓝白羽星辰远舟帆阳春秋冬夏"
PLACES = "东南西北山河湖海桥林田园花桃柳梅松竹新安宁和平阳光明长青"
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Of the digits of a Chinese identity number (GB 11643-1999)."""
CHECKS = "10X98765432"
MOST_TRIES = 200
SIGNIFICANT = 6
"""Digits that are other ones, however many zeros the number begins with."""
_DATE = re.compile(r"(\d{4})([-/.年]?)(\d{1,2})([-/.月]?)(\d{1,2})")
_CJK = re.compile(r"[\u3400-\u9fff]")


class Invented:
    """`of(text, kind)`. avoid: nothing that is invented may hold one of these; taken: nor be one of those."""

    def __init__(self, secret: bytes, avoid: frozenset[str] = frozenset(), taken: frozenset[str] = frozenset()) -> None:
        self._secret = secret
        self._taken = taken
        self._avoid = avoid
        self._known: dict[str, str] = {}
        # Everybody is younger or older by the same days, so that ages stay in their order.
        self._days = timedelta(days=30 + next(self._stream("days", 0)) % 300)

    def of(self, text: str, kind: Kind) -> str:
        """The invented text; never the same as the real one."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._made(text, kind)
        return known

    def known(self, text: str, new: str) -> None:
        """This text becomes that (a whole name of two parts)."""
        self._known.setdefault(text, new)

    def _made(self, text: str, kind: Kind) -> str:
        for attempt in range(MOST_TRIES):
            new = self._one(text, kind, self._stream(text, attempt))
            if new != text and new not in self._taken and not any(old in new for old in self._avoid):
                return new
        return "".join("0" if one.isdigit() else "x" if one.isalpha() else one for one in text)

    def _one(self, text: str, kind: Kind, stream: Iterator[int]) -> str:
        if kind == "birth":
            return self._date(text)
        if kind == "mail":
            return "@".join((_letters(text.partition("@")[0], stream), "example.org")) if "@" in text else _letters(
                text, stream)  # fmt: skip
        if kind == "number":
            return self._number(text, stream)
        if kind == "phone":
            return _digits(text, stream, 1)
        if kind == "name" and _CJK.search(text):
            return _chinese_name(text, stream)
        return _letters(_digits(text, stream, 0), stream)

    def _number(self, text: str, stream: Iterator[int]) -> str:
        if re.fullmatch(r"\d{17}[\dXx]", text) and _real_date(text[6:14]):
            return self._identity_number(text, stream)
        if re.match(r"[A-Za-z]{1,3}\d{3}", text):  # a prefix says what it is a number of
            head = len(text) - len(text.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
            return text[:head] + _digits(text[head:], stream, 0)
        new = _digits(text, stream, 0)
        if not text.isdigit():
            return _letters(new, stream) if not any(one.isdigit() for one in text) else new
        if len(text) >= 8 and luhn(text):
            return next(new[:-1] + last for last in "0123456789" if luhn(new[:-1] + last))
        return new

    def _identity_number(self, text: str, stream: Iterator[int]) -> str:
        """Region, birth date, order (its last digit says the sex), check character."""
        born = self._date(text[6:14])
        sex = int(text[16]) % 2
        order = f"{next(stream) % 100:02d}{next(stream) % 5 * 2 + sex}"
        first = f"{text[:2]}{next(stream) % 10000:04d}{born}{order}"
        return first + identity_check(first) if identity_check(text[:17]) == text[17].upper() else first + text[17]

    def _date(self, text: str) -> str:
        found = _DATE.search(text)
        if found is None or not _real_date(f"{found[1]}{int(found[3]):02d}{int(found[5]):02d}"):
            return _digits(text, self._stream(text, 1), 0)
        day = date(int(found[1]), int(found[3]), int(found[5])) - self._days
        new = f"{day.year:04d}{found[2]}{day.month:02d}{found[4]}{day.day:02d}"
        return text[: found.start()] + new + text[found.end() :]

    def _stream(self, text: str, attempt: int) -> Iterator[int]:
        number = 0
        while True:
            yield from hmac.digest(self._secret, f"{attempt}:{number}:{text}".encode("utf-8", "replace"), "sha256")
            number += 1


def forms_of_date(text: str) -> list[str]:
    """The other ways in which the same day is written."""
    found = _DATE.search(text)
    if found is None:
        return []
    year, month, day = int(found[1]), int(found[3]), int(found[5])
    return [
        f"{year:04d}{month:02d}{day:02d}", f"{year:04d}-{month:02d}-{day:02d}", f"{year:04d}/{month:02d}/{day:02d}",
        f"{year:04d}.{month:02d}.{day:02d}", f"{year}年{month}月{day}日", f"{year:04d}年{month:02d}月{day:02d}日",
    ]  # fmt: skip


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812-1."""
    total = 0
    for place, one in enumerate(reversed(digits)):
        twice = int(one) * (1 + place % 2)
        total += twice - 9 if twice > 9 else twice
    return total % 10 == 0


def identity_check(first: str) -> str:
    """The check character for the 17 digits of a Chinese identity number."""
    return CHECKS[sum(int(one) * weight for one, weight in zip(first, WEIGHTS, strict=True)) % 11]


def _real_date(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return False
    return "1850" < text[:4] < "2200"


def _chinese_name(text: str, stream: Iterator[int]) -> str:
    """A family name, then given ones; what is no Chinese character is invented by itself."""
    made = []
    for place, one in enumerate(text):
        if _CJK.match(one):
            pool = SURNAMES if place == 0 else GIVEN
            choice = pool[next(stream) % len(pool)]
            made.append(choice if choice != one else pool[(pool.index(choice) + 1) % len(pool)])
        else:
            made.append(_letters(_digits(one, stream, 0), stream))
    return "".join(made)


def _digits(text: str, stream: Iterator[int], keep: int) -> str:
    """Other digits; the first `keep` and leading zeros stay, for they say what kind of number it is."""
    made, seen, leading = [], 0, True
    room = sum(one.isdigit() for one in text) - SIGNIFICANT
    for one in text:
        if not one.isdigit() or not one.isascii():
            made.append(one)
            continue
        seen += 1
        leading = leading and one == "0"
        if seen <= keep or (leading and seen <= room):
            made.append(one)
        else:
            made.append(str(next(stream) % 10 if seen > 1 or one == "0" else 1 + next(stream) % 9))
    return "".join(made)


def _letters(text: str, stream: Iterator[int]) -> str:
    """Other letters, so that it can be read aloud; Chinese characters become those of places."""
    made, vowel = [], False
    for one in text:
        if _CJK.match(one):
            made.append(PLACES[next(stream) % len(PLACES)])
        elif one.isalpha():
            pool = VOWELS if vowel else CONSONANTS
            letter = pool[next(stream) % len(pool)]
            made.append(letter.upper() if one.isupper() else letter)
            vowel = not vowel
        else:
            made.append(one)
            vowel = False
    return "".join(made)
