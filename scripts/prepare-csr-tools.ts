import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cli/dev/cache-folder.ts';
import { findProgram } from '../cli/dev/find-program.ts';
import { runWithProgress } from '../cli/dev/run-with-progress.ts';

/** Of docs/csr-tools.md. */
const CRYPTOGRAPHY = '48.0.0';
const BOUNCY_CASTLE = '1.80';
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>bouncy-castle-copy</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.bouncycastle</groupId><artifactId>bcpkix-jdk18on</artifactId><version>${BOUNCY_CASTLE}</version></dependency>
  </dependencies>
</project>
`;

/** Folder with the jars of BouncyCastle. */
export const bouncyCastleFolder = (): string => join(cacheFolder(), `bouncy-castle-${BOUNCY_CASTLE}`, 'lib');

/** Folder with a `python3` that has the package cryptography. */
export const pythonFolder = (): string => join(cacheFolder(), `python-cryptography-${CRYPTOGRAPHY}`, 'bin');

/** Fetches, once a machine, what the requests of docs/csr-tools.md need beyond programs; what cannot be had is said, and its test is skipped. */
export async function prepareCsrTools(say: (sentence: string) => void): Promise<void> {
  for (const [name, folder, prepare] of [
    ['BouncyCastle', bouncyCastleFolder(), fetchBouncyCastle],
    ['Python cryptography', pythonFolder(), makeVirtualEnvironment],
  ] as const) {
    if (existsSync(folder)) continue;
    try {
      await prepare(join(folder, '..'), say);
    } catch (error) {
      say(`${name}: not to be had, its request is skipped: ${error instanceof Error ? error.message : 'failed'}`);
    }
  }
}

/** Beside and renamed: a copy that was interrupted is never taken. */
async function fetchBouncyCastle(home: string, say: (sentence: string) => void): Promise<void> {
  const maven = needed('mvn');
  const unfinished = `${home}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, 'pom.xml'), POM);
  try {
    const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${join(unfinished, 'lib')}`];
    await runWithProgress(maven, args, { cwd: unfinished, say, doing: 'fetching BouncyCastle with Maven' });
    renameSync(unfinished, home);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** A virtual environment cannot be renamed: what was interrupted is removed. */
async function makeVirtualEnvironment(home: string, say: (sentence: string) => void): Promise<void> {
  const python = needed('python3');
  try {
    await runWithProgress(python, ['-m', 'venv', home], { say, doing: 'making a Python environment' });
    const pip = ['-m', 'pip', 'install', '-q', `cryptography==${CRYPTOGRAPHY}`];
    await runWithProgress(join(home, 'bin', 'python3'), pip, { say, doing: 'installing the Python package cryptography' });
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

function needed(program: string): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`there is no ${program} on this machine`);
  return path;
}
