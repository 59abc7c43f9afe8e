import { App, Button, Segmented } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import { api } from "@/api/api";
import type { Plan, Revision, RevisionText, RoutePage } from "@/api/types";
import { useLoad } from "@/app/load";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { At, PageHead, StateTag, Tag } from "@/parts/bits";
import { Diff } from "@/parts/Diff";
import { EngineNav } from "@/parts/EngineNav";
import { NoteDialog } from "@/parts/NoteDialog";
import { Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { Diagram } from "./Diagram";
import { Operate, type Operating, pauseOrResume, stopOrStart } from "./Operate";
import { PlanBox, refuseFaults } from "./PlanBox";

export default function RouteScreen() {
  const { name = "" } = useParams();
  const page = useLoad(`route ${name}`, (signal) => api.route(name, signal), ["dashboard"]);
  const list = useLoad("routes", api.routes, ["dashboard"]);
  const reload = () => {
    page.reload();
    list.reload();
  };
  return (
    <div className="page">
      <PageHead
        title={<span className="mono">{name}</span>}
        sub={page.data ? <Sub page={page.data} /> : undefined}
      >
        <EngineNav />
      </PageHead>
      <Show of={page} lines={10}>
        {(data) => <Loaded key={name} page={data} plan={list.data?.plan ?? null} reload={reload} />}
      </Show>
    </div>
  );
}

function Sub({ page }: { page: RoutePage }) {
  const { t } = useI18n();
  return (
    <span className="row">
      {page.row.pause && <StateTag state={page.row.pause.state} />}
      <span>
        {t("route.receives")} <span className="mono">{page.receives.join(", ")}</span>
      </span>
    </span>
  );
}

function Loaded({ page, plan, reload }: { page: RoutePage; plan: Plan | null; reload: () => void }) {
  const { t } = useI18n();
  const { rights } = useSession();
  const { message } = App.useApp();
  const { row, revisions } = page;
  const [tab, setTab] = useState<"text" | "revisions">("revisions");
  const [on, setOn] = useState<Operating | null>(null);
  const [back, setBack] = useState<Revision | null>(null);
  const earlier = revisions.filter((one) => !one.current);
  const { cursor, choose, keys } = useCursor(
    revisions.map((one) => one.revision),
    () => setTab("revisions"),
  );
  const chosen = revisions.find((one) => one.revision === cursor) ?? earlier[0] ?? null;
  const may = rights.includes("operate");
  const goBack = () => {
    if (chosen && !chosen.current) setBack(chosen);
    else message.info(t("route.back.choose"));
  };
  const deeds = { p: pauseOrResume(row.pause), s: stopOrStart(row.pause, "up") };
  const begin = (deed: Operating["deed"]) => setOn({ kind: "route", name: row.name, deed });
  const bindings: Bindings = { ...keys };
  if (may) {
    bindings.b = { help: "keys.rollback", run: goBack };
    bindings.p = { help: "keys.pause", run: () => begin(deeds.p) };
    bindings.s = { help: "keys.stop", run: () => begin(deeds.s) };
  }
  useKeys("keys.route", bindings);
  const mine = plan && { ...plan, changes: plan.changes.filter((one) => one.name === row.name), notes: [] };
  return (
    <>
      {mine && <PlanBox plan={mine} onDone={reload} />}
      <div className="route">
        <section className="card">
          <h2>{t("route.diagram")}</h2>
          <div className="scroll">
            <Diagram diagram={page.diagram} />
          </div>
        </section>
        <section className="card side">
          <div className="row toolbar">
            <Segmented
              value={tab}
              onChange={(value) => setTab(value as "text" | "revisions")}
              options={[
                { value: "revisions", label: `${t("route.revisions")} ${revisions.length}` },
                { value: "text", label: t("route.text") },
              ]}
            />
            {may && (
              <span className="row push">
                <Button onClick={() => begin(deeds.p)}>
                  {t(`operate.${deeds.p}`)} <kbd>p</kbd>
                </Button>
                <Button onClick={() => begin(deeds.s)}>
                  {t(`operate.${deeds.s}`)} <kbd>s</kbd>
                </Button>
                <Button danger disabled={!earlier.length} onClick={goBack} data-testid="rollback">
                  {t("route.back")} <kbd>b</kbd>
                </Button>
              </span>
            )}
          </div>
          {tab === "text" ? (
            <pre className="body text">{page.text}</pre>
          ) : (
            <>
              <Revisions revisions={revisions} chosen={chosen} onChoose={choose} />
              {chosen && !chosen.current ? (
                <Compared key={chosen.revision} page={page} chosen={chosen} />
              ) : (
                <p className="quiet card-body">{t("route.unedited")}</p>
              )}
            </>
          )}
        </section>
      </div>
      {on && <Operate on={on} onClose={() => setOn(null)} onDone={reload} />}
      {back && (
        <NoteDialog
          title={`${t("route.back")}: ${row.name}`}
          explain={t("route.back.explain", { revision: back.revision.slice(0, 10), name: row.name })}
          action={t("route.back")}
          label={t("note.optional")}
          danger
          onClose={() => setBack(null)}
          onDone={async (note) => {
            const made = await api.reload({ route: row.name, revision: back.revision, note });
            refuseFaults(made);
            message.success(t("routes.deployed.done"));
            reload();
          }}
        />
      )}
    </>
  );
}

function Revisions(props: {
  revisions: readonly Revision[];
  chosen: Revision | null;
  onChoose: (revision: string) => void;
}) {
  const { t } = useI18n();
  return (
    <ul className="entries revisions">
      {props.revisions.map((one) => (
        <li
          key={one.revision}
          data-row-key={one.revision}
          className={one.revision === props.chosen?.revision ? "cursor" : ""}
        >
          <button type="button" className="plain mono strong" onClick={() => props.onChoose(one.revision)}>
            {one.revision.slice(0, 10)}
          </button>
          <At at={one.deployed_at} seconds />
          <span className="quiet grow">{one.deployed_by || t("routes.bystart")}</span>
          {one.open > 0 && <span className="quiet">{t("route.open", { n: one.open })}</span>}
          {one.current && <Tag tone="green">{t("route.current")}</Tag>}
        </li>
      ))}
    </ul>
  );
}

function Compared({ page, chosen }: { page: RoutePage; chosen: Revision }) {
  const { row } = page;
  const both = useLoad(`${row.name} ${chosen.revision} ${row.revision}`, (signal) =>
    Promise.all([
      api.revision(row.name, chosen.revision, signal),
      api.revision(row.name, row.revision, signal),
    ]),
  );
  return <Show of={both}>{([old, now]) => <Differences row={row.name} old={old} now={now} />}</Show>;
}

function Differences({ row, old, now }: { row: string; old: RevisionText; now: RevisionText }) {
  const { t } = useI18n();
  const names = [...new Set([...Object.keys(old.files), ...Object.keys(now.files)])]
    .filter((name) => old.files[name] !== now.files[name])
    .sort();
  const title = t("route.diff", { from: old.revision.slice(0, 10), to: now.revision.slice(0, 10) });
  return (
    <div className="card-body compared" data-testid="diff">
      <h3>{title}</h3>
      <Diff before={old.text} after={now.text} same={t("route.diff.same")} label={`${row}: ${title}`} />
      {names.map((name) => (
        <div key={name}>
          <h3 className="mono">{name}</h3>
          <Diff
            before={old.files[name] ?? ""}
            after={now.files[name] ?? ""}
            same={t("route.diff.same")}
            label={name}
          />
        </div>
      ))}
    </div>
  );
}
