import { describe, expect, it } from 'vitest';
import { COMPOSE, read, serviceOf } from './compose.ts';

describe.each(Object.entries(COMPOSE.services))('the container of %s', (_name, service) => {
  it('is not root, cannot become it, writes no files of its image and leaves no core dump', () => {
    expect(service.user).toMatch(/^\$\{CS_UID:-[1-9]\d*\}:/);
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], ulimits: { core: 0 } });
    expect(service).not.toHaveProperty('privileged');
    expect(service).not.toHaveProperty('cap_add');
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
    const outside = (name: string) => serviceOf(name).networks.filter((network) => COMPOSE.networks[network]?.internal !== true);
    for (const name of ['issuer', 'worker', 'migrate', 'postgres', 'temporal', 'temporal-schema', 'temporal-namespace'])
      expect(outside(name), name).toEqual([]);
  });

  it('keep the issuer away from every network of operators and of the public', () => {
    const { networks } = serviceOf('issuer');
    for (const name of ['temporal-ui', 'codec']) expect(serviceOf(name).networks).toContain('operators');
    expect(networks).not.toContain('operators');
    expect(networks).not.toContain('edge');
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
