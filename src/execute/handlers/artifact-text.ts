import type { StepContext } from "../step-handler.ts";

/** Writes a small artifact of the run as a whole: synced and renamed, or not there. */
export async function writeArtifactText(context: StepContext, name: string, text: string): Promise<void> {
  const writer = await context.ports.runs.writeArtifact(context.run, name);
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** undefined: there is none. */
export async function readArtifactText(context: StepContext, name: string): Promise<string | undefined> {
  if ((await context.ports.runs.statArtifact(context.run, name)) === undefined) return undefined;
  return new TextDecoder().decode(await context.ports.runs.readArtifact(context.run, name));
}
