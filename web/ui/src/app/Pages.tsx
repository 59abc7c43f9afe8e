import { lazy, Suspense } from "react";
import { Navigate, Route, Routes } from "react-router";
import { useI18n } from "@/i18n";
import { Empty, Skeleton } from "@/parts/States";
import { Shell } from "./Shell";

const Login = lazy(() => import("@/screens/Login"));
const Today = lazy(() => import("@/screens/Today"));
const Worklist = lazy(() => import("@/screens/worklist/Worklist"));
const Patient = lazy(() => import("@/screens/Patient"));
const Dashboard = lazy(() => import("@/screens/Dashboard"));
const Waybill = lazy(() => import("@/screens/waybill/Waybill"));
const Connection = lazy(() => import("@/screens/engine/Connection"));
const EngineRoutes = lazy(() => import("@/screens/engine/Routes"));
const EngineRoute = lazy(() => import("@/screens/engine/Route"));
const Messages = lazy(() => import("@/screens/messages/Messages"));
const Attention = lazy(() => import("@/screens/attention/Attention"));
const Alerts = lazy(() => import("@/screens/alerts/Alerts"));
const Unmatched = lazy(() => import("@/screens/Unmatched"));
const Queue = lazy(() => import("@/screens/sign/Queue"));
const Batches = lazy(() => import("@/screens/scan/Batches"));
const Batch = lazy(() => import("@/screens/scan/Batch"));
const Assign = lazy(() => import("@/screens/scan/Assign"));
const Classify = lazy(() => import("@/screens/scan/Classify"));
const Sheets = lazy(() => import("@/screens/scan/Sheets"));
const Problems = lazy(() => import("@/screens/scan/Problems"));
const Find = lazy(() => import("@/screens/records/Find"));
const Reader = lazy(() => import("@/screens/records/Reader"));
const DocumentEdit = lazy(() => import("@/screens/records/DocumentEdit"));
const Duplicates = lazy(() => import("@/screens/records/Duplicates"));
const Tomorrow = lazy(() => import("@/screens/records/Tomorrow"));
const Repair = lazy(() => import("@/screens/records/Repair"));
const Boxes = lazy(() => import("@/screens/records/Boxes"));
const Lists = lazy(() => import("@/screens/admin/Lists"));
const People = lazy(() => import("@/screens/admin/People"));
const Me = lazy(() => import("@/screens/Me"));
const Report = lazy(() => import("@/screens/sign/Report"));

/** The map of SCREENS.md, as far as it exists. */
export function Pages() {
  return (
    <Suspense fallback={<Skeleton />}>
      <Routes>
        <Route path="/login" element={<Login />} />
        <Route element={<Shell />}>
          <Route path="/" element={<Navigate to="/today" replace />} />
          <Route path="/today" element={<Today />} />
          <Route path="/worklist" element={<Worklist />} />
          <Route path="/patients/:id" element={<Patient />} />
          <Route path="/engine" element={<Dashboard />} />
          <Route path="/engine/connections/:name" element={<Connection />} />
          <Route path="/engine/routes" element={<EngineRoutes />} />
          <Route path="/engine/routes/:name" element={<EngineRoute />} />
          <Route path="/engine/messages" element={<Messages />} />
          <Route path="/engine/runs/:id" element={<Waybill kind="run" />} />
          <Route path="/engine/messages/:id" element={<Waybill kind="message" />} />
          <Route path="/engine/attention" element={<Attention />} />
          <Route path="/engine/alerts" element={<Alerts />} />
          <Route path="/engine/unmatched" element={<Unmatched />} />
          <Route path="/sign" element={<Queue />} />
          <Route path="/sign/:id" element={<Report />} />
          <Route path="/scan" element={<Batches />} />
          <Route path="/scan/sheets" element={<Sheets />} />
          <Route path="/scan/problems" element={<Problems />} />
          <Route path="/scan/:id" element={<Batch />} />
          <Route path="/scan/:id/assign" element={<Assign />} />
          <Route path="/scan/:id/classify" element={<Classify />} />
          <Route path="/records" element={<Find />} />
          <Route path="/records/tomorrow" element={<Tomorrow />} />
          <Route path="/records/duplicates" element={<Duplicates />} />
          <Route path="/records/repair" element={<Repair />} />
          <Route path="/records/boxes" element={<Boxes />} />
          <Route path="/patients/:id/documents" element={<Reader />} />
          <Route path="/documents/:id/edit" element={<DocumentEdit />} />
          <Route path="/admin/lists" element={<Lists />} />
          <Route path="/admin/users" element={<People />} />
          <Route path="/me" element={<Me />} />
          <Route path="*" element={<Missing />} />
        </Route>
      </Routes>
    </Suspense>
  );
}

function Missing() {
  const { t } = useI18n();
  return <Empty title={t("ui.nopage")} hint={t("ui.nopage.hint")} />;
}
