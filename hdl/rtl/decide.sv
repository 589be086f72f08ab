// Decide, two clocks: the first reads the two slots that can matter for a frame, the second gives
// the frame its reason, its slot and its port (docs/card.md, steps 3.13 to 5). With a spare clock each has two: which
// slots they are, and reading them; what holds of them and the sender, and what follows.
module decide #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int SPARE = 0
) (
    input  logic                clk_i,
    input  logic                first_i,   // a frame's first beat stands at tap_slots
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

  logic [SLOTS-1:0] index_is_a, index_is_b, is_a, is_b;
  always_comb begin
    for (int i = 0; i < SLOTS; i++) begin
      index_is_a[i] = index_a == 8'(i);
      index_is_b[i] = index_b == 8'(i);
    end
  end
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(SPARE),
      .BITS(2 * SLOTS)
  ) indexes (
      .clk_i(clk_i),
      .first_i(1'b1),
      .meta_i({index_is_a, index_is_b}),
      .meta_o({is_a, is_b})
  );

  // The slots are chosen by an OR, which has no order in which one waits for another.
  logic [SLOT_BITS-1:0] slot_a, slot_b;
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

  // Of the frame, beside its slots.
  linecard_pkg::meta_t meta_q;
  logic from_prefix, to_prefix, to_control;
  assign from_prefix = source_prefix == fabric_prefix_i;
  assign to_prefix = destination_prefix == fabric_prefix_i;
  assign to_control = to_prefix && destination_slot == linecard_pkg::CONTROL_SLOT;
  logic version_q, from_prefix_q, to_prefix_q, to_control_q, to_group_q;
  logic [31:0] nonce_sent_q;
  logic [5:0] index_a_q, index_b_q;
  logic [7:0] epoch_q;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(1 + 2 * SPARE),
      .BITS(linecard_pkg::META_BITS + 5 + 32 + 2 * 6 + 8)
  ) beside (
      .clk_i(clk_i),
      .first_i(first_i),
      .meta_i({
        meta_i,
        beat[7:0] == linecard_pkg::HEARTBEAT_VERSION,
        from_prefix, to_prefix, to_control, window_i[0],
        {beat[39:32], beat[47:40], beat[55:48], beat[63:56]},
        index_a[5:0], index_b[5:0],
        window_i[88+:8]
      }),
      .meta_o({
        meta_q, version_q, from_prefix_q, to_prefix_q, to_control_q, to_group_q, nonce_sent_q,
        index_a_q, index_b_q, epoch_q
      })
  );
  // The slots stand till the end, as they were when they were read.
  logic first_read;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(SPARE),
      .BITS(1)
  ) first_chosen (
      .clk_i(clk_i),
      .first_i(1'b1),
      .meta_i(first_i),
      .meta_o(first_read)
  );
  logic [31:0] nonce_q;
  linecard_regs_pkg::slot_entry_t a_q, b_q;
  logic exists_a_q, up_a_q, up_b_q;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(1 + SPARE),
      .BITS(2 * SLOT_BITS + 32 + 3)
  ) slots_read (
      .clk_i(clk_i),
      .first_i(first_read),
      .meta_i({slot_a, slot_b, nonce, exists_a, up_a, up_b}),
      .meta_o({a_q, b_q, nonce_q, exists_a_q, up_a_q, up_b_q})
  );

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
  logic beat_ok, target_is_fabric;
  always_comb begin
    target_is_fabric = 1'b0;
    for (int p = 0; p < PORTS; p++) begin
      if (meta_q.inject_target == 8'(p)) target_is_fabric = ports_i[p*PORT_BITS+linecard_regs_pkg::LSB_PORT_FABRIC];
    end
  end

  assign beat_ok = sender_ok && version_q && nonce_sent_q == nonce_q;

  // Of a frame that goes by rules all is known without its sender.
  logic row_a, row_b, punts;
  linecard_regs_pkg::reason_t row_reason;
  always_comb begin
    row_a = 1'b0;
    row_b = 1'b0;
    if (meta_q.decided) begin
      row_reason = meta_q.reason;
    end else if (meta_q.bad_row) begin
      row_reason = linecard_regs_pkg::REASON_PUNT_PARITY;
    end else if (!meta_q.row_valid) begin
      row_reason = linecard_regs_pkg::REASON_PUNT_NO_ROW;
    end else if (up_a_q) begin
      row_reason = linecard_regs_pkg::REASON_STEER_ACTIVE;
      row_a = 1'b1;
    end else if (meta_q.row_in_sync && up_b_q) begin
      row_reason = linecard_regs_pkg::REASON_STEER_BACKUP;
      row_b = 1'b1;
    end else begin
      row_reason = linecard_regs_pkg::REASON_PUNT_SLOTS_DOWN;
    end
    punts = meta_q.decided ? linecard_regs_pkg::ends_in_punt(meta_q.reason) : !row_a && !row_b;
  end

  logic by_row_a, by_row_b, row_punts, sender_good, beat_good, to_fabric, to_line, inject_port;
  linecard_regs_pkg::reason_t row_says, fault;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(SPARE),
      .BITS(8 + 6 + 6)
  ) facts (
      .clk_i(clk_i),
      .first_i(1'b1),
      .meta_i({
        row_a, row_b, punts, sender_ok, beat_ok, target_is_fabric,
        a_q.line_port < 4'(PORTS),
        meta_q.inject_mode == linecard_regs_pkg::INJECT_MODE_PORT && meta_q.inject_target < 8'(PORTS),
        row_reason, sender_fault
      }),
      .meta_o({by_row_a, by_row_b, row_punts, sender_good, beat_good, to_fabric, to_line, inject_port, row_says, fault})
  );

  localparam logic [3:0] HOST_PORT = 4'(PORTS);
  localparam logic [3:0] HOLD_PORT = 4'(PORTS + 1);

  linecard_pkg::meta_t meta;
  logic use_a, use_b;  // the frame goes into (a, b), or comes from (a), this slot
  logic to_slot;       // it goes there
  logic verified;      // it comes from a slot that may send, and goes somewhere
  always_comb begin
    meta = meta_q;
    use_a = 1'b0;
    use_b = 1'b0;
    to_slot = 1'b0;
    verified = 1'b0;
    meta.egress = '0;
    if (meta_q.by_rules) begin
      meta.reason = row_says;
      use_a = by_row_a;
      use_b = by_row_b;
      to_slot = 1'b1;
      if (row_punts) meta.egress = HOST_PORT;
      if (meta_q.hold) meta.egress = HOLD_PORT;
      if (meta_q.bad_row && !meta_q.decided) begin
        meta.row_valid = 1'b0;
        meta.row_in_sync = 1'b0;
        meta.row_backup = '0;
        meta.row_active = '0;
      end
    end else if (meta_q.origin == linecard_regs_pkg::ORIGIN_SLOT) begin
      if (meta_q.bad_ip) begin
        meta.reason = linecard_regs_pkg::REASON_IP_HEADER;
      end else if (meta_q.neighbour) begin
        meta.reason = linecard_regs_pkg::REASON_HOST_NEIGHBOUR;
        use_a = sender_good;
        verified = sender_good;
        meta.egress = HOST_PORT;
      end else if (meta_q.heartbeat) begin
        use_a = beat_good;
        verified = beat_good;
        meta.reason = use_a ? linecard_regs_pkg::REASON_HEARTBEAT : linecard_regs_pkg::REASON_HEARTBEAT_REFUSED;
      end else if (!sender_good) begin
        meta.reason = to_control_q ? linecard_regs_pkg::REASON_HOST_UNVERIFIED : fault;
        if (to_control_q) meta.egress = HOST_PORT;
      end else if (to_control_q) begin
        meta.reason = linecard_regs_pkg::REASON_HOST_CONTROL;
        use_a = 1'b1;
        verified = 1'b1;
        meta.egress = HOST_PORT;
      end else if (to_prefix_q) begin
        use_b = up_b_q;
        to_slot = 1'b1;
        verified = up_b_q;
        meta.reason = up_b_q ? linecard_regs_pkg::REASON_SLOT_TO_SLOT : linecard_regs_pkg::REASON_SLOT_DOWN;
      end else if (to_group_q) begin
        meta.reason = linecard_regs_pkg::REASON_SLOT_GROUP;
      end else if (to_line) begin
        meta.reason = linecard_regs_pkg::REASON_LINE_FROM_SLOT;
        use_a = 1'b1;
        verified = 1'b1;
        meta.egress = a_q.line_port;
      end else begin
        meta.reason = linecard_regs_pkg::REASON_INJECT_TARGET;
      end
    end else if (meta_q.inject_mode == linecard_regs_pkg::INJECT_MODE_SLOT) begin
      use_a = up_a_q;
      to_slot = 1'b1;
      meta.reason = up_a_q ? linecard_regs_pkg::REASON_INJECT_SLOT : linecard_regs_pkg::REASON_SLOT_DOWN;
    end else if (inject_port) begin
      meta.reason = to_fabric ? linecard_regs_pkg::REASON_INJECT_FABRIC : linecard_regs_pkg::REASON_INJECT_LINE;
      meta.egress = meta_q.inject_target[3:0];
    end else begin
      meta.reason = linecard_regs_pkg::REASON_INJECT_TARGET;
    end

    meta.sender_valid = verified;
    meta.sender = index_a_q;
    meta.decided = 1'b1;
    meta.slot_valid = use_a || use_b;
    if (use_a) begin
      meta.slot = index_a_q;
      meta.epoch = a_q.epoch;
      if (to_slot) meta.egress = a_q.port;
    end else if (use_b) begin
      meta.slot = index_b_q;
      meta.epoch = b_q.epoch;
      meta.egress = b_q.port;
    end
  end

  always_ff @(posedge clk_i) meta_o <= meta;

endmodule
