/** One entry as Node writes it: bare, or as a JSON string when it holds anything that could be taken for more entries (CVE-2021-44532). */
const ENTRY = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/** Entries of subjectAltName, `URI:…`, `DNS:…`, …; none at all when the text cannot be read to its end. */
export function subjectAltNames(text: string | undefined): string[] {
  const names: string[] = [];
  for (let at = 0; text !== undefined && at < text.length; ) {
    ENTRY.lastIndex = at;
    const [entry, type, value] = ENTRY.exec(text) ?? [];
    if (entry === undefined || type === undefined || value === undefined) return [];
    names.push(`${type}:${value.startsWith('"') ? String(JSON.parse(value)) : value}`);
    at += entry.length;
  }
  return names;
}
