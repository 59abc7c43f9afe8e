import { Radio } from "antd";
import { useState } from "react";
import { type Key, useI18n } from "@/i18n";
import { NoteDialog } from "@/parts/NoteDialog";

const TIMES: { minutes: number; title: Key }[] = [
  { minutes: 60, title: "alerts.snooze.hour" },
  { minutes: 8 * 60, title: "alerts.snooze.shift" },
  { minutes: 24 * 60, title: "alerts.snooze.day" },
  { minutes: 7 * 24 * 60, title: "alerts.snooze.week" },
];

interface Props {
  onClose: () => void;
  onDone: (minutes: number, note: string) => Promise<unknown>;
}

/** How long an alert needs nobody, and why. */
export function SnoozeDialog({ onClose, onDone }: Props) {
  const { t } = useI18n();
  const [minutes, choose] = useState(60);
  return (
    <NoteDialog
      title={t("alerts.snooze")}
      explain={
        <>
          {t("alerts.snooze.explain")}
          <Radio.Group
            style={{ display: "block", marginTop: 10 }}
            value={minutes}
            onChange={(event) => choose(Number(event.target.value))}
            options={TIMES.map((time) => ({ value: time.minutes, label: t(time.title) }))}
          />
        </>
      }
      action={t("alerts.snooze")}
      label={t("note.optional")}
      onClose={onClose}
      onDone={(note) => onDone(minutes, note)}
    />
  );
}
