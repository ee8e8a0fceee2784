import { bucketHeaderBytes, pageFlags, pageHeaderBytes } from "./bolt-layout.ts";
import { BoltPage, findPageFault, readPageHeader, type PageFault } from "./bolt-page.ts";

/** The leaf that stands in the value of a small bucket, behind its header. Source: bbolt bucket.go (openBucket, write). */
export function inlinePage(holder: BoltPage, index: number): BoltPage | PageFault {
  const start = holder.valueStart(index) + bucketHeaderBytes;
  const sizeBytes = holder.valueSize(index) - bucketHeaderBytes;
  const fileOffset = holder.offsetInFile(start);
  const fault = (what: string): PageFault => ({ offset: fileOffset, what: `the inline bucket in page ${String(holder.id)} ${what}` });
  if (sizeBytes < pageHeaderBytes) return fault(`has ${String(sizeBytes)} bytes: there is no page in it`);
  const header = readPageHeader(holder.view, start);
  if (header.flags !== pageFlags.leaf || header.id !== 0 || header.overflow !== 0) return fault("has a page that is no inline leaf");
  const page = new BoltPage({ bytes: holder.bytes, view: holder.view, start, sizeBytes, fileOffset, header });
  return findPageFault(page, 0) ?? page;
}
