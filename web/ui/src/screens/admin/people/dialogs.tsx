import { Button, Input, Modal } from "antd";
import { useState } from "react";
import type { UserLink, UserRow } from "@/api/admin";
import { problemFrom } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { At, Copy } from "@/parts/bits";

interface ConfirmProps {
  title: string;
  explain: string;
  danger?: boolean;
  onClose: () => void;
  onDo: () => Promise<unknown>;
}

/** One question before an act that a person will notice; Enter does it. */
export function ConfirmDialog({ title, explain, danger, onClose, onDo }: ConfirmProps) {
  const { t } = useI18n();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const run = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await onDo();
      onClose();
    } catch (failure) {
      const problem = problemFrom(failure);
      setError(`${problem.detail || problem.message} ${problem.code}`);
      setBusy(false);
    }
  };
  useKeys(
    "keys.dialog",
    {
      Enter: { help: "people.key.confirm", run: () => void run() },
      Escape: { help: "keys.close", run: onClose },
    },
    { modal: true },
  );
  return (
    <Modal
      open
      title={title}
      okText={title}
      okButtonProps={{ danger, loading: busy, autoFocus: true }}
      cancelText={t("act.back")}
      onOk={() => void run()}
      onCancel={onClose}
    >
      <p>{explain}</p>
      {error && (
        <p role="alert" className="err">
          {error}
        </p>
      )}
    </Modal>
  );
}

/** A link to sign in, shown this once: it is in no list and no log. */
export function LinkDialog({ user, link, onClose }: { user: UserRow; link: UserLink; onClose: () => void }) {
  const { t } = useI18n();
  const address = `${location.origin}${link.path}`;
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose } }, { modal: true });
  return (
    <Modal
      open
      title={t("people.link.title", { name: user.name })}
      footer={
        <Button type="primary" onClick={onClose}>
          {t("people.link.done")}
        </Button>
      }
      onCancel={onClose}
    >
      <p>{t("people.link.explain")}</p>
      <div className="row" style={{ margin: "12px 0" }}>
        <Input
          readOnly
          autoFocus
          className="mono"
          aria-label={t("people.link")}
          data-testid="link"
          value={address}
          onFocus={(event) => event.target.select()}
        />
        <Copy text={address} label={t("people.link")} />
      </div>
      <p className="quiet small">
        {t("people.link.until")} <At at={link.expires_at} />
      </p>
    </Modal>
  );
}
