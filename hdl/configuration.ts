/** The named configurations of the card, and the build id that says which RTL was built with which. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONFIGURATIONS = 'hdl/configurations.yaml';
const FILE_LIST = 'hdl/files.f';

const schema = z.object({
  configurations: z.record(
    z.string(),
    z.looseObject({ id: z.int().positive(), doc: z.string(), DATA_WIDTH: z.int(), PORTS: z.int() }),
  ),
});

export interface Configuration {
  readonly name: string;
  /** What the identity block reports. */
  readonly id: number;
  /** Parameters of the top module by name; sizes in entries, bits or bytes as hdl/configurations.yaml says. */
  readonly parameters: Readonly<Record<string, number>>;
}

/** Throws in words where the name stands for nothing in hdl/configurations.yaml. */
export function readConfiguration(name: string): Configuration {
  const { configurations } = schema.parse(
    parse(readFileSync(resolve(ROOT, CONFIGURATIONS), 'utf8')),
  );
  const found = configurations[name];
  if (!found) {
    const known = Object.keys(configurations).join(', ');
    throw new Error(`${CONFIGURATIONS} has no configuration "${name}"; it has ${known}`);
  }
  const parameters: Record<string, number> = {};
  for (const [key, value] of Object.entries(found)) {
    if (/^[A-Z]/.test(key) && typeof value === 'number') parameters[key] = value;
  }
  return { name, id: found.id, parameters };
}

/** What is simulated: the card, or in tests of the simulation a small module with the card's pins. */
export interface Design {
  /** For the folder under build/. */
  readonly name: string;
  /** SystemVerilog files in the order in which they are compiled; the top module is `linecard`. */
  readonly files: readonly string[];
}

/** The card as hdl/files.f lists it. */
export function cardDesign(): Design {
  const files = readFileSync(resolve(ROOT, FILE_LIST), 'utf8')
    .split('\n')
    .map((line) => line.replace(/(#|\/\/).*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => resolve(ROOT, 'hdl', line));
  return { name: 'linecard', files };
}

/**
 * First 32 bits of the SHA-256 over the RTL sources and the configuration: what the card reports as
 * `build_id`. Depends on names and contents of the files, not on where they lie.
 */
export function buildId(configuration: Configuration, design: Design = cardDesign()): number {
  const hash = createHash('sha256');
  for (const file of design.files) hash.update(`${basename(file)}\0`).update(readFileSync(file));
  const { name, id, parameters } = configuration;
  hash.update(JSON.stringify([name, id, Object.entries(parameters).sort()]));
  return hash.digest().readUInt32BE(0);
}

/** Names of all configurations, in the file's order. */
export function configurationNames(): string[] {
  return Object.keys(
    schema.parse(parse(readFileSync(resolve(ROOT, CONFIGURATIONS), 'utf8'))).configurations,
  );
}

/** The top module's parameters as a tool's words: `<flag><name>=<value>`. */
export function parameterWords(configuration: Configuration, flag: string): string[] {
  return Object.entries(configuration.parameters).map(([name, value]) => `${flag}${name}=${value}`);
}
