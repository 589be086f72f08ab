// Finish: at its last beat a frame gets its one end: its queue keeps it, it is held until its first
// fragment comes, or it is dropped (docs/card.md, steps 1, 7 and "Punt policing"). Makes the decision
// record and the event that all counters count, and picks what is mirrored. Combinational towards the
// queues, registered towards the counters.
module finish #(
    parameter int PORTS = 2,
    localparam int QUEUES = PORTS + 2  // the host's, and the hold buffer
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic [47:0]         time_us_i,
    input  linecard_pkg::meta_t meta_i,
    input  linecard_pkg::meta_t meta_next_i,  // what meta_i will be in the next clock
    input  logic                valid_i,
    input  logic                last_i,
    input  logic                ill_i,
    input  logic [5:0]          illness_i,
    input  logic [15:0]         length_i,
    // to the queues
    output logic [QUEUES-1:0]   select_o,  // the frame goes there, if anywhere
    output logic                stay_o,    // with the last beat: it stays if there was room
    input  logic [QUEUES-1:0]   accept_i,  // with the last beat: there was room for all of it
    // the host's queue is shared out
    input  logic                conform_i,   // within its service's rate
    input  logic                share_ok_i,  // and share
    output logic                commit_o,    // the frame went there
    // copies
    input  logic                mirror_i,
    input  logic [3:0]          mirror_port_i,
    input  logic                mirror_by_vid_i,
    input  logic [15:0]         mirror_vid_i,
    input  logic [63:0]         mirror_reasons_i,
    output logic [PORTS-1:0]    copy_select_o,
    output logic                copy_keep_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] record_o,  // for the host's queue, where it keeps the frame
    // one pulse a frame
    output logic                event_valid_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] event_o,
    output logic                event_sender_valid_o,  // it came from a slot and went somewhere
    output logic [5:0]          event_sender_o,        // slot that its source address names
    output logic                held_o,                // no end yet
    // with the event
    output logic                copied_o,
    output logic                copy_lost_o
);
  // ---- what the decision says of a frame's end, looked up before the end is there: queues, policers and counters
  // wait for what follows
  logic goes_next, goes, to_host, reason_mirrored, vid_mirrored, there;
  logic [3:0] mirrored_q;  // of the reasons whose low bits are its own
  logic [QUEUES-1:0] select_next;
  always_comb begin
    goes_next = !linecard_regs_pkg::ends_in_drop(meta_next_i.reason) &&
        !linecard_regs_pkg::ends_in_consume(meta_next_i.reason);
    for (int p = 0; p < QUEUES; p++) begin
      select_next[p] = (goes_next || meta_next_i.hold) && meta_next_i.egress == 4'(p);
    end
    copy_select_o = '0;
    for (int p = 0; p < PORTS; p++) copy_select_o[p] = mirror_i && mirror_port_i == 4'(p);
  end
  always_ff @(posedge clk_i) begin
    goes <= goes_next;
    to_host <= goes_next && meta_next_i.egress == 4'(PORTS);
    select_o <= select_next;
    for (int i = 0; i < 4; i++) mirrored_q[i] <= mirror_reasons_i[{2'(i), meta_next_i.reason[3:0]}];
    vid_mirrored <= mirror_by_vid_i && meta_next_i.vid_valid && meta_next_i.vid == mirror_vid_i;
  end
  assign reason_mirrored = mirrored_q[meta_i.reason[5:4]];
  // What leaves by the mirror's port is there already.
  assign there = (copy_select_o & select_o[PORTS-1:0]) != '0;

  // ---- why a frame is refused, and whether that reason is mirrored. Whether its queue had room is known last.
  logic accepted, limited, refused, limit_mirrored;
  linecard_regs_pkg::reason_t refusal;
  assign accepted = (select_o & accept_i) != '0;
  assign limited = to_host && !(conform_i && share_ok_i);
  assign refused = limited || (goes && !accepted);
  assign limit_mirrored = conform_i ? mirror_reasons_i[linecard_regs_pkg::REASON_HOST_SHARE]
                                    : mirror_reasons_i[linecard_regs_pkg::REASON_POLICED];
  always_comb begin
    refusal = linecard_regs_pkg::REASON_QUEUE_FULL;
    if (limited) refusal = conform_i ? linecard_regs_pkg::REASON_HOST_SHARE : linecard_regs_pkg::REASON_POLICED;
  end
  logic held;
  assign held = !ill_i && meta_i.hold && accepted;
  assign stay_o = !ill_i && ((goes && !limited) || meta_i.hold);
  (* keep *) logic host_stay;  // stay_o of what goes to the host: apart, since the policers wait for it
  assign host_stay = !ill_i && to_host && conform_i && share_ok_i;
  assign commit_o = valid_i && last_i && host_stay && accept_i[PORTS];

  // The record if the frame goes where it was to go, which is all that the host's queue keeps; and the one of its end.
  linecard_regs_pkg::decision_t record, record_ill, record_end;
  always_comb begin
    record_ill = '0;
    record_ill.origin = meta_i.origin;
    record_ill.ingress = meta_i.ingress;
    record_ill.time_us = time_us_i;
    record_ill.length = length_i;
    record_ill.reason = illness_i;

    record = record_ill;
    record.reason = meta_i.reason;
    record.egress = goes ? meta_i.egress : '0;
    record.rule_hit = meta_i.rule_hit;
    record.rule = meta_i.rule;
    record.fragment = meta_i.fragment;
    record.quoted = meta_i.quoted;
    record.key_valid = meta_i.key_valid;
    record.key = meta_i.key;
    record.override_hit = meta_i.override_hit;
    record.vid_valid = meta_i.vid_valid;
    record.vid = meta_i.vid;
    record.row_active = meta_i.row_active;
    record.row_backup = meta_i.row_backup;
    record.row_in_sync = meta_i.row_in_sync;
    record.row_valid = meta_i.row_valid;
    record.slot_valid = meta_i.slot_valid;
    record.slot = meta_i.slot;
    record.epoch = meta_i.epoch;

    record_end = ill_i ? record_ill : record;
    if (!ill_i && refused) begin
      record_end.reason = refusal;
      record_end.egress = '0;
    end
  end
  assign record_o = record;

  // A copy is written along with the frame, and kept where its end turns out to be one that is wanted.
  // If it is ill, if its queue had room, if not: apart, since each is known late.
  (* keep *) logic wanted_ill, wanted_kept, wanted_full;
  logic copy_accepted;
  // Of an illness (rewrite) three bits tell six from each other, and one bit each the other two.
  localparam int ILLNESSES = 32'(linecard_regs_pkg::REASON_RX_ERROR);
  if (ILLNESSES % 8 != 0 || 32'(linecard_regs_pkg::REASON_TRUNCATED) != ILLNESSES + 5 ||
      linecard_regs_pkg::REASON_RX_ERROR[4:3] != 2'b00 || linecard_regs_pkg::REASON_IP_LENGTH[4:3] != 2'b01 ||
      !linecard_regs_pkg::REASON_DISABLED[4]) begin : g_illnesses
    $error("finish: the codes of what is wrong with a frame are others");
  end
  logic [7:0] ill_mirrored;
  assign ill_mirrored = mirror_reasons_i[ILLNESSES+:8];
  always_comb begin
    wanted_kept = vid_mirrored || reason_mirrored;
    wanted_full = vid_mirrored || (goes ? mirror_reasons_i[linecard_regs_pkg::REASON_QUEUE_FULL] : reason_mirrored);
    if (limited) begin
      wanted_kept = vid_mirrored || limit_mirrored;
      wanted_full = wanted_kept;
    end
    if (meta_i.hold || (there && goes && !limited)) wanted_kept = 1'b0;
    if (illness_i[4]) wanted_ill = mirror_reasons_i[linecard_regs_pkg::REASON_DISABLED];
    else if (illness_i[3]) wanted_ill = mirror_reasons_i[linecard_regs_pkg::REASON_IP_LENGTH];
    else wanted_ill = ill_mirrored[illness_i[2:0]];
    copy_accepted = (copy_select_o & accept_i[PORTS-1:0]) != '0;
    copy_keep_o = ill_i ? wanted_ill : accepted ? wanted_kept : wanted_full;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      event_valid_o <= 1'b0;
      held_o <= 1'b0;
    end else begin
      event_valid_o <= valid_i && last_i && !held;
      held_o <= valid_i && last_i && held;
    end
  end
  always_ff @(posedge clk_i) begin
    if (valid_i && last_i) begin
      event_o <= record_end;
      event_sender_valid_o <= meta_i.sender_valid && !ill_i && !refused;
      event_sender_o <= meta_i.sender;
      copied_o <= copy_keep_o && copy_accepted;
      copy_lost_o <= copy_keep_o && copy_select_o != '0 && !copy_accepted;
    end
  end

endmodule
