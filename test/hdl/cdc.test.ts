import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { lint } from '../../hdl/cdc.ts';

const folder = mkdtempSync(join(tmpdir(), 'vidline-cdc-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CROSSERS = ['cdc_bit', 'cdc_gray', 'cdc_reset', 'cdc_fifo'].map((name) =>
  fileURLToPath(new URL(`../../hdl/rtl/mac/${name}.sv`, import.meta.url)),
);

/** Two clocks, a register of a_i's, and the lines of a test. */
async function findings(lines: string, extra = '', files = CROSSERS): Promise<string[]> {
  const file = join(folder, 'top.sv');
  writeFileSync(
    file,
    `${extra}
module top (
    input  logic       a_clk_i,
    input  logic       b_clk_i,
    input  logic       rst_ni,
    input  logic [3:0] in_i,
    output logic [3:0] out_o
);
  logic [3:0] a_q, b_q;
  always_ff @(posedge a_clk_i) a_q <= in_i;
${lines}
endmodule
`,
  );
  const outcome = await lint({ top: 'top', files: [...files, file] });
  expect(outcome.registers).toBeGreaterThan(0);
  return outcome.findings.map(({ rule, text }) => `${rule}: ${text}`);
}

describe('nothing is reported', () => {
  test('where each clock keeps to itself', async () => {
    const lines = `
  logic [3:0] c_q;
  always_ff @(posedge a_clk_i) c_q <= a_q + 4'd1;
  always_ff @(negedge a_clk_i) b_q <= c_q;
  assign out_o = b_q;`;
    expect(await findings(lines)).toEqual([]);
  });

  test('of one bit through cdc_bit, a number through cdc_gray, data through cdc_fifo', async () => {
    const lines = `
  logic bit_b, valid_b, seen_a, rst_a_n, rst_b_n;
  logic [3:0] number_b, data_b;
  logic [2:0] gray_q;
  always_ff @(posedge a_clk_i) gray_q <= {in_i[0], {2{seen_a}}};
  cdc_bit one (.clk_i(b_clk_i), .d_i(a_q[0]), .q_o(bit_b));
  cdc_gray #(.WIDTH(3)) number (.clk_i(b_clk_i), .d_i(gray_q), .q_o(number_b[2:0]));
  assign number_b[3] = 1'b0;
  cdc_reset reset_a (.clk_i(a_clk_i), .rst_ni(rst_ni), .rst_no(rst_a_n));
  cdc_reset reset_b (.clk_i(b_clk_i), .rst_ni(rst_ni), .rst_no(rst_b_n));
  cdc_fifo #(.WIDTH(4)) fifo (
      .wr_clk_i(a_clk_i), .wr_rst_ni(rst_a_n), .wr_valid_i(a_q[1] & a_q[2]), .wr_ready_o(seen_a),
      .wr_data_i(a_q + 4'd1),
      .rd_clk_i(b_clk_i), .rd_rst_ni(rst_b_n), .rd_ready_i(bit_b), .rd_valid_o(valid_b), .rd_data_o(data_b));
  always_ff @(posedge b_clk_i) b_q <= valid_b ? data_b : number_b;
  assign out_o = b_q;`;
    expect(await findings(lines)).toEqual([]);
  });
});

describe('a planted crossing is reported', () => {
  test('one bit without a synchroniser', async () => {
    const lines = 'always_ff @(posedge b_clk_i) b_q[0] <= a_q[0]; assign out_o = b_q;';
    expect(await findings(lines)).toEqual(['crossing: a_q (a_clk_i) goes to b_q (b_clk_i)']);
  });

  test('two flip-flops of no name do not make it good', async () => {
    const lines = `
  logic first_q, second_q;
  always_ff @(posedge b_clk_i) {second_q, first_q} <= {first_q, a_q[2]};
  assign out_o = 4'(second_q);`;
    expect(await findings(lines)).toHaveLength(1);
  });

  test('a whole number', async () => {
    const lines = 'always_ff @(posedge b_clk_i) b_q <= a_q; assign out_o = b_q;';
    expect(await findings(lines)).toEqual([
      'several-bits: 4 bits of a_q (a_clk_i) go to b_q (b_clk_i)',
    ]);
  });

  test('through logic, and through a clock enable or a reset', async () => {
    for (const line of [
      'b_q <= {4{^a_q[1:0] & b_q[3]}};',
      'if (a_q[1] | b_q[0]) b_q <= in_i;',
      "if (a_q[1] & b_q[0]) b_q <= 4'd0; else b_q <= b_q + 4'd1;",
    ]) {
      const lines = `always_ff @(posedge b_clk_i) begin ${line} end assign out_o = b_q;`;
      const found = await findings(lines);
      expect(
        found.filter((text) => /a_q \(a_clk_i\).*b_q.*through logic/.test(text)),
        line,
      ).toHaveLength(1);
    }
  });

  test('deep in the hierarchy', async () => {
    const inner = `
module inner (input logic clk_i, input logic d_i, output logic q_o);
  logic keep_q;
  always_ff @(posedge clk_i) keep_q <= d_i;
  assign q_o = ~keep_q;
endmodule
module middle (input logic clk_i, input logic d_i, output logic q_o);
  inner leaf (.clk_i(clk_i), .d_i(~d_i), .q_o(q_o));
endmodule`;
    const lines = `
  middle there (.clk_i(b_clk_i), .d_i(a_q[3]), .q_o(out_o[0]));
  assign out_o[3:1] = '0;`;
    expect(await findings(lines, inner)).toEqual([
      'crossing: a_q (a_clk_i) goes to there.leaf.keep_q (b_clk_i) through logic',
    ]);
  });

  test('in a RAM that one clock writes and another reads, or addresses', async () => {
    const lines = `
  logic [3:0] ram[0:15];
  always_ff @(posedge a_clk_i) ram[a_q] <= in_i;
  always_ff @(posedge b_clk_i) b_q <= ram[b_q];
  assign out_o = b_q;`;
    const found = await findings(lines);
    expect(found).toContain('crossing: ram (a_clk_i) goes to b_q (b_clk_i) through logic');
    const address = `
  logic [3:0] ram[0:15];
  always_ff @(posedge b_clk_i) ram[a_q] <= b_q;
  always_ff @(posedge b_clk_i) b_q <= ram[b_q];
  assign out_o = b_q;`;
    expect(await findings(address)).toContain(
      'several-bits: 4 bits of a_q (a_clk_i) go to ram (b_clk_i)',
    );
  });

  test('logic in front of a synchroniser', async () => {
    const lines = `
  cdc_bit one (.clk_i(b_clk_i), .d_i(a_q[0] & a_q[1]), .q_o(out_o[0]));
  assign out_o[3:1] = '0;`;
    expect(await findings(lines)).toEqual([
      'logic: logic in front of one.d_i (cdc_bit), behind a_q',
    ]);
  });

  test('one signal synchronised twice, and a number bit by bit', async () => {
    const pair = (first: number, second: number) => `
  cdc_bit one (.clk_i(b_clk_i), .d_i(a_q[${first}]), .q_o(out_o[0]));
  cdc_bit two (.clk_i(b_clk_i), .d_i(a_q[${second}]), .q_o(out_o[1]));
  assign out_o[3:2] = '0;`;
    expect(await findings(pair(1, 1))).toEqual([
      'twice: a_q is synchronised twice, in one and two',
    ]);
    expect(await findings(pair(1, 2))).toEqual([
      'several-bits: bits of a_q are synchronised apart, in one and two',
    ]);
  });

  test('a signal of the wrong side at a FIFO', async () => {
    const lines = `
  always_ff @(posedge b_clk_i) b_q <= b_q + 4'd1;
  logic ready, valid;
  cdc_fifo #(.WIDTH(4)) fifo (
      .wr_clk_i(a_clk_i), .wr_rst_ni(rst_ni), .wr_valid_i(b_q[0]), .wr_ready_o(ready), .wr_data_i(a_q),
      .rd_clk_i(b_clk_i), .rd_rst_ni(rst_ni), .rd_ready_i(1'b1), .rd_valid_o(valid), .rd_data_o(out_o));`;
    expect(await findings(lines)).toEqual([
      'wrong-clock: b_q (b_clk_i) goes into fifo.wr_valid_i (cdc_fifo)',
    ]);
  });

  test('what a FIFO or a synchroniser gives, sampled by the other clock', async () => {
    const lines = `
  logic bit_b;
  cdc_bit one (.clk_i(b_clk_i), .d_i(a_q[0]), .q_o(bit_b));
  always_ff @(posedge a_clk_i) b_q <= {4{bit_b}};
  assign out_o = b_q;`;
    expect(await findings(lines)).toEqual(['crossing: one (b_clk_i) goes to b_q (a_clk_i)']);
  });

  test('an input that both clocks sample', async () => {
    const lines = 'always_ff @(posedge b_clk_i) b_q <= ~in_i; assign out_o = a_q ^ b_q;';
    expect(await findings(lines)).toEqual(['input: input in_i is sampled by a_clk_i and b_clk_i']);
  });

  test('a synchroniser of one flip-flop, and a FIFO whose pointer crosses as it is', async () => {
    const short = `
module cdc_bit (input logic clk_i, input logic d_i, output logic q_o);
  always_ff @(posedge clk_i) q_o <= d_i;
endmodule`;
    const one = `
  cdc_bit one (.clk_i(b_clk_i), .d_i(a_q[0]), .q_o(out_o[0]));
  assign out_o[3:1] = '0;`;
    expect(await findings(one, short, [])).toEqual([
      'chain: cdc_bit.q_o has 1 flip-flops, not two',
    ]);
    const fifo = `
module cdc_fifo (input logic wr_clk_i, input logic [3:0] wr_data_i, input logic rd_clk_i, output logic [3:0] rd_data_o);
  logic [3:0] ram[0:15], write_q;
  always_ff @(posedge wr_clk_i) begin ram[write_q] <= wr_data_i; write_q <= write_q + 4'd1; end
  always_ff @(posedge rd_clk_i) rd_data_o <= ram[write_q];
endmodule`;
    const use = `
  cdc_fifo fifo (.wr_clk_i(a_clk_i), .wr_data_i(a_q), .rd_clk_i(b_clk_i), .rd_data_o(out_o));`;
    expect(await findings(use, fifo, [])).toEqual([
      'several-bits: 4 bits of write_q (wr_clk_i) go to rd_data_o (rd_clk_i) through logic',
    ]);
  });
});
