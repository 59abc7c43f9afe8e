import { Modal } from "antd";
import { useState } from "react";
import { useI18n } from "@/i18n";
import { useKeyboard, useKeys } from "./keys";

/** `Ctrl+Enter` and `g t` as key caps. */
export function Caps({ keys }: { keys: string }) {
  const parts = keys.split(" ").flatMap((key) => key.split("+"));
  return (
    <span className="caps">
      {parts.map((part) => (
        <kbd key={part}>{NAMES[part] ?? part}</kbd>
      ))}
    </span>
  );
}

const NAMES: Record<string, string> = { Escape: "Esc", ArrowDown: "↓", ArrowUp: "↑" };

/** The help of `?`: the keys that count on the screen below it. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const board = useKeyboard();
  // read once: from now on this dialog itself is the only layer that counts
  const [groups] = useState(() => board.active());
  useKeys(
    "keys.help.title",
    { Escape: { help: "keys.close", run: onClose }, "?": { help: "keys.close", run: onClose } },
    {
      modal: true,
    },
  );
  return (
    <Modal open title={t("keys.help.title")} footer={null} onCancel={onClose} width={680}>
      <div className="keyhelp">
        {groups.map((group) => (
          <section key={group.title}>
            <h3>{t(group.title)}</h3>
            <dl>
              {Object.entries(group.bindings).map(([keys, binding]) => (
                <div key={keys}>
                  <dt>
                    <Caps keys={keys} />
                  </dt>
                  <dd>{t(binding.help)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="quiet">{t("keys.help.note")}</p>
    </Modal>
  );
}
