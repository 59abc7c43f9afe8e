import { type ReactNode, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api } from "@/api/api";
import type { Waybill as Run } from "@/api/types";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { size } from "@/i18n/time";
import { type Bindings, useKeys } from "@/keys/keys";
import { At, Copy, Facts, StateTag, StatusTag } from "@/parts/bits";
import { NoteDialog } from "@/parts/NoteDialog";
import { Show } from "@/parts/States";
import { ACTS, type Act, actsOf, isSpecial, perform } from "./acts";
import { Editor } from "./Editor";
import { Effects } from "./Effects";
import { Events } from "./Events";
import { Line } from "./Line";
import { Opener, type Target } from "./Opener";
import { Question } from "./Question";
import { RetryFrom } from "./RetryFrom";
import { Steps } from "./Steps";
import { withCode } from "./say";

export default function Waybill({ kind }: { kind: "run" | "message" }) {
  const { id = "" } = useParams();
  return <Loaded key={id} id={id} kind={kind} />;
}

function Loaded({ id, kind }: { id: string; kind: "run" | "message" }) {
  const run = useLoad(
    `${kind} ${id}`,
    (signal) => (kind === "run" ? api.run(id, signal) : api.message(id, signal)),
    kind === "run" ? [`run:${id}`] : ["attention"],
  );
  return (
    <div className="page">
      <Show of={run} lines={10}>
        {(data) => <Page run={data} kind={kind} reload={run.reload} />}
      </Show>
    </div>
  );
}

function Page({ run, kind, reload }: { run: Run; kind: "run" | "message"; reload: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const [asking, setAsking] = useState<Act | null>(null);
  const [opening, setOpening] = useState<Target | null>(null);
  const acts = kind === "run" ? actsOf(run) : [];
  const body: Target | null = run.message && { kind: "body", message: run.message.id };
  const begin = (act: Act) => {
    if (act === "sign") void go(`/sign/${run.id}`);
    else setAsking(act);
  };
  const keys: Bindings = {};
  if (body) keys.o = { help: "keys.body", run: () => setOpening(body) };
  for (const act of acts) keys[ACTS[act].key] = { help: ACTS[act].help, run: () => begin(act) };
  useKeys("keys.waybill", keys);

  return (
    <>
      <Line run={run} kind={kind} acts={acts} onAct={begin} />
      <Question run={run} reload={reload} />
      <div className={run.steps.length ? "waybill" : "waybill lone"}>
        {run.steps.length > 0 && (
          <div className="stack">
            <section className="card">
              <h2>{t("waybill.steps")}</h2>
              <Steps run={run} onOpen={(name) => setOpening({ kind: "value", run: run.id, name })} />
            </section>
          </div>
        )}
        <div className="stack">
          <section className="card">
            <h2>{t("waybill.message")}</h2>
            <MessageFacts run={run} onOpen={body && (() => setOpening(body))} />
          </section>
          {run.effects.length > 0 && (
            <section className="card">
              <h2>{t("waybill.effects")}</h2>
              <Effects effects={run.effects} />
            </section>
          )}
          <section className="card">
            <h2>{t("waybill.events")}</h2>
            <Events events={run.events} />
          </section>
        </div>
      </div>
      {asking === "retry_from" && <RetryFrom run={run} onClose={() => setAsking(null)} onDone={reload} />}
      {asking === "edit" && <Editor run={run} onClose={() => setAsking(null)} />}
      {asking && !isSpecial(asking) && (
        <NoteDialog
          title={t(ACTS[asking].title)}
          explain={t(ACTS[asking].explain)}
          action={t(ACTS[asking].title)}
          label={t("note.optional")}
          danger={ACTS[asking].danger}
          onClose={() => setAsking(null)}
          onDone={(note) => perform(asking, run.id, note).then(reload)}
        />
      )}
      {opening && <Opener target={opening} onClose={() => setOpening(null)} />}
    </>
  );
}

function MessageFacts({ run, onOpen }: { run: Run; onOpen: (() => void) | null }) {
  const { t } = useI18n();
  const { message, parent } = run;
  const rows: [string, ReactNode][] = [[t("waybill.id"), <Identifier key="id" id={run.id} />]];
  if (message) {
    rows.push([t("waybill.from"), <From key="from" message={message} />]);
    rows.push([t("col.outcome"), <StateTag key="outcome" state={message.outcome} />]);
    if (message.reason) rows.push([t("waybill.reason"), withCode(message.code, message.reason)]);
    if (message.repeats) rows.push([t("waybill.repeats"), message.repeats]);
  }
  for (const label of run.labels) rows.push([label.name, <bdi key={label.name}>{label.value}</bdi>]);
  if (run.patient_id)
    rows.push([
      t("col.patient"),
      <Link key="patient" to={`/patients/${run.patient_id}`}>
        {t("waybill.patient")}
      </Link>,
    ]);
  if (parent)
    rows.push([
      t("waybill.parent"),
      <Link key="parent" to={`/engine/runs/${parent.id}`}>
        {t("waybill.parent.open")}
      </Link>,
    ]);
  if (run.origin)
    rows.push([
      t("waybill.origin"),
      <Link key="origin" to={`/engine/runs/${run.origin.id}`} className="mono" data-testid="origin">
        {run.origin.id.slice(-8)}
      </Link>,
    ]);
  if (run.resent.length)
    rows.push([
      t("waybill.resent"),
      <span key="resent" className="row wrap">
        {run.resent.map((one) => (
          <Link key={one.id} to={`/engine/runs/${one.id}`} className="mono">
            {one.id.slice(-8)}
          </Link>
        ))}
      </span>,
    ]);
  if (run.order_held) rows.push([t("waybill.order"), t("waybill.order.held")]);
  return (
    <div className="card-body msg">
      <Facts rows={rows} />
      {run.children.length > 0 && (
        <ul className="children">
          {run.children.map((child) => (
            <li key={child.id} className="row">
              <Link to={`/engine/runs/${child.id}`} className="mono">
                {child.id.slice(-8)}
              </Link>
              {child.status && <StatusTag status={child.status} />}
              <StateTag state={child.state} />
            </li>
          ))}
        </ul>
      )}
      {onOpen && (
        <button type="button" className="sealed" data-testid="open-body" onClick={onOpen}>
          <span className="blur" aria-hidden="true">
            ▇▇▇ ▇▇▇▇▇ ▇▇ ▇▇▇▇▇▇ ▇▇▇
          </span>
          <span>
            {t("waybill.body.open")} <kbd>o</kbd>
          </span>
        </button>
      )}
    </div>
  );
}

function From({ message }: { message: NonNullable<Run["message"]> }) {
  const { locale } = useI18n();
  return (
    <span>
      <span className="mono">{`${message.connection} · ${message.operation}`}</span>{" "}
      <span className="quiet">
        <At at={message.received_at} seconds /> · {size(locale, message.size)}
      </span>
    </span>
  );
}

function Identifier({ id }: { id: string }) {
  const { t } = useI18n();
  return (
    <span className="row" style={{ gap: 2 }}>
      <span className="mono ellipsis">{id}</span>
      <Copy text={id} label={t("waybill.id")} />
    </span>
  );
}
