/** The `?` sheet. */
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { Kbd } from "@/ui/Feedback";
import { SHORTCUTS } from "./useShortcuts";

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const rows = [
    { keys: ["Enter"], text: t("keys.send") },
    { keys: ["Shift", "Enter"], text: t("keys.newline") },
    ...Object.values(SHORTCUTS).map((s) => ({ keys: s.keys, text: t(s.text) })),
    { keys: ["Esc"], text: t("keys.dismiss") },
  ];
  return (
    <Dialog title={t("keys.title")} closeLabel={t("keys.close_sheet")} onClose={onClose} wide reading>
      <dl className="grid gap-x-8 sm:grid-cols-2">
        {rows.map((row) => (
          <div key={row.text} className="flex items-center justify-between gap-4 border-b border-line py-2">
            <dt className="text-sm">{row.text}</dt>
            <dd className="flex gap-1" dir="ltr">
              {row.keys.map((k) => (
                <Kbd key={k}>{k}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
