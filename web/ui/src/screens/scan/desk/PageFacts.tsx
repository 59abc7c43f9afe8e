import { useI18n } from "@/i18n";
import { Tag } from "@/parts/bits";
import { flagsOf } from "./flags";
import type { ShownPage } from "./local";
import { DROPS } from "./ReasonPick";

/** One line about the page under the cursor: which, what became of it, what is conspicuous, whose it is. */
export function PageFacts(props: { page: ShownPage | undefined; at: number; of: number; ticked: number }) {
  const { t, word } = useI18n();
  const { page, at, of, ticked } = props;
  if (!page) return <div className="view-bar" />;
  const why = (DROPS as readonly string[]).includes(page.reason)
    ? word("scan.drop", page.reason)
    : page.reason;
  return (
    <div className="view-bar" data-testid="page-facts">
      <b>{t("scan.page.of", { n: at + 1, of })}</b>
      {ticked > 0 && <Tag tone="blue">{t("scan.ticked", { n: ticked })}</Tag>}
      {page.state !== "kept" && (
        <Tag tone={page.state === "dropped" ? "red" : "slate"}>
          {word("scan.state", page.state)}
          {why && `: ${why}`}
        </Tag>
      )}
      {flagsOf(page).map((flag) => (
        <Tag key={flag} tone={flag === "flag" ? "red" : "amber"} tiny>
          {word("scan.flag", flag)}
        </Tag>
      ))}
      {page.dpi > 0 && <span className="small quiet">{page.dpi} dpi</span>}
      <span className="grow ellipsis quiet" style={{ textAlign: "end" }}>
        {page.patient ? (
          <>
            <bdi className="strong">{page.patient.name}</bdi>{" "}
            <span className="mono">{page.patient.number}</span>
          </>
        ) : (
          page.state === "kept" && t("scan.nopatient")
        )}
      </span>
    </div>
  );
}
