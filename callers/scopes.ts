/** What an access token, or the entry of a partner, may allow (protocol §2). */
export const SCOPES = ['enrollment:create', 'enrollment:read', 'enrollment:cancel', 'pin:read', 'pin:reset', 'operator'] as const;
export type Scope = (typeof SCOPES)[number];
