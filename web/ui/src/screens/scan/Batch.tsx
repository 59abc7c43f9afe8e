import { useParams } from "react-router";
import { Check } from "./desk/Check";
import { DeskFrame } from "./desk/DeskFrame";
import { useDesk } from "./desk/useDesk";

/** BATCH /scan/:id */
export default function Batch() {
  const { id = "" } = useParams();
  return <OneBatch key={id} id={id} />;
}

function OneBatch({ id }: { id: string }) {
  const desk = useDesk(id);
  return (
    <DeskFrame desk={desk} step="check">
      {(batch) => <Check desk={desk} batch={batch} />}
    </DeskFrame>
  );
}
