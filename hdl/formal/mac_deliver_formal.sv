// Proofs of mac_deliver: each frame has one end at the card, whatever becomes of the PHY's clock.
module mac_deliver_formal (
    input logic clk_i,
    input logic rst_ni,
    input logic tick_i,
    input logic rd_valid_i,
    input logic [mac_pkg::RX_WORD_BITS-1:0] rd_data_i,
    input logic event_ready_i
);
  logic rd_ready, tvalid, tlast, tuser, event_valid, link, full_duplex;
  logic [63:0] tdata;
  logic [7:0] tkeep;
  logic [2:0] event_code;
  logic [1:0] speed;
  mac_deliver dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .tick_i(tick_i),
      .rd_valid_i(rd_valid_i),
      .rd_ready_o(rd_ready),
      .rd_data_i(rd_data_i),
      .rx_tvalid_o(tvalid),
      .rx_tdata_o(tdata),
      .rx_tkeep_o(tkeep),
      .rx_tlast_o(tlast),
      .rx_tuser_o(tuser),
      .event_valid_o(event_valid),
      .event_ready_i(event_ready_i),
      .event_o(event_code),
      .link_o(link),
      .speed_o(speed),
      .full_duplex_o(full_duplex)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  logic [2:0] code;
  logic last;
  assign {code, last} = rd_data_i[mac_pkg::RX_WORD_BITS-1-:4];
  logic of_frame, take;
  assign of_frame = last || code == mac_pkg::RX_NONE;
  assign take = rd_valid_i && rd_ready;

  logic inside_q;  // words of a frame were taken, and not its last
  logic took_q, took_last_q, took_fault_q;  // in the clock before: a word of a frame, its last, with a fault
  logic took_other_q;  // or what is no frame
  logic waits_q;       // an event was told and not taken
  logic tells;         // there is one to be told
  assign tells = (took_fault_q && !ended_q) || took_other_q || (tvalid && tlast && !took_last_q);
  logic had_q;    // the frame had words before that
  logic ended_q;  // the card has had its end
  always @* begin
    // Assumes: between a frame's words stands nothing else, and of what is no frame there are two kinds (mac_rx).
    if (inside_q && rd_valid_i) assume (of_frame);
    if (!of_frame) assume (code == mac_pkg::RX_NO_FRAME || code == mac_pkg::RX_STATUS);
  end
  // Assumes: what is offered stays until it is taken (cdc_fifo).
  always @(posedge clk_i) begin
    if (begun_q && $past(rst_ni && rd_valid_i && !rd_ready)) assume (rd_valid_i && $stable(rd_data_i));
  end

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      {inside_q, took_q, took_last_q, took_fault_q, took_other_q, waits_q, had_q, ended_q} <= '0;
    end else begin
      if (take && of_frame) inside_q <= !last;
      took_q <= take && of_frame;
      took_last_q <= take && last;
      took_fault_q <= take && last && code != mac_pkg::RX_NONE;
      took_other_q <= take && !last && code == mac_pkg::RX_NO_FRAME;
      waits_q <= event_valid && !event_ready_i;
      had_q <= !took_last_q && (had_q || took_q);
      ended_q <= !took_last_q && (ended_q || (tvalid && tlast));
    end
  end

  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: a beat belongs to a frame that has begun and not ended, and has octets without a hole; all 8 unless it is the last.
      if (tvalid) begin
        assert ((had_q || took_q) && !ended_q);
        assert (tkeep[0] && (tkeep & (tkeep + 8'd1)) == '0);
        if (!tlast) assert (&tkeep);
      end
      // Proves: behind its last word a frame has had its end at the card, marked where it has a fault, and not else unless it was cut.
      if (took_last_q) begin
        assert (ended_q || (tvalid && tlast));
        if (!ended_q) assert (tuser == took_fault_q);
      end
      // Proves: each fault, cut and carrier without a frame is told once, and finds the one before it taken; nothing else is told.
      assert (event_valid == (tells || waits_q));
      assert (!(tells && waits_q));
      // Proves: an end before the last word is a cut, marked, and told as one.
      if (tvalid && tlast && !took_last_q) assert (tuser && event_code == mac_pkg::RX_CUT);
    end
    // Reaches: a frame is cut, the rest of it comes, and another frame ends well.
    cover (begun_q && rst_ni && cut_seen_q && tvalid && tlast && !tuser);
  end
  // Proves: what is told stays until it is taken.
  always @(posedge clk_i) begin
    if (begun_q && rst_ni && $past(rst_ni && event_valid && !event_ready_i)) begin
      assert (event_valid && $stable(event_code));
    end
  end
  logic cut_seen_q;
  always @(posedge clk_i) begin
    if (!rst_ni) cut_seen_q <= 1'b0;
    else if (ended_q && took_last_q) cut_seen_q <= 1'b1;
  end
endmodule
