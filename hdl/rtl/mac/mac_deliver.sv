// What the receiver has found, as the card's port takes it: beats of 64 bits, events to be counted, and the
// state of the line.
//
// Contract:
// - Words as mac_pkg has them. The card cannot make us wait; the counters may, for some clocks at an event.
// - A frame is one stream of beats with one end, tuser beside the last where it has a fault.
// - link_o: the last status said so, and something has come since 96 to 97 microseconds at most. Where
//   nothing comes, the PHY's clock stands: a frame that has begun then ends with an error, event RX_CUT, and
//   what comes of it later is thrown away. The link is back with the next status.
module mac_deliver (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        tick_i,  // each microsecond
    input  logic        rd_valid_i,
    output logic        rd_ready_o,
    input  logic [mac_pkg::RX_WORD_BITS-1:0] rd_data_i,
    output logic        rx_tvalid_o,
    output logic [63:0] rx_tdata_o,
    output logic [7:0]  rx_tkeep_o,
    output logic        rx_tlast_o,
    output logic        rx_tuser_o,
    output logic        event_valid_o,
    input  logic        event_ready_i,
    output logic [2:0]  event_o,
    output logic        link_o,
    output logic [1:0]  speed_o,
    output logic        full_duplex_o
);
  logic [2:0] code;
  logic last;
  logic [1:0] octets;  // less one
  logic [31:0] data;
  assign {code, last, octets, data} = rd_data_i;

  logic begun_q;  // words of a frame have come, and not its last
  logic drop_q;   // the rest of a frame that was cut is thrown away
  logic half_q;   // the low half of a beat has come
  logic stands, cut, event_free, of_frame, counts, take;
  assign event_free = !event_valid_o || event_ready_i;
  assign cut = stands && begun_q && event_free;
  assign of_frame = last || code == mac_pkg::RX_NONE;
  assign counts = last ? code != mac_pkg::RX_NONE && !drop_q : code == mac_pkg::RX_NO_FRAME;
  assign rd_ready_o = !cut && (event_free || !counts);
  assign take = rd_valid_i && rd_ready_o;

  // ---- does the PHY's clock run?
  logic [6:0] age_q;
  assign stands = &age_q[6:5];
  always_ff @(posedge clk_i) begin
    if (!rst_ni || take) age_q <= '0;
    else if (tick_i && !stands) age_q <= age_q + 7'd1;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) {full_duplex_o, speed_o, link_o} <= '0;
    else if (take && !last && code == mac_pkg::RX_STATUS) {full_duplex_o, speed_o, link_o} <= data[3:0];
    else if (stands) link_o <= 1'b0;
  end

  // ---- beats
  logic [3:0] keep;
  always_comb begin
    for (int i = 0; i < 4; i++) keep[i] = 2'(i) <= octets;
  end
  always_ff @(posedge clk_i) begin
    if (!half_q) rx_tdata_o[31:0] <= data;
    if (half_q) rx_tdata_o[63:32] <= data;
    rx_tkeep_o <= cut ? 8'h01 : !last ? 8'hff : half_q ? {keep, 4'hf} : {4'h0, keep};
    rx_tlast_o <= cut || last;
    rx_tuser_o <= cut || code != mac_pkg::RX_NONE;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rx_tvalid_o <= 1'b0;
      begun_q <= 1'b0;
      drop_q <= 1'b0;
      half_q <= 1'b0;
    end else begin
      rx_tvalid_o <= cut;
      if (cut) begin
        begun_q <= 1'b0;
        drop_q <= 1'b1;
        half_q <= 1'b0;
      end else if (take && of_frame) begin
        if (!drop_q) begin
          begun_q <= !last;
          half_q <= !last && !half_q;
          rx_tvalid_o <= last || half_q;
        end
        if (last) drop_q <= 1'b0;
      end
    end
  end

  // ---- events
  always_ff @(posedge clk_i) begin
    if (!rst_ni) event_valid_o <= 1'b0;
    else event_valid_o <= cut || (take && counts) || (event_valid_o && !event_ready_i);
    if (event_free) event_o <= cut ? mac_pkg::RX_CUT : code;
  end

endmodule
