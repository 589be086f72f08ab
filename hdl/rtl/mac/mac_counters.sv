// Counts what the MACs tell, and shows it to the host: the table `mac` of hdl/registers.yaml, an entry of 16
// words for each port. Word 0 is the state of the line, 1 to 8 are counters of 32 bits in LUT RAM.
//
// Contract:
// - What a source tells is taken within 4 * PORTS clocks: sources take turns, and every other clock is the
//   host's.
// - data_o belongs to the address_i of four clocks before, if that has stood still since; outside of the
//   table it is 0.
// - All counters are 0 behind a reset; sources wait meanwhile.
module mac_counters #(
    parameter int PORTS = 2,
    parameter int RMII = 0
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic [PORTS-1:0]   fault_valid_i,
    output logic [PORTS-1:0]   fault_ready_o,
    input  logic [PORTS*3-1:0] fault_i,
    input  logic [PORTS-1:0]   unsent_valid_i,
    output logic [PORTS-1:0]   unsent_ready_o,
    input  logic [PORTS-1:0]   link_i,
    input  logic [PORTS*2-1:0] speed_i,
    input  logic [PORTS-1:0]   full_duplex_i,
    input  logic [23:0]        address_i,
    output logic [31:0]        data_o
);
  localparam int PORT_BITS = (PORTS > 1) ? $clog2(PORTS) : 1;
  localparam int PAGE = 12;

  // ---- whose turn it is: {port, received or sent, the source or the host}
  logic ready_q;
  logic [PORT_BITS+1:0] turn_q;
  logic host, sent, valid;
  logic [2:0] code;
  logic [PORT_BITS-1:0] port;
  assign {port, sent, host} = turn_q;
  // A source is told its turn from a flip-flop, for what waits for it there is long.
  logic [PORT_BITS+1:0] turn_next;
  assign turn_next = turn_q + 1'b1;
  always_ff @(posedge clk_i) begin
    for (int p = 0; p < PORTS; p++) begin
      fault_ready_o[p] <= rst_ni && ready_q && turn_next == {PORT_BITS'(p), 2'b00};
      unsent_ready_o[p] <= rst_ni && ready_q && turn_next == {PORT_BITS'(p), 2'b10};
    end
  end
  assign valid = (fault_ready_o & fault_valid_i) != '0 || (unsent_ready_o & unsent_valid_i) != '0;
  always_comb begin
    code = sent ? mac_pkg::TX_NO_LINK : '0;
    for (int p = 0; p < PORTS; p++) code = code | (fault_i[3*p+:3] & {3{fault_ready_o[p]}});
  end

  // ---- cleared behind a reset, by the writes' own way
  logic [PORT_BITS+2:0] clear_q;  // port and counter
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      turn_q <= '0;
      clear_q <= '0;
      ready_q <= 1'b0;
    end else begin
      turn_q <= turn_next;
      if (!ready_q) {ready_q, clear_q} <= {1'b0, clear_q} + 1'b1;
    end
  end

  // ---- read, one more, written
  (* ram_style = "distributed" *) logic [31:0] counts[0:2**(PORT_BITS+3)-1];
  logic [31:0] read_q;
  logic [PORT_BITS+2:0] place, place_q;
  logic write_q, clears_q;
  assign place = host ? {address_i[6+:PORT_BITS], address_i[4:2]} : {port, code};
  always_ff @(posedge clk_i) begin
    read_q <= ready_q ? counts[place] : '1;  // one more is 0
    place_q <= ready_q ? place : clear_q;
    write_q <= rst_ni && valid;
    clears_q <= !ready_q;
  end
  always_ff @(posedge clk_i) begin
    if (write_q || clears_q) counts[place_q] <= read_q + 32'd1;
  end

  // ---- the host: read_q is its count in the clocks behind its turns
  logic [31:0] count_q;
  logic there_q, counter_q, here_q;
  logic [5:0] status;
  always_comb begin
    status = '0;
    for (int p = 0; p < PORTS; p++) begin
      if (address_i[6+:PORT_BITS] == PORT_BITS'(p)) begin
        status = {RMII != 0, full_duplex_i[p], speed_i[2*p+:2], link_i[p], 1'b1};
      end
    end
  end
  always_ff @(posedge clk_i) begin
    here_q <= host;
    if (here_q) count_q <= read_q;
    counter_q <= address_i[5:2] != '0;
    there_q <= address_i[23:PAGE] == linecard_regs_pkg::ADDR_TABLE_MAC[23:PAGE] &&
        {1'b0, address_i[PAGE-1:6]} < 7'(PORTS) && address_i[5:2] <= 4'd8;
    data_o <= (there_q && counter_q) ? count_q : (there_q ? 32'(status) : '0);
  end

endmodule
