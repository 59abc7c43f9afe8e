import { App } from "antd";
import { api, type Operated, type Operation } from "@/api/api";
import type { Pause } from "@/api/types";
import { useI18n } from "@/i18n";
import { NoteDialog } from "@/parts/NoteDialog";

export interface Operating {
  kind: Operated;
  name: string;
  deed: Operation;
}

/** `p` pauses what goes and resumes what is paused. */
export const pauseOrResume = (pause: Pause | null): Operation =>
  pause?.state === "paused" ? "resume" : "pause";

/** `s` stops what goes and starts what is stopped. */
export const stopOrStart = (pause: Pause | null, state: string): Operation =>
  pause?.state === "stopped" || (!pause && state === "stopped") ? "start" : "stop";

/** Asks once more before a connection or a route is stopped, started, paused or resumed. */
export function Operate({ on, onClose, onDone }: { on: Operating; onClose: () => void; onDone: () => void }) {
  const { t } = useI18n();
  const { message } = App.useApp();
  const deed = t(`operate.${on.deed}`);
  const explain =
    on.deed === "pause" || on.deed === "stop"
      ? t(`operate.${on.deed}.${on.kind}`)
      : t(`operate.${on.deed}.any`);
  return (
    <NoteDialog
      title={t("operate.title", { deed, name: on.name })}
      explain={explain}
      action={deed}
      label={t("note.optional")}
      danger={on.deed === "stop"}
      onClose={onClose}
      onDone={async (note) => {
        await api.operate(on.kind, on.name, on.deed, note);
        message.success(t("operate.done", { name: on.name }));
        onDone();
      }}
    />
  );
}
