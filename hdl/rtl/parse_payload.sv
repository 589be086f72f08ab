// Parse, last stage: the first bytes of the payload, for the rules to compare, and how many there
// are. A packet that quotes one of ours is from here on judged by that one. What rules are compared with
// stands until the next frame comes.
module parse_payload #(
    parameter int PREFIXES = 8
) (
    input  logic                clk_i,
    input  logic                first_i,  // a frame's first beat stands at tap_payload
    input  linecard_pkg::meta_t meta_i,
    input  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_i,  // from meta_i.payload on
    input  linecard_pkg::quote_t quote_i,
    input  logic [PREFIXES-1:0] prefixes_i,
    output linecard_pkg::meta_t meta_o,
    output logic [PREFIXES-1:0] prefixes_o,
    output logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_o
);
  localparam int BYTES = linecard_pkg::PAYLOAD_BYTES;

  linecard_pkg::meta_t meta;
  logic [17:0] length, beyond;
  always_comb begin
    meta = meta_i;
    // Negative: there is no payload; not more than BYTES. Side by side, since one behind the other is long.
    length = 18'(meta_i.payload_end) - 18'(meta_i.payload);
    beyond = 18'(meta_i.payload_end) - 18'(BYTES) - 18'(meta_i.payload);
    meta.payload_length = length[4:0];
    if (!beyond[17]) meta.payload_length = 5'(BYTES);
    if (length[17]) meta.payload_length = '0;
    meta.quoted = quote_i.valid;
    // RFC 791 section 3.1 and RFC 8200 section 3: where the destination address begins
    meta.destination_at = 8'(meta_i.l3) + (meta_i.ipv6 ? 8'd24 : 8'd16);
    if (quote_i.valid) begin
      meta.destination_at = quote_i.source_at;
      meta.l4 = quote_i.l4 - 8'd2;  // a destination port's offset leads to the source port
      meta.protocol = quote_i.protocol;
      meta.has_ports = quote_i.has_ports;
      meta.destination_port = quote_i.port;
      meta.later_fragment = quote_i.later_fragment;
      meta.payload_length = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (first_i) begin
      meta_o <= meta;
      payload_o <= payload_i;
      prefixes_o <= prefixes_i;
    end
  end

endmodule
