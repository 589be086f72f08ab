// All counters of the card. Every event of a frame's end counts in all banks at the same clock, and
// a snapshot freezes all of them at the same clock, so that their sums agree. The banks are small and
// quick; counter_totals collects them into what the host reads.
module counters #(
    parameter int DATA_WIDTH = 512,  // says how close ends of steered frames can follow each other
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int RULES = 16,
    parameter int VID_COUNTER_BITS = 32,
    parameter int VID_BYTE_COUNTER_BITS = 0
) (
    input  logic           clk_i,
    input  logic           rst_ni,
    // a frame enters the pipeline, or enters it again after it was held
    input  logic           receive_i,
    input  logic [1:0]     receive_origin_i,
    input  logic           returned_i,
    input  logic [PORTS:0] lost_i,
    // a frame ends, or is held instead
    input  logic           event_valid_i,
    input  linecard_regs_pkg::decision_t event_i,
    input  logic           sender_valid_i,
    input  logic [5:0]     sender_i,
    input  logic           copied_i,      // with the event: its copy went into the mirror port's queue,
    input  logic           copy_lost_i,   // or found no room there
    input  logic [15:0]    latency_i,     // with the event: clocks from its first beat
    input  logic           held_i,
    // host
    input  logic           snapshot_i,    // ignored while busy_o is 1
    output logic           busy_o,        // of a snapshot, of clearing after reset, of collecting
    output logic           vids_busy_o,   // of clearing after reset
    output logic [15:0]    in_flight_o,
    output logic [15:0]    held_o,
    output logic [15:0]    snapshot_in_flight_o,
    output logic [15:0]    snapshot_held_o,
    input  logic [23:0]    address_i,
    output logic [31:0]    data_o,        // of the address_i of five clocks before
    output logic [31:0]    vid_data_o     // of vid_packets and vid_bytes: of four clocks before, if address_i stays for as long
);
  localparam int ORIGINS = linecard_regs_pkg::ORIGINS;

  accounting accounting (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .receive_i(receive_i),
      .returned_i(returned_i),
      .event_valid_i(event_valid_i),
      .held_i(held_i),
      .snapshot_i(snapshot_i && !busy_o),
      .in_flight_o(in_flight_o),
      .held_o(held_o),
      .snapshot_in_flight_o(snapshot_in_flight_o),
      .snapshot_held_o(snapshot_held_o)
  );

  // ---- the row of all entries: each bank begins at a multiple of its size, which is a power of two
  localparam int SLOT_BITS = $clog2(SLOTS);
  localparam int PORT_BITS = $clog2(PORTS + 1);
  localparam int RULE_BITS = $clog2(RULES * 4);
  localparam int ORIGIN_BITS = 2;
  localparam int LATENCY_BITS = 4;
  localparam int ENDS = ORIGINS * 64;

  function automatic int aligned(input int at, input int bits);
    aligned = ((at + 2 ** bits - 1) / 2 ** bits) * 2 ** bits;
  endfunction

  localparam int BASE_RULE = aligned(ENDS, RULE_BITS);
  localparam int BASE_SLOT_SENT = aligned(BASE_RULE + 2 ** RULE_BITS, SLOT_BITS);
  localparam int BASE_SLOT_RECEIVED = BASE_SLOT_SENT + 2 ** SLOT_BITS;
  localparam int BASE_PORT_RECEIVED = aligned(BASE_SLOT_RECEIVED + 2 ** SLOT_BITS, PORT_BITS);
  localparam int BASE_PORT_SENT = BASE_PORT_RECEIVED + 2 ** PORT_BITS;
  localparam int BASE_LOST = BASE_PORT_SENT + 2 ** PORT_BITS;
  localparam int BASE_RECEIVED = aligned(BASE_LOST + 2 ** PORT_BITS, ORIGIN_BITS);
  localparam int BASE_MIRRORED = aligned(BASE_RECEIVED + 2 ** ORIGIN_BITS, 1);
  localparam int BASE_LATENCY = aligned(BASE_MIRRORED + 2, LATENCY_BITS);
  localparam int ENTRIES = BASE_LATENCY + 2 ** LATENCY_BITS;
  localparam int ENTRY_BITS = $clog2(ENTRIES);

  // ---- what an event counts in (docs/card.md, "Counting"), and in which memory: the one that counts when it
  // comes, also where its counts take turns
  localparam int BANKS = 8;
  localparam int TURNS = linecard_pkg::frame_clocks(DATA_WIDTH / 8);
  localparam int TURN_BITS = (TURNS > 1) ? $clog2(TURNS) : 1;
  if (TURNS != 1 && TURNS != BANKS) begin : g_wrong_width
    $error("counters: an event has a clock for each of its counts, or one for all");
  end
  logic to_slot, left;
  logic [1:0] rule_kind;
  logic [3:0] latency_class;
  always_comb begin
    to_slot = linecard_regs_pkg::ends_in_steer(event_i.reason) ||
        event_i.reason == linecard_regs_pkg::REASON_INJECT_SLOT ||
        event_i.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT;
    left = !linecard_regs_pkg::ends_in_drop(event_i.reason) && !linecard_regs_pkg::ends_in_consume(event_i.reason);
    rule_kind = 2'd0;
    if (linecard_regs_pkg::ends_in_punt(event_i.reason)) rule_kind = 2'd1;
    if (event_i.reason == linecard_regs_pkg::REASON_POLICED) rule_kind = 2'd2;
    if (event_i.reason == linecard_regs_pkg::REASON_HOST_SHARE) rule_kind = 2'd3;
    latency_class = 4'd0;
    for (int i = 1; i < 16; i++) if (latency_i[i]) latency_class = 4'(i);
  end

  logic active, memory, counts;  // counts: there is an event
  logic [BANKS-1:0] in_bank;
  logic [7:0] ends_at;
  logic [RULE_BITS-1:0] rule_at;
  logic [SLOT_BITS-1:0] sent_at, received_at;
  logic [PORT_BITS-1:0] port_received_at, port_sent_at;
  logic lost_copy;
  logic [LATENCY_BITS-1:0] latency_at;
  logic [15:0] bytes;
  logic [TURN_BITS-1:0] turn;
  localparam int COUNTED_BITS = 1 + BANKS + 8 + RULE_BITS + 2 * SLOT_BITS + 2 * PORT_BITS + 1 + LATENCY_BITS + 16;
  counter_turns #(
      .TURNS(TURNS),
      .BITS(COUNTED_BITS)
  ) turns (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(event_valid_i),
      .data_i({
        active,
        1'b1, copied_i || copy_lost_i, left, 1'b1, sender_valid_i, to_slot, event_i.rule_hit, 1'b1,
        event_i.origin, event_i.reason,
        event_i.rule[RULE_BITS-3:0], rule_kind,
        event_i.slot[SLOT_BITS-1:0], sender_i[SLOT_BITS-1:0],
        event_i.ingress[PORT_BITS-1:0], event_i.egress[PORT_BITS-1:0],
        copy_lost_i,
        latency_class,
        event_i.length
      }),
      .valid_o(counts),
      .data_o({
        memory,
        in_bank,
        ends_at,
        rule_at,
        sent_at, received_at,
        port_received_at, port_sent_at,
        lost_copy,
        latency_at,
        bytes
      }),
      .turn_o(turn)
  );

  // ---- collect
  localparam int PACKET_BITS = 13;
  localparam int BYTE_BITS = 23;
  localparam int BITS = PACKET_BITS + BYTE_BITS;
  logic change, clear, collect_clear, banks_high, lost_high, received_high, at_lost, at_received;
  logic [ENTRY_BITS-1:0] entry;
  logic [BITS-1:0] in_banks;
  logic [PACKET_BITS-1:0] lost, received;
  assign at_lost = entry >> PORT_BITS == ENTRY_BITS'(BASE_LOST >> PORT_BITS);
  assign at_received = entry >> ORIGIN_BITS == ENTRY_BITS'(BASE_RECEIVED >> ORIGIN_BITS);
  counter_banks #(
      .BANKS(BANKS),
      .ENTRY_BITS(ENTRY_BITS),
      .INDEX_BITS({4'(LATENCY_BITS), 4'd1, 4'(PORT_BITS), 4'(PORT_BITS), 4'(SLOT_BITS), 4'(SLOT_BITS), 4'(RULE_BITS), 4'd8}),
      .BASES({
        ENTRY_BITS'(BASE_LATENCY), ENTRY_BITS'(BASE_MIRRORED), ENTRY_BITS'(BASE_PORT_SENT), ENTRY_BITS'(BASE_PORT_RECEIVED),
        ENTRY_BITS'(BASE_SLOT_RECEIVED), ENTRY_BITS'(BASE_SLOT_SENT), ENTRY_BITS'(BASE_RULE), ENTRY_BITS'(0)
      }),
      .BYTES(8'b0111_1111),
      .PACKET_BITS(PACKET_BITS),
      .BYTE_BITS(BYTE_BITS),
      .IN_TURN(TURNS > 1 ? 1 : 0)
  ) banks (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .active_i(active),
      .event_valid_i(counts),
      .event_memory_i(counts ? memory : active),
      .turn_i(3'(turn)),
      .event_counts_i(in_bank),
      .event_index_i({
        ENTRY_BITS'(BASE_LATENCY) | ENTRY_BITS'(latency_at), ENTRY_BITS'(BASE_MIRRORED) | ENTRY_BITS'(lost_copy),
        ENTRY_BITS'(BASE_PORT_SENT) | ENTRY_BITS'(port_sent_at), ENTRY_BITS'(BASE_PORT_RECEIVED) | ENTRY_BITS'(port_received_at),
        ENTRY_BITS'(BASE_SLOT_RECEIVED) | ENTRY_BITS'(received_at), ENTRY_BITS'(BASE_SLOT_SENT) | ENTRY_BITS'(sent_at),
        ENTRY_BITS'(BASE_RULE) | ENTRY_BITS'(rule_at), ENTRY_BITS'(ends_at)
      }),
      .event_bytes_i(bytes),
      .high_o(banks_high),
      .clear_i(clear),
      .collect_clear_i(collect_clear),
      .collect_index_i(entry),
      .collect_data_o(in_banks)
  );

  counter_pulses #(
      .ENTRIES(PORTS + 1),
      .BITS(PACKET_BITS)
  ) lost_pulses (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .change_i(change),
      .pulse_i(lost_i),
      .high_o(lost_high),
      .collect_select_i(at_lost),
      .collect_index_i(entry[PORT_BITS-1:0]),
      .collect_data_o(lost)
  );

  logic [ORIGINS-1:0] receives;
  always_comb begin
    for (int i = 0; i < ORIGINS; i++) receives[i] = receive_i && receive_origin_i == 2'(i);
  end
  counter_pulses #(
      .ENTRIES(ORIGINS),
      .BITS(PACKET_BITS)
  ) received_pulses (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .change_i(change),
      .pulse_i(receives),
      .high_o(received_high),
      .collect_select_i(at_received),
      .collect_index_i(entry[ORIGIN_BITS-1:0]),
      .collect_data_o(received)
  );

  // ---- read: where in the row the address is. What a bank does not have reads as 0, like every address
  // that is not listed.
  localparam int PAGE = 12;  // bits of an address below its page
  logic [PAGE-1:0] address_q;
  logic [7:0] index;     // of an entry of four words: see `bytes` in hdl/registers.yaml
  logic [ENTRY_BITS-1:0] at;
  logic there, pair;     // pair: entries of two words, packets only
  assign index = address_q[PAGE-1:4];
  // The page is known a clock behind the address.
  logic in_ends, in_sent, in_received, in_rule, in_port_received, in_port_sent, in_origin, in_mirrored;
  always_ff @(posedge clk_i) begin
    in_ends <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_COUNT_ENDS[23:PAGE];
    in_sent <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_COUNT_SLOT_SENT[23:PAGE];
    in_received <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_COUNT_SLOT_RECEIVED[23:PAGE];
    in_rule <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_COUNT_RULE_HITS[23:PAGE];
    in_port_received <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_COUNT_PORT_RECEIVED[23:PAGE];
    in_port_sent <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_COUNT_PORT_SENT[23:PAGE];
    in_origin <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_COUNT_RECEIVED[23:PAGE];
    in_mirrored <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_COUNT_MIRRORED[23:PAGE];
    address_q <= address_i[PAGE-1:0];
  end
  always_comb begin
    at = '0;
    there = 1'b0;
    pair = 1'b0;
    if (in_ends) begin
      at = ENTRY_BITS'(index);
      there = index < 8'(ENDS);
    end
    if (in_sent) begin
      at = ENTRY_BITS'(BASE_SLOT_SENT) | ENTRY_BITS'(index);
      there = index < 8'(SLOTS);
    end
    if (in_received) begin
      at = ENTRY_BITS'(BASE_SLOT_RECEIVED) | ENTRY_BITS'(index);
      there = index < 8'(SLOTS);
    end
    if (in_rule) begin
      at = ENTRY_BITS'(BASE_RULE) | ENTRY_BITS'(index);
      there = index < 8'(RULES * 4);
    end
    if (in_port_received) begin
      at = ENTRY_BITS'(BASE_PORT_RECEIVED) | ENTRY_BITS'(index);
      there = index < 8'(PORTS + 1);
    end
    if (in_port_sent) begin
      at = ENTRY_BITS'(BASE_PORT_SENT) | ENTRY_BITS'(index);
      there = index < 8'(PORTS + 1);
    end
    // Two in a page, 0x100 apart; all but `mirrored` have entries of two words.
    if (in_origin) begin
      pair = 1'b1;
      at = (address_q[8] ? ENTRY_BITS'(BASE_LOST) : ENTRY_BITS'(BASE_RECEIVED)) | ENTRY_BITS'(address_q[6:3]);
      there = address_q[PAGE-1:9] == '0 && !address_q[7] &&
          {1'b0, address_q[6:3]} < (address_q[8] ? 5'(PORTS + 1) : 5'(ORIGINS));
    end
    if (in_mirrored) begin
      pair = address_q[8];
      at = address_q[8] ? ENTRY_BITS'(BASE_LATENCY) | ENTRY_BITS'(address_q[6:3])
                        : ENTRY_BITS'(BASE_MIRRORED) | ENTRY_BITS'(address_q[4]);
      there = address_q[PAGE-1:9] == '0 && !address_q[7] && (address_q[8] || address_q[6:5] == '0);
    end
  end

  logic [ENTRY_BITS+1:0] word_q;
  logic there_q, there_q2, there_q3, there_q4;
  logic [31:0] word;
  always_ff @(posedge clk_i) begin
    word_q <= {at, pair ? {1'b0, address_q[2]} : address_q[3:2]};
    {there_q, there_q2, there_q3, there_q4} <= {there, there_q, there_q2, there_q3};
  end
  assign data_o = there_q4 ? word : '0;

  logic [BITS-1:0] collected;
  assign collected = in_banks | BITS'(lost) | BITS'(received);
  counter_totals #(
      .ENTRIES(ENTRIES),
      .PACKET_BITS(PACKET_BITS),
      .BYTE_BITS(BYTE_BITS),
      // Two events in their turns, a clock each to and from the memory where they wait, and what a bank takes.
      .SETTLE_CLOCKS(TURNS > 1 ? 2 * TURNS + 7 : 5)
  ) totals (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .snapshot_i(snapshot_i),
      .high_i(banks_high || lost_high || received_high),
      .busy_o(busy_o),
      .change_o(change),
      .active_o(active),
      .clear_o(clear),
      .collect_entry_o(entry),
      .collect_clear_o(collect_clear),
      .collect_data_i(collected),
      .read_word_i(word_q),
      .read_data_o(word)
  );

  // ---- by VID, live. A steered frame has an IP header, so at 64 bits it takes 5 clocks or more, and the
  // host, which waits for longer, can read between them.
  localparam int VID_BITS = $clog2(VIDS);
  localparam int BIG = 20;  // bits of an address below its megabyte
  logic steered, packets_busy, bytes_busy;
  logic [63:0] vid_packets, vid_bytes, vid_count;
  assign steered = event_valid_i && linecard_regs_pkg::ends_in_steer(event_i.reason);
  vid_counters #(
      .VIDS(VIDS),
      .BITS(VID_COUNTER_BITS),
      .COPY(DATA_WIDTH > 64)
  ) packets_by_vid (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(steered),
      .event_index_i(event_i.vid[VID_BITS-1:0]),
      .event_amount_i(16'd1),
      .busy_o(packets_busy),
      .read_index_i(address_i[3+:VID_BITS]),
      .read_data_o(vid_packets)
  );
  vid_counters #(
      .VIDS(VIDS),
      .BITS(VID_BYTE_COUNTER_BITS),
      .COPY(DATA_WIDTH > 64)
  ) bytes_by_vid (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(steered),
      .event_index_i(event_i.vid[VID_BITS-1:0]),
      .event_amount_i(event_i.length),
      .busy_o(bytes_busy),
      .read_index_i(address_i[3+:VID_BITS]),
      .read_data_o(vid_bytes)
  );
  assign vids_busy_o = packets_busy || bytes_busy;

  // The high word of a live counter is kept when the low one is read, so that the two belong together
  // whatever is read between them.
  logic [31:0] vid_high_q;
  logic [1:0] vid_there_q, vid_low_q, vid_high_word_q, vid_bytes_q;  // of the address of one, two clocks before
  logic at_packets, at_bytes;
  assign at_packets = address_i[23:BIG] == linecard_regs_pkg::ADDR_COUNT_VID_PACKETS[23:BIG];
  assign at_bytes = address_i[23:BIG] == linecard_regs_pkg::ADDR_COUNT_VID_BYTES[23:BIG];
  assign vid_count = vid_bytes_q[1] ? vid_bytes : vid_packets;
  always_ff @(posedge clk_i) begin
    vid_there_q <= {vid_there_q[0], 18'(address_i[BIG-1:3]) < 18'(VIDS)};
    vid_low_q <= {vid_low_q[0], (at_packets || at_bytes) && !address_i[2]};
    vid_high_word_q <= {vid_high_word_q[0], address_i[2]};
    vid_bytes_q <= {vid_bytes_q[0], at_bytes};
    vid_data_o <= !vid_there_q[1] ? '0 : vid_high_word_q[1] ? vid_high_q : vid_count[31:0];
    if (vid_low_q[1]) vid_high_q <= vid_count[63:32];
  end

endmodule
