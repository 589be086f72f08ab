// Both benches; says how many checks there were, and how many failed.
module cells_bench;
  int ram_checks, ram_faults, pin_checks, pin_faults;
  ram_bench ram (.checks_o(ram_checks), .faults_o(ram_faults));
  pin_bench pins (.checks_o(pin_checks), .faults_o(pin_faults));
  initial begin
    #40000000;
    $display("%0d checks, %0d faults", ram_checks + pin_checks, ram_faults + pin_faults);
    $finish;
  end

endmodule
