//! `export`: prints the guard's inputs as a C header, for drivers in C.

#![expect(clippy::print_stdout, reason = "it is a command")]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", actra_benches::guard::header()?);
    Ok(())
}
