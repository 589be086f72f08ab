// Lookup: from the identifier to the row (docs/card.md, steps 3.12 and 3.13). First clock: does the
// computed VID have a row? Second: which VID counts, the override's, the first fragment's or the
// computed one; with it the RAM of the rows is asked. The row comes linecard_pkg::ROW_LATENCY clocks
// later, beside its frame again.
module lookup #(
    parameter int VIDS = 4096
) (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  logic [63:0]         vid_i,
    // one clock later: what the override table and the fragment table say
    input  logic                override_hit_i,
    input  logic [15:0]         override_vid_i,
    input  logic                override_bad_i,
    input  logic                fragment_hit_i,
    input  logic                fragment_vid_valid_i,
    input  logic [15:0]         fragment_vid_i,
    input  logic [9:0]          fragment_index_i,
    input  logic [7:0]          learned_i,       // first fragments learned so far
    output linecard_pkg::meta_t meta_resolved_o, // two clocks behind meta_i: the VID is known
    output linecard_pkg::meta_t meta_o,          // with the row
    // host: what is read belongs to the address of two clocks before
    input  logic                    host_write_i,
    input  logic [$clog2(VIDS)-1:0] host_address_i,
    input  logic [linecard_regs_pkg::BITS_VID_ROW-1:0] host_data_i,
    input  logic                    host_bad_parity_i,
    output logic [linecard_regs_pkg::BITS_VID_ROW-1:0] host_data_o,
    output logic                    host_bad_o
);
  localparam int VID_BITS = $clog2(VIDS);
  localparam int ROW_BITS = linecard_regs_pkg::BITS_VID_ROW;

  // ---- range
  linecard_pkg::meta_t meta_q;
  logic in_range_q;
  logic [VID_BITS-1:0] vid_q;
  always_ff @(posedge clk_i) begin
    meta_q <= meta_i;
    in_range_q <= vid_i[63:VID_BITS] == '0;
    vid_q <= vid_i[VID_BITS-1:0];
  end

  // ---- which VID
  logic [16:0] override_vid;
  logic override_in_range;
  assign override_vid = {1'b0, override_vid_i};
  assign override_in_range = override_vid[16:VID_BITS] == '0;

  linecard_pkg::meta_t meta, meta_row_q;
  logic [VID_BITS-1:0] vid;
  always_comb begin
    meta = meta_q;
    meta.fragment_index = fragment_index_i;
    meta.learned = learned_i;
    vid = vid_q;
    if (meta_q.asks && override_hit_i) vid = override_vid_i[VID_BITS-1:0];
    if (meta_q.follows) vid = fragment_vid_i[VID_BITS-1:0];
    if (meta_q.by_rules && !meta_q.decided) begin
      if (meta_q.follows) begin
        meta.fragment = fragment_hit_i;
        meta.vid_valid = fragment_hit_i && fragment_vid_valid_i;
        meta.decided = !meta.vid_valid;
        meta.hold = !fragment_hit_i && !meta_q.expired;
        if (fragment_hit_i) meta.reason = linecard_regs_pkg::REASON_PUNT_FRAGMENT;
        else if (meta_q.expired) meta.reason = linecard_regs_pkg::REASON_FRAGMENT_TIMEOUT;
        else meta.reason = linecard_regs_pkg::REASON_FRAGMENT_FULL;  // unless it can be held
      end else if (meta_q.asks && override_bad_i) begin
        meta.decided = 1'b1;
        meta.reason = linecard_regs_pkg::REASON_PUNT_PARITY;
      end else if (meta_q.asks && override_hit_i) begin
        meta.override_hit = 1'b1;
        meta.vid_valid = override_in_range;
        meta.decided = !override_in_range;
        meta.reason = linecard_regs_pkg::REASON_PUNT_VID_RANGE;
      end else if (meta_q.asks && meta_q.only) begin
        meta.decided = 1'b1;
        meta.reason = linecard_regs_pkg::REASON_PUNT_NO_OVERRIDE;
      end else begin
        meta.vid_valid = in_range_q;
        meta.decided = !in_range_q;
        meta.reason = linecard_regs_pkg::REASON_PUNT_VID_RANGE;
      end
    end
    if (meta.vid_valid) meta.vid = 16'(vid);
  end

  // ---- the row, with a parity bit on top
  logic [ROW_BITS:0] row_bits, host_bits;
  table_ram #(
      .ENTRIES(VIDS),
      .BITS(ROW_BITS + 1)
  ) rows (
      .clk_i(clk_i),
      .read_address_i(vid),
      .read_data_o(row_bits),
      .host_write_i(host_write_i),
      .host_address_i(host_address_i),
      .host_data_i({^host_data_i ^ host_bad_parity_i, host_data_i}),
      .host_data_o(host_bits)
  );
  assign host_data_o = host_bits[ROW_BITS-1:0];
  assign host_bad_o = ^host_bits;

  always_ff @(posedge clk_i) begin
    meta_resolved_o <= meta;
    meta_row_q <= meta_resolved_o;
  end

  linecard_regs_pkg::vid_row_entry_t row;
  always_comb begin
    row = row_bits[ROW_BITS-1:0];
    meta_o = meta_row_q;
    if (meta_row_q.by_rules && !meta_row_q.decided) begin
      meta_o.bad_row = ^row_bits;
      meta_o.row_valid = row.valid;
      meta_o.row_in_sync = row.backup_in_sync;
      meta_o.row_backup = row.backup;
      meta_o.row_active = row.active;
    end
  end

endmodule
