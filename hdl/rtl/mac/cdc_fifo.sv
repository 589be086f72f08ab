// A FIFO of 16 words with a clock at each end, in LUT RAM.
//
// Contract:
// - A word is taken where wr_valid_i and wr_ready_o are 1, and given where rd_valid_o and rd_ready_i are:
//   each once, in order. rd_valid_o, once there, stays with its word until it is taken.
// - The clocks may have any relation, and either may stop.
// - A word can be read three to four clocks of rd_clk_i behind its writing; its place is free again two to
//   three clocks of wr_clk_i after it has moved to the output register.
// - Either reset empties the FIFO, and nothing goes in or out until both ends have seen both of them go.
//   Each lasts for an edge of its clock at least (cdc_reset): also where the other clock stands.
module cdc_fifo #(
    parameter int WIDTH = 32
) (
    input  logic             wr_clk_i,
    input  logic             wr_rst_ni,
    input  logic             wr_valid_i,
    output logic             wr_ready_o,
    input  logic [WIDTH-1:0] wr_data_i,
    input  logic             rd_clk_i,
    input  logic             rd_rst_ni,
    output logic             rd_valid_o,
    input  logic             rd_ready_i,
    output logic [WIDTH-1:0] rd_data_o
);
  localparam int BITS = 4;

  (* ram_style = "distributed" *) logic [WIDTH-1:0] ram[0:2**BITS-1];

  // Pointers count twice the places, so that full and empty differ. What crosses is their Gray code.
  logic [BITS:0] write_q, write_gray_q, read_seen;
  logic [BITS:0] read_q, read_gray_q, write_seen;
  logic [BITS:0] write_next, read_next;
  cdc_gray #(.WIDTH(BITS + 1)) to_read (
      .clk_i(rd_clk_i),
      .d_i(write_gray_q),
      .q_o(write_seen)
  );
  cdc_gray #(.WIDTH(BITS + 1)) to_write (
      .clk_i(wr_clk_i),
      .d_i(read_gray_q),
      .q_o(read_seen)
  );

  // An end works when the other has been reset too: its pointer is 0 then.
  logic reader_up, writer_up;
  cdc_bit reader (
      .clk_i(wr_clk_i),
      .d_i(rd_rst_ni),
      .q_o(reader_up)
  );
  cdc_bit writer (
      .clk_i(rd_clk_i),
      .d_i(wr_rst_ni),
      .q_o(writer_up)
  );

  // ---- write
  logic wr_run, write;
  assign wr_run = wr_rst_ni && reader_up;
  assign wr_ready_o = wr_run && write_gray_q != {~read_seen[BITS:BITS-1], read_seen[BITS-2:0]};
  assign write = wr_valid_i && wr_ready_o;
  assign write_next = write_q + 1'b1;
  always_ff @(posedge wr_clk_i) begin
    if (write) ram[write_q[BITS-1:0]] <= wr_data_i;
  end
  always_ff @(posedge wr_clk_i) begin
    if (!wr_run) begin
      write_q <= '0;
      write_gray_q <= '0;
    end else if (write) begin
      write_q <= write_next;
      write_gray_q <= write_next ^ (write_next >> 1);
    end
  end

  // ---- read
  logic rd_run, load;
  assign rd_run = rd_rst_ni && writer_up;
  assign load = (!rd_valid_o || rd_ready_i) && read_gray_q != write_seen;
  assign read_next = read_q + 1'b1;
  always_ff @(posedge rd_clk_i) begin
    if (load) rd_data_o <= ram[read_q[BITS-1:0]];
  end
  always_ff @(posedge rd_clk_i) begin
    if (!rd_run) begin
      read_q <= '0;
      read_gray_q <= '0;
      rd_valid_o <= 1'b0;
    end else begin
      if (load) begin
        read_q <= read_next;
        read_gray_q <= read_next ^ (read_next >> 1);
      end
      rd_valid_o <= load || (rd_valid_o && !rd_ready_i);
    end
  end

endmodule
