// Octets of the line out of frames; the other end of serial_rx.
//
// Contract: a frame is some octets and then an end_i, each taken when valid_i and ready_o meet; what is
// offered stays until it is taken. The FCS and the flags are added here.
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
  logic [1:0] octet_q;   // of the FCS
  logic [31:0] crc;
  logic [7:0] plain;
  logic special, sent, whole, takes;

  always_comb begin
    plain = (state_q == FCS) ? ~crc[7:0] : data_i;
    special = plain == serial_pkg::FLAG || plain == serial_pkg::ESCAPE;
    unique case (state_q)
      BETWEEN, CLOSE: data_o = serial_pkg::FLAG;
      default: begin
        if (!special) data_o = plain;
        else data_o = escaped_q ? plain ^ serial_pkg::TOGGLE : serial_pkg::ESCAPE;
      end
    endcase
    unique case (state_q)
      BETWEEN: valid_o = valid_i;
      BODY: valid_o = valid_i && !end_i;
      default: valid_o = 1'b1;
    endcase
  end
  assign sent = valid_o && ready_i;
  assign whole = sent && (!special || escaped_q);
  assign takes = state_q == BODY && whole;
  assign ready_o = state_q == BODY && (end_i || takes);
  assign idle_o = state_q == BETWEEN;

  serial_crc serial_crc (
      .clk_i(clk_i),
      .clear_i(state_q == BETWEEN),
      .valid_i(whole),
      // An octet of the register itself leaves no feedback: the next one moves into its place.
      .data_i((state_q == FCS) ? crc[7:0] : data_i),
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
          if (sent) escaped_q <= special && !escaped_q;
          if (valid_i && end_i) state_q <= FCS;
        end
        FCS:
        if (sent) begin
          escaped_q <= special && !escaped_q;
          if (whole && octet_q == 2'd3) state_q <= CLOSE;
        end
        default: if (sent) state_q <= BETWEEN;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (state_q != FCS) octet_q <= '0;
    else if (whole) octet_q <= octet_q + 2'd1;
  end

endmodule
