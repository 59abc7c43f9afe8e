import { Button } from "antd";
import { useState } from "react";
import type { RunEvent } from "@/api/types";
import { useI18n } from "@/i18n";
import { At } from "@/parts/bits";

const FEW = 12;

/** Two events may be alike in everything: then their place tells them apart. */
const keyOf = (event: RunEvent, all: RunEvent[]): string =>
  `${event.at}${event.kind}${event.step}${all.indexOf(event)}`;

/** The history, newest first. */
export function Events({ events }: { events: RunEvent[] }) {
  const { t, word } = useI18n();
  const [all, setAll] = useState(false);
  const newest = [...events].reverse();
  const shown = all ? newest : newest.slice(0, FEW);
  if (!events.length) return <p className="card-body quiet">{t("waybill.events.empty")}</p>;
  return (
    <div className="card-body">
      <ul className="events">
        {shown.map((event) => (
          <li key={keyOf(event, newest)}>
            <At at={event.at} seconds />
            <span className="kind">{word("event", event.kind)}</span>
            <span className="mono quiet ellipsis">{event.step}</span>
            <span className={event.code ? "err" : ""}>
              {event.code && <span className="mono">{event.code} </span>}
              {event.text}
              {event.user && <span className="quiet"> · {event.user}</span>}
            </span>
          </li>
        ))}
      </ul>
      {!all && events.length > FEW && (
        <Button size="small" type="text" onClick={() => setAll(true)}>
          {t("waybill.events.all", { n: events.length })}
        </Button>
      )}
    </div>
  );
}
