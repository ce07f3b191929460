/** Build and test settings. The built files must run under `default-src 'self'`: no inline script, style or data URL. */
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `vite dev` sends API and socket calls: a running server, or the mock backend of `mock/`. */
const backend = process.env.ANTIPHON_BACKEND ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/",
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./app", import.meta.url)) } },
  build: {
    outDir: "dist",
    assetsDir: "assets",
    // A data URL would break the content security policy, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": backend,
      "/v1": backend,
      "/ws_api": { target: backend, ws: true },
    },
  },
  test: {
    include: ["{app,rich}/**/*.spec.{ts,tsx}"],
    environment: "jsdom",
    restoreMocks: true,
  },
});
