import { Modal } from "antd";
import { useState } from "react";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import type { Level } from "../types";
import { LEVELS } from "./rows";

interface Props {
  by: readonly Level[];
  onClose: () => void;
  onDone: (by: readonly Level[]) => void;
}

/** `o`, then digits in the order that is wanted, then Enter: any order of any of the four levels. */
export function Arrange({ by, onClose, onDone }: Props) {
  const { t } = useI18n();
  const [chosen, setChosen] = useState<readonly Level[]>([]);
  const now = chosen.length ? chosen : by;
  const take = (level: Level) =>
    setChosen((old) => (old.includes(level) ? old.filter((one) => one !== level) : [...old, level]));
  const keys: Bindings = {
    Enter: { help: "reader.arrange.do", run: () => onDone(now) },
    Backspace: { help: "reader.arrange.back", run: () => setChosen((old) => old.slice(0, -1)) },
    Escape: { help: "keys.close", run: onClose },
  };
  for (const [at, level] of LEVELS.entries())
    keys[String(at + 1)] = { help: `reader.level.${level}`, run: () => take(level) };
  useKeys("reader.arrange", keys, { modal: true });
  return (
    <Modal
      open
      width={420}
      title={t("reader.arrange")}
      okText={t("reader.arrange.do")}
      okButtonProps={{ autoFocus: true }}
      cancelText={t("act.back")}
      onOk={() => onDone(now)}
      onCancel={onClose}
    >
      <p className="quiet">{t("reader.arrange.hint")}</p>
      <ol className="reason-list">
        {LEVELS.map((level, at) => (
          <li key={level}>
            <button type="button" onClick={() => take(level)} aria-pressed={now.includes(level)}>
              <kbd>{at + 1}</kbd>
              <span className="grow">{t(`reader.level.${level}`)}</span>
              {now.includes(level) && <b className="place">{now.indexOf(level) + 1}</b>}
            </button>
          </li>
        ))}
      </ol>
    </Modal>
  );
}
