import type { OnBytes } from "../byte-source.ts";
import { placeFault } from "./bolt-cursor.ts";
import type { ProblemList } from "./bolt-check.ts";
import { maxTreeDepth, readUint64 } from "./bolt-layout.ts";
import { BoltPage, usedBytes } from "./bolt-page.ts";
import { BranchMemory, ReadAhead, type BoltPages } from "./bolt-pages.ts";
import { inlinePage } from "./inline-page.ts";
import type { PageSet } from "./page-set.ts";

export interface TreeTotals {
  bucketCount: number;
  keyCount: number;
  branchPageCount: number;
  leafPageCount: number;
}

/** What one check shares between its buckets. */
export interface TreeCheck {
  readonly pages: BoltPages;
  readonly problems: ProblemList;
  readonly totals: TreeTotals;
  readonly reached: PageSet;
  readonly freed: PageSet;
  readonly onBytes: OnBytes | undefined;
}

/** etcd nests none, bbolt's own tests a handful; each level holds the pages on its way. */
const maxBucketDepth = 32;
const reportEveryBytes = 4 * 1024 * 1024;

/** The tree from `rootId` on, with the buckets nested in it. A page that is met a second time is not entered again, so it ends. */
export function checkBucket(check: TreeCheck, rootId: number, bucketDepth = 0): void {
  const walk: Walk = {
    check,
    bucketDepth,
    branches: new BranchMemory(check.pages),
    readAhead: new ReadAhead(check.pages, { reusesMemory: true }),
    leafDepth: Number.POSITIVE_INFINITY,
  };
  checkPage(walk, { id: rootId, nextId: undefined, from: undefined, before: undefined, depth: 0 });
}

interface Walk {
  readonly check: TreeCheck;
  readonly bucketDepth: number;
  readonly branches: BranchMemory;
  readonly readAhead: ReadAhead;
  /** Where the leaves are, once one was seen: from there on pages are read ahead. */
  leafDepth: number;
}

interface Place {
  readonly id: number;
  /** The sibling after it. */
  readonly nextId: number | undefined;
  readonly from: Uint8Array | undefined;
  readonly before: Uint8Array | undefined;
  readonly depth: number;
}

/** Recursion is limited by `maxTreeDepth` and `maxBucketDepth`. */
function checkPage(walk: Walk, place: Place): void {
  const { pages, problems, totals } = walk.check;
  const page = place.depth < walk.leafDepth ? walk.branches.read(place.id, place.depth) : walk.readAhead.page(place.id, place.nextId);
  if (!(page instanceof BoltPage)) {
    problems.add("page", place.id, page.offset, page.what);
    return;
  }
  if (!reach(walk.check, page)) return;
  const fault = placeFault(page, { from: place.from, before: place.before, isRoot: place.depth === 0 });
  if (fault !== undefined) problems.add("order", page.id, page.fileOffset, fault);
  const unused = page.sizeBytes - usedBytes(page);
  if (unused > pages.pageSize)
    problems.add("page", page.id, page.fileOffset, `page ${String(page.id)} goes on for more pages than its elements need`);
  if (page.isLeaf) {
    walk.leafDepth = place.depth;
    totals.leafPageCount += page.sizeBytes / pages.pageSize;
    checkLeaf(walk, page);
  } else {
    totals.branchPageCount += page.sizeBytes / pages.pageSize;
    checkChildren(walk, page, place);
  }
}

function checkChildren(walk: Walk, branch: BoltPage, place: Place): void {
  if (place.depth >= maxTreeDepth) {
    walk.check.problems.add("depth", branch.id, branch.fileOffset, `branch pages nested more than ${String(maxTreeDepth)} deep`);
    return;
  }
  for (let index = 0; index < branch.count; index += 1) {
    const isLast = index + 1 === branch.count;
    checkPage(walk, {
      id: branch.childId(index),
      nextId: isLast ? undefined : branch.childId(index + 1),
      from: branch.key(index),
      before: isLast ? place.before : branch.key(index + 1),
      depth: place.depth + 1,
    });
  }
}

/** Marks its pages; false when it was met before. */
function reach(check: TreeCheck, page: BoltPage): boolean {
  const { pages, problems, reached, freed } = check;
  const count = page.sizeBytes / pages.pageSize;
  let isNew = true;
  for (let id = page.id; id < page.id + count; id += 1) {
    if (!reached.add(id)) {
      isNew = false;
      problems.add("reference", id, id * pages.pageSize, `page ${String(id)} is in use twice`);
    }
    if (freed.has(id)) problems.add("reference", id, id * pages.pageSize, `page ${String(id)} is in use, and on the list of free pages`);
    if ((reached.size * pages.pageSize) % reportEveryBytes === 0) check.onBytes?.(reached.size * pages.pageSize, pages.source.size);
  }
  return isNew;
}

function checkLeaf(walk: Walk, leaf: BoltPage): void {
  const { totals, problems } = walk.check;
  let plainKeys = 0;
  for (let index = 0; index < leaf.count; index += 1) {
    if (leaf.isBucket(index)) checkNested(walk, leaf, index);
    else plainKeys += 1;
  }
  totals.keyCount += plainKeys;
  // bbolt cannot put a key outside of every bucket (tx.go); its own check does not look.
  if (walk.bucketDepth === 0 && plainKeys > 0)
    problems.add("page", leaf.id, leaf.fileOffset, `leaf page ${String(leaf.id)} is in the root, and has keys that are no buckets`);
}

function checkNested(walk: Walk, leaf: BoltPage, index: number): void {
  const { problems, totals } = walk.check;
  totals.bucketCount += 1;
  const valueStart = leaf.valueStart(index);
  const offset = leaf.offsetInFile(valueStart);
  const rootId = readUint64(leaf.view, valueStart);
  if (rootId !== 0) {
    if (walk.bucketDepth >= maxBucketDepth)
      problems.add("depth", leaf.id, offset, `buckets nested more than ${String(maxBucketDepth)} deep: they were not looked at`);
    else checkBucket(walk.check, rootId, walk.bucketDepth + 1);
    return;
  }
  const inline = inlinePage(leaf, index);
  if (!(inline instanceof BoltPage)) {
    problems.add("page", leaf.id, inline.offset, inline.what);
    return;
  }
  if (usedBytes(inline) !== inline.sizeBytes)
    problems.add("page", leaf.id, inline.fileOffset, "an inline bucket is larger than its elements");
  for (let element = 0; element < inline.count; element += 1) {
    // bbolt gives a bucket with buckets in it pages of its own (bucket.go, inlineable).
    if (inline.isBucket(element)) problems.add("page", leaf.id, inline.fileOffset, "an inline bucket has a bucket in it");
    else totals.keyCount += 1;
  }
}
