import { useParams } from "react-router";
import { Assigning } from "./assign/Assigning";
import { DeskFrame } from "./desk/DeskFrame";
import { useDesk } from "./desk/useDesk";

/** ASSIGN /scan/:id/assign */
export default function Assign() {
  const { id = "" } = useParams();
  return <OneBatch key={id} id={id} />;
}

function OneBatch({ id }: { id: string }) {
  const desk = useDesk(id);
  return (
    <DeskFrame desk={desk} step="assign">
      {(batch) => <Assigning desk={desk} batch={batch} />}
    </DeskFrame>
  );
}
