// Proofs of serial_queue: which requests are kept, and that what is kept comes out once, whole and in order.
module serial_queue_formal #(
    parameter int OCTETS = 8,
    parameter int FCS = 1,      // octets, as shrunk in the queue
    parameter int COMPARED = 1  // bits of the octet that is followed; the queue treats all alike
) (
    input logic       clk_i,
    input logic       rst_ni,
    input logic       valid_i,
    input logic [7:0] data_i,
    input logic       end_i,
    input logic       good_i,
    input logic       ready_i,
    input logic       pick_i  // free: follow this octet, or this frame's end
);
  logic refused, repeated, valid, out_end, empty;
  logic [7:0] data;
  serial_queue #(.OCTETS(OCTETS)) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(valid_i),
      .data_i(data_i),
      .end_i(end_i),
      .good_i(good_i),
      .refused_o(refused),
      .repeated_o(repeated),
      .valid_o(valid),
      .ready_i(ready_i),
      .end_o(out_end),
      .data_o(data),
      .empty_o(empty)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // ---- the line is slow: forty clocks an octet at least
  localparam logic [2:0] APART = 3'd3, BEHIND_FLAG = 3'(FCS + 4);
  logic [2:0] left_q;
  always @(posedge clk_i) begin
    if (!rst_ni) left_q <= '0;
    else if (end_i) left_q <= BEHIND_FLAG;
    else if (valid_i) left_q <= APART;
    else if (left_q != '0) left_q <= left_q - 3'd1;
  end
  always @* begin
    // Assumes: an octet or flag is followed by nothing for three clocks, a flag for four more than the FCS has octets (uart_rx).
    if (left_q != '0) assume (!valid_i && !end_i);
    // Assumes: a flag is no octet of a frame (serial_rx).
    assume (!(valid_i && end_i));
    // Assumes: no frame is longer than can be told apart here.
    if (length_q == 5'd24) assume (!valid_i);
  end

  // ---- this frame
  logic [4:0] length_q;
  logic hello_q, open_q;
  logic [7:0] number_q, last_q;
  logic kept, ended_q;
  always @(posedge clk_i) begin
    ended_q <= rst_ni && end_i;
    if (!rst_ni || end_i) length_q <= '0;
    else if (valid_i) length_q <= length_q + 5'd1;
    if (valid_i && length_q == 5'd0) hello_q <= data_i[1:0] == serial_pkg::REQUEST_HELLO;
    if (valid_i && length_q == 5'd1) number_q <= data_i;
  end
  // What became of it is said one clock later.
  logic may_q, again_q;
  logic [4:0] ended_length_q;
  logic [7:0] ended_number_q, behind;
  assign kept = ended_q && !refused && !repeated;
  assign behind = last_q - number_q;
  always @(posedge clk_i) begin
    may_q <= good_i && length_q >= 5'(FCS + 2) && (hello_q || (open_q && number_q == last_q + 8'd1));
    again_q <= good_i && length_q >= 5'(FCS + 2) && open_q && behind < 8'd128;
    ended_length_q <= length_q;
    ended_number_q <= number_q;
    if (!rst_ni) open_q <= 1'b0;
    else if (kept) open_q <= 1'b1;
    if (kept) last_q <= ended_number_q;
  end

  // ---- what has to be inside, ends too
  localparam int COUNTER = 6;
  logic [COUNTER-1:0] whole_q;
  logic take;
  assign take = valid && ready_i;
  always @(posedge clk_i) begin
    if (!rst_ni) whole_q <= '0;
    else whole_q <= whole_q + (kept ? COUNTER'(ended_length_q - 5'(FCS) + 5'd1) : '0) - COUNTER'(take);
  end

  // ---- any one octet, or end
  localparam logic [1:0] NONE = 2'd0, WRITTEN = 2'd1, KEPT = 2'd2, GONE = 2'd3;
  logic [1:0] watch_q;
  logic [COUNTER-1:0] ahead_q;  // what leaves before it, once it is kept
  logic [4:0] place_q;          // in its frame
  logic [COMPARED-1:0] data_q;
  logic is_end_q, inside;
  assign inside = place_q + 5'(FCS) < ended_length_q;
  always @(posedge clk_i) begin
    if (!rst_ni) watch_q <= NONE;
    else if (watch_q == NONE) begin
      if (valid_i && pick_i) begin
        watch_q <= WRITTEN;
        place_q <= length_q;
        data_q <= data_i[COMPARED-1:0];
        is_end_q <= 1'b0;
      end else if (kept && pick_i) begin
        watch_q <= KEPT;
        is_end_q <= 1'b1;
        ahead_q <= whole_q + COUNTER'(ended_length_q - 5'(FCS)) - COUNTER'(take);
      end
    end else if (watch_q == WRITTEN) begin
      if (ended_q) begin
        watch_q <= (kept && inside) ? KEPT : NONE;
        ahead_q <= whole_q + COUNTER'(place_q) - COUNTER'(take);
      end
    end else if (watch_q == KEPT && take) begin
      ahead_q <= ahead_q - 1'b1;
      if (ahead_q == '0) watch_q <= GONE;
    end
  end

  logic [3:0] waited_q;  // clocks in which something was there and not offered
  always @(posedge clk_i) waited_q <= (!rst_ni || valid || whole_q == '0) ? '0 : waited_q + 4'd1;

  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: a request is kept only when it is good, long enough, and a hello or the next in number behind a first hello: each once, and in order.
      if (kept) assert (may_q);
      // Proves: a request that is not kept is refused, or it is good and was there already; never both, and nothing is said without a frame.
      if (repeated) assert (again_q && ended_q && !refused);
      if (refused) assert (ended_q);
      // Proves: what is offered belongs to requests that were kept.
      if (valid) assert (whole_q != '0);
      // Proves: any one octet of a kept request before its FCS leaves once, after exactly those before it, as it came; behind them its end.
      if (watch_q == KEPT && valid && ahead_q == '0) begin
        assert (out_end == is_end_q);
        if (!is_end_q) assert (data[COMPARED-1:0] == data_q);
      end
      // Proves: no loss: while octets of a kept request are inside, one is offered after at most ten clocks.
      assert (waited_q <= 4'd10);
      // Proves: empty is said only when nothing is inside.
      if (empty) assert (whole_q == '0);
    end
    // Reaches: an octet that is followed leaves, behind another request.
    cover (watch_q == KEPT && take && ahead_q == '0 && !is_end_q && place_q != '0);
    // Reaches: a request is refused although it is the next, for lack of room.
    cover (begun_q && rst_ni && refused && may_q);
    // Reaches: a repetition.
    cover (begun_q && rst_ni && repeated);
  end
  // Proves: what is offered stays until it is taken.
  always @(posedge clk_i) begin
    if (begun_q && $past(rst_ni && valid && !ready_i) && rst_ni) begin
      assert (valid);
      assert (data == $past(data));
      assert (out_end == $past(out_end));
    end
  end
endmodule
