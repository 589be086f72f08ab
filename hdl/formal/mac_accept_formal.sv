// Proofs of mac_accept: frames go out whole or are told, and the transmitter never sees a half one go on.
module mac_accept_formal (
    input logic        clk_i,
    input logic        rst_ni,
    input logic        link_i,
    input logic [1:0]  speed_i,
    input logic        tx_tvalid_i,
    input logic [63:0] tx_tdata_i,
    input logic [7:0]  tx_tkeep_i,
    input logic        tx_tlast_i,
    input logic        wr_ready_i,
    input logic        event_ready_i
);
  logic tready, wr_valid, event_valid;
  logic [mac_pkg::TX_WORD_BITS-1:0] wr_data;
  mac_accept dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .link_i(link_i),
      .speed_i(speed_i),
      .tx_tvalid_i(tx_tvalid_i),
      .tx_tready_o(tready),
      .tx_tdata_i(tx_tdata_i),
      .tx_tkeep_i(tx_tkeep_i),
      .tx_tlast_i(tx_tlast_i),
      .wr_valid_o(wr_valid),
      .wr_ready_i(wr_ready_i),
      .wr_data_o(wr_data),
      .event_valid_o(event_valid),
      .event_ready_i(event_ready_i)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // Assumes: octets without a hole, all 8 unless it is the last beat (port_queue).
  always @* begin
    assume (tx_tkeep_i[0] && (tx_tkeep_i & (tx_tkeep_i + 8'd1)) == '0);
    if (!tx_tlast_i) assume (&tx_tkeep_i);
  end
  // Assumes: what is offered stays until it is taken (port_queue).
  always @(posedge clk_i) begin
    if (begun_q && $past(rst_ni && tx_tvalid_i && !tready)) begin
      assume (tx_tvalid_i && $stable(tx_tdata_i) && $stable(tx_tkeep_i) && $stable(tx_tlast_i));
    end
  end

  logic command, last, put, take;
  logic [1:0] octets;
  logic [31:0] data;
  assign {command, last, octets, data} = wr_data;
  assign put = wr_valid && wr_ready_i;
  assign take = tx_tvalid_i && tready;

  // The beat that was taken and has not gone: its octets, and how many words of it went out.
  logic holds_q, last_q, high_q, gone_q;
  logic [63:0] data_q;
  logic [7:0] keep_q;
  logic open_q;  // at the transmitter: words of a frame, and not its end
  logic cut_q;   // a frame was cut
  logic [1:0] told_q;
  logic goes;    // the word that ends the beat goes out
  assign goes = put && !command && (high_q || (last_q && !keep_q[4]));
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      {holds_q, high_q, gone_q, open_q, cut_q} <= '0;
      told_q <= mac_pkg::SPEED_1000;
    end else begin
      gone_q <= !take && (gone_q || goes);
      if (take) {holds_q, last_q, keep_q, data_q, high_q} <= {1'b1, tx_tlast_i, tx_tkeep_i, tx_tdata_i, 1'b0};
      else if (tready) holds_q <= 1'b0;
      else if (put && !command) high_q <= 1'b1;
      if (put && command && last) cut_q <= 1'b1;
      if (put && !(command && !last)) open_q <= !last;
      if (put && command && !last) told_q <= data[1:0];
    end
  end
  logic [31:0] part;
  logic [3:0] keep;
  assign part = high_q ? data_q[63:32] : data_q[31:0];
  assign keep = high_q ? keep_q[7:4] : keep_q[3:0];

  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: a speed is told between frames only; a frame is ended by a command only where it is open.
      if (wr_valid && command) assert (open_q == last);
      // Proves: a word that goes out is the next four octets of the beat that was taken last, with their number, and the last where the frame ends.
      if (wr_valid && !command) begin
        assert (holds_q && !gone_q);
        assert ((data ^ part) == '0);
        assert (keep == 4'hf >> ~octets);
        assert (last == (last_q && (high_q || !keep_q[4])));
      end
      // Proves: a frame begins only with a link, and at the speed that was told last.
      if (wr_valid && !command && !open_q) assert (link_i && told_q == speed_i);
      // Proves: a link that goes within a frame ends it at the next word that is taken.
      if (open_q && !link_i) assert (wr_valid && command && last);
    end
    // Reaches: a frame is cut, and another goes out whole behind a change of speed.
    cover (begun_q && rst_ni && cut_q && told_q != mac_pkg::SPEED_1000 && put && last && !command);
  end

  // Proves: a frame without a link, or cut, is told; what is told stays until it is taken.
  always @(posedge clk_i) begin
    if (begun_q && rst_ni && $past(rst_ni && event_valid && !event_ready_i)) assert (event_valid);
    if (begun_q && rst_ni && holds_q && last_q && tready && !gone_q) assert (event_valid);
  end
  // Proves: whole frames of a link that stays are taken as fast as a line needs at 50 MHz: a beat in three clocks.
  logic [1:0] waits_q;
  always @(posedge clk_i) begin
    if (!rst_ni || !tx_tvalid_i || tready || !wr_ready_i || !link_i || $changed(speed_i) || !open_q) waits_q <= '0;
    else waits_q <= waits_q + 2'd1;
  end
  always @* if (begun_q && rst_ni) assert (waits_q < 2'd3);
endmodule
