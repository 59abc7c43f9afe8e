import { Button, Modal } from "antd";
import { useState } from "react";
import { records } from "@/api/records";
import { problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { At, Tag, type Tone } from "@/parts/bits";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { Said, useSaid } from "../records/say";
import type { TrainedModel } from "../records/types";
import { useRecordWords } from "../records/words";

const TONES: Record<string, Tone> = { active: "green", refused: "red", old: "slate" };
const SHARES = ["accuracy", "named", "precision", "top3"] as const;
const numberOf = (report: TrainedModel["report"], name: string): number | null =>
  typeof report[name] === "number" ? (report[name] as number) : null;

/** What the machine has learnt, how it did on documents that it had not seen, and which model is at work. */
export function Models() {
  const { t } = useI18n();
  const models = useLoad("models", records.models, ["lists"]);
  return (
    <Show of={models}>
      {(items) =>
        items.length ? (
          <ModelList items={items} reload={models.reload} />
        ) : (
          <section className="card">
            <Empty title={t("models.empty")} hint={t("models.hint")} />
          </section>
        )
      }
    </Show>
  );
}

function ModelList({ items, reload }: { items: TrainedModel[]; reload: () => void }) {
  const { t, word } = useI18n();
  const [using, setUsing] = useState<TrainedModel | null>(null);
  const { said, say } = useSaid();
  const list = useCursor(
    items.map((one) => one.id),
    () => undefined,
  );
  const model = items.find((one) => one.id === list.cursor) ?? items[0];
  useKeys("lists.view.learnt", {
    j: list.keys.j ?? { help: "keys.down", run: () => undefined },
    k: list.keys.k ?? { help: "keys.up", run: () => undefined },
    U: { help: "models.key.use", run: () => model && model.state !== "active" && setUsing(model) },
  });
  if (!model) return null;
  return (
    <div className="models">
      <section className="card rec-scroll" aria-label={t("lists.view.learnt")}>
        <ul className="model-list">
          {items.map((one) => (
            <li key={one.id} data-row-key={one.id} className={one.id === model.id ? "cursor" : ""}>
              <button type="button" onClick={() => list.choose(one.id)} aria-current={one.id === model.id}>
                <span className="row">
                  <b className="grow">{t("models.n", { n: one.id })}</b>
                  <Tag tone={TONES[one.state] ?? "slate"}>{word("models.state", one.state)}</Tag>
                </span>
                <span className="small quiet">
                  <At at={one.at} /> · {t("models.right", { n: percent(numberOf(one.report, "accuracy")) })}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section className="card card-body rec-scroll model-page" aria-label={t("models.report")}>
        <div className="row">
          <h2 className="grow">{t("models.n", { n: model.id })}</h2>
          <Said said={said} />
          {model.state !== "active" && (
            <Button onClick={() => setUsing(model)} data-testid="use-model">
              {t("models.use")} <kbd>U</kbd>
            </Button>
          )}
        </div>
        <Report report={model.report} />
      </section>
      {using && (
        <UseDialog
          model={using}
          onClose={() => setUsing(null)}
          onDone={() => {
            setUsing(null);
            say(t("models.used"));
            reload();
          }}
        />
      )}
    </div>
  );
}

interface UseProps {
  model: TrainedModel;
  onClose: () => void;
  onDone: () => void;
}

/** Another model is put to work by a person's word. */
function UseDialog({ model, onClose, onDone }: UseProps) {
  const { t } = useI18n();
  const [error, setError] = useState("");
  const use = () => {
    records.activate(model.id).then(onDone, (failure: unknown) => {
      const problem = problemFrom(failure);
      setError(`${problem.detail || problem.message} ${problem.code}`);
    });
  };
  useKeys(
    "keys.dialog",
    {
      Enter: { help: "models.key.use", run: use },
      Escape: { help: "keys.close", run: onClose },
    },
    { modal: true },
  );
  return (
    <Modal
      open
      title={t("models.use")}
      okText={t("models.use")}
      okButtonProps={{ autoFocus: true }}
      cancelText={t("act.back")}
      onOk={use}
      onCancel={onClose}
    >
      <p>{t("models.use.explain", { n: model.id })}</p>
      {error && (
        <p role="alert" className="err">
          {error}
        </p>
      )}
    </Modal>
  );
}

const percent = (share: number | null): string =>
  share === null ? "–" : `${Math.round(share * 1000) / 10} %`;

function Report({ report }: { report: TrainedModel["report"] }) {
  const { t } = useI18n();
  const words = useRecordWords();
  const reason = typeof report.reason === "string" ? report.reason : "";
  const kinds = Object.entries((report.by_kind ?? {}) as Record<string, number>).sort((a, b) => b[1] - a[1]);
  const left = Object.keys((report.left_out ?? {}) as Record<string, number>);
  const most = Math.max(1, ...kinds.map(([, count]) => count));
  return (
    <>
      {reason && <p className="band-row amber">{reason}</p>}
      <dl className="shares">
        {SHARES.map((name) => (
          <div key={name}>
            <dt>{t(`models.${name}`)}</dt>
            <dd>{percent(numberOf(report, name))}</dd>
            <dd className="small quiet">{t(`models.${name}.hint`)}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">
        {t("models.from", {
          documents: numberOf(report, "documents") ?? 0,
          patients: numberOf(report, "patients") ?? 0,
          seconds: numberOf(report, "seconds") ?? 0,
        })}
      </p>
      <ul className="by-kind" aria-label={t("models.bykind")}>
        {kinds.map(([code, count]) => (
          <li key={code}>
            <span className="ellipsis">{words.kind(code)}</span>
            <span className="meter" aria-hidden="true">
              <i style={{ width: `${(count / most) * 100}%` }} />
            </span>
            <span className="quiet">{count}</span>
          </li>
        ))}
      </ul>
      {left.length > 0 && (
        <p className="quiet small">{t("models.left", { kinds: left.map(words.kind).join(", ") })}</p>
      )}
    </>
  );
}
