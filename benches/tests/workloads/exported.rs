use actra_benches::guard;

#[test]
fn the_header_for_drivers_in_c_is_what_the_generator_gives() {
    let committed = include_str!("../../../bindings/c/bench/guard_inputs.h");
    let generated = guard::header().unwrap();
    assert!(
        committed == generated,
        "run `cargo run -p actra-benches --bin export > bindings/c/bench/guard_inputs.h`"
    );
}
