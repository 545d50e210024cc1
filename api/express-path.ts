/** `/v1/users/{userId}/pin`, as OpenAPI writes it, as Express writes it: `/v1/users/:userId/pin`. */
export function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
