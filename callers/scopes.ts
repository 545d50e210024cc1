/** What an access token, or the entry of a partner, may allow (protocol §2). */
const SCOPES = [
  'enrollment:create',
  'enrollment:read',
  'enrollment:cancel',
  'pin:read',
  'pin:reset',
  'operator:read',
  'operator:act',
] as const;
export type Scope = (typeof SCOPES)[number];

/** The one scope of operators up to 0.1: stands for both of today for one release longer (ADR 41). */
const OLD_OPERATOR = 'operator';

/** Whether these scopes allow what needs `wanted`. `operator:act` alone does not allow reading. */
export function allows(scopes: ReadonlySet<string>, wanted: Scope): boolean {
  return scopes.has(wanted) || (wanted.startsWith('operator:') && scopes.has(OLD_OPERATOR));
}
