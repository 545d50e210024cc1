import type { FaultPoint } from '../faults/fault-points.ts';
import type { FaultyPart } from './fault-station.ts';

/**
 * What is played so that a point is reached: an enrollment that completes; one that is cancelled when its certificates exist; one that a
 * second enrollment of the same device supersedes; one whose run was terminated, so that the sweeper must come.
 */
export type Scene = 'complete' | 'cancel' | 'supersede' | 'lost-run';

export interface PointScene {
  point: FaultPoint;
  process: FaultyPart;
  scene: Scene;
}

const SCENES: Readonly<Record<FaultPoint, readonly (readonly [FaultyPart, Scene])[]>> = {
  'row-inserted': [['api', 'complete']],
  'workflow-started': [['api', 'complete']],
  'create-answering': [['api', 'complete']],
  'pin-charged': [['api', 'complete']],
  'pin-satisfied': [['api', 'complete']],
  'signal-sent': [['api', 'complete']],
  'csr-submitted': [['api', 'complete']],
  'key-claiming': [['worker', 'complete']],
  'key-claimed': [['worker', 'complete']],
  'sdk-key-made': [['issuer', 'complete']],
  'intents-committed': [['issuer', 'complete']],
  'signing-marked': [['issuer', 'complete']],
  signed: [['issuer', 'complete']],
  'certificates-storing': [['issuer', 'complete']],
  'certificates-stored': [['issuer', 'complete']],
  'update-answered': [['api', 'complete']],
  delivered: [['api', 'complete']],
  'ack-committing': [['worker', 'complete']],
  'ack-committed': [['worker', 'complete']],
  'ack-answered': [['api', 'complete']],
  ended: [
    ['worker', 'cancel'],
    ['api', 'supersede'],
  ],
  'cancel-answered': [['api', 'cancel']],
  swept: [['worker', 'lost-run']],
  'crl-signed': [['issuer', 'cancel']],
  'crl-stored': [['issuer', 'cancel']],
  'audit-appended': [
    ['api', 'complete'],
    ['worker', 'complete'],
    ['issuer', 'complete'],
  ],
};

/** Every named point with each process that reaches it. */
export function pointScenes(): PointScene[] {
  return Object.entries(SCENES).flatMap(([name, ways]) => ways.map(([process, scene]) => ({ point: toPoint(name), process, scene })));
}

function toPoint(name: string): FaultPoint {
  const isPoint = (text: string): text is FaultPoint => Object.hasOwn(SCENES, text);
  if (!isPoint(name)) throw new Error(`no point ${name}`);
  return name;
}
