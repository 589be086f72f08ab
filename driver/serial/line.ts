/** The octets under the frames: a serial port of this machine, or whatever a test puts there. */
import { SerialPort } from 'serialport';
import { DriverError } from '../errors.ts';

export interface LineEvents {
  readonly data: (octets: Buffer) => void;
  /** The line is gone; comes once, and not after `close`. */
  readonly gone: (why: string) => void;
}

export interface Line {
  /** What messages call it. */
  readonly name: string;
  start(events: LineEvents): void;
  write(octets: Buffer): void;
  /** Idempotent. */
  close(): Promise<void>;
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /ENOENT|No such file/,
    'there is no such device: is the board plugged in? `ls /dev/serial/by-id` shows those there are',
  ],
  [
    /EACCES|EPERM|denied|not permitted/i,
    'no right to open it: join the group that `ls -l` shows, often dialout',
  ],
  [/EBUSY|Cannot lock/, 'another program has it open: `fuser` with its path names that'],
];

/** Eight data bits, no parity, one stop bit, no flow control: the window is that. */
class PortLine implements Line {
  readonly name: string;
  readonly #port: SerialPort;
  #closed = false;

  constructor(port: SerialPort, name: string) {
    this.#port = port;
    this.name = name;
    // What is pending at the end fails here and nowhere else.
    port.on('error', () => {});
  }

  start({ data, gone }: LineEvents): void {
    const end = (why: string) => {
      if (this.#closed) return;
      this.#closed = true;
      gone(why);
    };
    this.#port.on('data', data);
    this.#port.on('error', (error) => end(error.message));
    this.#port.on('close', (error: Error | null) => end(error?.message ?? 'the device is gone'));
  }

  write(octets: Buffer): void {
    if (!this.#closed) this.#port.write(octets, () => {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#port.isOpen) await new Promise<void>((done) => this.#port.close(() => done()));
  }
}

/** Opens a serial port at a rate in bits a second. Rejects with `DriverError` NO_DEVICE and a remedy. */
export async function openSerialPort(path: string, baudRate: number): Promise<Line> {
  const name = `uart:${path}@${baudRate}`;
  const port = new SerialPort({ path, baudRate, autoOpen: false, lock: true });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (!error) return resolve();
      const remedy = REMEDIES.find(([pattern]) => pattern.test(error.message))?.[1];
      reject(new DriverError('NO_DEVICE', `${name}: ${remedy ?? error.message}`));
    });
  });
  return new PortLine(port, name);
}
