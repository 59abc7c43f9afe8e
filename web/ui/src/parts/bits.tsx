import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useNow } from "@/app/load";
import { useI18n } from "@/i18n";
import { full, moment, relative } from "@/i18n/time";

export type Tone = "slate" | "blue" | "amber" | "green" | "red";

const STATUS_TONES: Record<string, Tone> = {
  Pending: "slate",
  Processing: "blue",
  Processed: "amber",
  Sent: "green",
};
const STATE_TONES: Record<string, Tone> = {
  ready: "slate",
  running: "blue",
  waiting: "blue",
  held: "amber",
  done: "green",
  filtered: "slate",
  invalid: "red",
  dead: "red",
  cancelled: "slate",
  up: "green",
  starting: "slate",
  degraded: "amber",
  down: "red",
  stopped: "slate",
  accepted: "green",
  conflict: "red",
  rejected: "red",
  doubt: "amber",
  intended: "blue",
  unavailable: "amber",
  refused: "red",
};

export const toneOf = (state: string): Tone => STATE_TONES[state] ?? "slate";

export function Tag(props: { tone: Tone; children: ReactNode; bare?: boolean; tiny?: boolean }) {
  const { tone, children, bare, tiny } = props;
  return <span className={`tag tone-${tone}${bare ? " bare" : ""}${tiny ? " tiny" : ""}`}>{children}</span>;
}

export function StatusTag({ status }: { status: string }) {
  const { word } = useI18n();
  return <Tag tone={STATUS_TONES[status] ?? "slate"}>{word("status", status)}</Tag>;
}

export function StateTag({ state }: { state: string }) {
  const { word } = useI18n();
  return <Tag tone={toneOf(state)}>{word("state", state)}</Tag>;
}

/** "5 min ago"; the exact time on hover. */
export function Ago({ at }: { at: string | null | undefined }) {
  const { locale } = useI18n();
  const now = useNow(20_000);
  if (!at) return <span className="quiet">–</span>;
  return (
    <time dateTime={at} title={full(locale, at)} className="nowrap">
      {relative(locale, at, new Date(now))}
    </time>
  );
}

export function At({ at, seconds }: { at: string | null | undefined; seconds?: boolean }) {
  const { locale } = useI18n();
  if (!at) return <span className="quiet">–</span>;
  return (
    <time dateTime={at} title={full(locale, at)} className="nowrap">
      {moment(locale, at, new Date(), seconds)}
    </time>
  );
}

/** A text with a button that copies it: a folder, an identifier. */
export function Copy({ text, label }: { text: string; label: string }) {
  const { t } = useI18n();
  const [done, setDone] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = () => {
    void copyText(text).then((ok) => {
      setDone(ok);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setDone(false), 1600);
    });
  };
  return (
    <Tooltip title={done ? t("act.copied") : `${t("act.copy")}: ${text}`}>
      <Button
        type="text"
        size="small"
        aria-label={`${t("act.copy")} ${label}`}
        icon={done ? <CheckOutlined style={{ color: "var(--green)" }} /> : <CopyOutlined />}
        onClick={(event) => {
          event.stopPropagation();
          copy();
        }}
      />
    </Tooltip>
  );
}

/** The clipboard interface exists only on secure addresses; a hospital's plain http needs the old way. */
async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // refused by the browser: the old way below
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const ok = document.execCommand("copy");
  area.remove();
  return ok;
}

/** Thirty small bars: how much went through, newest right. */
export function Spark({ values, label }: { values: readonly number[]; label: string }) {
  const top = Math.max(1, ...values);
  const width = 3;
  return (
    <svg className="spark" width={values.length * 4} height="22" role="img" aria-label={label}>
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / top) * 21);
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
            key={index}
            x={index * 4}
            y={22 - height}
            width={width}
            height={height}
            rx="1"
            className={value === 0 ? "zero" : ""}
          />
        );
      })}
    </svg>
  );
}

export function PageHead({
  title,
  sub,
  children,
}: {
  title: ReactNode;
  sub?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="head">
      <h1>{title}</h1>
      {sub && <span className="sub">{sub}</span>}
      {children && <div className="extra">{children}</div>}
    </header>
  );
}

export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => [
        <dt key={`${name}-name`}>{name}</dt>,
        <dd key={`${name}-value`}>
          {value === null || value === "" ? <span className="quiet">–</span> : value}
        </dd>,
      ])}
    </dl>
  );
}
