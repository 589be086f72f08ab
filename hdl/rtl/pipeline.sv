// The pipeline: from the first beat of a frame to its rewritten beats with all that was decided about
// it. Wiring only. Nothing in it waits; linecard_pkg says at which tap of the header line each stage
// works. Metadata named after a stage stands at that stage's tap.
module pipeline #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int VID_BANK = 4096,
    parameter int RULES = 16,
    parameter int PREFIXES = 8,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // frames, without gaps inside one; source PORTS is the host
    input  logic                  valid_i,
    input  logic                  first_i,
    input  logic [DATA_WIDTH-1:0] data_i,
    input  logic [COUNT_BITS-1:0] count_i,
    input  logic                  last_i,
    input  logic [2:0]            verdict_i,
    input  logic [3:0]            source_i,
    input  logic [linecard_regs_pkg::INJECT_BITS-1:0] inject_i,
    // tables in flip-flops
    input  logic [31:0]           fabric_prefix_i,
    input  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_i,
    input  logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots_i,
    input  logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes_i,
    input  logic [RULES*linecard_regs_pkg::BITS_RULE-1:0] rules_i,
    // the host's side of tables in RAM
    input  logic                  type_set_write_i,
    input  logic                  vid_row_write_i,
    input  logic [15:0]           ram_index_i,
    input  logic [31:0]           ram_data_i,
    output logic [31:0]           type_set_data_o,
    output logic [linecard_regs_pkg::BITS_VID_ROW-1:0] vid_row_data_o,
    // a frame has entered
    output logic                  entered_o,
    output logic [1:0]            entered_origin_o,
    // rewritten beats, each with its frame's metadata; length counts up to and with the beat
    output linecard_pkg::meta_t   meta_o,
    output logic                  valid_o,
    output logic [DATA_WIDTH-1:0] data_o,
    output logic [COUNT_BITS-1:0] count_o,
    output logic                  last_o,
    output logic [2:0]            verdict_o,
    output logic [15:0]           length_o
);
  localparam int PORT_BITS = linecard_regs_pkg::BITS_PORT;
  localparam int META_BITS = linecard_pkg::META_BITS;
  localparam int POSITIONS = linecard_pkg::tap_rewrite(K) + 1;

  // What is known of a frame as it enters.
  logic merged_fabric;
  always_comb begin
    merged_fabric = 1'b0;
    for (int p = 0; p < PORTS; p++) begin
      if (source_i == 4'(p)) merged_fabric = ports_i[p*PORT_BITS+linecard_regs_pkg::LSB_PORT_FABRIC];
    end
  end
  linecard_regs_pkg::inject_t merged_inject;
  assign merged_inject = inject_i;
  linecard_pkg::meta_t entering, entering_q;
  if ($bits(entering) != META_BITS) begin : g_meta_bits
    $error("linecard_pkg: META_BITS is not the width of meta_t");
  end
  always_comb begin
    entering = '0;
    if (source_i == 4'(PORTS)) entering.origin = linecard_regs_pkg::ORIGIN_HOST;
    else if (merged_fabric) entering.origin = linecard_regs_pkg::ORIGIN_SLOT;
    else entering.origin = linecard_regs_pkg::ORIGIN_LINE;
    entering.ingress = source_i;
    entering.inject_mode = merged_inject.mode;
    entering.inject_target = merged_inject.target;
  end
  always_ff @(posedge clk_i) entering_q <= entering;

  // ---- header line: what its last position holds goes on to rewrite
  logic [POSITIONS*DATA_WIDTH-1:0] line;
  logic [POSITIONS-1:0] line_first;
  logic line_valid, line_last;
  logic [COUNT_BITS-1:0] line_count;
  logic [2:0] line_verdict;
  logic [15:0] line_length;
  header_line #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS)
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
      .valid_o(line_valid),
      .count_o(line_count),
      .last_o(line_last),
      .verdict_o(line_verdict),
      .length_o(line_length)
  );

  // ---- parse. Metadata named after a stage stands at that stage's tap.
  logic [META_BITS-1:0] meta_l2;
  logic [22*8-1:0] window_l2;
  linecard_pkg::meta_t meta_after_l2;
  meta_delay #(
      .CYCLES(linecard_pkg::tap_l2(K))
  ) delay_l2 (
      .clk_i(clk_i),
      .meta_i(entering_q),
      .meta_o(meta_l2)
  );
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_l2(K)),
      .BYTES(22)
  ) window_at_l2 (
      .line_i(line),
      .window_o(window_l2)
  );
  parse_l2 #(
      .PORTS(PORTS)
  ) parse_l2 (
      .clk_i(clk_i),
      .meta_i(meta_l2),
      .window_i(window_l2),
      .ports_i(ports_i),
      .meta_o(meta_after_l2)
  );

  logic [META_BITS-1:0] meta_l3;
  logic [62*8-1:0] window_l3;
  linecard_pkg::meta_t meta_after_l3;
  logic [127:0] destination;
  meta_delay #(
      .CYCLES(linecard_pkg::tap_l3_select(K) - linecard_pkg::tap_l2(K) - 1)
  ) delay_l3 (
      .clk_i(clk_i),
      .meta_i(meta_after_l2),
      .meta_o(meta_l3)
  );
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_l3_select(K)),
      .BYTES(62)
  ) window_at_l3 (
      .line_i(line),
      .window_o(window_l3)
  );
  parse_l3 parse_l3 (
      .clk_i(clk_i),
      .meta_i(meta_l3),
      .window_i(window_l3),
      .meta_o(meta_after_l3),
      .destination_o(destination)
  );

  // The address is compared as soon as it is known; the result waits for the rest of the header.
  logic [PREFIXES-1:0] prefix_hits, prefix_hits_match;
  prefix_match #(
      .PREFIXES(PREFIXES)
  ) prefix_match (
      .clk_i(clk_i),
      .ipv6_i(meta_after_l3.ipv6),
      .destination_i(destination),
      .prefixes_i(prefixes_i),
      .match_o(prefix_hits)
  );
  meta_delay #(
      .CYCLES(linecard_pkg::tap_match(K) - linecard_pkg::tap_l3(K) - 2),
      .BITS(PREFIXES)
  ) delay_prefix (
      .clk_i(clk_i),
      .meta_i(prefix_hits),
      .meta_o(prefix_hits_match)
  );

  logic [META_BITS-1:0] meta_l4;
  logic [(linecard_pkg::L4_MAX+16)*8-1:0] window_l4;
  linecard_pkg::meta_t meta_after_l4;
  meta_delay #(
      .CYCLES(linecard_pkg::tap_l4_select(K) - linecard_pkg::tap_l3(K) - 1)
  ) delay_l4 (
      .clk_i(clk_i),
      .meta_i(meta_after_l3),
      .meta_o(meta_l4)
  );
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_l4_select(K)),
      .BYTES(linecard_pkg::L4_MAX + 16)
  ) window_at_l4 (
      .line_i(line),
      .window_o(window_l4)
  );
  parse_l4 parse_l4 (
      .clk_i(clk_i),
      .meta_i(meta_l4),
      .window_i(window_l4),
      .meta_o(meta_after_l4)
  );

  logic [META_BITS-1:0] meta_payload;
  logic [linecard_pkg::WINDOW*8-1:0] window_payload;
  linecard_pkg::meta_t meta_match;
  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_match;
  meta_delay #(
      .CYCLES(linecard_pkg::tap_payload(K) - linecard_pkg::tap_l4(K) - 1)
  ) delay_payload (
      .clk_i(clk_i),
      .meta_i(meta_after_l4),
      .meta_o(meta_payload)
  );
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_payload(K)),
      .BYTES(linecard_pkg::WINDOW)
  ) window_at_payload (
      .line_i(line),
      .window_o(window_payload)
  );
  parse_payload parse_payload (
      .clk_i(clk_i),
      .meta_i(meta_payload),
      .window_i(window_payload),
      .meta_o(meta_match),
      .payload_o(payload_match)
  );

  // ---- classify
  linecard_pkg::meta_t meta_locate;
  linecard_regs_pkg::rule_entry_t rule_locate;
  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_locate;
  classify #(
      .RULES(RULES),
      .PREFIXES(PREFIXES)
  ) classify (
      .clk_i(clk_i),
      .valid_i(line_first[linecard_pkg::tap_match(K)]),
      .meta_i(meta_match),
      .prefixes_i(prefix_hits_match),
      .payload_i(payload_match),
      .rules_i(rules_i),
      .meta_o(meta_locate),
      .rule_o(rule_locate),
      .payload_o(payload_locate)
  );

  // ---- extract the identifier
  linecard_pkg::meta_t meta_fetch, meta_identify;
  linecard_regs_pkg::rule_entry_t rule_fetch, rule_identify;
  logic [7:0] offset_fetch, type_fetch;
  logic [linecard_pkg::WINDOW*8-1:0] window_fetch;
  locate locate (
      .clk_i(clk_i),
      .meta_i(meta_locate),
      .rule_i(rule_locate),
      .payload_i(payload_locate),
      .meta_o(meta_fetch),
      .rule_o(rule_fetch),
      .offset_o(offset_fetch),
      .type_o(type_fetch)
  );
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_fetch(K)),
      .BYTES(linecard_pkg::WINDOW)
  ) window_at_fetch (
      .line_i(line),
      .window_o(window_fetch)
  );
  fetch fetch (
      .clk_i(clk_i),
      .meta_i(meta_fetch),
      .rule_i(rule_fetch),
      .offset_i(offset_fetch),
      .window_i(window_fetch),
      .meta_o(meta_identify),
      .rule_o(rule_identify)
  );
  logic type_is_setup;
  type_sets #(
      .RULES(RULES)
  ) type_sets (
      .clk_i(clk_i),
      .rule_i(meta_fetch.rule),
      .type_i(type_fetch),
      .member_o(type_is_setup),
      .host_write_i(type_set_write_i),
      .host_index_i(ram_index_i),
      .host_data_i(ram_data_i),
      .host_data_o(type_set_data_o)
  );
  linecard_pkg::meta_t meta_row;
  logic [63:0] vid_row_index;
  identify identify (
      .clk_i(clk_i),
      .meta_i(meta_identify),
      .rule_i(rule_identify),
      .type_is_setup_i(type_is_setup),
      .meta_o(meta_row),
      .vid_o(vid_row_index)
  );

  // ---- lookup
  linecard_pkg::meta_t meta_slots;
  lookup #(
      .VIDS(VIDS),
      .BANK_WORDS(VID_BANK)
  ) lookup (
      .clk_i(clk_i),
      .meta_i(meta_row),
      .vid_i(vid_row_index),
      .meta_o(meta_slots),
      .host_write_i(vid_row_write_i),
      .host_address_i(ram_index_i[$clog2(VIDS)-1:0]),
      .host_data_i(linecard_regs_pkg::unpack_vid_row(ram_data_i)),
      .host_data_o(vid_row_data_o)
  );

  // ---- decide
  logic [12*8-1:0] window_decide;
  linecard_pkg::meta_t meta_rewrite;
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_slots(K)),
      .BYTES(12)
  ) window_at_decide (
      .line_i(line),
      .window_o(window_decide)
  );
  decide #(
      .PORTS(PORTS),
      .SLOTS(SLOTS)
  ) decide (
      .clk_i(clk_i),
      .meta_i(meta_slots),
      .window_i(window_decide),
      .fabric_prefix_i(fabric_prefix_i),
      .ports_i(ports_i),
      .slots_i(slots_i),
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
      .count_i(line_count),
      .last_i(line_last),
      .verdict_i(line_verdict),
      .length_i(line_length),
      .fabric_prefix_i(fabric_prefix_i),
      .ports_i(ports_i),
      .meta_o(meta_o),
      .valid_o(valid_o),
      .data_o(data_o),
      .count_o(count_o),
      .last_o(last_o),
      .verdict_o(verdict_o),
      .length_o(length_o)
  );
  assign entered_o = line_first[0];
  assign entered_origin_o = entering_q.origin;

endmodule
