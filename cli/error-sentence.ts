import { geteuid } from 'node:process';

/** What a person is told when a command failed; the system's own words for files name a call and not what to do. */
export function errorSentence(error: unknown): string {
  if (!(error instanceof Error)) return 'The command failed and gave no reason. That is a fault of its own: report it with what you typed.';
  const { code, path }: NodeJS.ErrnoException = error;
  return (path === undefined ? undefined : sentenceOf(code, path)) ?? error.message;
}

function sentenceOf(code: string | undefined, path: string): string | undefined {
  switch (code) {
    case 'ENOENT':
      return `There is no file ${path}: correct the path, or make the folders above it.`;
    case 'EEXIST':
      return `${path} exists already: choose another name.`;
    case 'EISDIR':
      return `${path} is a folder, and a file is needed: name a file in it.`;
    case 'ENOTDIR':
      return `${path} goes through something that is no folder: correct the path.`;
    case 'EACCES':
    case 'EPERM':
      return `User id ${geteuid?.() ?? '?'} may not read or write ${path}: run cs as its owner, or change owner or mode of the file and the folders above.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `There is no room left on the disk of ${path}: make some, and run the command again.`;
    case 'EROFS':
      return `${path} is on a file system that is mounted read-only: choose another place.`;
    default:
      return undefined;
  }
}
