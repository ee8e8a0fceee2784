/** Documents of the lab's verbs; part of output.ts, which says what holds for all. */
import * as z from "zod";
import { document, type OutputDocument } from "./output-parts.ts";

const labFaultSchema = z.object({ kind: z.string(), machine: z.string(), since: z.string() });
export const labSchema = z.object({
  ...document("Lab"),
  name: z.string(),
  phase: z.enum(["making", "up"]).describe("making: it was not finished, unless workedOnBy is making it"),
  workedOnBy: z.int().optional().describe("the process that is changing it now"),
  versions: z.object({ kubernetes: z.string(), etcd: z.string() }),
  controlPlaneEndpoint: z.string(),
  machines: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      role: z.string(),
      isPoweredOn: z.boolean(),
      isJoined: z.boolean().optional().describe("false: wiped or new, and not joined (again); only of control-plane and worker machines"),
    }),
  ),
  faults: z.array(labFaultSchema),
  config: z.string().describe("the lab's requorum.yaml"),
  sshConfig: z.string(),
  phases: z
    .array(z.object({ name: z.string(), durationMs: z.number() }))
    .optional()
    .describe("what `lab up` took"),
  healed: z.array(labFaultSchema).optional().describe("what `lab heal` took back"),
  ended: z
    .array(labFaultSchema.extend({ because: z.string() }))
    .optional()
    .describe("faults that had ended before `lab heal` came to them"),
});
export const labsSchema = z.object({
  ...document("Labs"),
  labs: z.array(labSchema),
  unreadable: z
    .array(z.object({ name: z.string(), problem: z.string() }))
    .describe("labs without a readable record: lab down takes them away"),
});
export const labDownSchema = z.object({ ...document("LabDown"), name: z.string() });

export const labOutputDocuments: { readonly [kind: string]: OutputDocument } = {
  Lab: {
    verbs: ["lab up", "lab break", "lab heal", "lab status"],
    words: "One lab. `lab status` prints it when a name is given.",
    schema: labSchema,
  },
  Labs: { verbs: ["lab status"], words: "All labs of this machine.", schema: labsSchema },
  LabDown: { verbs: ["lab down"], words: "The lab is gone.", schema: labDownSchema },
};
