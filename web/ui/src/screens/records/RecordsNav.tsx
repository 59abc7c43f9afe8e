import { useSession } from "@/app/session";
import { type Screen, SubNav } from "@/parts/SubNav";

const SCREENS: Screen[] = [
  { name: "find", right: "records", path: "/records", letter: "f", title: "nav.find", go: "keys.go.find" },
  {
    name: "tomorrow",
    right: "tomorrow",
    path: "/records/tomorrow",
    letter: "m",
    title: "nav.tomorrow",
    go: "keys.go.tomorrow",
  },
  {
    name: "duplicates",
    right: "duplicates",
    path: "/records/duplicates",
    letter: "d",
    title: "nav.duplicates",
    go: "keys.go.duplicates",
  },
  {
    name: "repair",
    right: "repair",
    path: "/records/repair",
    letter: "p",
    title: "nav.repair",
    go: "keys.go.repair",
  },
  {
    name: "boxes",
    right: "scan",
    path: "/records/boxes",
    letter: "x",
    title: "nav.boxes",
    go: "keys.go.boxes",
  },
];

/** The screens of the records that this user may open. */
export function RecordsNav({ counts }: { counts?: Record<string, number | undefined> }) {
  const { rights } = useSession();
  return <SubNav screens={SCREENS} rights={rights} label="nav.records" counts={counts} />;
}
