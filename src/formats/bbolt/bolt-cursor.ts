import { maxTreeDepth } from "./bolt-layout.ts";
import { type BoltPage } from "./bolt-page.ts";
import { BranchMemory, ReadAhead, type BoltPages } from "./bolt-pages.ts";
import { damaged } from "../format-error.ts";

/** A page on the way from the root to where the cursor stands. */
interface Level {
  readonly page: BoltPage;
  index: number;
  /** Every key of the page is before it; undefined: nothing bounds it. */
  readonly before: Uint8Array | undefined;
}

/** Why a page cannot stand where a branch page says it does: undefined when it can. The same rules for the walk and for the check. */
export function placeFault(
  page: BoltPage,
  place: { readonly from: Uint8Array | undefined; readonly before: Uint8Array | undefined; readonly isRoot: boolean },
): string | undefined {
  const name = `page ${String(page.id)}`;
  if (page.count === 0) {
    if (!page.isLeaf) return `branch ${name} has no children`;
    // bbolt removes a leaf that became empty, unless the whole bucket did (node.go, rebalance).
    return place.isRoot ? undefined : `leaf ${name} is empty, and its bucket is not`;
  }
  if (place.from !== undefined && page.compare(0, place.from) < 0)
    return `the first key of ${name} is before the key that its branch page gives it`;
  if (place.before !== undefined && page.compare(page.count - 1, place.before) >= 0)
    return `the last key of ${name} is not before the key where its branch page goes on`;
  return undefined;
}

/**
 * Stands on an element of one bucket and goes on in the order of keys. Every
 * page is checked by itself and against its branch page when it is entered,
 * which makes the keys of the whole walk ascend: it ends, whatever is in the
 * file. All methods throw FILE_DAMAGED where the damage is met.
 */
export class BoltCursor {
  private readonly pages: BoltPages;
  private readonly readAhead: ReadAhead;
  /** undefined: what was read may be kept. */
  private readonly branches: BranchMemory | undefined;
  private readonly root: BoltPage;
  private levels: Level[] = [];
  /** At which depth the leaves are, once one was seen: from there on they are read ahead. */
  private leafDepth = Number.POSITIVE_INFINITY;
  /** The leaf it stands in, and where. Valid after `seek` or `next` gave true. */
  page: BoltPage;
  index = 0;

  /** `root` is the bucket's root page, or its inline page. With `reusesMemory` keys and values are valid until the next step. */
  constructor(pages: BoltPages, root: BoltPage, options: { readonly reusesMemory: boolean } = { reusesMemory: false }) {
    this.pages = pages;
    this.readAhead = new ReadAhead(pages, options);
    this.branches = options.reusesMemory ? new BranchMemory(pages) : undefined;
    this.root = root;
    this.page = root;
  }

  /** To the first element that is not before `key`; without one, to the first of all. False when there is none. */
  seek(key: Uint8Array | undefined): boolean {
    this.levels = [];
    this.enter(this.root, undefined, undefined, key);
    return this.index < this.page.count || this.nextLeaf();
  }

  /** One element further. False at the end. */
  next(): boolean {
    this.index += 1;
    return this.index < this.page.count || this.nextLeaf();
  }

  private nextLeaf(): boolean {
    for (let level = this.levels.at(-1); level !== undefined; level = this.levels.at(-1)) {
      level.index += 1;
      if (level.index < level.page.count) {
        this.enterChild(level, undefined);
        return this.index < this.page.count; // never empty: placeFault
      }
      this.levels.pop();
    }
    return false;
  }

  /** Down to a leaf, to the child that may hold `key` on every branch page. */
  private enter(page: BoltPage, from: Uint8Array | undefined, before: Uint8Array | undefined, key: Uint8Array | undefined): void {
    const fault = placeFault(page, { from, before, isRoot: this.levels.length === 0 });
    if (fault !== undefined) throw damaged(this.pages.source.name, page.fileOffset, fault);
    if (page.isLeaf) {
      this.page = page;
      this.index = key === undefined ? 0 : page.lowerBound(key);
      this.leafDepth = this.levels.length;
      return;
    }
    if (this.levels.length >= maxTreeDepth)
      throw damaged(this.pages.source.name, page.fileOffset, `branch pages nested more than ${String(maxTreeDepth)} deep: a cycle`);
    const level = { page, index: key === undefined ? 0 : childIndex(page, key), before };
    this.levels.push(level);
    this.enterChild(level, key);
  }

  private enterChild(level: Level, key: Uint8Array | undefined): void {
    const { page, index } = level;
    const isLast = index + 1 === page.count;
    const child = this.load(page.childId(index), isLast ? undefined : page.childId(index + 1));
    this.enter(child, page.key(index), isLast ? level.before : page.key(index + 1), key);
  }

  private load(id: number, nextId: number | undefined): BoltPage {
    const depth = this.levels.length;
    if (depth >= this.leafDepth) return this.pages.orThrow(this.readAhead.page(id, nextId));
    return this.branches === undefined ? this.pages.load(id) : this.pages.orThrow(this.branches.read(id, depth));
  }
}

/** The last child whose first key is not after `key`; the first child when all are. */
function childIndex(branch: BoltPage, key: Uint8Array): number {
  const index = branch.lowerBound(key);
  const isExact = index < branch.count && branch.compare(index, key) === 0;
  return isExact || index === 0 ? index : index - 1;
}
