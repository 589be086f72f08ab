// Proofs of registers: what the host does on the bus, and nothing else, is done to the card, once.
module registers_formal #(
    parameter int PORTS = 1,
    parameter int SLOTS = 2,
    parameter int VIDS = 8,
    parameter int RULES = 2,
    parameter int PREFIXES = 1,
    parameter int OVERRIDES = 32
) (
    input logic        clk_i,
    input logic        rst_ni,
    input logic        cfg_valid_i,
    input logic        cfg_write_i,
    input logic [23:0] cfg_addr_i,
    input logic [31:0] cfg_wdata_i,
    input logic        clearing_i,
    input logic        override_ready_i,
    input logic        override_hits_busy_i,
    input logic        overrides_busy_i,
    input logic        snapshot_busy_i,
    input logic        bad_word_i,
    input logic [linecard_regs_pkg::BITS_VID_ROW-1:0] vid_row_data_i,
    input logic [31:0] count_data_i
);
  logic ready, enable, bad_parity;
  logic [31:0] rdata, fabric_prefix, fragment_us, stall_us, suspect_hold_us, mirror;
  logic [63:0] mirror_reasons;
  logic slot_raise, slot_drop, health_write, event_ack, policer_write, type_set_write, row_write, override_write;
  logic hits_read, hits_clear, clear, snapshot;
  logic [5:0] slot_index;
  logic [15:0] entry, index;
  logic [31:0] data;
  logic [linecard_regs_pkg::BITS_OVERRIDE-1:0] override_data;
  registers #(
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .VIDS(VIDS),
      .RULES(RULES),
      .PREFIXES(PREFIXES),
      .OVERRIDES(OVERRIDES)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .cfg_valid_i(cfg_valid_i),
      .cfg_write_i(cfg_write_i),
      .cfg_addr_i(cfg_addr_i),
      .cfg_wdata_i(cfg_wdata_i),
      .cfg_ready_o(ready),
      .cfg_rdata_o(rdata),
      .time_us_i('0),
      .idle_i(1'b0),
      .in_flight_i('0),
      .clearing_i(clearing_i),
      .enable_o(enable),
      .bad_parity_o(bad_parity),
      .fabric_prefix_o(fabric_prefix),
      .fragment_us_o(fragment_us),
      .stall_us_o(stall_us),
      .suspect_hold_us_o(suspect_hold_us),
      .mirror_o(mirror),
      .mirror_reasons_o(mirror_reasons),
      .ports_o(),
      .slots_o(),
      .prefixes_o(),
      .rule_write_o(),
      .rule_index_o(),
      .rule_data_o(),
      .rules_valid_o(),
      .slot_up_i('0),
      .slot_raise_o(slot_raise),
      .slot_drop_o(slot_drop),
      .slot_index_o(slot_index),
      .slot_health_write_o(health_write),
      .slot_health_data_o(),
      .slot_health_data_i('0),
      .slot_event_ack_o(event_ack),
      .slot_event_count_o(),
      .slot_event_data_i('0),
      .slot_pending_i('0),
      .policer_write_o(policer_write),
      .policer_data_o(),
      .policer_data_i('0),
      .entry_o(entry),
      .type_set_write_o(type_set_write),
      .vid_row_write_o(row_write),
      .override_write_o(override_write),
      .override_ready_i(override_ready_i),
      .override_hits_read_o(hits_read),
      .override_hits_clear_o(hits_clear),
      .override_hits_busy_i(override_hits_busy_i),
      .overrides_clear_o(clear),
      .overrides_busy_i(overrides_busy_i),
      .ram_index_o(index),
      .ram_data_o(data),
      .override_data_o(override_data),
      .type_set_data_i('0),
      .type_set_bad_i(1'b0),
      .vid_row_data_i(vid_row_data_i),
      .vid_row_bad_i(1'b0),
      .override_data_i('0),
      .override_bad_i(1'b0),
      .override_hits_i('0),
      .bad_word_i(bad_word_i),
      .snapshot_o(snapshot),
      .snapshot_busy_i(snapshot_busy_i),
      .snapshot_in_flight_i('0),
      .snapshot_held_i('0),
      .count_address_o(),
      .count_data_i(count_data_i),
      .vid_counts_i('0)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // ---- the access under way
  localparam int LIMIT = 12;  // clocks, where nothing has to be waited for
  logic under_way_q, was_reset_q, wrote_q, took_q, waited_q;
  logic [56:0] access_q;
  logic [3:0] clocks_q;
  logic busy, effect, takes;
  assign busy = clearing_i || snapshot_busy_i || overrides_busy_i || override_hits_busy_i || !override_ready_i;
  // Whatever a write does outside of this module. An override's strobe stays until the table takes it.
  assign takes = override_write && override_ready_i;
  assign effect = slot_raise || slot_drop || health_write || event_ack || policer_write || type_set_write || row_write ||
      takes || hits_clear || clear || snapshot;
  logic [3:0] effects;
  assign effects = 4'(health_write) + 4'(event_ack) + 4'(policer_write) + 4'(type_set_write) +
      4'(row_write) + 4'(override_write) + 4'(hits_clear) + 4'(clear) + 4'(snapshot) + 4'(slot_raise || slot_drop);
  logic [97:0] settings, settings_q;
  assign settings = {enable, bad_parity, fabric_prefix, mirror_reasons};
  always @(posedge clk_i) begin
    was_reset_q <= !rst_ni;
    settings_q <= settings;
    access_q <= {cfg_write_i, cfg_addr_i, cfg_wdata_i};
    under_way_q <= rst_ni && cfg_valid_i && !ready;
    took_q <= rst_ni && cfg_valid_i && !ready && (took_q || effect);
    wrote_q <= rst_ni && cfg_valid_i && !ready && (wrote_q || row_write);
    waited_q <= rst_ni && cfg_valid_i && !ready && (waited_q || busy);
    clocks_q <= (rst_ni && cfg_valid_i && !ready) ? clocks_q + 4'(clocks_q != 4'd15) : '0;
  end
  always @* begin
    // Assumes: an access stays as it is until it is ready (the bus).
    if (begun_q && under_way_q) assume (cfg_valid_i && access_q == {cfg_write_i, cfg_addr_i, cfg_wdata_i});
  end

  logic to_row, row_exists;
  assign to_row = cfg_addr_i[23:20] == linecard_regs_pkg::ADDR_TABLE_VID_ROW[23:20];
  assign row_exists = cfg_addr_i[19:2] < VIDS;
  always @* begin
    if (begun_q) begin
      // Proves: after one clock of reset, from any state, the card is not enabled, mirrors nothing, and the bus is free.
      if (was_reset_q) assert (!enable && !bad_parity && mirror == '0 && mirror_reasons == '0 && !ready && !effect);
      // Proves: an answer belongs to an access, and comes within a bounded number of clocks where nothing has to be waited for.
      if (ready) assert (cfg_valid_i && under_way_q);
      if (under_way_q && clocks_q == 4'(LIMIT) && !waited_q) assert (ready);
      // Proves: a read does nothing to the tables; whatever is done, a write on the bus does it, and does it once.
      if (effect || override_write) assert (cfg_valid_i && cfg_write_i && !took_q);
      if (hits_read) assert (cfg_valid_i && !cfg_write_i);
      // Proves: a write does one thing only.
      assert (effects <= 4'd1);
      // Proves: a setting changes only with a write to it, or by a reset.
      if (settings != settings_q && !was_reset_q) assert (under_way_q && cfg_write_i && cfg_addr_i[23:12] == '0);
      // Proves: the row of a VID is written by an access to it, with that access's index and data, and every such access has written it when it is answered.
      if (row_write) assert (to_row && row_exists && 18'(index) == cfg_addr_i[19:2] && data == cfg_wdata_i);
      if (ready && cfg_write_i && to_row && row_exists) assert (wrote_q);
      // Proves: what lies beyond the tables of this card is not written, and reads as zero.
      if (ready && to_row && !row_exists) assert (!wrote_q && (cfg_write_i || rdata == '0));
    end
    // Reaches: a row read, a row written, an override written after a wait, a snapshot.
    cover (begun_q && ready && !cfg_write_i && to_row && row_exists && rdata != '0);
    cover (begun_q && row_write && index == 16'd5);
    cover (begun_q && takes && waited_q);
    cover (begun_q && ready && took_q && cfg_write_i && cfg_addr_i == linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT);
    // Reaches: the card enabled.
    cover (begun_q && enable && !settings_q[97]);
  end
endmodule
