"""What is told: an e-mail in three languages, a JSON body. Names of the site, codes and times; nothing of a patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.alerts.book import Row
from engine.site.model import Alert
from engine.store.clock import local

SHOWN = 100
"""Alerts that one message lists; the rest is a number."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One message of one rule. begins: not over yet; ends: over now, `short` ones without having been told before."""

    alert: Alert
    begins: tuple[Row, ...] = ()
    ends: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*self.begins, *self.ends)


@dataclass(frozen=True, slots=True)
class Place:
    """Where it comes from. link: the page of alerts; '' without screens."""

    site: str = "Waybill"
    link: str = field(default="")


WORDS: dict[str, dict[str, str]] = {
    "en": {
        "begun": "begun", "ended": "ended", "Begun": "Begun", "Ended": "Ended", "more": "and {n} more",
        "help": "What to do", "contact": "Whom to call", "page": "All alerts",
        "dead_letter": "Dead letters at {s}", "held": "Held at {s}", "doubt": "In doubt at {s}",
        "overdue": "Overdue at {s}", "identity_conflict": "Known identity with other content at {s}",
        "queue_older_than": "Calls wait too long at {s}", "connection": "Connection {s}",
        "disk_low": "Disk space is low", "certificate": "Certificate of {s}", "clock": "The computer's clock jumped",
        "rate_below": "Too few messages at {s}", "rate_above": "Too many messages at {s}",
        "store": "The store takes no writes",
    },
    "es": {
        "begun": "empezadas", "ended": "terminadas", "Begun": "Empezó", "Ended": "Terminó", "more": "y {n} más",
        "help": "Qué hacer", "contact": "A quién llamar", "page": "Todas las alertas",
        "dead_letter": "Mensajes muertos en {s}", "held": "Retenidos en {s}", "doubt": "En duda en {s}",
        "overdue": "Fuera de plazo en {s}", "identity_conflict": "Identidad conocida con otro contenido en {s}",
        "queue_older_than": "Las llamadas esperan demasiado en {s}", "connection": "Conexión {s}",
        "disk_low": "Queda poco espacio en disco", "certificate": "Certificado de {s}",
        "clock": "El reloj del ordenador ha saltado", "rate_below": "Demasiado pocos mensajes en {s}",
        "rate_above": "Demasiados mensajes en {s}", "store": "El almacén no admite escrituras",
    },
    "zh": {
        "begun": "开始", "ended": "结束", "Begun": "开始", "Ended": "结束", "more": "以及另外 {n} 条",
        "help": "处理办法", "contact": "联系人", "page": "全部告警",
        "dead_letter": "{s} 有死信", "held": "{s} 有暂停的运行", "doubt": "{s} 有结果不明的调用",
        "overdue": "{s} 已超时", "identity_conflict": "{s} 收到标识相同而内容不同的消息",
        "queue_older_than": "{s} 的调用等待过久", "connection": "连接 {s}", "disk_low": "磁盘空间不足",
        "certificate": "{s} 的证书", "clock": "计算机时钟发生跳变", "rate_below": "{s} 的消息过少",
        "rate_above": "{s} 的消息过多", "store": "存储无法写入",
    },
}  # fmt: skip


def sentence(row: Row, language: str) -> str:
    """One line on one alert."""
    what = WORDS[language].get(row.condition, row.condition).format(s=row.subject)
    return f"{what} ({row.text})" if row.text else what


def subject(telling: Telling, place: Place) -> str:
    """The line that is seen first."""
    words, rows = WORDS[telling.alert.language], telling.rows
    if len(rows) == 1:
        state = words["Ended" if telling.ends else "Begun"]
        what = f"{state}: {words.get(rows[0].condition, rows[0].condition).format(s=rows[0].subject)}"
    else:
        counts = [(len(telling.begins), words["begun"]), (len(telling.ends), words["ended"])]
        what = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"[{place.site}] {telling.alert.name}: {what}"


def mail(telling: Telling, place: Place) -> str:
    """The text of the e-mail."""
    alert, words = telling.alert, WORDS[telling.alert.language]
    lines = [f"{place.site}: {alert.name}", ""]
    for row in telling.rows[:SHOWN]:
        ended = row.ended_at is not None
        times = f"{_time(row.began_at)} – {_time(row.ended_at)}" if row.ended_at is not None else _time(row.began_at)
        lines.append(f"{words['Ended' if ended else 'Begun']}  {times}  {sentence(row, alert.language)}")
    if len(telling.rows) > SHOWN:
        lines.append(words["more"].format(n=len(telling.rows) - SHOWN))
    lines.append("")
    for word, text in (("help", alert.help), ("contact", alert.contact), ("page", place.link)):
        if text:
            lines.append(f"{words[word]}: {text}")
    return "\n".join(lines).rstrip() + "\n"


def body(telling: Telling, place: Place, key: str) -> dict[str, Any]:
    """The JSON of the webhook; key: equal when the same is told again."""
    alert = telling.alert
    return {
        "key": key, "site": place.site, "rule": alert.name, "roles": list(alert.roles), "help": alert.help,
        "contact": alert.contact, "link": place.link, "count": len(telling.rows),
        "alerts": [
            {
                "id": row.id, "state": "began" if row.ended_at is None else "ended", "condition": row.condition,
                "subject": row.subject, "text": row.text, "said": sentence(row, alert.language),
                "began_at": _iso(row.began_at), "ended_at": None if row.ended_at is None else _iso(row.ended_at),
            }
            for row in telling.rows[:SHOWN]
        ],
    }  # fmt: skip


def _time(at: int) -> str:
    return f"{local(at):%Y-%m-%d %H:%M:%S}"


def _iso(at: int) -> str:
    return local(at).isoformat(timespec="seconds")
