import { Button, Progress } from "antd";
import { type ReactNode, useState } from "react";
import { Link, useNavigate } from "react-router";
import { scan } from "@/api/scan";
import { useI18n } from "@/i18n";
import { clock } from "@/i18n/time";
import { useKeys } from "@/keys/keys";
import { Ago, PageHead, Tag } from "@/parts/bits";
import { NoteDialog } from "@/parts/NoteDialog";
import { Show } from "@/parts/States";
import { Why } from "@/parts/why";
import type { Batch } from "../types";
import { FailedFiles } from "./FailedFiles";
import type { ShownBatch } from "./local";
import type { Desk } from "./useDesk";
import { BATCH_TONES, iso, nameOf, progress } from "./words";

export type Step = "check" | "assign" | "classify";
const STEPS: readonly { name: Step; path: string }[] = [
  { name: "check", path: "" },
  { name: "assign", path: "/assign" },
  { name: "classify", path: "/classify" },
];

/** What the three screens of one batch have in common: its head, whose it is, why it is stopped, how saving stands. */
export function DeskFrame(props: { desk: Desk; step: Step; children: (batch: ShownBatch) => ReactNode }) {
  const { desk, step, children } = props;
  return (
    <div className="page fill desk">
      <Show of={desk.loaded} lines={10}>
        {() =>
          desk.batch && (
            <>
              <Head desk={desk} batch={desk.batch} step={step} />
              <Banners desk={desk} batch={desk.batch} hint={step === "check"} />
              {children(desk.batch)}
            </>
          )
        }
      </Show>
    </div>
  );
}

function Head({ desk, batch, step }: { desk: Desk; batch: ShownBatch; step: Step }) {
  const { t, word } = useI18n();
  const go = useNavigate();
  const at = STEPS.findIndex((one) => one.name === step);
  const turn = (by: number) => {
    const next = STEPS[at + by];
    if (next) void go(`/scan/${batch.id}${next.path}`, { replace: true });
  };
  useKeys("scan.desk", {
    "[": { help: "scan.key.stepback", run: () => turn(-1) },
    "]": { help: "scan.key.step", run: () => turn(1) },
    u: { help: "scan.key.undo", run: () => void desk.send(() => scan.undo(batch.id), t("scan.undone")) },
    Escape: { help: "scan.key.batches", run: () => void go("/scan") },
  });
  const coming = progress(batch);
  return (
    <PageHead
      title={nameOf(batch)}
      sub={
        <span className="row">
          <span className="mono">{batch.station}</span>
          <Tag tone={BATCH_TONES[batch.state]}>{word("scan.batch", batch.state)}</Tag>
          {(batch.state === "open" || batch.state === "stopped") && (
            <span title={t("scan.notchecked.hint")}>
              <Tag tone="amber">{t("scan.notchecked")}</Tag>
            </span>
          )}
          {batch.can.claim && <Free desk={desk} batch={batch} />}
          {coming && (
            <span className="row" data-testid="progress">
              <Progress
                percent={coming.pages ? Math.round((coming.taken / coming.pages) * 100) : 0}
                size={[90, 6]}
                showInfo={false}
                aria-label={t("scan.taken", { n: coming.taken, of: coming.pages })}
              />
              {t("scan.taken", { n: coming.taken, of: coming.pages })}
            </span>
          )}
        </span>
      }
    >
      <SavingWord desk={desk} />
      <nav className="subnav" aria-label={t("scan.steps")}>
        {STEPS.map((one) => (
          <Link
            key={one.name}
            replace
            to={`/scan/${batch.id}${one.path}`}
            className={one.name === step ? "on" : ""}
            aria-current={one.name === step ? "step" : undefined}
          >
            {t(`scan.step.${one.name}`)}
            {one.name === "assign" && batch.unassigned > 0 && (
              <span className="count">{batch.unassigned}</span>
            )}
          </Link>
        ))}
      </nav>
    </PageHead>
  );
}

/** "Saved 10:02:11", said aloud too. */
function SavingWord({ desk }: { desk: Desk }) {
  const { t, locale } = useI18n();
  const { state, text } = desk.saving;
  return (
    <span className="saving" data-testid="saving" data-state={state}>
      <span aria-live="polite" className={state === "failed" ? "hidden" : ""}>
        {state === "saving" ? t("scan.saving") : state === "saved" ? text : ""}
      </span>
      {state === "saved" && <span className="quiet small"> {clock(locale, new Date())}</span>}
      {state === "failed" && (
        <span role="alert" className="err">
          {text}
        </span>
      )}
    </span>
  );
}

function Banners({ desk, batch, hint }: { desk: Desk; batch: ShownBatch; hint: boolean }) {
  return (
    <>
      <LockBanner desk={desk} batch={batch} />
      {batch.state === "stopped" && <Stopped desk={desk} batch={batch} hint={hint} />}
      {batch.can.reopen && <Closed desk={desk} batch={batch} />}
      {batch.failed_files > 0 && <FailedFiles desk={desk} batch={batch} />}
    </>
  );
}

/** Nobody has it: it can be claimed, and the first change claims it too. */
function Free({ desk, batch }: { desk: Desk; batch: Batch }) {
  const { t } = useI18n();
  const claim = () => void desk.send(() => scan.deed(batch.id, "claim"), t("scan.claimed"));
  useKeys("scan.desk.whose", { c: { help: "scan.key.claim", run: claim } });
  return (
    <span className="lock-free" data-testid="lock">
      {t("scan.free")}
      <Button size="small" onClick={claim} data-testid="claim">
        {t("scan.claim")} <kbd>c</kbd>
      </Button>
    </span>
  );
}

/** Another's batch is locked; taking it over says why. */
function LockBanner({ desk, batch }: { desk: Desk; batch: Batch }) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  const { lock } = batch;
  useKeys(
    "scan.desk.whose",
    { t: { help: "scan.key.takeover", run: () => setAsking(true) } },
    { enabled: batch.can.take_over },
  );
  if (!lock || lock.by.me || !batch.can.take_over) return null;
  return (
    <div className="band-row amber" role="status" data-testid="lock">
      <span>
        {t("scan.locked", { name: lock.by.name })} <Ago at={iso(lock.at)} />. {t("scan.locked.hint")}
      </span>
      <Button size="small" onClick={() => setAsking(true)} data-testid="take-over">
        {t("scan.takeover")} <kbd>t</kbd>
      </Button>
      {asking && (
        <TakeOver
          name={lock.by.name}
          onClose={() => setAsking(false)}
          onDone={async (note) => {
            const problem = await desk.send(() => scan.takeOver(batch.id, note), t("scan.takenover"));
            if (problem) throw problem;
          }}
        />
      )}
    </div>
  );
}

export function TakeOver(props: {
  name: string;
  onClose: () => void;
  onDone: (note: string) => Promise<unknown>;
}) {
  const { t } = useI18n();
  return (
    <NoteDialog
      title={t("scan.takeover")}
      explain={t("scan.takeover.explain", { name: props.name })}
      action={t("scan.takeover")}
      label={t("scan.takeover.why")}
      required
      onClose={props.onClose}
      onDone={props.onDone}
    />
  );
}

/** Its pages are checked; changing them again takes a reason. */
function Closed({ desk, batch }: { desk: Desk; batch: ShownBatch }) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  useKeys("scan.desk.closed", { O: { help: "scan.key.reopen", run: () => setAsking(true) } });
  return (
    <div className="band-row" role="status" data-testid="closed">
      <span>{t(batch.state === "filed" ? "scan.allfiled" : "scan.ischecked")}</span>
      <Button size="small" onClick={() => setAsking(true)}>
        {t("scan.reopen")} <kbd>O</kbd>
      </Button>
      {asking && (
        <NoteDialog
          title={t("scan.reopen")}
          explain={t("scan.reopen.explain")}
          action={t("scan.reopen")}
          label={t("scan.reason")}
          required
          onClose={() => setAsking(false)}
          onDone={async (reason) => {
            const problem = await desk.send(() => scan.reopen(batch.id, reason), t("scan.reopened"));
            if (problem) throw problem;
          }}
        />
      )}
    </div>
  );
}

/** Why it is stopped, what to do, and the word that it may go on. */
function Stopped({ desk, batch, hint }: { desk: Desk; batch: ShownBatch; hint: boolean }) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  const may = batch.can.edit;
  useKeys(
    "scan.desk.stopped",
    { v: { help: "scan.key.resolve", run: () => setAsking(true) } },
    { enabled: may },
  );
  return (
    <div className="band-row red" role="alert" data-testid="stopped">
      <span>
        <b>{t("scan.stopped")}</b> <Why code={batch.code} reason={batch.reason} />
        {hint && (
          <>
            <br />
            {t("scan.stopped.hint")}
          </>
        )}
      </span>
      {may && (
        <Button size="small" onClick={() => setAsking(true)}>
          {t("scan.resolve")} <kbd>v</kbd>
        </Button>
      )}
      {asking && (
        <NoteDialog
          title={t("scan.resolve")}
          explain={t("scan.resolve.explain")}
          action={t("scan.resolve")}
          label={t("scan.resolve.note")}
          required
          onClose={() => setAsking(false)}
          onDone={async (note) => {
            const problem = await desk.send(() => scan.resolve(batch.id, note), t("scan.resolved"));
            if (problem) throw problem;
          }}
        />
      )}
    </div>
  );
}
