import { useParams } from "react-router";
import { Classifying } from "./classify/Classifying";
import { DeskFrame } from "./desk/DeskFrame";
import { useDesk } from "./desk/useDesk";

/** CLASSIFY /scan/:id/classify */
export default function Classify() {
  const { id = "" } = useParams();
  return <OneBatch key={id} id={id} />;
}

function OneBatch({ id }: { id: string }) {
  const desk = useDesk(id);
  return (
    <DeskFrame desk={desk} step="classify">
      {(batch) => <Classifying desk={desk} batch={batch} />}
    </DeskFrame>
  );
}
