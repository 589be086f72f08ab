// Stands for port_queue in the proof of what uses it: what it offers stays until it is taken, and is
// otherwise anything. That port_queue does at least this is proven in port_queue_formal.
module port_queue #(
    parameter int DATA_WIDTH = 64,
    parameter int BYTES = 4096,
    parameter int SIDE_BITS = 0,
    parameter int SIDE_WORDS = 1,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int SIDE_WIRES = (SIDE_BITS == 0) ? 1 : SIDE_BITS
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  valid_i,
    input  logic [DATA_WIDTH-1:0] data_i,
    input  logic [COUNT_BITS-1:0] count_i,
    input  logic                  last_i,
    input  logic                  keep_i,
    input  logic [SIDE_WIRES-1:0] side_i,
    output logic                  accept_o,
    output logic                  tvalid_o,
    input  logic                  tready_i,
    output logic [DATA_WIDTH-1:0] tdata_o,
    output logic [K-1:0]          tkeep_o,
    output logic                  tlast_o,
    output logic [SIDE_WIRES-1:0] tuser_o,
    output logic                  empty_o
);
  (* anyseq *) logic accept, empty, comes;
  (* anyseq *) logic [DATA_WIDTH+K+SIDE_WIRES:0] payload;
  logic [DATA_WIDTH+K+SIDE_WIRES:0] payload_q;
  logic waits_q;
  assign accept_o = accept;
  assign empty_o = empty;
  assign tvalid_o = waits_q || comes;
  assign {tuser_o, tlast_o, tkeep_o, tdata_o} = waits_q ? payload_q : payload;
  always @(posedge clk_i) begin
    waits_q <= rst_ni && tvalid_o && !tready_i;
    payload_q <= {tuser_o, tlast_o, tkeep_o, tdata_o};
  end
endmodule
