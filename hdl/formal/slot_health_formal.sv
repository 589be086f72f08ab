// Proofs of slot_health: a slot that is down stays down, and an event is never lost.
module slot_health_formal #(
    parameter int PORTS = 2,
    parameter int SLOTS = 2
) (
    input logic               clk_i,
    input logic               rst_ni,
    input logic [47:0]        time_us_i,
    input logic [SLOTS*4-1:0] slot_ports_i,
    input logic               raise_i,
    input logic               drop_i,
    input logic [5:0]         slot_i,
    input logic [31:0]        stall_us_i,
    input logic [31:0]        suspect_hold_us_i,
    input logic [15:0]        host_index_i,
    input logic               health_write_i,
    input logic [linecard_regs_pkg::BITS_SLOT_HEALTH-1:0] health_data_i,
    input logic               event_ack_i,
    input logic [7:0]         event_count_i,
    input logic               heartbeat_i,
    input logic [5:0]         heartbeat_slot_i,
    input logic               stale_i,
    input logic [5:0]         stale_slot_i,
    input logic [PORTS-1:0]   link_i,
    input logic [PORTS-1:0]   stalled_i
);
  logic [SLOTS-1:0] up, pending;
  logic [linecard_regs_pkg::BITS_SLOT_HEALTH-1:0] health_data;
  logic [linecard_regs_pkg::BITS_SLOT_EVENT-1:0] event_data;
  logic [SLOTS*32-1:0] nonces;
  logic [PORTS-1:0] hold;
  logic [47:0] deadline;
  logic settled;
  slot_health #(
      .PORTS(PORTS),
      .SLOTS(SLOTS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i),
      .slot_ports_i(slot_ports_i),
      .raise_i(raise_i),
      .drop_i(drop_i),
      .slot_i(slot_i),
      .up_o(up),
      .stall_us_i(stall_us_i),
      .suspect_hold_us_i(suspect_hold_us_i),
      .host_index_i(host_index_i),
      .health_write_i(health_write_i),
      .health_data_i(health_data_i),
      .health_data_o(health_data),
      .event_ack_i(event_ack_i),
      .event_count_i(event_count_i),
      .event_data_o(event_data),
      .pending_o(pending),
      .nonces_o(nonces),
      .heartbeat_i(heartbeat_i),
      .heartbeat_slot_i(heartbeat_slot_i),
      .stale_i(stale_i),
      .stale_slot_i(stale_slot_i),
      .link_i(link_i),
      .stalled_i(stalled_i),
      .hold_o(hold),
      .deadline_us_o(deadline),
      .settled_o(settled)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  always @* begin
    // Assumes: a slot is raised or dropped, not both at once; what is raised and dropped, is heard of or is stale is a slot that the card has (registers, decide).
    assume (!(raise_i && drop_i));
    assume (slot_i < SLOTS && heartbeat_slot_i < SLOTS && stale_slot_i < SLOTS);
  end

  (* anyconst *) logic any;
  logic names;
  assign names = slot_i == 6'(any);

  // Went down, and no acknowledgement was asked for since.
  logic went_q, up_q, raise_q, drop_q;
  logic [2:0] late_q;
  always @(posedge clk_i) begin
    up_q <= rst_ni && up[any];
    raise_q <= rst_ni && raise_i && names;
    drop_q <= rst_ni && drop_i && names;
    if (!rst_ni) begin
      went_q <= 1'b0;
      late_q <= '0;
    end else begin
      if (event_ack_i) begin
        went_q <= 1'b0;
        late_q <= 3'd4;
      end else begin
        if (late_q != '0) late_q <= late_q - 1'b1;
        if (up_q && !up[any] && late_q == '0) went_q <= 1'b1;
      end
    end
  end

  logic quiet_q;  // no acknowledgement for a while: a flag that is set stays
  assign quiet_q = late_q == '0;
  logic [1:0] since_q;
  always @(posedge clk_i) since_q <= (rst_ni && went_q && since_q != 2'd3) ? since_q + 1'b1 : (rst_ni && went_q) ? since_q : '0;

  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: down stays down: a slot comes up only in the clock behind a raise that names it; heartbeats, links, queues and time never bring it up. After one clock of reset from any state every slot is down.
      if (up[any] && !up_q) assert (raise_q);
      // Proves: a slot that the host raises is up in the next clock, and one that it drops is down.
      if (raise_q) assert (up[any]);
      if (drop_q) assert (!up[any]);
      // Proves: going down is never lost: the host sees the slot pending at the latest three clocks later, and until it asks for an acknowledgement.
      // Open: that an event in the four clocks behind an acknowledgement survives it (the count that is compared), and when a slot goes down by its timer: both are tests.
      if (since_q == 2'd3 && quiet_q && !event_ack_i) assert (pending[any]);
    end
    // Reaches: a slot that goes down by itself.
    cover (begun_q && rst_ni && up_q && !up[any] && !drop_q);
    // Reaches: a slot raised again after it went down.
    cover (begun_q && rst_ni && since_q == 2'd3 && raise_q);
  end
endmodule
