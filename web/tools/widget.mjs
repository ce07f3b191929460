/** Builds the web widget into `dist/widget/`: the frame's page, then the one script that pages include. */
import { fileURLToPath } from "node:url";
import { build } from "vite";

const folder = fileURLToPath(new URL("../widget/", import.meta.url));

/** Both builds; with `write: false` nothing is written. Gives all files with their bytes. */
export async function buildWidget({ write = true, logLevel = "warn" } = {}) {
  const frame = await build({ configFile: `${folder}vite.config.ts`, logLevel, build: { write } });
  const loader = await build({
    configFile: false,
    logLevel,
    root: folder,
    publicDir: false,
    build: {
      write,
      outDir: "../dist/widget",
      emptyOutDir: false,
      target: "es2022",
      lib: { entry: `${folder}loader/main.ts`, formats: ["iife"], name: "antiphonWidgetLoader", fileName: () => "widget.js" },
    },
  });
  const files = [frame, loader].flat().flatMap((one) => one.output);
  return files.map((file) => ({ name: file.fileName, bytes: Buffer.from(file.type === "chunk" ? file.code : file.source) }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, bytes } of await buildWidget()) console.log(`widget/${name} ${(bytes.length / 1000).toFixed(1)} kB`);
}
