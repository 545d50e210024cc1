import { scratchFolder } from '../../bin/scratch.mjs';

/** Everything of a run is in one temporary folder, also where vitest was not started by `npm test`. Once a run; later calls change nothing. */
export default function setup(): void {
  if (process.env['CS_TEST_SCRATCH'] !== undefined) return;
  const { folder } = scratchFolder();
  process.env['CS_TEST_SCRATCH'] = folder;
  process.env['TMPDIR'] = folder;
}
