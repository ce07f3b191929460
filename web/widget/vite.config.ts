/** Build and test settings of the web widget: the frame's page here, the loader's one script in `../tools/widget.mjs`. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "/widget/",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: here("../dist/widget"),
    emptyOutDir: true,
    assetsDir: "assets",
    // A data URL would break the content security policy, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: { input: here("frame.html") },
  },
  test: {
    include: ["**/*.spec.{ts,tsx}"],
    environment: "jsdom",
    restoreMocks: true,
  },
});
