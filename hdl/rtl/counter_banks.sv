// The quick and narrow half of all counters of frames' ends: BANKS rows of entries, in each of which an event
// counts or not. One bank for each row and all of them at once (IN_TURN = 0), or one bank that has all
// rows, and in which an event counts in one row a clock, turn_i saying in which.
//
// Contract: as counter_bank's, entries being numbered through all rows; event_index_i has of each row the
// entry, its number through all rows. What was collected is that of whichever row the entry lies in.
module counter_banks #(
    parameter int BANKS = 8,
    parameter int ENTRY_BITS = 9,
    parameter logic [BANKS*4-1:0] INDEX_BITS = '0,         // of each row's entries
    parameter logic [BANKS*ENTRY_BITS-1:0] BASES = '0,     // of each row; a multiple of its size
    parameter logic [BANKS-1:0] BYTES = '1,                // rows in which bytes are counted, too
    parameter int PACKET_BITS = 13,
    parameter int BYTE_BITS = 23,
    parameter int IN_TURN = 0,
    localparam int BITS = PACKET_BITS + BYTE_BITS
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        active_i,
    input  logic                        event_valid_i,
    input  logic                        event_memory_i,
    input  logic [$clog2(BANKS)-1:0]    turn_i,
    input  logic [BANKS-1:0]            event_counts_i,
    input  logic [BANKS*ENTRY_BITS-1:0] event_index_i,
    input  logic [15:0]                 event_bytes_i,
    output logic                        high_o,
    input  logic                        clear_i,
    input  logic                        collect_clear_i,
    input  logic [ENTRY_BITS-1:0]       collect_index_i,
    output logic [BITS-1:0]             collect_data_o
);
  if (IN_TURN != 0) begin : g_in_turn
    logic valid_q, memory_q;
    logic [ENTRY_BITS-1:0] index, index_q;
    logic [15:0] bytes_q;
    always_comb begin
      index = '0;
      for (int b = 0; b < BANKS; b++) begin
        if (turn_i == $clog2(BANKS)'(b)) index = event_index_i[b*ENTRY_BITS+:ENTRY_BITS];
      end
    end
    always_ff @(posedge clk_i) begin
      if (!rst_ni) valid_q <= 1'b0;
      else valid_q <= event_valid_i && event_counts_i[turn_i];
    end
    always_ff @(posedge clk_i) begin
      memory_q <= event_memory_i;
      index_q <= index;
      bytes_q <= event_bytes_i;
    end
    counter_bank #(
        .ENTRIES(2 ** ENTRY_BITS),
        .PACKET_BITS(PACKET_BITS),
        .BYTE_BITS(BYTE_BITS)
    ) bank (
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .active_i(active_i),
        .event_memory_i(memory_q),
        .event_valid_i(valid_q),
        .event_index_i(index_q),
        .event_bytes_i(bytes_q),
        .high_o(high_o),
        .clear_i(clear_i),
        // What lies between the rows never counts: it stays 0.
        .collect_select_i(1'b1),
        .collect_clear_i(collect_clear_i),
        .collect_index_i(collect_index_i),
        .collect_data_o(collect_data_o)
    );
  end else begin : g_at_once
    logic [BANKS-1:0] select;  // the row in which the entry lies
    for (genvar b = 0; b < BANKS; b++) begin : g_select
      localparam int BELOW = 32'(INDEX_BITS[b*4+:4]);
      assign select[b] = collect_index_i >> BELOW == BASES[b*ENTRY_BITS+:ENTRY_BITS] >> BELOW;
    end
    logic unused_turn;
    logic [BANKS-1:0] high;
    logic [BANKS*BITS-1:0] data;
    assign unused_turn = ^turn_i;
    assign high_o = high != '0;
    for (genvar b = 0; b < BANKS; b++) begin : g_bank
      localparam int BELOW = 32'(INDEX_BITS[b*4+:4]);
      localparam int OWN_BYTE_BITS = BYTES[b] ? BYTE_BITS : 0;
      logic [PACKET_BITS+OWN_BYTE_BITS-1:0] own;
      counter_bank #(
          .ENTRIES(2 ** BELOW),
          .PACKET_BITS(PACKET_BITS),
          .BYTE_BITS(OWN_BYTE_BITS)
      ) bank (
          .clk_i(clk_i),
          .rst_ni(rst_ni),
          .active_i(active_i),
          .event_memory_i(event_memory_i),
          .event_valid_i(event_valid_i && event_counts_i[b]),
          .event_index_i(event_index_i[b*ENTRY_BITS+:BELOW]),
          .event_bytes_i(event_bytes_i),
          .high_o(high[b]),
          .clear_i(clear_i && select[b]),
          .collect_select_i(select[b]),
          .collect_clear_i(collect_clear_i && select[b]),
          .collect_index_i(collect_index_i[BELOW-1:0]),
          .collect_data_o(own)
      );
      assign data[b*BITS+:BITS] = BITS'(own);
    end
    always_comb begin
      collect_data_o = '0;
      for (int b = 0; b < BANKS; b++) collect_data_o = collect_data_o | data[b*BITS+:BITS];
    end
  end
endmodule
