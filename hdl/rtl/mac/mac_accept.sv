// Takes the card's frames for the transmitter: beats of 64 bits as words of four octets, and the line's
// speed between them.
//
// Contract:
// - A frame's beats are offered without a gap (port_queue holds whole frames). One goes out in three clocks
//   then: at 50 MHz and more the transmitter, which takes one in 64 ns at least, never waits for a word.
// - tx_tready_o comes from a flip-flop: who offers has logic of its own.
// - Without a link frames are taken and thrown away, each an event. A link that goes within a frame ends it
//   where it stands, with an event too.
// - A speed is told before the first frame that is to leave at it, and as soon as there is a link.
module mac_accept #(
    parameter logic [1:0] SPEED = mac_pkg::SPEED_1000  // what the transmitter begins with
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        link_i,
    input  logic [1:0]  speed_i,
    input  logic        tx_tvalid_i,
    output logic        tx_tready_o,
    input  logic [63:0] tx_tdata_i,
    input  logic [7:0]  tx_tkeep_i,
    input  logic        tx_tlast_i,
    output logic        wr_valid_o,
    input  logic        wr_ready_i,
    output logic [mac_pkg::TX_WORD_BITS-1:0] wr_data_o,
    output logic        event_valid_o,
    input  logic        event_ready_i
);
  // ---- a beat, in flip-flops: the queue's RAM is too slow for more
  logic valid_q, last_q;
  logic [63:0] data_q;
  logic [7:0] keep_q;
  logic done;
  assign tx_tready_o = !valid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_q ? !done : tx_tvalid_i;
    if (tx_tready_o) begin
      data_q <= tx_tdata_i;
      keep_q <= tx_tkeep_i;
      last_q <= tx_tlast_i;
    end
  end

  logic high_q;  // the low half has gone out
  logic open_q;  // words of the frame have gone out
  logic drop_q;  // the rest of the frame is thrown away
  logic [1:0] told_q;
  logic event_free, between, tells, cuts, drops, sends, ends, low_only;
  assign event_free = !event_valid_o || event_ready_i;
  assign between = !open_q && !drop_q;
  assign tells = between && link_i && told_q != speed_i;
  assign cuts = open_q && !link_i;
  assign drops = valid_q && (drop_q || (between && !link_i));
  assign low_only = last_q && !keep_q[4];
  assign ends = last_q && (high_q || low_only);
  assign sends = valid_q && !tells && !cuts && !drops;

  logic [3:0] keep;
  logic [1:0] octets;  // less one
  logic [31:0] word;
  assign word = high_q ? data_q[63:32] : data_q[31:0];
  assign keep = high_q ? keep_q[7:4] : keep_q[3:0];
  assign octets = {keep[2], keep[3] || (keep[1] && !keep[2])};
  assign wr_valid_o = tells || cuts || sends;
  assign wr_data_o = {tells || cuts, cuts || (!tells && ends), octets, word[31:2], tells ? speed_i : word[1:0]};

  assign done = drops ? event_free || !last_q : sends && wr_ready_i && (high_q || low_only);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      high_q <= 1'b0;
      open_q <= 1'b0;
      drop_q <= 1'b0;
      told_q <= SPEED;
    end else begin
      if (tells && wr_ready_i) told_q <= speed_i;
      if (cuts && wr_ready_i) begin
        high_q <= 1'b0;
        open_q <= 1'b0;
        drop_q <= 1'b1;
      end else if (drops) begin
        if (done) drop_q <= !last_q;
      end else if (sends && wr_ready_i) begin
        high_q <= !high_q && !low_only;
        open_q <= !ends;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) event_valid_o <= 1'b0;
    else event_valid_o <= (drops && done && last_q) || (event_valid_o && !event_ready_i);
  end

endmodule
