import { SearchOutlined } from "@ant-design/icons";
import { Button, Input, type InputRef, Segmented } from "antd";
import { useCallback, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/api";
import type { Dashboard } from "@/api/types";
import { useDashboardEvents } from "@/app/live";
import { useLoad } from "@/app/load";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { size } from "@/i18n/time";
import { type Bindings, useKeys } from "@/keys/keys";
import { Ago, PageHead } from "@/parts/bits";
import { EngineNav } from "@/parts/EngineNav";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { Board } from "./engine/Board";
import { Operate, type Operating, pauseOrResume, stopOrStart } from "./engine/Operate";
import { type BoardRow, chosen, pathOf, rowsOf, type Shown, sections } from "./engine/rows";

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
            <Rows board={data} reload={board.reload} />
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

function Rows({ board, reload }: { board: Dashboard; reload: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { rights } = useSession();
  const field = useRef<InputRef>(null);
  const [shown, setShown] = useState<Shown>("all");
  const [text, setText] = useState("");
  const [on, setOn] = useState<Operating | null>(null);
  const all = useMemo(() => rowsOf(board), [board]);
  const shownSections = sections(chosen(all, shown, text));
  const rows = shownSections.flatMap((section) => section.rows);
  const { cursor, choose, keys } = useCursor(
    rows.map((row) => row.key),
    (key) => {
      const row = rows.find((one) => one.key === key);
      if (row) void go(pathOf(row));
    },
  );
  const onCursor = useCallback((key: string) => choose(key), [choose]);
  const row = rows.find((one) => one.key === cursor) ?? null;
  const may = rights.includes("operate");
  const bindings: Bindings = {
    ...keys,
    "/": { help: "board.filtering", run: () => field.current?.focus() },
  };
  if (may) {
    bindings.p = { help: "keys.pause", run: () => row && setOn(operating(row, "p")) };
    bindings.s = { help: "keys.stop", run: () => row && setOn(operating(row, "s")) };
  }
  useKeys("nav.dashboard", bindings);
  const count = (which: Shown) => chosen(all, which, "").length;
  return (
    <section className="card list">
      <div className="row toolbar">
        <Segmented
          value={shown}
          onChange={(value) => setShown(value as Shown)}
          options={(["all", "trouble", "paused"] as const).map((value) => ({
            value,
            label: `${t(`board.${value}`)} ${count(value)}`,
          }))}
        />
        <Input
          ref={field}
          allowClear
          style={{ width: 280 }}
          prefix={<SearchOutlined className="quiet" />}
          suffix={<kbd>/</kbd>}
          placeholder={t("board.filter")}
          aria-label={t("board.filter")}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && field.current?.blur()}
        />
        {may && <Deeds row={row} onDeed={setOn} />}
      </div>
      {rows.length ? (
        <Board sections={shownSections} cursor={cursor} onCursor={onCursor} />
      ) : (
        <Empty title={t("board.none")} hint={t("board.none.hint")} />
      )}
      {on && <Operate on={on} onClose={() => setOn(null)} onDone={reload} />}
    </section>
  );
}

function operating(row: BoardRow, key: "p" | "s"): Operating {
  const deed = key === "p" ? pauseOrResume(row.pause) : stopOrStart(row.pause, row.state);
  return { kind: row.kind, name: row.name, deed };
}

/** What may be done to the chosen row. */
function Deeds({ row, onDeed }: { row: BoardRow | null; onDeed: (on: Operating) => void }) {
  const { t } = useI18n();
  const pause = row ? operating(row, "p") : null;
  const stop = row ? operating(row, "s") : null;
  return (
    <span className="row push">
      {row && <span className="mono strong">{row.name}</span>}
      <Button disabled={!pause} data-testid="pause" onClick={() => pause && onDeed(pause)}>
        {t(`operate.${pause?.deed ?? "pause"}`)} <kbd>p</kbd>
      </Button>
      <Button disabled={!stop} data-testid="stop" onClick={() => stop && onDeed(stop)}>
        {t(`operate.${stop?.deed ?? "stop"}`)} <kbd>s</kbd>
      </Button>
    </span>
  );
}
