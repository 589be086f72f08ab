// Identify, two clocks: is this a set-up packet, and if not, which VID does its identifier name
// (docs/card.md, steps 3.11 and 3.12).
module identify (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  linecard_regs_pkg::rule_entry_t rule_i,
    input  logic                type_is_setup_i,  // the message type is in the rule's set
    output linecard_pkg::meta_t meta_o,
    output logic [63:0]         vid_o             // not checked against the number of rows yet
);
  linecard_pkg::meta_t meta, meta_q;
  logic [63:0] difference_q;
  logic [5:0] shift_q;
  always_comb begin
    meta = meta_i;
    if (meta_i.by_rules && !meta_i.decided) begin
      meta.decided = (rule_i.setup_zero && meta_i.key == '0) || (rule_i.setup_type && type_is_setup_i);
      meta.reason = linecard_regs_pkg::REASON_PUNT_SETUP;
    end
  end

  always_ff @(posedge clk_i) begin
    meta_q <= meta;
    difference_q <= (meta_i.key & rule_i.id_mask) - rule_i.id_subtract;
    shift_q <= rule_i.id_shift;
    // ---- second clock
    meta_o <= meta_q;
    vid_o <= difference_q >> shift_q;
  end

endmodule
