"""A rehearsal for people: as text and as one HTML page."""

from __future__ import annotations

from html import escape

from engine.rehearsal.groups import Group, Rehearsal, shown

IDS = 3
MASKED = "Patients' values are masked: x, 9 and 某 stand for letters, digits and characters. `--open` shows them."


def text(result: Rehearsal, *, opened: bool) -> str:
    """For a terminal."""
    lines: list[str] = []
    route = None
    for group in result.sorted():
        if group.place[0] != route:
            route = group.place[0]
            lines += ["", route or "(no route)"]
        lines += _group(group, opened)
    lines += ["", *summary(result)]
    if result.groups and not opened:
        lines.append(MASKED)
    return "\n".join(lines).lstrip("\n") + "\n"


def title(group: Group) -> str:
    """`send_back call his_out RegisterDocumentRt: body/Request/Name changed in 3 messages`."""
    _, step, what, target, name, kind = group.place
    head = " ".join(part for part in (step, what, target) if part)
    count = "1 message" if group.messages == 1 else f"{group.messages:,} messages"
    more = f", {group.count:,} times" if group.count > group.messages else ""
    return f"{head}: {name} {kind} in {count}{more}"


def _group(group: Group, opened: bool) -> list[str]:
    lines = [f"  {title(group)}"]
    for message_id, one in group.examples:
        part = f" part {one.part}" if one.part else ""
        lines.append(f"    {message_id}{part}" + (f"  {one.field}" if one.field != group.place[4] else ""))
        lines += [f"      {mark} {line}" for mark, line in _sides(one.before, one.after, one, opened)]
    more = len(group.ids) - len(group.examples)
    if more > 0:
        rest = ", ".join(group.ids[len(group.examples) : len(group.examples) + IDS])
        lines.append(f"    also {rest}" + (", ..." if group.messages > len(group.examples) + IDS else ""))
    return lines


def _sides(before: str | None, after: str | None, one: object, opened: bool) -> list[tuple[str, str]]:
    found = []
    for mark, value in (("-", before), ("+", after)):
        said = shown(value, one, opened=opened)  # type: ignore[arg-type]
        if said is not None:
            found.append((mark, said.replace("\n", "\\n") or "(empty)"))
    return found


def summary(result: Rehearsal) -> list[str]:
    """What was looked at, and what to know of it."""
    equal = f"{result.compared - result.different:,} equal, {result.same:,} on routes that did not change"
    lines = [
        f"{result.looked_at:,} messages: {result.different:,} would be different, {equal} ({result.seconds:.1f} s)"
    ]
    for why, count in result.not_compared.most_common():
        lines.append(f"{count:,} not compared: {why}")
    for step, count in result.assumed.most_common():
        lines.append(f"{step}: {count:,} answers were never recorded; a good one is assumed")
    for name, count in result.chance.most_common():
        lines.append(f"{name}: different each time ({count:,}), so not compared")
    if result.otherwise:
        lines.append(
            f"{result.otherwise:,} runs come to another end on their own old revision than they really did "
            "(a person, a signal or a failure changed their way); both sides are compared without that"
        )
    return lines


_HEAD = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>Rehearsal</title>"
)
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
    "pre{background:#f5f5f2;padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere}"
    "del{color:#8a1c1c;text-decoration:none;display:block}ins{color:#155724;text-decoration:none;display:block}"
    "small{color:#666}"
)


def html(result: Rehearsal, *, opened: bool) -> str:
    """One page without anything from elsewhere."""
    parts = [f"{_HEAD}<style>{_STYLE}</style><h1>Rehearsal</h1>"]
    parts += [f"<p>{escape(line)}</p>" for line in summary(result)]
    parts += [] if opened else [f"<p><small>{escape(MASKED)}</small></p>"]
    route = None
    for group in result.sorted():
        if group.place[0] != route:
            route = group.place[0]
            parts.append(f"<h2>{escape(route or '(no route)')}</h2>")
        parts.append(f"<h3>{escape(title(group))}</h3>")
        for message_id, one in group.examples:
            sides = "".join(
                f"<{tag}>{mark} {escape(line)}</{tag}>"
                for mark, line in _sides(one.before, one.after, one, opened)
                for tag in ("del" if mark == "-" else "ins",)
            )
            parts.append(f"<small>{escape(message_id)} {escape(one.field)}</small><pre>{sides}</pre>")
    return "\n".join(parts) + "</html>\n"
