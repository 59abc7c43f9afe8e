"""By what a patient is found: folded keys of number, name and birth date, and what a person may type for them.

Keys are `kind:text`: `n` number, `a` a word of a Latin name, `z` Chinese characters, `p` pinyin, `i` its initials, `b`
the birth date. All are found by prefix. Of a Chinese name whole and given name have keys, and each likely reading.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from datetime import date

from records import pinyin

LONGEST = 80
READINGS = 8
"""Ways to read one name that have keys."""
APOSTROPHES = "'’‘ʼ`´＇"
HYPHENS = re.compile(r"[-‐-―−－·・.]+")
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]+")
_YEAR_FIRST = re.compile(r"((?:18|19|20)\d\d)(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.]((?:18|19|20)\d\d)")
_PACKED = re.compile(r"((?:18|19|20)\d\d)(\d\d)(\d\d)")


def fold(text: str) -> str:
    """Without case, width and accents: `Núñez` and `ＮＵＮＥＺ` are `nunez`."""
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(PLAIN)


def number_key(number: str) -> str:
    """A number without spaces, hyphens and case."""
    return "".join(letter for letter in fold(number) if letter.isalnum())


def keys(number: str, name: str, birth_date: str) -> set[str]:
    """All keys of a patient."""
    made = number_keys(number) | name_keys(name)
    if birth_date:
        made.add("b:" + birth_date.replace("-", ""))
    return {key[:LONGEST] for key in made if len(key) > 2}


def number_keys(number: str) -> set[str]:
    """The number as it is, and without the zeros that nobody types."""
    key = number_key(number)
    return {f"n:{key}"[:LONGEST], f"n:{key.lstrip('0')}"[:LONGEST]} - {"n:"}


def name_keys(name: str) -> set[str]:
    """Of each word of a Latin name, of each run of Chinese characters."""
    name = unicodedata.normalize("NFKC", name)
    made: set[str] = set()
    for chinese in CJK.findall(HYPHENS.sub("", name)):
        made |= _chinese(chinese)
    latin = words(CJK.sub(" ", name))
    made |= {f"a:{word}" for word in latin}
    if len(latin) > 1 and not CJK.search(name):
        made.add("p:" + "".join(word for word in fold(_bare(name)).split() if word.isalnum()))
    return made


def words(text: str) -> list[str]:
    """The words of a Latin name: `O'Brien` is found as `obrien` and `brien`, `Jean-Luc` by either part and as one."""
    found: list[str] = []
    for part in re.split(r"[\s,;/()]+", fold(_marked(text))):
        word = part.strip("'-")
        for way in (word.replace("'", "").replace("-", ""), *re.split("['-]", word)):
            letters = "".join(letter for letter in way if letter.isalnum())
            if (len(letters) > 1 or letters == word) and letters and letters not in found:
                found.append(letters)
    return found


def _marked(text: str) -> str:
    """All apostrophes and hyphens as the one that there is on a keyboard."""
    for mark in APOSTROPHES:
        text = text.replace(mark, "'")
    return HYPHENS.sub("-", text)


def _bare(text: str) -> str:
    return re.sub(r"[,;/()]", " ", _marked(text).replace("'", "").replace("-", ""))


def _chinese(name: str) -> set[str]:
    surname = pinyin.surname(name)
    made = {f"z:{name}"}
    if len(name) > len(surname):
        made.add(f"z:{name[len(surname) :]}")
    for way in _readings(name, surname):
        given = way[len(surname) :]
        made |= {"p:" + "".join(way), "i:" + "".join(syllable[0] for syllable in way)}
        if given:
            made.add("p:" + "".join(given))
    return made


def _readings(name: str, surname: str) -> list[tuple[str, ...]]:
    """The likeliest first: a surname's special reading, then the common ones, of each character at most two."""
    family = pinyin.surname_readings(surname)
    given = [pinyin.readings(letter)[:2] or (letter,) for letter in name[len(surname) :][:12]]
    ways = (first + rest for first, rest in itertools.product(family, itertools.product(*given)))
    return list(itertools.islice(ways, READINGS))


def dates(text: str) -> list[str]:
    """Birth dates that the text may mean, as `19800102`, `198001` or `1980`: the day comes first where it can."""
    text = unicodedata.normalize("NFKC", text).strip()
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match.group(1), match.group(2), match.group(3)
        return _valid(year, month, day) if day else [year + month.zfill(2) if month else year]
    if match := _PACKED.fullmatch(text):
        return _valid(*match.groups())
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()
        return _valid(year, month, day) or _valid(year, day, month)
    return []


def _valid(year: str, month: str, day: str) -> list[str]:
    try:
        return [date(int(year), int(month), int(day)).strftime("%Y%m%d")]
    except ValueError:
        return []
