// Proofs of decide: what it says of a frame against the slots as they stood when they were read.
module decide_formal #(
    parameter int PORTS = 2,
    parameter int SLOTS = 4,
    parameter int SPARE = 0,
    localparam int SLOT_BITS = linecard_regs_pkg::BITS_SLOT
) (
    input logic                                            clk_i,
    input logic                                            first_i,
    input logic [linecard_pkg::META_BITS-1:0]              meta_i,
    input logic [30*8-1:0]                                 window_i,
    input logic [31:0]                                     fabric_prefix_i,
    input logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0]   ports_i,
    input logic [SLOTS*SLOT_BITS-1:0]                      slots_i,
    input logic [SLOTS*32-1:0]                             nonces_i
);
  linecard_pkg::meta_t out;
  logic [linecard_pkg::META_BITS-1:0] out_bits;
  decide #(
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .SPARE(SPARE)
  ) dut (
      .clk_i(clk_i),
      .first_i(first_i),
      .meta_i(meta_i),
      .window_i(window_i),
      .fabric_prefix_i(fabric_prefix_i),
      .ports_i(ports_i),
      .slots_i(slots_i),
      .nonces_i(nonces_i),
      .meta_o(out_bits)
  );
  assign out = out_bits;

  linecard_pkg::meta_t given;
  assign given = meta_i;
  always @* begin
    // Assumes: what was decided before is a punt or a drop (classify, identify, lookup).
    if (given.by_rules && given.decided) assume (linecard_regs_pkg::ends_in_punt(given.reason) || linecard_regs_pkg::ends_in_drop(given.reason));
  end

  // ---- what it was given when the frame was there, and the slots when they were read
  localparam int CLOCKS = 2 + 2 * SPARE;
  localparam int META = linecard_pkg::META_BITS;
  localparam int TABLE = SLOTS * SLOT_BITS;
  localparam int READ = CLOCKS - SPARE;  // clocks ago
  logic [CLOCKS-1:0] begun_q = '0;
  logic [CLOCKS-1:0] firsts_q = '0;
  logic [CLOCKS*META-1:0] metas_q;
  logic [CLOCKS*240-1:0] windows_q;
  logic [CLOCKS*32-1:0] prefixes_q;
  logic [CLOCKS*TABLE-1:0] tables_q;
  logic [CLOCKS*SLOTS*32-1:0] nonces_q;
  always @(posedge clk_i) begin
    begun_q <= {begun_q[CLOCKS-2:0], 1'b1};
    firsts_q <= {firsts_q[CLOCKS-2:0], first_i};
    metas_q <= {metas_q[(CLOCKS-1)*META-1:0], meta_i};
    windows_q <= {windows_q[(CLOCKS-1)*240-1:0], window_i};
    prefixes_q <= {prefixes_q[(CLOCKS-1)*32-1:0], fabric_prefix_i};
    tables_q <= {tables_q[(CLOCKS-1)*TABLE-1:0], slots_i};
    nonces_q <= {nonces_q[(CLOCKS-1)*SLOTS*32-1:0], nonces_i};
  end
  // Assumes: where there are spare clocks, frames leave time for them (rx_merge).
  if (SPARE != 0) begin : g_apart
    always @* if (first_i) assume (firsts_q[CLOCKS-2:0] == '0);
  end
  logic answers;
  assign answers = begun_q[CLOCKS-1] && (SPARE == 0 || firsts_q[CLOCKS-1]);
  linecard_pkg::meta_t asked;
  logic [239:0] window;
  logic [SLOTS*SLOT_BITS-1:0] slots;
  logic [SLOTS*32-1:0] nonces;
  assign asked = metas_q[(CLOCKS-1)*META+:META];
  assign window = windows_q[(CLOCKS-1)*240+:240];
  assign slots = tables_q[(READ-1)*TABLE+:TABLE];
  assign nonces = nonces_q[(READ-1)*SLOTS*32+:SLOTS*32];

  // ---- the slot that the answer names, and the one that the frame says it comes from
  logic [5:0] destined, sender;
  linecard_regs_pkg::slot_entry_t to, from, active;
  logic to_exists, from_exists, active_exists;
  logic [31:0] nonce, source_prefix, fabric_prefix;
  logic [7:0] source_slot;
  assign destined = out.slot;
  assign source_slot = window[80+:8];
  assign source_prefix = {window[48+:8], window[56+:8], window[64+:8], window[72+:8]};
  assign fabric_prefix = prefixes_q[(CLOCKS-1)*32+:32];
  always @* begin
    to = '0;
    from = '0;
    active = '0;
    to_exists = 1'b0;
    from_exists = 1'b0;
    active_exists = 1'b0;
    nonce = '0;
    for (int s = 0; s < SLOTS; s++) begin
      if (destined == 6'(s)) begin
        to = slots[s*SLOT_BITS+:SLOT_BITS];
        to_exists = 1'b1;
      end
      if (source_slot == 8'(s)) begin
        from = slots[s*SLOT_BITS+:SLOT_BITS];
        from_exists = 1'b1;
        nonce = nonces[s*32+:32];
      end
      if (asked.row_active == 6'(s)) begin
        active = slots[s*SLOT_BITS+:SLOT_BITS];
        active_exists = 1'b1;
      end
    end
  end
  logic active_up, may_send, to_slot;
  assign active_up = active_exists && active.up && active.port < PORTS;
  assign may_send = source_prefix == fabric_prefix && from_exists && from.up && from.port == asked.ingress &&
      from.epoch == window[88+:8];
  assign to_slot = linecard_regs_pkg::ends_in_steer(out.reason) ||
      out.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT || out.reason == linecard_regs_pkg::REASON_INJECT_SLOT;

  // A heartbeat lies behind the Ethernet header and up to two tags.
  logic [31:0] sent;
  always @* begin
    sent = {window[18*8+:8], window[19*8+:8], window[20*8+:8], window[21*8+:8]};
    if (asked.l3 == 5'd18) sent = {window[22*8+:8], window[23*8+:8], window[24*8+:8], window[25*8+:8]};
    if (asked.l3 == 5'd22) sent = {window[26*8+:8], window[27*8+:8], window[28*8+:8], window[29*8+:8]};
  end

  always @* begin
    if (answers) begin
      // Proves: a frame goes only to a slot that the card has and that is up, out of that slot's port, which the card has, with that slot's epoch, all as they stood at one clock.
      if (to_slot) begin
        assert (out.slot_valid && to_exists && to.up && to.port < PORTS);
        assert (out.egress == to.port && out.epoch == to.epoch);
      end
      // Proves: a steered frame had a row, valid and of the right parity, and goes to that row's active slot, or to its backup where that is in sync and the active slot is not up; never to another.
      if (linecard_regs_pkg::ends_in_steer(out.reason)) begin
        assert (asked.by_rules && !asked.decided && asked.row_valid && !asked.bad_row);
        if (out.reason == linecard_regs_pkg::REASON_STEER_ACTIVE) assert (out.slot == asked.row_active);
        else assert (out.slot == asked.row_backup && asked.row_in_sync && !active_up);
      end
      // Proves: a frame whose row is valid and whose active slot is up goes there.
      if (asked.by_rules && !asked.decided && asked.row_valid && !asked.bad_row && active_up) begin
        assert (out.reason == linecard_regs_pkg::REASON_STEER_ACTIVE);
      end
      // Proves: what comes from a fabric port goes to the line, to another slot or to the control address as verified only from a slot that is up, by its present epoch, behind that very port.
      if (out.reason == linecard_regs_pkg::REASON_LINE_FROM_SLOT || out.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT ||
          out.reason == linecard_regs_pkg::REASON_HOST_CONTROL || out.sender_valid) begin
        assert (may_send);
      end
      // Proves: a heartbeat counts only from such a slot, of the right version, with the nonce that the host has given that slot.
      if (out.reason == linecard_regs_pkg::REASON_HEARTBEAT) begin
        assert (asked.heartbeat && may_send && out.slot_valid && 8'(out.slot) == source_slot && sent == nonce);
      end
      // Proves: what goes to the line leaves by a port that the card has, from a slot by that slot's line port.
      if (out.reason == linecard_regs_pkg::REASON_LINE_FROM_SLOT) assert (out.egress == from.line_port && from.line_port < PORTS);
      if (linecard_regs_pkg::ends_in_line(out.reason) || linecard_regs_pkg::ends_in_slot(out.reason)) assert (out.egress < PORTS);
      // Proves: what is punted, and what a slot sends to the host, goes to the host's queue, but for what is held for its first fragment.
      if (linecard_regs_pkg::ends_in_host(out.reason)) assert (out.egress == PORTS);
      if (linecard_regs_pkg::ends_in_punt(out.reason) && !asked.hold) assert (out.egress == PORTS);
      // Proves: every frame gets a reason that exists, and every reason belongs to exactly one end.
      assert (out.decided);
      assert (3'(linecard_regs_pkg::ends_in_steer(out.reason)) + 3'(linecard_regs_pkg::ends_in_punt(out.reason)) +
              3'(linecard_regs_pkg::ends_in_host(out.reason)) + 3'(linecard_regs_pkg::ends_in_slot(out.reason)) +
              3'(linecard_regs_pkg::ends_in_line(out.reason)) + 3'(linecard_regs_pkg::ends_in_drop(out.reason)) +
              3'(linecard_regs_pkg::ends_in_consume(out.reason)) == 3'd1);
    end
    // Reaches: steered to the active slot, to the backup, and to neither.
    cover (answers && out.reason == linecard_regs_pkg::REASON_STEER_ACTIVE);
    cover (answers && out.reason == linecard_regs_pkg::REASON_STEER_BACKUP);
    cover (answers && out.reason == linecard_regs_pkg::REASON_PUNT_SLOTS_DOWN);
    // Reaches: from slot to slot, from a slot to the line, a heartbeat, one that is refused.
    cover (answers && out.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT);
    cover (answers && out.reason == linecard_regs_pkg::REASON_LINE_FROM_SLOT);
    cover (answers && out.reason == linecard_regs_pkg::REASON_HEARTBEAT);
    cover (answers && out.reason == linecard_regs_pkg::REASON_HEARTBEAT_REFUSED);
  end
endmodule
