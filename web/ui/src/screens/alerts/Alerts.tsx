import { Button } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/api";
import type { AlertRow, Alerts } from "@/api/types";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { moment } from "@/i18n/time";
import { type Bindings, useKeys } from "@/keys/keys";
import { Ago, At, PageHead, Tag } from "@/parts/bits";
import { EngineNav } from "@/parts/EngineNav";
import { NoteDialog } from "@/parts/NoteDialog";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { SnoozeDialog } from "./SnoozeDialog";

export default function AlertsScreen() {
  const { t } = useI18n();
  const list = useLoad("alerts", api.alerts, ["alerts"]);
  const open = list.data?.alerts.filter((alert) => alert.state === "open").length;
  return (
    <div className="page">
      <PageHead title={t("nav.alerts")} sub={t("alerts.sub")}>
        <EngineNav counts={{ alerts: open }} />
      </PageHead>
      <Show of={list} lines={8}>
        {(data) => <Tabs data={data} reload={list.reload} />}
      </Show>
    </div>
  );
}

const TABS = ["open", "acknowledged", "ended"] as const;
type Tab = (typeof TABS)[number];

function Tabs({ data, reload }: { data: Alerts; reload: () => void }) {
  const { t, word } = useI18n();
  const [tab, choose] = useState<Tab>("open");
  const rows = (of: Tab) => data.alerts.filter((alert) => alert.state === of);
  const shown = rows(tab);
  return (
    <>
      {data.untold.map((one) => (
        <p key={one.rule + one.target} role="alert" className="card card-body">
          <Tag tone="amber">{t("alerts.nottold")}</Tag>{" "}
          {t("alerts.untold", { ...one, target: word("target", one.target), n: one.attempts })}
        </p>
      ))}
      <div className="row" role="tablist" aria-label={t("alerts.tabs")}>
        {TABS.map((one) => (
          <Button
            key={one}
            role="tab"
            aria-selected={one === tab}
            type={one === tab ? "primary" : "default"}
            data-testid={`alerts-${one}`}
            onClick={() => choose(one)}
          >
            {t(`alerts.tab.${one}`)} <span className="count">{rows(one).length}</span>
          </Button>
        ))}
      </div>
      {shown.length ? (
        <Rows key={tab} rows={shown} reload={reload} />
      ) : (
        <div className="card">
          <Empty
            title={t(`alerts.empty.${tab}`)}
            hint={data.rules ? t("alerts.empty.hint", { n: data.rules }) : t("alerts.norules")}
          />
        </div>
      )}
    </>
  );
}

type Asking = { deed: "acknowledge" | "snooze"; alert: AlertRow };

function Rows({ rows, reload }: { rows: AlertRow[]; reload: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const [asking, setAsking] = useState<Asking | null>(null);
  const list = useCursor(
    rows.map((row) => row.id),
    (id) => {
      const link = rows.find((row) => row.id === id)?.link;
      if (link) void go(link);
    },
  );
  const chosen = rows.find((row) => row.id === list.cursor) ?? rows[0];
  const begin = (deed: Asking["deed"], alert: AlertRow | undefined) => {
    if (alert && alert.state !== "ended") setAsking({ deed, alert });
  };
  const keys: Bindings = { ...list.keys };
  if (chosen?.state !== "ended") {
    keys.a = { help: "alerts.acknowledge", run: () => begin("acknowledge", chosen) };
    keys.z = { help: "alerts.snooze", run: () => begin("snooze", chosen) };
  }
  useKeys("nav.alerts", keys);
  return (
    <>
      <ul className="card entries" aria-label={t("nav.alerts")}>
        {rows.map((row) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter move and open; the link inside is focusable
          <li
            key={row.id}
            data-row-key={row.id}
            className={row.id === list.cursor ? "cursor" : ""}
            onClick={() => list.choose(row.id)}
          >
            <Row row={row} onDeed={begin} />
          </li>
        ))}
      </ul>
      {asking?.deed === "acknowledge" && (
        <NoteDialog
          title={t("alerts.acknowledge")}
          explain={t("alerts.acknowledge.explain")}
          action={t("alerts.acknowledge")}
          label={t("note.optional")}
          onClose={() => setAsking(null)}
          onDone={async (note) => {
            await api.acknowledgeAlert(asking.alert.id, note);
            reload();
          }}
        />
      )}
      {asking?.deed === "snooze" && (
        <SnoozeDialog
          onClose={() => setAsking(null)}
          onDone={async (minutes, note) => {
            await api.snoozeAlert(asking.alert.id, minutes, note);
            reload();
          }}
        />
      )}
    </>
  );
}

/** One alert: what, since when, whose, who looks after it. */
function Row({ row, onDeed }: { row: AlertRow; onDeed: (deed: Asking["deed"], row: AlertRow) => void }) {
  const { t, word, locale } = useI18n();
  const over = row.state === "ended";
  const late = row.snoozed_until && new Date(row.snoozed_until) > new Date();
  const subject = ["disk", "store", "clock"].includes(row.subject) ? "" : row.subject;
  return (
    <>
      <span className="grow">
        <span className="row wrap">
          <Tag tone={over ? "slate" : row.state === "open" && !late ? "red" : "amber"}>{row.rule}</Tag>
          <b>{word("alert", row.condition)}</b>
          {subject && <span className="mono">{subject}</span>}
          {row.mine && <Tag tone="blue">{t("alerts.mine")}</Tag>}
        </span>
        <span className="quiet">{row.text}</span>
        {!over && row.help && <p className="help">{row.help}</p>}
        {!over && row.contact && (
          <p>
            <span className="quiet">{t("attention.contact")}</span> {row.contact}
          </p>
        )}
        <span className="row wrap small quiet">
          {row.acknowledged_by && <span>{t("alerts.by", { who: row.acknowledged_by })}</span>}
          {late && row.snoozed_until && (
            <span>{t("alerts.snoozed", { time: moment(locale, row.snoozed_until, new Date()) })}</span>
          )}
          {row.note && <span>“{row.note}”</span>}
          {row.told_begin_at && (
            <span>
              {t("alerts.told")} <At at={row.told_begin_at} />
            </span>
          )}
        </span>
      </span>
      <span className="quiet nowrap">
        {t("alerts.since")} <Ago at={row.began_at} />
        {over && (
          <>
            {" · "}
            {t("alerts.until")} <At at={row.ended_at} />
          </>
        )}
      </span>
      {!over && (
        <span className="row">
          {row.state === "open" && (
            <Button size="small" data-testid="acknowledge" onClick={() => onDeed("acknowledge", row)}>
              {t("alerts.acknowledge")} <kbd>a</kbd>
            </Button>
          )}
          <Button size="small" data-testid="snooze" onClick={() => onDeed("snooze", row)}>
            {t("alerts.snooze")} <kbd>z</kbd>
          </Button>
        </span>
      )}
      {row.link && <Link to={row.link}>{t("alerts.go")}</Link>}
    </>
  );
}
