const end = "-----END CERTIFICATE-----";

/**
 * PEM certificates in a text, each from its beginning to the next end, so that
 * one that was cut off is found, too, as none that can be read. Behind the last
 * end nothing is searched: a file of beginnings is read in no time.
 */
export function certificateBlocks(text: string): readonly string[] {
  const ended = text.slice(0, text.lastIndexOf(end) + end.length);
  return ended.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
}
