import { Alert, Button } from "antd";
import { type ReactNode, useState } from "react";
import { Link, useParams } from "react-router";
import { api } from "@/api/api";
import type { ConnectionPage, Probed } from "@/api/types";
import { problemFrom, useLoad } from "@/app/load";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { Ago, At, Facts, PageHead, StateTag, Tag, toneOf } from "@/parts/bits";
import { EngineNav } from "@/parts/EngineNav";
import { Show } from "@/parts/States";
import { Operate, type Operating, pauseOrResume, stopOrStart } from "./Operate";

export default function ConnectionScreen() {
  const { name = "" } = useParams();
  const page = useLoad(`connection ${name}`, (signal) => api.connection(name, signal), ["dashboard"]);
  return (
    <div className="page">
      <PageHead title={<span className="mono">{name}</span>} sub={page.data?.row.type}>
        <EngineNav />
      </PageHead>
      <Show of={page} lines={10}>
        {(data) => <Loaded key={name} page={data} reload={page.reload} />}
      </Show>
    </div>
  );
}

function Loaded({ page, reload }: { page: ConnectionPage; reload: () => void }) {
  const { t, word } = useI18n();
  const { rights } = useSession();
  const { row } = page;
  const [on, setOn] = useState<Operating | null>(null);
  const [probe, setProbe] = useState<Probed | "asking" | null>(null);
  const may = rights.includes("operate");
  const deeds = { p: pauseOrResume(row.pause), s: stopOrStart(row.pause, row.state) };
  const begin = (deed: Operating["deed"]) => setOn({ kind: "connection", name: row.name, deed });
  const ask = () => {
    setProbe("asking");
    api.probe(row.name).then(setProbe, (error: unknown) => {
      const problem = problemFrom(error);
      setProbe({ ok: false, text: `${problem.code} ${problem.detail || problem.message}`, findings: [] });
    });
  };
  const keys: Bindings = may
    ? {
        p: { help: "keys.pause", run: () => begin(deeds.p) },
        s: { help: "keys.stop", run: () => begin(deeds.s) },
        t: { help: "keys.probe", run: ask },
      }
    : {};
  useKeys("keys.connection", keys);
  const state = row.pause?.state ?? row.state;
  return (
    <>
      <section className={`card slip slip-${state === "down" ? "dead" : state === "up" ? "done" : "held"}`}>
        <div className="stub">
          <span className="small quiet">{t("conn.title")}</span>
          <span className="mono strong ellipsis">{row.name}</span>
          <StateTag state={state} />
        </div>
        <div className="grow">
          <p className="say">{row.reason || word("state", state)}</p>
          <div className="row wrap quiet">
            {row.since && (
              <span>
                {t("waybill.since")} <At at={row.since} /> (<Ago at={row.since} />)
              </span>
            )}
            {row.pause && (
              <span>
                {t("board.by", { state: word("state", row.pause.state), who: row.pause.by })}
                {row.pause.note && `: ${row.pause.note}`}
              </span>
            )}
          </div>
        </div>
        {may && (
          <div className="row">
            <Button onClick={ask} loading={probe === "asking"} data-testid="probe">
              {t("conn.probe")} <kbd>t</kbd>
            </Button>
            <Button onClick={() => begin(deeds.p)}>
              {t(`operate.${deeds.p}`)} <kbd>p</kbd>
            </Button>
            <Button danger={deeds.s === "stop"} onClick={() => begin(deeds.s)}>
              {t(`operate.${deeds.s}`)} <kbd>s</kbd>
            </Button>
          </div>
        )}
      </section>
      {probe && probe !== "asking" && (
        <Alert
          showIcon
          closable={{ onClose: () => setProbe(null) }}
          type={probe.ok ? "success" : "error"}
          title={probe.ok ? t("conn.probe.ok") : t("conn.probe.bad")}
          description={[probe.text, ...probe.findings].filter(Boolean).join(" · ")}
        />
      )}
      <div className="conn">
        <div className="stack">
          <section className="card">
            <h2>{t("conn.queue")}</h2>
            <Uses page={page} />
          </section>
          <section className="card">
            <h2>{t("conn.health")}</h2>
            <Health page={page} />
          </section>
        </div>
        <div className="stack">
          <section className="card">
            <h2>{t("waybill.message")}</h2>
            <div className="card-body">
              <Facts rows={facts(page, t)} />
            </div>
          </section>
          <section className="card">
            <h2>{t("conn.settings")}</h2>
            <Settings page={page} />
          </section>
        </div>
      </div>
      {on && <Operate on={on} onClose={() => setOn(null)} onDone={reload} />}
    </>
  );
}

function facts(page: ConnectionPage, t: ReturnType<typeof useI18n>["t"]): [string, ReactNode][] {
  const { row } = page;
  const rows: [string, ReactNode][] = [
    [t("dash.in"), String(row.in)],
    [t("dash.out"), String(row.out)],
    [t("conn.count.refused"), String(row.refused)],
    [t("conn.count.repeats"), String(row.repeats)],
    [t("conn.count.failed"), String(row.failed)],
  ];
  if (page.certificate_ends)
    rows.push([t("conn.certificate"), <Certificate key="ends" at={page.certificate_ends} />]);
  if (page.receives.length) rows.push([t("conn.receives"), page.receives.join(", ")]);
  if (row.last_error)
    rows.push([
      t("dash.lasterror"),
      <span key="error" className="err">
        {row.last_error}
      </span>,
    ]);
  rows.push([t("conn.help"), row.help || <span className="quiet">{t("conn.nohelp")}</span>]);
  if (row.contact) rows.push([t("attention.contact").replace(/[:：]\s*$/, ""), row.contact]);
  return rows;
}

function Certificate({ at }: { at: string }) {
  const { t } = useI18n();
  const days = Math.floor((new Date(at).getTime() - Date.now()) / 86_400_000);
  const tone = days < 0 ? "red" : days < 30 ? "amber" : "green";
  return (
    <span className="row">
      <At at={at} />
      <Tag tone={tone}>
        {days < 0 ? t("conn.certificate.ended") : t("conn.certificate.days", { n: days })}
      </Tag>
    </span>
  );
}

function Uses({ page }: { page: ConnectionPage }) {
  const { t, word } = useI18n();
  if (!page.uses.length) return <p className="card-body quiet">{t("conn.queue.empty")}</p>;
  return (
    <ul className="entries">
      {page.uses.map((use) => {
        const states = Object.entries(use.counts).filter(([, count]) => count > 0);
        return (
          <li key={`${use.route} ${use.step}`}>
            <span className="grow two">
              <span className="ellipsis">
                <Link to={`/engine/routes/${use.route}`} className="mono strong">
                  {use.route}
                </Link>{" "}
                <span className="mono">› {use.step}</span>
              </span>
              <span className="small quiet">{word("verb", use.verb)}</span>
            </span>
            {states.map(([state, count]) => (
              <Link key={state} to={`/engine/messages?route=${use.route}&step=${use.step}&state=${state}`}>
                <Tag tone={toneOf(state)}>{t("route.here", { n: count, state: word("state", state) })}</Tag>
              </Link>
            ))}
            <Ago at={use.oldest} />
          </li>
        );
      })}
    </ul>
  );
}

function Health({ page }: { page: ConnectionPage }) {
  const { t } = useI18n();
  if (!page.health.length) return <p className="card-body quiet">{t("conn.health.empty")}</p>;
  return (
    <ul className="card-body health">
      {page.health.map((one) => (
        <li key={`${one.at}${one.state}${one.reason}`}>
          <At at={one.at} seconds />
          <StateTag state={one.state} />
          <span>{one.reason}</span>
        </li>
      ))}
    </ul>
  );
}

function Settings({ page }: { page: ConnectionPage }) {
  const { t } = useI18n();
  return (
    <dl className="card-body facts">
      {page.settings.map((one) => [
        <dt key={`${one.name}-name`} className="mono">
          {one.name}
        </dt>,
        <dd key={`${one.name}-value`} className={one.given ? "" : "quiet"}>
          <span className="mono">
            {one.secret ? t("conn.secret", { name: one.value }) : one.value || "–"}
          </span>
          {!one.given && <span className="hidden"> {t("conn.settings.default")}</span>}
        </dd>,
      ])}
    </dl>
  );
}
