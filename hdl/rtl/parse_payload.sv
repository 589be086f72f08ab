// Parse, last stage: the first bytes of the payload, for the rules to compare, and how many there
// are.
module parse_payload (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  logic [linecard_pkg::WINDOW*8-1:0] window_i,
    output linecard_pkg::meta_t meta_o,
    output logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_o
);
  localparam int BYTES = linecard_pkg::PAYLOAD_BYTES;

  // The payload begins two bytes behind a multiple of four: see parse_l4.
  localparam int FIRST = 34;
  logic [7:0] beyond;
  assign beyond = meta_i.payload - 8'(FIRST);
  logic [BYTES*8-1:0] payload;
  slice_at #(
      .IN_WIDTH((linecard_pkg::WINDOW - FIRST) * 8),
      .STEP(32),
      .SELECT_BITS(5),
      .WIDTH(BYTES * 8)
  ) pick (
      .vector_i(window_i[linecard_pkg::WINDOW*8-1:FIRST*8]),
      .select_i(beyond[6:2]),
      .slice_o(payload)
  );

  linecard_pkg::meta_t meta;
  logic [17:0] length;
  always_comb begin
    meta = meta_i;
    length = 18'(meta_i.payload_end) - 18'(meta_i.payload);
    meta.payload_length = length[4:0];
    if (length[17]) meta.payload_length = '0;
    else if (length[16:0] > 17'(BYTES)) meta.payload_length = 5'(BYTES);
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    payload_o <= payload;
  end

endmodule
