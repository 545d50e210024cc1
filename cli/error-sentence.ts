/** What a person is told when a command failed; the system's own words for files name a call and not what to do. */
export function errorSentence(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const { code, path }: NodeJS.ErrnoException = error;
  if (path === undefined) return error.message;
  if (code === 'ENOENT') return `There is no file ${path}.`;
  if (code === 'EEXIST') return `${path} exists already: choose another name.`;
  if (code === 'EISDIR') return `${path} is a folder; a file is needed.`;
  return code === 'EACCES' || code === 'EPERM' ? `${path} may not be read or written by this user.` : error.message;
}
