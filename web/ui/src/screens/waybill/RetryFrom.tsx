import { Input, Modal } from "antd";
import { useState } from "react";
import { api } from "@/api/api";
import type { RouteDiagram, Waybill } from "@/api/types";
import { problemFrom } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { Diagram } from "../engine/Diagram";

/** The step is chosen in the run's own way; those after the one where it stands cannot be. */
export function RetryFrom({
  run,
  onClose,
  onDone,
}: {
  run: Waybill;
  onClose: () => void;
  onDone: () => void;
}) {
  const { t } = useI18n();
  const [step, setStep] = useState<string | null>(run.step);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose } }, { modal: true });
  const stops = run.steps.filter((one) => one.verb);
  const here = stops.findIndex((one) => one.id === run.step);
  const split = run.parent ? stops.findLastIndex((one) => one.verb === "split") : -1;
  const allowed = (id: string) => {
    const at = stops.findIndex((one) => one.id === id);
    return at > split && at <= here;
  };
  const submit = async () => {
    if (!step || busy) return;
    setBusy(true);
    try {
      await api.retryFrom(run.id, step, note.trim());
      onDone();
      onClose();
    } catch (failure) {
      const problem = problemFrom(failure);
      setError(`${problem.detail || problem.message} ${problem.code}`);
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      width={520}
      title={t("retryfrom.choose")}
      okText={t("retryfrom.go", { step: step ?? "" })}
      cancelText={t("act.back")}
      okButtonProps={{ disabled: !step, danger: true, loading: busy }}
      onOk={() => void submit()}
      onCancel={onClose}
    >
      <p>{t("explain.retryfrom")}</p>
      <div className="scroll chooser">
        <Diagram diagram={drawn(run)} chosen={step} onChoose={setStep} allowed={allowed} />
      </div>
      <Input
        aria-label={t("note.optional")}
        placeholder={t("note.optional")}
        maxLength={500}
        value={note}
        onChange={(event) => setNote(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && event.ctrlKey && !event.nativeEvent.isComposing) void submit();
        }}
      />
      {error && (
        <p role="alert" className="err">
          {error}
        </p>
      )}
    </Modal>
  );
}

/** The steps of this run one after the other; where it stands is marked as in the route's diagram. */
function drawn(run: Waybill): RouteDiagram {
  const stops = run.steps.filter((one) => one.verb);
  return {
    nodes: stops.map((one) => ({
      id: one.id,
      verb: one.verb,
      connection: run.effects.find((effect) => effect.step === one.id)?.connection ?? "",
      status: "",
      conditional: false,
      at: one.id === run.step ? { [run.state]: 1 } : {},
      oldest: null,
      help: one.help,
      contact: one.contact,
    })),
    edges: stops.map((one, at) => ({ from: one.id, to: stops[at + 1]?.id ?? "", way: "next", label: "" })),
  };
}
