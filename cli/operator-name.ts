import { userInfo } from 'node:os';

const NAME = /^[A-Za-z0-9._:@-]{1,64}$/;

/** Who acts, as it stands in the audit: the name that was given, else the user of this machine. Throws a sentence. */
export function operatorName(given?: string): `operator:${string}` {
  const name = given ?? userInfo().username;
  if (NAME.test(name)) return `operator:${name}`;
  throw new Error(
    `${JSON.stringify(name)} cannot stand in the audit as a name: 1 to 64 characters of A-Z a-z 0-9 . _ : @ -. Run it as a user with such a name, or say one with --by where there is that option.`,
  );
}
