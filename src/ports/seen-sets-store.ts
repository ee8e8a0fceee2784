/** What this machine remembers of the sets of a cluster in its stores, as text (schemas parse it). undefined: nothing yet. LOCAL_FILE_FAILED. */
export interface SeenSetsStore {
  read(cluster: string): Promise<string | undefined>;
  write(cluster: string, text: string): Promise<void>;
}
