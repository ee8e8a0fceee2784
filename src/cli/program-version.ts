/** The version of requorum: the same as in package.json (a test compares them), kept here so that nothing is read at start. */
export const programVersion = "0.1.0";
