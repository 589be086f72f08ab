/** Network namespaces with a veth into this one, for the tests of real interfaces. */
import type { ChildProcessByStdio } from 'node:child_process';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/** Whether a veth can be made here: what is allowed is known only by trying. */
export function canMakeVeth(): boolean {
  const name = `vlt${process.pid}`;
  const made = spawnSync('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`]);
  if (made.status !== 0) return false;
  ip('link', 'del', name);
  return spawnSync('ip', ['netns', 'list']).status === 0;
}

/** A host of its own at the far end of a veth. */
export class FarEnd {
  readonly namespace: string;
  /** The end in this namespace, for the card. */
  readonly near: string;
  /** The end in the host's namespace. */
  readonly far: string;

  constructor(name: string, address: string) {
    this.namespace = `vl-${process.pid}-${name}`;
    this.near = `vl${process.pid}${name}`;
    this.far = `${this.near}p`;
    ip('netns', 'add', this.namespace);
    ip('link', 'add', this.near, 'type', 'veth', 'peer', 'name', this.far, 'netns', this.namespace);
    // IPv6 would send frames of its own.
    execFileSync('sysctl', ['-qw', `net.ipv6.conf.${this.near}.disable_ipv6=1`]);
    this.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
    ip('link', 'set', this.near, 'up');
    this.ip('link', 'set', this.far, 'up');
    this.ip('address', 'add', `${address}/24`, 'dev', this.far);
  }

  ip(...args: string[]): Buffer {
    return ip('-n', this.namespace, ...args);
  }

  /** Runs a program there; throws when it fails. */
  run(command: string, ...args: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.namespace, command, ...args], {
      encoding: 'utf8',
      timeout: 60_000,
    });
  }

  /** Starts a program there. */
  start(command: string, ...args: string[]): ChildProcessByStdio<null, Readable, null> {
    return spawn('ip', ['netns', 'exec', this.namespace, command, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  /** Switches the near end on or off. */
  setNear(state: 'up' | 'down'): void {
    ip('link', 'set', this.near, state);
  }

  /** A counter of the far interface. */
  counter(name: string): number {
    return Number(this.run('cat', `/sys/class/net/${this.far}/statistics/${name}`));
  }

  remove(): void {
    spawnSync('ip', ['link', 'del', this.near]);
    spawnSync('ip', ['netns', 'del', this.namespace]);
  }
}
