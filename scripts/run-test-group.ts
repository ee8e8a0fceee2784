/**
 * Several test files in one process: a process for each costs more than most
 * of the small files' tests. A file that cannot be loaded is a failed test of
 * its own, and the others run all the same.
 *   node --test scripts/run-test-group.ts FILE…   (see run-tests.ts)
 */
import { test } from "node:test";
import { pathToFileURL } from "node:url";

for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    test(`${file} can be loaded`, () => {
      throw error;
    });
  }
}
