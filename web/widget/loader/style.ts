/** The look of the button and of the window's place on the page. It lies in a shadow root, out of reach of the page's own styles. */

export const STYLE = `
:host{all:initial;--edge:20px}
*{box-sizing:border-box}
.launcher{position:fixed;bottom:calc(var(--edge) + env(safe-area-inset-bottom));z-index:2147483000;display:flex;align-items:center;gap:10px;
  min-width:58px;height:58px;padding:0 15px;border:0;border-radius:29px;background:var(--fill);color:var(--on-fill);cursor:pointer;
  font:600 15px/1.2 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
  box-shadow:0 2px 6px rgb(20 28 40/.18),0 10px 28px rgb(20 28 40/.24);transition:transform .18s ease,box-shadow .18s ease}
.launcher:hover{transform:translateY(-2px);box-shadow:0 3px 8px rgb(20 28 40/.2),0 14px 34px rgb(20 28 40/.3)}
.launcher:focus-visible{outline:3px solid var(--fill);outline-offset:3px;box-shadow:0 0 0 3px #fff}
.right .launcher{right:calc(var(--edge) + env(safe-area-inset-right))}
.left .launcher{left:calc(var(--edge) + env(safe-area-inset-left))}
svg{flex:none;width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.words{padding-inline-end:5px;white-space:nowrap}
.open .words{display:none}
.badge{position:absolute;top:-4px;inset-inline-end:-4px;min-width:22px;height:22px;padding:0 6px;border:2px solid #fff;border-radius:11px;
  background:#b3261e;color:#fff;font-size:12px;line-height:18px;text-align:center}
[hidden]{display:none}
.window{position:fixed;bottom:calc(var(--edge) + 72px + env(safe-area-inset-bottom));z-index:2147483000;width:400px;max-width:calc(100vw - 2*var(--edge));
  height:min(700px,calc(100vh - 2*var(--edge) - 72px));height:min(700px,calc(100dvh - 2*var(--edge) - 72px));overflow:hidden;border-radius:20px;
  background:var(--ground);box-shadow:0 0 0 1px rgb(20 28 40/.08),0 12px 28px rgb(20 28 40/.16),0 28px 70px rgb(20 28 40/.26);
  transform-origin:bottom right;transition:opacity .16s ease,transform .16s ease,visibility 0s}
.left .window{transform-origin:bottom left}
.right .window{right:calc(var(--edge) + env(safe-area-inset-right))}
.left .window{left:calc(var(--edge) + env(safe-area-inset-left))}
.window.away{visibility:hidden;opacity:0;transform:translateY(14px) scale(.97);transition:opacity .16s ease,transform .16s ease,visibility 0s .16s}
iframe{display:block;width:100%;height:100%;border:0;background:transparent;color-scheme:normal}
.bare .window{bottom:calc(var(--edge) + env(safe-area-inset-bottom));height:min(700px,calc(100vh - 2*var(--edge)));height:min(700px,calc(100dvh - 2*var(--edge)))}
@media (max-width:520px),(max-height:420px){
  .window,.bare .window{inset:0;width:100%;max-width:none;height:100%;height:100dvh;border-radius:0;box-shadow:none}
  .open .launcher{display:none}
}
@media (prefers-reduced-motion:reduce){.launcher,.window,.window.away{transition:none}.launcher:hover{transform:none}}
@media print{.launcher,.window{display:none}}
`;
