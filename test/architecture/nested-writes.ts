/** What Prisma offers to write another table's rows within one call. */
const NESTED = /\b(create|createMany|connect|connectOrCreate|update|updateMany|upsert|delete|deleteMany|disconnect|set)\s*:\s*[{[]/g;
/** The same words that nobody needs for anything else, wherever the object of a write is put together. */
const NESTED_ANYWHERE = /\b(create|createMany|connect|connectOrCreate|upsert|disconnect)\s*:\s*[{[]/g;
const WRITE = /\.(create|createMany|createManyAndReturn|update|updateMany|updateManyAndReturn|upsert)\(/g;

/**
 * Nested writes of Prisma in a text, a line of it each: they are several statements, and Prisma 7.10 goes on with them after the
 * transaction that they stand in was given up (ADR 48). `relations`: names of the fields that stand for rows of other tables.
 */
export function nestedWrites(code: string, relations: ReadonlySet<string>): string[] {
  const found = [...code.matchAll(WRITE)].flatMap(({ index, 0: call }) => inArguments(argumentsFrom(code, index + call.length), relations));
  const elsewhere = [...code.matchAll(NESTED_ANYWHERE)].map(({ 0: text }) => text);
  return [...new Set([...found, ...elsewhere])];
}

/** Names of the relation fields of a Prisma schema: fields whose type is a model. */
export function relationFields(schema: string): Set<string> {
  const models = [...schema.matchAll(/^model (\w+)/gm)].map(([, name = '']) => name);
  const field = new RegExp(`^ +(\\w+) +(?:${models.join('|')})(?:\\[\\]|\\?)?(?:\\s|$)`, 'gm');
  return new Set([...schema.matchAll(field)].map(([, name = '']) => name));
}

function inArguments(text: string, relations: ReadonlySet<string>): string[] {
  // `create`, `update` and `where` of an upsert stand at its first level, as `data` does.
  const inner = withoutFirstLevelNames(text);
  const verbs = [...inner.matchAll(NESTED)].map(([found]) => found);
  const fields = [...inner.matchAll(/\b(\w+)\s*:\s*[{[]/g)].filter(([, name = '']) => relations.has(name)).map(([found]) => found);
  return [...verbs, ...fields];
}

/** What stands between the parentheses of a call that begins here. */
function argumentsFrom(code: string, start: number): string {
  let depth = 1;
  let end = start;
  for (; end < code.length && depth > 0; end += 1) depth += depthOf(code[end]);
  return code.slice(start, end - 1);
}

function withoutFirstLevelNames(text: string): string {
  let depth = 0;
  let inner = '';
  for (const sign of text) {
    depth += depthOf(sign);
    // The brackets themselves stay: `name: {` needs its brace.
    if (depth > 1 || depthOf(sign) !== 0) inner += sign;
  }
  return inner;
}

function depthOf(sign: string | undefined): number {
  if (sign === '(' || sign === '{' || sign === '[') return 1;
  return sign === ')' || sign === '}' || sign === ']' ? -1 : 0;
}
