/** What a measuring script writes to docs/evidence/<name>.json: everything that is shown, in words and figures. */
export interface Evidence {
  title: string;
  /** The command that made it. */
  command: string;
  /** JSON time. */
  at: string;
  /** One line: cores, Node, what else mattered. */
  machine: string;
  facts: readonly { what: string; found: string; wanted?: string }[];
  tables?: readonly { title: string; head: readonly string[]; rows: readonly (readonly string[])[] }[];
  /** What was not measured, or stays open. */
  gaps?: readonly string[];
}
