// The addresses of a packet once more, when its identifier is there, as keys for the override and the
// fragment table (docs/card.md, "Overrides" and "Later fragments"): picked, kept, folded.
module addresses #(
    parameter int DATA_WIDTH = 64,
    parameter int RULE_TURNS = 1,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                clk_i,
    input  logic                pick_first_i,  // a frame's first beat stands at beside_addresses,
    input  logic                fold_first_i,  // at tap_fetch
    input  linecard_pkg::meta_t meta_i,    // at beside_addresses
    input  logic [40*8-1:0]     header_i,  // the packet's first bytes
    // at tap_identify
    output logic [127:0]        source_o,  // first bit on the wire in bit 127; IPv4 in 127:96
    output logic [7:0]          fragment_space_o,
    output logic [127:0]        fragment_key_o
);
  // ---- pick
  logic [127:0] source4, source6, destination4, destination6;
  always_comb begin
    source4 = '0;
    destination4 = '0;
    for (int i = 0; i < 4; i++) begin
      source4[127-8*i-:8] = header_i[(12+i)*8+:8];
      destination4[127-8*i-:8] = header_i[(16+i)*8+:8];
    end
    for (int i = 0; i < 16; i++) begin
      source6[127-8*i-:8] = header_i[(8+i)*8+:8];
      destination6[127-8*i-:8] = header_i[(24+i)*8+:8];
    end
  end
  logic ipv6_q;
  logic [127:0] source_q, destination_q;
  logic [7:0] protocol_q;
  logic [31:0] identification_q;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_fetch(K, RULE_TURNS) - linecard_pkg::beside_addresses(K)),
      .BITS(1 + 128 + 128 + 8 + 32)
  ) keep (
      .clk_i(clk_i),
      .first_i(pick_first_i),
      .meta_i({
        meta_i.ipv6,
        meta_i.ipv6 ? source6 : source4,
        meta_i.ipv6 ? destination6 : destination4,
        meta_i.protocol,
        meta_i.ipv6 ? meta_i.identification : {16'd0, header_i[4*8+:8], header_i[5*8+:8]}
      }),
      .meta_o({ipv6_q, source_q, destination_q, protocol_q, identification_q})
  );

  // ---- fold. Two IPv6 addresses are more than a key holds.
  logic [95:0] from, to;
  assign from = source_q[95:0] ^ {source_q[127:96], 64'd0};
  assign to = destination_q[95:0] ^ {destination_q[127:96], 64'd0};
  logic [7:0] space;
  logic [127:0] key;
  assign space = ipv6_q ? 8'hff : 8'hfe;
  assign key = ipv6_q
      ? {identification_q, from ^ {to[47:0], to[95:48]}}
      : {24'd0, protocol_q, identification_q[15:0], 16'd0, source_q[127:96], destination_q[127:96]};
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_identify(K, RULE_TURNS) - linecard_pkg::tap_fetch(K, RULE_TURNS)),
      .BITS(128 + 8 + 128)
  ) give (
      .clk_i(clk_i),
      .first_i(fold_first_i),
      .meta_i({source_q, space, key}),
      .meta_o({source_o, fragment_space_o, fragment_key_o})
  );

endmodule
