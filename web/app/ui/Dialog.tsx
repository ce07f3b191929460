/**
 * A modal dialog on the browser's own `<dialog>`: focus is held inside and given back, Escape closes, and
 * the page behind is inert, without a style sheet made at run time.
 */
import { useEffect, useId, useRef, type ReactNode } from "react";
import { IconButton } from "./Button";

interface Props {
  title: string;
  closeLabel: string;
  onClose?: () => void;
  children: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
  /** The content scrolls and holds nothing that can be focused. */
  reading?: boolean;
  /** Nothing of the page behind may be read. */
  curtain?: boolean;
}

/**
 * Where to begin: at what is marked with `data-autofocus`, else in the first field; on touch screens a field would pull up the
 * keyboard, and the browser's choice stands.
 */
function focusFirst(dialog: HTMLDialogElement): void {
  const marked = dialog.querySelector<HTMLElement>("[data-autofocus]");
  const typing = window.matchMedia("(hover: hover)").matches;
  const first = marked ?? (typing ? dialog.querySelector<HTMLElement>("input:not([type=hidden],[readonly]), select, textarea") : null);
  first?.focus();
}

/** Render it to open it, take it away to close it. Without `onClose` it cannot be dismissed. */
export function Dialog({ title, closeLabel, onClose, children, footer, wide = false, reading = false, curtain = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || dialog.open) return;
    // What had the focus gets it back, also when the opener is a menu item that is gone by then.
    const before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    dialog.showModal();
    focusFirst(dialog);
    return () => {
      dialog.close();
      before?.focus();
    };
  }, []);

  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onCancel={(e) => {
        e.preventDefault();
        onClose?.();
      }}
      className={`sheet ${curtain ? "curtain" : ""} m-auto flex max-h-[min(88dvh,52rem)] w-[calc(100%-2rem)] flex-col overflow-hidden rounded-2xl border border-line bg-raised p-0 shadow-lg ${
        wide ? "max-w-2xl" : "max-w-md"
      }`}
    >
      <header className="flex items-center gap-2 px-5 pt-4 pb-2">
        <h2 id={titleId} className="flex-1 text-lg font-semibold tracking-tight">
          {title}
        </h2>
        {onClose && <IconButton icon="x" label={closeLabel} onClick={onClose} className="-me-2" />}
      </header>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard. */}
      <div tabIndex={reading ? 0 : undefined} className="min-h-0 flex-1 overflow-y-auto px-5 pt-1 pb-5 -outline-offset-2">
        {children}
      </div>
      {footer && <footer className="flex flex-wrap justify-end gap-2 border-t border-line bg-surface px-5 py-3">{footer}</footer>}
    </dialog>
  );
}
