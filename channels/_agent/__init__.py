"""`waybill agent`: the engine's end (`link`, `far`, `share`) and the agent's (`server`, `rows`, `files`, `pair`)."""
