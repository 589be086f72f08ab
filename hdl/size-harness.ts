/**
 * A frame around the card for place and route, for measurement only: the card has far more ports than
 * a part has pins. Inputs come from a shift register, outputs are folded into one pin, four into a LUT4
 * with a flip-flop behind it, so that nothing is optimised away and every path of the card begins and ends
 * in a flip-flop. What the harness itself costs is reported apart.
 */
import type { NetlistModule } from './size-synthesis.ts';

/** Name of the harness module, and of the card in it. */
export const HARNESS = 'size_harness';
export const CARD = 'card';

const CLOCK = 'clk_i';
const FOLD = 4; // signals that one LUT4 folds, with a flip-flop behind each

/** SystemVerilog of the harness for a card with these ports. */
export function harness(ports: NetlistModule['ports']): string {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const connections = [`.${CLOCK}(clk_i)`];
  let inBits = 0;
  let outBits = 0;
  for (const [name, { direction, bits }] of Object.entries(ports)) {
    if (name === CLOCK) continue;
    if (direction === 'input') {
      connections.push(`.${name}(in_q[${inBits} +: ${bits.length}])`);
      inputs.push(name);
      inBits += bits.length;
    } else {
      connections.push(`.${name}(out[${outBits} +: ${bits.length}])`);
      outputs.push(name);
      outBits += bits.length;
    }
  }
  if (inputs.length === 0 || outputs.length === 0) throw new Error('a card without ports');
  const stages: string[] = [];
  let width = outBits;
  for (let stage = 0; width > 1; stage++) {
    const next = Math.ceil(width / FOLD);
    const padded = next * FOLD;
    stages.push(
      `  logic [${padded - 1}:0] from${stage};`,
      `  logic [${next - 1}:0] fold${stage}_q;`,
      `  assign from${stage} = ${padded}'(${stage === 0 ? 'out' : `fold${stage - 1}_q`});`,
      `  for (genvar i = 0; i < ${next}; i++) begin : g_fold${stage}`,
      `    always_ff @(posedge clk_i) fold${stage}_q[i] <= ^from${stage}[i*${FOLD} +: ${FOLD}];`,
      '  end',
    );
    width = next;
  }
  const last = stages.length / 6 - 1;
  return [
    `module ${HARNESS} (input logic clk_i, input logic in_i, output logic out_o);`,
    `  logic [${inBits - 1}:0] in_q;`,
    `  logic [${outBits - 1}:0] out;`,
    '  always_ff @(posedge clk_i) begin',
    `    in_q <= {in_q[${inBits - 2}:0], in_i};`,
    '  end',
    `  linecard ${CARD} (`,
    `    ${connections.join(',\n    ')}`,
    '  );',
    ...stages,
    `  assign out_o = ${last < 0 ? 'out[0]' : `fold${last}_q[0]`};`,
    'endmodule',
    '',
  ].join('\n');
}
