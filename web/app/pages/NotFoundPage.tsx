/** What is shown where nothing is, and where a page failed. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { t } from "@/i18n";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/Feedback";

export function NotFoundPage(): ReactNode {
  return (
    <main id="main" tabIndex={-1} className="h-full">
      <EmptyState heading icon="search" title={t("app.notFound")}>
        <Link to="/" className="font-medium text-accent-text underline">
          {t("app.toConversations")}
        </Link>
      </EmptyState>
    </main>
  );
}

export function CrashPage(): ReactNode {
  return (
    <main id="main" className="h-full">
      <EmptyState heading icon="alert" title={t("app.crash")}>
        <Button look="primary" onClick={() => window.location.reload()}>
          {t("app.reload")}
        </Button>
      </EmptyState>
    </main>
  );
}
