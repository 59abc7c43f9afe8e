import { useSession } from "@/app/session";
import { type Screen, SubNav } from "@/parts/SubNav";

const SCREENS: Screen[] = [
  { name: "batches", right: "scan", path: "/scan", title: "nav.batches" },
  { name: "sheets", right: "capture", path: "/scan/sheets", title: "nav.sheets" },
  { name: "problems", right: "problems", path: "/scan/problems", title: "nav.problems" },
];

/** The screens of the scan desk that this user may open. */
export function ScanNav({ counts }: { counts?: Record<string, number | undefined> }) {
  const { rights } = useSession();
  return <SubNav screens={SCREENS} rights={rights} label="nav.scan" counts={counts} />;
}
