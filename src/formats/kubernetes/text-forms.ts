/** Bytes and numbers as Kubernetes' JSON writes them. */

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** As Go's encoding/json writes a string: each byte that is not part of UTF-8 becomes U+FFFD (events cut inside a letter have them). */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return repairedText(bytes);
  }
}

function repairedText(bytes: Uint8Array): string {
  let text = "";
  let position = 0;
  while (position < bytes.length) {
    const length = runeLength(bytes[position] ?? 0);
    try {
      if (length === 0 || position + length > bytes.length) throw new RangeError("not a letter");
      text += strictUtf8.decode(bytes.subarray(position, position + length));
      position += length;
    } catch {
      text += "\ufffd";
      position += 1;
    }
  }
  return text;
}

function runeLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

const base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 section 4, with padding. */
export function base64Of(bytes: Uint8Array): string {
  const parts: string[] = [];
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += base64Letters.charAt(three >> 18) + base64Letters.charAt((three >> 12) & 63);
    text += left > 1 ? base64Letters.charAt((three >> 6) & 63) : "=";
    text += left > 2 ? base64Letters.charAt(three & 63) : "=";
    if (text.length >= 4096) {
      parts.push(text);
      text = "";
    }
  }
  return parts.join("") + text;
}

const nanosecondsPerSecond = 1_000_000_000n;

/** Go's time.Duration.String (time/time.go): "1h2m3.5s", below a second "1.5ms", "2µs", "3ns". */
export function durationText(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) return `${sign}${String(size)}ns`;
  if (size < 1_000_000n) return `${sign}${withFraction(size, 1_000n)}µs`;
  if (size < nanosecondsPerSecond) return `${sign}${withFraction(size, 1_000_000n)}ms`;
  const minutes = size / nanosecondsPerSecond / 60n;
  const seconds = `${withFraction(size - minutes * 60n * nanosecondsPerSecond, nanosecondsPerSecond)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return `${sign}${hours === 0n ? "" : `${String(hours)}h`}${String(minutes % 60n)}m${seconds}`;
}

function withFraction(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const fraction = String(value % unit)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(value / unit) : `${String(value / unit)}.${fraction}`;
}

/** The first second of year 1, Go's zero time, and the last of year 9999. */
export const zeroTimeSeconds = -62_135_596_800n;
export const lastTimeSeconds = 253_402_300_799n;

/** RFC 3339 in UTC; with six digits of a second where `microseconds` is given. The seconds lie between the two above. */
export function timeText(seconds: bigint, microseconds?: number): string {
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return microseconds === undefined ? `${text}Z` : `${text}.${String(microseconds).padStart(6, "0")}Z`;
}
