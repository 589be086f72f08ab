// The pipeline: from the first beat of a frame to its rewritten beats with all that was decided about
// it. Wiring only. Nothing in it waits; linecard_pkg says at which tap of the header line each stage
// works. Metadata named after a stage stands at that stage's tap.
module pipeline #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int RULES = 16,
    parameter int RULE_TURNS = 1,
    parameter int PREFIXES = 8,
    parameter int OVERRIDES = 1024,
    parameter int FRAGMENTS = 512,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int SIDE_BITS = linecard_pkg::SIDE_BITS,
    localparam int FRAGMENT_BITS = $clog2(FRAGMENTS)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // frames, without gaps inside one; source PORTS is the host, PORTS + 1 the hold buffer
    input  logic                  valid_i,
    input  logic                  first_i,
    input  logic [DATA_WIDTH-1:0] data_i,
    input  logic [COUNT_BITS-1:0] count_i,
    input  logic                  last_i,
    input  logic [2:0]            verdict_i,
    input  logic [3:0]            source_i,
    input  logic [SIDE_BITS-1:0]  side_i,
    // state of the card
    input  logic [47:0]           time_us_i,
    input  logic                  enable_i,
    input  logic [31:0]           fragment_us_i,
    input  logic [31:0]           fabric_prefix_i,
    input  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_i,
    input  logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots_i,
    input  logic [SLOTS*32-1:0]   nonces_i,
    input  logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes_i,
    input  logic                  rule_write_i,
    input  logic [4:0]            rule_index_i,
    input  logic [linecard_regs_pkg::BITS_RULE-1:0] rule_data_i,
    input  logic [RULES-1:0]      rules_valid_i,
    // the host's side of tables in RAM: what is read belongs to the index of two clocks before
    input  logic                  type_set_write_i,
    input  logic                  vid_row_write_i,
    input  logic                  override_write_i,
    output logic                  override_ready_o,
    input  logic                  override_hits_read_i,
    input  logic                  override_hits_clear_i,
    output logic                  override_hits_busy_o,
    input  logic                  overrides_clear_i,
    output logic                  overrides_busy_o,
    input  logic [15:0]           ram_index_i,
    input  logic [31:0]           ram_data_i,
    input  logic [linecard_regs_pkg::BITS_OVERRIDE-1:0] override_data_i,
    input  logic                  bad_parity_i,  // write the wrong parity
    output logic [31:0]           type_set_data_o,
    output logic                  type_set_bad_o,
    output logic [linecard_regs_pkg::BITS_VID_ROW-1:0] vid_row_data_o,
    output logic                  vid_row_bad_o,
    output logic [linecard_regs_pkg::BITS_OVERRIDE-1:0] override_data_o,
    output logic                  override_bad_o,
    output logic [31:0]           override_hits_o,
    // fragments
    output logic                  fragments_busy_o,  // the table is being cleared after reset
    input  logic [7:0]            learn_count_i,     // first fragments learned so far, modulo 256
    output logic                  learned_o,
    output logic [FRAGMENT_BITS-1:0] learned_index_o,
    // a frame has entered, or a held one has come back
    output logic                  entered_o,
    output logic [1:0]            entered_origin_o,
    output logic                  returned_o,
    // rewritten beats, each with its frame's metadata; length counts up to and with the beat
    output linecard_pkg::meta_t   meta_o,
    output linecard_pkg::meta_t   meta_next_o,  // of the next clock's beat
    output logic                  valid_o,
    output logic [DATA_WIDTH-1:0] data_o,
    output logic [COUNT_BITS-1:0] count_o,
    output logic                  last_o,
    output logic                  ill_o,        // if the frame ends with this beat
    output logic [5:0]            illness_o,
    output logic [15:0]           length_o
);
  localparam int PORT_BITS = linecard_regs_pkg::BITS_PORT;
  localparam int META_BITS = linecard_pkg::META_BITS;
  localparam int POSITIONS = linecard_pkg::tap_rewrite(K, RULE_TURNS) + 1;
  localparam int PACKET_POSITIONS = linecard_pkg::packet_positions(K);
  localparam int WINDOW_DECIDE = 30;  // bytes
  localparam int SPARE = linecard_pkg::spare(RULE_TURNS);
  localparam int MATCH_LATENCY = linecard_pkg::beside_answer(K, RULE_TURNS) - linecard_pkg::tap_identify(K, RULE_TURNS);

  // ---- what is known of a frame as it enters
  linecard_pkg::meta_t entering, entering_q;
  if ($bits(entering) != META_BITS) begin : g_meta_bits
    $error("linecard_pkg: META_BITS is not the width of meta_t");
  end
  linecard_pkg::side_t side;
  logic [3:0] ingress;
  logic fabric;
  always_comb begin
    side = side_i;
    ingress = (source_i == 4'(PORTS + 1)) ? side.ingress : source_i;
    fabric = 1'b0;
    for (int p = 0; p < PORTS; p++) begin
      if (ingress == 4'(p)) fabric = ports_i[p*PORT_BITS+linecard_regs_pkg::LSB_PORT_FABRIC];
    end
    entering = '0;
    if (ingress == 4'(PORTS)) entering.origin = linecard_regs_pkg::ORIGIN_HOST;
    else if (fabric) entering.origin = linecard_regs_pkg::ORIGIN_SLOT;
    else entering.origin = linecard_regs_pkg::ORIGIN_LINE;
    entering.ingress = ingress;
    entering.inject_mode = side.inject[1:0];
    entering.inject_target = side.inject[9:2];
    entering.returned = source_i == 4'(PORTS + 1);
    entering.expired = side.expired && entering.returned;
  end
  always_ff @(posedge clk_i) entering_q <= entering;

  // ---- header line: what its last position holds goes on to rewrite
  logic [POSITIONS*DATA_WIDTH-1:0] line;
  logic [POSITIONS-1:0] line_first;
  logic [POSITIONS-1:0] line_lasts, line_marks;
  logic [POSITIONS*COUNT_BITS-1:0] line_counts;
  logic line_valid;
  logic [2:0] line_verdict;
  logic [15:0] line_length;
  header_line #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      // At 64 bits beats are read from rings once they have gone by the packet line, till decide wants the first.
      .HIDDEN((K == 8) ? linecard_pkg::tap_packet(K) : 0),
      .SHOWN((K == 8) ? linecard_pkg::tap_slots(K, RULE_TURNS) - (WINDOW_DECIDE - 1) / K : 0)
  ) header_line (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(valid_i),
      .first_i(first_i),
      .data_i(data_i),
      .count_i(count_i),
      .last_i(last_i),
      .verdict_i(verdict_i),
      .data_o(line),
      .first_o(line_first),
      .last_o(line_lasts),
      .count_o(line_counts),
      .mark_o(line_marks),
      .valid_o(line_valid),
      .verdict_o(line_verdict),
      .length_o(line_length)
  );

  // ---- parse. Metadata named after a stage stands at that stage's tap.
  linecard_pkg::meta_t meta_match;
  logic [PREFIXES-1:0] prefix_hits;
  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_match;
  logic [PACKET_POSITIONS*DATA_WIDTH-1:0] packet;
  parser #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .PORTS(PORTS),
      .PREFIXES(PREFIXES)
  ) parser (
      .clk_i(clk_i),
      .meta_i(entering_q),
      .next_i(data_i),
      .line_i(line),
      .first_i(line_first),
      .fabric_prefix_i(fabric_prefix_i),
      .ports_i(ports_i),
      .prefixes_i(prefixes_i),
      .packet_o(packet),
      .meta_o(meta_match),
      .prefixes_o(prefix_hits),
      .payload_o(payload_match)
  );

  // ---- classify
  linecard_pkg::meta_t meta_fetch, meta_addresses;
  linecard_regs_pkg::rule_entry_t rule_fetch;
  logic [8:0] offset_fetch;
  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_fetch;
  localparam int LANES = (RULES + RULE_TURNS - 1) / RULE_TURNS;
  logic [$clog2(RULE_TURNS+1)-1:0] turn_match;
  logic [LANES-1:0] valid_match;
  logic [LANES*linecard_pkg::RULE_TERMS_BITS-1:0] terms_match;
  logic [4:0] rule_choose;
  logic [linecard_regs_pkg::BITS_RULE-1:0] rule_chosen;
  rule_table #(
      .RULES(RULES),
      .TURNS(RULE_TURNS)
  ) rule_table (
      .clk_i(clk_i),
      .write_i(rule_write_i),
      .index_i(rule_index_i),
      .data_i(rule_data_i),
      .valids_i(rules_valid_i),
      .start_i(line_first[linecard_pkg::tap_match(K)-2]),
      .turn_o(turn_match),
      .valid_o(valid_match),
      .terms_o(terms_match),
      .choose_i(rule_choose),
      .chosen_o(rule_chosen)
  );
  if (RULE_TURNS > linecard_pkg::frame_clocks(K)) begin : g_too_many_turns
    $error("pipeline: a frame leaves no time for RULE_TURNS");
  end
  if (linecard_pkg::beside_addresses(K) != linecard_pkg::tap_match(K) + 1) begin : g_addresses
    $error("pipeline: the addresses are picked while rules are compared");
  end
  classify #(
      .DATA_WIDTH(DATA_WIDTH),
      .RULES(RULES),
      .TURNS(RULE_TURNS),
      .PREFIXES(PREFIXES)
  ) classify (
      .clk_i(clk_i),
      .match_first_i(line_first[linecard_pkg::tap_match(K)]),
      .select_first_i(line_first[linecard_pkg::tap_select(K, RULE_TURNS)]),
      .meta_i(meta_match),
      .prefixes_i(prefix_hits),
      .payload_i(payload_match),
      .turn_i(turn_match),
      .valid_i(valid_match),
      .terms_i(terms_match),
      .choose_o(rule_choose),
      .chosen_i(rule_chosen),
      .follow_i(fragment_us_i != '0),
      .waiting_o(meta_addresses),
      .meta_o(meta_fetch),
      .rule_o(rule_fetch),
      .offset_o(offset_fetch),
      .payload_o(payload_fetch)
  );

  // ---- extract the identifier
  linecard_pkg::meta_t meta_identify;
  linecard_regs_pkg::rule_entry_t rule_identify;
  logic [7:0] type_fetch;
  logic [127:0] around_fetch;
  header_pick #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_fetch(K, RULE_TURNS))
  ) identifier_bytes (
      .clk_i(clk_i),
      .line_i(line),
      .unit_i(offset_fetch[7:3]),
      .bytes_o(around_fetch)
  );
  fetch #(
      .DATA_WIDTH(DATA_WIDTH),
      .SPARE(SPARE)
  ) fetch (
      .clk_i(clk_i),
      .first_i(line_first[linecard_pkg::tap_fetch(K, RULE_TURNS)]),
      .meta_i(meta_fetch),
      .rule_i(rule_fetch),
      .offset_i(offset_fetch),
      .payload_i(payload_fetch),
      .around_i(around_fetch),
      .type_o(type_fetch),
      .meta_o(meta_identify),
      .rule_o(rule_identify)
  );
  logic type_is_setup, type_bad;
  type_sets #(
      .RULES(RULES),
      .SPARE(SPARE)
  ) type_sets (
      .clk_i(clk_i),
      .rule_i(meta_fetch.rule),
      .type_i(type_fetch),
      .member_o(type_is_setup),
      .bad_o(type_bad),
      .host_write_i(type_set_write_i),
      .host_index_i(ram_index_i),
      .host_data_i(ram_data_i),
      .host_bad_parity_i(bad_parity_i),
      .host_data_o(type_set_data_o),
      .host_bad_o(type_set_bad_o)
  );

  logic [40*8-1:0] header_addresses;
  logic [127:0] source, fragment_key;
  logic [7:0] fragment_space;
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(PACKET_POSITIONS),
      .TAP(linecard_pkg::beside_addresses(K) - linecard_pkg::tap_packet(K)),
      .BYTES(40)
  ) window_at_addresses (
      .line_i(packet),
      .window_o(header_addresses)
  );
  addresses #(
      .DATA_WIDTH(DATA_WIDTH),
      .RULE_TURNS(RULE_TURNS)
  ) addresses (
      .clk_i(clk_i),
      .pick_first_i(line_first[linecard_pkg::beside_addresses(K)]),
      .fold_first_i(line_first[linecard_pkg::tap_fetch(K, RULE_TURNS)]),
      .meta_i(meta_addresses),
      .header_i(header_addresses),
      .source_o(source),
      .fragment_space_o(fragment_space),
      .fragment_key_o(fragment_key)
  );

  // ---- identify, and the exact matches beside it
  linecard_pkg::meta_t meta_vid;
  logic [63:0] vid;
  logic ask;
  logic [7:0] ask_space;
  logic [127:0] ask_key;
  identify #(
      .DATA_WIDTH(DATA_WIDTH),
      .SPARE(SPARE)
  ) identify (
      .clk_i(clk_i),
      .meta_i(meta_identify),
      .rule_i(rule_identify),
      .source_i(source),
      .type_is_setup_i(type_is_setup),
      .type_bad_i(type_bad),
      .ask_o(ask),
      .ask_space_o(ask_space),
      .ask_key_o(ask_key),
      .meta_o(meta_vid),
      .vid_o(vid)
  );
  // The host waits for the frames' turn to pass: from flip-flops, not for what asks.
  logic turn;
  assign turn = meta_identify.by_rules && line_first[linecard_pkg::tap_identify(K, RULE_TURNS)];
  logic override_hit, override_hit_q, override_bad, override_bad_q;
  logic [15:0] override_bad_index_unused;
  logic [15:0] override_vid, override_vid_q;
  override_table #(
      .ENTRIES(OVERRIDES),
      .EVERY_CLOCK((DATA_WIDTH > 64) ? 1 : 0),
      .LATENCY(MATCH_LATENCY)
  ) override_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .turn_i(turn),
      .lookup_valid_i(ask && turn),
      .space_i(ask_space),
      .key_i(ask_key),
      .hit_o(override_hit),
      .vid_o(override_vid),
      .bad_parity_o(override_bad),
      .bad_index_o(override_bad_index_unused),
      .host_write_i(override_write_i),
      .host_index_i(ram_index_i),
      .host_data_i(override_data_i),
      .host_bad_parity_i(bad_parity_i),
      .host_ready_o(override_ready_o),
      .host_data_o(override_data_o),
      .host_parity_bad_o(override_bad_o),
      .hits_index_i(ram_index_i[10:0]),
      .hits_read_i(override_hits_read_i),
      .hits_data_o(override_hits_o),
      .hits_clear_i(override_hits_clear_i),
      .hits_clear_mask_i(ram_data_i),
      .hits_busy_o(override_hits_busy_o),
      .clear_i(overrides_clear_i),
      .busy_o(overrides_busy_o)
  );

  linecard_pkg::meta_t meta_learn;
  logic learn;
  logic fragment_hit, fragment_hit_q, fragment_vid_valid, fragment_vid_valid_q;
  logic [15:0] fragment_vid, fragment_vid_q;
  logic [FRAGMENT_BITS-1:0] fragment_index, fragment_index_q;
  fragment_table #(
      .ENTRIES(FRAGMENTS),
      .FORWARD((DATA_WIDTH > 64) ? 1 : 0),
      .LATENCY(MATCH_LATENCY - SPARE)
  ) fragment_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i),
      .fragment_us_i(fragment_us_i),
      .lookup_valid_i(line_first[linecard_pkg::tap_identify(K, RULE_TURNS)+SPARE]),
      .space_i(fragment_space),
      .key_i(fragment_key),
      .hit_o(fragment_hit),
      .vid_valid_o(fragment_vid_valid),
      .vid_o(fragment_vid),
      .index_o(fragment_index),
      .learn_i(learn),
      .learn_vid_valid_i(meta_learn.vid_valid),
      .learn_vid_i(meta_learn.vid),
      .learned_o(learned_o),
      .learned_index_o(learned_index_o),
      .busy_o(fragments_busy_o)
  );

  // What the tables say goes into the rows' address and a good part of the metadata.
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_resolve(K, RULE_TURNS) - linecard_pkg::beside_answer(K, RULE_TURNS)),
      .BITS(2 + 16 + 2 + 16 + FRAGMENT_BITS)
  ) answers (
      .clk_i(clk_i),
      .first_i(1'b1),
      .meta_i({override_hit, override_bad, override_vid,
               fragment_hit, fragment_vid_valid, fragment_vid, fragment_index}),
      .meta_o({override_hit_q, override_bad_q, override_vid_q,
               fragment_hit_q, fragment_vid_valid_q, fragment_vid_q, fragment_index_q})
  );

  // ---- lookup, which takes two clocks to the RAM of the rows, beside the tables' last
  localparam int LOOKUP_WAITS = linecard_pkg::tap_resolve(K, RULE_TURNS) -
      linecard_pkg::tap_identify(K, RULE_TURNS) - linecard_pkg::MATCH_LATENCY;
  logic [META_BITS-1:0] meta_lookup;
  logic [63:0] vid_lookup;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(LOOKUP_WAITS)
  ) delay_lookup (
      .clk_i(clk_i),
      .first_i(line_first[linecard_pkg::tap_identify(K, RULE_TURNS)+2]),
      .meta_i(meta_vid),
      .meta_o(meta_lookup)
  );
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(LOOKUP_WAITS - SPARE),
      .BITS(64)
  ) delay_vid (
      .clk_i(clk_i),
      .first_i(line_first[linecard_pkg::tap_identify(K, RULE_TURNS)+2+SPARE]),
      .meta_i(vid),
      .meta_o(vid_lookup)
  );
  linecard_pkg::meta_t meta_slots;
  lookup #(
      .VIDS(VIDS)
  ) lookup (
      .clk_i(clk_i),
      .meta_i(meta_lookup),
      .vid_i(vid_lookup),
      .override_hit_i(override_hit_q),
      .override_vid_i(override_vid_q),
      .override_bad_i(override_bad_q),
      .fragment_hit_i(fragment_hit_q),
      .fragment_vid_valid_i(fragment_vid_valid_q),
      .fragment_vid_i(fragment_vid_q),
      .fragment_index_i(10'(fragment_index_q)),
      .learned_i(learn_count_i),
      .meta_resolved_o(meta_learn),
      .meta_o(meta_slots),
      .host_write_i(vid_row_write_i),
      .host_address_i(ram_index_i[$clog2(VIDS)-1:0]),
      .host_data_i(linecard_regs_pkg::unpack_vid_row(ram_data_i)),
      .host_bad_parity_i(bad_parity_i),
      .host_data_o(vid_row_data_o),
      .host_bad_o(vid_row_bad_o)
  );

  // A first fragment leaves its VID behind, if the bytes that led to it are its own: all that its packet
  // claims, as far as the header window reaches.
  logic arrived_whole, whole_learn;
  logic [7:0] arrived_bytes, bytes_learn;
  arrived #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::beside_window(K))
  ) arrived (
      .clk_i(clk_i),
      .last_i(line_lasts),
      .count_i(line_counts),
      .mark_i(line_marks),
      .whole_o(arrived_whole),
      .bytes_o(arrived_bytes)
  );
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::beside_learn(K, RULE_TURNS) - 2 - linecard_pkg::beside_window(K) - 3),
      .BITS(9)
  ) delay_arrived (
      .clk_i(clk_i),
      .first_i(line_first[linecard_pkg::beside_window(K)+3]),
      .meta_i({arrived_whole, arrived_bytes}),
      .meta_o({whole_learn, bytes_learn})
  );
  // Before it is needed, since it is long.
  linecard_pkg::meta_t meta_teaches;
  logic teaches, teaches_q, teaches_q2;
  assign meta_teaches = meta_lookup;
  assign teaches = meta_teaches.by_rules && meta_teaches.rule_hit && meta_teaches.first_fragment && !meta_teaches.quoted &&
      (whole_learn || meta_teaches.packet_end <= 17'(bytes_learn));
  always_ff @(posedge clk_i) begin
    teaches_q <= teaches && enable_i && fragment_us_i != '0;
    teaches_q2 <= teaches_q;
  end
  assign learn = line_first[linecard_pkg::beside_learn(K, RULE_TURNS)] && teaches_q2;

  // ---- decide
  logic [WINDOW_DECIDE*8-1:0] window_decide;
  linecard_pkg::meta_t meta_rewrite;
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_slots(K, RULE_TURNS)),
      .BYTES(WINDOW_DECIDE)
  ) window_at_decide (
      .line_i(line),
      .window_o(window_decide)
  );
  decide #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .SPARE(SPARE)
  ) decide (
      .clk_i(clk_i),
      .first_i(line_first[linecard_pkg::tap_slots(K, RULE_TURNS)]),
      .meta_i(meta_slots),
      .window_i(window_decide),
      .fabric_prefix_i(fabric_prefix_i),
      .ports_i(ports_i),
      .slots_i(slots_i),
      .nonces_i(nonces_i),
      .meta_o(meta_rewrite)
  );

  // ---- rewrite
  rewrite #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS)
  ) rewrite (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .meta_i(meta_rewrite),
      .valid_i(line_valid),
      .first_i(line_first[POSITIONS-1]),
      .data_i(line[(POSITIONS-1)*DATA_WIDTH+:DATA_WIDTH]),
      .count_i(line_counts[(POSITIONS-1)*COUNT_BITS+:COUNT_BITS]),
      .last_i(line_lasts[POSITIONS-1]),
      .verdict_i(line_verdict),
      .length_i(line_length),
      .enable_i(enable_i),
      .fabric_prefix_i(fabric_prefix_i),
      .ports_i(ports_i),
      .meta_o(meta_o),
      .valid_o(valid_o),
      .data_o(data_o),
      .count_o(count_o),
      .last_o(last_o),
      .meta_next_o(meta_next_o),
      .ill_o(ill_o),
      .illness_o(illness_o),
      .length_o(length_o)
  );
  assign entered_o = line_first[0] && !entering_q.returned;
  assign entered_origin_o = entering_q.origin;
  assign returned_o = line_first[0] && entering_q.returned;

endmodule
