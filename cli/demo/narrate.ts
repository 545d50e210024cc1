import { resolve } from 'node:path';
import type { StepEvent } from '../../sdk/index.ts';
import type { DevJson } from '../dev/dev-json.ts';
import type { EnrolledDevice } from './enroll-one.ts';

/** What a newcomer reads while a device is enrolled; one line a step, with its time. */
export interface Narrator {
  registered: (enrollmentId: string, milliseconds: number) => void;
  step: (event: StepEvent) => void;
}

export function narrator(print: (line: string) => void): Narrator {
  const line = (who: string, text: string, milliseconds: number): void =>
    print(`  ${milliseconds.toFixed(0).padStart(6)} ms  ${who.padEnd(13)} ${text}`);
  return {
    registered: (enrollmentId, ms) => line('token service', `the device is registered; started enrollment ${enrollmentId}`, ms),
    step: ({ text, milliseconds }) => line('device', text, milliseconds),
  };
}

export function whereItIs(dev: DevJson, { enrollmentId, cardFolder, milliseconds }: EnrolledDevice, dataFolder: string): string {
  const workflow = `enr-${enrollmentId}`;
  const ui = dev.temporal.ui;
  return `
Enrolled in ${milliseconds} ms: two certificates and the SDK key are on the card, the service has erased its sealed copy.

  API              ${[dev.api, ...dev.apiOfDevices].join('   ')}
  documentation    ${dev.api}/docs/   (its TLS certificate is signed by ${dev.tlsCaFile})
  this workflow    ${ui === undefined ? `${workflow} in ${dev.temporal.address}` : `${ui}/namespaces/default/workflows/${workflow}`}
  CRLs             ${dev.publicFiles}/crl/issuing-ec.crl
  virtual card     ${cardFolder}   (encrypted)
  how to attach    ${dataFolder}/dev.json
`;
}

export function whatToTryNext(dataFolder: string): string {
  const data = resolve('data') === dataFolder ? '' : ` --data ${dataFolder}`;
  return `Try next, in another terminal (the PIN of u-demo is 482913):
  npx cs enroll --user u-demo --device d-2 --key RSA:2048${data}
      a second device of the same user: the same PIN
  npx cs find --user u-demo${data}
      its enrollments, certificates and workflows
  npm run bench -- --count 10 --rounds 1 --idle 5 --keys EC:P-256 --pins verify --data ${dataFolder}
      how fast it is here, about a minute
`;
}
