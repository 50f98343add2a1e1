// Text from jobs, logs and vendors, made fit to be shown. It is never read as HTML: it only becomes text nodes.
import type { Text } from "./model";

/** The bytes that a text of the service stands for. */
export function bytes_of(text: Text): Uint8Array {
  if (typeof text === "string") return new TextEncoder().encode(text);
  const bytes = new Uint8Array(text.hex.length >> 1);
  for (let i = 0; i < bytes.length; ++i)
    bytes[i] = 16 * digit(text.hex.charCodeAt(2 * i)) + digit(text.hex.charCodeAt(2 * i + 1));
  return bytes;
}

// Of a hexadecimal digit's code; a log has millions.
function digit(code: number): number {
  return (code & 15) + (code >> 6) * 9;
}

// Characters that move what stands around them, or that nobody sees.
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

function seen(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `\u2039U+${code.toString(16).toUpperCase().padStart(4, "0")}\u203a`;
}

/** Control characters and those that turn the direction of text become visible signs; tab and newline stay. */
export function visible(text: string): string {
  return text.replace(unseen, seen);
}

/** A text of the service for people, on one line or several. */
export function plain(text: Text | undefined): string {
  if (text === undefined) return "";
  return visible(typeof text === "string" ? text : new TextDecoder().decode(bytes_of(text)));
}

/** The same on one line, no longer than `most` characters. */
export function short(text: Text | undefined, most = 80): string {
  const line = plain(text).replace(/\s+/g, " ").trim();
  return line.length > most ? line.slice(0, most - 1) + "…" : line;
}
