// Makes a screenshot small: at most 256 colours instead of 16 million, which a page of few colours does not miss.
import { deflateSync, inflateSync } from "node:zlib";

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

interface Picture {
  width: number;
  height: number;
  /** Red, green and blue of each pixel. */
  pixels: Buffer;
}

/** Reads what Chromium writes: 8 bits, RGB or RGBA, not interlaced. */
export function read_png(file: Buffer): Picture {
  let at = signature.length;
  let width = 0;
  let height = 0;
  let channels = 3;
  const parts: Buffer[] = [];
  while (at < file.length) {
    const length = file.readUInt32BE(at);
    const kind = file.toString("latin1", at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + length);
    if (kind === "IHDR") {
      width = body.readUInt32BE(0);
      height = body.readUInt32BE(4);
      channels = body[9] === 6 ? 4 : 3;
    } else if (kind === "IDAT") parts.push(body);
    at += 12 + length;
  }
  const raw = unfiltered(inflateSync(Buffer.concat(parts)), width, height, channels);
  if (channels === 3) return { width, height, pixels: raw };
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; ++i) raw.copy(pixels, i * 3, i * 4, i * 4 + 3);
  return { width, height, pixels };
}

// PNG (Third Edition), 9.2: each line says how it differs from what is left of it and above.
function unfiltered(data: Buffer, width: number, height: number, channels: number): Buffer {
  const stride = width * channels;
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; ++y) {
    const filter = data[y * (stride + 1)]!;
    for (let x = 0; x < stride; ++x) {
      const left = x >= channels ? out[y * stride + x - channels]! : 0;
      const up = y > 0 ? out[(y - 1) * stride + x]! : 0;
      const corner = x >= channels && y > 0 ? out[(y - 1) * stride + x - channels]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
      out[y * stride + x] = (data[y * (stride + 1) + 1 + x]! + guess) & 255;
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** The same with the most frequent colours, each other pixel with the nearest of them. */
export function with_palette(picture: Picture): Buffer {
  const { width, height, pixels } = picture;
  const counts = new Map<number, number>();
  const colour = (i: number) => pixels.readUIntBE(i * 3, 3);
  for (let i = 0; i < width * height; ++i) counts.set(colour(i), (counts.get(colour(i)) ?? 0) + 1);
  const palette = spread([...counts].sort((a, b) => b[1] - a[1]).map(([each]) => each));
  const index = new Map(palette.map((each, i) => [each, i]));
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; ++y)
    for (let x = 0; x < width; ++x) {
      const here = colour(y * width + x);
      let found = index.get(here);
      if (found === undefined) index.set(here, (found = nearest(palette, here)));
      lines[y * (width + 1) + 1 + x] = found;
    }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.alloc(palette.length * 3);
  palette.forEach((each, i) => table.writeUIntBE(each, i * 3, 3));
  const parts = [
    chunk("IHDR", head),
    chunk("PLTE", table),
    chunk("IDAT", deflateSync(lines, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...parts]);
}

// The frequent ones, without those that are next to one that is there.
function spread(frequent: number[]): number[] {
  for (let least = 4; ; least *= 2) {
    const chosen: number[] = [];
    for (const each of frequent) {
      if (chosen.length === 256) break;
      if (chosen.every((other) => distance(each, other) >= least)) chosen.push(each);
    }
    if (chosen.length < 256) return chosen;
  }
}

function distance(a: number, b: number): number {
  const part = (shift: number) => ((a >> shift) & 255) - ((b >> shift) & 255);
  return part(16) ** 2 + part(8) ** 2 + part(0) ** 2;
}

function nearest(palette: number[], colour: number): number {
  let best = 0;
  for (let i = 1; i < palette.length; ++i)
    if (distance(palette[i]!, colour) < distance(palette[best]!, colour)) best = i;
  return best;
}

function chunk(kind: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  named.copy(out, 4);
  out.writeUInt32BE(crc(named), body.length + 8);
  return out;
}

// PNG, annex D.
function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; ++bit) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
