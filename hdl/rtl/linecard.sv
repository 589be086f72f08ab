// The line interface. Wiring only; it reads like this:
//
//   ports ─►┌─────────┐  ┌──────────────────── pipeline ────────────────────┐
//   host  ─►│ ingress ├──► parse ─► classify ─► lookup ─► decide ─► rewrite ├─► finish ─┐
//        ┌─►└─────────┘  └──────────────────────────────────────────────────┘     │     │
//        │                                     ▲ up              ▲ tables     counters  │
//        └── fragment_hold ◄──────── slot_health ◄── heartbeats ── registers ◄──────────┤
//   ports ◄──┌────────┐                                          punt_gate              │
//   host  ◄──┤ egress │◄────────────────────────────────────────────────────────────────┘
//            └────────┘
//
// docs/card.md is the contract of what is decided, hdl/registers.yaml of what the host can read and
// write. A frame never waits between rx_ingress and finish.
module linecard #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int RULES = 16,
    parameter int RULE_TURNS = 1,  // clocks in which rules are compared, a part of them in each
    parameter int PREFIXES = 8,
    parameter int OVERRIDES = 1024,
    parameter int FRAGMENTS = 512,
    parameter int HOLD_BYTES = 4096,
    parameter int RX_BYTES = 4096,
    parameter int QUEUE_BYTES = 4096,
    parameter int VID_COUNTER_BITS = 32,
    parameter int VID_BYTE_COUNTER_BITS = 0,
    parameter int CONFIGURATION_ID = 0,
    parameter logic [31:0] BUILD_ID = 32'd0,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic [63:0]                 time_us_i,      // absolute, may jump
    output logic [63:0]                 deadline_us_o,  // next time that matters; all ones: none
    output logic                        idle_o,
    input  logic [PORTS-1:0]            link_i,         // of each port: 0 takes its slots down
    // ports: receive. room_o: a whole frame fits
    input  logic [PORTS-1:0]            rx_tvalid_i,
    input  logic [PORTS*DATA_WIDTH-1:0] rx_tdata_i,
    input  logic [PORTS*K-1:0]          rx_tkeep_i,
    input  logic [PORTS-1:0]            rx_tlast_i,
    input  logic [PORTS-1:0]            rx_tuser_i,
    output logic [PORTS-1:0]            rx_room_o,
    // ports: transmit
    output logic [PORTS-1:0]            tx_tvalid_o,
    input  logic [PORTS-1:0]            tx_tready_i,
    output logic [PORTS*DATA_WIDTH-1:0] tx_tdata_o,
    output logic [PORTS*K-1:0]          tx_tkeep_o,
    output logic [PORTS-1:0]            tx_tlast_o,
    // host: inject. tuser beside the first beat
    input  logic                        inject_tvalid_i,
    output logic                        inject_tready_o,
    input  logic [DATA_WIDTH-1:0]       inject_tdata_i,
    input  logic [K-1:0]                inject_tkeep_i,
    input  logic                        inject_tlast_i,
    input  logic [linecard_regs_pkg::INJECT_BITS-1:0] inject_tuser_i,
    // host: punted frames, each with its decision record
    output logic                        host_tvalid_o,
    input  logic                        host_tready_i,
    output logic [DATA_WIDTH-1:0]       host_tdata_o,
    output logic [K-1:0]                host_tkeep_o,
    output logic                        host_tlast_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] host_tuser_o,
    // observation: every frame's decision, in pipeline order
    output logic                        decision_valid_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] decision_o,
    output logic                        attention_o,    // a slot event is not acknowledged
    // register bus
    input  logic                        cfg_valid_i,
    input  logic                        cfg_write_i,
    input  logic [23:0]                 cfg_addr_i,
    input  logic [31:0]                 cfg_wdata_i,
    output logic                        cfg_ready_o,
    output logic [31:0]                 cfg_rdata_o
);
  localparam int COUNT_BITS = $clog2(K);
  localparam int SIDE_BITS = linecard_pkg::SIDE_BITS;
  localparam int FRAGMENT_BITS = $clog2(FRAGMENTS);

  // ---- tables and control
  logic enable, bad_parity;
  logic [31:0] fabric_prefix, fragment_us, stall_us, suspect_hold_us, mirror;
  logic [63:0] mirror_reasons;
  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports;
  logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots;
  logic [SLOTS*32-1:0] nonces;
  logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes;
  logic [RULES-1:0] rules_valid;

  // Frames wait until what counts and remembers is clear after reset; a snapshot does not hold them.
  logic counters_busy, vids_busy, fragments_busy, gate_busy, clear_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) clear_q <= 1'b0;
    else if (!counters_busy && !vids_busy && !fragments_busy && !gate_busy) clear_q <= 1'b1;
  end

  // Clocks, for how long frames take.
  logic [15:0] clock_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) clock_q <= '0;
    else clock_q <= clock_q + 16'd1;
  end

  // ---- in
  logic merged_valid, merged_first, merged_last;
  logic [DATA_WIDTH-1:0] merged_data;
  logic [COUNT_BITS-1:0] merged_count;
  logic [2:0] merged_verdict;
  logic [3:0] merged_source;
  logic [SIDE_BITS-1:0] merged_side, held_side;
  logic held_valid, held_ready, held_last;
  logic [DATA_WIDTH-1:0] held_data;
  logic [COUNT_BITS-1:0] held_count;
  logic [PORTS:0] rx_lost;
  logic rx_empty;
  ingress #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .RX_BYTES(RX_BYTES)
  ) ingress (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .hold_i(!clear_q),
      .clock_i(clock_q),
      .ports_i(ports),
      .rx_tvalid_i(rx_tvalid_i),
      .rx_tdata_i(rx_tdata_i),
      .rx_tkeep_i(rx_tkeep_i),
      .rx_tlast_i(rx_tlast_i),
      .rx_tuser_i(rx_tuser_i),
      .rx_room_o(rx_room_o),
      .inject_tvalid_i(inject_tvalid_i),
      .inject_tready_o(inject_tready_o),
      .inject_tdata_i(inject_tdata_i),
      .inject_tkeep_i(inject_tkeep_i),
      .inject_tlast_i(inject_tlast_i),
      .inject_tuser_i(inject_tuser_i),
      .held_valid_i(held_valid),
      .held_ready_o(held_ready),
      .held_data_i(held_data),
      .held_count_i(held_count),
      .held_last_i(held_last),
      .held_side_i(held_side),
      .valid_o(merged_valid),
      .first_o(merged_first),
      .data_o(merged_data),
      .count_o(merged_count),
      .last_o(merged_last),
      .verdict_o(merged_verdict),
      .source_o(merged_source),
      .side_o(merged_side),
      .lost_o(rx_lost),
      .empty_o(rx_empty)
  );

  // ---- parse to rewrite
  logic type_set_write, vid_row_write, override_write, override_ready;
  logic override_hits_read, override_hits_clear, override_hits_busy, overrides_clear, overrides_busy;
  logic [15:0] ram_index;
  logic [31:0] ram_wdata, type_set_data, override_hits;
  logic [linecard_regs_pkg::BITS_VID_ROW-1:0] vid_row_data;
  logic [linecard_regs_pkg::BITS_OVERRIDE-1:0] override_wdata, override_data;
  logic type_set_bad, vid_row_bad, override_bad;
  logic rule_write;
  logic [4:0] rule_index;
  logic [linecard_regs_pkg::BITS_RULE-1:0] rule_data;
  logic entered, returned, learned;
  logic [1:0] entered_origin;
  logic [7:0] learn_count;
  logic [FRAGMENT_BITS-1:0] learned_index;
  linecard_pkg::meta_t meta_finish, meta_next;
  logic out_valid, out_last, out_ill;
  logic [DATA_WIDTH-1:0] out_data;
  logic [COUNT_BITS-1:0] out_count;
  logic [5:0] out_illness;
  logic [15:0] out_length;
  pipeline #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .VIDS(VIDS),
      .RULES(RULES),
      .RULE_TURNS(RULE_TURNS),
      .PREFIXES(PREFIXES),
      .OVERRIDES(OVERRIDES),
      .FRAGMENTS(FRAGMENTS)
  ) pipeline (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(merged_valid),
      .first_i(merged_first),
      .data_i(merged_data),
      .count_i(merged_count),
      .last_i(merged_last),
      .verdict_i(merged_verdict),
      .source_i(merged_source),
      .side_i(merged_side),
      .time_us_i(time_us_i[47:0]),
      .enable_i(enable),
      .fragment_us_i(fragment_us),
      .fabric_prefix_i(fabric_prefix),
      .ports_i(ports),
      .slots_i(slots),
      .nonces_i(nonces),
      .prefixes_i(prefixes),
      .rule_write_i(rule_write),
      .rule_index_i(rule_index),
      .rule_data_i(rule_data),
      .rules_valid_i(rules_valid),
      .type_set_write_i(type_set_write),
      .vid_row_write_i(vid_row_write),
      .override_write_i(override_write),
      .override_ready_o(override_ready),
      .override_hits_read_i(override_hits_read),
      .override_hits_clear_i(override_hits_clear),
      .override_hits_busy_o(override_hits_busy),
      .overrides_clear_i(overrides_clear),
      .overrides_busy_o(overrides_busy),
      .ram_index_i(ram_index),
      .ram_data_i(ram_wdata),
      .override_data_i(override_wdata),
      .bad_parity_i(bad_parity),
      .type_set_data_o(type_set_data),
      .type_set_bad_o(type_set_bad),
      .vid_row_data_o(vid_row_data),
      .vid_row_bad_o(vid_row_bad),
      .override_data_o(override_data),
      .override_bad_o(override_bad),
      .override_hits_o(override_hits),
      .fragments_busy_o(fragments_busy),
      .learn_count_i(learn_count),
      .learned_o(learned),
      .learned_index_o(learned_index),
      .entered_o(entered),
      .entered_origin_o(entered_origin),
      .returned_o(returned),
      .meta_o(meta_finish),
      .meta_next_o(meta_next),
      .valid_o(out_valid),
      .data_o(out_data),
      .count_o(out_count),
      .last_o(out_last),
      .ill_o(out_ill),
      .illness_o(out_illness),
      .length_o(out_length)
  );

  // ---- finish
  logic [PORTS+1:0] queue_select, queue_accept;
  logic queue_stay, copy_keep, host_commit, conform, share_ok, sender_valid, held, copied, copy_lost;
  logic [PORTS-1:0] copy_select;
  logic [5:0] sender;
  linecard_regs_pkg::decision_t record, ended;
  finish #(.PORTS(PORTS)) finish (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i[47:0]),
      .meta_i(meta_finish),
      .meta_next_i(meta_next),
      .valid_i(out_valid),
      .last_i(out_last),
      .ill_i(out_ill),
      .illness_i(out_illness),
      .length_i(out_length),
      .select_o(queue_select),
      .stay_o(queue_stay),
      .accept_i(queue_accept),
      .conform_i(conform),
      .share_ok_i(share_ok),
      .commit_o(host_commit),
      .mirror_i(mirror[0]),
      .mirror_port_i(mirror[7:4]),
      .mirror_by_vid_i(mirror[1]),
      .mirror_vid_i(mirror[31:16]),
      .mirror_reasons_i(mirror_reasons),
      .copy_select_o(copy_select),
      .copy_keep_o(copy_keep),
      .record_o(record),
      .event_valid_o(decision_valid_o),
      .event_o(ended),
      .event_sender_valid_o(sender_valid),
      .event_sender_o(sender),
      .held_o(held),
      .copied_o(copied),
      .copy_lost_o(copy_lost)
  );
  assign decision_o = ended;

  linecard_pkg::side_t merged_note;
  logic [15:0] latency;
  assign merged_note = merged_side;
  frame_latency frame_latency (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .clock_i(clock_q),
      .enter_i(merged_valid && merged_first),
      .stamp_i(merged_note.stamp),
      .leave_i(out_valid && out_last),
      .latency_o(latency)
  );

  // ---- what goes to the host is limited by service: its rule, or what it has instead of one
  localparam int BUCKET_BITS = $clog2(RULES + 2);
  logic [BUCKET_BITS-1:0] bucket_next, bucket_left;
  linecard_regs_pkg::decision_t leaving;
  assign leaving = host_tuser_o;
  always_comb begin
    if (meta_next.rule_hit) bucket_next = BUCKET_BITS'(meta_next.rule);
    else bucket_next = meta_next.by_rules ? BUCKET_BITS'(RULES) : BUCKET_BITS'(RULES + 1);
    if (leaving.rule_hit) bucket_left = BUCKET_BITS'(leaving.rule);
    else bucket_left = linecard_regs_pkg::ends_in_punt(leaving.reason) ? BUCKET_BITS'(RULES) : BUCKET_BITS'(RULES + 1);
  end
  logic policer_write;
  logic [15:0] entry;
  logic [linecard_regs_pkg::BITS_POLICER-1:0] policer_wdata, policer_data;
  punt_gate #(
      .RULES(RULES),
      .FORWARD((DATA_WIDTH > 64) ? 1 : 0)
  ) punt_gate (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i[47:0]),
      .next_index_i(bucket_next),
      .conform_o(conform),
      .share_ok_o(share_ok),
      .commit_i(host_commit),
      .dequeue_i(host_tvalid_o && host_tready_i && host_tlast_o),
      .dequeue_index_i(bucket_left),
      .host_write_i(policer_write),
      .host_index_i(entry),
      .host_data_i(policer_wdata),
      .host_data_o(policer_data),
      .busy_o(gate_busy)
  );

  // ---- out
  logic [PORTS-1:0] pause, stalled;
  logic tx_empty, hold_idle;
  egress #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .QUEUE_BYTES(QUEUE_BYTES)
  ) egress (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(out_valid),
      .data_i(out_data),
      .count_i(out_count),
      .last_i(out_last),
      .select_i(queue_select[PORTS:0]),
      .keep_i(queue_stay),
      .copy_select_i(copy_select),
      .copy_keep_i(copy_keep),
      .record_i(record),
      .accept_o(queue_accept[PORTS:0]),
      .pause_i(pause),
      .stalled_o(stalled),
      .tx_tvalid_o(tx_tvalid_o),
      .tx_tready_i(tx_tready_i),
      .tx_tdata_o(tx_tdata_o),
      .tx_tkeep_o(tx_tkeep_o),
      .tx_tlast_o(tx_tlast_o),
      .host_tvalid_o(host_tvalid_o),
      .host_tready_i(host_tready_i),
      .host_tdata_o(host_tdata_o),
      .host_tkeep_o(host_tkeep_o),
      .host_tlast_o(host_tlast_o),
      .host_tuser_o(host_tuser_o),
      .empty_o(tx_empty)
  );

  // ---- later fragments that wait for their first, and then come in again
  localparam int NOTE_BITS = 14;
  logic [47:0] hold_deadline;
  logic [NOTE_BITS-1:0] held_note;
  logic held_expired;
  linecard_pkg::side_t side_again;
  fragment_hold #(
      .DATA_WIDTH(DATA_WIDTH),
      .BYTES(HOLD_BYTES),
      .INDEX_BITS(FRAGMENT_BITS),
      .NOTE_BITS(NOTE_BITS)
  ) fragment_hold (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i[47:0]),
      .fragment_us_i(fragment_us),
      .valid_i(out_valid && queue_select[PORTS+1]),
      .data_i(out_data),
      .count_i(out_count),
      .last_i(out_last),
      .keep_i(!out_ill && meta_finish.hold),  // what is held waits for no policer
      .returned_i(meta_finish.returned),
      .index_i(meta_finish.fragment_index[FRAGMENT_BITS-1:0]),
      .learned_count_i(meta_finish.learned),
      .note_i({meta_finish.inject_target, meta_finish.inject_mode, meta_finish.ingress}),
      .accept_o(queue_accept[PORTS+1]),
      .back_i(out_valid && out_last && meta_finish.returned),
      .learned_i(learned),
      .learned_index_i(learned_index),
      .learn_count_o(learn_count),
      .valid_o(held_valid),
      .ready_i(held_ready),
      .data_o(held_data),
      .count_o(held_count),
      .last_o(held_last),
      .note_o(held_note),
      .expired_o(held_expired),
      .held_o(hold_frames_unused),
      .deadline_us_o(hold_deadline),
      .idle_o(hold_idle)
  );
  logic [7:0] hold_frames_unused;
  always_comb begin
    side_again = '0;
    side_again.expired = held_expired;
    side_again.stamp = clock_q;
    {side_again.inject, side_again.ingress} = held_note;
  end
  assign held_side = side_again;

  // ---- slots
  logic slot_raise, slot_drop, health_write, event_ack;
  logic [5:0] slot_index;
  logic [7:0] event_count;
  logic [linecard_regs_pkg::BITS_SLOT_HEALTH-1:0] health_wdata, health_data;
  logic [linecard_regs_pkg::BITS_SLOT_EVENT-1:0] event_data;
  logic [SLOTS-1:0] slot_up, slot_pending;
  logic [47:0] health_deadline;
  logic health_settled;
  logic [SLOTS*4-1:0] slot_ports;
  for (genvar s = 0; s < SLOTS; s++) begin : g_slot_port
    assign slot_ports[s*4+:4] = slots[s*linecard_regs_pkg::BITS_SLOT+linecard_regs_pkg::LSB_SLOT_PORT+:4];
  end
  slot_health #(
      .PORTS(PORTS),
      .SLOTS(SLOTS)
  ) slot_health (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i[47:0]),
      .slot_ports_i(slot_ports),
      .raise_i(slot_raise),
      .drop_i(slot_drop),
      .slot_i(slot_index),
      .up_o(slot_up),
      .stall_us_i(stall_us),
      .suspect_hold_us_i(suspect_hold_us),
      .host_index_i(entry),
      .health_write_i(health_write),
      .health_data_i(health_wdata),
      .health_data_o(health_data),
      .event_ack_i(event_ack),
      .event_count_i(event_count),
      .event_data_o(event_data),
      .pending_o(slot_pending),
      .nonces_o(nonces),
      .heartbeat_i(decision_valid_o && ended.reason == linecard_regs_pkg::REASON_HEARTBEAT),
      .heartbeat_slot_i(sender),
      .stale_i(decision_valid_o && (ended.reason == linecard_regs_pkg::REASON_SOURCE_EPOCH ||
          ended.reason == linecard_regs_pkg::REASON_SOURCE_DOWN)),
      .stale_slot_i(sender),
      .link_i(link_i),
      .stalled_i(stalled),
      .hold_o(pause),
      .deadline_us_o(health_deadline),
      .settled_o(health_settled)
  );

  // ---- counters and registers
  logic snapshot, quiet;
  logic [15:0] in_flight, held_frames_unused, snapshot_in_flight, snapshot_held;
  logic [23:0] count_address;
  logic [31:0] count_data, vid_counts;
  counters #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .VIDS(VIDS),
      .RULES(RULES),
      .VID_COUNTER_BITS(VID_COUNTER_BITS),
      .VID_BYTE_COUNTER_BITS(VID_BYTE_COUNTER_BITS)
  ) counters (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .receive_i(entered),
      .receive_origin_i(entered_origin),
      .returned_i(returned),
      .lost_i(rx_lost),
      .event_valid_i(decision_valid_o),
      .event_i(ended),
      .sender_valid_i(sender_valid),
      .sender_i(sender),
      .copied_i(copied),
      .copy_lost_i(copy_lost),
      .latency_i(latency),
      .held_i(held),
      .snapshot_i(snapshot),
      .busy_o(counters_busy),
      .vids_busy_o(vids_busy),
      .in_flight_o(in_flight),
      .held_o(held_frames_unused),
      .snapshot_in_flight_o(snapshot_in_flight),
      .snapshot_held_o(snapshot_held),
      .address_i(count_address),
      .data_o(count_data),
      .vid_data_o(vid_counts)
  );
  registers #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .VIDS(VIDS),
      .RULES(RULES),
      .PREFIXES(PREFIXES),
      .OVERRIDES(OVERRIDES),
      .FRAGMENTS(FRAGMENTS),
      .VID_COUNTER_BITS(VID_COUNTER_BITS),
      .VID_BYTE_COUNTER_BITS(VID_BYTE_COUNTER_BITS),
      .CONFIGURATION_ID(CONFIGURATION_ID),
      .BUILD_ID(BUILD_ID)
  ) registers (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .cfg_valid_i(cfg_valid_i),
      .cfg_write_i(cfg_write_i),
      .cfg_addr_i(cfg_addr_i),
      .cfg_wdata_i(cfg_wdata_i),
      .cfg_ready_o(cfg_ready_o),
      .cfg_rdata_o(cfg_rdata_o),
      .time_us_i(time_us_i),
      .idle_i(quiet),
      .in_flight_i(in_flight),
      .clearing_i(!clear_q),
      .enable_o(enable),
      .bad_parity_o(bad_parity),
      .fabric_prefix_o(fabric_prefix),
      .fragment_us_o(fragment_us),
      .stall_us_o(stall_us),
      .suspect_hold_us_o(suspect_hold_us),
      .mirror_o(mirror),
      .mirror_reasons_o(mirror_reasons),
      .ports_o(ports),
      .slots_o(slots),
      .prefixes_o(prefixes),
      .rule_write_o(rule_write),
      .rule_index_o(rule_index),
      .rule_data_o(rule_data),
      .rules_valid_o(rules_valid),
      .slot_up_i(slot_up),
      .slot_raise_o(slot_raise),
      .slot_drop_o(slot_drop),
      .slot_index_o(slot_index),
      .slot_health_write_o(health_write),
      .slot_health_data_o(health_wdata),
      .slot_health_data_i(health_data),
      .slot_event_ack_o(event_ack),
      .slot_event_count_o(event_count),
      .slot_event_data_i(event_data),
      .slot_pending_i(slot_pending),
      .policer_write_o(policer_write),
      .policer_data_o(policer_wdata),
      .policer_data_i(policer_data),
      .entry_o(entry),
      .type_set_write_o(type_set_write),
      .vid_row_write_o(vid_row_write),
      .override_write_o(override_write),
      .override_ready_i(override_ready),
      .override_hits_read_o(override_hits_read),
      .override_hits_clear_o(override_hits_clear),
      .override_hits_busy_i(override_hits_busy),
      .overrides_clear_o(overrides_clear),
      .overrides_busy_i(overrides_busy),
      .ram_index_o(ram_index),
      .ram_data_o(ram_wdata),
      .override_data_o(override_wdata),
      .type_set_data_i(type_set_data),
      .type_set_bad_i(type_set_bad),
      .vid_row_data_i(vid_row_data),
      .vid_row_bad_i(vid_row_bad),
      .override_data_i(override_data),
      .override_bad_i(override_bad),
      .override_hits_i(override_hits),
      .bad_word_i(decision_valid_o && ended.reason == linecard_regs_pkg::REASON_PUNT_PARITY),
      .snapshot_o(snapshot),
      .snapshot_busy_i(counters_busy),
      .snapshot_in_flight_i(snapshot_in_flight),
      .snapshot_held_i(snapshot_held),
      .count_address_o(count_address),
      .count_data_i(count_data),
      .vid_counts_i(vid_counts)
  );

  always_ff @(posedge clk_i) attention_o <= rst_ni && (|slot_pending);

  // A frame is counted as in flight two clocks after it has left rx_port. Timers need a clock only
  // when their time comes.
  assign quiet = rx_empty && !merged_valid && !entered && !returned && in_flight == '0 && tx_empty;
  assign idle_o = quiet && hold_idle && health_settled;
  logic [47:0] deadline;
  assign deadline = (hold_deadline < health_deadline) ? hold_deadline : health_deadline;
  assign deadline_us_o = (&deadline) ? '1 : {time_us_i[63:48], deadline};

endmodule
