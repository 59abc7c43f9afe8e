import { Table, type TableColumnsType, Tooltip } from "antd";
import { api } from "@/api/api";
import type { Dashboard, DashConnection, DashRoute } from "@/api/types";
import { useDashboardEvents } from "@/app/live";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { size } from "@/i18n/time";
import { Ago, PageHead, Spark, StateTag } from "@/parts/bits";
import { EngineNav } from "@/parts/EngineNav";
import { Show } from "@/parts/States";

export default function DashboardScreen() {
  const { t } = useI18n();
  const board = useLoad("dashboard", api.dashboard);
  useDashboardEvents((data) => {
    if (isDashboard(data)) board.set(data);
    else board.reload();
  });
  return (
    <div className="page">
      <PageHead title={t("nav.engine")}>
        <EngineNav />
      </PageHead>
      <Show of={board} lines={10}>
        {(data) => (
          <>
            <Vitals board={data} />
            <Connections rows={data.connections} />
            <RouteRows rows={data.routes} />
          </>
        )}
      </Show>
    </div>
  );
}

function isDashboard(data: unknown): data is Dashboard {
  const board = data as Partial<Dashboard> | null;
  return Array.isArray(board?.connections) && Array.isArray(board.routes) && typeof board.engine === "object";
}

function Vitals({ board }: { board: Dashboard }) {
  const { t, locale } = useI18n();
  const { engine, connections, routes } = board;
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
  const bad = connections.filter((row) => row.state === "down" || row.state === "degraded").length;
  const dead = sum(routes.map((row) => row.dead + row.held));
  const items: [string, string, string][] = [
    [t("dash.connections"), bad ? t("dash.bad", { n: bad }) : t("dash.allup"), bad ? "red" : "green"],
    [t("dash.trouble"), String(dead), dead ? "red" : ""],
    [t("dash.done"), String(sum(routes.map((row) => row.done_today))), ""],
    [t("dash.queue"), String(engine.queue), ""],
    [t("dash.writer"), String(engine.writer_queue), ""],
    [t("dash.memory"), `${Math.round(engine.pss_mb)} MB`, ""],
    [t("dash.wal"), size(locale, engine.wal_bytes), ""],
    [t("dash.workers"), String(engine.workers), ""],
  ];
  return (
    <dl className="vitals card">
      {items.map(([name, value, tone]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={tone}>{value}</dd>
        </div>
      ))}
      <div>
        <dt>{t("dash.started")}</dt>
        <dd>
          <Ago at={engine.started_at} />
        </dd>
      </div>
    </dl>
  );
}

function Num({ value, bad }: { value: number; bad?: boolean }) {
  if (!value) return <span className="zero">0</span>;
  return <span className={bad ? "bad" : ""}>{value}</span>;
}

function useShared<T extends { oldest: string | null; last_error: string; spark: number[]; name: string }>() {
  const { t } = useI18n();
  const shared: TableColumnsType<T> = [
    { title: t("dash.oldest"), width: 104, render: (_, row) => <Ago at={row.oldest} /> },
    {
      title: t("dash.lasterror"),
      ellipsis: true,
      render: (_, row) =>
        row.last_error ? (
          <Tooltip title={row.last_error}>
            <span className="err">{row.last_error}</span>
          </Tooltip>
        ) : (
          <span className="quiet">–</span>
        ),
    },
    {
      title: t("dash.spark"),
      width: 144,
      render: (_, row) => <Spark values={row.spark} label={t("dash.spark.label", { name: row.name })} />,
    },
  ];
  return shared;
}

function Connections({ rows }: { rows: DashConnection[] }) {
  const { t } = useI18n();
  const shared = useShared<DashConnection>();
  const columns: TableColumnsType<DashConnection> = [
    {
      title: t("dash.connection"),
      width: 170,
      render: (_, row) => (
        <div className="two">
          <span className="mono strong">{row.name}</span>
          <span className="small quiet mono">{row.type}</span>
        </div>
      ),
    },
    {
      title: t("col.state"),
      width: 210,
      render: (_, row) => (
        <div className="two">
          <span className="row">
            <StateTag state={row.state} />{" "}
            <span className="small quiet">{row.since && <Ago at={row.since} />}</span>
          </span>
          {row.reason && (
            <Tooltip title={row.reason}>
              <span className="small quiet ellipsis">{row.reason}</span>
            </Tooltip>
          )}
        </div>
      ),
    },
    { title: t("dash.in"), width: 64, align: "right", render: (_, row) => <Num value={row.in} /> },
    { title: t("dash.out"), width: 64, align: "right", render: (_, row) => <Num value={row.out} /> },
    { title: t("dash.waiting"), width: 80, align: "right", render: (_, row) => <Num value={row.waiting} /> },
    { title: t("dash.dead"), width: 64, align: "right", render: (_, row) => <Num value={row.dead} bad /> },
    ...shared,
  ];
  return (
    <section className="card list" aria-label={t("dash.connections")}>
      <Table
        size="small"
        rowKey="name"
        columns={columns}
        dataSource={rows}
        pagination={false}
        tableLayout="fixed"
      />
    </section>
  );
}

function RouteRows({ rows }: { rows: DashRoute[] }) {
  const { t } = useI18n();
  const shared = useShared<DashRoute>();
  const count = (
    key: "ready" | "running" | "waiting" | "held" | "dead" | "done_today",
    width: number,
    bad = false,
  ) => ({
    title: t(`dash.${key}`),
    width,
    align: "right" as const,
    render: (_: unknown, row: DashRoute) => <Num value={row[key]} bad={bad} />,
  });
  const columns: TableColumnsType<DashRoute> = [
    {
      title: t("dash.route"),
      width: 170,
      render: (_, row) => (
        <div className="two">
          <span className="mono strong ellipsis">{row.name}</span>
          <span className="small quiet mono">{row.revision.slice(0, 8)}</span>
        </div>
      ),
    },
    count("ready", 66),
    count("running", 74),
    count("waiting", 80),
    count("held", 62),
    count("dead", 62, true),
    count("done_today", 92),
    ...shared,
  ];
  return (
    <section className="card list" aria-label={t("dash.routes")}>
      <Table
        size="small"
        rowKey="name"
        columns={columns}
        dataSource={rows}
        pagination={false}
        tableLayout="fixed"
      />
    </section>
  );
}
