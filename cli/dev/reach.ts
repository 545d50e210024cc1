import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** How devices reach the API and the CRL files of a development stack. */
export interface Reach {
  /** Address that both listen on. */
  readonly host: string;
  /** Names and addresses that devices call this machine by, the preferred one first; those of this machine itself are known besides. */
  readonly names: readonly string[];
}

/** Nobody but this machine, and emulators on it. */
export const ON_THIS_MACHINE: Reach = { host: '127.0.0.1', names: [] };

/** 10.0.2.2 is what an Android emulator calls the machine that it runs on. */
const KNOWN = ['localhost', '127.0.0.1', '10.0.2.2'];
const EVERYWHERE = ['0.0.0.0', '::'];
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Checks what `--api-host` and `--api-name` say. Throws one sentence with the option and what to write instead. */
export function reachOf(host: string, given: readonly string[]): Reach {
  const here = addressesHere();
  if (!EVERYWHERE.includes(host) && !host.startsWith('127.') && !here.includes(host))
    throw new Error(
      `--api-host ${host} is no address of this machine. It has ${here.join(', ')}; 0.0.0.0 stands for all. Names: --api-name.`,
    );
  if (isIP(host) === 0) throw new Error(`--api-host ${host} is no IP address. Write 0.0.0.0 or one of ${here.join(', ')}.`);
  const names = [...new Set(given.map(nameOf))];
  if (names.length > 0 || host === ON_THIS_MACHINE.host) return { host, names };
  if (!EVERYWHERE.includes(host)) return { host, names: [host] };
  throw new Error(
    `--api-host ${host} needs --api-name: the name or address that devices call this machine by, for its TLS certificate and its URLs. It has ${here.join(', ')}.`,
  );
}

/** Every name that the TLS certificate must have. */
export function namesOfCertificate({ host, names }: Reach): string[] {
  return [...new Set([...KNOWN, ...(EVERYWHERE.includes(host) ? [] : [host]), ...names])];
}

/** What this machine calls itself; in `https`, by a name of the certificate. */
export function ownName({ host }: Reach, scheme: 'http' | 'https'): string {
  if (host !== ON_THIS_MACHINE.host && !EVERYWHERE.includes(host)) return inUrl(host);
  return scheme === 'https' ? 'localhost' : '127.0.0.1';
}

/** IPv6 addresses have brackets in URLs (RFC 3986 §3.2.2). */
export function inUrl(name: string): string {
  return isIP(name) === 6 ? `[${name}]` : name;
}

function nameOf(written: string): string {
  const name = written.trim().toLowerCase();
  if (EVERYWHERE.includes(name)) throw new Error(`--api-name ${name} stands for all addresses, and no device can call it: name one.`);
  const labels = name.split('.');
  const isName = name.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
  if (isName || (isIP(name) !== 0 && !name.includes('%'))) return name;
  throw new Error(
    `--api-name ${JSON.stringify(written)} is neither a DNS name nor an IP address: write my-laptop.local or 192.168.1.5, without https:// and port.`,
  );
}

function addressesHere(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all.filter(({ scopeid }) => scopeid === undefined || scopeid === 0).map(({ address }) => address);
}
