/** Reads a file that was named on the command line, so that an error knows the path: Node leaves it out when a folder is read. */
export function withPath<Content>(path: string, read: () => Content): Content {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && !('path' in error)) Object.assign(error, { path });
    throw error;
  }
}
