// Parse, second stage: the IP header (docs/card.md, step 2). Extension headers come in parse_chain.
module parse_l3 (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  logic [40*8-1:0]     header_i,       // the packet's first bytes
    output linecard_pkg::meta_t meta_o,
    output logic [127:0]        destination_o   // first bit on the wire in bit 127; IPv4 in 127:96
);
  logic [3:0] version, ihl;
  assign {version, ihl} = header_i[0+:8];
  logic [15:0] total_length, fragment, payload_length;
  assign total_length = {header_i[2*8+:8], header_i[3*8+:8]};
  assign fragment = {header_i[6*8+:8], header_i[7*8+:8]};
  assign payload_length = {header_i[4*8+:8], header_i[5*8+:8]};
  logic [7:0] next_header;
  assign next_header = header_i[6*8+:8];

  logic [127:0] destination4, destination6;
  always_comb begin
    destination4 = '0;
    for (int i = 0; i < 4; i++) destination4[127-8*i-:8] = header_i[(16+i)*8+:8];
    for (int i = 0; i < 16; i++) destination6[127-8*i-:8] = header_i[(24+i)*8+:8];
  end

  logic [7:0] l3;
  assign l3 = 8'(meta_i.l3);
  logic bad_ipv4, bad_ipv6;
  assign bad_ipv4 = version != 4'd4 || ihl < 4'd5 || total_length < 16'({ihl, 2'b00});
  assign bad_ipv6 = version != 4'd6;

  linecard_pkg::meta_t meta;
  always_comb begin
    meta = meta_i;
    meta.bad_ip = (meta_i.ipv4 && bad_ipv4) || (meta_i.ipv6 && bad_ipv6);
    meta.l4 = '0;
    meta.protocol = '0;
    meta.first_fragment = 1'b0;
    meta.later_fragment = 1'b0;
    meta.identification = '0;
    meta.extended = 1'b0;
    if (meta_i.ipv4) begin
      meta.header_min = l3 + 8'd20;
      meta.packet_end = 17'(total_length) + 17'(meta_i.l3);
      meta.l4 = l3 + 8'({ihl, 2'b00});
      meta.protocol = header_i[9*8+:8];
      meta.first_fragment = fragment[13] && fragment[12:0] == '0;
      meta.later_fragment = fragment[12:0] != '0;
    end else if (meta_i.ipv6) begin
      meta.header_min = l3 + ((next_header == linecard_pkg::PROTOCOL_ICMPV6) ? 8'd41 : 8'd40);
      meta.packet_end = 17'(payload_length) + 17'(meta_i.l3) + 17'd40;
      meta.l4 = l3 + 8'd40;
      meta.protocol = next_header;
    end
    if (meta.bad_ip) meta.packet_end = '0;
    if (!meta_i.decided) begin
      meta.decided = meta.bad_ip;
      meta.reason = linecard_regs_pkg::REASON_IP_HEADER;
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    destination_o <= meta_i.ipv6 ? destination6 : destination4;
  end

endmodule
