/** Buttons. A disabled one that has a reason stays focusable and says it. */
import type { ButtonHTMLAttributes, Ref } from "react";
import { Icon, type IconName } from "./Icon";
import { Spinner } from "./Spinner";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-hover border-transparent",
  plain: "bg-surface text-text border-line-strong/60 hover:bg-hover",
  quiet: "bg-transparent text-text-2 border-transparent hover:bg-hover hover:text-text",
  danger: "bg-danger-fill text-white border-transparent hover:brightness-110",
};

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: IconName;
  /** The button is pressed and works. */
  busy?: boolean;
  /** Why it cannot be used. It looks disabled, can still be focused, and shows this. */
  reason?: string | null;
  small?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", icon, busy = false, reason, small = false, className = "", children, onClick, disabled, ref, type = "button", ...rest }: Props) {
  const off = busy || Boolean(reason);
  return (
    <button
      ref={ref}
      type={type}
      disabled={disabled}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      title={reason ?? rest.title}
      onClick={(e) => {
        if (off) e.preventDefault();
        else onClick?.(e);
      }}
      className={`inline-flex items-center justify-center gap-1.5 rounded-lg border font-medium whitespace-nowrap transition-colors disabled:opacity-60 ${
        reason ? "opacity-50" : ""
      } ${small ? "h-7 px-2.5 text-xs" : "h-9 px-3.5 text-sm"} ${LOOKS[look]} ${className}`}
      {...rest}
    >
      {busy ? <Spinner size={14} /> : icon && <Icon name={icon} size={small ? 14 : 16} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: IconName;
  label: string;
  reason?: string | null;
  size?: number;
  flip?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ icon, label, reason, size = 18, flip = false, className = "", onClick, ref, ...rest }: IconButtonProps) {
  return (
    <button
      ref={ref}
      type="button"
      aria-label={label}
      title={reason ? `${label}: ${reason}` : label}
      aria-disabled={reason ? true : undefined}
      onClick={(e) => {
        if (reason) e.preventDefault();
        else onClick?.(e);
      }}
      className={`inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-text-2 transition-colors hover:bg-hover hover:text-text aria-pressed:bg-accent-soft aria-pressed:text-accent-text ${
        reason ? "opacity-50" : ""
      } ${className}`}
      {...rest}
    >
      <Icon name={icon} size={size} className={flip ? "flip" : ""} />
    </button>
  );
}
