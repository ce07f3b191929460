/** A small picture for mocks: sky over sea, as PNG. */
import { crc32, deflateSync } from "node:zlib";

export function picture() {
  const [w, h] = [480, 320];
  const raw = Buffer.alloc((w * 3 + 1) * h);
  for (let y = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1) {
      const at = y * (w * 3 + 1) + 1 + x * 3;
      const sea = y > h * 0.62;
      const wave = sea ? Math.sin(x / 14 + y / 3) * 10 : 0;
      const sun = Math.hypot(x - 340, y - 90) < 34;
      raw[at] = sun ? 255 : sea ? 20 + wave : 150 + y / 3;
      raw[at + 1] = sun ? 214 : sea ? 110 + wave : 190 + y / 6;
      raw[at + 2] = sun ? 120 : sea ? 135 + wave : 225;
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(8 + data.length + 4);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32 ? crc32(body) >>> 0 : crc(body), 8 + data.length);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(w, 0);
  head.writeUInt32BE(h, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head), chunk("IDAT", deflateSync(raw)), chunk("IEND", Buffer.alloc(0))]);
}
function crc(bytes) {
  let c = ~0;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k += 1) c = (c >>> 1) ^ (0xedb88320 & -(c & 1));
  }
  return ~c >>> 0;
}
