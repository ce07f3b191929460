/** What a screen shows when it has nothing, waits, or failed. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

export function EmptyState({ icon, title, hint, children, heading = false }: { icon: IconName; title: string; heading?: boolean; hint?: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-1 px-8 py-12 text-center">
      <span className="mb-3 inline-flex size-12 items-center justify-center rounded-2xl bg-sunken text-text-3">
        <Icon name={icon} size={24} />
      </span>
      {heading ? <h1 className="text-base font-semibold text-text">{title}</h1> : <p className="text-base font-semibold text-text">{title}</p>}
      {hint && <p className="max-w-72 text-sm text-pretty text-text-2">{hint}</p>}
      {children && <div className="mt-3">{children}</div>}
    </div>
  );
}

export function ErrorNote({ children, remedy, action }: { children: ReactNode; remedy?: ReactNode; action?: ReactNode }) {
  return (
    <div role="alert" className="flex items-start gap-2.5 rounded-lg bg-danger-soft px-3 py-2.5 text-sm text-danger">
      <Icon name="alert" size={16} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{children}</p>
        {remedy && <p className="mt-0.5 break-words">{remedy}</p>}
      </div>
      {action}
    </div>
  );
}

export function Skeleton({ className = "" }: { className?: string }) {
  return <span aria-hidden="true" className={`block animate-pulse rounded-md bg-sunken ${className}`} />;
}

export function RowsSkeleton({ rows = 6, label }: { rows?: number; label: string }) {
  return (
    <div role="status" className="flex flex-col gap-4 p-4">
      <span className="sr-only">{label}</span>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="flex items-center gap-3">
          <Skeleton className="size-9 rounded-full" />
          <div className="flex flex-1 flex-col gap-2">
            <Skeleton className="h-3 w-2/5" />
            <Skeleton className="h-2.5 w-4/5" />
          </div>
        </div>
      ))}
    </div>
  );
}

const TONES = {
  neutral: "bg-sunken text-text-2",
  accent: "bg-accent-soft text-accent-text",
  warn: "bg-warn-soft text-warn",
  danger: "bg-danger-soft text-danger",
  ok: "bg-ok-soft text-ok",
} as const;
export type Tone = keyof typeof TONES;

export function Pill({ tone = "neutral", icon, children, className = "" }: { tone?: Tone; icon?: IconName; children: ReactNode; className?: string }) {
  return (
    <span className={`inline-flex max-w-full items-center gap-1 rounded-md px-1.5 py-0.5 text-2xs font-medium whitespace-nowrap ${TONES[tone]} ${className}`}>
      {icon && <Icon name={icon} size={11} />}
      <span className="truncate">{children}</span>
    </span>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="rounded-md border border-line bg-sunken px-1.5 py-0.5 font-sans text-2xs font-medium text-text-2 shadow-sm">{children}</kbd>;
}
