// Proofs of lookup: which VID a frame gets, and that its row is the one that this VID names.
module lookup_formal #(
    parameter int VIDS = 8,
    localparam int VID_BITS = $clog2(VIDS),
    localparam int ROW_BITS = linecard_regs_pkg::BITS_VID_ROW
) (
    input logic                               clk_i,
    input logic [linecard_pkg::META_BITS-1:0] meta_i,
    input logic [63:0]                        vid_i,
    input logic                               override_hit_i,
    input logic [15:0]                        override_vid_i,
    input logic                               override_bad_i,
    input logic                               fragment_hit_i,
    input logic                               fragment_vid_valid_i,
    input logic [15:0]                        fragment_vid_i,
    input logic                               host_write_i,
    input logic [VID_BITS-1:0]                host_address_i,
    input logic [ROW_BITS-1:0]                host_data_i,
    input logic                               host_bad_parity_i
);
  linecard_pkg::meta_t out;
  logic [linecard_pkg::META_BITS-1:0] out_bits, resolved_bits;
  logic [ROW_BITS-1:0] host_data;
  logic host_bad;
  lookup #(
      .VIDS(VIDS)
  ) dut (
      .clk_i(clk_i),
      .meta_i(meta_i),
      .vid_i(vid_i),
      .override_hit_i(override_hit_i),
      .override_vid_i(override_vid_i),
      .override_bad_i(override_bad_i),
      .fragment_hit_i(fragment_hit_i),
      .fragment_vid_valid_i(fragment_vid_valid_i),
      .fragment_vid_i(fragment_vid_i),
      .fragment_index_i('0),
      .learned_i('0),
      .meta_resolved_o(resolved_bits),
      .meta_o(out_bits),
      .host_write_i(host_write_i),
      .host_address_i(host_address_i),
      .host_data_i(host_data_i),
      .host_bad_parity_i(host_bad_parity_i),
      .host_data_o(host_data),
      .host_bad_o(host_bad)
  );
  assign out = out_bits;

  linecard_pkg::meta_t given_now;
  assign given_now = meta_i;
  always @* begin
    // Assumes: no stage before has given a VID, nor said that a frame may be held (classify, identify).
    assume (!given_now.vid_valid && !given_now.hold && !given_now.override_hit && !given_now.fragment);
    // Assumes: a first fragment leaves behind a VID that the card has (it was this module's).
    if (fragment_hit_i && fragment_vid_valid_i) assume (fragment_vid_i < VIDS);
  end

  // The model of the RAM follows any one row. What it holds at the end of this clock is `value`.
  (* anyconst *) logic [VID_BITS-1:0] any;
  (* hierconn *) wire [VID_BITS-1:0] \dut.rows.followed ;
  (* hierconn *) wire [ROW_BITS:0] \dut.rows.value ;
  assign \dut.rows.followed = any;
  logic [ROW_BITS:0] value;
  assign value = \dut.rows.value ;

  // ---- what it was given: the frame three clocks ago, the tables' answers and the row two clocks ago
  localparam int CLOCKS = 3;
  logic [CLOCKS-1:0] begun_q = '0;
  logic [3*linecard_pkg::META_BITS-1:0] metas_q;
  logic [3*64-1:0] vids_q;
  localparam int ANSWER_BITS = 36;
  logic [2*ANSWER_BITS-1:0] answers_q;
  logic [2*(ROW_BITS+1)-1:0] values_q;
  always @(posedge clk_i) begin
    begun_q <= {begun_q[CLOCKS-2:0], 1'b1};
    metas_q <= {metas_q[2*linecard_pkg::META_BITS-1:0], meta_i};
    vids_q <= {vids_q[127:0], vid_i};
    answers_q <= {answers_q[ANSWER_BITS-1:0], override_hit_i, override_bad_i, fragment_hit_i,
                  fragment_vid_valid_i, override_vid_i, fragment_vid_i};
    values_q <= {values_q[ROW_BITS:0], value};
  end
  linecard_pkg::meta_t given;
  assign given = metas_q[2*linecard_pkg::META_BITS+:linecard_pkg::META_BITS];
  logic [63:0] computed;
  assign computed = vids_q[128+:64];
  logic override_hit, override_bad, fragment_hit, fragment_vid_valid;
  logic [15:0] override_vid, fragment_vid;
  assign {override_hit, override_bad, fragment_hit, fragment_vid_valid, override_vid, fragment_vid} =
      answers_q[ANSWER_BITS+:ANSWER_BITS];
  linecard_regs_pkg::vid_row_entry_t row;
  logic bad_row;
  assign row = values_q[ROW_BITS+1+:ROW_BITS];
  assign bad_row = ^values_q[ROW_BITS+1+:ROW_BITS+1];

  logic looked_up;
  assign looked_up = given.by_rules && !given.decided;
  always @* begin
    if (begun_q[CLOCKS-1]) begin
      // Proves: a frame of which something was decided before, or that no rule steers, gets no VID, and its reason stays.
      if (!looked_up) assert (!out.vid_valid && out.decided == given.decided && out.reason == given.reason);
      // Proves: a frame that is looked up gets a VID that the card has, or it is decided; never both, never neither.
      if (looked_up) assert (out.vid_valid == !out.decided);
      if (out.vid_valid) assert (out.vid < VIDS);
      // Proves: what it is decided as is a punt, or a drop for a fragment whose first has not come.
      if (looked_up && out.decided) begin
        assert (linecard_regs_pkg::ends_in_punt(out.reason) || (given.follows && !fragment_hit && linecard_regs_pkg::ends_in_drop(out.reason)));
      end
      // Proves: the VID of a later fragment is what its first has left behind; else it is the override's where there is one of the right parity; else the computed one, all 64 bits of which count.
      if (looked_up && given.follows) assert (out.vid_valid == (fragment_hit && fragment_vid_valid));
      if (out.vid_valid && given.follows) assert (out.vid == fragment_vid);
      if (out.vid_valid && !given.follows && given.asks) begin
        assert (!override_bad);
        if (override_hit) assert (out.vid == override_vid && out.override_hit);
        else assert (!given.only && 64'(out.vid) == computed);
      end
      if (out.vid_valid && !given.follows && !given.asks) assert (64'(out.vid) == computed && !out.override_hit);
      // Proves: the row beside it is the one that the VID names, whole, as it stood when it was asked for: before a write or after it.
      if (out.vid_valid && out.vid == 16'(any)) begin
        assert (out.bad_row == bad_row && out.row_valid == row.valid && out.row_in_sync == row.backup_in_sync);
        assert (out.row_active == row.active && out.row_backup == row.backup);
      end
      // Proves: only a later fragment whose first has not come, and whose time has not passed, may be held.
      assert (out.hold == (looked_up && given.follows && !fragment_hit && !given.expired));
      // Proves: the key by which it was found, and the slot's side of the frame, go through untouched.
      assert (out.key == given.key && out.rule == given.rule && out.origin == given.origin && out.ingress == given.ingress);
    end
    // Reaches: a VID of each of the three kinds with its row.
    cover (begun_q[CLOCKS-1] && out.vid_valid && out.vid == 16'(any) && given.follows);
    cover (begun_q[CLOCKS-1] && out.vid_valid && out.vid == 16'(any) && out.override_hit && row.valid);
    cover (begun_q[CLOCKS-1] && out.vid_valid && out.vid == 16'(any) && !given.asks && row.valid);
    // Reaches: a frame with a VID that the card does not have, and one whose override is of the wrong parity.
    cover (begun_q[CLOCKS-1] && looked_up && out.reason == linecard_regs_pkg::REASON_PUNT_VID_RANGE && computed[40]);
    cover (begun_q[CLOCKS-1] && looked_up && out.reason == linecard_regs_pkg::REASON_PUNT_PARITY);
  end
endmodule
