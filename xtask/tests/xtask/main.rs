//! The command as its user has it. That cargo builds it for these tests is also how `make test`
//! gets at it without compiling everything once more.

mod needed;
mod pages;

use std::process::{Command, Output};

fn xtask(words: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(words).output()
}

#[test]
fn help_goes_to_standard_output() -> std::io::Result<()> {
    let output = xtask(&["help"])?;
    assert!(output.status.success());
    assert!(output.stdout.starts_with(b"usage: "));
    Ok(())
}

#[test]
fn what_it_does_not_know_it_refuses() -> std::io::Result<()> {
    for words in [
        &[][..],
        &["compact"],
        &["compat", "--cases"],
        &["compat", "--seed", "x"],
        &["needed", "--tables"],
        &["readme-check", "--upd"],
    ] {
        let output = xtask(words)?;
        assert!(!output.status.success(), "{words:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{words:?}");
    }
    Ok(())
}

#[test]
fn conformance_counts_and_exports_the_cases() -> std::io::Result<()> {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus.json");
    let words = ["conformance", "--json", &path.to_string_lossy()];
    let output = xtask(&words)?;
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("total") && told.contains("sentences"), "{told}");
    let json = std::fs::read_to_string(&path)?;
    assert!(json.contains("\"repeat\"") && json.contains("\"same_hash\""));
    Ok(())
}
