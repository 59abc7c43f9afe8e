import { Button } from "antd";
import { scan } from "@/api/scan";
import { useI18n } from "@/i18n";
import { Ago } from "@/parts/bits";
import type { Desk } from "../desk/useDesk";
import { iso } from "../desk/words";
import type { Batch } from "../types";

/** Assignments against what the page says: each waits for a person who is not the one that wished it. */
export function Proposals({ desk, batch }: { desk: Desk; batch: Pick<Batch, "id" | "acts"> }) {
  const { t } = useI18n();
  const open = batch.acts.filter((act) => act.kind === "assign.proposed" && !act.undone);
  if (!open.length) return null;
  return (
    <ul className="proposals" aria-label={t("scan.proposals")} data-testid="proposals">
      {open.map((act) => (
        <li key={act.id} className="row wrap">
          <span className="grow">
            {t("scan.proposed", { name: act.by?.name ?? "" })} <Ago at={iso(act.at)} />
          </span>
          {act.by?.me ? (
            <span className="small quiet">{t("scan.proposed.other")}</span>
          ) : (
            <Button
              size="small"
              danger
              onClick={() => void desk.send(() => scan.confirm(batch.id, act.id), t("scan.confirmed"))}
            >
              {t("scan.confirm")}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
