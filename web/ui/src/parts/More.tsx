import { Button } from "antd";
import { useI18n } from "@/i18n";

interface Pages {
  next: unknown;
  busy: boolean;
  more: () => unknown;
}

/** Behind a list of which more is there: the button that brings it. */
export function More({ of, small = false }: { of: Pages; small?: boolean }) {
  const { t } = useI18n();
  if (!of.next) return null;
  return (
    <div className="more">
      <Button size={small ? "small" : "middle"} loading={of.busy} onClick={() => void of.more()}>
        {t("act.more")}
      </Button>
    </div>
  );
}
