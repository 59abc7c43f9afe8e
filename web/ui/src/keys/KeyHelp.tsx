import { Modal } from "antd";
import { useState } from "react";
import { type Key, useI18n } from "@/i18n";
import { type Bindings, useKeyboard, useKeys } from "./keys";
import { pressedFor } from "./own";

/** `Ctrl+Enter` and `g t` as key caps. */
export function Caps({ keys }: { keys: string }) {
  const parts =
    keys === " " ? [keys] : keys.split(" ").flatMap((key) => (key === "+" ? [key] : key.split("+")));
  return (
    <span className="caps">
      {parts.map((part) => (
        <kbd key={part}>{NAMES[part] ?? part}</kbd>
      ))}
    </span>
  );
}

const NAMES: Record<string, string> = {
  Escape: "Esc",
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  PageUp: "PgUp",
  PageDown: "PgDn",
  " ": "Space",
};

/** One line for each thing that can be done, with all its keys. */
function lines(bindings: Bindings): [help: Key, keys: string[]][] {
  const found = new Map<Key, string[]>();
  for (const [keys, { help }] of Object.entries(bindings))
    found.set(help, [...(found.get(help) ?? []), keys]);
  return [...found];
}

/** The help of `?`: the keys that count on the screen below it. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const board = useKeyboard();
  // read once: from now on this dialog itself is the only layer that counts
  const [groups] = useState(() => board.active().filter((group) => Object.keys(group.bindings).length > 0));
  useKeys(
    "keys.help.title",
    { Escape: { help: "keys.close", run: onClose }, "?": { help: "keys.close", run: onClose } },
    {
      modal: true,
    },
  );
  return (
    <Modal
      open
      title={t("keys.help.title")}
      footer={null}
      onCancel={onClose}
      width={860}
      className="keyhelp-dialog"
    >
      <div className="keyhelp">
        {groups.map((group) => (
          <section key={group.title}>
            <h3>{t(group.title)}</h3>
            <dl>
              {lines(group.bindings).map(([help, keys]) => (
                <div key={help}>
                  <dt>
                    {keys.map((one) => (
                      <Caps key={one} keys={pressedFor(board.own, one)} />
                    ))}
                  </dt>
                  <dd>{t(help)}</dd>
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
