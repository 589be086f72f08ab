// Parse, second stage, two clocks: the IP header (docs/card.md, step 2). The first clock picks the
// 40 bytes at one of the three places where L3 can begin, the second reads them. Extension headers
// come in parse_chain.
module parse_l3 (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  logic [62*8-1:0]     window_i,       // header bytes 0 to 61
    output linecard_pkg::meta_t meta_o,         // two clocks later
    output logic [127:0]        destination_o   // first bit on the wire in bit 127; IPv4 in 127:96
);
  // ---- select
  logic [40*8-1:0] header_q;
  linecard_pkg::meta_t meta_q;
  always_ff @(posedge clk_i) begin
    meta_q <= meta_i;
    unique case (meta_i.l3)
      5'd22: header_q <= window_i[22*8+:40*8];
      5'd18: header_q <= window_i[18*8+:40*8];
      default: header_q <= window_i[14*8+:40*8];
    endcase
  end

  // ---- read
  logic [3:0] version, ihl;
  assign {version, ihl} = header_q[0+:8];
  logic [15:0] total_length, fragment, payload_length;
  assign total_length = {header_q[2*8+:8], header_q[3*8+:8]};
  assign fragment = {header_q[6*8+:8], header_q[7*8+:8]};
  assign payload_length = {header_q[4*8+:8], header_q[5*8+:8]};
  logic [7:0] next_header;
  assign next_header = header_q[6*8+:8];

  logic [127:0] destination4, destination6;
  always_comb begin
    destination4 = '0;
    for (int i = 0; i < 4; i++) destination4[127-8*i-:8] = header_q[(16+i)*8+:8];
    for (int i = 0; i < 16; i++) destination6[127-8*i-:8] = header_q[(24+i)*8+:8];
  end

  logic [7:0] l3;
  assign l3 = 8'(meta_q.l3);
  logic bad_ipv4, bad_ipv6;
  assign bad_ipv4 = version != 4'd4 || ihl < 4'd5 || total_length < 16'({ihl, 2'b00});
  assign bad_ipv6 = version != 4'd6;

  linecard_pkg::meta_t meta;
  always_comb begin
    meta = meta_q;
    meta.bad_ip = (meta_q.ipv4 && bad_ipv4) || (meta_q.ipv6 && bad_ipv6);
    meta.l4 = '0;
    meta.protocol = '0;
    meta.first_fragment = 1'b0;
    meta.later_fragment = 1'b0;
    meta.identification = '0;
    meta.extended = 1'b0;
    if (meta_q.ipv4) begin
      meta.header_min = l3 + 8'd20;
      meta.packet_end = 17'(total_length) + 17'(meta_q.l3);
      meta.l4 = l3 + 8'({ihl, 2'b00});
      meta.protocol = header_q[9*8+:8];
      meta.first_fragment = fragment[13] && fragment[12:0] == '0;
      meta.later_fragment = fragment[12:0] != '0;
    end else if (meta_q.ipv6) begin
      meta.header_min = l3 + ((next_header == linecard_pkg::PROTOCOL_ICMPV6) ? 8'd41 : 8'd40);
      meta.packet_end = 17'(payload_length) + 17'(meta_q.l3) + 17'd40;
      meta.l4 = l3 + 8'd40;
      meta.protocol = next_header;
    end
    if (meta.bad_ip) meta.packet_end = '0;
    if (!meta_q.decided) begin
      meta.decided = meta.bad_ip;
      meta.reason = linecard_regs_pkg::REASON_IP_HEADER;
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    destination_o <= meta_q.ipv6 ? destination6 : destination4;
  end

endmodule
