/** Writes `.br` and `.gz` beside each compressible file of `dist/`, so that the server never compresses at request time. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = new URL("../dist/", import.meta.url).pathname;
const compressible = /\.(js|css|html|svg|json|txt|webmanifest|map)$/;

let plain = 0;
let gzipped = 0;
let brotli = 0;
for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !compressible.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  const gz = gzipSync(bytes, { level: 9 });
  const br = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  await writeFile(`${path}.gz`, gz);
  await writeFile(`${path}.br`, br);
  plain += bytes.length;
  gzipped += gz.length;
  brotli += br.length;
}
const kb = (n) => `${(n / 1000).toFixed(1)} kB`;
console.log(`compressed: ${kb(plain)} plain, ${kb(gzipped)} gzip, ${kb(brotli)} brotli`);
