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
  localparam int STEPS = (linecard_pkg::PAYLOAD_MAX - 2) / 4;

  logic [7:0] step;
  assign step = (meta_i.payload - 8'd2) >> 2;
  logic [BYTES*8-1:0] payload;
  always_comb begin
    payload = '0;
    for (int i = 8; i <= STEPS; i++) begin
      if (step == 8'(i)) payload = window_i[(2+4*i)*8+:BYTES*8];
    end
  end

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
