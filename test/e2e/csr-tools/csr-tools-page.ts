import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../architecture/source-files.ts';

/** One section of docs/csr-tools.md, as it stands there. */
export interface CsrTool {
  name: string;
  files: { name: string; content: string }[];
  /** For `sh -eu`; leave `request.pem`, and `plain.pem` when `plainRefusedAs` is set. */
  commands: string;
  /** Code with which the file is refused that the tool writes by itself. */
  plainRefusedAs: string | undefined;
}

export function csrTools(): CsrTool[] {
  const page = readFileSync(join(ROOT, 'docs', 'csr-tools.md'), 'utf8');
  return page.split('\n## ').slice(1).map(toolOf);
}

function toolOf(section: string): CsrTool {
  const [name = ''] = section.split('\n');
  const files = [...section.matchAll(/^`([\w.]+)`:\n\n```\w+\n([^]*?)^```$/gm)].map(([, file = '', content = '']) => ({
    name: file,
    content,
  }));
  const [, commands] = /^```sh\n([^]*?)^```$/m.exec(section) ?? [];
  if (commands === undefined) throw new Error(`docs/csr-tools.md, ${name}: there are no commands`);
  return { name, files, commands, plainRefusedAs: /`plain\.pem` is refused as `(\w+)`/.exec(section)?.[1] };
}
