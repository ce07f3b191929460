/** The bare address leads to one's own conversations. */
import { Navigate } from "@tanstack/react-router";
import type { ReactNode } from "react";

export function HomePage(): ReactNode {
  return <Navigate to="/conversations/$list" params={{ list: "mine" }} replace />;
}
