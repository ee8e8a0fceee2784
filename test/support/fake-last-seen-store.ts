import type { LastSeenStore } from "../../src/ports/last-seen-store.ts";

/** Last-seen facts in memory. */
export class FakeLastSeenStore implements LastSeenStore {
  readonly texts = new Map<string, string>();
  placeOf?: (cluster: string) => string;

  read(cluster: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(cluster));
  }

  write(cluster: string, text: string): Promise<void> {
    this.texts.set(cluster, text);
    return Promise.resolve();
  }
}
