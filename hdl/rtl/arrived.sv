// Has the frame whose first beat stands at TAP the bytes that its packet claims, as far as the header
// window reaches? Beats behind its last one are another frame's. Combinational.
module arrived #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    parameter int TAP = 28,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic [POSITIONS-1:0]            last_i,   // a frame's last beat stands there,
    input  logic [POSITIONS*COUNT_BITS-1:0] count_i,  // with so many bytes, less one
    input  logic [POSITIONS-1:0]            mark_i,   // of which the last marks a gap
    input  logic [16:0]                     packet_end_i,
    output logic                            arrived_o
);
  localparam int BEATS = linecard_pkg::WINDOW / K + ((linecard_pkg::WINDOW % K == 0) ? 0 : 1);

  logic [7:0] final_byte;  // index of the last byte that must be there
  assign final_byte = (packet_end_i >= 17'(linecard_pkg::WINDOW)) ? 8'(linecard_pkg::WINDOW - 1)
                                                                  : packet_end_i[7:0] - 8'd1;
  logic [7:0] beat;
  assign beat = final_byte >> COUNT_BITS;
  logic short;  // the frame ends before that byte
  always_comb begin
    short = 1'b0;
    for (int i = 0; i < BEATS; i++) begin
      if (last_i[TAP-i]) begin
        if (8'(i) < beat) short = 1'b1;
        if (8'(i) == beat && {1'b0, count_i[(TAP-i)*COUNT_BITS+:COUNT_BITS]} <
            {1'b0, final_byte[COUNT_BITS-1:0]} + (COUNT_BITS + 1)'(mark_i[TAP-i])) short = 1'b1;
      end
    end
  end
  assign arrived_o = !short;

endmodule
