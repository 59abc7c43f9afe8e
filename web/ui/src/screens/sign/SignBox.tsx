import { MobileOutlined } from "@ant-design/icons";
import { Button, Progress } from "antd";
import { useEffect, useRef } from "react";
import type { SignJob, SignReport } from "@/api/types";
import { useNow } from "@/app/load";
import { useI18n } from "@/i18n";
import { countdown } from "@/i18n/time";
import { StatusTag } from "@/parts/bits";
import { LinkButton } from "@/parts/LinkButton";
import { isOpen, phaseOf } from "./JobTag";

interface Acts {
  sign: () => void;
  refuse: () => void;
  withdraw: () => void;
  next: () => void;
}

/** The foot of the report: sign or refuse; while the phone is asked, the countdown; then the result. */
export function SignBox({ report, busy, acts }: { report: SignReport; busy: boolean; acts: Acts }) {
  const { t } = useI18n();
  const { job } = report;
  const sent = report.status === "Sent";
  const phase = job ? phaseOf(job) : null;
  const signed = sent || phase === "signed";
  return (
    <div className="sign-box">
      <div aria-live="polite" data-testid="sign-result">
        {job && isOpen(job) && <Asking job={job} phone={report.phone_url} />}
        {signed && (
          <div className="result good">
            <span className="strong">{t("job.signed")}</span>
            <span className="row">
              {report.status && <StatusTag status={report.status} />}
              <span className="quiet">{sent ? t("report.sent") : t("report.sending")}</span>
            </span>
          </div>
        )}
        {job && !signed && !isOpen(job) && (
          <div className={`result ${phase === "failed" ? "bad" : "note"}`}>
            <span className="strong">{phase && t(`job.${phase}`)}</span>
            {job.reason && <span>{job.reason}</span>}
          </div>
        )}
      </div>
      {!signed && !isOpen(job) && report.why_not && <p className="why">{report.why_not}</p>}
      <div className="row">
        {signed ? (
          <LinkButton block to={`/engine/runs/${report.run_id}`}>
            {t("act.waybill")}
          </LinkButton>
        ) : isOpen(job) ? (
          <Button block disabled={!job?.owner_me || busy} onClick={acts.withdraw}>
            {t("report.withdraw")}
          </Button>
        ) : (
          <>
            <Button
              type="primary"
              size="large"
              className="grow"
              disabled={!report.can_sign}
              loading={busy}
              onClick={acts.sign}
              data-testid="sign"
            >
              {t("report.sign")} <kbd>s</kbd>
            </Button>
            <Button
              size="large"
              danger
              disabled={busy || report.status !== "Processed"}
              onClick={acts.refuse}
              data-testid="refuse"
            >
              {t("report.refuse")} <kbd>x</kbd>
            </Button>
          </>
        )}
        <Button size={signed || isOpen(job) ? "middle" : "large"} onClick={acts.next} data-testid="next">
          {t("report.next")} <kbd>n</kbd>
        </Button>
      </div>
    </div>
  );
}

/** While the physician's phone is asked. */
function Asking({ job, phone }: { job: SignJob; phone: string | null }) {
  const { t } = useI18n();
  const now = useNow(1000);
  const begun = useRef(now);
  useEffect(() => {
    begun.current = Date.now();
  }, []);
  const end = job.expires_at ? new Date(job.expires_at).getTime() : 0;
  const span = Math.max(1, end - begun.current);
  const left = end ? Math.max(0, Math.min(100, ((end - now) / span) * 100)) : 100;
  return (
    <div className="asking">
      <Progress
        type="circle"
        size={56}
        percent={left}
        strokeWidth={7}
        status="normal"
        strokeColor="var(--blue)"
        showInfo
        format={() => (job.expires_at ? countdown(job.expires_at, now) : "…")}
      />
      <div className="two">
        <span className="strong">{phaseOf(job) === "checking" ? t("job.checking") : t("job.asking")}</span>
        <span className="quiet">{job.owner_me ? t("report.phone") : t("sign.by.other")}</span>
        {phone && (
          <a href={phone} target="_blank" rel="noreferrer">
            <MobileOutlined /> {t("report.phone.open")}
          </a>
        )}
      </div>
    </div>
  );
}
