/**
 * Yosys makes an and-inverter graph of a wrapper and the RTL under it; ABC, which comes with Yosys,
 * proves its assertions by property-directed reachability: induction whose invariant the tool finds,
 * and checks again at the end. A bounded proof goes by SAT, clock by clock, and so do cover statements.
 * A counterexample is replayed in Yosys's simulator, which names the assertion and writes a waveform.
 *
 * RAM: what the parts we build for leave undefined (a word read in the clock in which the other port
 * writes it, `no_rw_check`) is any value at all here. So is each register before its first reset.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Task } from './tasks.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const HDL = resolve(FOLDER, '..');

/** A tool is missing, or says what it never says: no result, and no failed proof either. */
export class ToolError extends Error {}

export interface Outcome {
  readonly good: boolean;
  /** In words: how far the proof reaches, or what failed. */
  readonly detail: string;
  readonly seconds: number;
}

/** Runs a tool with CPU time limited, in seconds; resolves with what it wrote and its status. */
export function run(
  words: readonly string[],
  cwd: string,
  limit: number,
): Promise<{ text: string; status: number | null }> {
  const [program = ''] = words;
  return new Promise((done, fail) => {
    const child = spawn('sh', ['-c', `ulimit -t ${limit}; exec "$@"`, 'sh', ...words], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    const keep = (data: Buffer) => {
      text += data.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => fail(new ToolError(`sh: ${error.message}`)));
    child.once('close', (status) => {
      if (status === 127) {
        const remedy = 'apt install yosys berkeley-abc (Yosys 0.23 or newer)';
        fail(new ToolError(`${program} is not there: ${remedy}`));
      } else if (/execution of command .*abc.* return code 127/.test(text)) {
        fail(new ToolError('Yosys does not find its ABC: apt install berkeley-abc'));
      } else done({ text, status });
    });
  });
}

/** A change of one file of hdl/rtl, by name without `.sv`: the text that is proven in its place. */
export type Changes = Readonly<Record<string, (text: string) => string>>;

/** The text with `from` replaced; it has to be there exactly once. */
export function replaceOnce(text: string, from: string, to: string, where: string): string {
  if (text.split(from).length !== 2) {
    throw new ToolError(`${where}: "${from}" stands there ${text.split(from).length - 1} times`);
  }
  return text.replace(from, () => to);
}

/** The text with `localparam int NAME` of each given name made another number. */
function shrunk(text: string, sizes: Readonly<Record<string, number>>, where: string): string {
  return Object.entries(sizes).reduce((before, [name, value]) => {
    const after = before.replace(
      new RegExp(`(localparam int ${name} = )[^;]*;`),
      (_, head) => `${head}${value};`,
    );
    if (after === before) throw new ToolError(`${where}.sv has no localparam int ${name}`);
    return after;
  }, text);
}

function sourceFiles(task: Task, directory: string, changes: Changes): string[] {
  return ['linecard_pkg', ...task.sources].map((name) => {
    const file = join(HDL, 'rtl', `${name}.sv`);
    const change = changes[name];
    const sizes = task.shrink?.[name];
    if (change === undefined && sizes === undefined) return file;
    const before = shrunk(readFileSync(file, 'utf8'), sizes ?? {}, name);
    const after = change === undefined ? before : change(before);
    const copy = join(directory, `${basename(name)}.sv`);
    writeFileSync(copy, after);
    return copy;
  });
}

/** Files from the folder `directory`: prove.aig and cover.aig with their maps, and replay.il. */
async function model(task: Task, directory: string, changes: Changes): Promise<void> {
  const top = `${task.wrapper ?? task.name}_formal`;
  const files = [
    join(HDL, 'generated/linecard_regs_pkg.sv'),
    join(HDL, 'generated/serial_pkg.sv'),
    ...sourceFiles(task, directory, changes),
    ...(task.models ?? []).map((name) => join(FOLDER, `${name}_model.sv`)),
    join(FOLDER, `${top}.sv`),
  ];
  const parameters = Object.entries(task.parameters ?? {});
  const graph = (name: string) => [
    'techmap',
    'opt -fast',
    'abc -g AND -fast',
    'opt_clean',
    `write_aiger -I -B -zinit -map ${name}.aim ${name}.aig`,
  ];
  const script = [
    `read_verilog -sv -formal ${files.join(' ')}`,
    ...parameters.map(([name, value]) => `chparam -set ${name} ${value} ${top}`),
    `hierarchy -check -top ${top}`,
    'proc',
    'flatten',
    `rename -top ${top}`,
    'opt -fast',
    // A read register goes into its RAM port and out again: that is where collisions become undefined.
    'memory_dff',
    'memory_collect',
    'opt_clean',
    'memory_nordff',
    'setundef -undriven -anyseq',
    'setundef -anyseq',
    'opt -fast',
    'memory_map',
    'opt -fast',
    'dffunmap',
    'opt_clean',
    'write_rtlil replay.il',
    'formalff -clk2ff -ff2anyinit',
    'setattr -unset keep',
    'delete -output',
    'design -save both',
    'chformal -cover -remove',
    ...graph('prove'),
    'design -load both',
    'chformal -assert -remove',
    `techmap -map ${join(FOLDER, 'cover_map.v')}`,
    ...graph('cover'),
  ];
  writeFileSync(join(directory, 'model.ys'), `${script.join('\n')}\n`);
  const { text, status } = await run(['yosys', '-q', 'model.ys'], directory, 300);
  if (status !== 0) throw new ToolError(`yosys cannot read ${top}:\n${text.slice(-2000)}`);
}

const abc = (directory: string, commands: readonly string[], limit: number) =>
  run(['yosys-abc', '-q', commands.join('; ')], directory, limit);

/** Which assertion the counterexample in `directory` breaks: file and line, or undefined. */
async function replay(task: Task, directory: string): Promise<string | undefined> {
  const top = `${task.wrapper ?? task.name}_formal`;
  const header = readFileSync(join(directory, 'prove.aig')).subarray(0, 80).toString().split(' ');
  const [inputs, latches] = [Number(header[2]), Number(header[3])];
  const lines = readFileSync(join(directory, 'trace.aiw'), 'utf8')
    .split('\n')
    .map((line) => line.replace('# DONE', '').trim())
    .filter((line) => line !== '');
  // ABC leaves the head out, and numbers the registers its own way: all begin at 0 here, since one
  // that is not reset takes its first value from an input.
  const frames = lines.slice(1).filter((line) => line.length === inputs);
  const witness = ['1', 'b0', '0'.repeat(latches), ...frames, '.', ''];
  writeFileSync(join(directory, 'trace.aiw'), witness.join('\n'));
  const simulate = `read_rtlil replay.il; sim -q -map prove.aim -r trace.aiw -vcd trace.vcd -clock clk_i ${top}`;
  const { text } = await run(['yosys', '-q', '-p', simulate], directory, 120);
  const [, file = '', line = ''] = /Assert .*?\(([^():]+):(\d+)[^()]*\) failed/.exec(text) ?? [];
  return file === '' ? undefined : `${basename(file)}:${line}`;
}

/** Proves the assertions of a task in the empty folder `directory`. */
export async function prove(
  task: Task,
  directory: string,
  changes: Changes = {},
): Promise<Outcome> {
  const begin = performance.now();
  const outcome = (good: boolean, detail: string): Outcome => ({
    good,
    detail,
    seconds: (performance.now() - begin) / 1000,
  });
  await model(task, directory, changes);
  const { steps } = task;
  const upTo = task.bound ?? (steps === undefined ? undefined : steps + 1);
  const search = upTo === undefined ? 'pdr -nc' : `bmc3 -F ${upTo}`;
  const commands = ['read_aiger prove.aig', 'fold', 'strash'];
  // Any `steps` clocks in a row that are good are followed by one that is; the first ones are bounded.
  // All assertions together: one may be there for another's sake, so none is to be proven away before.
  if (steps !== undefined) commands.push('orpos', search, `ind -F ${steps}`);
  else commands.push('scorr', search);
  const { text } = await abc(directory, commands, task.limit);
  const clauses = /Invariant F\[(\d+)\] : (\d+) clauses/.exec(text);
  if (upTo === undefined && /Property proved/.test(text)) {
    return outcome(true, clauses ? `induction, invariant of ${clauses[2]} clauses` : 'induction');
  }
  const clear = Number(/No output asserted in (\d+) frames/.exec(text)?.[1] ?? 0);
  if (steps !== undefined && clear >= steps && /Networks are equivalent/.test(text)) {
    return outcome(true, `induction over ${steps} clocks`);
  }
  if (task.bound !== undefined && clear >= task.bound) {
    return outcome(true, `bound of ${clear} clocks`);
  }
  const failed = /was asserted in frame (\d+)/.exec(text);
  if (failed === null) return outcome(false, `undecided after ${task.limit} s of CPU time`);
  // Once more without the merging of registers, so that the trace speaks of the model's own inputs.
  const plain = ['read_aiger prove.aig', 'fold', 'strash', `bmc3 -F ${Number(failed[1]) + 1}`];
  await abc(directory, [...plain, 'write_cex -a trace.aiw'], task.limit);
  const where = await replay(task, directory);
  return outcome(false, `refuted at clock ${failed[1]}: ${where ?? 'see trace.vcd'}`);
}

/** Reaches every cover statement of a task; after prove() in the same folder. */
export async function reach(task: Task, directory: string): Promise<Outcome> {
  const begin = performance.now();
  const header = readFileSync(join(directory, 'cover.aig')).subarray(0, 80).toString().split(' ');
  const wanted = Number(header[6]);
  // One by one: ABC of Yosys 0.23 crashes where two are reached in the same clock.
  const commands = Array.from({ length: wanted }, (_, i) => [
    ...['read_aiger cover.aig', 'fold', 'strash', `cone -O ${i} -s`, `bmc3 -F ${task.reach}`],
  ]).flat();
  const { text, status } = await abc(directory, commands, task.limit);
  if (status !== 0)
    throw new ToolError(`yosys-abc ends with status ${status}: ${text.slice(-500)}`);
  const count = [...text.matchAll(/Output 0 of miter .* was asserted/g)].length;
  return {
    good: wanted > 0 && count === wanted,
    detail: `${count} of ${wanted} situations reached`,
    seconds: (performance.now() - begin) / 1000,
  };
}
