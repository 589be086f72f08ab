// A stand-in with the card's pins, for tests of the simulation around it: port p sends what port
// p ^ 1 receives, injected frames come back to the host, registers are RAM, and some addresses make
// the model stop. No part of the card, never synthesised.
module linecard #(
  parameter int DATA_WIDTH = 64,
  parameter int PORTS = 8,
  parameter int QUEUE_BYTES = 65536,
  parameter int CONFIGURATION_ID = 0,
  parameter logic [31:0] BUILD_ID = 0,
  localparam int W = DATA_WIDTH,
  localparam int K = W / 8,
  localparam int DECISION_BITS = $bits(linecard_regs_pkg::decision_t),
  localparam int INJECT_BITS = $bits(linecard_regs_pkg::inject_t)
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [63:0]              time_us_i,
  output logic [63:0]              deadline_us_o,
  output logic                     idle_o,
  input  logic [PORTS-1:0]         link_i,
  input  logic [PORTS-1:0]         rx_tvalid_i,
  input  logic [PORTS-1:0]         rx_tlast_i,
  input  logic [PORTS-1:0]         rx_tuser_i,
  input  logic [PORTS*W-1:0]       rx_tdata_i,
  input  logic [PORTS*K-1:0]       rx_tkeep_i,
  output logic [PORTS-1:0]         rx_room_o,
  output logic [PORTS-1:0]         tx_tvalid_o,
  output logic [PORTS-1:0]         tx_tlast_o,
  input  logic [PORTS-1:0]         tx_tready_i,
  output logic [PORTS*W-1:0]       tx_tdata_o,
  output logic [PORTS*K-1:0]       tx_tkeep_o,
  input  logic                     inject_tvalid_i,
  input  logic                     inject_tlast_i,
  output logic                     inject_tready_o,
  input  logic [W-1:0]             inject_tdata_i,
  input  logic [K-1:0]             inject_tkeep_i,
  input  logic [INJECT_BITS-1:0]   inject_tuser_i,
  output logic                     host_tvalid_o,
  output logic                     host_tlast_o,
  input  logic                     host_tready_i,
  output logic [W-1:0]             host_tdata_o,
  output logic [K-1:0]             host_tkeep_o,
  output logic [DECISION_BITS-1:0] host_tuser_o,
  output logic                     decision_valid_o,
  output logic [DECISION_BITS-1:0] decision_o,
  input  logic                     cfg_valid_i,
  input  logic                     cfg_write_i,
  input  logic [23:0]              cfg_addr_i,
  input  logic [31:0]              cfg_wdata_i,
  output logic                     cfg_ready_o,
  output logic [31:0]              cfg_rdata_o
);

  localparam int LANES = PORTS + 1;  // the last lane is the host's
  localparam int BEATS = QUEUE_BYTES / K;

  typedef struct packed {
    logic         last;
    logic [K-1:0] keep;
    logic [W-1:0] data;
  } beat_t;

  // One lane a port: whole frames only, each with its decision.
  logic [LANES-1:0] in_valid, in_last, in_bad, room;
  logic [LANES-1:0] out_valid, out_ready, undecided, decided;
  beat_t in_beat[LANES];
  beat_t out_beat[LANES];
  linecard_regs_pkg::decision_t record[LANES];

  for (genvar p = 0; p < PORTS; p++) begin : gen_port
    assign in_valid[p] = rx_tvalid_i[p];
    assign in_last[p] = rx_tlast_i[p];
    assign in_bad[p] = rx_tuser_i[p];
    assign in_beat[p] = {rx_tlast_i[p], rx_tkeep_i[p*K+:K], rx_tdata_i[p*W+:W]};
    assign rx_room_o[p] = room[p];
    assign tx_tvalid_o[p] = out_valid[p^1];
    assign tx_tlast_o[p] = out_beat[p^1].last;
    assign tx_tdata_o[p*W+:W] = out_beat[p^1].data;
    assign tx_tkeep_o[p*K+:K] = out_beat[p^1].keep;
    assign out_ready[p^1] = tx_tready_i[p];
  end
  assign in_valid[PORTS] = inject_tvalid_i && inject_tready_o;
  assign in_last[PORTS] = inject_tlast_i;
  assign in_bad[PORTS] = 1'b0;
  assign in_beat[PORTS] = {inject_tlast_i, inject_tkeep_i, inject_tdata_i};
  assign inject_tready_o = room[PORTS];
  assign host_tvalid_o = out_valid[PORTS];
  assign host_tlast_o = out_beat[PORTS].last;
  assign host_tdata_o = out_beat[PORTS].data;
  assign host_tkeep_o = out_beat[PORTS].keep;
  assign out_ready[PORTS] = host_tready_i;

  for (genvar p = 0; p < LANES; p++) begin : gen_lane
    beat_t memory[BEATS];
    int head, tail, start, frames, got;
    logic [31:0] lengths[1024];
    logic bads[1024];
    int fifo_in, fifo_out;

    assign room[p] = BEATS - (tail - head) >= 2048 / K + 4;
    assign out_valid[p] = frames != 0;
    assign out_beat[p] = memory[head%BEATS];
    assign undecided[p] = fifo_in != fifo_out;
    always_comb begin
      record[p] = '0;
      record[p].reason = bads[fifo_out%1024] ? linecard_regs_pkg::REASON_RX_ERROR : '0;
      record[p].ingress = 4'(p);
      record[p].egress = p == PORTS ? 4'(p) : 4'(p ^ 1);
      record[p].length = 16'(lengths[fifo_out%1024]);
      record[p].time_us = 48'(time_us_i);
      record[p].key = p == PORTS ? 64'(inject_record) : 64'h0123_4567_89ab_cdef;
    end

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        head <= 0;
        tail <= 0;
        start <= 0;
        frames <= 0;
        got <= 0;
        fifo_in <= 0;
        fifo_out <= 0;
      end else begin
        if (in_valid[p]) begin
          memory[tail%BEATS] <= in_beat[p];
          got <= in_last[p] ? 0 : got + $countones(in_beat[p].keep);
          tail <= tail + 1;
          if (in_last[p]) begin
            lengths[fifo_in%1024] <= got + $countones(in_beat[p].keep);
            bads[fifo_in%1024] <= in_bad[p];
            fifo_in <= fifo_in + 1;
            tail <= in_bad[p] ? start : tail + 1;
            if (!in_bad[p]) start <= tail + 1;
          end
        end
        if (decided[p]) fifo_out <= fifo_out + 1;
        if (out_valid[p] && out_ready[p]) head <= head + 1;
        frames <= frames + 32'(decided[p] && !bads[fifo_out%1024])
                - 32'(out_valid[p] && out_ready[p] && out_beat[p].last);
      end
    end
  end

  logic [INJECT_BITS-1:0] inject_record;
  always_ff @(posedge clk_i) begin
    if (inject_tvalid_i && inject_tready_o) inject_record <= inject_tuser_i;
  end

  // One decision a clock, the lowest lane first.
  assign decided = undecided & (~undecided + 1'b1);
  assign decision_valid_o = |undecided;
  always_comb begin
    decision_o = '0;
    for (int p = 0; p < LANES; p++) if (decided[p]) decision_o = record[p];
  end
  always_ff @(posedge clk_i) if (decided[PORTS]) host_tuser_o <= record[PORTS];

  logic [31:0] registers[1024];
  logic [7:0] partial;
  assign cfg_rdata_o = cfg_addr_i == 24'h0 ? BUILD_ID : registers[cfg_addr_i[11:2]];
  assign idle_o = ~|out_valid && ~|undecided;
  assign deadline_us_o = {registers[1], registers[2]};
  always_ff @(posedge clk_i) begin
    // Ready only in each fourth clock, so that a bus that does not wait is seen.
    partial <= !rst_ni ? '0 : partial + 1'b1;
    cfg_ready_o <= cfg_valid_i && !cfg_ready_o && partial[1:0] == 0 && cfg_addr_i != 24'hf10;
    if (!rst_ni) begin
      registers[1] <= '1;
      registers[2] <= '1;
    end else if (cfg_valid_i && cfg_write_i && cfg_ready_o) begin
      registers[cfg_addr_i[11:2]] <= cfg_wdata_i;
      case (cfg_addr_i)
        24'hf00: $fatal(1, "told to by register f00");
        24'hf04: begin
          assert (cfg_wdata_i == 0) else $error("told to by register f04");
        end
        24'hf08: $stop;
        24'hf0c: $display("a line for nobody");
        default: ;
      endcase
    end
  end

endmodule
