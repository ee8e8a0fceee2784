import type { KubeObject } from "../../formats/kubernetes/kube-json.ts";
import type { RegistryKey } from "../../formats/kubernetes/registry-key.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { labelSelector } from "./label-selector.ts";
import { ResourceWords, type CustomResourceNames } from "./resource-words.ts";

export interface ObjectSelection {
  /** As kubectl names resources (resource-words.ts), a whole key, or undefined for all. */
  readonly what: string | undefined;
  /** Of the resources in `what`, where that has no names itself: `configmap settings other`. */
  readonly names?: readonly string[];
  readonly namespace: string | undefined;
  /** As kubectl's (label-selector.ts). */
  readonly selector: string | undefined;
}

export class ObjectSelector {
  private readonly selection: ObjectSelection;
  /** undefined: everything, or one whole key. */
  private readonly words: ResourceWords | undefined;
  /** What was asked for by name, and found. */
  private readonly found = new Set<string>();
  /** What was asked for is a whole key, with or without a slash at its beginning, and it was found. */
  private isKey = false;
  /** The same, and its key was seen. */
  private isKeySeen = false;
  readonly matchesLabels: (object: KubeObject) => boolean;

  /** Throws USAGE. */
  constructor(selection: ObjectSelection) {
    this.selection = selection;
    const { what, names = [] } = selection;
    if (what?.startsWith("/") === true && names.length > 0)
      throw new RecoveryError("USAGE", {
        subject: "argument what",
        detail: `${what} is a whole key: ${names.join(" ")} has no place behind it`,
      });
    this.words = what === undefined || what.startsWith("/") ? undefined : new ResourceWords(what, names);
    this.matchesLabels = labelSelector(selection.selector);
  }

  /** A namespace, a selector, a category or nothing: no resource was named. */
  get isWhole(): boolean {
    return this.selection.what === undefined || this.words?.isCategory === true;
  }

  /** Is it a whole key, or objects by their names alone? */
  get isOneByOne(): boolean {
    const { what, selector } = this.selection;
    return selector === undefined && (what?.startsWith("/") === true || this.words?.isOneByOne === true);
  }

  /** Is there a word that only the definitions of custom resources may know? */
  get hasForeignWord(): boolean {
    return this.words?.hasForeignWord === true;
  }

  learn(custom: readonly CustomResourceNames[]): void {
    this.words?.learn(custom);
  }

  matchesKey(key: string, parsed: RegistryKey | undefined): boolean {
    const { what, namespace } = this.selection;
    if (this.isWholeKey(key)) {
      this.isKeySeen = true;
      return true;
    }
    if (what?.startsWith("/") === true || parsed === undefined) return false;
    if (this.words !== undefined) {
      if (!this.words.matches(parsed)) return false;
      // As kubectl: a node lies in no namespace, whichever is named.
      return namespace === undefined || parsed.namespace === undefined || namespace === parsed.namespace;
    }
    // A namespace holds itself: who asks for all of it wants the Namespace object, too.
    const isItself = parsed.resource === "namespaces" && parsed.name === namespace;
    return namespace === undefined || namespace === parsed.namespace || isItself;
  }

  /** Of a key that matches: which of the names that were asked for it is. */
  namedBy(key: string, parsed: RegistryKey | undefined): readonly string[] {
    if (this.isWholeKey(key)) return [key];
    return parsed === undefined ? [] : (this.words?.namedBy(parsed) ?? []);
  }

  /** That it is there, readable or not. */
  noteFound(key: string, parsed: RegistryKey | undefined): void {
    if (this.isWholeKey(key)) this.isKey = true;
    for (const name of this.namedBy(key, parsed)) this.found.add(name);
  }

  /** Once every key was seen: what was asked for by name and not found. */
  get missing(): readonly string[] {
    const { what } = this.selection;
    if (this.isKey) return [];
    const named = what?.startsWith("/") === true ? [what] : (this.words?.named ?? []);
    return named.filter((name) => !this.found.has(name));
  }

  /** Once every key was seen; `where` they were: "this file at revision 7". Throws USAGE for a word that names no resource. */
  assertWordsKnown(where: string): void {
    if (!this.isKeySeen) this.words?.assertKnown(where);
  }

  private isWholeKey(key: string): boolean {
    return key === this.selection.what && (this.selection.names ?? []).length === 0;
  }
}
