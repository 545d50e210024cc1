import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, connect, createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretPaths } from '../../cli/dev/dev-secrets.ts';
import { ensureTlsFiles } from '../../cli/dev/ensure-tls-files.ts';
import { apiUrl, apiUrlsOfDevices, environments, publicBaseUrl, publicFilesUrl } from '../../cli/dev/environments.ts';
import { PORTS, type Ports, portNames } from '../../cli/dev/ports.ts';
import { namesOfCertificate, ON_THIS_MACHINE, reachOf } from '../../cli/dev/reach.ts';
import { makeTlsFiles } from '../../cli/dev/tls-files.ts';

const DATA = mkdtempSync(join(tmpdir(), 'cs-reach-'));
const paths = secretPaths(DATA);
const lan = reachOf('0.0.0.0', ['my-laptop.local', '192.168.1.5', 'fd00::5']);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/consistent-type-assertions -- every name of portNames()
const ports = Object.fromEntries(portNames().map((name) => [name, PORTS[name].preset])) as Ports;
const secrets = (names: string[]) => ensureTlsFiles(DATA, names);
const ca = () => readFileSync(paths.tls('ca.crt.pem'), 'utf8');

afterAll(() => rmSync(DATA, { recursive: true, force: true }));

describe('cs dev refuses, with what to write instead,', () => {
  it.each<[string, string, string[], RegExp]>([
    [
      'a host that is a name',
      'my-laptop.local',
      [],
      /^--api-host my-laptop\.local is no address of this machine\. It has .*Names: --api-name\.$/,
    ],
    ['a host of another machine', '203.0.113.7', [], /^--api-host 203\.0\.113\.7 is no address of this machine\. It has .*0\.0\.0\.0/],
    ['half an address', '127.0', [], /^--api-host 127\.0 is no IP address\. Write 0\.0\.0\.0 or one of /],
    ['all addresses without a name', '0.0.0.0', [], /^--api-host 0\.0\.0\.0 needs --api-name: .*TLS certificate.* It has /],
    [
      'a URL as name',
      '0.0.0.0',
      ['https://my-laptop.local'],
      /^--api-name "https:\/\/my-laptop\.local" is neither .*without https:\/\/ and port/,
    ],
    ['a port in the name', '0.0.0.0', ['my-laptop.local:8443'], /neither a DNS name nor an IP address/],
    ['a wildcard', '0.0.0.0', ['*.local'], /neither a DNS name nor an IP address/],
    ['an address with an octet too few', '0.0.0.0', ['192.168.1'], /neither a DNS name nor an IP address/],
    ['an address with a zone', '0.0.0.0', ['fe80::1%eth0'], /neither a DNS name nor an IP address/],
    ['an empty name', '0.0.0.0', [''], /--api-name "" is neither/],
    ['all addresses as name', '0.0.0.0', ['0.0.0.0'], /^--api-name 0\.0\.0\.0 stands for all addresses, and no device can call it/],
  ])('%s', (_title, host, names, sentence) => {
    expect(() => reachOf(host, names)).toThrow(sentence);
  });
});

describe('the URLs of a stack', () => {
  it('are those of this machine where nothing is said', () => {
    expect([apiUrl(ports, ON_THIS_MACHINE), publicBaseUrl(ports, ON_THIS_MACHINE)]).toEqual([
      'https://localhost:8443',
      'http://127.0.0.1:8080',
    ]);
    expect(apiUrlsOfDevices(ports, ON_THIS_MACHINE)).toEqual([]);
  });

  it('for devices have the names of --api-name, the first one in certificates; this machine goes on calling itself localhost', () => {
    expect(apiUrlsOfDevices(ports, lan)).toEqual(['https://my-laptop.local:8443', 'https://192.168.1.5:8443', 'https://[fd00::5]:8443']);
    expect(publicBaseUrl(ports, lan)).toBe('http://my-laptop.local:8080');
    expect([apiUrl(ports, lan), publicFilesUrl(ports, lan)]).toEqual(['https://localhost:8443', 'http://127.0.0.1:8080']);
  });

  it('have the one address that the API listens on', () => {
    const address =
      Object.values(networkInterfaces())
        .flat()
        .find((each) => each?.family === 'IPv4' && !each.internal)?.address ?? '127.0.0.2';
    const reach = reachOf(address, []);
    expect([apiUrl(ports, reach), publicFilesUrl(ports, reach)]).toEqual([`https://${address}:8443`, `http://${address}:8080`]);
    expect(namesOfCertificate(reach)).toContain(address);
  });

  it('reach the processes: the listener, and the base of what certificates name', () => {
    const { api, issuer } = environments({ ports, reach: lan, paths, temporalAddress: '127.0.0.1:7233', workflowBundle: 'w' });
    expect([api['CS_API_HOST'], issuer['CS_PUBLIC_BASE_URL']]).toEqual(['0.0.0.0', 'http://my-laptop.local:8080']);
    expect(api['CS_OPERATOR_HOST']).toBeUndefined(); // its preset is loopback: only API and files are opened
  });
});

describe('the development certificate', () => {
  const folder = join(DATA, 'served');
  let server: Server;
  beforeAll(async () => {
    mkdirSync(folder);
    await makeTlsFiles(folder, namesOfCertificate(lan));
    const file = (name: string) => readFileSync(join(folder, name));
    server = createServer({ cert: file('server.crt.pem'), key: file('server.key.pem') }, (socket) => socket.end('.'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(() => server.close());

  it.each(['localhost', '127.0.0.1', '10.0.2.2', 'my-laptop.local', '192.168.1.5', 'fd00::5'])(
    'is one of %s for a TLS client',
    async (name) => {
      expect(await verify(name)).toBe('verified');
    },
  );

  it('and of no other name', async () => {
    expect(await verify('other.local')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await verify('192.168.1.6')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  /** As a client that was given this name: the connection goes to the server here, the certificate is held against the name. */
  function verify(host: string): Promise<string> {
    const { port }: Pick<AddressInfo, 'port'> = Object.assign({ port: 0 }, server.address());
    return new Promise((done) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port,
          ca: readFileSync(join(folder, 'ca.crt.pem')),
          checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
        },
        () => {
          done('verified');
          socket.destroy();
        },
      );
      socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    });
  }
});

describe('a data folder', () => {
  it('gets another certificate and CA when a name is asked for that the old one lacks, and says so; else it keeps them', async () => {
    await secrets(['localhost']);
    const before = ca();
    expect(await secrets(['localhost'])).toEqual([]);
    expect(ca()).toBe(before);
    const [made = ''] = await secrets(['localhost', 'my-laptop.local']);
    expect(made).toContain('TLS certificate for localhost, my-laptop.local (apps must be given its CA: tls/ca.crt.pem)');
    expect(ca()).not.toBe(before);
    const wider = ca();
    expect(await secrets(['localhost'])).toEqual([]);
    expect(ca()).toBe(wider);
  });
});
