// Frames out of the octets of the line (RFC 1662 §4): flags between them, escapes inside, FCS-32 behind.
//
// Contract:
// - Each octet of a frame, its FCS too, comes once: valid_o with data_o. Then end_o for one clock, with
//   good_o where the FCS is right, and nothing was missing that the line could tell.
// - data_i is there a clock before valid_i, as uart_rx has it. Flags in a row are no frames.
// - Resynchronisation: an octet without its stop bit spoils the frame it is in; the next flag begins
//   another. Where nothing comes for IDLE_BITS inside a frame the frame ends there.
// - idle_o: no frame is on its way.
module serial_rx #(
    parameter int IDLE_BITS = serial_pkg::IDLE_BITS
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    // from uart_rx
    input  logic       valid_i,
    input  logic [7:0] data_i,
    input  logic       error_i,
    input  logic       tick_i,
    output logic       valid_o,
    output logic [7:0] data_o,
    output logic       end_o,
    output logic       good_o,
    output logic       idle_o
);
  localparam int TIMER_BITS = $clog2(IDLE_BITS) + 1;
  logic inside_q, escaped_q, bad_q, right_q;
  logic flag_q, escape_q;
  logic [31:0] crc;
  logic [TIMER_BITS-1:0] timer_q;
  logic late;
  assign late = timer_q[TIMER_BITS-1];

  serial_crc serial_crc (
      .clk_i(clk_i),
      .clear_i(end_o || !rst_ni),
      .valid_i(valid_o),
      .data_i(data_o),
      .crc_o(crc)
  );

  always_ff @(posedge clk_i) begin
    right_q <= crc == serial_pkg::FCS_GOOD;
    flag_q <= data_i == serial_pkg::FLAG;
    escape_q <= data_i == serial_pkg::ESCAPE;
    if (!rst_ni) begin
      inside_q <= 1'b0;
      escaped_q <= 1'b0;
      bad_q <= 1'b0;
      valid_o <= 1'b0;
      end_o <= 1'b0;
      timer_q <= '0;
    end else begin
      valid_o <= 1'b0;
      end_o <= 1'b0;
      if (valid_i || error_i || !inside_q) timer_q <= '0;
      else if (tick_i && !late) timer_q <= timer_q + 1'b1;
      if ((valid_i && flag_q) || late) begin
        inside_q <= 1'b0;
        escaped_q <= 1'b0;
        bad_q <= 1'b0;
        end_o <= inside_q;
      end else if (error_i) begin
        inside_q <= 1'b1;
        bad_q <= 1'b1;
      end else if (valid_i) begin
        inside_q <= 1'b1;
        escaped_q <= escape_q;
        valid_o <= !escape_q;
      end
    end
    good_o <= right_q && !bad_q && !escaped_q && !late;
    data_o <= escaped_q ? data_i ^ serial_pkg::TOGGLE : data_i;
  end
  assign idle_o = !inside_q && !end_o && !valid_o;

endmodule
