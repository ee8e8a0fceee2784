import * as z from "zod";

/** https anywhere; without TLS only to this machine itself. What stands before an @ would be a password. */
const address = /^(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]|$))[^\s/@]*(?:[/?][^\s#]*)?$/;

/** Is it an address that a message may be sent to? */
export function isWebhookAddress(text: string): boolean {
  return address.test(text) && URL.canParse(text);
}

export const webhookAddressWords = "https://HOST/PATH (http:// only to this machine), without a user's name and password";

const file = (meaning: string) =>
  z
    .string()
    .min(1)
    .meta({ description: `${meaning}; relative to this file; ~/ is your home.` });

/** `backup.webhook` of requorum.yaml. */
export const backupWebhookSchema = z
  .strictObject({
    url: z
      .string()
      .refine(isWebhookAddress, { error: webhookAddressWords })
      .optional()
      .meta({ description: "Every scheduled backup is told to this address when it ends: a POST of the document BackupRun." }),
    urlFile: file("A file whose first line is that address, where it holds a token").optional(),
    caFile: file("The CA, in PEM, that signed its certificate").optional(),
  })
  .refine(({ url, urlFile }) => (url === undefined) !== (urlFile === undefined), { error: "either url or urlFile, and not both" })
  .meta({ description: "Who is told of every scheduled backup, whether it went well or not." });
