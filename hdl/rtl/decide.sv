// Decide, two clocks: the first reads the two slots that can matter for a frame, the second gives
// the frame its reason, its slot and its port (docs/card.md, steps 3.13 to 5).
module decide #(
    parameter int PORTS = 2,
    parameter int SLOTS = 8
) (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  logic [30*8-1:0]     window_i,  // both MAC addresses, and a heartbeat as far as its nonce
    input  logic [31:0]         fabric_prefix_i,
    input  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_i,
    input  logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots_i,
    input  logic [SLOTS*32-1:0] nonces_i,
    output linecard_pkg::meta_t meta_o
);
  localparam int SLOT_BITS = linecard_regs_pkg::BITS_SLOT;
  localparam int PORT_BITS = linecard_regs_pkg::BITS_PORT;

  // ---- read slots
  logic [31:0] destination_prefix, source_prefix;
  assign destination_prefix = {window_i[0+:8], window_i[8+:8], window_i[16+:8], window_i[24+:8]};
  assign source_prefix = {window_i[48+:8], window_i[56+:8], window_i[64+:8], window_i[72+:8]};
  logic [7:0] destination_slot, source_slot;
  assign destination_slot = window_i[32+:8];
  assign source_slot = window_i[80+:8];

  // a: active slot, sender, or where the host injects; b: backup slot, or receiver
  logic [7:0] index_a, index_b;
  always_comb begin
    if (meta_i.by_rules) begin
      index_a = {2'b00, meta_i.row_active};
      index_b = {2'b00, meta_i.row_backup};
    end else begin
      index_a = (meta_i.origin == linecard_regs_pkg::ORIGIN_HOST) ? meta_i.inject_target : source_slot;
      index_b = destination_slot;
    end
  end

  // The slots are chosen by an OR, which has no order in which one waits for another.
  logic [SLOT_BITS-1:0] slot_a, slot_b;
  logic [SLOTS-1:0] is_a, is_b;
  logic exists_a, up_a, up_b;
  logic [31:0] nonce;
  // Of each slot beside the choice, which is late. A slot behind a port that the card does not have can be reached
  // by nobody.
  linecard_regs_pkg::slot_entry_t slot;
  logic [SLOTS-1:0] reachable;
  always_comb begin
    for (int i = 0; i < SLOTS; i++) begin
      slot = slots_i[i*SLOT_BITS+:SLOT_BITS];
      reachable[i] = slot.up && slot.port < 4'(PORTS);
    end
  end
  always_comb begin
    nonce = '0;
    slot_a = '0;
    slot_b = '0;
    for (int i = 0; i < SLOTS; i++) begin
      is_a[i] = index_a == 8'(i);
      is_b[i] = index_b == 8'(i);
      slot_a = slot_a | (slots_i[i*SLOT_BITS+:SLOT_BITS] & {SLOT_BITS{is_a[i]}});
      slot_b = slot_b | (slots_i[i*SLOT_BITS+:SLOT_BITS] & {SLOT_BITS{is_b[i]}});
      nonce = nonce | (nonces_i[i*32+:32] & {32{is_a[i]}});
    end
    exists_a = is_a != '0;
    up_a = (is_a & reachable) != '0;
    up_b = (is_b & reachable) != '0;
  end

  // A heartbeat: version at l3, nonce four bytes on.
  logic [63:0] beat;
  always_comb begin
    case (meta_i.l3)
      5'd22: beat = window_i[22*8+:64];
      5'd18: beat = window_i[18*8+:64];
      default: beat = window_i[14*8+:64];
    endcase
  end

  linecard_pkg::meta_t meta_q;
  logic version_q;
  logic [31:0] nonce_q, nonce_sent_q;
  linecard_regs_pkg::slot_entry_t a_q, b_q;
  logic exists_a_q, up_a_q, up_b_q;
  logic [5:0] index_a_q, index_b_q;
  logic from_prefix_q, to_prefix_q, to_control_q, to_group_q;
  logic [7:0] epoch_q;
  always_ff @(posedge clk_i) begin
    meta_q <= meta_i;
    version_q <= beat[7:0] == linecard_pkg::HEARTBEAT_VERSION;
    nonce_q <= nonce;
    nonce_sent_q <= {beat[39:32], beat[47:40], beat[55:48], beat[63:56]};
    a_q <= slot_a;
    b_q <= slot_b;
    index_a_q <= index_a[5:0];
    index_b_q <= index_b[5:0];
    exists_a_q <= exists_a;
    up_a_q <= up_a;
    up_b_q <= up_b;
    from_prefix_q <= source_prefix == fabric_prefix_i;
    to_prefix_q <= destination_prefix == fabric_prefix_i;
    to_control_q <= destination_prefix == fabric_prefix_i && destination_slot == linecard_pkg::CONTROL_SLOT;
    to_group_q <= window_i[0];
    epoch_q <= window_i[88+:8];
  end

  // ---- source check
  logic sender_ok;
  linecard_regs_pkg::reason_t sender_fault;
  always_comb begin
    sender_ok = 1'b0;
    if (!from_prefix_q || !exists_a_q || a_q.port != meta_q.ingress) begin
      sender_fault = linecard_regs_pkg::REASON_SOURCE_UNKNOWN;
    end else if (a_q.epoch != epoch_q) begin
      sender_fault = linecard_regs_pkg::REASON_SOURCE_EPOCH;
    end else begin
      sender_fault = linecard_regs_pkg::REASON_SOURCE_DOWN;
      sender_ok = a_q.up;
    end
  end

  // ---- decide
  logic target_is_fabric;
  always_comb begin
    target_is_fabric = 1'b0;
    for (int p = 0; p < PORTS; p++) begin
      if (meta_q.inject_target == 8'(p)) target_is_fabric = ports_i[p*PORT_BITS+linecard_regs_pkg::LSB_PORT_FABRIC];
    end
  end

  localparam logic [3:0] HOST_PORT = 4'(PORTS);
  localparam logic [3:0] HOLD_PORT = 4'(PORTS + 1);

  linecard_pkg::meta_t meta;
  logic use_a, use_b;  // the frame goes into (a, b), or comes from (a), this slot
  always_comb begin
    meta = meta_q;
    use_a = 1'b0;
    use_b = 1'b0;
    meta.egress = '0;
    if (meta_q.by_rules) begin
      if (!meta_q.decided) begin
        if (meta_q.bad_row) begin
          meta.reason = linecard_regs_pkg::REASON_PUNT_PARITY;
          meta.row_valid = 1'b0;
          meta.row_in_sync = 1'b0;
          meta.row_backup = '0;
          meta.row_active = '0;
        end else if (!meta_q.row_valid) begin
          meta.reason = linecard_regs_pkg::REASON_PUNT_NO_ROW;
        end else if (up_a_q) begin
          meta.reason = linecard_regs_pkg::REASON_STEER_ACTIVE;
          use_a = 1'b1;
        end else if (meta_q.row_in_sync && up_b_q) begin
          meta.reason = linecard_regs_pkg::REASON_STEER_BACKUP;
          use_b = 1'b1;
        end else begin
          meta.reason = linecard_regs_pkg::REASON_PUNT_SLOTS_DOWN;
        end
      end
      if (linecard_regs_pkg::ends_in_punt(meta.reason)) meta.egress = HOST_PORT;
      if (meta_q.hold) meta.egress = HOLD_PORT;
    end else if (meta_q.origin == linecard_regs_pkg::ORIGIN_SLOT) begin
      if (meta_q.bad_ip) begin
        meta.reason = linecard_regs_pkg::REASON_IP_HEADER;
      end else if (meta_q.neighbour) begin
        meta.reason = linecard_regs_pkg::REASON_HOST_NEIGHBOUR;
        use_a = sender_ok;
        meta.egress = HOST_PORT;
      end else if (meta_q.heartbeat) begin
        use_a = sender_ok && version_q && nonce_sent_q == nonce_q;
        meta.reason = use_a ? linecard_regs_pkg::REASON_HEARTBEAT : linecard_regs_pkg::REASON_HEARTBEAT_REFUSED;
      end else if (!sender_ok) begin
        meta.reason = to_control_q ? linecard_regs_pkg::REASON_HOST_UNVERIFIED : sender_fault;
        if (to_control_q) meta.egress = HOST_PORT;
      end else if (to_control_q) begin
        meta.reason = linecard_regs_pkg::REASON_HOST_CONTROL;
        use_a = 1'b1;
        meta.egress = HOST_PORT;
      end else if (to_prefix_q) begin
        use_b = up_b_q;
        meta.reason = up_b_q ? linecard_regs_pkg::REASON_SLOT_TO_SLOT : linecard_regs_pkg::REASON_SLOT_DOWN;
      end else if (to_group_q) begin
        meta.reason = linecard_regs_pkg::REASON_SLOT_GROUP;
      end else if (a_q.line_port < 4'(PORTS)) begin
        meta.reason = linecard_regs_pkg::REASON_LINE_FROM_SLOT;
        use_a = 1'b1;
        meta.egress = a_q.line_port;
      end else begin
        meta.reason = linecard_regs_pkg::REASON_INJECT_TARGET;
      end
    end else if (meta_q.inject_mode == linecard_regs_pkg::INJECT_MODE_SLOT) begin
      use_a = up_a_q;
      meta.reason = up_a_q ? linecard_regs_pkg::REASON_INJECT_SLOT : linecard_regs_pkg::REASON_SLOT_DOWN;
    end else if (meta_q.inject_mode == linecard_regs_pkg::INJECT_MODE_PORT && meta_q.inject_target < 8'(PORTS)) begin
      meta.reason = target_is_fabric ? linecard_regs_pkg::REASON_INJECT_FABRIC
                                     : linecard_regs_pkg::REASON_INJECT_LINE;
      meta.egress = meta_q.inject_target[3:0];
    end else begin
      meta.reason = linecard_regs_pkg::REASON_INJECT_TARGET;
    end

    meta.sender_valid = sender_ok && (meta.reason == linecard_regs_pkg::REASON_LINE_FROM_SLOT ||
        meta.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT ||
        meta.reason == linecard_regs_pkg::REASON_HEARTBEAT ||
        linecard_regs_pkg::ends_in_host(meta.reason));
    meta.sender = index_a_q;
    meta.decided = 1'b1;
    meta.slot_valid = use_a || use_b;
    if (use_a) begin
      meta.slot = index_a_q;
      meta.epoch = a_q.epoch;
    end else if (use_b) begin
      meta.slot = index_b_q;
      meta.epoch = b_q.epoch;
    end
    if (linecard_regs_pkg::ends_in_steer(meta.reason) || meta.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT ||
        meta.reason == linecard_regs_pkg::REASON_INJECT_SLOT) begin
      meta.egress = use_a ? a_q.port : b_q.port;
    end
  end

  always_ff @(posedge clk_i) meta_o <= meta;

endmodule
