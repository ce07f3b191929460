/** The corner in which short confirmations and problems appear. */
import { IconButton } from "./Button";
import { Icon } from "./Icon";

export function Toasts({ toasts, label, closeLabel, onClose }: {
  toasts: readonly { id: number; text: string; tone: "ok" | "danger" }[];
  label: string;
  closeLabel: string;
  onClose: (id: number) => void;
}) {
  return (
    <div role="status" aria-label={label} aria-live="polite" className="pointer-events-none fixed inset-x-0 top-4 z-50 flex flex-col items-center gap-2 px-4 md:top-auto md:bottom-4 md:items-start md:ps-20">
      {toasts.map((toast) => (
        <div key={toast.id} className="arrive pointer-events-auto flex max-w-md items-center md:max-w-80 gap-2.5 rounded-xl border border-line bg-raised py-1.5 ps-3.5 pe-1.5 text-sm shadow-lg">
          <Icon name={toast.tone === "ok" ? "check" : "alert"} size={16} className={toast.tone === "ok" ? "text-ok" : "text-danger"} />
          <span className="min-w-0 flex-1 break-words">{toast.text}</span>
          <IconButton icon="x" label={closeLabel} size={14} onClick={() => onClose(toast.id)} />
        </div>
      ))}
    </div>
  );
}
