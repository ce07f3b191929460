/** A person as initials on a colour that is always the same for the same id. */
import { initials, tintOf } from "@/lib/text";

export function Avatar({ id, name, size = 36, badge }: { id: string; name: string; size?: number; badge?: React.ReactNode }) {
  return (
    <span className="relative inline-flex h-fit shrink-0" aria-hidden="true">
      <span
        className={`tint tint-${tintOf(id)} inline-flex items-center justify-center rounded-full font-semibold select-none`}
        style={{ width: size, height: size, fontSize: Math.round(size * 0.36) }}
      >
        {initials(name)}
      </span>
      {badge && <span className="absolute -end-1.5 -bottom-1">{badge}</span>}
    </span>
  );
}

/** A channel as two letters on its own colour; its name is said in text elsewhere. */
export function ChannelBadge({ id, name, size = 16 }: { id: string; name: string; size?: number }) {
  return (
    <span
      aria-hidden="true"
      title={name}
      className={`tint-strong tint-${tintOf(id)} inline-flex items-center justify-center rounded-[5px] font-bold ring-2 ring-surface select-none`}
      style={{ height: size, minWidth: size, paddingInline: size * 0.18, fontSize: size * 0.56, lineHeight: 1 }}
    >
      {initials(name).slice(0, 2)}
    </span>
  );
}
