import type { SignJob } from "@/api/types";
import { useI18n } from "@/i18n";
import { Tag, type Tone } from "@/parts/bits";

/** How a signing job stands, folded to what a physician needs to know. */
export type JobPhase = "asking" | "checking" | "signed" | "refused" | "expired" | "failed" | "withdrawn";

const PHASES: Record<string, JobPhase> = {
  prepared: "asking",
  submitted: "asking",
  requested: "asking",
  new: "asking",
  intended: "asking",
  beginning: "asking",
  begun: "asking",
  sent: "asking",
  pending: "asking",
  waiting: "asking",
  open: "asking",
  polling: "asking",
  doubt: "asking",
  unknown: "asking",
  returned: "checking",
  checking: "checking",
  finished: "checking",
  signed: "signed",
  accepted: "signed",
  done: "signed",
  refused: "refused",
  rejected: "refused",
  expired: "expired",
  cancelled: "withdrawn",
  canceled: "withdrawn",
  withdrawn: "withdrawn",
  replaced: "withdrawn",
  failed: "failed",
  quarantined: "failed",
  invalid: "failed",
};

export function phaseOf(job: SignJob): JobPhase {
  return PHASES[job.state] ?? "failed";
}

export const isOpen = (job: SignJob | null): boolean =>
  job !== null && ["asking", "checking"].includes(phaseOf(job));

const TONES: Record<JobPhase, Tone> = {
  asking: "blue",
  checking: "blue",
  signed: "green",
  refused: "amber",
  expired: "amber",
  failed: "red",
  withdrawn: "slate",
};

export function JobTag({ job }: { job: SignJob }) {
  const { t } = useI18n();
  const phase = phaseOf(job);
  const other = isOpen(job) && !job.owner_me;
  return <Tag tone={TONES[phase]}>{other ? t("sign.by.other") : t(`job.${phase}`)}</Tag>;
}
