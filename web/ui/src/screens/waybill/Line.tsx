import { Button } from "antd";
import type { Waybill } from "@/api/types";
import { useI18n } from "@/i18n";
import { Ago, At, StateTag, StatusTag } from "@/parts/bits";
import { ACTS, type Act } from "./acts";
import { sayLine, sayWhy } from "./say";

/** The one line that says where it stands: what it waits for, since when, what happens next, what you may do. */
export function Line(props: {
  run: Waybill;
  kind: "run" | "message";
  acts: Act[];
  onAct: (act: Act) => void;
}) {
  const i18n = useI18n();
  const { t } = i18n;
  const { run } = props;
  const { line } = run;
  const said = sayLine(run, i18n);
  const why = sayWhy(run);
  return (
    <section className={`card slip slip-${run.state}`}>
      <div className="stub">
        <span className="small quiet">
          {props.kind === "run" ? t("waybill.title") : t("waybill.message.title")}
        </span>
        <span className="mono strong ellipsis">{run.route ?? run.message?.connection}</span>
        <span className="row">
          {run.status && <StatusTag status={run.status} />}
          <StateTag state={run.state} />
        </span>
      </div>
      <div className="grow">
        <p className="say" data-testid="line">
          {said}
        </p>
        {why && <p className="err">{why}</p>}
        <div className="row wrap quiet">
          {line.since && (
            <span>
              {t("waybill.since")} <At at={line.since} /> (<Ago at={line.since} />)
            </span>
          )}
          {line.next_at && (
            <span>
              {t("waybill.next")} <At at={line.next_at} seconds />
            </span>
          )}
        </div>
      </div>
      <div className="row">
        {props.acts.map((act) => (
          <Button
            key={act}
            type={act === "sign" || act === "arrived" || act === "retry" ? "primary" : "default"}
            danger={ACTS[act].danger}
            data-testid={`act-${act}`}
            onClick={() => props.onAct(act)}
          >
            {t(ACTS[act].title)} <kbd>{ACTS[act].key}</kbd>
          </Button>
        ))}
      </div>
    </section>
  );
}
