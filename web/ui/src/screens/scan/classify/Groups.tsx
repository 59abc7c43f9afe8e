import { CheckOutlined } from "@ant-design/icons";
import { useI18n } from "@/i18n";
import { day } from "@/i18n/time";
import type { Draft, Lists } from "../types";
import { useNamed } from "../useLists";

interface Props {
  drafts: readonly Draft[];
  lists: Lists;
  cursor: string | undefined;
  onChoose: (id: string) => void;
}

/** The documents of the batch: which are filed, and what the others lack. */
export function Groups({ drafts, lists, cursor, onChoose }: Props) {
  const { t, word, locale } = useI18n();
  const named = useNamed();
  return (
    <ul className="card files groups" aria-label={t("scan.groups")}>
      {drafts.map((draft, at) => {
        const kind = lists.kinds.find((one) => one.code === draft.kind);
        return (
          <li key={draft.id} data-row-key={draft.id}>
            <button
              type="button"
              className={draft.id === cursor ? "on" : ""}
              aria-current={draft.id === cursor || undefined}
              onClick={() => onChoose(draft.id)}
              data-testid="group"
            >
              <span className="row">
                <b>{at + 1}</b>
                <span className="grow ellipsis strong">
                  {draft.kind ? named(kind, draft.kind) : <span className="quiet">{t("scan.nokind")}</span>}
                </span>
                {draft.state === "filed" && (
                  <span className="good" title={t("scan.filed")}>
                    <CheckOutlined /> <span className="hidden">{t("scan.filed")}</span>
                  </span>
                )}
              </span>
              <span className="small quiet ellipsis">
                {t("scan.pages", { n: draft.pages.length })}
                {draft.date && ` · ${day(locale, draft.date)}`} ·{" "}
                <bdi>{draft.patient?.name ?? t("scan.nopatient")}</bdi>
              </span>
              {draft.state === "open" && draft.missing.length > 0 && (
                <span className="small warn ellipsis">
                  {t("scan.lacks", {
                    what: draft.missing.map((one) => word("scan.missing", one)).join(", "),
                  })}
                </span>
              )}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
