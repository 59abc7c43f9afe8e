import { useMemo } from "react";
import { type DiffLine, diffLines, isSame, withContext } from "./lines";

/** Two texts, line by line: what is out, what is in, with some lines around. */
export function Diff({
  before,
  after,
  same,
  label,
}: {
  before: string;
  after: string;
  same: string;
  label: string;
}) {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  if (isSame(lines)) return <p className="quiet diff-same">{same}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
    <section className="diff" aria-label={label} tabIndex={0}>
      {withContext(lines).map((one, at) =>
        one ? (
          <Line key={`${one.kind}${one.old}-${one.now}`} line={one} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a gap is its place
          <div key={`gap${at}`} className="gap" aria-hidden="true">
            ⋯
          </div>
        ),
      )}
    </section>
  );
}

const SIGNS = { same: " ", out: "−", in: "+" } as const;

function Line({ line }: { line: DiffLine }) {
  return (
    <div className={`line line-${line.kind}`}>
      <span className="n">{line.old || ""}</span>
      <span className="n">{line.now || ""}</span>
      <span className="sign">{SIGNS[line.kind]}</span>
      <code>{line.text || " "}</code>
    </div>
  );
}
