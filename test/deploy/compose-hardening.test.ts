import { describe, expect, it } from 'vitest';
import { COMPOSE, CONTAINER_USERS, read, serviceOf } from './compose.ts';

describe.each(Object.entries(COMPOSE.services))('the container of %s', (name, service) => {
  it('is not root, cannot become it, writes no files of its image and leaves no core dump', () => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], ulimits: { core: 0 } });
    expect(service).not.toHaveProperty('privileged');
    expect(service).not.toHaveProperty('cap_add');
  });

  it('runs as a user that no other container and nobody on the machine is', () => {
    const user = CONTAINER_USERS[name];
    expect(service.user).toBe(`${user}:${user}`);
    expect(user).toBeGreaterThan(20_000);
    expect(Object.values(CONTAINER_USERS).filter((other) => other === user)).toHaveLength(1);
  });

  it('has bounds of memory, without swap, and of processes', () => {
    const { mem_limit: memory, memswap_limit: withSwap, pids_limit: processes } = service;
    expect(memory).toMatch(/^(\d{3}m|1g)$/);
    expect(withSwap).toBe(memory);
    expect(processes).toBeLessThanOrEqual(512);
  });

  it('has an image with a version', () => expect(service.image).toMatch(/^[a-z/-]+:\d+\.\d+[\w.-]*$/));

  it('waits for what it needs by condition, and those services exist', () => {
    for (const [needed, { condition }] of Object.entries(service.depends_on)) {
      expect(Object.keys(COMPOSE.services)).toContain(needed);
      expect(['service_healthy', 'service_completed_successfully']).toContain(condition);
      if (condition === 'service_healthy') expect(serviceOf(needed).healthcheck).toBeDefined();
    }
  });
});

describe('networks of docker-compose.yml', () => {
  it('publish the two ports of the API and nothing else', () => {
    const published = Object.entries(COMPOSE.services).filter(([, { ports }]) => ports.length > 0);
    expect(published.map(([name]) => name)).toEqual(['api']);
    expect(serviceOf('api').ports.map((port) => port.split(':').at(-1))).toEqual(['8443', '8080']);
  });

  it('give no way out to the processes that hold CA keys, evidence key, rows or histories', () => {
    const outside = (name: string) => networksOf(name).filter((network) => COMPOSE.networks[network]?.internal !== true);
    for (const name of ['issuer', 'worker', 'migrate', 'postgres', 'temporal', 'temporal-schema', 'temporal-namespace'])
      expect(outside(name), name).toEqual([]);
  });

  it('keep the issuer away from every network of operators and of the public', () => {
    const networks = networksOf('issuer');
    for (const name of ['temporal-ui', 'codec']) expect(networksOf(name)).toContain('operators');
    expect(networks).not.toContain('operators');
    expect(networks).not.toContain('edge');
  });

  it('have nothing of Temporal but on the one address of the network that its clients are in', () => {
    const { networks } = serviceOf('temporal');
    const address = networks['temporal'];
    expect(address).toMatch(/^172\.30\.71\.\d+$/);
    expect(networks['temporal-data']).toBeUndefined();
    const template = read('deploy/temporal/server.template.yaml');
    const listens = [...template.matchAll(/(?:bindOnIP|broadcastAddress|rpcAddress): ([\d.]+)/g)].map(([, at]) => at);
    expect(listens).toEqual(Array.from({ length: 6 }, () => address));
    expect(template).not.toMatch(/bindOnLocalHost|0\.0\.0\.0/);
  });

  it('publish operator pages on loopback only, even with the extra file', () => {
    for (const [port] of read('deploy/compose.operators.yml').matchAll(/'[^']*:\d+'/g)) expect(port).toMatch(/^'127\.0\.0\.1:/);
  });
});

describe('stopping', () => {
  it('leaves every process longer than its own longest wait', () => {
    const drainMs = Number(/DRAIN_MS = ([\d_]+)/.exec(read('api/http/listener.ts'))?.[1]?.replaceAll('_', ''));
    const graceSeconds = Number(/SHUTDOWN_GRACE = '(\d+) s'/.exec(read('worker/issuance-worker.ts'))?.[1]);
    const longest = Math.max(drainMs / 1_000, graceSeconds);
    expect(longest).toBeGreaterThan(0);
    for (const name of ['api', 'worker', 'issuer', 'codec']) {
      const { stop_grace_period: grace } = serviceOf(name);
      expect(Number.parseInt(String(grace), 10)).toBeGreaterThan(longest);
    }
  });
});

function networksOf(name: string): string[] {
  return Object.keys(serviceOf(name).networks);
}
