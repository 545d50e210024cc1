/** Ports of a development stack: name, preset, what listens there. The option is `--<name>-port`. */
export const PORTS = {
  api: { preset: 8443, role: 'HTTPS API' },
  operator: { preset: 8444, role: 'operator calls' },
  files: { preset: 8080, role: 'CRL and CA files' },
  'api-health': { preset: 9100, role: 'health of the API' },
  'worker-health': { preset: 9101, role: 'health of the enrollment worker' },
  'issuer-health': { preset: 9102, role: 'health of the issuance worker' },
  codec: { preset: 8234, role: 'codec server' },
  'token-service': { preset: 8090, role: 'Token Service stand-in' },
  temporal: { preset: 7233, role: 'Temporal server' },
  'temporal-ui': { preset: 8233, role: 'Temporal UI' },
  postgres: { preset: 5433, role: 'PostgreSQL' },
} as const;

export type PortName = keyof typeof PORTS;
export type Ports = Readonly<Record<PortName, number>>;

export function portNames(): PortName[] {
  return Object.keys(PORTS).filter((name): name is PortName => Object.hasOwn(PORTS, name));
}
