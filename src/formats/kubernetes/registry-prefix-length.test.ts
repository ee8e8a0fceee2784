import assert from "node:assert/strict";
import { test } from "node:test";
import { registryPrefixLength } from "./registry-prefix-length.ts";

test("registryPrefixLength: of a key it is the part that names the resource, with the part that tells services and endpoints apart", () => {
  const prefixes = [
    "/registry/pods/shop/web",
    "/registry/services/specs/shop/web",
    "/registry/services/endpoints/shop/web",
    "/registry/services/specs",
    "/registry/services/other/shop/web",
    "/registry/apps.example/services/shop/web",
    "/registry/apps.example/things/shop/web",
    "/services/specs/web",
    "plain",
  ].map((key) => key.slice(0, registryPrefixLength(Buffer.from(key))));
  assert.deepEqual(prefixes, [
    "/registry/pods/",
    "/registry/services/specs/",
    "/registry/services/endpoints/",
    "/registry/services/",
    "/registry/services/",
    "/registry/apps.example/services/",
    "/registry/apps.example/things/",
    "/services/specs/",
    "",
  ]);
});
