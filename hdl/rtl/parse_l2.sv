// Parse, first stage: MAC address and EtherType behind at most two VLAN tags (docs/card.md, step 2).
// Also says by which of the card's ways a frame goes: by service rules, or not. Two clocks: whose address and the
// first EtherType, the rest.
module parse_l2 #(
    parameter int PORTS = 2
) (
    input  logic                       clk_i,
    // one clock before tap_l2
    input  linecard_pkg::meta_t        address_meta_i,
    input  logic [14*8-1:0]            address_i,  // header bytes 0 to 13, byte b at [b*8]
    // at tap_l2
    input  linecard_pkg::meta_t        meta_i,
    input  logic [22*8-1:0]            window_i,  // header bytes 0 to 21
    input  logic [31:0]                fabric_prefix_i,
    input  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_i,
    output logic                       any_tag_o,   // one VLAN tag or two, at tap_l2
    output logic                       two_tags_o,
    output linecard_pkg::meta_t        meta_o
);
  localparam int PORT_BITS = linecard_regs_pkg::BITS_PORT;
  localparam logic [15:0] TAG_C = 16'h8100;  // IEEE 802.1Q table 9-1
  localparam logic [15:0] TAG_S = 16'h88a8;
  localparam logic [15:0] ARP = 16'h0806;
  localparam logic [15:0] IPV4 = 16'h0800;
  localparam logic [15:0] IPV6 = 16'h86dd;
  localparam logic [15:0] HEARTBEAT = 16'h88b5;  // local experimental (IEEE 802-2014 clause 9.2.4)

  // ---- address. A frame that the host wants steered is checked as if the named port had received it.
  logic [7:0] line_port;
  assign line_port = (address_meta_i.origin == linecard_regs_pkg::ORIGIN_HOST)
      ? address_meta_i.inject_target : {4'd0, address_meta_i.ingress};
  logic [47:0] destination;
  assign destination = {address_i[0+:8], address_i[8+:8], address_i[16+:8],
                        address_i[24+:8], address_i[32+:8], address_i[40+:8]};
  // Each port's address is compared beside the choice of the port. One that is not there has address 0.
  logic to_port;
  always_comb begin
    to_port = line_port >= 8'(PORTS) && destination == '0;
    for (int p = 0; p < PORTS; p++) begin
      if (line_port == 8'(p) && destination == ports_i[p*PORT_BITS+linecard_regs_pkg::LSB_PORT_MAC+:48]) begin
        to_port = 1'b1;
      end
    end
  end
  logic port_exists, ours, control;
  always_ff @(posedge clk_i) begin
    port_exists <= line_port < 8'(PORTS);
    ours <= destination[40] || to_port;
    control <= address_meta_i.origin == linecard_regs_pkg::ORIGIN_SLOT &&
        destination[47:16] == fabric_prefix_i && destination[15:8] == linecard_pkg::CONTROL_SLOT;
  end

  // What each EtherType that there may be would mean, beside the search for the one that counts.
  localparam int MEANINGS = 5;
  localparam int IS_TAG = 4;
  function automatic logic [MEANINGS-1:0] meaning(input logic [15:0] ethertype);
    meaning = {ethertype == TAG_C || ethertype == TAG_S, ethertype == IPV4, ethertype == IPV6,
               ethertype == ARP, ethertype == HEARTBEAT};
  endfunction
  logic [MEANINGS-1:0] type0, type1, type2, means;
  always_ff @(posedge clk_i) type0 <= meaning({address_i[12*8+:8], address_i[13*8+:8]});

  // ---- the rest
  assign type1 = meaning({window_i[16*8+:8], window_i[17*8+:8]});
  assign type2 = meaning({window_i[20*8+:8], window_i[21*8+:8]});
  logic unused_window;
  assign unused_window = ^{window_i[16*8-1:0], window_i[18*8+:16]};
  logic tag0, tag1;
  assign tag0 = type0[IS_TAG];
  assign tag1 = tag0 && type1[IS_TAG];
  assign any_tag_o = tag0;
  assign two_tags_o = tag1;

  linecard_pkg::meta_t meta;
  always_comb begin
    meta = meta_i;
    if (tag1) begin
      meta.l3 = 5'd22;
      means = type2;
    end else if (tag0) begin
      meta.l3 = 5'd18;
      means = type1;
    end else begin
      meta.l3 = 5'd14;
      means = type0;
    end
    {meta.ipv4, meta.ipv6, meta.neighbour, meta.heartbeat} = means[IS_TAG-1:0];
    meta.heartbeat = meta.heartbeat && control;
    meta.header_min = meta.heartbeat ? 8'(meta.l3) + 8'd12 : meta.neighbour ? 8'(meta.l3) + 8'd28 : 8'(meta.l3);
    meta.packet_end = '0;
    meta.by_rules = meta_i.origin == linecard_regs_pkg::ORIGIN_LINE ||
        (meta_i.origin == linecard_regs_pkg::ORIGIN_HOST && meta_i.inject_mode == linecard_regs_pkg::INJECT_MODE_STEER);

    meta.decided = 1'b0;
    meta.reason = linecard_regs_pkg::REASON_ETHERTYPE;
    if (meta.by_rules) begin
      meta.decided = !port_exists || !ours || !(meta.ipv4 || meta.ipv6);
      if (!port_exists) meta.reason = linecard_regs_pkg::REASON_INJECT_TARGET;
      else if (!ours) meta.reason = linecard_regs_pkg::REASON_FOREIGN_MAC;
      else if (meta.neighbour) meta.reason = linecard_regs_pkg::REASON_PUNT_NEIGHBOUR;
    end
    // Nothing behind the MAC address is looked at, and so nothing is held against it.
    if ((meta.by_rules && (!port_exists || !ours)) ||
        (meta_i.origin == linecard_regs_pkg::ORIGIN_HOST && !meta.by_rules)) begin
      meta.ipv4 = 1'b0;
      meta.ipv6 = 1'b0;
      meta.neighbour = 1'b0;
      meta.header_min = 8'd14;
    end
  end

  always_ff @(posedge clk_i) meta_o <= meta;

endmodule
