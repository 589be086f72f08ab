// Proofs of the slot rule: host_tables and slot_health as they stand together in the card.
module slot_rule_formal #(
    parameter int PORTS = 2,
    parameter int SLOTS = 2,
    localparam int WORDS_BITS = linecard_regs_pkg::WORDS_RULE * 32
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  write_i,
    input logic [23:0]           address_i,
    input logic [WORDS_BITS-1:0] words_i,
    input logic                  heartbeat_i,
    input logic                  heartbeat_slot_i,
    input logic [47:0]           time_us_i,
    input logic [31:0]           stall_us_i,
    input logic                  health_write_i,
    input logic [15:0]           host_index_i,
    input logic [linecard_regs_pkg::BITS_SLOT_HEALTH-1:0] health_data_i,
    input logic [PORTS-1:0]      link_i,
    input logic [PORTS-1:0]      stalled_i
);
  localparam int SLOT_BITS = linecard_regs_pkg::BITS_SLOT;
  logic [SLOTS-1:0] up;
  logic raise, drop;
  logic [5:0] index;
  logic [SLOTS*SLOT_BITS-1:0] slots;
  logic [SLOTS*4-1:0] slot_ports;
  host_tables #(
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .RULES(2),
      .PREFIXES(2)
  ) tables (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(write_i),
      .address_i(address_i),
      .words_i(words_i),
      .slot_up_i(up),
      .slot_raise_o(raise),
      .slot_drop_o(drop),
      .slot_index_o(index),
      .slots_o(slots)
  );
  slot_health #(
      .PORTS(PORTS),
      .SLOTS(SLOTS)
  ) health (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i),
      .slot_ports_i(slot_ports),
      .raise_i(raise),
      .drop_i(drop),
      .slot_i(index),
      .up_o(up),
      .stall_us_i(stall_us_i),
      .suspect_hold_us_i('0),
      .host_index_i(host_index_i),
      .health_write_i(health_write_i),
      .health_data_i(health_data_i),
      .event_ack_i(1'b0),
      .event_count_i('0),
      .heartbeat_i(heartbeat_i),
      .heartbeat_slot_i({5'd0, heartbeat_slot_i}),
      .stale_i(1'b0),
      .stale_slot_i('0),
      .link_i(link_i),
      .stalled_i(stalled_i)
  );
  for (genvar s = 0; s < SLOTS; s++) begin : g_slot
    assign slot_ports[s*4+:4] = slots[s*SLOT_BITS+linecard_regs_pkg::LSB_SLOT_PORT+:4];
  end

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // Assumes: address and words of a write stand in the clock before it and that behind, too, and there is no reset before it and no other write in these (registers).
  logic [24+WORDS_BITS-1:0] access, access_q;
  logic [1:0] write_q;
  assign access = {address_i, words_i};
  always @(posedge clk_i) {write_q, access_q} <= {write_q[0], write_i || !rst_ni, access};
  always @* if (begun_q && write_i) assume (access == access_q && write_q == '0);
  always @* if (begun_q && write_q[0]) assume (access == access_q);

  (* anyconst *) logic any;
  linecard_regs_pkg::slot_entry_t now, before;
  logic [SLOT_BITS-1:0] before_q;
  logic reset_q, writes_q, written_q, happened_q;
  assign now = any ? slots[SLOT_BITS+:SLOT_BITS] : slots[0+:SLOT_BITS];
  assign before = before_q;
  always @(posedge clk_i) begin
    before_q <= now;
    reset_q <= !rst_ni;
    written_q <= writes_q;
    writes_q <= rst_ni && write_i && address_i[23:2] == (linecard_regs_pkg::ADDR_TABLE_SLOT[23:2] | 22'(any));
    if (!rst_ni) happened_q <= 1'b0;
    else if (before.up && !now.up && !reset_q) happened_q <= 1'b1;
  end

  always @* begin
    if (begun_q && reset_q) assert (now == '0);  // Proves: after one clock of reset from any state every slot is down, with epoch 0.
    if (begun_q && !reset_q) begin
      // Proves: a slot that is down comes up only by a write of its entry that gives it another epoch than it has: neither heartbeats nor time nor any other write bring it up, and no write with its present epoch does.
      if (now.up && !before.up) assert (written_q && now.epoch != before.epoch);
      // Proves: a slot's epoch and ports change only by a write of its entry.
      if (!written_q) assert (now.epoch == before.epoch && now.port == before.port && now.line_port == before.line_port);
    end
    // Reaches: a slot up again after it went down.
    cover (begun_q && !reset_q && happened_q && now.up && !before.up);
    // Reaches: a write with up and the present epoch that leaves the slot down.
    cover (begun_q && !reset_q && happened_q && written_q && !now.up && !before.up && now.port != before.port);
  end
endmodule
