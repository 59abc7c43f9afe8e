import { Button } from "antd";
import { scan } from "@/api/scan";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { Ago } from "@/parts/bits";
import type { Desk } from "../desk/useDesk";
import { iso } from "../desk/words";
import type { Batch, Proposal } from "../types";
import { Echo, PatientLine } from "./Echo";

interface Props {
  desk: Desk;
  batch: Pick<Batch, "id" | "proposals">;
  /** The page at hand, by its id. */
  current: string | undefined;
  numberOf: (id: string) => number;
  onShow: (id: string) => void;
}

/** Assignments against what the page says: each waits for a person who is not the one that wished it, and who has the
 * page before the eyes when confirming. */
export function Proposals({ desk, batch, current, numberOf, onShow }: Props) {
  const { t } = useI18n();
  const open = batch.proposals;
  const at = open.findIndex((one) => current !== undefined && one.pages.includes(current));
  const here = open[at];
  const show = (one: Proposal | undefined) => one?.pages[0] !== undefined && onShow(one.pages[0]);
  const confirm = (one: Proposal) =>
    one.by?.me
      ? desk.say(t("scan.proposed.other"), "failed")
      : void desk.send(() => scan.confirm(batch.id, one.id), t("scan.confirmed"));
  const refuse = (one: Proposal) =>
    void desk.send(
      () => scan.refuse(batch.id, one.id),
      t(one.by?.me ? "scan.proposed.withdrawn" : "scan.proposed.refused"),
    );
  // what is not seen is shown first, and only then answered
  useKeys(
    "scan.proposals",
    {
      F4: { help: "scan.key.proposal", run: () => show(open[(at + 1) % open.length]) },
      F8: { help: "scan.confirm", run: () => (here ? confirm(here) : show(open[0])) },
      F9: { help: "scan.key.refuse", run: () => (here ? refuse(here) : show(open[0])) },
    },
    { enabled: open.length > 0 },
  );
  if (!open.length) return null;
  return (
    <ul className="proposals" aria-label={t("scan.proposals")} data-testid="proposals">
      {open.map((one) => (
        <li key={one.id} className={one === here ? "on" : ""}>
          <span>
            {t("scan.proposed", { name: one.by?.name ?? "" })} <Ago at={iso(one.at)} />
          </span>
          {one === here ? <Echo patient={one.patient} /> : <PatientLine patient={one.patient} />}
          <span className="small">
            {one.pages.length === 1
              ? t("scan.range.one", { n: numberOf(one.pages[0] ?? "") })
              : t("scan.range", {
                  from: numberOf(one.pages[0] ?? ""),
                  to: numberOf(one.pages.at(-1) ?? ""),
                  n: one.pages.length,
                })}{" "}
            {one.note && <q>{one.note}</q>}
          </span>
          <span className="row wrap">
            {one !== here && (
              <Button size="small" onClick={() => show(one)}>
                {t("scan.proposed.show")} <kbd>F4</kbd>
              </Button>
            )}
            {one === here && !one.by?.me && (
              <Button size="small" danger onClick={() => confirm(one)} data-testid="confirm">
                {t("scan.confirm")} <kbd>F8</kbd>
              </Button>
            )}
            {one === here && (
              <Button size="small" onClick={() => refuse(one)}>
                {t(one.by?.me ? "scan.proposed.withdraw" : "scan.proposed.refuse")} <kbd>F9</kbd>
              </Button>
            )}
            {one.by?.me && <span className="small quiet">{t("scan.proposed.other")}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
