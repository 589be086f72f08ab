// Octets of the line out of frames; the other end of serial_rx.
//
// Contract: a frame is some octets and then an end_i, each taken when valid_i and ready_o meet. The FCS and
// the flags are added here. ready_o comes from a flip-flop, and is 0 in the clock behind one that has taken
// something: who asks has logic of its own.
module serial_tx (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       valid_i,
    output logic       ready_o,
    input  logic       end_i,
    input  logic [7:0] data_i,
    // to uart_tx
    output logic       valid_o,
    input  logic       ready_i,
    output logic [7:0] data_o,
    output logic       idle_o
);
  typedef logic [1:0] state_t;
  localparam state_t BETWEEN = 2'd0;
  localparam state_t BODY = 2'd1;
  localparam state_t FCS = 2'd2;
  localparam state_t CLOSE = 2'd3;
  state_t state_q;
  logic escaped_q;       // the escape is out, its octet comes now
  logic [1:0] count_q;   // octets of the FCS so far
  logic full_q, end_q;   // what was taken and is not sent
  logic [7:0] octet_q;
  logic [31:0] crc;
  logic sent, whole, takes;

  // The octet that comes next, whether it needs an escape, and that there is one stand in flip-flops a clock behind it.
  // The line takes one so slowly that the FCS has moved on long before the next.
  logic [7:0] plain, plain_q;
  logic special_q, whole_q, offers;
  assign plain = (state_q == FCS) ? ~crc[7:0] : octet_q;
  always_ff @(posedge clk_i) begin
    plain_q <= plain;
    special_q <= plain == serial_pkg::FLAG || plain == serial_pkg::ESCAPE;
    whole_q <= whole && state_q != BETWEEN;
  end

  always_comb begin
    unique case (state_q)
      BETWEEN, CLOSE: data_o = serial_pkg::FLAG;
      default: begin
        if (!special_q) data_o = plain_q;
        else data_o = escaped_q ? plain_q ^ serial_pkg::TOGGLE : serial_pkg::ESCAPE;
      end
    endcase
    unique case (state_q)
      BETWEEN: offers = full_q;
      BODY: offers = full_q && !end_q;
      default: offers = 1'b1;
    endcase
  end
  assign sent = valid_o && ready_i;
  always_ff @(posedge clk_i) valid_o <= rst_ni && offers && !sent;
  assign whole = sent && (!special_q || escaped_q);
  assign takes = state_q == BODY && whole;
  assign ready_o = !full_q;
  assign idle_o = state_q == BETWEEN && !full_q;

  serial_crc serial_crc (
      .clk_i(clk_i),
      .clear_i(state_q == BETWEEN),
      .valid_i(whole_q),  // octet_q stands for a clock more
      // An octet of the register itself leaves no feedback: the next one moves into its place.
      .data_i((state_q == FCS) ? crc[7:0] : octet_q),
      .crc_o(crc)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= BETWEEN;
      escaped_q <= 1'b0;
    end else begin
      unique case (state_q)
        BETWEEN: if (sent) state_q <= BODY;
        BODY: begin
          if (sent) escaped_q <= special_q && !escaped_q;
          if (full_q && end_q) state_q <= FCS;
        end
        FCS:
        if (sent) begin
          escaped_q <= special_q && !escaped_q;
          if (whole && count_q == 2'd3) state_q <= CLOSE;
        end
        default: if (sent) state_q <= BETWEEN;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) full_q <= 1'b0;
    else if (!full_q) full_q <= valid_i;
    else if (takes || (state_q == BODY && end_q)) full_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (!full_q) {end_q, octet_q} <= {end_i, data_i};
    if (state_q != FCS) count_q <= '0;
    else if (whole) count_q <= count_q + 2'd1;
  end

endmodule
