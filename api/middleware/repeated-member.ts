interface Container {
  /** Names seen so far; undefined in an array. */
  readonly names: Set<string> | undefined;
  /** The next string is a name, not a value. */
  nameNext: boolean;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;

/**
 * The name of the first member that comes twice in one object, escapes resolved; undefined when none does. `json` must be valid JSON:
 * this reads only what JSON.parse hides, of which the last one wins and another reader may take the first (RFC 8259 §4). Not recursive,
 * so that no depth of nesting costs stack.
 */
export function findRepeatedMember(json: string): string | undefined {
  const open: Container[] = [];
  for (let at = 0; at < json.length; at += 1) {
    const inside = open.at(-1);
    switch (json[at]) {
      case '{':
        open.push({ names: new Set(), nameNext: true });
        break;
      case '[':
        open.push({ names: undefined, nameNext: false });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (inside !== undefined) inside.nameNext = inside.names !== undefined;
        break;
      case '"': {
        const quoted = stringAt(json, at);
        if (inside?.nameNext && takeName(inside, quoted)) return String(JSON.parse(quoted));
        at += quoted.length - 1;
        break;
      }
      default:
    }
  }
  return undefined;
}

function stringAt(json: string, at: number): string {
  STRING.lastIndex = at;
  const [quoted] = STRING.exec(json) ?? [];
  if (quoted === undefined) throw new Error('the text was to be valid JSON');
  return quoted;
}

/** True: this name was there before. `"a"` and `"\u0061"` are one name. */
function takeName(inside: Container, quoted: string): boolean {
  const name = String(JSON.parse(quoted));
  inside.nameNext = false;
  if (inside.names?.has(name)) return true;
  inside.names?.add(name);
  return false;
}
