import { Tooltip } from "antd";
import type { DiagramNode, RouteDiagram } from "@/api/types";
import { useI18n } from "@/i18n";
import { toneOf } from "@/parts/bits";
import { type Arc, arcsOf, gutter, NODE, PITCH, pathOfArc } from "./layout";

const WIDTH = 292;
const LABEL = 96;

interface Props {
  diagram: RouteDiagram;
  chosen?: string | null;
  /** Steps that may be chosen; none: the diagram is only looked at. */
  onChoose?: (step: string) => void;
  allowed?: (step: string) => boolean;
}

/** The route as boxes under one another; ways that do not simply go on are drawn beside them. */
export function Diagram({ diagram, chosen, onChoose, allowed }: Props) {
  const { t, word } = useI18n();
  const ids = diagram.nodes.map((node) => node.id);
  const arcs = arcsOf(ids, diagram.edges);
  const left = gutter(arcs, "left", arcs.some((arc) => arc.side === "left") ? LABEL : 0);
  const right = gutter(arcs, "right", arcs.some((arc) => arc.side === "right") ? LABEL : 0);
  const height = ids.length * PITCH + 34;
  const goesOn = new Set(diagram.edges.filter((edge) => edge.way === "next").map((edge) => edge.from));
  return (
    <div className="diagram" style={{ width: left + WIDTH + right, height }}>
      <svg width={left + WIDTH + right} height={height} aria-hidden="true">
        <defs>
          {["plain", "back"].map((name) => (
            <marker
              key={name}
              id={`tip-${name}`}
              viewBox="0 0 8 8"
              refX="6"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              orient="auto-start-reverse"
            >
              <path d="M0 0L8 4L0 8z" className={`tip tip-${name}`} />
            </marker>
          ))}
        </defs>
        {ids.map((id, at) =>
          goesOn.has(id) ? (
            <path
              key={id}
              d={`M${left + 26} ${at * PITCH + NODE}V${(at + 1) * PITCH - 3}`}
              className="way"
              markerEnd="url(#tip-plain)"
            />
          ) : null,
        )}
        {arcs.map((arc) => (
          <Way key={`${arc.edge.from}${arc.edge.to}${arc.edge.way}${arc.edge.label}`} arc={arc} left={left} />
        ))}
      </svg>
      <ol>
        {diagram.nodes.map((node, at) => (
          <li key={node.id} style={{ top: at * PITCH, left, width: WIDTH, height: NODE }}>
            <Box
              node={node}
              on={node.id === chosen}
              onChoose={onChoose && (allowed?.(node.id) ?? true) ? () => onChoose(node.id) : undefined}
              off={onChoose !== undefined && !(allowed?.(node.id) ?? true)}
            />
            <span className="hidden">
              {diagram.edges
                .filter((edge) => edge.from === node.id)
                .map((edge) => `${word("way", edge.way)} ${edge.label} → ${edge.to || t("route.end")}`)
                .join("; ")}
            </span>
          </li>
        ))}
        <li className="finish" style={{ top: ids.length * PITCH, left }}>
          {t("route.end")}
        </li>
      </ol>
    </div>
  );
}

function Way({ arc, left }: { arc: Arc; left: number }) {
  const { word } = useI18n();
  const { path, x, y } = pathOfArc(arc, left, WIDTH);
  const said = arc.edge.way === "next" ? "" : word("way", arc.edge.way);
  const cut = said.length > 16 ? `${said.slice(0, 15)}…` : said;
  return (
    <g className={`arc arc-${arc.edge.way}`}>
      <path d={path} className="way" markerEnd={`url(#tip-${arc.side === "left" ? "back" : "plain"})`}>
        <title>{`${said} ${arc.edge.label}`}</title>
      </path>
      <text x={arc.side === "left" ? x - 5 : x + 5} y={y} textAnchor={arc.side === "left" ? "end" : "start"}>
        {cut}
        <title>{arc.edge.label}</title>
      </text>
    </g>
  );
}

function Box(props: { node: DiagramNode; on: boolean; off: boolean; onChoose?: () => void }) {
  const { node, on, off, onChoose } = props;
  const { t, word } = useI18n();
  const states = Object.entries(node.at).filter(([, count]) => count > 0);
  const inside = (
    <>
      <span className="two grow">
        <span className="row">
          <span className="mono strong ellipsis">{node.id}</span>
          {node.conditional && <span className="tag tiny bare tone-slate">{t("route.when")}</span>}
        </span>
        <span className="small quiet ellipsis">
          {word("verb", node.verb)}
          {node.connection && <span className="mono"> · {node.connection}</span>}
          {node.status && ` · ${word("status", node.status)}`}
        </span>
      </span>
      {states.map(([state, count]) => (
        <Tooltip key={state} title={t("route.here", { n: count, state: word("state", state) })}>
          <span className={`tag bare tone-${toneOf(state)}`} data-testid={`at-${node.id}-${state}`}>
            {count}
            <span className="hidden"> {word("state", state)}</span>
          </span>
        </Tooltip>
      ))}
    </>
  );
  const tone = node.at.dead ? "dead" : node.at.held ? "held" : "";
  const className = `box ${tone} ${on ? "on" : ""} ${off ? "off" : ""}`;
  return onChoose ? (
    <button
      type="button"
      className={className}
      aria-pressed={on}
      onClick={onChoose}
      data-testid={`step-${node.id}`}
    >
      {inside}
    </button>
  ) : (
    <div className={className} title={[node.help, node.contact].filter(Boolean).join(" · ")}>
      {inside}
    </div>
  );
}
