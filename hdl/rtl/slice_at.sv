// WIDTH bits of a vector at place select_i * STEP: a shifter with one level for each select bit, each
// level only as wide as what can still be asked for. Combinational. (A part-select with a variable
// index says the same, but Yosys makes many times the logic of it.) Beyond the vector: 0.
module slice_at #(
    parameter int IN_WIDTH = 64,
    parameter int STEP = 8,
    parameter int SELECT_BITS = 3,
    parameter int WIDTH = 8
) (
    input  logic [IN_WIDTH-1:0]    vector_i,
    input  logic [SELECT_BITS-1:0] select_i,
    output logic [WIDTH-1:0]       slice_o
);
  localparam int REACH = WIDTH + STEP * (2 ** SELECT_BITS - 1);

  logic [REACH-1:0] padded;
  if (REACH > IN_WIDTH) begin : g_pad
    assign padded = {{(REACH - IN_WIDTH) {1'b0}}, vector_i};
  end else begin : g_cut
    assign padded = vector_i[REACH-1:0];
  end

  for (genvar i = SELECT_BITS - 1; i >= 0; i--) begin : g_level
    localparam int BITS = WIDTH + STEP * (2 ** i - 1);
    localparam int SHIFT = STEP * 2 ** i;
    logic [BITS+SHIFT-1:0] from;
    logic [BITS-1:0] to;
    if (i == SELECT_BITS - 1) begin : g_first
      assign from = padded;
    end else begin : g_next
      assign from = g_level[i+1].to;
    end
    assign to = select_i[i] ? from[SHIFT+:BITS] : from[0+:BITS];
  end
  assign slice_o = g_level[0].to;

endmodule
