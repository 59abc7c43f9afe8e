import { Button } from "antd";
import { api } from "@/api/api";
import type { Waybill, WaybillStep } from "@/api/types";
import { useI18n } from "@/i18n";
import { At } from "@/parts/bits";

/** The route as a line with stations: done, here, ahead. */
export function Steps({ run, onOpen }: { run: Waybill; onOpen: (name: string) => void }) {
  const { t, word } = useI18n();
  // what no step of the text explains is a value without a station: the body, and what verbs keep for themselves
  const stops = run.steps.filter((step) => step.verb);
  const loose = run.steps.filter((step) => !step.verb);
  return (
    <>
      <ol className="track">
        {stops.map((step) => (
          <li
            key={step.id}
            className={`stop stop-${markOf(step, run)}`}
            aria-current={step.state === "current" ? "step" : undefined}
          >
            <span className="node" aria-hidden="true" />
            <span className="two grow">
              <span className="row">
                <span className="mono strong">{step.id}</span>
                <span className="small quiet">{word("verb", step.verb)}</span>
                <span className="hidden">{word("step", step.state)}</span>
              </span>
              <span className="small quiet">
                {step.at ? <At at={step.at} seconds /> : word("step", step.state)}
                {step.attempts > 1 && ` · ${t("waybill.attempts", { n: step.attempts })}`}
              </span>
            </span>
            <span className="io">
              {step.reads.length > 0 && step.state !== "ahead" && step.state !== "skipped" && (
                <span className="row small">
                  <span className="quiet">{t("waybill.reads")}</span>
                  {step.reads.map((name) => (
                    <button key={name} type="button" className="link mono" onClick={() => onOpen(name)}>
                      {name}
                    </button>
                  ))}
                </span>
              )}
              {step.has_value && <Value step={step} run={run.id} onOpen={onOpen} />}
            </span>
          </li>
        ))}
      </ol>
      {loose.length > 0 && (
        <div className="loose row wrap">
          <span className="small quiet">{t("waybill.values")}</span>
          {loose.map((step) => (
            <span key={step.id} className="row">
              <span className="mono small">{step.id}</span>
              <Value step={step} run={run.id} onOpen={onOpen} />
            </span>
          ))}
        </div>
      )}
    </>
  );
}

function markOf(step: WaybillStep, run: Waybill): string {
  if (step.state === "failed") return run.state === "held" ? "held" : "failed";
  return step.state;
}

function Value({ step, run, onOpen }: { step: WaybillStep; run: string; onOpen: (name: string) => void }) {
  const { t } = useI18n();
  const name = step.value ?? step.id;
  if (step.kind === "blob" || step.kind === "bytes") {
    return (
      <a href={api.valueFile(run, name)} target="_blank" rel="noreferrer" className="small">
        {t("act.openfile")}
      </a>
    );
  }
  return (
    <Button size="small" type="text" onClick={() => onOpen(name)}>
      {t("act.value")}
    </Button>
  );
}
