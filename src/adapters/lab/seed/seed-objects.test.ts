import assert from "node:assert/strict";
import { test } from "node:test";
import { plantedSecret, planSeed, seedObjectsMin } from "./seed-objects.ts";

test("planSeed: the same seed makes the same objects, another seed others", () => {
  assert.deepEqual(planSeed({ seed: 7, objects: 200 }), planSeed({ seed: 7, objects: 200 }));
  assert.notDeepEqual(planSeed({ seed: 7, objects: 200 }), planSeed({ seed: 8, objects: 200 }));
});

test("planSeed: it has the wanted number of objects, but never fewer than the applications need", () => {
  for (const objects of [0, 200, 5000]) {
    const plan = planSeed({ seed: 1, objects });
    const total = plan.first.length + plan.rest.length;
    assert.ok(objects < seedObjectsMin ? total <= seedObjectsMin : total === objects, String(total));
  }
});

test("planSeed: every secret can be recognised by a test that looks for leaks", () => {
  const secrets = planSeed({ seed: 1, objects: 300 }).rest.filter(({ path }) => path.endsWith("/secrets"));
  assert.ok(secrets.length > 10);
  for (const { body } of secrets) assert.ok(JSON.stringify(body).includes(plantedSecret));
});

test("planSeed: names are unique within their collection", () => {
  const plan = planSeed({ seed: 3, objects: 2000 });
  const names = [...plan.first, ...plan.rest].map(
    ({ path, body }) => `${path}/${(body as { readonly metadata: { readonly name: string } }).metadata.name}`,
  );
  assert.equal(new Set(names).size, names.length);
});
