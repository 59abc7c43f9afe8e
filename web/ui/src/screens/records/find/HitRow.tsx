import { Checkbox } from "antd";
import { useI18n } from "@/i18n";
import { day } from "@/i18n/time";
import { PatientLine } from "../../scan/assign/Echo";
import type { SearchHit } from "../types";
import type { RecordWords } from "../words";

interface Props {
  hit: SearchHit;
  words: RecordWords;
  isCursor: boolean;
  isTicked: boolean;
  onOpen: (hit: SearchHit) => void;
  onTick: (id: string) => void;
}

/** A document that was found: what it is, the words on its page, whose it is. */
export function HitRow({ hit, words, isCursor, isTicked, onOpen, onTick }: Props) {
  const { t, locale } = useI18n();
  return (
    <li className={isCursor ? "hit cursor" : "hit"} data-row-key={hit.document} data-testid="hit">
      <Checkbox
        checked={isTicked}
        tabIndex={-1}
        aria-label={t("find.tick", { title: words.title(hit) })}
        onChange={() => onTick(hit.document)}
      />
      <span className="two">
        <button type="button" className="as-link strong ellipsis" onClick={() => onOpen(hit)}>
          {words.title(hit)}
        </button>
        <span className="small quiet ellipsis">
          {[hit.title ? words.kind(hit.kind) : "", hit.department && words.department(hit.department)]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </span>
      <span className="snippet">
        {hit.snippet.map((part, at) =>
          part.hit ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
            <mark key={at}>{part.text}</mark>
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
            <span key={at}>{part.text}</span>
          ),
        )}
        {!hit.snippet.length && <span className="quiet">{t("find.pages", { n: hit.pages })}</span>}
      </span>
      <PatientLine patient={hit.patient} />
      <span className="two">
        <span className="nowrap">{hit.date ? day(locale, hit.date) : "–"}</span>
        {hit.page !== null && (
          <span className="small quiet nowrap">
            {t("find.page", { n: hit.page, of: hit.pages })}
            {hit.hits > 1 && ` · ${t("find.hits", { n: hit.hits })}`}
          </span>
        )}
      </span>
    </li>
  );
}
