import { existsSync, readFileSync } from 'node:fs';

/** Beside the secrets, so that a data folder keeps the policies that its certificates were prepared with. */
export const POLICY_FILE = 'policy.oid';
/** Under the arc for examples (RFC 5612): production refuses it. */
export const NEW_POLICY = '1.3.6.1.4.1.32473.1';
/** Of folders without the file: an enrollment that was being issued when the version before stopped is linted against it. */
const POLICY_BEFORE = '2.25.261437790486893842764351487366214219451';

/** The OID under which the policies of a development stack stand; `file`: its POLICY_FILE. */
export function developmentPolicy(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : POLICY_BEFORE;
}
