import assert from "node:assert/strict";
import { test } from "node:test";
import { labPathsFrom } from "../adapters/lab/lab-paths.ts";
import { findDirectories } from "./find-directories.ts";

test("findDirectories: a variable that is empty or relative does not put runs where the program happens to be started", () => {
  const environment = { XDG_STATE_HOME: "", XDG_CACHE_HOME: "cache", XDG_CONFIG_HOME: "/etc/xdg" };
  assert.deepEqual(findDirectories({ environment, home: "/home/me", work: "/work" }), {
    work: "/work",
    config: "/etc/xdg/requorum",
    state: "/home/me/.local/state/requorum",
    cache: "/home/me/.cache/requorum",
  });
});

test("labPathsFrom: labs are where the program looks for them, whatever the environment says", () => {
  for (const environment of [{}, { XDG_STATE_HOME: "", XDG_CACHE_HOME: "x" }, { XDG_STATE_HOME: "/s", XDG_CACHE_HOME: "/c" }]) {
    const { state, cache } = findDirectories({ environment, home: "/home/me", work: "/" });
    assert.deepEqual(labPathsFrom({ HOME: "/home/me", ...environment }), { cacheDir: cache, labsDir: `${state}/labs` });
  }
});
