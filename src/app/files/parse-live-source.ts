/** The running cluster, as `live` names it, or its member on one machine, as `live://HOST` does. */
export interface LiveSource {
  /** As it was typed. */
  readonly name: string;
  /** undefined: any voter that answers for the whole cluster. */
  readonly host: string | undefined;
}

/** undefined: it names no running cluster. A file that is called `live` is `./live`. */
export function parseLiveSource(text: string): LiveSource | undefined {
  if (text === "live") return { name: text, host: undefined };
  return text.startsWith("live://") ? { name: text, host: text.slice("live://".length) } : undefined;
}
