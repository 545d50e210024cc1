import { z } from 'zod';

/** A partner that authenticates with a certificate: which name in it stands for which client, with which scopes. */
export interface Partner {
  /** One entry of subjectAltName, as `URI:…` or `DNS:…`; compared exactly. */
  san: string;
  clientId: string;
  scopes: readonly string[];
}

/** No wildcard, no white space, nothing that would have to be quoted: what is compared is what is read. */
const SAN = /^(URI:[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&()*+;=%-]+|DNS:[a-z0-9-]+(\.[a-z0-9-]+)*)$/;
/** What a Token Service may be allowed; operators come with an access token of their own. */
const CLIENT_SCOPES = ['enrollment:create', 'enrollment:read', 'enrollment:cancel', 'pin:read', 'pin:reset'] as const;

const partner = z.strictObject({
  san: z.string().max(512).regex(SAN, 'must be one exact name: URI:<uri> or DNS:<lower-case host name>, no wildcard'),
  clientId: z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ : -'),
  scopes: z.array(z.enum(CLIENT_SCOPES)).min(1),
});
const partnersFile = z.strictObject({ partners: z.array(partner).min(1).max(1_000) });

/** CS_PARTNERS_FILE. A problem is told with its place; the content is not quoted. */
export function parsePartners(content: string, refuse: (message: string) => void): readonly Partner[] {
  const parsed = partnersFile.safeParse(jsonOf(content));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    refuse(`is not a list of partners (${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'malformed'})`);
    return [];
  }
  const { partners } = parsed.data;
  if (new Set(partners.map(({ san }) => san)).size < partners.length) refuse('names one SAN twice: who would it be?');
  return partners;
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
