/** What a data dir is called beside its place until it is whole; a restore that was killed leaves it so. `random`: 12 hex digits. */
export function unfinishedName(name: string, random: string): string {
  return `.${name}.requorum-${random}`;
}

/** Whether it is such a name: of this data dir, or of any. */
export function isUnfinishedName(found: string, name?: string): boolean {
  const [, of] = /^\.(.*)\.requorum-[0-9a-f]{12}$/s.exec(found) ?? [];
  return of !== undefined && (name === undefined || of === name);
}
