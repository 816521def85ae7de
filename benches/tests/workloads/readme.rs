use actra_benches::readme::with_table;
use actra_benches::results::Results;
use std::path::Path;

#[test]
fn the_readme_tells_what_the_results_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let results = Results::read(&folder.join("results.json")).unwrap();
    let readme = std::fs::read_to_string(folder.join("../README.md")).unwrap();
    let written = with_table(&readme, &results.rows).expect("the README has a place for the table");
    assert!(
        written == readme,
        "run `cargo run --release -p actra-benches --bin ratios -- --redraw`"
    );
}
