import { Alert, Modal } from "antd";
import { api } from "@/api/api";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { size } from "@/i18n/time";
import { useKeys } from "@/keys/keys";
import { Copy } from "@/parts/bits";
import { Show } from "@/parts/States";

export type Target = { kind: "body"; message: string } | { kind: "value"; run: string; name: string };

/** Shows a body or a value. Asking for it is recorded by the server under the reader's name. */
export function Opener({ target, onClose }: { target: Target; onClose: () => void }) {
  const { t, locale } = useI18n();
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose } }, { modal: true });
  const opened = useLoad(JSON.stringify(target), () =>
    target.kind === "body" ? api.openBody(target.message) : api.openValue(target.run, target.name),
  );
  return (
    <Modal
      open
      width={900}
      footer={null}
      title={target.kind === "body" ? t("waybill.body") : t("waybill.value", { name: target.name })}
      onCancel={onClose}
    >
      <Alert type="info" showIcon title={t("waybill.recorded")} style={{ marginBottom: 10 }} />
      <Show of={opened}>
        {(data) => (
          <>
            <div className="row quiet small">
              <span className="mono">{data.kind}</span> {size(locale, data.size)}
              {data.truncated && <span className="err">{t("waybill.truncated")}</span>}
              {data.text !== null && <Copy text={data.text} label={t("waybill.body")} />}
            </div>
            <pre className="body" data-testid="body">
              {data.text ?? t("waybill.binary")}
            </pre>
          </>
        )}
      </Show>
    </Modal>
  );
}
