// Parse, third stage, two clocks: ports and lengths of the transport header (docs/card.md, step 2).
// The first clock picks 16 bytes at the L4 header, the second reads them. L4 begins two bytes
// behind a multiple of four, wherever it begins: 14, 18 or 22 bytes of L2 and multiples of four
// after that; so does the payload. One multiplexer input for each four bytes is enough.
module parse_l4 (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  logic [16*8-1:0]     header_i,  // from meta_i.l4 on
    output linecard_pkg::meta_t meta_o  // two clocks later
);
  // ---- select
  logic [16*8-1:0] header_q;
  linecard_pkg::meta_t meta_q;
  logic [17:0] difference_q;
  logic udp, tcp, sctp, discovers;  // the last: RFC 4861, see below
  always_ff @(posedge clk_i) begin
    udp <= meta_i.protocol == linecard_pkg::PROTOCOL_UDP && !meta_i.later_fragment;
    tcp <= meta_i.protocol == linecard_pkg::PROTOCOL_TCP && !meta_i.later_fragment;
    sctp <= meta_i.protocol == linecard_pkg::PROTOCOL_SCTP && !meta_i.later_fragment;
    discovers <= meta_i.ipv6 && !meta_i.bad_ip && !meta_i.extended &&
        meta_i.protocol == linecard_pkg::PROTOCOL_ICMPV6;
    meta_q <= meta_i;
    header_q <= header_i;
    difference_q <= 18'(meta_i.packet_end) - 18'(meta_i.l4);
  end

  // ---- read
  logic [16:0] rest;
  logic beyond_packet;  // the chain of headers runs out of the packet
  assign {beyond_packet, rest} = difference_q;
  logic [15:0] udp_length;
  assign udp_length = {header_q[4*8+:8], header_q[5*8+:8]};
  logic [5:0] tcp_header;
  assign tcp_header = {header_q[12*8+4+:4], 2'b00};
  logic [7:0] icmp_type;
  assign icmp_type = header_q[0+:8];

  logic bad;
  always_comb begin
    bad = beyond_packet;
    if (!beyond_packet) begin
      if (udp) begin
        bad = rest < 17'd8 || udp_length < 16'd8 ||
            (17'(udp_length) > rest && !meta_q.first_fragment);
      end
      if (tcp) bad = rest < 17'd20 || tcp_header < 6'd20 || 17'(tcp_header) > rest;
      if (sctp) bad = rest < 17'd12;
    end
  end

  linecard_pkg::meta_t meta;
  logic discovery;
  always_comb begin
    meta = meta_q;
    // RFC 4861 section 4: router and neighbour solicitation and advertisement, redirect.
    // RFC 6980 section 5 has no use for it behind extension headers, and nor do we.
    discovery = discovers && !beyond_packet && rest != '0 && icmp_type >= 8'd133 && icmp_type <= 8'd137;
    if (discovery) meta.neighbour = 1'b1;

    meta.has_ports = udp || tcp || sctp;
    meta.destination_port = {header_q[2*8+:8], header_q[3*8+:8]};
    meta.payload = meta_q.l4;
    meta.payload_end = meta_q.packet_end;
    if (udp) begin
      meta.payload = meta_q.l4 + 8'd8;
      if (!meta_q.first_fragment) meta.payload_end = 17'(meta_q.l4) + 17'(udp_length);
    end
    if (tcp) meta.payload = meta_q.l4 + 8'(tcp_header);
    if (sctp) meta.payload = meta_q.l4 + 8'd12;
    if (!meta_q.decided) begin
      meta.decided = discovery || bad || meta.payload > 8'(linecard_pkg::PAYLOAD_MAX);
      if (discovery) meta.reason = linecard_regs_pkg::REASON_PUNT_NEIGHBOUR;
      else if (bad) meta.reason = linecard_regs_pkg::REASON_L4_LENGTH;
      else meta.reason = linecard_regs_pkg::REASON_PUNT_WINDOW;
    end
  end

  always_ff @(posedge clk_i) meta_o <= meta;

endmodule
