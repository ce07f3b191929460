/** The first page. After signing in, whatever address was opened is shown. */
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { SessionCreateForm } from "@/forms/session-create";
import { t } from "@/i18n";
import { replaceSession } from "@/stores/session";

export function SignInPage(): ReactNode {
  const client = useQueryClient();
  return (
    <main className="flex min-h-full items-center justify-center p-5">
      <div className="w-full max-w-sm">
        <div className="mb-7 flex flex-col items-center text-center">
          <img src="/icon.svg" alt="" width={52} height={52} className="mb-5 rounded-2xl shadow-lg" />
          <h1 className="text-xl font-semibold tracking-tight">{t("signIn.title")}</h1>
          <p className="mt-1 text-text-2">{t("signIn.lead")}</p>
        </div>
        <div className="rounded-2xl border border-line bg-surface p-6 shadow-lg">
          <SessionCreateForm
            onDone={(session) => replaceSession(client, session)}
          />
        </div>
      </div>
    </main>
  );
}
