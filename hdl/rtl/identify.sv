// Identify, two clocks: is this a set-up packet, and if not, which VID does its identifier give
// (docs/card.md, steps 3.11 and 3.12). In the first clock the override table is asked. With a spare clock
// the VID takes one more, and comes one clock behind the metadata.
module identify #(
    parameter int DATA_WIDTH = 64,
    parameter int SPARE = 0
) (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  linecard_regs_pkg::rule_entry_t rule_i,
    input  logic [127:0]        source_i,
    input  logic                type_is_setup_i,  // the message type is in the rule's set
    input  logic                type_bad_i,       // the set's parity is wrong
    output logic                ask_o,            // the override table, with
    output logic [7:0]          ask_space_o,
    output logic [127:0]        ask_key_o,
    output linecard_pkg::meta_t meta_o,
    output logic [63:0]         vid_o             // not checked against the number of rows yet
);
  logic [63:0] masked;
  assign masked = meta_i.key & rule_i.id_mask;

  linecard_pkg::meta_t meta, meta_q;
  logic [63:0] difference_q;
  logic [5:0] shift_q;
  logic typed;
  assign typed = rule_i.setup_type && !meta_i.quoted;
  always_comb begin
    meta = meta_i;
    if (meta_i.by_rules && !meta_i.decided && !meta_i.follows) begin
      meta.decided = (typed && type_bad_i) || (typed && type_is_setup_i) ||
          (rule_i.setup_zero && meta_i.key_valid && !meta_i.quoted && meta_i.key == '0);
      meta.reason = (typed && type_bad_i) ? linecard_regs_pkg::REASON_PUNT_PARITY
                                          : linecard_regs_pkg::REASON_PUNT_SETUP;
      meta.asks = rule_i.override != linecard_regs_pkg::RULE_OVERRIDE_NONE;
      meta.only = rule_i.override_only || !meta_i.key_valid;
    end
  end

  assign ask_o = meta.asks && !meta.decided;
  assign ask_space_o = rule_i.override_space;
  always_comb begin
    case (rule_i.override)
      linecard_regs_pkg::RULE_OVERRIDE_SOURCE: ask_key_o = source_i;
      linecard_regs_pkg::RULE_OVERRIDE_SOURCE_IDENTIFIER: ask_key_o = {source_i[127:64], masked};
      default: ask_key_o = {64'd0, masked};
    endcase
  end

  // ---- shift, by eights and by what is left
  logic [63:0] whole_bytes;
  logic [2:0] rest;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(SPARE),
      .BITS(64 + 3)
  ) shift (
      .clk_i(clk_i),
      .first_i(1'b1),
      .meta_i({difference_q >> {shift_q[5:3], 3'd0}, shift_q[2:0]}),
      .meta_o({whole_bytes, rest})
  );

  always_ff @(posedge clk_i) begin
    meta_q <= meta;
    difference_q <= masked - rule_i.id_subtract;
    shift_q <= rule_i.id_shift;
    // ---- second clock
    meta_o <= meta_q;
    vid_o <= whole_bytes >> rest;
  end

endmodule
