/** The facts of the last good probe of a cluster, as text (schemas parse it). undefined: there are none yet. */
export interface LastSeenStore {
  read(cluster: string): Promise<string | undefined>;
  write(cluster: string, text: string): Promise<void>;
  /** Where they are kept, for whoever has to look: a path. */
  placeOf?(cluster: string): string;
}
