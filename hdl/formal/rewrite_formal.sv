// Proofs of rewrite: every beat comes out one clock later as it was, but for the MAC addresses that its
// frame gets, and with its frame's metadata.
module rewrite_formal #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input linecard_pkg::meta_t   meta_i,
    input logic                  valid_i,
    input logic                  first_i,
    input logic [DATA_WIDTH-1:0] data_i,
    input logic [COUNT_BITS-1:0] count_i,
    input logic                  last_i,
    input logic [2:0]            verdict_i,
    input logic [15:0]           length_i,
    input logic                  enable_i,
    input logic [31:0]           fabric_prefix_i,
    input logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_i
);
  linecard_pkg::meta_t meta, meta_next;
  logic valid, last, ill;
  logic [DATA_WIDTH-1:0] data;
  logic [COUNT_BITS-1:0] count;
  logic [5:0] illness;
  logic [15:0] length;
  rewrite #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .meta_i(meta_i),
      .valid_i(valid_i),
      .first_i(first_i),
      .data_i(data_i),
      .count_i(count_i),
      .last_i(last_i),
      .verdict_i(verdict_i),
      .length_i(length_i),
      .enable_i(enable_i),
      .fabric_prefix_i(fabric_prefix_i),
      .ports_i(ports_i),
      .meta_o(meta),
      .valid_o(valid),
      .data_o(data),
      .count_o(count),
      .last_o(last),
      .meta_next_o(meta_next),
      .ill_o(ill),
      .illness_o(illness),
      .length_o(length)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // Assumes: `first` stands on a frame's first beat and on no other, and frames have no gaps (header_line).
  logic inside_q;
  always @(posedge clk_i) inside_q <= rst_ni && (valid_i ? !last_i : inside_q);
  always @* begin
    if (valid_i) assume (first_i == !inside_q);
    if (!valid_i) assume (!first_i);
    if (inside_q && rst_ni) assume (valid_i);
  end

  // ---- what went in a clock ago, and what its frame's first beat said
  logic valid_q, last_q, enable_q;
  logic [DATA_WIDTH-1:0] data_q;
  logic [COUNT_BITS-1:0] count_q;
  logic [2:0] verdict_q;
  logic [15:0] length_q;
  linecard_pkg::meta_t meta_q;
  logic [1:0] beat_q;  // of its frame; 3 and all behind that are alike
  logic steered, steered_q;
  assign steered = linecard_regs_pkg::ends_in_steer(meta_i.reason);
  logic [47:0] mac, mac_q;
  always @* begin
    mac = {fabric_prefix_i, 2'b00, meta_i.slot, meta_i.epoch};
  end
  always @(posedge clk_i) begin
    valid_q <= rst_ni && valid_i;
    {last_q, enable_q, data_q, count_q, verdict_q, length_q} <= {last_i, enable_i, data_i, count_i, verdict_i, length_i};
    if (valid_i) begin
      beat_q <= first_i ? 2'd0 : (beat_q == 2'd3) ? 2'd3 : beat_q + 2'd1;
      if (first_i) begin
        meta_q <= meta_i;
        mac_q <= mac;
        steered_q <= steered;
      end
    end
  end
  logic left, from_slot, to_slot;  // its addresses stay
  always @* begin
    to_slot = meta_q.reason == linecard_regs_pkg::REASON_INJECT_SLOT ||
        meta_q.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT;
    from_slot = meta_q.reason == linecard_regs_pkg::REASON_LINE_FROM_SLOT;
    left = !steered_q && !to_slot && !from_slot;
  end

  // What induction needs to know: how far the module has come with a frame, and what it still changes.
  (* hierconn *) wire [1:0] \dut.beat_q ;
  (* hierconn *) wire [11:0] \dut.change_q ;
  always @* begin
    if (begun_q && inside_q) begin
      assert (\dut.beat_q == ((beat_q == 2'd0) ? 2'd1 : 2'd2));
      assert (!left || \dut.change_q == '0);
    end
  end

  always @* begin
    if (begun_q) begin
      // Proves: every beat comes out one clock later, once, with its count and last; after one clock of reset from any state there is none.
      assert (valid == valid_q);
      if (valid) begin
        assert ({last, count} == {last_q, count_q});
        // Proves: with every beat of a frame comes what its first beat brought.
        assert (meta == meta_q);
        // Proves: behind the MAC addresses all bytes are as they were; and there, too, unless the frame goes to a slot or from one to the line.
        for (int i = 0; i < K; i++) begin
          if (left || beat_q >= 2'd2 || (beat_q == 2'd1 && i >= 4)) assert (data[i*8+:8] == data_q[i*8+:8]);
        end
        // Proves: a frame that is steered goes to the MAC address that is made of its slot and epoch.
        if (steered_q && beat_q == 2'd0) begin
          for (int i = 0; i < 6; i++) assert (data[i*8+:8] == mac_q[47-8*i-:8]);
        end
        // Proves: what is not held against a frame was well received, with the card enabled, and has all the bytes that its headers claim.
        if (!ill) begin
          assert (verdict_q == linecard_pkg::RX_OK || verdict_q > linecard_pkg::RX_UNDERRUN);
          assert (enable_q && length_q >= 16'd14 && length_q <= 16'(linecard_pkg::MAX_FRAME));
          assert (length_q >= 16'(meta_q.header_min) && 17'(length_q) >= meta_q.packet_end);
          assert (length == length_q);
        end
        // Proves: what is held against it has a reason that ends in a drop.
        if (ill) assert (linecard_regs_pkg::ends_in_drop(illness));
      end
    end
    // Reaches: a steered frame of three beats, well, followed by another.
    cover (begun_q && valid && last && steered_q && beat_q == 2'd2 && !ill && first_i);
  end
endmodule
