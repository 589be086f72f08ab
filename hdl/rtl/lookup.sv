// Lookup: the row of the VID. Whether the identifier names a row at all is checked on the way in;
// the row comes linecard_pkg::ROW_LATENCY clocks later, beside its frame again.
module lookup #(
    parameter int VIDS = 4096,
    parameter int BANK_WORDS = 4096
) (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  logic [63:0]         vid_i,
    output linecard_pkg::meta_t meta_o,
    // host
    input  logic                    host_write_i,
    input  logic [$clog2(VIDS)-1:0] host_address_i,
    input  logic [linecard_regs_pkg::BITS_VID_ROW-1:0] host_data_i,
    output logic [linecard_regs_pkg::BITS_VID_ROW-1:0] host_data_o
);
  localparam int VID_BITS = $clog2(VIDS);
  localparam int ROW_BITS = linecard_regs_pkg::BITS_VID_ROW;

  linecard_pkg::meta_t checked, delayed;
  always_comb begin
    checked = meta_i;
    if (meta_i.by_rules && !meta_i.decided) begin
      checked.decided = vid_i[63:VID_BITS] != '0;
      checked.reason = linecard_regs_pkg::REASON_PUNT_VID_RANGE;
      checked.vid_valid = !checked.decided;
      if (checked.vid_valid) checked.vid = 16'(vid_i[VID_BITS-1:0]);
    end
  end

  logic [ROW_BITS-1:0] row_bits;
  table_ram #(
      .ENTRIES(VIDS),
      .BITS(ROW_BITS),
      .BANK_WORDS(BANK_WORDS)
  ) rows (
      .clk_i(clk_i),
      .read_address_i(vid_i[VID_BITS-1:0]),
      .read_data_o(row_bits),
      .host_write_i(host_write_i),
      .host_address_i(host_address_i),
      .host_data_i(host_data_i),
      .host_data_o(host_data_o)
  );

  logic [linecard_pkg::META_BITS-1:0] delayed_bits;
  meta_delay #(
      .CYCLES(linecard_pkg::ROW_LATENCY)
  ) beside (
      .clk_i(clk_i),
      .meta_i(checked),
      .meta_o(delayed_bits)
  );

  linecard_regs_pkg::vid_row_entry_t row;
  always_comb begin
    row = row_bits;
    delayed = delayed_bits;
    meta_o = delayed;
    if (delayed.by_rules && !delayed.decided) begin
      meta_o.row_valid = row.valid;
      meta_o.row_in_sync = row.backup_in_sync;
      meta_o.row_backup = row.backup;
      meta_o.row_active = row.active;
    end
  end

endmodule
